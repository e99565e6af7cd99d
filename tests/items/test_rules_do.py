"""The rules that guard Do, by number: announce, hand over, the promise and its delays, the call during the work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pdca.db import db
from pdca.items.answers import AnnouncementAnswer, Answers, CallAnswer, CarriedOutAnswer, ToldAnswer
from pdca.items.decisions import decide, waive
from pdca.items.edit import edit
from pdca.items.handovers import Note, accept, decline, hand_over
from pdca.items.models import Word
from pdca.items.moves import move
from pdca.items.promises import change_date
from pdca.items.terms import (
    CallVerdict,
    CustomerType,
    DecisionKind,
    DecisionState,
    HandoverState,
    Importance,
    Kind,
    Phase,
    PromiseState,
    ToldHow,
)
from pdca.items.work import announce, log_call, wait_no_longer, wait_on
from tests.conftest import MONDAY
from tests.items.refusals import fields, missing, names
from tests.stories import CustomerAnswer, walk

NOTE = Note("Balie 2 is open.", "Balie 3 nog.", "Karin: eind maart.", "De drukte op donderdag.")
UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)
BY_PHONE = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", phone="06 12345678")


def done(story, **more):
    answers = Answers(carried_out=CarriedOutAnswer(story.today, "Gedaan."), **more)
    move(story.item, Phase.CHECK, by=story.owner, at=story.at, answers=answers)


def new_date(story, days, reason="De leverancier is ziek.", **more):
    more.setdefault("by", story.owner)
    change_date(story.item, due_on=story.today + timedelta(days=days), reason=reason, at=story.at, **more)


def words(story):
    return db.session.query(Word).filter_by(item_id=story.item.id).order_by(Word.id).all()


@pytest.fixture
def story(crew):
    """A quick win in Do, promised in 21 days, of a customer who can be mailed."""
    return walk(crew, Phase.DO, at=MONDAY)


# --- carried out -------------------------------------------------------------------------------------------


def test_done_says_when_and_what(story):
    refused = missing(lambda: story.move(Phase.CHECK))
    assert set(refused) == {"carried_out"}
    assert refused["carried_out"].message == "Write when it was carried out and what was really done."
    assert fields(lambda: story.move(Phase.CHECK, carried_out=CarriedOutAnswer(story.today, " "))) == {"carried_out"}


@pytest.mark.parametrize("days", [-1, 1])
def test_carried_out_lies_within_do_and_not_in_the_future(story, days):
    wrong = CarriedOutAnswer(story.today + timedelta(days=days), "Gedaan.")
    assert fields(lambda: story.move(Phase.CHECK, carried_out=wrong)) == {"carried_out"}


def test_carried_out_is_written_down_in_do_only(story):
    done(story)
    later = CarriedOutAnswer(story.today, "Toch anders.")
    act = Answers(carried_out=later)
    assert fields(lambda: edit(story.item, act, by=story.owner, at=story.at)) == {"carried_out"}


def test_the_keeper_finishes_on_the_owners_behalf_and_that_is_recorded(story, crew):
    answers = {"carried_out": CarriedOutAnswer(story.today, "Gedaan.")}
    assert names(lambda: story.move(Phase.CHECK, by=crew.member, **answers)) == {"role"}
    story.move(Phase.CHECK, by=crew.keeper, **answers)
    from pdca.items.models import Entry

    [entry] = db.session.query(Entry).filter_by(item_id=story.item.id, what="finished")
    assert (entry.actor_id, entry.on_behalf_of_id) == (crew.keeper.id, crew.owner.id)


def test_back_to_plan_needs_the_owner_and_a_reason(story, crew):
    assert names(lambda: story.move(Phase.PLAN)) == {"reason"}
    assert names(lambda: story.move(Phase.PLAN, by=crew.keeper, reason="Nee.")) == {"role"}
    story.move(Phase.PLAN, reason="Eerst een ander rooster.")
    assert story.item.phase is Phase.PLAN


# --- R4 ----------------------------------------------------------------------------------------------------


def test_R4_announce_changes_beforehand(story):
    edit(story.item, Answers(catalogue_changes=True), by=story.owner, at=story.at)
    refused = missing(lambda: done(story))
    assert (set(refused), refused["announced"].rule) == ({"announced"}, "R4")
    assert refused["announced"].message == "Announce the change first: when, to whom and what."
    told = AnnouncementAnswer(story.today, story.today + timedelta(days=7), "Inwoners", "Wij openen een balie, want…")
    done(story, announcement=told)
    assert [a.is_late for a in story.item.announcements] == [False]


def test_R4_a_late_announcement_passes_and_is_recorded_as_a_breach(story):
    story.later(days=7)
    late = AnnouncementAnswer(story.today, story.today - timedelta(days=1), "Inwoners", "Wij openden een balie.")
    announce(story.item, late, by=story.owner, at=story.at)
    assert (story.item.catalogue_changes, [a.is_late for a in story.item.announcements]) == (True, [True])
    done(story)
    assert story.item.phase is Phase.CHECK


def test_R4_an_announcement_has_an_audience_a_text_and_a_day_that_came(story):
    day = story.today
    for wrong in (
        AnnouncementAnswer(day, day, " ", "Tekst"),
        AnnouncementAnswer(day, day, "Inwoners", " "),
        AnnouncementAnswer(day + timedelta(days=1), day, "Inwoners", "Tekst"),
    ):
        assert fields(lambda w=wrong: announce(story.item, w, by=story.owner, at=story.at)) == {"announcement"}


# --- R5, R6 (more in test_handovers.py) --------------------------------------------------------------------


@pytest.mark.parametrize("part", ["done", "open", "promised", "watch_out"])
def test_R5_pass_on_all_you_know(story, crew, part):
    from dataclasses import replace

    refused = missing(lambda: give(story, replace(NOTE, **{part: "  "})))
    assert (set(refused), refused[part].rule) == ({part}, "R5")
    give(story, NOTE)
    assert story.item.owner_id == crew.owner.id


def give(story, note):
    return hand_over(story.item, story.crew.member.id, note, by=story.owner, at=story.at)


def test_R6_the_giver_stays_responsible_until_the_receiver_wrote_it_back(story, crew):
    handover = give(story, NOTE)
    assert (story.item.owner_id, handover.state) == (crew.owner.id, HandoverState.OPEN)
    refused = missing(lambda: done(story))
    assert (set(refused), refused["no_handover"].rule) == ({"no_handover"}, "R6")
    assert refused["no_handover"].message == "Wait until the handover is accepted."
    too_short = missing(lambda: accept(handover, "Is goed", by=crew.member, at=story.at))
    copied = missing(lambda: accept(handover, "karin:  eind MAART.", by=crew.member, at=story.at))
    assert {m["read_back"].rule for m in (too_short, copied)} == {"R6"}
    accept(handover, "Ik open balie 3 en bel Karin.", by=crew.member, at=story.at)
    assert (story.item.owner_id, handover.state) == (crew.member.id, HandoverState.ACCEPTED)


def test_R6_only_the_receiver_answers_and_refusing_needs_a_reason(story, crew):
    handover = give(story, NOTE)
    for act in (accept, decline):
        assert names(lambda act=act: act(handover, "Ik neem het over.", by=crew.keeper, at=story.at)) == {"receiver"}
    refused = missing(lambda: decline(handover, " ", by=crew.member, at=story.at))
    assert (refused["reason"].rule, refused["reason"].message) == ("R6", "Say why you give it back.")
    decline(handover, "Geen tijd.", by=crew.member, at=story.at)
    assert (story.item.owner_id, handover.state) == (crew.owner.id, HandoverState.REFUSED)
    assert names(lambda: accept(handover, "Toch maar wel.", by=crew.member, at=story.at)) == {"answered"}


# --- R7 ----------------------------------------------------------------------------------------------------


def test_R7_two_answers_suffice_and_the_message_is_drafted_from_the_reason(story):
    new_date(story, 30)
    [word] = words(story)
    assert (word.text, word.held_since) == ("De leverancier is ziek.", None)
    last = story.item.promises[-1]
    assert (last.told_how, last.told_who, last.told_on) == (ToldHow.MAIL, "Karin Smit", story.today)
    assert story.item.due_on == story.today + timedelta(days=30)


def test_R7_the_owner_may_write_the_message(story):
    new_date(story, 30, told=ToldAnswer(ToldHow.MAIL, "Karin", story.today, "Beste Karin, het wordt later."))
    assert [w.text for w in words(story)] == ["Beste Karin, het wordt later."]


def test_R7_who_cannot_be_mailed_is_called(crew):
    story = walk(crew, Phase.DO, at=MONDAY, customer=BY_PHONE)
    refused = missing(lambda: new_date(story, 30))
    assert (set(refused), refused["customer_told"].rule) == ({"customer_told"}, "R7")
    assert refused["customer_told"].message == (
        "Tell the customer: nobody can be mailed from here, so log a call, a visit or a notice."
    )
    for wrong in (
        ToldAnswer(ToldHow.MAIL, "Karin", story.today),
        ToldAnswer(ToldHow.CALL, " ", story.today),
        ToldAnswer(ToldHow.CALL, "Karin", story.today + timedelta(days=1)),
    ):
        assert names(lambda w=wrong: new_date(story, 30, told=w)) == {"customer_told"}
    new_date(story, 30, told=ToldAnswer(ToldHow.CALL, "Karin", story.today, "Gebeld."))
    assert (words(story), story.item.times_moved) == ([], 1)


def test_R7_nobody_to_tell_then_a_notice_to_the_proposer(crew):
    story = walk(crew, Phase.DO, at=MONDAY, customer=UNKNOWN)
    new_date(story, 30)
    assert story.item.promises[-1].told_how is ToldHow.NOTICE
    assert story.item.promises[-1].told_who == crew.member.name


# --- R8 (what a frozen card accepts: test_frozen.py) -------------------------------------------------------


def test_R8_a_new_date_needs_a_reason_and_lies_ahead(story):
    refused = missing(lambda: new_date(story, 30, reason="  "))
    assert (set(refused), refused["reason"].rule) == ({"reason"}, "R8")
    assert refused["reason"].message == "Give the reason, in words the customer understands."
    assert fields(lambda: new_date(story, -1)) == {"due_on"}
    assert fields(lambda: new_date(story, 21)) == {"due_on"}  # the date that stands
    new_date(story, 30)
    assert story.item.times_moved == 1


def test_R8_only_the_owners_side_or_the_keeper_gives_a_new_date(story, crew):
    assert names(lambda: new_date(story, 30, by=crew.member)) == {"role"}
    new_date(story, 30, by=crew.keeper)
    assert story.item.promises[-1].given_by_id == crew.keeper.id


def test_R8_every_move_is_counted_beside_what_was_promised_first(story):
    first = story.item.due_on
    new_date(story, 30)
    assert (story.item.first_promised_on, story.item.times_moved) == (first, 1)
    assert [p.state for p in story.item.promises] == [PromiseState.REPLACED, PromiseState.STANDING]


@pytest.fixture
def moved_twice(crew):
    """An action whose date moved twice."""
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY)
    for days in (30, 40):
        new_date(story, days)
    return story


def test_R8_the_third_date_waits_for_the_leader_with_the_word_held_back(moved_twice, crew):
    story, stands = moved_twice, moved_twice.item.due_on
    new_date(story, 50)
    assert (story.item.due_on, story.item.times_moved) == (stands, 2)
    assert story.facts.waits_for_leader
    assert story.facts.is_frozen
    assert words(story)[-1].held_since == story.at
    assert names(lambda: new_date(story, 60)) == {"waits_for_leader"}
    refused = missing(lambda: edit(story.item, Answers(title="Anders"), by=story.owner, at=story.at))
    assert (set(refused), refused["frozen"].message) == (
        {"frozen"},
        "The leader decides on the new date first; until then say “done”, or ask for help.",
    )
    [decision] = story.item.decisions
    assert (decision.kind, decision.state) == (DecisionKind.THIRD_DATE, DecisionState.OPEN)
    story.later(days=1)
    decide(decision, True, "", by=crew.leader, at=story.at)
    assert (story.item.due_on, story.item.times_moved) == (stands + timedelta(days=10), 3)
    assert (words(story)[-1].held_since, words(story)[-1].withdrawn_at) == (None, None)
    assert story.item.promises[-1].told_on == story.today
    assert not story.facts.is_frozen


def test_R8_a_date_that_the_leader_refuses_is_never_told(moved_twice, crew):
    story, stands = moved_twice, moved_twice.item.due_on
    new_date(story, 50)
    [decision] = story.item.decisions
    assert fields(lambda: decide(decision, False, " ", by=crew.leader, at=story.at)) == {"answer"}
    decide(decision, False, "Nee, maak het af.", by=crew.leader, at=story.at)
    assert (story.item.due_on, story.item.times_moved) == (stands, 2)
    word = words(story)[-1]
    assert (word.held_since is not None, word.withdrawn_at) == (True, story.at)
    assert story.item.promises[-1].state is PromiseState.REFUSED
    new_date(story, 45)
    assert story.facts.waits_for_leader


def test_R8_the_owner_does_not_approve_their_own_third_date(moved_twice, crew):
    story = moved_twice
    new_date(story, 50)
    [decision] = story.item.decisions
    for who in (crew.owner, crew.keeper, crew.member):
        assert names(lambda w=who: decide(decision, True, "", by=w, at=story.at)) == {"someone_else"}


def test_R8_a_date_that_passed_while_it_waited_is_refused_by_the_leader(moved_twice, crew):
    story = moved_twice
    new_date(story, 50)
    [decision] = story.item.decisions
    story.later(days=51)
    assert names(lambda: decide(decision, True, "", by=crew.leader, at=story.at)) == {"date_has_passed"}
    decide(decision, False, "Geef een nieuwe.", by=crew.leader, at=story.at)
    new_date(story, 7)


@pytest.mark.parametrize("ending", ["done", "stopped"])
def test_R8_a_date_that_still_waits_at_the_end_is_never_told(moved_twice, crew, ending):
    from pdca.items.answers import LessonAnswer

    story = moved_twice
    new_date(story, 50)
    if ending == "done":
        done(story)
    else:
        story.move(Phase.STOPPED, by=crew.leader, reason="Niet meer nodig.", lesson=LessonAnswer("Te laat."))
    assert story.item.decisions[0].state is DecisionState.MOOT
    assert story.item.promises[-1].state is PromiseState.REFUSED
    held = [w for w in words(story) if w.held_since is not None]
    assert [w.withdrawn_at for w in held] == [story.at]


def test_R8_another_date_through_plan_is_a_move_with_word_to_the_customer(story):
    story.move(Phase.PLAN, reason="Eerst een ander rooster.")
    move(story.item, Phase.DO, by=story.owner, at=story.at, answers=Answers(due_on=story.today + timedelta(days=30)))
    assert (story.item.times_moved, story.item.due_on) == (1, story.today + timedelta(days=30))
    assert [w.text for w in words(story)] == ["Eerst een ander rooster."]
    assert story.item.first_promised_on == MONDAY.date() + timedelta(days=21)


def test_R8_the_same_date_through_plan_is_no_move(story):
    story.move(Phase.PLAN, reason="Eerst een ander rooster.").later(minutes=5).move(Phase.DO)
    assert (story.item.times_moved, len(story.item.promises), words(story)) == (0, 1, [])


def test_R8_the_third_date_through_plan_waits_for_the_leader_too(moved_twice):
    story, stands = moved_twice, moved_twice.item.due_on
    story.move(Phase.PLAN, reason="Eerst een ander rooster.")
    story.move(Phase.DO, due_on=story.today + timedelta(days=50))
    assert (story.item.phase, story.item.due_on, story.item.times_moved) == (Phase.DO, stands, 2)
    assert story.facts.waits_for_leader


def test_R8_who_cannot_be_mailed_is_called_before_another_date_through_plan(crew):
    story = walk(crew, Phase.DO, at=MONDAY, customer=BY_PHONE)
    story.move(Phase.PLAN, reason="Eerst een ander rooster.")
    later = story.today + timedelta(days=30)
    assert names(lambda: story.move(Phase.DO, due_on=later)) == {"customer_told"}
    story.move(Phase.DO, due_on=later, told=ToldAnswer(ToldHow.CALL, "Karin", story.today))
    assert story.item.times_moved == 1


def test_R8_the_second_move_makes_a_quick_win_an_improvement_action(story):
    new_date(story, 30)
    assert story.item.kind is Kind.QUICK_WIN
    new_date(story, 35)
    assert (story.item.kind, story.item.round.baseline_lost) == (Kind.IMPROVEMENT, True)


# --- R9 ----------------------------------------------------------------------------------------------------


def test_R9_a_delay_asks_whether_it_is_still_needed(story):
    refused = missing(lambda: new_date(story, 30, still_needed=False))
    assert (set(refused), refused["still_needed"].rule) == ({"still_needed"}, "R9")
    assert refused["still_needed"].message == "No longer needed? Then stop it instead of giving a new date."
    new_date(story, 30)
    assert story.item.still_needed_on == story.today


def test_R9_saying_so_in_do_counts_until_the_last_useful_date_passes(story):
    edit(story.item, Answers(last_useful_on=story.today + timedelta(days=3)), by=story.owner, at=story.at)
    new_date(story, 30)
    story.later(days=4)
    assert story.facts.still_needed_on <= story.facts.last_useful_on < story.today
    edit(story.item, Answers(still_needed=True), by=story.owner, at=story.at)
    assert story.facts.still_needed_on == story.today


# --- R10 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_R10_an_important_customer_is_called_during_the_work(crew, kind):
    story = walk(crew, Phase.DO, kind, at=MONDAY, importance=Importance.HIGH)
    refused = missing(lambda: done(story))
    assert (set(refused), refused["called"].rule) == ({"called"}, "R10")
    assert refused["called"].message == "Call the customer during the work: this one is important."
    log_call(
        story.item,
        CallAnswer("Karin", story.today, "telefoon", CallVerdict.ADJUST, "Liever 's avonds."),
        by=story.owner,
        at=story.at,
    )
    done(story)
    assert story.item.phase is Phase.CHECK


def test_R10_a_call_is_made_in_do_with_somebody_and_says_how_it_goes(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY, importance=Importance.HIGH)
    call = CallAnswer("Karin", story.today, "telefoon", CallVerdict.GOING_WELL)
    assert names(lambda: log_call(story.item, call, by=story.owner, at=story.at)) == {"phase"}
    assert fields(lambda: edit(story.item, Answers(call=call), by=story.owner, at=story.at)) == {"call"}
    story.start().later(days=2)
    for wrong in (
        CallAnswer(" ", story.today, "telefoon", CallVerdict.ADJUST),
        CallAnswer("Karin", story.today, "telefoon", None),
        CallAnswer("Karin", story.today + timedelta(days=1), "telefoon", CallVerdict.ADJUST),
        CallAnswer("Karin", story.today - timedelta(days=3), "telefoon", CallVerdict.ADJUST),
    ):
        assert fields(lambda w=wrong: log_call(story.item, w, by=story.owner, at=story.at)) == {"call"}


def test_R10_may_be_waived_by_a_leader(crew):
    story = walk(crew, Phase.DO, at=MONDAY, importance=Importance.HIGH)
    waive(story.item, "R10", "Karin is op reis.", by=crew.leader, at=story.at)
    done(story)
    assert story.item.phase is Phase.CHECK


def test_R10_importance_made_normal_while_frozen_is_no_way_around(crew):
    story = walk(crew, Phase.DO, at=MONDAY, importance=Importance.HIGH).later(days=30)
    answers = {"carried_out": CarriedOutAnswer(story.today, "Gedaan."), "importance": Importance.NORMAL}
    assert names(lambda: story.move(Phase.CHECK, **answers)) == {"frozen"}


# --- waiting on others -------------------------------------------------------------------------------------


def test_waiting_on_others_says_what_and_until_when_and_the_clock_runs_on(story, crew):
    until = story.today + timedelta(days=5)
    assert fields(lambda: wait_on(story.item, " ", story.today - timedelta(days=1), by=story.owner, at=story.at)) == {
        "what",
        "until",
    }
    assert names(lambda: wait_on(story.item, "De drukker", until, by=crew.member, at=story.at)) == {"role"}
    wait_on(story.item, "De drukker", until, by=story.owner, at=story.at)
    assert (story.facts.waiting_on, story.facts.waiting_until) == ("De drukker", until)
    assert story.later(days=22).facts.is_frozen


def test_waiting_ends_by_saying_so_or_by_being_done(story):
    for end in (lambda: wait_no_longer(story.item, by=story.owner, at=story.at), lambda: done(story)):
        wait_on(story.item, "De drukker", story.today, by=story.owner, at=story.at)
        end()
        assert (story.item.waiting_on, story.item.waiting_until) == ("", None)


def test_only_work_in_do_waits_on_others(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    assert names(lambda: wait_on(story.item, "X", story.today, by=story.owner, at=story.at)) == {"phase"}
