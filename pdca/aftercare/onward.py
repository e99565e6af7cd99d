"""What happens after an answer, as it is promised to who gave it: warm, true, and with a day where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pdca.clock import today
from pdca.items.checks import CORRECTION
from pdca.items.models import Answer, Check
from pdca.items.terms import UNSETTLED, CustomerType, Importance, Kind, Solved
from pdca.people.queries import rules_of

# A "no" is judged after the time to correct it; from then on there are two working days to tell (domain: 2 wd).
TELL_DAYS = 2


class Then(StrEnum):
    """What comes next."""

    ASKED_AGAIN = "asked_again"
    CLOSING = "closing"
    FINISHING = "finishing"
    NEXT_ROUND = "next_round"
    TOGETHER = "together"


@dataclass(frozen=True)
class Onward:
    """What comes next, and by which day when that can be said."""

    then: Then
    on: date | None = None


def onward(check: Check, answer: Answer) -> Onward:
    """What the customer may expect now."""
    again = _asked_again_on(check)
    if answer.solved is Solved.YES:
        is_enough = check.item.kind is Kind.QUICK_WIN and check.item.importance is Importance.NORMAL
        return Onward(Then.CLOSING) if again is None or is_enough else Onward(Then.ASKED_AGAIN, again)
    if check.item.customer_type is CustomerType.GROUP:
        return Onward(Then.TOGETHER)
    if answer.solved is Solved.PARTLY:
        return Onward(Then.FINISHING)
    return Onward(Then.NEXT_ROUND, _told_by(check, answer.recorded_at))


def _asked_again_on(check: Check) -> date | None:
    later = (
        c.due_on
        for c in check.item.checks
        if c.id != check.id and c.round_number == check.round_number and c.state in UNSETTLED and c.due_on
    )
    return min(later, default=None)


def _told_by(check: Check, answered_at: datetime) -> date:
    rules = rules_of([check.item.team_id])[check.item.team_id]
    final = today(rules.timezone, answered_at + CORRECTION)
    return rules.calendar.add(final, TELL_DAYS)
