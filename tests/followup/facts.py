"""Facts out of nothing, for the pure functions: a quick win in New on Monday 2 March 2026, unless said otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pdca.items.facts import AnswerFacts, CheckFacts, DecisionFacts, Facts, HandoverFacts, PromiseFacts, RoundFacts
from pdca.items.terms import (
    AnswerSource,
    CheckState,
    CustomerType,
    DecisionKind,
    Importance,
    Kind,
    Method,
    Phase,
    Solved,
)
from pdca.people.calendar import Calendar
from pdca.people.settings import TeamSettings

OWNER, KEEPER, MEMBER = 1, 2, 3


def at(month: int, day: int, hour: int = 10) -> datetime:
    """A moment in 2026, UTC."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def on(month: int, day: int) -> date:
    """A day in 2026."""
    return date(2026, month, day)


MONDAY = at(3, 2)


def a_round(**given: object) -> RoundFacts:
    """The first round, with everything a plan asks."""
    return RoundFacts(
        **{
            "number": 1,
            "opened_at": MONDAY,
            "started_at": None,
            "due_on": None,
            "carried_out_on": None,
            "carried_out_recorded_on": None,
            "has_carried_out": False,
            "has_baseline": True,
            "has_small_test": True,
            "has_root_cause": True,
            "has_prediction_result": False,
            "has_why_not": False,
            "has_standard": False,
            "verdict": None,
            **given,
        }
    )


def a_check(**given: object) -> CheckFacts:
    """The first check, by mail, on Monday 16 March."""
    return CheckFacts(
        **{
            "id": 1,
            "round_number": 1,
            "number": 1,
            "offset_days": 14,
            "due_on": on(3, 16),
            "settle_by": on(3, 30),
            "method": Method.MAIL,
            "state": CheckState.PLANNED,
            "asked_at": None,
            "reminded_at": None,
            "answered_at": None,
            "verdict": None,
            "verdict_at": None,
            "verdict_by_id": None,
            "told_at": None,
            **given,
        }
    )


def an_answer(moment: datetime, solved: Solved = Solved.YES, source: AnswerSource = AnswerSource.LINK) -> AnswerFacts:
    """What a customer said."""
    return AnswerFacts(1, source, solved, 8, moment.date(), moment, None, None)


def a_promise(due_on: date, number: int = 1) -> PromiseFacts:
    """A promise that stands."""
    return PromiseFacts(number, due_on, MONDAY, None)


def a_handover(receiver_id: int | None, moment: datetime, giver_id: int | None = OWNER) -> HandoverFacts:
    """An open handover."""
    return HandoverFacts(7, giver_id, receiver_id, moment)


def a_decision(kind: DecisionKind, moment: datetime, asked_by_id: int | None = OWNER) -> DecisionFacts:
    """An open decision."""
    return DecisionFacts(5, kind, "", moment, asked_by_id, "")


def facts(phase: Phase = Phase.NEW, **given: object) -> Facts:
    """Facts of a quick win with all that its next step asks."""
    return Facts(
        **{
            "id": 1,
            "team_id": 1,
            "team_name": "Burgerzaken",
            "timezone": "Europe/Amsterdam",
            "number": 1,
            "version": 1,
            "rank": 0,
            "kind": Kind.QUICK_WIN,
            "phase": phase,
            "phase_since": MONDAY,
            "resumes_in": None,
            "title": "Tussenbericht sturen",
            "has_problem": True,
            "has_noticeable": True,
            "has_purpose": True,
            "importance": Importance.NORMAL,
            "customer_type": CustomerType.EXTERNAL,
            "customer_name": "Karin Smit",
            "customer_email_known": True,
            "has_service": False,
            "touchpoint": "balie",
            "contact_role": "baliemedewerker",
            "defaulted": (),
            "proposer_id": MEMBER,
            "proposer_name": "Mila",
            "owner_id": None if phase is Phase.NEW else OWNER,
            "owner_name": "",
            "owner_initials": "",
            "caretaker_id": None,
            "created_at": MONDAY,
            "decided_at": None,
            "taken_up_at": None,
            "last_progress_at": MONDAY,
            "ended_at": None,
            "final_verdict": None,
            "needs": 1,
            "no_survey_reason": False,
            "no_survey_granted": False,
            "due_on": None,
            "first_promised_on": None,
            "proposed_due_on": None,
            "times_moved": 0,
            "is_agreed": True,
            "last_useful_on": None,
            "still_needed_on": None,
            "care_method": Method.MAIL,
            "catalogue_changes": False,
            "waiting_on": "",
            "waiting_until": None,
            "review_on": None,
            "lookalike_choice": None,
            "recurrences": 0,
            "groups": (1,),
            "groups_answered": (),
            "round": a_round(),
            "promise": None,
            "handover": None,
            "announcement": None,
            "calls_during_work": (),
            "checks": (),
            "decisions": (),
            "waived": frozenset(),
            "has_lesson": False,
            "failed_rounds": 0,
            "round_three_granted": False,
            "in_do": 0,
            "in_check": 0,
            "owner_in_do": 0,
            "today": on(3, 2),
            "at": MONDAY,
            "settings": TeamSettings(),
            "calendar": Calendar("NL"),
            **given,
        }
    )
