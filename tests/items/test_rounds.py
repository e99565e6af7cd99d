"""Next rounds, finishing the rest, coming back after closing, taking back, and growing into an action."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from pdca.db import db
from pdca.items.answers import Answers, CarriedOutAnswer, LessonAnswer, ToldAnswer
from pdca.items.decisions import ask_help, ask_to_go_on, decide
from pdca.items.handovers import Note, hand_over
from pdca.items.models import Entry, Word
from pdca.items.moves import move, reopen_by_customer
from pdca.items.promises import change_date
from pdca.items.taking_back import may_take_back, take_back
from pdca.items.terms import (
    ActorKind,
    CheckState,
    CustomerType,
    DecisionKind,
    DecisionState,
    HandoverState,
    Importance,
    Kind,
    Phase,
    PredictionResult,
    PromiseState,
    ReopenCause,
    Solved,
    ToldHow,
    Verdict,
    WordKind,
)
from tests.conftest import MONDAY
from tests.items.refusals import fields, missing, names
from tests.stories import CustomerAnswer, planned_with, walk

LESSON = LessonAnswer("Te laat begonnen.")
NOTE = Note("a", "b", "c", "d")
BY_PHONE = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", phone="06 12345678")


def failed(crew, kind=Kind.QUICK_WIN, **more):
    """An item whose customer said "no", judged not effective."""
    return walk(crew, Phase.CHECK, kind, at=MONDAY, **more).answer(Solved.NO, 3).judge(Verdict.NOT_EFFECTIVE)


def next_round(story, **more):
    if story.item.kind is Kind.IMPROVEMENT:
        more.setdefault("adjusted_prediction", "De wachttijd daalt met een kwart.")
    return story.move(Phase.PLAN, why_not="De balie was te klein.", **more)


# --- not effective → round n+1 -----------------------------------------------------------------------------


def test_not_effective_blocks_closing_at_once_and_cancels_the_remaining_checks(crew):
    story = failed(crew, Kind.IMPROVEMENT)
    assert [c.state for c in story.item.checks] == [CheckState.ANSWERED, CheckState.CANCELLED, CheckState.CANCELLED]
    assert "verdict_allows" in names(lambda: story.move(Phase.ACT))


def test_a_next_round_is_for_not_effective_only_and_is_the_owners(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    refused = missing(lambda: next_round(story))
    assert (set(refused), refused["not_effective"].rule) == ({"not_effective"}, "R24")
    story = failed(crew)
    assert names(lambda: story.move(Phase.PLAN, by=crew.keeper, why_not="x")) == {"role"}


def test_the_old_round_is_kept_as_it_was(crew):
    story = next_round(failed(crew))
    old, now = story.item.rounds
    assert (old.number, old.verdict, old.why_not, old.carried_out_on) == (
        1,
        Verdict.NOT_EFFECTIVE,
        "De balie was te klein.",
        date(2026, 3, 9),
    )
    assert (old.frozen_at, old.due_on) == (story.at, date(2026, 3, 23))
    assert (now.number, now.verdict, now.why_not, now.carried_out_on, now.started_at) == (2, None, "", None, None)
    assert (story.item.round_number, story.item.due_on, story.item.phase) == (2, None, Phase.PLAN)


def test_the_database_refuses_to_change_a_frozen_round(crew):
    story = next_round(failed(crew))
    story.item.rounds[0].why_not = "Het lag niet aan ons."
    with pytest.raises(IntegrityError, match="a frozen round never changes"):
        db.session.flush()


def test_an_actions_next_round_adjusts_its_prediction_and_plans_the_test_anew(crew):
    story = failed(crew, Kind.IMPROVEMENT)
    refused = missing(lambda: story.move(Phase.PLAN, why_not="Te klein."))
    assert (set(refused), refused["adjusted_prediction"].rule) == ({"adjusted_prediction"}, "R21")
    next_round(story)
    old, now = story.item.rounds
    assert (old.prediction, now.prediction) == ("De wachttijd halveert.", "De wachttijd daalt met een kwart.")
    assert (now.baseline_mark, now.test_until) == (5, None)
    story.item.due_on = None
    answers = {k: v for k, v in planned_with(story).items() if k != "small_test"}
    assert names(lambda: story.move(Phase.DO, **answers)) == {"small_test"}


def test_a_next_round_makes_a_promise_of_its_own(crew):
    story = next_round(failed(crew)).start()
    assert (story.item.times_moved, story.item.first_promised_on) == (0, date(2026, 3, 23))
    assert [p.state for p in story.item.promises] == [PromiseState.REPLACED, PromiseState.STANDING]
    assert [c.round_number for c in story.open_checks] == [2, 2]


def test_the_second_failed_round_makes_a_quick_win_an_action(crew):
    story = next_round(failed(crew)).start().finish().answer(Solved.NO, 2).judge(Verdict.NOT_EFFECTIVE)
    assert (story.item.kind, story.item.round.baseline_lost) == (Kind.IMPROVEMENT, True)
    [promoted] = entries(story, "promoted")
    assert (promoted.old, promoted.new, promoted.actor_kind) == ("quick_win", "improvement", ActorKind.CLOCK)
    next_round(story)
    decide(story.item.decisions[-1], True, "", by=crew.leader, at=story.at)
    # The baseline can no longer be taken; the rest of what an action is asked is asked now.
    date_only = {"due_on": story.today}
    assert names(lambda: story.move(Phase.DO, **date_only)) == {"small_test", "groups", "touchpoint"}


def entries(story, what):
    return db.session.query(Entry).filter_by(item_id=story.item.id, what=what).order_by(Entry.id).all()


def test_from_round_three_the_leader_decides(crew):
    story = next_round(failed(crew)).start().finish().answer(Solved.NO, 2).judge(Verdict.NOT_EFFECTIVE)
    next_round(story)
    [asked] = [d for d in story.item.decisions if d.kind is DecisionKind.ROUND_THREE]
    assert (asked.state, asked.question, asked.round_number) == (DecisionState.OPEN, "De balie was te klein.", 3)
    refused = missing(story.start)
    assert set(refused) == {"round_three"}
    assert refused["round_three"].message == "From round 3 the leader decides: go on, change or stop."
    decide(asked, False, "Pas het plan eerst aan.", by=crew.leader, at=story.at)
    assert names(story.start) == {"round_three"}
    again = ask_to_go_on(story.item, "Met een tweede balie.", by=story.owner, at=story.at)
    decide(again, True, "Akkoord.", by=crew.leader, at=story.at)
    assert names(lambda: ask_to_go_on(story.item, "Nog eens.", by=story.owner, at=story.at)) == {"round_three"}
    story.start()
    assert (story.item.phase, story.item.round_number) == (Phase.DO, 3)


# --- partly → finish the rest ------------------------------------------------------------------------------


@pytest.fixture
def partly(crew):
    """A quick win judged partly at its first check."""
    return walk(crew, Phase.CHECK, at=MONDAY).answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)


def test_partly_goes_back_to_do_with_a_new_date_and_word_to_the_customer(partly):
    story, later = partly, partly.today + timedelta(days=14)
    assert names(lambda: story.move(Phase.DO)) == {"new_date"}
    assert fields(lambda: story.move(Phase.DO, due_on=story.today - timedelta(days=1))) == {"due_on"}
    story.move(Phase.DO, due_on=later, reason="Balie 3 volgt nog.")
    assert (story.item.phase, story.item.due_on, story.item.round_number) == (Phase.DO, later, 1)
    assert (story.item.times_moved, story.item.first_promised_on) == (1, date(2026, 3, 23))
    [word] = db.session.query(Word).filter_by(item_id=story.item.id)
    assert (word.kind, word.text) == (WordKind.NEW_DATE, "Balie 3 volgt nog.")
    assert [c.state for c in story.item.checks] == [CheckState.ANSWERED, *[CheckState.CANCELLED], *["planned"] * 2]


def test_who_cannot_be_mailed_is_called_before_the_rest_is_finished(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=BY_PHONE).answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    later = story.today + timedelta(days=14)
    assert names(lambda: story.move(Phase.DO, due_on=later)) == {"customer_told"}
    story.move(Phase.DO, due_on=later, told=ToldAnswer(ToldHow.CALL, "Karin", story.today))


def test_the_rest_is_answered_for_by_itself(partly):
    """The answer to the first part does not open the gate for the second."""
    story = partly.move(Phase.DO, due_on=partly.today + timedelta(days=14)).finish()
    assert names(lambda: story.move(Phase.ACT)) == {"answered", "verdict"}
    assert story.facts.last_mark == 6
    story.answer(Solved.YES, 9).judge().move(Phase.ACT)
    story.close()
    assert story.item.final_verdict is Verdict.EFFECTIVE


def test_finishing_the_rest_is_a_move_like_any_other(partly):
    """The second one makes a quick win an action."""
    story = partly
    story.move(Phase.DO, due_on=story.today + timedelta(days=30)).finish()
    story.answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    story.move(Phase.DO, due_on=story.today + timedelta(days=30))
    assert (story.item.times_moved, story.item.kind) == (2, Kind.IMPROVEMENT)
    assert [c.offset_days for c in story.open_checks] == [14, 42, 91]


def test_the_third_time_finishing_the_rest_waits_for_the_leader(crew):
    story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY)
    for _ in range(2):
        story.answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
        story.move(Phase.DO, due_on=story.today + timedelta(days=30)).finish()
    story.answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    stands = story.item.due_on
    story.move(Phase.DO, due_on=story.today + timedelta(days=30))
    assert story.facts.waits_for_leader
    assert (story.item.due_on, story.facts.is_frozen) == (stands, True)


def test_partly_goes_on_only_while_a_later_check_remains(partly, crew):
    story = partly
    story.answer(Solved.PARTLY, 7).judge(Verdict.PARTLY)
    refused = missing(lambda: story.move(Phase.ACT))
    assert (set(refused), refused["later_check"].rule) == ({"later_check"}, "R11")
    from pdca.items.decisions import waive

    waive(story.item, "R11", "Meer zit er niet in.", by=crew.leader, at=story.at)
    story.move(Phase.ACT).move(Phase.CLOSED, lesson=LESSON)
    assert story.item.final_verdict is Verdict.PARTLY


def test_from_act_it_goes_back_to_do_as_well(crew):
    story = walk(crew, Phase.ACT, Kind.IMPROVEMENT, at=MONDAY).answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    story.move(Phase.DO, due_on=story.today + timedelta(days=14))
    assert story.item.phase is Phase.DO


def test_from_act_a_no_starts_the_next_round(crew):
    story = walk(crew, Phase.ACT, Kind.IMPROVEMENT, at=MONDAY).answer(Solved.NO, 2).judge(Verdict.NOT_EFFECTIVE)
    next_round(story)
    assert (story.item.phase, story.item.round_number) == (Phase.PLAN, 2)


# --- it comes back -----------------------------------------------------------------------------------------


def test_the_customer_reopens_without_an_account(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY).later(days=100)
    reopen_by_customer(story.item, ReopenCause.SIDE_EFFECT, at=story.at)
    [entry] = entries(story, "reopened")
    assert (entry.actor_kind, entry.actor_id, story.item.moves[-1].cause) == (
        ActorKind.CUSTOMER,
        None,
        ReopenCause.SIDE_EFFECT,
    )
    assert story.item.rounds[0].verdict is Verdict.EFFECTIVE
    assert (story.item.round_number, story.item.recurrences) == (2, 1)


def test_only_what_is_closed_comes_back(crew):
    story = walk(crew, Phase.DO, at=MONDAY)
    again = ReopenCause.BACK_AGAIN
    assert names(lambda: reopen_by_customer(story.item, again, at=story.at)) == {"no_step"}
    story.move(Phase.STOPPED, by=crew.leader, reason="Nee.", lesson=LESSON)
    assert names(lambda: reopen_by_customer(story.item, again, at=story.at)) == {"no_step"}


def test_who_reopens_changes_nothing_else_on_the_way(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY)
    sly = {"cause": ReopenCause.BACK_AGAIN, "title": "Iets heel anders"}
    for by in (crew.member, story.owner):
        assert names(lambda by=by: story.move(Phase.PLAN, by=by, **sly)) == {"ended"}


def test_what_ended_keeps_what_was_written_of_its_round(crew):
    """The round is frozen: the reason of a reopening belongs to the next one."""
    story = walk(crew, Phase.CLOSED, at=MONDAY)
    why = {"cause": ReopenCause.BACK_AGAIN, "why_not": "Niemand las het."}
    assert names(lambda: story.move(Phase.PLAN, **why)) == {"ended"}
    story.move(Phase.PLAN, cause=ReopenCause.BACK_AGAIN)
    assert (story.item.round_number, story.item.rounds[0].why_not) == (2, "")


# --- taking back -------------------------------------------------------------------------------------------


def back(story, by=None):
    take_back(story.item, by=by or story.owner, at=story.at)


def test_the_last_step_is_taken_back_within_ten_minutes_by_who_took_it(crew):
    story = walk(crew, Phase.DO, at=MONDAY).later(minutes=10)
    assert names(lambda: back(story, crew.keeper)) == {"take_back"}
    assert names(lambda: back(story.later(minutes=1))) == {"take_back"}
    story.later(minutes=-1)
    back(story)
    assert (story.item.phase, story.item.due_on, story.item.first_promised_on) == (Phase.PLAN, None, None)
    assert [c.state for c in story.item.checks] == [CheckState.CANCELLED] * 2
    assert [e.what for e in entries(story, "started") + entries(story, "taken_back")] == ["started", "taken_back"]
    assert names(lambda: back(story)) == {"take_back"}


def test_nothing_is_taken_back_once_a_mail_has_left(crew):
    story = walk(crew, Phase.DO, at=MONDAY)
    story.item.last_mailed_at = story.at
    assert may_take_back(story.item, story.owner, story.at, 10) is None


def test_started_again_after_taking_back_it_is_a_first_promise(crew):
    story = walk(crew, Phase.DO, at=MONDAY)
    back(story)
    story.later(minutes=5)
    story.answers.pop("due_on", None)
    story.move(Phase.DO, due_on=story.today + timedelta(days=10))
    assert (story.item.times_moved, story.item.first_promised_on) == (0, story.today + timedelta(days=10))


def test_taking_back_done_takes_the_days_of_the_checks_back(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY)
    back(story)
    assert (story.item.phase, story.item.round.carried_out_on, story.item.round.carried_out) == (Phase.DO, None, "")
    assert [(c.due_on, c.state) for c in story.open_checks] == [(None, CheckState.PLANNED)] * 2
    story.finish()


def test_taking_back_the_take_up_leaves_nobody_behind_as_owner(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    back(story)
    assert (story.item.phase, story.item.owner_id, story.item.decided_at) == (Phase.NEW, None, None)
    assert "owner_id" not in story.item.defaulted
    story.move(Phase.PLAN, by=crew.member)
    assert story.item.owner_id == crew.member.id


def test_a_closing_is_taken_back_and_the_word_is_not_sent(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY)
    back(story)
    assert (story.item.phase, story.item.final_verdict, story.item.ended_at) == (Phase.ACT, None, None)
    assert (story.item.round.frozen_at, story.item.round.verdict) == (None, None)
    [word] = db.session.query(Word).filter_by(item_id=story.item.id)
    assert (word.kind, word.withdrawn_at) == (WordKind.CLOSED, story.at)
    story.later(minutes=1).move(Phase.CLOSED, lesson=LESSON)


def test_taking_back_a_stop_brings_back_all_that_it_ended(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY)
    handover = hand_over(story.item, crew.member.id, NOTE, by=story.owner, at=story.at)
    for days in (30, 40, 50):
        due_on = story.today + timedelta(days=days)
        change_date(story.item, due_on=due_on, reason="Ziek.", by=story.owner, at=story.at)
    helped = ask_help(story.item, "Hoe nu?", by=story.owner, at=story.at)
    story.later(minutes=5).move(Phase.STOPPED, by=crew.leader, reason="Verkeerde kaart.", lesson=LESSON)
    assert handover.state is HandoverState.WITHDRAWN
    story.later(minutes=5)
    # The card waits for the leader's third date, but a stop always passes, and so does taking it back.
    back(story, crew.leader)
    assert (story.item.phase, handover.state, helped.state) == (Phase.DO, HandoverState.OPEN, DecisionState.OPEN)
    assert [c.state for c in story.open_checks] == [CheckState.PLANNED] * 3
    assert story.item.promises[-1].state is PromiseState.WAITING
    assert story.facts.waits_for_leader
    words = db.session.query(Word).filter_by(item_id=story.item.id, kind=WordKind.NEW_DATE).all()
    assert [w.withdrawn_at for w in words] == [None] * 3
    assert words[-1].held_since is not None


def test_going_back_to_plan_is_taken_back_with_its_checks(crew):
    story = walk(crew, Phase.DO, at=MONDAY).later(minutes=5)
    planned = story.open_checks
    story.move(Phase.PLAN, reason="Verkeerde kolom.")
    assert story.open_checks == []
    back(story)
    assert (story.item.phase, story.open_checks) == (Phase.DO, planned)


@pytest.mark.parametrize("phase", [Phase.PARKED, Phase.DECLINED])
def test_parking_and_declining_are_taken_back(crew, phase):
    story = walk(crew, Phase.NEW, at=MONDAY)
    more = {"review_on": date(2026, 4, 1)} if phase is Phase.PARKED else {}
    story.move(phase, by=crew.keeper, reason="Vergissing.", **more)
    back(story, crew.keeper)
    assert (story.item.phase, story.item.review_on, story.item.decided_at) == (Phase.NEW, None, None)


def test_what_the_customer_hears_of_goes_back_by_a_step_of_its_own(crew):
    story = failed(crew)
    next_round(story)
    assert names(lambda: back(story)) == {"take_back"}


# --- one writer at a time, the whole story -----------------------------------------------------------------


def test_a_closed_item_tells_two_rounds(crew):
    story = next_round(failed(crew, importance=Importance.HIGH)).start().finish().embed().close()
    assert [(r.number, r.verdict) for r in story.item.rounds] == [
        (1, Verdict.NOT_EFFECTIVE),
        (2, Verdict.EFFECTIVE),
    ]
    assert (story.item.final_verdict, story.facts.failed_rounds) == (Verdict.EFFECTIVE, 1)


def test_an_important_action_closes_after_half_a_year(crew):
    story = walk(crew, Phase.CLOSED, Kind.IMPROVEMENT, at=MONDAY, importance=Importance.HIGH)
    assert [c.due_on for c in story.item.checks][-1] == date(2026, 9, 7)
    assert story.item.round.prediction_result is PredictionResult.YES


def test_carried_out_counts_from_the_stay_in_do_it_was_done_in(crew):
    story = walk(crew, Phase.DO, at=MONDAY).later(days=3)
    story.move(Phase.PLAN, reason="Anders.").later(days=3)
    move(story.item, Phase.DO, by=story.owner, at=story.at, answers=Answers())
    early = CarriedOutAnswer(story.today - timedelta(days=2), "Gedaan.")
    assert fields(lambda: story.move(Phase.CHECK, carried_out=early)) == {"carried_out"}
