"""The ladder: which step of a duty is said on which day, and to whom. One table, counted from T = the due day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from zoneinfo import ZoneInfo

from pdca.followup.terms import To
from pdca.people.calendar import Calendar
from pdca.people.settings import TeamSettings


class Unit(Enum):
    """What an offset counts."""

    DAYS = auto()
    WORKING_DAYS = auto()


class Base(Enum):
    """The day an offset counts from."""

    DUE = auto()
    # The day the duty was opened: what was given by somebody is told at once.
    OPENED = auto()
    # The day the customer was really asked, which is later than T when we were late: nobody hears "one more time",
    # and nobody is told to call, right after the first question.
    ASKED = auto()
    # The day by which a check must be settled.
    SETTLE = auto()


@dataclass(frozen=True)
class Step:
    """One rung. With `setting` the team's own number replaces the offset (◇), its sign kept."""

    name: str
    offset: int
    to: tuple[To, ...]
    unit: Unit = Unit.WORKING_DAYS
    base: Base = Base.DUE
    setting: str = ""
    # E3: from here on a leader must decide (R26).
    escalates: bool = False


@dataclass(frozen=True)
class Dates:
    """The days of one duty that its steps count from."""

    due_on: date
    opened_on: date
    settle_by: date | None = None
    asked_on: date | None = None


_HOLDER, _KEEPER, _LEADER, _SPONSOR = (To.HOLDER,), (To.KEEPER,), (To.LEADER,), (To.SPONSOR,)
_OWN_AND_KEEPER = (To.HOLDER, To.KEEPER)
_UP_TO_LEADER = (To.HOLDER, To.KEEPER, To.LEADER)
_UP_TO_SPONSOR = (To.HOLDER, To.KEEPER, To.LEADER, To.SPONSOR)

# Widen the circle, not the frequency.
AT_ONCE = Step("0", 0, _HOLDER, base=Base.OPENED)
E1 = Step("E1", 1, _HOLDER)
E2 = Step("E2", 3, _OWN_AND_KEEPER)
E3 = Step("E3", 10, _UP_TO_LEADER, escalates=True)
E4 = Step("E4", 20, _UP_TO_SPONSOR)
_E = (E1, E2, E3, E4)


def _from_settle_by(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(Step(s.name, s.offset, s.to, s.unit, Base.SETTLE, s.setting, s.escalates) for s in steps)


LADDERS: dict[str, tuple[Step, ...]] = {
    "decide": (Step("due", 0, _HOLDER), Step("leader", 5, _LEADER), E4),
    "plan": (E1, E2, E3),
    "start": (E1, E2),
    "promise_quick_win": (Step("E0", -2, _HOLDER), *_E),
    "promise_action": (
        Step("E0-week", -7, _HOLDER, Unit.DAYS, setting="reminder_days"),
        Step("E0", -1, _HOLDER),
        *_E,
    ),
    "review": (E1, E3),
    "waiting": (E1, E2),
    "handover": (AT_ONCE, Step("receiver", 2, _HOLDER), Step("keeper", 3, _KEEPER), Step("leader", 5, _LEADER)),
    # Nobody receives it yet: the caretaker looks for somebody, then the leader assigns.
    "assign": (AT_ONCE, Step("receiver", 2, _HOLDER), Step("leader", 5, _LEADER)),
    "announce": (E1, Step("go-live", 3, _LEADER)),
    "call": (E1, E2),
    "aftercare_mail": (
        Step("ask", 0, (To.CUSTOMER,)),
        Step("remind", 5, (To.CUSTOMER,), base=Base.ASKED, setting="remind_customer_days"),
        Step("call", 7, _HOLDER, base=Base.ASKED),
        Step("call-again", 9, _HOLDER, base=Base.ASKED),
        *_from_settle_by(_E),
    ),
    # Nobody can be mailed: the owner calls, or somebody goes and looks, on the day itself.
    "aftercare_call": (Step("call", 0, _HOLDER), Step("call-again", 2, _HOLDER), *_from_settle_by(_E)),
    "judge": (E1, E2),
    "tell_next": (E1, E2),
    "next_round": (E1, E2, E3),
    "close": (E1, E2, E3),
    "decision": (AT_ONCE, Step("due", 0, _HOLDER), Step("sponsor", 5, _SPONSOR)),
    "help": (AT_ONCE, E2, E3),
    "last_useful": (E1, E2, E3),
    "tell_end": (E1, E2),
    "recurrence_mail": (Step("ask", 0, (To.CUSTOMER,)),),
    "recurrence_call": (Step("ask", 0, _HOLDER),),
}


def day_of(step: Step, dates: Dates, calendar: Calendar, settings: TeamSettings) -> date:
    """The day on which this step is due."""
    start = {
        Base.DUE: dates.due_on,
        Base.OPENED: dates.opened_on,
        Base.ASKED: dates.asked_on or dates.due_on,
        Base.SETTLE: dates.settle_by or dates.due_on,
    }
    size = getattr(settings, step.setting) if step.setting else abs(step.offset)
    offset = -size if step.offset < 0 else size
    if step.unit is Unit.DAYS:
        return start[step.base] + timedelta(days=offset)
    return calendar.add(start[step.base], offset)


def steps_after(
    reached: str, ladder: str, dates: Dates, calendar: Calendar, settings: TeamSettings
) -> Iterator[tuple[Step, date]]:
    """The steps still to come, in order. A step that lay before the duty was opened is skipped."""
    for step in _above(reached, LADDERS[ladder]):
        day = day_of(step, dates, calendar, settings)
        if day >= dates.opened_on:
            yield step, day


def _above(reached: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    names = [step.name for step in steps]
    return steps[names.index(reached) + 1 :] if reached in names else steps


def step_named(ladder: str, name: str) -> Step | None:
    """The step of this name; None when the ladder no longer has it."""
    return next((step for step in LADDERS[ladder] if step.name == name), None)


def is_standing(ladder: str, reached: str, level: To = To.LEADER) -> bool:
    """At the end of a ladder that came as high as `level`: a standing line in the digest until it is decided."""
    last = LADDERS[ladder][-1]
    heights = (To.LEADER, To.SPONSOR)
    return reached == last.name and any(to in last.to for to in heights[heights.index(level) :])


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day begins in a zone (the first one after a gap)."""
    # In UTC: Python calls instants unequal when one of them is written in hours that do not exist.
    return datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)
