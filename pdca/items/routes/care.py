"""Aftercare from the owner's side: calls, announcements, answers, attempts, verdicts, what is told next."""

from __future__ import annotations

from collections.abc import Callable

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca import clock
from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items import checks, letters, telling, verdicts, words
from pdca.items.answers import AnnouncementAnswer, CallAnswer, VerdictAnswer
from pdca.items.checks import CheckAnswer
from pdca.items.criteria import needs_observation
from pdca.items.forms.acts import (
    AnnouncementForm,
    CallForm,
    CheckAnswerForm,
    NothingForm,
    OwnerCommentForm,
    RecurrenceForm,
    ToldForm,
    VerdictForm,
)
from pdca.items.models import Answer, Check, Item
from pdca.items.moves import reopen_when_asked
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, act, press
from pdca.items.terms import AnswerSource, Quote, ToldHow
from pdca.items.views.acts import ActSheet, Ask, act_sheet, gate_question
from pdca.items.views.gate import Asking
from pdca.items.views.offers import Offers
from pdca.items.views.sheet import SheetView
from pdca.items.work import announce, log_call

WRITE = N_("Write something here.")
CHOOSE = N_("Choose one from the list.")
CHOOSE_A_DAY = N_("Choose a date.")


@bp.route("/items/<int:item_id>/calls", methods=["GET", "POST"])
def call(item_id: int) -> ResponseReturnValue:
    """A call during the work (R10)."""
    form = CallForm()
    return act(
        item_id,
        form,
        _gate_sheet("call", "items.call", lambda: gettext("Call during the work"), lambda: gettext("Note the call")),
        lambda d: log_call(d.item, _call_of(d, form), by=d.by, at=d.at),
        gettext("The call has been noted."),
    )


@bp.route("/items/<int:item_id>/announcements", methods=["GET", "POST"])
def announcement(item_id: int) -> ResponseReturnValue:
    """A change told beforehand, with the reason (R4)."""
    form = AnnouncementForm()
    return act(
        item_id,
        form,
        _gate_sheet(
            "announcement",
            "items.announcement",
            lambda: gettext("Announce the change"),
            lambda: gettext("Note the announcement"),
        ),
        lambda d: announce(d.item, _announcement_of(d, form), by=d.by, at=d.at),
        gettext("The announcement has been noted."),
    )


@bp.route("/items/<int:item_id>/checks/<int:check_id>/answers", methods=["GET", "POST"])
def check_answer(item_id: int, check_id: int) -> ResponseReturnValue:
    """An answer after a call, or an observation by somebody other than the owner (R11, R13, R18)."""
    form = CheckAnswerForm()
    return act(
        item_id,
        form,
        lambda asking: _answer_sheet(asking, check_id),
        lambda d: _answer(d, check_id, form),
        gettext("The answer has been noted."),
    )


@bp.post("/items/<int:item_id>/letters/<int:entry_id>/aside")
def letter_aside(item_id: int, entry_id: int) -> ResponseReturnValue:
    """A customer's mail that was no answer."""
    said = gettext("It stays in the journal.")
    return press(item_id, NothingForm(), lambda d: letters.put_aside(d.item, entry_id, by=d.by, at=d.at), said)


@bp.route("/items/<int:item_id>/checks/<int:check_id>/attempts", methods=["GET", "POST"])
def attempt(item_id: int, check_id: int) -> ResponseReturnValue:
    """A call that nobody answered."""
    form = CallForm()
    return act(
        item_id,
        form,
        lambda asking: _attempt_sheet(asking, check_id),
        lambda d: checks.attempt(check_of(d.item, check_id), _call_of(d, form), by=d.by, at=d.at),
        gettext("The attempt has been noted."),
    )


@bp.route("/items/<int:item_id>/checks/<int:check_id>/answers/<int:answer_id>/comments", methods=["GET", "POST"])
def answer_comment(item_id: int, check_id: int, answer_id: int) -> ResponseReturnValue:
    """The owner's word beside the customer's, never over it (R24)."""
    form = OwnerCommentForm()
    return act(
        item_id,
        form,
        lambda asking: _comment_sheet(asking, check_id, answer_id),
        lambda d: _comment_on(d, check_id, answer_id, form.comment.data or ""),
        gettext("Noted beside the answer."),
    )


@bp.route("/items/<int:item_id>/verdict", methods=["GET", "POST"])
def verdict(item_id: int) -> ResponseReturnValue:
    """The judgement on the latest check."""
    form = VerdictForm()
    return act(
        item_id,
        form,
        _gate_sheet("verdict", "items.verdict", lambda: gettext("Verdict"), lambda: gettext("Give the verdict")),
        lambda d: _judge(d, form),
        gettext("The verdict has been noted."),
    )


@bp.route("/items/<int:item_id>/told", methods=["GET", "POST"])
def told(item_id: int) -> ResponseReturnValue:
    """The customer hears what happens next, or how it ended."""
    form = ToldForm()
    return act(item_id, form, _told_sheet, lambda d: _tell(d, form), gettext("Noted: the customer knows."))


@bp.route("/items/<int:item_id>/recurrence", methods=["GET", "POST"])
def recurrence(item_id: int) -> ResponseReturnValue:
    """The customer was asked whether it came back, and says that it did (R15)."""
    form = RecurrenceForm()
    return act(
        item_id,
        form,
        _recurrence_sheet,
        lambda d: _came_back(d, form),
        gettext("It has been taken up again, as the customer said."),
    )


# --- operations ------------------------------------------------------------------------------------------


def check_of(item: Item, check_id: int) -> Check:
    """A check through its item; NotFound otherwise."""
    found = next((c for c in item.checks if c.id == check_id), None)
    if found is None:
        raise NotFound
    return found


def _answer_of(item: Item, check_id: int, answer_id: int) -> Answer:
    found = next((a for a in check_of(item, check_id).answers if a.id == answer_id), None)
    if found is None:
        raise NotFound
    return found


def _call_of(doing: Doing, form: CallForm) -> CallAnswer:
    return CallAnswer(
        form.call_with.data or "",
        form.call_on.data or doing.facts.today,
        form.call_channel.data or "",
        form.call_verdict.data,
        form.call_notes.data or "",
    )


def _announcement_of(doing: Doing, form: AnnouncementForm) -> AnnouncementAnswer:
    if form.go_live_on.data is None:
        raise Invalid([FieldError("go_live_on", CHOOSE_A_DAY)])
    return AnnouncementAnswer(
        form.announced_on.data or doing.facts.today,
        form.go_live_on.data,
        form.audience.data or "",
        form.announcement_text.data or "",
    )


def _answer(doing: Doing, check_id: int, form: CheckAnswerForm) -> Answer:
    if form.solved.data is None:
        raise Invalid([FieldError("solved", CHOOSE)])
    given = CheckAnswer(
        solved=form.solved.data,
        mark=form.mark.data,
        better=form.better.data or "",
        may_quote=form.may_quote.data or Quote.NO,
        channel=form.channel.data or "",
        answered_by=form.answered_by.data or "",
        on=form.on.data,
        source=_source(form),
        group_id=form.group_id.data,
    )
    return checks.record_answer(check_of(doing.item, check_id), given, by=doing.by, at=doing.at)


def _source(form: CheckAnswerForm) -> AnswerSource:
    """Only a call or an observation is recorded here; the link belongs to the customer (R24)."""
    source = form.source.data or AnswerSource.CALL
    if source not in (AnswerSource.CALL, AnswerSource.OBSERVATION):
        raise Invalid([FieldError("source", CHOOSE)])
    return AnswerSource(source)


def _comment_on(doing: Doing, check_id: int, answer_id: int, text: str) -> None:
    if not text:
        raise Invalid([FieldError("comment", WRITE)])
    checks.comment_on(_answer_of(doing.item, check_id, answer_id), text, by=doing.by, at=doing.at)


def _judge(doing: Doing, form: VerdictForm) -> Check:
    if form.verdict.data is None:
        raise Invalid([FieldError("verdict", CHOOSE)])
    answer = VerdictAnswer(form.verdict.data, form.evidence.data or "", form.check_again_on.data)
    return verdicts.give_verdict(doing.item, answer, by=doing.by, at=doing.at)


def _tell(doing: Doing, form: ToldForm) -> None:
    """By mail from here, or a logged call, visit or notice."""
    if form.told_how.data is None:
        raise Invalid([FieldError("told_how", CHOOSE)])
    text = form.told_message.data or ""
    if form.told_how.data is ToldHow.MAIL:
        telling.tell_next(doing.item, text, by=doing.by, at=doing.at)
        return
    heard = CallAnswer(
        form.told_who.data or "", form.told_on.data or doing.facts.today, form.told_how.data.value, None, text
    )
    telling.record_told(doing.item, heard, by=doing.by, at=doing.at)


def _came_back(doing: Doing, form: RecurrenceForm) -> None:
    if form.cause.data is None:
        raise Invalid([FieldError("cause", CHOOSE)])
    reopen_when_asked(doing.item, form.cause.data, by=doing.by, at=doing.at)


# --- sheets ----------------------------------------------------------------------------------------------


def _gate_sheet(
    question: str, endpoint: str, title: Callable[[], str], submit: Callable[[], str]
) -> Callable[[Asking], SheetView]:
    """A question that a gate asks too, asked on its own."""

    def build(asking: Asking) -> SheetView:
        offers = Offers(asking.item, asking.facts, asking.person)
        return act_sheet(
            asking,
            ActSheet(
                title=title(),
                action=url_for(endpoint, item_id=asking.item.id),
                submit=submit(),
                asks=(gate_question(asking, question, offers),),
            ),
        )

    return build


def _answer_sheet(asking: Asking, check_id: int) -> SheetView:
    check = check_of(asking.item, check_id)
    source = _wanted_source(asking)
    item, today = asking.item, asking.facts.today
    action = url_for("items.check_answer", item_id=item.id, check_id=check.id)
    if source is AnswerSource.OBSERVATION:
        asks: tuple[Ask, ...] = (Ask("solved", facts={"is_seen": True}), Ask("observed", {"on": today.isoformat()}))
    else:
        groups = [("", gettext("none")), *((g.id, g.name) for g in item.groups)] if item.groups else []
        said = _said_by_mail(asking, check)
        who = {"answered_by": item.customer_name, "on": today.isoformat(), **said}
        asks = (
            Ask("who_answered", who, {"group_id": groups}),
            Ask("solved", said),
            Ask("mark", said),
            Ask("better", {"may_quote": "no", **said}, {"may_quote": [(q.value, words.QUOTE_NAMES[q]) for q in Quote]}),
        )
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("What the customer said") if source is AnswerSource.CALL else gettext("What was seen"),
            action=action,
            submit=gettext("Note the answer"),
            asks=asks,
            hidden={"source": source.value},
            note=_answer_note(source, is_mailed=request.args.get("letter") is not None),
            facts=_check_facts(asking, check),
            ways=_answer_ways(asking, check, source),
        ),
    )


def _said_by_mail(asking: Asking, check: Check) -> dict[str, str]:
    """What a customer's mail said, to be filled in beforehand; whoever records it has read it."""
    wanted = request.args.get("letter", type=int)
    draft = next((d for d in letters.drafts(asking.item) if d.id == wanted and d.check_id == check.id), None)
    if draft is None:
        return {}
    return {
        "answered_by": draft.name,
        "on": clock.today(asking.facts.timezone, draft.at).isoformat(),
        "channel": gettext("by mail"),
        "solved": draft.solved.value if draft.solved else "",
        "mark": str(draft.mark or ""),
        "better": draft.text,
    }


def _wanted_source(asking: Asking) -> AnswerSource:
    wanted = request.values.get("source", "")
    if wanted in (AnswerSource.CALL, AnswerSource.OBSERVATION):
        return AnswerSource(wanted)
    return AnswerSource.OBSERVATION if needs_observation(asking.facts) else AnswerSource.CALL


def _answer_note(source: AnswerSource, *, is_mailed: bool = False) -> str:
    if is_mailed and source is AnswerSource.CALL:
        return gettext("This was filled in from the customer’s mail. Read it, put right what is not so, and record it.")
    if source is AnswerSource.OBSERVATION:
        return gettext("Somebody other than the owner goes and looks. It is counted apart from what customers say.")
    return gettext("Write down what was said, in the customer’s words. It is marked as called by the team.")


def _check_facts(asking: Asking, check: Check) -> tuple[tuple[str, str], ...]:
    due = words.short_day(check.due_on, asking.facts.today) if check.due_on else ""
    contact = next((c for c in asking.item.customers if c.phone or c.email), None)
    reach = ", ".join(part for part in (contact.phone, contact.email) if part) if contact else ""
    rows = (
        (gettext("Check"), f"{check.number}, {due}" if due else str(check.number)),
        (gettext("Solved when"), words.said(check.criterion)),
        (gettext("Reach the customer"), reach),
    )
    return tuple((label, text) for label, text in rows if text)


def _answer_ways(asking: Asking, check: Check, source: AnswerSource) -> tuple[tuple[str, str], ...]:
    item_id = asking.item.id
    ways = []
    if source is AnswerSource.CALL:
        tried = url_for("items.attempt", item_id=item_id, check_id=check.id)
        ways.append((tried, gettext("Nobody answered the phone")))
        seen = url_for("items.check_answer", item_id=item_id, check_id=check.id, source="observation")
        ways.append((seen, gettext("Somebody went and looked")))
    elif not needs_observation(asking.facts):
        said = url_for("items.check_answer", item_id=item_id, check_id=check.id, source="call")
        ways.append((said, gettext("The customer was called")))
    return tuple(ways)


def _attempt_sheet(asking: Asking, check_id: int) -> SheetView:
    check = check_of(asking.item, check_id)
    proposal = {"call_with": asking.item.customer_name, "call_on": asking.facts.today.isoformat()}
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Nobody answered"),
            action=url_for("items.attempt", item_id=asking.item.id, check_id=check.id),
            submit=gettext("Note the attempt"),
            asks=(Ask("attempt", proposal),),
            note=gettext("After two attempts on different days you may say: customer not reached."),
            facts=_check_facts(asking, check),
        ),
    )


def _comment_sheet(asking: Asking, check_id: int, answer_id: int) -> SheetView:
    answer = _answer_of(asking.item, check_id, answer_id)
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Beside the answer"),
            action=url_for("items.answer_comment", item_id=asking.item.id, check_id=check_id, answer_id=answer_id),
            submit=gettext("Keep"),
            asks=(Ask("comment_on", {"comment": answer.owner_comment}),),
            note=gettext("The answer itself stays as the customer gave it."),
            facts=((str(words.SOLVED_NAMES[answer.solved]), answer.better),),
        ),
    )


def _recurrence_sheet(asking: Asking) -> SheetView:
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("The customer says it came back"),
            action=url_for("items.recurrence", item_id=asking.item.id),
            submit=gettext("Take it up again"),
            asks=(gate_question(asking, "cause", Offers(asking.item, asking.facts, asking.person)),),
            note=gettext("Half a year after closing the customer is asked once. “No, it stayed away” needs nothing."),
        ),
    )


def _told_sheet(asking: Asking) -> SheetView:
    offers = Offers(asking.item, asking.facts, asking.person)
    told_ = gate_question(asking, "told", offers)
    options = dict(told_.options)
    if not asking.facts.untold:
        options["told_how"] = [way for way in options["told_how"] if way[0] != ToldHow.MAIL]
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Tell the customer"),
            action=url_for("items.told", item_id=asking.item.id),
            submit=gettext("The customer is told"),
            asks=(Ask("tell", told_.proposal, options, told_.facts),),
        ),
    )
