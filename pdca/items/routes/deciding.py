"""Waivers and decisions: asked by the owner, given by a leader who is not the owner."""

from __future__ import annotations

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items import decisions, words
from pdca.items.decisions import WAIVABLE
from pdca.items.forms.acts import DecisionForm, ReasonForm, WaiverForm
from pdca.items.lifecycle import STEPS
from pdca.items.models import Decision, Item
from pdca.items.permissions import may_decide
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, act
from pdca.items.terms import DecisionKind
from pdca.items.views.acts import ActSheet, Ask, act_sheet
from pdca.items.views.gate import Asking
from pdca.items.views.sheet import SheetView
from pdca.web import say

CHOOSE = N_("Choose one from the list.")
# Asked for an answer rather than for a yes or no.
ANSWERED_ONLY = (DecisionKind.HELP, DecisionKind.ESCALATION)


@bp.route("/items/<int:item_id>/waivers", methods=["GET", "POST"])
def waivers(item_id: int) -> ResponseReturnValue:
    """Ask a leader to let it pass a rule once; a leader who is not the owner gives it (R17)."""
    form = WaiverForm()
    return act(item_id, form, _waiver_sheet, lambda d: _waive(d, form), gettext("Noted."))


@bp.route("/items/<int:item_id>/decisions/<int:decision_id>", methods=["GET", "POST"])
def decide(item_id: int, decision_id: int) -> ResponseReturnValue:
    """A leader's word on what was asked (R26); for help, the board keeper's."""
    form = DecisionForm()
    return act(
        item_id,
        form,
        lambda asking: _decision_sheet(asking, decision_id),
        lambda d: _decide(d, decision_id, form),
        gettext("Decided."),
    )


@bp.route("/items/<int:item_id>/rounds/decision", methods=["GET", "POST"])
def go_on(item_id: int) -> ResponseReturnValue:
    """Ask the leader again whether round 3 or later may go on."""
    form = ReasonForm()
    return act(
        item_id,
        form,
        _go_on_sheet,
        lambda d: decisions.ask_to_go_on(d.item, form.reason.data or "", by=d.by, at=d.at),
        gettext("The leader has been asked."),
    )


# --- operations ------------------------------------------------------------------------------------------


def _waive(doing: Doing, form: WaiverForm) -> None:
    if not form.rule.data:
        raise Invalid([FieldError("rule", CHOOSE)])
    give = decisions.waive if may_decide(doing.by, doing.item, doing.at) else decisions.ask_waiver
    give(doing.item, str(form.rule.data)[:4], form.reason.data or "", by=doing.by, at=doing.at)


def _decide(doing: Doing, decision_id: int, form: DecisionForm) -> None:
    if form.granted.data is None:
        raise Invalid([FieldError("granted", CHOOSE)])
    decision = _of(doing.item, decision_id)
    decisions.decide(decision, form.granted.data, form.answer.data or "", by=doing.by, at=doing.at)


def _of(item: Item, decision_id: int) -> Decision:
    found = next((d for d in item.decisions if d.id == decision_id), None)
    if found is None:
        raise NotFound
    return found


# --- sheets ----------------------------------------------------------------------------------------------


def _waiver_sheet(asking: Asking) -> SheetView:
    gives = may_decide(asking.person, asking.item, asking.facts.at)
    wanted = request.values.get("rule", "")
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Waiver") if gives else gettext("Ask for a waiver"),
            action=url_for("items.waivers", item_id=asking.item.id),
            submit=gettext("Let it pass once") if gives else gettext("Ask the leader"),
            asks=(Ask("rule", {"rule": wanted}, {"rule": _rules()}), Ask("waiver_reason")),
            note=gettext("A waiver is for this round only. It is listed and counted."),
        ),
    )


def _rules() -> list[tuple[str, str]]:
    """Every rule that can be waived, with the sentences it refuses with."""
    texts: dict[str, str] = {}
    for step in STEPS:
        for criterion in step.needs:
            texts.setdefault(criterion.rule, say(criterion.missing()))
    return [("", gettext("choose…")), *((rule, f"{rule}: {texts[rule]}") for rule in WAIVABLE)]


def _decision_sheet(asking: Asking, decision_id: int) -> SheetView:
    decision = _of(asking.item, decision_id)
    only = decision.kind in ANSWERED_ONLY
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Decide on %(what)s", what=str(words.DECISION_NAMES[decision.kind])),
            action=url_for("items.decide", item_id=asking.item.id, decision_id=decision.id),
            submit=gettext("Answer") if only else gettext("Decide"),
            asks=(Ask("helped"),) if only else (Ask("granted"),),
            hidden={"granted": "yes"} if only else {},
            facts=question_rows(decision, asking),
        ),
    )


def question_rows(decision: Decision, asking: Asking) -> tuple[tuple[str, str], ...]:
    """What was asked, by whom and when."""
    promise = decision.promise
    rows = (
        (gettext("Asked by"), decision.asked_by.name if decision.asked_by else gettext("the follow-up")),
        (gettext("Asked"), words.instant(decision.asked_at, asking.facts.at)),
        (gettext("Rule"), decision.rule),
        (gettext("New date"), words.short_day(promise.due_on, asking.facts.today) if promise else ""),
        (gettext("Why"), decision.question),
    )
    return tuple((label, text) for label, text in rows if text)


def _go_on_sheet(asking: Asking) -> SheetView:
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Ask the leader to go on"),
            action=url_for("items.go_on", item_id=asking.item.id),
            submit=gettext("Ask the leader"),
            asks=(Ask("waiver_reason"),),
        ),
    )
