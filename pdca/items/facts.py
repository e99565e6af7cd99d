"""What is true of an item at one moment. Gates, duties, cards and the stalled list read this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pdca import clock
from pdca.items.terms import (
    UNSETTLED,
    AnswerSource,
    CallVerdict,
    CheckState,
    CustomerType,
    DecisionKind,
    Importance,
    Kind,
    LookalikeChoice,
    Method,
    Phase,
    Solved,
    Verdict,
)
from pdca.people.calendar import Calendar
from pdca.people.settings import TeamSettings


@dataclass(frozen=True)
class AnswerFacts:
    """One answer to a check."""

    contact_id: int | None
    source: AnswerSource
    solved: Solved
    mark: int | None
    answered_on: date
    recorded_at: datetime
    recorded_by_id: int | None
    group_id: int | None

    @property
    def is_by_customer(self) -> bool:
        """Somebody who had the problem said it, through the link or on the phone."""
        return self.source in (AnswerSource.LINK, AnswerSource.CALL)


@dataclass(frozen=True)
class CheckFacts:
    """One aftercare check with its answers and the days on which the customer was tried in vain."""

    id: int
    round_number: int
    number: int
    offset_days: int
    due_on: date | None
    settle_by: date | None
    method: Method
    state: CheckState
    asked_at: datetime | None
    reminded_at: datetime | None
    answered_at: datetime | None
    verdict: Verdict | None
    verdict_at: datetime | None
    verdict_by_id: int | None
    told_at: datetime | None
    answers: tuple[AnswerFacts, ...] = ()
    attempt_days: tuple[date, ...] = ()
    # Which plan within the round, and how often its day moved: a check that is asked anew has a new name.
    series: int = 1
    times_moved: int = 0

    @property
    def is_settled(self) -> bool:
        """Answered, not reached or cancelled."""
        return self.state not in UNSETTLED

    @property
    def has_customer_answer(self) -> bool:
        """Whether somebody who had the problem answered (R11)."""
        return any(a.is_by_customer for a in self.answers)

    @property
    def has_unjudged_no(self) -> bool:
        """Whether a customer said "no" and nobody judged that yet (R24: it blocks at once)."""
        return self.verdict is None and any(a.is_by_customer and a.solved is Solved.NO for a in self.answers)

    def is_settled_before(self, at: datetime) -> bool:
        """Whether it was answered or judged for the last time before this moment."""
        moments = [moment for moment in (self.answered_at, self.verdict_at) if moment is not None]
        return self.is_settled and bool(moments) and max(moments) < at


@dataclass(frozen=True)
class PromiseFacts:
    """The promise that stands, and the one that waits for the leader."""

    number: int
    due_on: date
    given_at: datetime
    last_told_on: date | None
    waiting_number: int | None = None
    waiting_due_on: date | None = None


@dataclass(frozen=True)
class HandoverFacts:
    """An open handover."""

    id: int
    giver_id: int | None
    receiver_id: int | None
    opened_at: datetime


@dataclass(frozen=True)
class DecisionFacts:
    """An open decision."""

    id: int
    kind: DecisionKind
    rule: str
    asked_at: datetime
    asked_by_id: int | None
    occasion: str


@dataclass(frozen=True)
class AnnouncementFacts:
    """What was announced in this round (R4)."""

    announced_on: date
    go_live_on: date


@dataclass(frozen=True)
class RoundFacts:
    """The attempt that runs now."""

    number: int
    opened_at: datetime
    started_at: datetime | None
    due_on: date | None
    carried_out_on: date | None
    carried_out_recorded_on: date | None
    has_carried_out: bool
    has_baseline: bool
    has_small_test: bool
    has_root_cause: bool
    has_prediction_result: bool
    has_why_not: bool
    has_standard: bool
    verdict: Verdict | None


@dataclass(frozen=True)
class Facts:
    """Everything the rules look at. Dates are in the team's zone, instants in UTC."""

    id: int
    team_id: int
    team_name: str
    timezone: str
    number: int
    version: int
    rank: int
    kind: Kind | None
    phase: Phase
    phase_since: datetime
    resumes_in: Phase | None
    title: str
    has_problem: bool
    has_noticeable: bool
    has_purpose: bool
    importance: Importance
    customer_type: CustomerType | None
    customer_name: str
    customer_email_known: bool
    has_service: bool
    touchpoint: str
    contact_role: str
    defaulted: tuple[str, ...]

    proposer_id: int | None
    proposer_name: str
    owner_id: int | None
    owner_name: str
    owner_initials: str
    caretaker_id: int | None

    created_at: datetime
    decided_at: datetime | None
    taken_up_at: datetime | None
    last_progress_at: datetime
    ended_at: datetime | None
    final_verdict: Verdict | None

    needs: int
    no_survey_reason: bool
    no_survey_granted: bool
    due_on: date | None
    first_promised_on: date | None
    proposed_due_on: date | None
    times_moved: int
    is_agreed: bool
    last_useful_on: date | None
    still_needed_on: date | None
    care_method: Method | None
    catalogue_changes: bool
    waiting_on: str
    waiting_until: date | None
    review_on: date | None
    lookalike_choice: LookalikeChoice | None
    recurrences: int
    groups: tuple[int, ...]
    groups_answered: tuple[int, ...]

    round: RoundFacts
    promise: PromiseFacts | None
    handover: HandoverFacts | None
    announcement: AnnouncementFacts | None
    calls_during_work: tuple[CallVerdict | None, ...]
    # All checks of the current round, cancelled ones included, in order.
    checks: tuple[CheckFacts, ...]
    decisions: tuple[DecisionFacts, ...]
    waived: frozenset[str]
    has_lesson: bool
    failed_rounds: int
    round_three_granted: bool
    # Rows in the columns and with this owner now, this item not counted (R31).
    in_do: int
    in_check: int
    owner_in_do: int

    today: date
    at: datetime
    settings: TeamSettings
    calendar: Calendar = field(repr=False)

    # Who asks the aftercare question, when it is not the owner.
    care_asker_id: int | None = None
    # How often the item came into a phase; a duty that comes back gets a new name by it.
    arrivals: Mapping[Phase, int] = field(default_factory=dict, hash=False)
    # Failed checks of any round whose customer was not told yet what happens next.
    untold: tuple[CheckFacts, ...] = ()
    has_contacts: bool = False
    # Somebody called about the end (closed, stopped, declined).
    is_end_told: bool = False
    # When the work of this round was last called done; a check of an earlier attempt no longer counts.
    finished_at: datetime | None = None
    # What counts as solved was agreed with the aftercare (R12).
    has_care_criterion: bool = True

    @property
    def is_action(self) -> bool:
        """An improvement action asks more than a quick win."""
        return self.kind is Kind.IMPROVEMENT

    @property
    def is_open(self) -> bool:
        """Not closed, stopped or declined."""
        return self.phase not in (Phase.CLOSED, Phase.STOPPED, Phase.DECLINED)

    @property
    def responsible_id(self) -> int | None:
        """Who acts as owner: the caretaker while there is one."""
        return self.caretaker_id or self.owner_id

    @property
    def live_checks(self) -> tuple[CheckFacts, ...]:
        """The checks that still count: not cancelled, and not of an attempt before "finish the rest"."""
        return tuple(c for c in self.checks if c.state is not CheckState.CANCELLED and not self._is_of_before(c))

    def _is_of_before(self, check: CheckFacts) -> bool:
        return self.finished_at is not None and check.is_settled_before(self.finished_at)

    @property
    def open_checks(self) -> tuple[CheckFacts, ...]:
        """Checks that must still be settled, earliest first."""
        return tuple(c for c in self.checks if not c.is_settled)

    @property
    def last_settled(self) -> CheckFacts | None:
        """The latest check of this round that was answered or not reached."""
        settled = [c for c in self.live_checks if c.is_settled]
        return settled[-1] if settled else None

    @property
    def last_mark(self) -> int | None:
        """The customer's last mark (rapportcijfer), if any was given."""
        marks = [a.mark for c in self.checks for a in c.answers if a.is_by_customer and a.mark is not None]
        return marks[-1] if marks else None

    @property
    def frozen_since(self) -> date | None:
        """The day that passed without a new one (R8): the promise in Do, the settle-by of a check; else None."""
        if self.phase is Phase.DO and self.due_on is not None and self.due_on < self.today:
            return self.due_on
        if self.phase in (Phase.CHECK, Phase.ACT):
            passed = [c.settle_by for c in self.open_checks if c.settle_by is not None and c.settle_by < self.today]
            return min(passed, default=None)
        return None

    @property
    def days_since_end(self) -> int | None:
        """Calendar days since it was closed, stopped or declined, by the team's clock."""
        if self.ended_at is None:
            return None
        return (self.today - clock.today(self.timezone, self.ended_at)).days

    @property
    def waits_for_leader(self) -> bool:
        """A third date was asked for and the leader did not decide yet (R8)."""
        return self.phase is Phase.DO and self.promise is not None and self.promise.waiting_number is not None

    @property
    def is_frozen(self) -> bool:
        """Whether only the acts of R8 are open: the date passed, or the leader still has to approve a new one."""
        return self.frozen_since is not None or self.waits_for_leader

    @property
    def days_in_do(self) -> int | None:
        """Calendar days of this stay in Do, by the team's clock; None in another phase."""
        if self.phase is not Phase.DO:
            return None
        return (self.today - clock.today(self.timezone, self.phase_since)).days
