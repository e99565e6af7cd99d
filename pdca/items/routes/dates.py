"""A new date, waiting on others, and help: what may be said when a promise is in danger."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca.errors import N_, FieldError, Invalid
from pdca.items import words
from pdca.items.answers import ToldAnswer
from pdca.items.decisions import ask_help
from pdca.items.forms.acts import DateForm, HelpForm, NothingForm, WaitingForm
from pdca.items.promises import GIVE_REASON, LEADER_APPROVES_FROM, change_date
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, act, press
from pdca.items.terms import Phase, ToldHow
from pdca.items.views.acts import ActSheet, Ask, act_sheet, gate_question
from pdca.items.views.gate import Asking
from pdca.items.views.offers import CHIP_DAYS, Offers
from pdca.items.views.sheet import SheetView
from pdca.items.work import wait_no_longer, wait_on

CHOOSE_A_DAY = N_("Choose a date.")


@bp.route("/items/<int:item_id>/date-changes", methods=["GET", "POST"])
def new_date(item_id: int) -> ResponseReturnValue:
    """A new date with its reason and word to the customer (R7, R8, R9); in Check and Act the check's own day."""
    form = DateForm()
    return act(item_id, form, _date_sheet, lambda d: _change(d, form), gettext("The new date has been noted."))


@bp.route("/items/<int:item_id>/waiting", methods=["GET", "POST"])
def waiting(item_id: int) -> ResponseReturnValue:
    """Waiting on others."""
    form = WaitingForm()
    return act(item_id, form, _waiting_sheet, lambda d: _wait(d, form), gettext("Noted: it waits."))


@bp.post("/items/<int:item_id>/waiting/end")
def waiting_over(item_id: int) -> ResponseReturnValue:
    """It came."""
    said = gettext("Noted: the wait is over.")
    return press(item_id, NothingForm(), lambda d: wait_no_longer(d.item, by=d.by, at=d.at), said)


@bp.route("/items/<int:item_id>/help", methods=["GET", "POST"])
def help(item_id: int) -> ResponseReturnValue:
    """Need help."""
    form = HelpForm()
    said = gettext("The board keeper has been asked for help.")
    return act(item_id, form, _help_sheet, lambda d: ask_help(d.item, form.question.data or "", by=d.by, at=d.at), said)


# --- operations ------------------------------------------------------------------------------------------


def _change(doing: Doing, form: DateForm) -> None:
    _require_both(form)
    change_date(
        doing.item,
        due_on=form.due_on.data,
        reason=form.reason.data or "",
        by=doing.by,
        at=doing.at,
        told=_told(doing, form),
        still_needed=_still_needed(doing, form),
    )


def _require_both(form: DateForm) -> None:
    """Two answers suffice; without a date the other one is named at once too."""
    if form.due_on.data is not None:
        return
    no_reason = [] if form.reason.data else [FieldError("reason", GIVE_REASON)]
    raise Invalid([FieldError("due_on", CHOOSE_A_DAY), *no_reason])


def _day(field: Any, name: str) -> Any:
    if field.data is None:
        raise Invalid([FieldError(name, CHOOSE_A_DAY)])
    return field.data


def _still_needed(doing: Doing, form: DateForm) -> bool:
    """A date chip says it too (R9); past the last useful date it is a question of its own."""
    last = doing.item.last_useful_on
    if last is None or form.due_on.data <= last:
        return form.still_needed.data is not False
    return form.still_needed.data is True


def _told(doing: Doing, form: DateForm) -> ToldAnswer | None:
    """How the customer heard; left open, it is drafted from the reason."""
    how = form.told_how.data
    if how is None:
        return None
    message = form.told_message.data or (form.reason.data or "")
    who = form.told_who.data or (doing.item.customer_name if how is ToldHow.MAIL else "")
    return ToldAnswer(how, who, form.told_on.data or doing.facts.today, message)


def _wait(doing: Doing, form: WaitingForm) -> None:
    wait_on(doing.item, form.what.data or "", _day(form.until, "until"), by=doing.by, at=doing.at)


# --- sheets ----------------------------------------------------------------------------------------------


def _date_sheet(asking: Asking) -> SheetView:
    offers = Offers(asking.item, asking.facts, asking.person)
    in_do = asking.item.phase is Phase.DO
    asks = [
        Ask("new_date", {}, {"due_on": offers.days(CHIP_DAYS)}, {"is_check": not in_do}),
        Ask("delay_reason", facts={"is_check": not in_do}),
    ]
    if in_do and asking.item.last_useful_on is not None:
        asks.append(Ask("still_needed"))
    if in_do:
        asks.append(gate_question(asking, "told", offers))
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("New date") if in_do else gettext("Another day for this check"),
            action=url_for("items.new_date", item_id=asking.item.id),
            submit=gettext("Give this date"),
            asks=tuple(asks),
            note=_leader_note(asking) if in_do else "",
            facts=_promise_facts(asking),
        ),
    )


def _leader_note(asking: Asking) -> str:
    if asking.facts.times_moved + 1 < LEADER_APPROVES_FROM:
        return ""
    return gettext("From the third date on the leader approves it first. The customer hears of it after that.")


def _promise_facts(asking: Asking) -> tuple[tuple[str, str], ...]:
    facts = asking.facts
    if facts.phase is not Phase.DO or facts.due_on is None:
        return ()
    rows = [(gettext("Promised"), words.day(facts.due_on, facts.today))]
    if facts.times_moved:
        rows.append((gettext("So far"), moved_words(asking)))
    return tuple(rows)


def moved_words(asking: Asking) -> str:
    """ "moved 2×, first promised Thu 29 Oct"."""
    facts = asking.facts
    first = facts.first_promised_on
    if first is None:
        return words.moved(facts.times_moved)
    return gettext(
        "%(moved)s, first promised %(day)s",
        moved=words.moved(facts.times_moved),
        day=words.short_day(first, facts.today),
    )


def _waiting_sheet(asking: Asking) -> SheetView:
    offers = Offers(asking.item, asking.facts, asking.person)
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Waiting on others"),
            action=url_for("items.waiting", item_id=asking.item.id),
            submit=gettext("It waits"),
            asks=(Ask("waiting", {"what": asking.item.waiting_on}, {"until": offers.days(CHIP_DAYS)}),),
            note=gettext("The promised date stays as it is: the clock runs on."),
        ),
    )


def _help_sheet(asking: Asking) -> SheetView:
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Need help"),
            action=url_for("items.help", item_id=asking.item.id),
            submit=gettext("Ask for help"),
            asks=(Ask("help"),),
            note=gettext("The board keeper answers within two working days."),
        ),
    )
