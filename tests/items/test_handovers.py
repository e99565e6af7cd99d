"""Handovers (R5, R6): who is responsible at every moment, also when somebody leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pdca.db import db
from pdca.items.answers import Answers
from pdca.items.edit import edit
from pdca.items.handovers import Note, accept, assign, decline, hand_over, make_owner, withdraw
from pdca.items.models import Entry
from pdca.items.terms import HandoverState, Phase
from pdca.people.models import Absence, Membership, Role
from pdca.people.operations import remove_member
from tests.conftest import MONDAY
from tests.items.refusals import fields, missing, names
from tests.stories import new, walk

NOTE = Note("Balie 2 is open.", "Balie 3 nog.", "Karin: eind maart.", "De drukte op donderdag.")
OWN_WORDS = "Ik open balie 3 en bel Karin."


@pytest.fixture
def story(crew):
    """A quick win in Do."""
    return walk(crew, Phase.DO, at=MONDAY)


def give(story, to, by=None):
    return hand_over(story.item, to.id, NOTE, by=by or story.owner, at=story.at)


def leave(story, who):
    membership = db.session.query(Membership).filter_by(team_id=story.crew.team.id, person_id=who.id).one()
    remove_member(membership, by=who, at=story.at)
    db.session.flush()
    db.session.expire(who, ["memberships"])


def open_handover(item):
    [handover] = [h for h in item.handovers if h.state is HandoverState.OPEN]
    return handover


def what(item):
    return [e.what for e in db.session.query(Entry).filter_by(item_id=item.id).order_by(Entry.id)]


# --- giving and assigning ----------------------------------------------------------------------------------


def test_the_owner_gives_the_keeper_and_leader_assign_and_nobody_else(story, crew):
    for who in (crew.member, crew.viewer, crew.outsider):
        assert names(lambda w=who: give(story, crew.member, by=w)) == {"role"}
    for who in (crew.owner, crew.keeper, crew.leader):
        handover = give(story, crew.member, by=who)
        assert (handover.giver_id, handover.opened_by_id) == (crew.owner.id, who.id)
    assert [h.state for h in story.item.handovers] == [HandoverState.WITHDRAWN] * 2 + [HandoverState.OPEN]


def test_the_receiver_works_in_this_team_and_is_somebody_else(story, crew):
    for who in (crew.viewer, crew.outsider, crew.sponsor, crew.owner):
        assert fields(lambda w=who: give(story, w)) == {"to"}


def test_taking_an_item_yourself_needs_no_handover(crew):
    story = new(crew, at=MONDAY)
    make_owner(story.item, crew.member.id, by=crew.member, at=MONDAY)
    assert (story.item.owner_id, story.item.handovers) == (crew.member.id, [])


def test_being_made_owner_by_somebody_else_is_a_handover_with_a_note_from_the_item(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    edit(story.item, Answers(owner_id=crew.member.id), by=crew.keeper, at=story.at)
    handover = open_handover(story.item)
    assert (story.item.owner_id, handover.giver_id, handover.receiver_id) == (
        crew.owner.id,
        crew.owner.id,
        crew.member.id,
    )
    assert all((handover.done, handover.open, handover.promised, handover.watch_out))
    edit(story.item, Answers(owner_id=crew.member.id), by=crew.keeper, at=story.at)
    assert len(story.item.handovers) == 1


def test_who_assigns_an_unowned_item_is_responsible_until_it_is_accepted(crew):
    story = new(crew, at=MONDAY)
    make_owner(story.item, crew.owner.id, by=crew.keeper, at=MONDAY)
    assert (story.item.owner_id, open_handover(story.item).receiver_id) == (crew.keeper.id, crew.owner.id)
    accept(open_handover(story.item), OWN_WORDS, by=crew.owner, at=MONDAY)
    assert story.item.owner_id == crew.owner.id


def test_nobody_takes_an_item_from_its_owner(crew):
    story = new(crew, at=MONDAY)
    make_owner(story.item, crew.owner.id, by=crew.owner, at=MONDAY)
    mine = Answers(owner_id=crew.member.id)
    assert names(lambda: edit(story.item, mine, by=crew.member, at=MONDAY)) == {"role"}
    assert names(lambda: make_owner(story.item, crew.member.id, by=crew.viewer, at=MONDAY)) == {"role"}


# --- answering ---------------------------------------------------------------------------------------------


def test_accepting_moves_the_item_and_tells_old_and_new_owner_apart(story, crew):
    accept(give(story, crew.member), OWN_WORDS, by=crew.member, at=story.at)
    [entry] = db.session.query(Entry).filter_by(item_id=story.item.id, what="handover_accepted")
    assert (entry.old, entry.new, entry.why) == (crew.owner.id, crew.member.id, OWN_WORDS)
    assert story.facts.handover is None


def test_an_assignment_that_was_not_answered_goes_to_somebody_else(story, crew):
    handover = give(story, crew.member)
    assert names(lambda: assign(handover, crew.keeper.id, by=crew.member, at=story.at)) == {"role"}
    again = assign(handover, crew.keeper.id, by=crew.leader, at=story.at)
    assert (handover.state, again.receiver_id, again.giver_id) == (
        HandoverState.WITHDRAWN,
        crew.keeper.id,
        crew.owner.id,
    )
    assert (again.done, again.promised) == (NOTE.done, NOTE.promised)
    assert names(lambda: assign(handover, crew.member.id, by=crew.leader, at=story.at)) == {"answered"}


def test_the_giver_may_keep_it_after_all(story, crew):
    handover = give(story, crew.member)
    assert names(lambda: withdraw(handover, by=crew.member, at=story.at)) == {"role"}
    withdraw(handover, by=story.owner, at=story.at)
    assert (handover.state, story.item.owner_id) == (HandoverState.WITHDRAWN, crew.owner.id)
    assert names(lambda: accept(handover, OWN_WORDS, by=crew.member, at=story.at)) == {"answered"}


# --- leaving -----------------------------------------------------------------------------------------------


def test_who_leaves_is_replaced_by_the_keeper_at_once_and_every_item_waits_for_a_new_owner(crew):
    stories = [walk(crew, phase, at=MONDAY) for phase in (Phase.PLAN, Phase.DO, Phase.CHECK)]
    closed = walk(crew, Phase.CLOSED, at=MONDAY)
    leave(stories[-1], crew.owner)
    for story in stories:
        handover = open_handover(story.item)
        assert (story.item.caretaker_id, story.item.responsible_id) == (crew.keeper.id, crew.keeper.id)
        assert (handover.giver_id, handover.receiver_id) == (crew.owner.id, None)
        assert what(story.item)[-2:] == ["caretaker", "handover_opened"]
    assert closed.item.caretaker_id is None


def test_the_caretaker_acts_as_owner(story, crew):
    leave(story, crew.owner)
    story.later(days=1).move(Phase.PLAN, by=crew.keeper, reason="Even kijken.")
    assert story.item.phase is Phase.PLAN
    # The caretaker is responsible now: "by somebody other than the owner" does not mean them.
    from pdca.items.decisions import waive

    assert names(lambda: waive(story.item, "R31", "x", by=crew.keeper, at=story.at)) == {"someone_else"}


def test_the_caretaker_finds_a_new_owner(story, crew):
    leave(story, crew.owner)
    handover = assign(open_handover(story.item), crew.member.id, by=crew.keeper, at=story.at)
    assert names(lambda: withdraw(handover, by=crew.keeper, at=story.at)) == {"caretaker"}
    accept(handover, OWN_WORDS, by=crew.member, at=story.at)
    assert (story.item.owner_id, story.item.caretaker_id) == (crew.member.id, None)


def test_a_receiver_who_refuses_does_not_end_the_search(story, crew):
    leave(story, crew.owner)
    handover = assign(open_handover(story.item), crew.member.id, by=crew.keeper, at=story.at)
    decline(handover, "Geen tijd.", by=crew.member, at=story.at)
    again = open_handover(story.item)
    assert (again.receiver_id, again.giver_id, again.done) == (None, crew.owner.id, handover.done)
    assert story.item.caretaker_id == crew.keeper.id


def test_the_caretaker_may_take_it_over(story, crew):
    leave(story, crew.owner)
    make_owner(story.item, crew.keeper.id, by=crew.keeper, at=story.at)
    assert (story.item.owner_id, story.item.caretaker_id, story.facts.handover) == (crew.keeper.id, None, None)


def test_a_handover_that_was_on_its_way_stays_open_when_the_giver_leaves(story, crew):
    handover = give(story, crew.member)
    leave(story, crew.owner)
    assert open_handover(story.item) is handover
    accept(handover, OWN_WORDS, by=crew.member, at=story.at)
    assert (story.item.owner_id, story.item.caretaker_id) == (crew.member.id, None)


def test_when_the_receiver_leaves_the_giver_looks_for_another(story, crew):
    give(story, crew.member)
    leave(story, crew.member)
    again = open_handover(story.item)
    assert (again.receiver_id, again.giver_id, story.item.owner_id) == (None, crew.owner.id, crew.owner.id)
    assert story.item.caretaker_id is None


def test_when_the_keeper_leaves_too_the_leader_is_caretaker(story, crew):
    leave(story, crew.owner)
    waiting = open_handover(story.item)
    leave(story, crew.keeper)
    assert story.item.caretaker_id == crew.leader.id
    # It still waits for its new owner since the first of them left.
    assert open_handover(story.item) is waiting


def test_at_last_an_administrator_is_caretaker(story, crew):
    for who in (crew.keeper, crew.leader, crew.owner):
        leave(story, who)
    assert story.item.caretaker_id == crew.administrator.id


def test_an_item_without_an_owner_has_no_caretaker(crew):
    story = new(crew, at=MONDAY)
    leave(story, crew.member)
    assert (story.item.caretaker_id, story.item.handovers) == (None, [])


# --- standing in -------------------------------------------------------------------------------------------


def test_the_deputy_acts_as_owner_on_days_of_absence_only(story, crew):
    crew.owner.deputy_id = crew.member.id
    day = story.today
    db.session.add(Absence(person_id=crew.owner.id, from_on=day, until_on=day + timedelta(days=4)))
    db.session.flush()
    story.move(Phase.PLAN, by=crew.member, reason="Even kijken.")
    [entry] = db.session.query(Entry).filter_by(item_id=story.item.id, what="back_to_plan")
    assert (entry.actor_id, entry.on_behalf_of_id) == (crew.member.id, crew.owner.id)
    story.later(days=5)
    refused = missing(lambda: story.move(Phase.DO, by=crew.member))
    assert refused["role"].message == "Only the owner, or the board keeper on their behalf, may do this."


def test_a_new_member_can_receive(story, crew):
    joined = crew.join("Nora Nieuw", Role.MEMBER)
    accept(give(story, joined), OWN_WORDS, by=joined, at=story.at)
    assert story.item.owner_id == joined.id
