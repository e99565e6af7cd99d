"""Aftercare is planned in Plan and dated when the work is done (R12): whole weeks, on working days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pdca.errors import N_, FieldError, Invalid
from pdca.items.facts import Facts
from pdca.items.models import Check, Item
from pdca.items.terms import UNSETTLED, CheckState, Importance, Method, Phase


def offsets(facts: Facts) -> tuple[int, ...]:
    """Days after the date carried out, for this kind and importance."""
    s = facts.settings
    if not facts.is_action:
        return (s.care_quick_win_1, s.care_quick_win_2)
    important = (s.care_action_4,) if facts.importance is Importance.HIGH else ()
    return (s.care_action_1, s.care_action_2, s.care_action_3, *important)


def plan(item: Item, facts: Facts) -> None:
    """Plan the checks of this round (R12: in Plan, not afterwards). Dates follow when the work is done."""
    cancel_open(item, facts.at)
    series = _next_series(item)
    for number, days in enumerate(offsets(facts), start=1):
        item.checks.append(_planned(item, number, days, series))


def ask_again(check: Check, due_on: date, facts: Facts) -> None:
    """Too early to say: the same question once more, on a day of its own."""
    item = check.item
    again = _planned(item, check.number, check.offset_days, _next_series(item))
    again.due_on = facts.calendar.next_working(due_on)
    again.settle_by = facts.calendar.add(again.due_on, facts.settings.settle_days)
    item.checks.append(again)


def _next_series(item: Item) -> int:
    return 1 + max((c.series for c in item.checks if c.round_number == item.round_number), default=0)


def _planned(item: Item, number: int, days: int, series: int) -> Check:
    return Check(
        item_id=item.id,
        round_number=item.round_number,
        number=number,
        series=series,
        offset_days=days,
        method=item.care_method or Method.CALL,
        criterion=item.care_criterion,
        state=CheckState.PLANNED,
        times_moved=0,
    )


def schedule(item: Item, facts: Facts) -> None:
    """Give the open checks their days: from the date carried out, in whole weeks, on working days."""
    row = item.round
    assert row.carried_out_on is not None
    recorded = row.carried_out_recorded_on or facts.today
    for check in open_checks(item):
        check.due_on = day_of(facts, row.carried_out_on, recorded, check.offset_days)
        check.settle_by = facts.calendar.add(check.due_on, facts.settings.settle_days)


def unschedule(item: Item) -> None:
    """Taking back "done": the checks have no day again."""
    for check in open_checks(item):
        check.due_on = check.settle_by = None


def day_of(facts: Facts, carried_out_on: date, recorded_on: date, days: int) -> date:
    """The later of carried out + n and the next working day after that was recorded; never a free day."""
    wanted = carried_out_on + timedelta(days=days)
    earliest = facts.calendar.add(recorded_on, 1)
    return facts.calendar.next_working(max(wanted, earliest))


def open_checks(item: Item) -> list[Check]:
    """The unsettled checks of the current round."""
    return [c for c in item.checks if c.round_number == item.round_number and c.state in UNSETTLED]


def cancel_open(item: Item, at: datetime) -> None:
    """Cancelled checks are kept as cancelled."""
    for check in open_checks(item):
        check.state, check.settled_at = CheckState.CANCELLED, at


def change_method(item: Item, method: Method) -> None:
    """Another way of asking holds for the checks that were not asked yet."""
    for check in open_checks(item):
        if check.state is CheckState.PLANNED:
            check.method = method


def replan(item: Item, facts: Facts) -> None:
    """After a promotion the open checks are planned anew; those that were settled since the work was done count."""
    was_done = item.phase is not Phase.DO
    settled = {c.number for c in facts.live_checks if c.is_settled and was_done}
    plan(item, facts)
    for check in open_checks(item):
        if check.number in settled:
            check.state, check.settled_at = CheckState.CANCELLED, facts.at
    if was_done:
        schedule(item, facts)


def move_check(item: Item, check: Check, due_on: date, facts: Facts) -> None:
    """Another day for one check; it counts neither for promotion nor for the third date."""
    if due_on < facts.today:
        raise Invalid([FieldError("due_on", N_("Choose today or a later day."))])
    check.due_on = facts.calendar.next_working(due_on)
    check.settle_by = facts.calendar.add(check.due_on, facts.settings.settle_days)
    check.times_moved += 1
    # Asked again on the new day.
    check.state, check.asked_at, check.reminded_at = CheckState.PLANNED, None, None
