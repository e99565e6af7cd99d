"""One line per duty for whoever reads it: in the grouped mail, on My list, in the digest. Same rows, same words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pdca.errors import N_
from pdca.followup.asks import Ask
from pdca.followup.models import Duty
from pdca.followup.terms import DutyKind
from pdca.people.calendar import DAY


class Urgency(StrEnum):
    """The groups of a list, the most urgent first."""

    LATE = "late"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"


class Why(StrEnum):
    """Why somebody reads this line."""

    OWNER = "owner"
    KEEPER = "keeper"
    LEADER = "leader"
    SPONSOR = "sponsor"
    RECEIVER = "receiver"
    DEPUTY = "deputy"
    OTHER = "other"


WHY_WORDS: dict[Why, str] = {
    Why.OWNER: N_("you are the owner"),
    Why.KEEPER: N_("you are board keeper"),
    Why.LEADER: N_("you are leader"),
    Why.SPONSOR: N_("you are sponsor"),
    Why.RECEIVER: N_("it was handed over to you"),
    Why.DEPUTY: N_("you stand in for %(name)s"),
    Why.OTHER: N_("you are next in line"),
}


@dataclass(frozen=True)
class Line:
    """What is asked of whom, on which item, by when."""

    duty_id: int
    occurrence: str
    kind: DutyKind
    item_id: int
    number: int
    title: str
    phase: str
    team_id: int
    team: str
    ask: Ask
    due_on: date
    today: date
    urgency: Urgency
    why: Why
    holder_id: int | None
    holder: str
    is_own: bool

    @property
    def is_frozen(self) -> bool:
        """Whether this freezes the card (R8): the promise, or a check past its settle-by."""
        return self.urgency is Urgency.LATE and self.kind in (DutyKind.PROMISE, DutyKind.AFTERCARE)

    @property
    def is_soon(self) -> bool:
        """Today or tomorrow."""
        return 0 <= (self.due_on - self.today).days <= 1

    @property
    def why_words(self) -> str:
        """The message id that says why this reader gets it; its placeholder is the holder's name."""
        return WHY_WORDS[self.why]

    @property
    def path(self) -> str:
        """Where on the item's page it is done."""
        return f"/items/{self.item_id}#{self.ask.anchor}"

    @property
    def order(self) -> tuple[object, ...]:
        """The most urgent first."""
        return (list(Urgency).index(self.urgency), self.due_on, self.item_id, self.duty_id)


def shown_due(duty: Duty) -> date:
    """By when: of a check that was asked, the day it must be settled."""
    if duty.settle_by is not None and duty.step:
        return duty.settle_by
    return duty.due_on


def urgency_of(due_on: date, today: date) -> Urgency:
    """In which group a day falls. The week ends on Sunday; in a weekend it is the one that comes."""
    if due_on < today:
        return Urgency.LATE
    if due_on == today:
        return Urgency.TODAY
    days = 7 - today.isoweekday()
    sunday = today + DAY * (days if days > 1 else days + 7)
    return Urgency.WEEK if due_on <= sunday else Urgency.LATER
