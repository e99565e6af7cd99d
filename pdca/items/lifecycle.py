"""The life cycle in one table. Five readers: the operation, the page, the API, the help page and the tests.

A process owner can read this file: which step asks what. What each question means is in criteria.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pdca.errors import Missing
from pdca.items import criteria as asks
from pdca.items.criteria import Criterion
from pdca.items.facts import Facts
from pdca.items.terms import Phase


class Who(StrEnum):
    """Who may take a step; items/permissions.py knows what each means."""

    DECIDER = "decider"  # board keeper or leader; a member for a quick win, when the team allows it
    KEEPER = "keeper"  # board keeper or leader
    OWNER = "owner"  # owner, caretaker or deputy; the board keeper on their behalf, recorded
    OWNER_ALONE = "owner_alone"  # owner, caretaker or deputy, and nobody on their behalf
    ENDER = "ender"  # leader; for a quick win the board keeper
    MEMBER = "member"


@dataclass(frozen=True)
class Step:
    """One allowed move and what it asks."""

    name: str
    source: Phase
    target: Phase
    who: Who
    needs: tuple[Criterion, ...]

    def missing(self, facts: Facts, given: frozenset[str] = frozenset()) -> tuple[Missing, ...]:
        """What stands in the way now. `given`: criteria that the step's own answers meet."""
        return tuple(
            c.missing() for c in self.needs if c.name not in given and not c.is_met(facts) and not _is_waived(c, facts)
        )


def _is_waived(criterion: Criterion, facts: Facts) -> bool:
    return criterion.is_waivable and criterion.rule in facts.waived


_N, _P, _D, _C, _A = Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT
_END = (asks.REASON, asks.LESSON)
# Asked in Plan; again at the next gate after a promotion, when nobody was asked in Plan.
_ASKED_OF_ACTIONS = (asks.BASELINE, asks.SMALL_TEST, asks.GROUPS, asks.TOUCHPOINT)

STEPS: tuple[Step, ...] = (
    Step(
        "take_up",
        _N,
        _P,
        Who.DECIDER,
        (asks.MEASURE, asks.PROBLEM, asks.CUSTOMER, asks.NOTICEABLE, asks.DECISION, asks.KIND, asks.LOOKALIKES),
    ),
    Step(
        "start",
        _P,
        _D,
        Who.OWNER,
        (
            asks.NEED,
            asks.PURPOSE,
            asks.PROMISE,
            asks.AGREED,
            asks.OWNER,
            asks.AFTERCARE_PLANNED,
            *_ASKED_OF_ACTIONS,
            asks.ROOT_CAUSE,
            asks.STILL_NEEDED,
            asks.ROUND_THREE,
            asks.ROOM_OWNER,
            asks.ROOM_DO,
            asks.ROOM_CHECK,
        ),
    ),
    Step(
        "finish",
        _D,
        _C,
        Who.OWNER,
        (asks.CARRIED_OUT, asks.ANNOUNCED, asks.CALLED, asks.NO_HANDOVER, *_ASKED_OF_ACTIONS),
    ),
    Step(
        "embed",
        _C,
        _A,
        Who.OWNER,
        (asks.ANSWERED, asks.VERDICT, asks.VERDICT_ALLOWS, asks.LATER_CHECK, asks.PREDICTION),
    ),
    Step(
        "close",
        _A,
        Phase.CLOSED,
        Who.OWNER_ALONE,
        (asks.CHECKS_SETTLED, asks.VERDICT, asks.VERDICT_ALLOWS, asks.ENDS_WELL, asks.STANDARD, asks.LESSON),
    ),
    Step("back_to_plan", _D, _P, Who.OWNER_ALONE, (asks.REASON,)),
    Step("next_round", _C, _P, Who.OWNER_ALONE, (asks.NOT_EFFECTIVE, asks.WHY_NOT, asks.ADJUSTED_PREDICTION)),
    Step("next_round", _A, _P, Who.OWNER_ALONE, (asks.NOT_EFFECTIVE, asks.WHY_NOT, asks.ADJUSTED_PREDICTION)),
    Step("finish_the_rest", _C, _D, Who.OWNER_ALONE, (asks.PARTLY, asks.NEW_DATE)),
    Step("finish_the_rest", _A, _D, Who.OWNER_ALONE, (asks.PARTLY, asks.NEW_DATE)),
    Step("decline", _N, Phase.DECLINED, Who.KEEPER, (asks.REASON,)),
    Step("park", _N, Phase.PARKED, Who.KEEPER, (asks.REASON, asks.REVIEW_ON)),
    Step("park", _P, Phase.PARKED, Who.KEEPER, (asks.REASON, asks.REVIEW_ON)),
    Step("resume", Phase.PARKED, _N, Who.KEEPER, (asks.RESUMES_NEW,)),
    Step("resume", Phase.PARKED, _P, Who.KEEPER, (asks.RESUMES_PLAN,)),
    *(Step("stop", phase, Phase.STOPPED, Who.ENDER, _END) for phase in (_N, _P, _D, _C, _A, Phase.PARKED)),
    Step("reopen", Phase.CLOSED, _P, Who.MEMBER, (asks.CAUSE, asks.IN_TIME)),
)

_BY_PAIR = {(step.source, step.target): step for step in STEPS}


def step_between(source: Phase, target: Phase) -> Step | None:
    """The step for this pair of phases, or None: no column can be skipped."""
    return _BY_PAIR.get((source, target))


_FORWARD = {_N: _P, _P: _D, _D: _C, _C: _A, _A: Phase.CLOSED}


def next_step(facts: Facts) -> Step | None:
    """The step that moves this item on, for the card's dots and the page's "what is missing"."""
    target = _FORWARD.get(facts.phase)
    return step_between(facts.phase, target) if target else None


def progress(facts: Facts) -> tuple[int, int]:
    """(met, asked) for the next step: the card's "2 of 4". Only what concerns this kind of item counts."""
    step = next_step(facts)
    if step is None:
        return (0, 0)
    asked = [c for c in step.needs if concerns(c, facts)]
    open_names = {m.name for m in step.missing(facts)}
    return (sum(c.name not in open_names for c in asked), len(asked))


_ACTION_ONLY = frozenset({"prediction", "standard", "adjusted_prediction"})
_ASKED_IN_PLAN = frozenset({"baseline", "small_test", "groups", "touchpoint"})
_SILENT = frozenset(
    {
        "root_cause",
        "still_needed",
        "round_three",
        "room_owner",
        "room_do",
        "room_check",
        "announced",
        "called",
        "no_handover",
        "kind",
        "measure",
        "decision",
        "verdict_allows",
        "later_check",
    }
)


def concerns(criterion: Criterion, facts: Facts) -> bool:
    """Whether a card counts this criterion: what always passes for this item is not shown as progress."""
    if criterion.name in _ACTION_ONLY:
        return facts.is_action
    if criterion.name in _ASKED_IN_PLAN and facts.phase is Phase.PLAN:
        return facts.is_action
    if criterion.name in _SILENT | _ASKED_IN_PLAN:
        return not criterion.is_met(facts)
    return True
