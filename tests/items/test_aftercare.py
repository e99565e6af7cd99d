"""Aftercare: when a check is asked and settled, who answers, what the verdict is, and what is planned anew."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdca.db import db
from pdca.items import checks
from pdca.items.answers import Answers, CarriedOutAnswer, LessonAnswer, VerdictAnswer
from pdca.items.checks import CheckAnswer, answer_by_link, may_correct, record_answer, settle_group
from pdca.items.edit import edit
from pdca.items.judging import follows_customer
from pdca.items.promises import change_date
from pdca.items.promotion import promote_overdue
from pdca.items.terms import CheckState, CustomerType, Importance, Kind, Phase, Solved, Verdict
from pdca.items.verdicts import give_verdict, settle_verdict
from pdca.people.models import TeamDay
from pdca.people.operations import save_settings
from tests.conftest import MONDAY
from tests.items.refusals import fields, missing, names
from tests.stories import CustomerAnswer, on, walk

UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)
MARCH_9 = date(2026, 3, 9)  # a Monday, one week after the start


def days(story):
    """(number, day, settle by) of the open checks."""
    return [(c.number, c.due_on, c.settle_by) for c in story.open_checks]


def states(story):
    return [(c.number, c.state.value, c.verdict and c.verdict.value) for c in story.item.checks]


# --- days --------------------------------------------------------------------------------------------------

# Carried out on Monday 9 March 2026; written by hand. Free are Good Friday (3 April), Easter Monday (6 April),
# King's Day (27 April), Ascension Day (14 May) and Whit Monday (25 May).
EXPECTED = {
    (Kind.QUICK_WIN, Importance.NORMAL): [date(2026, 3, 23), date(2026, 4, 20)],
    (Kind.QUICK_WIN, Importance.HIGH): [date(2026, 3, 23), date(2026, 4, 20)],
    (Kind.IMPROVEMENT, Importance.NORMAL): [date(2026, 3, 23), date(2026, 4, 20), date(2026, 6, 8)],
    (Kind.IMPROVEMENT, Importance.HIGH): [
        *(date(2026, 3, 23), date(2026, 4, 20), date(2026, 6, 8), date(2026, 9, 7)),
    ],
}


@pytest.mark.parametrize(("kind", "importance"), list(EXPECTED))
def test_checks_fall_on_the_same_weekday_in_whole_weeks(crew, kind, importance):
    story = walk(crew, Phase.CHECK, kind, at=MONDAY, importance=importance)
    assert story.item.round.carried_out_on == MARCH_9
    assert [c.due_on for c in story.open_checks] == EXPECTED[kind, importance]


def test_a_check_is_settled_within_ten_working_days(crew):
    story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY)
    # From 23 March over Easter, and from 20 April over King's Day.
    assert [(number, by) for number, _, by in days(story)] == [
        (1, date(2026, 4, 8)),
        (2, date(2026, 5, 5)),
        (3, date(2026, 6, 22)),
    ]


@pytest.mark.parametrize(
    ("done_on", "first"),
    [
        (date(2026, 3, 21), date(2026, 4, 7)),  # Saturday + 14 is Saturday, Easter Monday is free: Tuesday
        (date(2026, 3, 23), date(2026, 4, 7)),  # + 14 is Easter Monday
        (date(2026, 3, 24), date(2026, 4, 7)),
        (date(2026, 4, 13), date(2026, 4, 28)),  # + 14 is King's Day
    ],
)
def test_a_check_on_a_free_day_moves_to_the_next_working_day(crew, done_on, first):
    story = walk(crew, Phase.DO, at=on(date(2026, 3, 20)), due_on=date(2026, 4, 20))
    story.until(max(done_on, date(2026, 3, 20)))
    story.move(Phase.CHECK, carried_out=CarriedOutAnswer(done_on, "Gedaan."))
    assert days(story)[0][1] == first


def test_the_teams_own_free_days_count(crew, session):
    session.add(TeamDay(team_id=crew.team.id, day=date(2026, 3, 23), name="Heidag", is_free=True))
    story = walk(crew, Phase.CHECK, at=MONDAY)
    assert days(story)[0][1] == date(2026, 3, 24)


def test_recorded_late_the_check_waits_for_the_next_working_day(crew):
    story = walk(crew, Phase.DO, at=MONDAY).until(date(2026, 3, 20))  # a Friday
    story.move(Phase.CHECK, carried_out=CarriedOutAnswer(date(2026, 3, 2), "Gedaan."))
    assert [d for _, d, _ in days(story)] == [date(2026, 3, 23), date(2026, 4, 13)]


def test_the_teams_own_numbers_count(crew):
    save_settings(
        crew.team, {"care_quick_win_1": 21, "care_quick_win_2": 56, "settle_days": 5}, by=crew.leader, at=MONDAY
    )
    story = walk(crew, Phase.CHECK, at=MONDAY)
    assert days(story) == [
        (1, date(2026, 3, 30), date(2026, 4, 8)),
        (2, date(2026, 5, 4), date(2026, 5, 11)),
    ]


def test_more_importance_plans_more_aftercare(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY)
    edit(story.item, Answers(importance=Importance.HIGH), by=story.owner, at=story.at)
    assert [c.offset_days for c in story.open_checks] == [14, 42, 91, 182]
    story.finish().answer().judge()
    assert fields(lambda: lower(story)) == {"importance"}


def lower(story):
    edit(story.item, Answers(importance=Importance.NORMAL), by=story.owner, at=story.at)


# --- the second check --------------------------------------------------------------------------------------


def test_a_quick_win_that_is_plainly_effective_needs_no_second_check(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.YES).judge(Verdict.EFFECTIVE)
    assert states(story) == [(1, "answered", "effective"), (2, "cancelled", None)]


def test_an_important_quick_win_keeps_its_second_check(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, importance=Importance.HIGH).answer().judge()
    assert states(story) == [(1, "answered", "effective"), (2, "planned", None)]


def test_an_observation_is_not_plainly_effective(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=UNKNOWN).answer().judge()
    assert states(story) == [(1, "answered", "effective"), (2, "planned", None)]


def test_partly_keeps_the_second_check(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    assert states(story) == [(1, "answered", "partly"), (2, "planned", None)]
    story.move(Phase.ACT)


def test_an_action_keeps_all_its_checks(crew):
    story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY).answer().judge()
    assert [c.number for c in story.open_checks] == [2, 3]


# --- early, late, corrected --------------------------------------------------------------------------------


def test_the_last_check_is_answered_at_most_ten_days_early(crew):
    story = walk(crew, Phase.ACT, at=MONDAY, importance=Importance.HIGH)
    said = CheckAnswer(Solved.YES, 8, answered_by="Karin")
    story.until(story.check.due_on - timedelta(days=11))
    refused = missing(lambda: record_answer(story.check, said, by=story.owner, at=story.at))
    assert [(m.rule, m.message, m.params) for m in refused.values()] == [
        ("R12", "The last check may be answered at most %(days)s days early.", {"days": 10})
    ]
    story.later(days=1)
    record_answer(story.check, said, by=story.owner, at=story.at)


def test_an_answer_by_the_link_is_corrected_for_24_hours(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.YES, 8)
    first = story.item.checks[0]
    [answer] = first.answers
    story.later(minutes=24 * 60 - 1)
    assert may_correct(answer, first, story.at)
    answer_by_link(first, story.contact, CheckAnswer(Solved.NO, 2, "Toch niet."), at=story.at)
    assert (answer.solved, answer.mark, answer.version) == (Solved.NO, 2, 2)
    story.later(minutes=1)
    again = CheckAnswer(Solved.YES, 9)
    assert names(lambda: answer_by_link(first, story.contact, again, at=story.at)) == {"final"}


def test_a_verdict_ends_the_correcting(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer().judge()
    first = story.item.checks[0]
    again = CheckAnswer(Solved.NO, 2)
    assert names(lambda: answer_by_link(first, story.contact, again, at=story.at)) == {"final"}


def test_one_answer_for_each_check(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer()
    said = CheckAnswer(Solved.YES, 8, answered_by="Iemand anders")
    assert names(lambda: record_answer(story.item.checks[0], said, by=story.owner, at=story.at)) == {"settled"}


# --- the verdict follows the customer ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solved", "verdict"),
    [(Solved.YES, Verdict.EFFECTIVE), (Solved.PARTLY, Verdict.PARTLY), (Solved.NO, Verdict.NOT_EFFECTIVE)],
)
def test_after_24_hours_the_verdict_on_a_quick_win_follows_the_customer(crew, solved, verdict):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(solved, 6)
    first = story.item.checks[0]
    settle_verdict(first, at=story.later(minutes=24 * 60 - 1).at)
    assert first.verdict is None
    settle_verdict(first, at=story.later(minutes=1).at)
    assert (first.verdict, first.verdict_by_id, first.verdict_at) == (verdict, None, story.at)


def test_of_an_action_only_a_no_follows_by_itself(crew):
    for solved, verdict in ((Solved.YES, None), (Solved.PARTLY, None), (Solved.NO, Verdict.NOT_EFFECTIVE)):
        story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY).answer(solved, 5).later(days=1)
        settle_verdict(story.item.checks[0], at=story.at)
        assert story.item.checks[0].verdict is verdict


def test_an_observation_is_judged_by_somebody(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=UNKNOWN).answer().later(days=3)
    assert not follows_customer(story.facts, story.facts.checks[0])


def test_the_verdict_that_followed_is_not_given_again(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer().later(days=1)
    first = story.item.checks[0]
    settle_verdict(first, at=story.at)
    settle_verdict(first, at=story.later(days=1).at)
    assert first.verdict_at == story.at - timedelta(days=1)


def test_no_verdict_follows_on_what_was_stopped(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.NO, 2)
    story.move(Phase.STOPPED, by=crew.leader, reason="Verhuisd.", lesson=LessonAnswer("Te laat."))
    settle_verdict(story.item.checks[0], at=story.later(days=2).at)
    db.session.flush()
    assert (story.item.checks[0].verdict, story.item.round.verdict) == (None, None)


def test_no_verdict_follows_on_a_round_that_is_over(crew):
    story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY).answer(Solved.NO, 2)
    first = story.item.checks[0]
    second = story.check
    answer_by_link(second, story.contact, CheckAnswer(Solved.NO, 2), at=story.at)
    story.judge(Verdict.NOT_EFFECTIVE)
    assert (first.verdict, second.verdict) == (None, Verdict.NOT_EFFECTIVE)
    story.move(Phase.PLAN, why_not="Te klein.", adjusted_prediction="Een kwart sneller.")
    settle_verdict(first, at=story.later(days=2).at)
    db.session.flush()
    assert first.verdict is None


# --- too early ---------------------------------------------------------------------------------------------


def too_early(story, evidence="De zomer komt nog.", days=28):
    answer = VerdictAnswer(Verdict.TOO_EARLY, evidence, story.today + timedelta(days=days))
    return give_verdict(story.item, answer, by=story.owner, at=story.at)


def test_too_early_needs_a_reason_and_a_day_within_42_days(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer()
    assert fields(lambda: too_early(story, evidence=" ")) == {"evidence"}
    for wrong in (0, 43):
        assert fields(lambda w=wrong: too_early(story, days=w)) == {"check_again_on"}
    too_early(story, days=42)
    # Day 42 after 23 March is Monday 4 May.
    assert [(c.number, c.due_on) for c in story.open_checks] == [(2, date(2026, 4, 20)), (1, date(2026, 5, 4))]


def test_too_early_is_said_once(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer()
    too_early(story)
    story.until(story.check.due_on)
    refused = missing(lambda: too_early(story))
    assert [(m.rule, m.message) for m in refused.values()] == [("R13", "“Too early to say” is possible once.")]


def test_too_early_waits_for_its_second_answer(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer()
    too_early(story)
    assert names(lambda: story.move(Phase.ACT)) == {"verdict_allows"}
    story.answer().judge().move(Phase.ACT)


def test_too_early_before_anybody_answered_asks_on_another_day(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).ask()
    too_early(story, days=21)
    assert [(n, d) for n, d, _ in days(story)] == [(1, date(2026, 4, 13)), (2, date(2026, 4, 20))]
    assert states(story)[0] == (1, "cancelled", "too_early")


# --- groups ------------------------------------------------------------------------------------------------


@pytest.fixture
def group(crew):
    """A quick win for a group of three with addresses, on the day of its first check."""
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=CustomerAnswer(CustomerType.GROUP, "Ans", "ans@klant.example"))
    for name in ("Bert", "Cor"):
        answer = CustomerAnswer(CustomerType.GROUP, name, f"{name.lower()}@klant.example")
        edit(story.item, Answers(customer=answer), by=story.owner, at=story.at)
    return story.ask()


def say(story, *said):
    for contact, solved in zip(story.item.contacts, said, strict=False):
        if solved is not None:
            answer_by_link(story.item.checks[0], contact, CheckAnswer(solved, 7), at=story.at)


YES, PARTLY, NO = Solved.YES, Solved.PARTLY, Solved.NO


def test_a_group_has_answered_when_everyone_asked_replied(group):
    say(group, YES, YES)
    assert group.item.checks[0].state is CheckState.ASKED
    say(group, YES, YES, YES)
    assert group.item.checks[0].state is CheckState.ANSWERED


def test_who_may_not_be_mailed_is_not_waited_for(group):
    group.item.contacts[2].opted_out_at = group.at
    say(group, YES, YES)
    assert group.item.checks[0].state is CheckState.ANSWERED


def test_at_settle_by_one_answer_of_a_group_is_enough_and_none_is_not(group):
    group.until(group.check.settle_by)
    settle_group(group.check, at=group.at)
    assert group.check.state is CheckState.ASKED
    say(group, YES)
    assert group.item.checks[0].state is CheckState.ANSWERED


def test_the_clock_settles_a_group_that_partly_answered(group):
    say(group, YES, NO)
    group.until(group.check.settle_by)
    settle_group(group.check, at=group.at)
    assert group.item.checks[0].state is CheckState.ANSWERED


def test_who_is_late_in_a_group_still_counts_until_the_verdict(group):
    say(group, YES)
    group.until(group.check.settle_by)
    settle_group(group.check, at=group.at)
    say(group, None, NO)
    assert [a.solved for a in group.item.checks[0].answers] == [YES, NO]
    assert names(lambda: group.judge(Verdict.EFFECTIVE)) == {"verdict"}


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ((YES, YES, YES), Verdict.EFFECTIVE),
        ((YES, YES, PARTLY), Verdict.EFFECTIVE),
        ((YES, PARTLY, PARTLY), Verdict.PARTLY),
        ((YES, YES, NO), Verdict.PARTLY),  # any "no" → at best partly
        ((YES, NO, NO), Verdict.NOT_EFFECTIVE),  # a majority of those who answered
        ((NO, NO, NO), Verdict.NOT_EFFECTIVE),
    ],
)
def test_the_verdict_of_a_group(group, said, verdict):
    say(group, *said)
    settle_verdict(group.item.checks[0], at=group.later(days=1).at)
    assert group.item.checks[0].verdict is verdict


def test_half_of_a_group_is_no_majority(group):
    say(group, YES, NO)
    group.until(group.check.settle_by)
    settle_group(group.check, at=group.at)
    settle_verdict(group.item.checks[0], at=group.later(days=1).at)
    assert group.item.checks[0].verdict is Verdict.PARTLY


def test_a_call_with_somebody_of_the_group_who_answered_already_is_refused(group):
    say(group, YES)
    said = CheckAnswer(NO, 3, answered_by="ans")
    assert names(lambda: record_answer(group.check, said, by=group.owner, at=group.at)) == {"answered_already"}
    said = CheckAnswer(NO, 3, answered_by="Bert")
    row = record_answer(group.check, said, by=group.owner, at=group.at)
    assert row.contact_id == group.item.contacts[1].id


# --- the check's own day -----------------------------------------------------------------------------------


def test_moving_the_day_of_a_check_asks_anew_on_a_working_day(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).ask()
    checks.remind(story.check, at=story.at)
    saturday = date(2026, 4, 4)
    change_date(story.item, due_on=saturday, reason="Karin is op reis.", by=story.owner, at=story.at)
    check = story.check
    assert (check.due_on, check.settle_by) == (date(2026, 4, 7), date(2026, 4, 21))
    assert (check.state, check.asked_at, check.reminded_at) == (CheckState.PLANNED, None, None)


# --- planned anew ------------------------------------------------------------------------------------------


def test_on_day_43_in_do_a_quick_win_becomes_an_action_with_aftercare_planned_anew(crew):
    story = walk(crew, Phase.DO, at=MONDAY, due_on=date(2026, 4, 13))
    promote_overdue(story.item, at=story.until(date(2026, 4, 13)).at)
    assert story.item.kind is Kind.QUICK_WIN
    promote_overdue(story.item, at=story.later(days=1).at)
    assert (story.item.kind, story.item.round.baseline_lost) == (Kind.IMPROVEMENT, True)
    assert [c.offset_days for c in story.open_checks] == [14, 42, 91]
    assert names(lambda: story.move(Phase.CHECK, carried_out=CarriedOutAnswer(story.today, "Gedaan."))) == {
        *("small_test", "groups", "touchpoint"),
    }


def test_days_in_do_are_those_of_this_stay(crew):
    """After "partly" the rest is done in days of its own."""
    story = walk(crew, Phase.CHECK, at=MONDAY, days_in_do=20).answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    story.move(Phase.DO, due_on=story.today + timedelta(days=30)).later(days=20)
    assert story.facts.days_in_do == 20
    promote_overdue(story.item, at=story.at)
    assert story.item.kind is Kind.QUICK_WIN


def test_promoted_in_check_by_choice_the_settled_check_counts_and_the_rest_is_planned(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, importance=Importance.HIGH).answer().judge()
    edit(story.item, Answers(kind=Kind.IMPROVEMENT), by=story.owner, at=story.at)
    assert story.item.kind is Kind.IMPROVEMENT
    assert [(c.number, c.due_on) for c in story.open_checks] == [
        (2, date(2026, 4, 20)),
        (3, date(2026, 6, 8)),
        (4, date(2026, 9, 7)),
    ]


def test_an_action_stays_an_action_once_its_work_has_started(crew):
    story = walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY)
    edit(story.item, Answers(kind=Kind.QUICK_WIN), by=story.owner, at=story.at)
    edit(story.item, Answers(kind=Kind.IMPROVEMENT), by=story.owner, at=story.at)
    story.start().move(Phase.PLAN, reason="Toch anders.")
    back = Answers(kind=Kind.QUICK_WIN)
    assert fields(lambda: edit(story.item, back, by=story.owner, at=story.at)) == {"kind"}
