"""What may be asked before a step: each criterion with its name, its rule and the question that answers it.

A leaf that a process owner can read; lifecycle.py says which step asks what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pdca.errors import N_, Missing
from pdca.items.facts import Facts
from pdca.items.terms import CustomerType, Importance, LookalikeChoice, Phase, Verdict


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


def needs_observation(facts: Facts) -> bool:
    """R18: for an unknown customer an observation by someone other than the owner stands in."""
    return facts.customer_type in (None, CustomerType.UNKNOWN)
