"""The facts of a bare item: captured with one line, and nothing else ever said."""

from __future__ import annotations

from dataclasses import replace

from pdca.items.facts import Facts, RoundFacts
from pdca.items.terms import Importance, Kind, Phase
from pdca.people.calendar import Calendar
from pdca.people.settings import TeamSettings
from tests.conftest import MONDAY

ROUND = RoundFacts(
    number=1,
    opened_at=MONDAY,
    started_at=None,
    due_on=None,
    carried_out_on=None,
    carried_out_recorded_on=None,
    has_carried_out=False,
    has_baseline=False,
    has_small_test=False,
    has_root_cause=False,
    has_prediction_result=False,
    has_why_not=False,
    has_standard=False,
    verdict=None,
)
NEW = Facts(
    id=1,
    team_id=1,
    team_name="Burgerzaken",
    timezone="Europe/Amsterdam",
    number=1,
    version=1,
    rank=0,
    kind=None,
    phase=Phase.NEW,
    phase_since=MONDAY,
    resumes_in=None,
    title="Wachtrij korter",
    has_problem=False,
    has_noticeable=False,
    has_purpose=False,
    importance=Importance.NORMAL,
    customer_type=None,
    customer_name="",
    customer_email_known=False,
    has_service=False,
    touchpoint="",
    contact_role="",
    defaulted=(),
    proposer_id=1,
    proposer_name="Mila",
    owner_id=None,
    owner_name="",
    owner_initials="",
    caretaker_id=None,
    created_at=MONDAY,
    decided_at=None,
    taken_up_at=None,
    last_progress_at=MONDAY,
    ended_at=None,
    final_verdict=None,
    needs=0,
    no_survey_reason=False,
    no_survey_granted=False,
    due_on=None,
    first_promised_on=None,
    proposed_due_on=None,
    times_moved=0,
    is_agreed=False,
    last_useful_on=None,
    still_needed_on=None,
    care_method=None,
    catalogue_changes=False,
    waiting_on="",
    waiting_until=None,
    review_on=None,
    lookalike_choice=None,
    recurrences=0,
    groups=(),
    groups_answered=(),
    round=ROUND,
    promise=None,
    handover=None,
    announcement=None,
    calls_during_work=(),
    checks=(),
    decisions=(),
    waived=frozenset(),
    has_lesson=False,
    failed_rounds=0,
    round_three_granted=False,
    in_do=0,
    in_check=0,
    owner_in_do=0,
    today=MONDAY.date(),
    at=MONDAY,
    settings=TeamSettings(),
    calendar=Calendar(),
)


def bare(kind: Kind, phase: Phase) -> Facts:
    """A bare item of this kind that stands in this phase; a parked one came from Plan, a closed one closed today."""
    ended = phase in (Phase.CLOSED, Phase.STOPPED, Phase.DECLINED)
    resumes_in = Phase.PLAN if phase is Phase.PARKED else None
    return replace(NEW, kind=kind, phase=phase, resumes_in=resumes_in, ended_at=MONDAY if ended else None)
