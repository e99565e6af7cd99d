"""The life cycle in one table. Five readers: the operation, the page, the API, the help page and the tests.

A process owner can read this file: first what may be asked, then which step asks what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from pdca.errors import N_, Missing
from pdca.items.facts import Facts
from pdca.items.terms import (
    CustomerType,
    Importance,
    LookalikeChoice,
    Phase,
    Verdict,
)


@dataclass(frozen=True)
class Criterion:
    """One thing that must be true before a step. `field` names the question that makes it true."""

    name: str
    rule: str
    field: str
    message: str
    is_met: Callable[[Facts], bool]
    # A leader may let the item pass once (R17).
    is_waivable: bool = False

    def missing(self) -> Missing:
        """What a refusal says about this criterion; one without a rule goes by its own name."""
        return Missing(rule=self.rule or self.name, field=self.field, message=self.message, name=self.name)


class Who(StrEnum):
    """Who may take a step; items/permissions.py knows what each means."""

    DECIDER = "decider"  # board keeper or leader; a member for a quick win, when the team allows it
    KEEPER = "keeper"  # board keeper or leader
    OWNER = "owner"  # owner, caretaker or deputy; the board keeper on their behalf, recorded
    OWNER_ALONE = "owner_alone"  # owner, caretaker or deputy, and nobody on their behalf
    ENDER = "ender"  # leader; for a quick win the board keeper
    MEMBER = "member"


# Rules that nobody can waive (R17).
NEVER_WAIVED = frozenset({"R2", "R3", "R6", "R8", "R12", "R14", "R24"})

# From this round on the leader decides: go on, change or stop.
LEADER_DECIDES_FROM_ROUND = 3


def _has_need(f: Facts) -> bool:
    if f.needs:
        return True
    return f.no_survey_reason and (f.no_survey_granted or not f.is_action)


def _has_room_for_owner(f: Facts) -> bool:
    return f.owner_id is None or f.owner_in_do < f.settings.wip_owner


def _is_announced(f: Facts) -> bool:
    return not f.catalogue_changes or f.announcement is not None


def _was_called(f: Facts) -> bool:
    return f.importance is Importance.NORMAL or bool(f.calls_during_work)


def _is_answered(f: Facts) -> bool:
    """R11; for an unknown customer an observation by someone else stands in, which the operation checked."""
    return any(c.is_settled for c in f.live_checks)


def last_verdict(f: Facts) -> Verdict | None:
    """The verdict on the latest settled check of this round; a round that failed has failed."""
    if f.round.verdict is Verdict.NOT_EFFECTIVE:
        return Verdict.NOT_EFFECTIVE
    return f.last_settled.verdict if f.last_settled else None


def _customer_allows(f: Facts) -> bool:
    """A "no" blocks at once, also before it is judged; "too early" waits for its second answer."""
    if any(c.has_unjudged_no for c in f.live_checks):
        return False
    return last_verdict(f) not in (Verdict.NOT_EFFECTIVE, Verdict.TOO_EARLY)


def _has_later_check(f: Facts) -> bool:
    return last_verdict(f) is not Verdict.PARTLY or bool(f.open_checks)


def _ends_well(f: Facts) -> bool:
    """The last check is effective, or not reached with other evidence; partly needs a waiver of R11."""
    return last_verdict(f) in (Verdict.EFFECTIVE, Verdict.NOT_REACHED)


def _lookalikes_seen(f: Facts) -> bool:
    return f.lookalike_choice not in (None, LookalikeChoice.NOT_ASKED_IMPORT)


def _still_useful(f: Facts) -> bool:
    if f.last_useful_on is None or f.today <= f.last_useful_on:
        return True
    return f.still_needed_on is not None and f.still_needed_on > f.last_useful_on


def _round_allowed(f: Facts) -> bool:
    return f.round.number < LEADER_DECIDES_FROM_ROUND or f.round_three_granted


def _of_action(criterion: Criterion) -> Criterion:
    """The same criterion, asked of improvement actions only."""
    met = criterion.is_met
    return replace(criterion, is_met=lambda f: not f.is_action or met(f))


def _crit(name: str, rule: str, field: str, message: str, is_met: Callable[[Facts], bool]) -> Criterion:
    return Criterion(name, rule, field, message, is_met, is_waivable=bool(rule) and rule not in NEVER_WAIVED)


def _given(name: str, rule: str, field: str, message: str) -> Criterion:
    """Met only by an answer that comes with the step itself; the step cannot do without it, so never waived."""
    return Criterion(name, rule, field, message, lambda f: False)


# New → Plan
MEASURE = _crit("measure", "", "title", N_("Write what you will do."), lambda f: bool(f.title.strip()))
PROBLEM = _crit(
    "problem", "", "problem", N_("Write what goes wrong, in the customer's words."), lambda f: f.has_problem
)
CUSTOMER = _crit(
    "customer",
    "R18",
    "customer",
    N_("Say who the customer is; “unknown” is a choice."),
    lambda f: f.customer_type is not None,
)
NOTICEABLE = _crit(
    "noticeable", "R23", "noticeable", N_("Write what the customer will notice."), lambda f: f.has_noticeable
)
DECISION = _crit(
    "decision",
    "R27",
    "decision",
    N_("The board keeper or a leader decides to take this up."),
    lambda f: f.decided_at is not None,
)
KIND = _crit("kind", "", "kind", N_("Choose quick win or improvement action."), lambda f: f.kind is not None)
LOOKALIKES = _crit(
    "lookalikes",
    "R15",
    "lookalikes",
    N_("Say whether this is the same as one of the look-alikes."),
    _lookalikes_seen,
)

# Plan → Do
NEED = _crit("need", "R1", "need", N_("Write who asked for this, or why there was no survey."), _has_need)
PURPOSE = _crit(
    "purpose",
    "R2",
    "purpose",
    N_("Write what it is for, in one sentence in the customer's words."),
    lambda f: f.has_purpose,
)
PROMISE = _crit("promise", "R3", "due_on", N_("Agree a date."), lambda f: f.due_on is not None and f.due_on >= f.today)
AGREED = _crit("agreed", "R3", "agreed", N_("Write with whom the date was agreed, and how."), lambda f: f.is_agreed)
OWNER = _crit("owner", "", "owner_id", N_("Choose one owner."), lambda f: f.owner_id is not None)
AFTERCARE_PLANNED = _crit(
    "aftercare",
    "R12",
    "aftercare",
    N_("Plan the aftercare now: how, who asks, and what counts as solved."),
    lambda f: f.care_method is not None and f.has_care_criterion,
)
BASELINE = _of_action(
    _crit(
        "baseline",
        "R20",
        "baseline",
        N_("Record a baseline: a mark, or what is good, what can be better and what must change."),
        lambda f: f.round.has_baseline,
    )
)
SMALL_TEST = _of_action(
    _crit(
        "small_test",
        "R21",
        "small_test",
        N_("Describe the small test: where, with whom, until when, what you predict and how you will know."),
        lambda f: f.round.has_small_test,
    )
)
GROUPS = _of_action(
    _crit("groups", "R22", "groups", N_("Name the customer groups this touches."), lambda f: bool(f.groups))
)
TOUCHPOINT = _of_action(
    _crit(
        "touchpoint",
        "R25",
        "touchpoint",
        N_("Name the touchpoint and your role in it."),
        lambda f: bool(f.touchpoint and f.contact_role),
    )
)
ROOT_CAUSE = _crit(
    "root_cause",
    "R15",
    "root_cause",
    N_("This came back before: write the root cause."),
    lambda f: f.recurrences < 2 or f.round.has_root_cause,
)
STILL_NEEDED = _crit(
    "still_needed",
    "R9",
    "still_needed",
    N_("The last useful date has passed: say that it is still needed, or stop."),
    _still_useful,
)
ROUND_THREE = _crit(
    "round_three",
    "",
    "round_three",
    N_("From round 3 the leader decides: go on, change or stop."),
    _round_allowed,
)
ROOM_OWNER = _crit(
    "room_owner",
    "R31",
    "room",
    N_("The owner has no room in Do: finish something first, or ask the leader for a waiver."),
    _has_room_for_owner,
)
ROOM_DO = _crit(
    "room_do",
    "R31",
    "room",
    N_("The Do column is full: finish something first, or ask the leader for a waiver."),
    lambda f: f.in_do < f.settings.wip_do,
)
ROOM_CHECK = _crit(
    "room_check",
    "R31",
    "room",
    N_("The Check column is full: finish something first, or ask the leader for a waiver."),
    lambda f: f.in_check < f.settings.wip_check,
)

# Do → Check
CARRIED_OUT = _crit(
    "carried_out",
    "",
    "carried_out",
    N_("Write when it was carried out and what was really done."),
    lambda f: f.round.has_carried_out,
)
ANNOUNCED = _crit(
    "announced", "R4", "announcement", N_("Announce the change first: when, to whom and what."), _is_announced
)
CALLED = _crit("called", "R10", "call", N_("Call the customer during the work: this one is important."), _was_called)
NO_HANDOVER = _crit(
    "no_handover", "R6", "handover", N_("Wait until the handover is accepted."), lambda f: f.handover is None
)

# Check → Act
ANSWERED = _crit(
    "answered",
    "R11",
    "answer",
    N_("Wait for the customer's answer; for an unknown customer somebody other than the owner observes."),
    _is_answered,
)
VERDICT = _crit("verdict", "R13", "verdict", N_("Give the verdict."), lambda f: last_verdict(f) is not None)
VERDICT_ALLOWS = _crit(
    "verdict_allows",
    "R24",
    "verdict",
    N_("The customer's judgement does not let this go on: it goes back instead."),
    _customer_allows,
)
LATER_CHECK = _crit(
    "later_check",
    "R11",
    "verdict",
    N_("“Partly” goes on only while a later check remains: go back to Do, or ask the leader for a waiver."),
    _has_later_check,
)
PREDICTION = _of_action(
    _crit(
        "prediction",
        "R21",
        "prediction_result",
        N_("Compare your prediction with the result."),
        lambda f: f.round.has_prediction_result,
    )
)

# Act → closed
CHECKS_SETTLED = _crit(
    "checks_settled",
    "R12",
    "answer",
    N_("Not every aftercare check is answered yet."),
    lambda f: bool(f.live_checks) and not f.open_checks,
)
ENDS_WELL = _crit("ends_well", "R11", "verdict", N_("The last verdict must be “effective”."), _ends_well)
STANDARD = _of_action(
    _crit(
        "standard",
        "",
        "standard",
        N_("Write where the new way of working is written down, and who keeps it."),
        lambda f: f.round.has_standard,
    )
)
LESSON = _crit(
    "lesson",
    "R14",
    "lesson",
    N_("Write the lesson: what happened, why, what you do differently."),
    lambda f: f.has_lesson,
)

# Ways back and ends
NOT_EFFECTIVE = _crit(
    "not_effective",
    "R24",
    "verdict",
    N_("A next round starts only after the verdict “not effective”."),
    lambda f: last_verdict(f) is Verdict.NOT_EFFECTIVE,
)
WHY_NOT = _crit("why_not", "R14", "why_not", N_("Write why it did not work."), lambda f: f.round.has_why_not)
PARTLY = _crit(
    "partly",
    "R24",
    "verdict",
    N_("Back to Do is for the verdict “partly”."),
    lambda f: last_verdict(f) is Verdict.PARTLY,
)
# True only through the answers of the step itself: the operation adds the name to `given`.
REASON = _given("reason", "", "reason", N_("Give the reason."))
NEW_DATE = _given("new_date", "R8", "due_on", N_("Give the new date."))
REVIEW_ON = _given("review_on", "R31", "review_on", N_("Choose the day on which you look at it again."))
CAUSE = _given("cause", "R15", "cause", N_("Say why it comes back."))
ADJUSTED_PREDICTION = _of_action(
    _crit(
        "adjusted_prediction",
        "R21",
        "adjusted_prediction",
        N_("Write what you predict this time."),
        lambda f: False,
    )
)
RESUMES_NEW = _crit(
    "resumes",
    "",
    "phase",
    N_("A parked item goes back to the phase it came from."),
    lambda f: f.resumes_in is Phase.NEW,
)
RESUMES_PLAN = _crit(
    "resumes",
    "",
    "phase",
    N_("A parked item goes back to the phase it came from."),
    lambda f: f.resumes_in is Phase.PLAN,
)
IN_TIME = replace(
    _crit(
        "in_time",
        "R15",
        "in_time",
        N_("This was closed too long ago: start a new item that links to it."),
        lambda f: f.days_since_end is not None and f.days_since_end <= f.settings.reopen_days,
    ),
    is_waivable=False,
)


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
_END = (REASON, LESSON)
# Asked in Plan; again at the next gate after a promotion, when nobody was asked in Plan.
_ASKED_OF_ACTIONS = (BASELINE, SMALL_TEST, GROUPS, TOUCHPOINT)

STEPS: tuple[Step, ...] = (
    Step("take_up", _N, _P, Who.DECIDER, (MEASURE, PROBLEM, CUSTOMER, NOTICEABLE, DECISION, KIND, LOOKALIKES)),
    Step(
        "start",
        _P,
        _D,
        Who.OWNER,
        (
            NEED,
            PURPOSE,
            PROMISE,
            AGREED,
            OWNER,
            AFTERCARE_PLANNED,
            *_ASKED_OF_ACTIONS,
            ROOT_CAUSE,
            STILL_NEEDED,
            ROUND_THREE,
            ROOM_OWNER,
            ROOM_DO,
            ROOM_CHECK,
        ),
    ),
    Step("finish", _D, _C, Who.OWNER, (CARRIED_OUT, ANNOUNCED, CALLED, NO_HANDOVER, *_ASKED_OF_ACTIONS)),
    Step("embed", _C, _A, Who.OWNER, (ANSWERED, VERDICT, VERDICT_ALLOWS, LATER_CHECK, PREDICTION)),
    Step(
        "close",
        _A,
        Phase.CLOSED,
        Who.OWNER_ALONE,
        (CHECKS_SETTLED, VERDICT, VERDICT_ALLOWS, ENDS_WELL, STANDARD, LESSON),
    ),
    Step("back_to_plan", _D, _P, Who.OWNER_ALONE, (REASON,)),
    Step("next_round", _C, _P, Who.OWNER_ALONE, (NOT_EFFECTIVE, WHY_NOT, ADJUSTED_PREDICTION)),
    Step("next_round", _A, _P, Who.OWNER_ALONE, (NOT_EFFECTIVE, WHY_NOT, ADJUSTED_PREDICTION)),
    Step("finish_the_rest", _C, _D, Who.OWNER_ALONE, (PARTLY, NEW_DATE)),
    Step("finish_the_rest", _A, _D, Who.OWNER_ALONE, (PARTLY, NEW_DATE)),
    Step("decline", _N, Phase.DECLINED, Who.KEEPER, (REASON,)),
    Step("park", _N, Phase.PARKED, Who.KEEPER, (REASON, REVIEW_ON)),
    Step("park", _P, Phase.PARKED, Who.KEEPER, (REASON, REVIEW_ON)),
    Step("resume", Phase.PARKED, _N, Who.KEEPER, (RESUMES_NEW,)),
    Step("resume", Phase.PARKED, _P, Who.KEEPER, (RESUMES_PLAN,)),
    *(Step("stop", phase, Phase.STOPPED, Who.ENDER, _END) for phase in (_N, _P, _D, _C, _A, Phase.PARKED)),
    Step("reopen", Phase.CLOSED, _P, Who.MEMBER, (CAUSE, IN_TIME)),
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


class Act(StrEnum):
    """Everything that can be done to an item, named once for the guard of frozen cards (R8)."""

    EDIT = "edit"
    MOVE = "move"
    FINISH = "finish"
    STOP = "stop"
    DATE = "date"
    HELP = "help"
    COMMENT = "comment"
    FILE = "file"
    FOLLOW = "follow"
    LABEL = "label"
    LINK = "link"
    HANDOVER = "handover"
    CALL = "call"
    WAIT = "wait"
    ANNOUNCE = "announce"
    ANSWER = "answer"
    ATTEMPT = "attempt"
    VERDICT = "verdict"
    WAIVE = "waive"
    DECIDE = "decide"
    ASK_DECISION = "ask_decision"
    REORDER = "reorder"
    CUSTOMER = "customer"
    TELL = "tell"
    TAKE_BACK = "take_back"


# R8: the owner can only say done, new date, need help, comment, add files; stop, waiver, a leader's decision,
# a handover and any act of the customer always pass. For a check "done" is an answer, an attempt or a verdict.
# A waiver can only be granted when it may be asked for, so asking passes too. Following is the reader's own matter.
FROZEN_DO = frozenset(
    {
        Act.FINISH,
        Act.DATE,
        Act.HELP,
        Act.COMMENT,
        Act.FILE,
        Act.STOP,
        Act.WAIVE,
        Act.DECIDE,
        Act.ASK_DECISION,
        Act.HANDOVER,
        Act.CUSTOMER,
        Act.FOLLOW,
    }
)
FROZEN_CHECK = (FROZEN_DO - {Act.FINISH}) | {Act.ANSWER, Act.ATTEMPT, Act.VERDICT}

FROZEN_MESSAGE = N_("The date passed: first say “done”, give a new date or ask for help.")


def frozen_refuses(facts: Facts, act: Act) -> bool:
    """Whether a frozen card stands in the way of this act (R8)."""
    if not facts.is_frozen:
        return False
    return act not in (FROZEN_DO if facts.phase is Phase.DO else FROZEN_CHECK)


def needs_observation(facts: Facts) -> bool:
    """R18: for an unknown customer an observation by someone other than the owner stands in."""
    return facts.customer_type in (None, CustomerType.UNKNOWN)
