"""Which items stalled, why, since when and whose move it is: the triggers of the domain, as a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pdca import clock
from pdca.errors import N_
from pdca.followup.duties import duties_of
from pdca.items.facts import Facts
from pdca.items.terms import Kind, Phase

HANDOVER_WORKING_DAYS = 3
DECISION_WORKING_DAYS = 5
OFTEN_MOVED = 2
# A percentile of fewer closed items says nothing: then the team's own number counts.
CLOSED_NEEDED = 10
CLOSED_LOOKED_AT = 30


class Reason(StrEnum):
    """Why an item stalled, gravest first."""

    DATE_PASSED = "date_passed"
    AFTERCARE_LATE = "aftercare_late"
    DECISION_OPEN = "decision_open"
    HANDOVER_OPEN = "handover_open"
    UNDECIDED = "undecided"
    MOVED_OFTEN = "moved_often"
    NO_PROGRESS = "no_progress"
    OLD = "old"


class Mover(StrEnum):
    """Whose move it is, as a part; the page knows the names."""

    OWNER = "owner"
    KEEPER = "keeper"
    LEADER = "leader"
    RECEIVER = "receiver"


WORDS: dict[Reason, str] = {
    Reason.DATE_PASSED: N_("The date passed, and there is no new one"),
    Reason.AFTERCARE_LATE: N_("Aftercare is late"),
    Reason.DECISION_OPEN: N_("Waits for a leader's decision"),
    Reason.HANDOVER_OPEN: N_("Handover not confirmed"),
    Reason.UNDECIDED: N_("Waits for a decision"),
    Reason.MOVED_OFTEN: N_("The date moved %(times)s times"),
    Reason.NO_PROGRESS: N_("%(days)s days without progress"),
    Reason.OLD: N_("In Do longer than most: %(days)s days"),
}


@dataclass(frozen=True)
class Why:
    """One reason. `params` fill the words."""

    reason: Reason
    since: date
    mover: Mover
    params: Mapping[str, object]

    @property
    def words(self) -> str:
        """The message id of this reason."""
        return WORDS[self.reason]


Trigger = Callable[[Facts, int], Iterator[Why]]


def reasons(facts: Facts, old_from: int) -> tuple[Why, ...]:
    """Every reason why this item stalled, gravest first; empty when it moves.

    `old_from`: the age in days above which items of this kind are old (see `old_from_days`).
    """
    if not facts.is_open:
        return ()
    found = [why for trigger in TRIGGERS for why in trigger(facts, old_from)]
    return tuple(sorted(found, key=lambda why: list(Reason).index(why.reason)))


def old_from_days(closed_ages: Sequence[int], default: int) -> int:
    """The 85th percentile of the last closed items of a kind (nearest rank), or the team's number below ten."""
    ages = sorted(closed_ages[:CLOSED_LOOKED_AT])
    if len(ages) < CLOSED_NEEDED:
        return default
    return ages[-(-85 * len(ages) // 100) - 1]


def age(facts: Facts) -> int | None:
    """Days since Do started; stops at carried out."""
    if facts.round.started_at is None:
        return None
    until = facts.round.carried_out_on or facts.today
    return (until - clock.today(facts.timezone, facts.round.started_at)).days


def _date_passed(f: Facts, _old: int) -> Iterator[Why]:
    if f.phase is Phase.DO and f.frozen_since is not None:
        yield Why(Reason.DATE_PASSED, f.frozen_since, Mover.OWNER, {})


def _aftercare_late(f: Facts, _old: int) -> Iterator[Why]:
    if f.phase in (Phase.CHECK, Phase.ACT) and f.frozen_since is not None:
        yield Why(Reason.AFTERCARE_LATE, f.frozen_since, Mover.OWNER, {})


def _decision_open(f: Facts, _old: int) -> Iterator[Why]:
    late = [
        d for d in f.decisions if _working_days_since(f, clock.today(f.timezone, d.asked_at)) > DECISION_WORKING_DAYS
    ]
    if late:
        since = min(clock.today(f.timezone, d.asked_at) for d in late)
        yield Why(Reason.DECISION_OPEN, since, Mover.LEADER, {})


def _handover_open(f: Facts, _old: int) -> Iterator[Why]:
    if f.handover is None:
        return
    opened = clock.today(f.timezone, f.handover.opened_at)
    if _working_days_since(f, opened) > HANDOVER_WORKING_DAYS:
        yield Why(Reason.HANDOVER_OPEN, opened, Mover.RECEIVER, {})


def _undecided(f: Facts, _old: int) -> Iterator[Why]:
    created = clock.today(f.timezone, f.created_at)
    if f.phase is Phase.NEW and _working_days_since(f, created) > f.settings.decide_days:
        yield Why(Reason.UNDECIDED, created, Mover.KEEPER, {})


def _moved_often(f: Facts, _old: int) -> Iterator[Why]:
    if f.times_moved >= OFTEN_MOVED and f.phase is Phase.DO and f.promise is not None:
        moved = clock.today(f.timezone, f.promise.given_at)
        yield Why(Reason.MOVED_OFTEN, moved, Mover.OWNER, {"times": f.times_moved})


def _no_progress(f: Facts, _old: int) -> Iterator[Why]:
    """The clock stands still while the only open duty is not yet due."""
    if f.phase is Phase.PARKED:
        return
    quiet_since = clock.today(f.timezone, f.last_progress_at)
    duties = duties_of(f)
    if len(duties) == 1:
        quiet_since = max(quiet_since, duties[0].due_on)
    days = (f.today - quiet_since).days
    limit = f.settings.stalled_action_days if f.is_action else f.settings.stalled_quick_win_days
    if days > limit:
        yield Why(
            Reason.NO_PROGRESS, quiet_since, Mover.KEEPER if f.phase is Phase.NEW else Mover.OWNER, {"days": days}
        )


def _old(f: Facts, old_from: int) -> Iterator[Why]:
    days = age(f)
    if days is not None and days > old_from and f.round.started_at is not None:
        yield Why(Reason.OLD, clock.today(f.timezone, f.round.started_at), Mover.OWNER, {"days": days})


def default_old_from(facts: Facts) -> int:
    """The team's own number for this kind."""
    return facts.settings.old_quick_win_days if facts.kind is Kind.QUICK_WIN else facts.settings.old_action_days


def _working_days_since(f: Facts, day: date) -> int:
    return f.calendar.between(day, f.today)


TRIGGERS: tuple[Trigger, ...] = (
    _date_passed,
    _aftercare_late,
    _decision_open,
    _handover_open,
    _undecided,
    _moved_often,
    _no_progress,
    _old,
)
