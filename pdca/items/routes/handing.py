"""Handovers: everything known is passed on, and the giver stays responsible until the receiver accepts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items import handovers, words
from pdca.items.forms.acts import HandoverForm, NothingForm, ReadBackForm, ReasonForm, ReceiverForm
from pdca.items.handovers import Note
from pdca.items.models import Handover, Item
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, act, press
from pdca.items.views.acts import ActSheet, Ask, act_sheet, note_rows
from pdca.items.views.gate import Asking
from pdca.items.views.offers import Offers, Option
from pdca.items.views.sheet import SheetView

CHOOSE = N_("Choose one from the list.")


@bp.route("/items/<int:item_id>/handovers", methods=["GET", "POST"])
def handover(item_id: int) -> ResponseReturnValue:
    """Hand it over to a colleague (R5)."""
    form = HandoverForm()
    return act(
        item_id, form, _sheet, lambda d: _hand_over(d, form), gettext("Handed over: now it waits for an answer.")
    )


@bp.route("/items/<int:item_id>/handovers/<int:handover_id>/acceptance", methods=["GET", "POST"])
def acceptance(item_id: int, handover_id: int) -> ResponseReturnValue:
    """Accept it, with the agreement in own words (R6)."""
    form = ReadBackForm()
    return act(
        item_id,
        form,
        _answer_sheet(
            handover_id, "items.acceptance", gettext("Accept the handover"), gettext("I take it over"), "read_back"
        ),
        lambda d: handovers.accept(_of(d.item, handover_id), form.read_back.data or "", by=d.by, at=d.at),
        gettext("You are the owner now."),
    )


@bp.route("/items/<int:item_id>/handovers/<int:handover_id>/refusal", methods=["GET", "POST"])
def refusal(item_id: int, handover_id: int) -> ResponseReturnValue:
    """Give it back with a reason."""
    form = ReasonForm()
    return act(
        item_id,
        form,
        _answer_sheet(handover_id, "items.refusal", gettext("Give it back"), gettext("Give it back"), "reason"),
        lambda d: handovers.decline(_of(d.item, handover_id), form.reason.data or "", by=d.by, at=d.at),
        gettext("Given back."),
    )


@bp.route("/items/<int:item_id>/handovers/<int:handover_id>/assignment", methods=["GET", "POST"])
def assignment(item_id: int, handover_id: int) -> ResponseReturnValue:
    """Choose (another) receiver."""
    form = ReceiverForm()
    return act(
        item_id,
        form,
        _answer_sheet(
            handover_id, "items.assignment", gettext("Choose a new owner"), gettext("Hand it over"), "receiver"
        ),
        lambda d: handovers.assign(_of(d.item, handover_id), _chosen(form.to), by=d.by, at=d.at),
        gettext("Handed over: now it waits for an answer."),
    )


@bp.post("/items/<int:item_id>/handovers/<int:handover_id>/withdrawal")
def withdrawal(item_id: int, handover_id: int) -> ResponseReturnValue:
    """The giver keeps it after all."""
    return press(
        item_id,
        NothingForm(),
        lambda d: handovers.withdraw(_of(d.item, handover_id), by=d.by, at=d.at),
        gettext("The handover was withdrawn."),
    )


def _of(item: Item, handover_id: int) -> Handover:
    """A handover through its item; NotFound otherwise."""
    found = next((h for h in item.handovers if h.id == handover_id), None)
    if found is None:
        raise NotFound
    return found


def _hand_over(doing: Doing, form: HandoverForm) -> None:
    note = Note(form.done.data or "", form.open.data or "", form.promised.data or "", form.watch_out.data or "")
    handovers.hand_over(doing.item, _chosen(form.to), note, by=doing.by, at=doing.at)


def _chosen(field: Any) -> int:
    if field.data is None:
        raise Invalid([FieldError("to", CHOOSE)])
    return int(field.data)


# --- sheets ----------------------------------------------------------------------------------------------


def _receivers(asking: Asking) -> list[Option]:
    offers = Offers(asking.item, asking.facts, asking.person)
    return [("", gettext("choose…")), *(m for m in offers.workers if m[0] != asking.item.responsible_id)]


def _sheet(asking: Asking) -> SheetView:
    item, facts = asking.item, asking.facts
    due = words.short_day(facts.due_on, facts.today) if facts.due_on else ""
    promised = ": ".join(part for part in (item.customer_name, due) if part)
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Hand over"),
            action=url_for("items.handover", item_id=item.id),
            submit=gettext("Hand it over"),
            asks=(
                Ask("receiver", {}, {"to": _receivers(asking)}),
                Ask("note_done", {"done": words.said(item.round.carried_out)}),
                Ask("note_open", {"open": item.problem or item.title}),
                Ask("note_promised", {"promised": promised}),
                Ask("note_watch_out"),
            ),
            note=gettext("Pass on all you know. You stay responsible until it is accepted."),
        ),
    )


def _answer_sheet(
    handover_id: int, endpoint: str, title: str, submit: str, asked: str
) -> Callable[[Asking], SheetView]:
    def build(asking: Asking) -> SheetView:
        row = _of(asking.item, handover_id)
        options = {"to": _receivers(asking)} if asked == "receiver" else {}
        return act_sheet(
            asking,
            ActSheet(
                title=title,
                action=url_for(endpoint, item_id=asking.item.id, handover_id=handover_id),
                submit=submit,
                asks=(Ask(asked, {}, options),),
                facts=note_rows(row),
            ),
        )

    return build
