"""Steps through the life cycle: one operation behind the drag, the sheet and the button of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from pdca import clock
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed, NotFound
from pdca.items import words
from pdca.items.answers import Answers
from pdca.items.edit import edit
from pdca.items.forms.acts import PLACED, MoveForm, NothingForm, PlacedForm
from pdca.items.lifecycle import Step, next_step, step_between
from pdca.items.models import Item
from pdca.items.moves import move as move_item
from pdca.items.permissions import may_edit, refuse, require_step
from pdca.items.queries import facts_of, item_for
from pdca.items.questions import EDITABLE, QUESTIONS
from pdca.items.ranking import Place, queue_for
from pdca.items.routes import acting, bp
from pdca.items.routes.acting import Doing, act, attempt, begin, me, press, sheet, stands_on
from pdca.items.routes.care import check_answer
from pdca.items.taking_back import may_take_back, take_back
from pdca.items.terms import Phase
from pdca.items.views.acts import ActSheet, act_sheet, gate_question
from pdca.items.views.answered import stored
from pdca.items.views.gate import STORABLE, Asking, action_of, gate, or_not_yours
from pdca.items.views.loading import domains_of
from pdca.items.views.offers import Offers
from pdca.items.views.page import item_page
from pdca.items.views.refused import NOT_REFUSED
from pdca.items.views.sheet import SheetView
from pdca.items.work import reorder
from pdca.people.queries import rules_of
from pdca.web.answers import is_fragment

NO_STEP = N_("There is no step from %(from)s to %(to)s.")


@bp.get("/items/<int:item_id>/steps")
def steps(item_id: int) -> ResponseReturnValue:
    """The line of stations: the chosen one."""
    return step(item_id, request.args.get("to", ""))


@bp.get("/items/<int:item_id>/done")
def done(item_id: int) -> ResponseReturnValue:
    """The first of a frozen card's three acts: carried out, or the open check answered."""
    doing = begin(item_id)
    if doing.item.phase is Phase.DO:
        return step(item_id, Phase.CHECK.value)
    dated = [check for check in doing.facts.open_checks if check.due_on is not None]
    if not dated:
        forward = next_step(doing.facts)
        if forward is None:
            raise NotFound
        return step(item_id, forward.target.value)
    return check_answer(item_id, dated[0].id)


@bp.get("/items/<int:item_id>/steps/<to>")
def step(item_id: int, to: str) -> ResponseReturnValue:
    """The gate sheet for one move."""
    doing = begin(item_id)
    asking, found = doing.asking(preset=request.args), _step(doing, _phase(to))
    return sheet(or_not_yours(_gate(asking, found), asking, _refused_beforehand(doing, found)))


@bp.post("/items/<int:item_id>/moves")
def move(item_id: int) -> ResponseReturnValue:
    """One step, or another place in the same column."""
    # Read before the item is: who writes makes others wait.
    placed = PlacedForm() if request.form.keys() <= PLACED else None
    is_read = placed is not None and placed.validate()
    item = item_for(me(), item_id)
    if placed is not None and placed.to.data is item.phase:
        if not is_read:
            raise Invalid([])
        return _reorder(item, placed)
    form = MoveForm()
    to = form.to.data
    if to is None or not form.validate():
        _refuse_unreadable(form)
    if to is item.phase:
        return _reorder(item, form)
    return _take(item_id, to, form)


def _reorder(item: Item, form: PlacedForm | MoveForm) -> ResponseReturnValue:
    """The most frequent write of all, and no fact of the work: nothing else is looked up or answered."""
    item_id = item.id
    news = acting.news_of(item)
    reorder(item, Place(form.after.data, form.before.data), by=me(), at=clock.now())
    db.quietly()
    db.session.commit()
    if not is_fragment():
        return redirect(acting.location(item_id), 303)
    return acting.with_news(Response(""), news)


@bp.route("/items/<int:item_id>/closure", methods=["GET", "POST"])
def closure(item_id: int) -> ResponseReturnValue:
    """Close it: only through its aftercare."""
    return _resource(item_id, Phase.CLOSED)


@bp.route("/items/<int:item_id>/stop", methods=["GET", "POST"])
def stop(item_id: int) -> ResponseReturnValue:
    """Stop it, with the reason and the lesson."""
    return _resource(item_id, Phase.STOPPED)


@bp.route("/items/<int:item_id>/parking", methods=["GET", "POST"])
def parking(item_id: int) -> ResponseReturnValue:
    """Park it, with the day it is looked at again."""
    return _resource(item_id, Phase.PARKED)


@bp.route("/items/<int:item_id>/declination", methods=["GET", "POST"])
def declination(item_id: int) -> ResponseReturnValue:
    """Decline it; a duplicate goes to its twin."""
    return _resource(item_id, Phase.DECLINED)


@bp.route("/items/<int:item_id>/reopening", methods=["GET", "POST"])
def reopening(item_id: int) -> ResponseReturnValue:
    """It came back."""
    return _resource(item_id, Phase.PLAN)


@bp.route("/items/<int:item_id>/rounds", methods=["GET", "POST"])
def next_round(item_id: int) -> ResponseReturnValue:
    """The next round, with why this one did not work."""
    return _resource(item_id, Phase.PLAN)


@bp.post("/items/<int:item_id>/taking-back")
def taking_back(item_id: int) -> ResponseReturnValue:
    """Undo the last step."""
    said = gettext("Taken back.")
    return press(item_id, NothingForm(), lambda d: take_back(d.item, by=d.by, at=d.at), said)


@bp.route("/items/<int:item_id>/answers", methods=["GET", "POST"])
def answers(item_id: int) -> ResponseReturnValue:
    """Change answers without a step: the edit sheets, and "later" in a gate."""
    form = MoveForm()
    builds: Callable[[Asking], SheetView] = _edit_sheet
    if form.to.data is not None:
        builds = lambda asking: _gate(asking, _step_of(asking, form.to.data))  # noqa: E731 - one line says it
    return act(item_id, form, builds, lambda d: _write(d, form), gettext("Kept."))


# --- taking a step ---------------------------------------------------------------------------------------


def _resource(item_id: int, to: Phase) -> ResponseReturnValue:
    if request.method == "GET":
        return step(item_id, to.value)
    form = MoveForm()
    if not form.validate():
        return _again(item_id, to, form)
    return _take(item_id, to, form)


def _take(item_id: int, to: Phase, form: MoveForm) -> ResponseReturnValue:
    queue_for(item_for(me(), item_id))
    doing = begin(item_id)
    _step(doing, to)
    place = Place(form.after.data, form.before.data)
    refused = attempt(form, lambda: _move(doing, to, form, place))
    if refused is not None:
        return _show_again(item_id, to, refused)
    _say(item_id, to)
    return acting.done(item_id, before=doing.facts.phase)


def _move(doing: Doing, to: Phase, form: MoveForm, place: Place) -> None:
    move_item(doing.item, to, by=doing.by, at=doing.at, answers=_read(doing, form), place=place, facts=doing.facts)


def _read(doing: Doing, form: MoveForm, *, keep_blank: bool = False) -> Answers:
    return form.answers(
        stored(doing.item),
        today=doing.facts.today,
        domains=domains_of(doing.item.team_id),
        keep_blank=keep_blank,
    )


def _again(item_id: int, to: Phase, form: MoveForm) -> ResponseReturnValue:
    refused = attempt(form, lambda: None)
    assert refused is not None
    return _show_again(item_id, to, refused)


def _show_again(item_id: int, to: Phase, refused: Any) -> ResponseReturnValue:
    """The same sheet with what was typed; on the item's own page the same questions in place."""
    doing = begin(item_id)
    asking = doing.asking(refused)
    if request.headers.get("HX-Target", "").endswith("#next") and stands_on(item_id):
        view = item_page(doing.by, item_id, clock.now(), refused=refused, typed=request.form)
        return render_template("items/_next.html", page_=view), refused.status
    return sheet(or_not_yours(_gate(asking, _step(doing, to)), asking, refused.missing), refused.status)


def _refused_beforehand(doing: Doing, step: Step) -> tuple[Missing, ...]:
    """Who may neither take the step nor fill in its answers is told so before the first question."""
    if may_edit(doing.by, doing.item, doing.at):
        return ()
    try:
        require_step(doing.by, doing.item, step, doing.facts)
    except NotAllowed as refusal:
        return tuple(refusal.missing)
    return ()


def _say(item_id: int, to: Phase) -> None:
    """What just happened; closing is the happy moment, with the customer's mark in its ring."""
    item, at = item_for(me(), item_id), clock.now()
    if to is Phase.CLOSED:
        text, mark = (
            gettext("Closed: number %(number)s is really solved.", number=item.number),
            facts_of(item, at).last_mark,
        )
        # The flash template draws the ring from the pair.
        happy: Any = text if mark is None else (text, mark)
        flash(happy, "closed")
        return
    phase = str(words.PHASE_NAMES[to])
    said = gettext("Number %(number)s now stands in %(phase)s.", number=item.number, phase=phase)
    rules = rules_of([item.team_id])[item.team_id]
    if may_take_back(item, me(), at, rules.settings.take_back_minutes) is None:
        flash(said)
        return
    # The way back travels with the news, for as long as it is open.
    back = acting.location(item_id)
    flash((said, url_for("items.taking_back", item_id=item_id), back), "undo")  # type: ignore[arg-type]


def _refuse_unreadable(form: MoveForm) -> None:
    if form.to.data is None:
        raise Invalid([FieldError("to", N_("Choose one from the list."))])


# --- the sheet of a step ---------------------------------------------------------------------------------


def _phase(name: str) -> Phase:
    try:
        return Phase(name)
    except ValueError:
        raise NotFound from None


def _step(doing: Doing, to: Phase) -> Step:
    return _step_of(doing.asking(), to)


def _step_of(asking: Asking, to: Phase) -> Step:
    found = step_between(asking.facts.phase, to)
    if found is None:
        raise refuse(
            NO_STEP,
            rule="phase",
            field="to",
            name="no_step",
            **{"from": _phase_id(asking.facts.phase), "to": _phase_id(to)},
        )
    return found


# Message ids of the phases, for a sentence that is translated later.
_PHASE_IDS = {
    Phase.NEW: N_("New"),
    Phase.PLAN: N_("Plan"),
    Phase.DO: N_("Do"),
    Phase.CHECK: N_("Check"),
    Phase.ACT: N_("Act"),
    Phase.CLOSED: N_("Closed"),
    Phase.PARKED: N_("Parked"),
    Phase.STOPPED: N_("Stopped"),
    Phase.DECLINED: N_("Declined"),
}


def _phase_id(phase: Phase) -> str:
    return _PHASE_IDS[phase]


def _gate(asking: Asking, step: Step) -> SheetView:
    return gate(asking, step, action=action_of(asking, step), hidden=hidden_of(step))


def hidden_of(step: Step) -> dict[str, str]:
    """What the sheet sends along: where to, and between which cards it was dropped."""
    places = {name: request.values.get(name, "") for name in ("after", "before")}
    kept = {name: value for name, value in places.items() if value.isdigit()}
    return {"to": step.target.value, **kept}


# --- changing answers ------------------------------------------------------------------------------------


def _write(doing: Doing, form: MoveForm) -> None:
    is_later = form.to.data is not None
    read = _read(doing, form, keep_blank=not is_later)
    allowed = STORABLE if is_later else frozenset(EDITABLE)
    kept = {name: value for name, value in read.items() if name in allowed}
    edit(doing.item, cast("Answers", kept), by=doing.by, at=doing.at)


def _edit_sheet(asking: Asking) -> SheetView:
    """The asked questions, filled in as they stand."""
    names = _asked_names(asking)
    offers = Offers(asking.item, asking.facts, asking.person)
    held = stored(asking.item)
    asks = []
    for name in names:
        ask = gate_question(asking, name, offers)
        asks.append(type(ask)(name, {**ask.proposal, **held.get(name, {})}, ask.options, ask.facts))
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Change"),
            action=url_for("items.answers", item_id=asking.item.id),
            submit=gettext("Keep"),
            asks=tuple(asks),
        ),
    )


def _asked_names(asking: Asking) -> list[str]:
    """Named by the link (`?ask=`); after a refusal, the questions that were sent."""
    if asking.refused is NOT_REFUSED:
        wanted = request.args.getlist("ask") or ["title", "problem", "noticeable"]
    else:
        wanted = [q.name for q in QUESTIONS.values() if any(name in request.form for name in q.fields)]
    return [name for name in dict.fromkeys(wanted) if name in EDITABLE] or ["title"]
