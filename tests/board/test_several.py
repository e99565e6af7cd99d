"""One act on several cards: the operations of one card, each card with an answer of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from pdca.board.several import MOST
from pdca.catalogue.models import Label
from pdca.db import db
from pdca.items.models import Handover, Item
from pdca.items.terms import HandoverState, Phase
from tests import stories
from tests.factories import signed_in
from tests.stories import new, walk


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture(autouse=True)
def monday(at):
    with time_machine.travel(at + timedelta(hours=2), tick=False) as traveller:
        yield traveller


@pytest.fixture
def send(app, crew):
    """Post the form as a member of the team."""

    def send(who, act, stories_, **fields):
        data = {"item": [story.item.id for story in stories_], "act": act, **fields}
        return signed_in(app, who).post(f"/teams/{crew.team.id}/board/several", data=data)

    return send


def fresh(story):
    db.session.expire_all()
    return db.session.get(Item, story.item.id)


def the_label(crew, name="Balie"):
    label = Label(team_id=crew.team.id, name=name)
    db.session.add(label)
    db.session.flush()
    return label


class TestLabel:
    def test_is_hung_beside_what_hangs_there(self, crew, at, send):
        one, two, old, wanted = new(crew, at=at), new(crew, at=at), the_label(crew, "Oud"), the_label(crew)
        one.item.labels = [old]
        answer = send(crew.owner, "label", [one, two], label=wanted.id)
        assert (answer.status_code, answer.location) == (303, f"/teams/{crew.team.id}/board")
        assert [{x.name for x in fresh(story).labels} for story in (one, two)] == [{"Oud", "Balie"}, {"Balie"}]


class TestOwner:
    def test_becomes_a_handover_that_waits_for_its_receiver(self, crew, at, send):
        """R5, R6: nobody is made owner by a bar."""
        story = walk(crew, Phase.DO, at=at)
        assert send(crew.owner, "owner", [story], owner=crew.member.id).status_code == 303
        open_ = db.session.query(Handover).filter_by(item_id=story.item.id, state=HandoverState.OPEN).one()
        assert (open_.receiver_id, fresh(story).owner_id) == (crew.member.id, crew.owner.id)

    def test_is_refused_for_a_card_that_is_not_ones_own_and_names_it(self, crew, at, send):
        mine, other = walk(crew, Phase.DO, at=at), walk(crew, Phase.DO, at=at)
        other.item.owner_id = crew.leader.id
        answer = send(crew.owner, "owner", [other, mine], owner=crew.member.id)
        assert answer.status_code == 200
        assert other.item.title in answer.text
        handed = {row.item_id for row in db.session.query(Handover).filter_by(state=HandoverState.OPEN)}
        assert handed == {mine.item.id}


class TestPark:
    def test_asks_reason_and_day_once(self, crew, at, send):
        one, two = new(crew, at=at), new(crew, at=at)
        day = stories.day_of(at) + timedelta(days=30)
        send(crew.keeper, "park", [one, two], reason="Na de zomer", review_on=day.isoformat())
        parked = [(fresh(story).phase, fresh(story).review_on, fresh(story).end_reason) for story in (one, two)]
        assert parked == [(Phase.PARKED, day, "Na de zomer")] * 2

    def test_names_what_cannot_be_parked_and_parks_the_rest(self, crew, at, send):
        fresh_one, working = new(crew, at=at), walk(crew, Phase.DO, at=at)
        day = stories.day_of(at) + timedelta(days=30)
        answer = send(crew.keeper, "park", [working, fresh_one], reason="Later", review_on=day.isoformat())
        assert (answer.status_code, working.item.title in answer.text) == (200, True)
        assert (fresh(working).phase, fresh(fresh_one).phase) == (Phase.DO, Phase.PARKED)

    def test_keeps_what_was_typed_when_the_day_is_missing(self, crew, at, send):
        story = new(crew, at=at)
        answer = send(crew.keeper, "park", [story], reason="Na de verbouwing")
        assert (answer.status_code, fresh(story).phase) == (422, Phase.NEW)
        assert "Na de verbouwing" in answer.text
        assert "f-review_on-error" in answer.text


class TestAnybody:
    def test_who_only_looks_changes_nothing(self, crew, at, send):
        story, label = new(crew, at=at), the_label(crew)
        assert send(crew.viewer, "label", [story], label=label.id).status_code == 409
        assert fresh(story).labels == []

    def test_of_another_team_finds_nothing(self, crew, at, send):
        assert send(crew.outsider, "label", [new(crew, at=at)], label=1).status_code == 404

    def test_cannot_reach_a_card_of_another_board(self, crew, at, send):
        other = new(stories.crew("Elders"), at=at, title="Geheim van elders")
        answer = send(crew.owner, "label", [other], label=the_label(crew).id)
        assert (answer.status_code, "Geheim" in answer.text, fresh(other).labels) == (409, False, [])

    def test_asks_for_cards(self, crew, send):
        assert send(crew.owner, "owner", [], owner=crew.member.id).status_code == 422

    def test_asks_for_no_more_than_can_be_done_at_once(self, app, crew):
        data = {"item": list(range(1, MOST + 2)), "act": "owner", "owner": crew.member.id}
        answer = signed_in(app, crew.owner).post(f"/teams/{crew.team.id}/board/several", data=data)
        assert answer.status_code == 422


def test_the_board_offers_the_boxes_without_a_script(app, crew, at):
    new(crew, at=at)
    page = signed_in(app, crew.owner).get(f"/teams/{crew.team.id}/board?pick=1").text
    assert ("is-picking" in page, 'form="several"' in page, 'id="several"' in page) == (True, True, True)


def test_who_only_looks_is_offered_no_bar(app, crew):
    assert 'id="several"' not in signed_in(app, crew.viewer).get(f"/teams/{crew.team.id}/board?pick=1").text
