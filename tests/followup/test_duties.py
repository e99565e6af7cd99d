"""The table of duties, row by row: who owes what by when. Days are written by hand from the calendar of 2026.

Free days that matter here: Good Friday 3 April, Easter Monday 6 April, King's Day Monday 27 April.
"""

from __future__ import annotations

import pytest

from pdca.followup.duties import DutyNow, check_name, duties_of
from pdca.followup.terms import DutyKind, Part
from pdca.items.terms import (
    AnswerSource,
    CallVerdict,
    CheckState,
    CustomerType,
    DecisionKind,
    Importance,
    Kind,
    Method,
    Phase,
    Verdict,
)
from tests.followup.facts import (
    MEMBER,
    OWNER,
    a_check,
    a_decision,
    a_handover,
    a_promise,
    a_round,
    an_answer,
    at,
    facts,
    on,
)

CLOSED_ON_APRIL_1 = {"phase": Phase.CLOSED, "ended_at": at(4, 1), "arrivals": {Phase.CLOSED: 1}, "today": on(4, 1)}


def owed(**given):
    """Every open duty as (occurrence, part, due day, ladder)."""
    return [(d.occurrence, d.part, d.due_on, d.ladder) for d in duties_of(facts(**given))]


def one(kind: DutyKind, /, **given) -> DutyNow:
    """The only duty of this kind."""
    (duty,) = [d for d in duties_of(facts(**given)) if d.kind is kind]
    return duty


def kinds(**given):
    """Which kinds of duty are open."""
    return [d.kind for d in duties_of(facts(**given))]


# --- deciding and planning -------------------------------------------------------------------------------


def test_a_new_item_is_decided_on_within_five_working_days_by_the_keeper():
    assert owed() == [("decide:1", Part.KEEPER, on(3, 9), "decide")]


def test_a_resumed_item_is_decided_on_anew():
    again = {"phase_since": at(4, 1), "arrivals": {Phase.NEW: 1}, "today": on(4, 1)}
    # 2 April, then Good Friday, the weekend and Easter Monday: 7, 8, 9, 10.
    assert owed(**again) == [("decide:2", Part.KEEPER, on(4, 10), "decide")]


def test_what_was_taken_up_is_planned_within_ten_working_days():
    assert owed(phase=Phase.PLAN) == [("plan:1", Part.OWNER, on(3, 16), "plan")]


def test_planned_anew_is_another_duty():
    assert owed(phase=Phase.PLAN, phase_since=at(3, 9), arrivals={Phase.PLAN: 2}) == [
        ("plan:2", Part.OWNER, on(3, 23), "plan")
    ]


def test_once_the_gate_is_met_it_is_started_within_five_working_days():
    ready = one(DutyKind.START, phase=Phase.PLAN, due_on=on(3, 23), today=on(3, 4))
    assert (ready.occurrence, ready.part, ready.due_on, ready.keeps_due) == ("start:1", Part.OWNER, on(3, 11), True)


def test_without_room_the_clock_of_starting_has_not_begun():
    full = one(DutyKind.START, phase=Phase.PLAN, due_on=on(3, 23), today=on(3, 4), owner_in_do=3)
    assert (full.due_on, full.keeps_due) == (on(3, 11), False)


def test_an_agreed_day_that_passed_in_plan_asks_to_plan_again_from_that_day():
    passed = one(DutyKind.PLAN, phase=Phase.PLAN, due_on=on(4, 1), today=on(4, 2))
    assert passed.due_on == on(4, 1)


def test_a_parked_item_is_looked_at_on_its_review_day_by_the_keeper():
    assert owed(phase=Phase.PARKED, review_on=on(5, 4)) == [("review:1", Part.KEEPER, on(5, 4), "review")]


# --- doing -----------------------------------------------------------------------------------------------

IN_DO = {
    "phase": Phase.DO,
    "due_on": on(3, 23),
    "promise": a_promise(on(3, 23)),
    "round": a_round(started_at=at(3, 2), due_on=on(3, 23)),
}


def test_the_promise_is_kept_on_its_day():
    assert owed(**IN_DO) == [("promise:1", Part.OWNER, on(3, 23), "promise_quick_win")]


def test_an_action_has_its_own_reminders():
    assert one(DutyKind.PROMISE, **IN_DO, kind=Kind.IMPROVEMENT).ladder == "promise_action"


def test_a_new_date_is_a_new_promise():
    moved = {**IN_DO, "due_on": on(3, 30), "promise": a_promise(on(3, 30), number=2)}
    assert owed(**moved) == [("promise:2", Part.OWNER, on(3, 30), "promise_quick_win")]


def test_while_the_leader_decides_on_a_third_date_the_leader_owes():
    waiting = {**IN_DO, "decisions": (a_decision(DecisionKind.THIRD_DATE, at(3, 20)),)}
    assert owed(**waiting) == [("third_date:5", Part.LEADER, on(3, 27), "decision")]


def test_waiting_on_others_ends_on_its_day_and_the_promise_runs_on():
    waiting = owed(**IN_DO, waiting_on="de drukker", waiting_until=on(3, 12))
    assert waiting == [
        ("promise:1", Part.OWNER, on(3, 23), "promise_quick_win"),
        ("waiting:2026-03-12", Part.OWNER, on(3, 12), "waiting"),
    ]


def test_a_change_of_the_catalogue_is_announced_three_working_days_before():
    assert one(DutyKind.ANNOUNCE, **IN_DO, catalogue_changes=True).due_on == on(3, 18)


def test_an_important_customer_is_called_at_half_of_do():
    # From 2 to 23 March are 21 days; half of them, in whole days, is 10.
    assert one(DutyKind.CALL, **IN_DO, importance=Importance.HIGH).due_on == on(3, 12)


def test_after_the_call_nobody_owes_it():
    called = kinds(**IN_DO, importance=Importance.HIGH, calls_during_work=(CallVerdict.GOING_WELL,))
    assert DutyKind.CALL not in called


def test_the_last_useful_day_asks_go_on_or_stop():
    assert one(DutyKind.LAST_USEFUL, **IN_DO, last_useful_on=on(3, 20)).due_on == on(3, 20)


def test_still_needed_after_that_day_settles_it():
    assert DutyKind.LAST_USEFUL not in kinds(**IN_DO, last_useful_on=on(3, 20), still_needed_on=on(3, 23))


# --- asking, judging, closing ----------------------------------------------------------------------------

IN_CHECK = {"phase": Phase.CHECK, "checks": (a_check(),)}


def test_a_check_is_asked_by_mail_and_settled_ten_working_days_later():
    duty = one(DutyKind.AFTERCARE, **IN_CHECK)
    assert (duty.occurrence, duty.part, duty.due_on, duty.settle_by, duty.ladder) == (
        "aftercare:1.1",
        Part.ASKER,
        on(3, 16),
        on(3, 30),
        "aftercare_mail",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"checks": (a_check(method=Method.CALL),)},
        {"checks": (a_check(method=Method.OBSERVATION),), "customer_type": CustomerType.UNKNOWN},
        {"checks": (a_check(),), "customer_email_known": False},
    ],
)
def test_who_cannot_be_mailed_is_called_or_looked_at(given):
    assert one(DutyKind.AFTERCARE, phase=Phase.CHECK, **given).ladder == "aftercare_call"


def test_every_open_check_is_owed():
    later = a_check(id=2, number=2, due_on=on(4, 13), settle_by=on(4, 28))
    assert owed(phase=Phase.ACT, checks=(a_check(), later)) == [
        ("aftercare:1.1", Part.ASKER, on(3, 16), "aftercare_mail"),
        ("aftercare:1.2", Part.ASKER, on(4, 13), "aftercare_mail"),
    ]


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (a_check(), "1.1"),
        (a_check(round_number=2, number=3), "2.3"),
        (a_check(series=2), "1.1-2"),
        (a_check(times_moved=1), "1.1+1"),
    ],
)
def test_a_check_that_is_asked_anew_has_a_new_name(check, name):
    assert check_name(check) == name


ANSWERED = a_check(state=CheckState.ANSWERED, answered_at=at(3, 17), answers=(an_answer(at(3, 17)),))


def test_an_answer_is_judged_within_three_working_days():
    assert owed(phase=Phase.CHECK, checks=(ANSWERED,)) == [("judge:1.1", Part.OWNER, on(3, 20), "judge")]


@pytest.mark.parametrize(
    "given",
    [
        {"checks": (a_check(state=CheckState.NOT_REACHED),)},
        {
            "importance": Importance.HIGH,
            "checks": (
                a_check(
                    state=CheckState.ANSWERED,
                    answered_at=at(3, 17),
                    answers=(an_answer(at(3, 17), source=AnswerSource.OBSERVATION),),
                ),
            ),
        },
    ],
)
def test_without_a_customers_answer_somebody_else_judges(given):
    duty = one(DutyKind.JUDGE, phase=Phase.CHECK, **given)
    assert (duty.part, duty.not_person_id) == (Part.LEADER, OWNER)


FAILED = a_check(
    state=CheckState.ANSWERED,
    answered_at=at(3, 17),
    answers=(an_answer(at(3, 17)),),
    verdict=Verdict.NOT_EFFECTIVE,
    verdict_at=at(3, 18),
)


def test_not_effective_asks_to_tell_the_customer_and_to_say_why():
    assert owed(phase=Phase.CHECK, checks=(FAILED,), untold=(FAILED,)) == [
        ("tell_next:1.1", Part.OWNER, on(3, 20), "tell_next"),
        ("next_round:1", Part.OWNER, on(3, 23), "next_round"),
    ]


def test_the_customer_is_still_told_when_the_next_round_began():
    told = one(DutyKind.TELL_NEXT, phase=Phase.PLAN, round=a_round(number=2), untold=(FAILED,))
    assert (told.occurrence, told.due_on) == ("tell_next:1.1", on(3, 20))


EFFECTIVE = a_check(
    state=CheckState.ANSWERED,
    answered_at=at(3, 17),
    answers=(an_answer(at(3, 17)),),
    verdict=Verdict.EFFECTIVE,
    verdict_at=at(3, 18),
)


@pytest.mark.parametrize("phase", [Phase.CHECK, Phase.ACT])
def test_after_the_last_verdict_the_lesson_is_written_within_five_working_days(phase):
    assert owed(phase=phase, checks=(EFFECTIVE,)) == [("close:1.1", Part.OWNER, on(3, 25), "close")]


def test_while_a_later_check_is_open_that_is_what_is_owed():
    later = a_check(id=2, number=2, due_on=on(4, 13), settle_by=on(4, 28))
    assert kinds(phase=Phase.ACT, checks=(EFFECTIVE, later)) == [DutyKind.AFTERCARE]


# --- given by somebody -----------------------------------------------------------------------------------


def test_a_handover_is_answered_within_two_working_days_by_its_receiver():
    duty = one(DutyKind.HANDOVER, **IN_DO, handover=a_handover(MEMBER, at(3, 5)))
    assert (duty.part, duty.person_id, duty.due_on, duty.given_by_id) == (Part.RECEIVER, MEMBER, on(3, 9), OWNER)


def test_a_handover_without_a_receiver_is_the_caretakers():
    duty = one(DutyKind.ASSIGN, **IN_DO, handover=a_handover(None, at(3, 5)))
    assert (duty.part, duty.due_on, duty.ladder) == (Part.OWNER, on(3, 9), "assign")


def test_the_promise_stays_with_the_giver_meanwhile():
    assert DutyKind.PROMISE in kinds(**IN_DO, handover=a_handover(MEMBER, at(3, 5)))


@pytest.mark.parametrize(
    "kind", [DecisionKind.WAIVER, DecisionKind.NO_SURVEY, DecisionKind.ROUND_THREE, DecisionKind.ESCALATION]
)
def test_a_leader_decides_within_five_working_days_and_never_the_owner(kind):
    duty = one(DutyKind.DECISION, **IN_DO, decisions=(a_decision(kind, at(3, 5)),))
    assert (duty.occurrence, duty.part, duty.not_person_id, duty.due_on) == (
        f"{kind.value}:5",
        Part.LEADER,
        OWNER,
        on(3, 12),
    )


def test_help_is_given_within_two_working_days_by_the_keeper():
    duty = one(DutyKind.HELP, **IN_DO, decisions=(a_decision(DecisionKind.HELP, at(3, 5)),))
    assert (duty.part, duty.due_on, duty.not_person_id) == (Part.KEEPER, on(3, 9), OWNER)


# --- after the end ---------------------------------------------------------------------------------------


def test_recurrence_is_asked_on_day_168():
    assert owed(**CLOSED_ON_APRIL_1) == [("recurrence:1", Part.OWNER, on(9, 16), "recurrence_mail")]


def test_without_a_mail_address_the_owner_asks():
    nobody = one(DutyKind.RECURRENCE, **CLOSED_ON_APRIL_1, customer_type=CustomerType.UNKNOWN)
    assert nobody.ladder == "recurrence_call"


def test_the_watch_ends_after_day_198():
    last_day, after = on(10, 16), on(10, 17)
    assert kinds(**{**CLOSED_ON_APRIL_1, "today": last_day}) == [DutyKind.RECURRENCE]
    assert kinds(**{**CLOSED_ON_APRIL_1, "today": after}) == []


def test_who_cannot_be_mailed_is_called_about_the_end():
    told = one(DutyKind.TELL_END, **CLOSED_ON_APRIL_1, customer_email_known=False)
    # 2 April and, after Easter, Tuesday the 7th.
    assert (told.occurrence, told.part, told.due_on) == ("tell_end:1", Part.OWNER, on(4, 7))


def test_a_proposer_without_an_account_is_called_too():
    told = kinds(phase=Phase.DECLINED, ended_at=at(4, 1), customer_type=None, proposer_id=None, proposer_name="Jan")
    assert told == [DutyKind.TELL_END]


@pytest.mark.parametrize(
    "given",
    [
        {"customer_email_known": True},
        {"customer_email_known": False, "is_end_told": True},
        {"customer_type": CustomerType.UNKNOWN, "customer_email_known": False, "customer_name": ""},
    ],
)
def test_nobody_to_call_is_no_duty(given):
    assert kinds(phase=Phase.STOPPED, ended_at=at(4, 1), **given) == []


# --- I1 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"phase": Phase.NEW},
        {"phase": Phase.PARKED},
        {"phase": Phase.PLAN},
        {"phase": Phase.PLAN, "due_on": on(3, 23)},
        {"phase": Phase.PLAN, "due_on": on(3, 23), "in_do": 8},
        {"phase": Phase.DO},
        {"phase": Phase.DO, "decisions": (a_decision(DecisionKind.THIRD_DATE, at(3, 2)),)},
        {"phase": Phase.CHECK},
        {"phase": Phase.CHECK, "checks": (a_check(state=CheckState.CANCELLED),)},
        {"phase": Phase.CHECK, "checks": (a_check(due_on=None, settle_by=None),)},
        {"phase": Phase.CHECK, "checks": (ANSWERED,)},
        {"phase": Phase.CHECK, "checks": (FAILED,)},
        {"phase": Phase.ACT, "checks": (EFFECTIVE,)},
    ],
)
def test_an_open_item_always_has_a_duty(given):
    assert duties_of(facts(**given))
