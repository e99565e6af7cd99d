"""The board: what stands where, in which words, and at what cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from pdca.board.face import card_view
from pdca.board.filters import wanted_from
from pdca.board.progress import progress
from pdca.board.views import board_view, scene_of, seen_by
from pdca.board.words import day_words
from pdca.db import db
from pdca.followup.ages import closed_ages
from pdca.followup.stalled import Reason
from pdca.items import handovers
from pdca.items.answers import CustomerAnswer, LookalikeAnswer
from pdca.items.queries import facts_of
from pdca.items.terms import CustomerType, Kind, LookalikeChoice, Phase
from pdca.people.models import Person
from pdca.review.queries import stalled_in
from tests import stories
from tests.factories import signed_in
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)
UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture(autouse=True)
def monday(at):
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def seen(app, crew):
    """The board as the owner sees it at a moment."""

    def look(at, **args):
        with app.test_request_context():
            scene = scene_of(crew.team.id, crew.owner, wanted_from(args), at)
            return board_view(seen_by(crew.owner, crew.team.id, at), scene)

    return look


@pytest.fixture
def face(app, crew):
    """What one card says."""

    def look(story):
        with app.test_request_context():
            names = {person.id: person.name for person in db.session.scalars(select(Person))}
            return card_view(facts_of(story.item, story.at), names, closed_ages([crew.team.id]).old_from(story.facts))

    return look


def ids(slips):
    return [slip.id for slip in slips]


def column(board, phase):
    return next(c for c in board.columns if c.phase == phase)


class TestColumns:
    def test_hold_their_cards_in_the_order_of_the_board(self, crew, at, seen):
        first, second = new(crew, at=at).item, new(crew, at=at).item
        assert ids(column(seen(at), "new").slips) == [second.id, first.id]

    def test_count_their_places(self, crew, at, seen):
        story = walk(crew, Phase.DO, at=at)
        do = column(seen(story.at), "do")
        assert (do.count, do.limit, do.places[:2], do.is_full) == (1, 8, ("on", ""), False)

    def test_keep_what_is_parked_below_them(self, crew, at, seen):
        story = new(crew, at=at)
        story.move(Phase.PARKED, by=crew.keeper, reason="Later", review_on=story.today + timedelta(days=10))
        plan = column(seen(story.at), "new")
        assert (plan.count, ids(plan.parked.slips)) == (0, [story.item.id])

    def test_praise_an_empty_inbox_only_once_something_was_captured(self, crew, at, seen):
        assert not column(seen(at), "new").is_praise
        walk(crew, Phase.PLAN, at=at)
        assert column(seen(at), "new").is_praise

    def test_fold_what_is_closed_away(self, crew, at, seen):
        story = walk(crew, Phase.CLOSED, at=at)
        folded, opened = seen(story.at).closed, seen(story.at, closed="1").closed
        assert (folded.count, folded.cards) == (1, None)
        assert [card.id for card in opened.cards] == [story.item.id]


class TestCard:
    def test_says_the_promise_in_words(self, app, crew, at):
        today = stories.day_of(at)
        days = [today, today + timedelta(1), today + timedelta(3), today + timedelta(20), today + timedelta(400)]
        with app.test_request_context(headers={"Accept-Language": "en"}):
            assert [day_words(day, today) for day in days] == [
                "today", "tomorrow", "Thursday", "22 March", "6 April 2027",
            ]  # fmt: skip

    def test_is_frozen_the_day_after_its_promise(self, crew, at, face):
        story = walk(crew, Phase.DO, at=at)
        story.later(days=23)
        card = face(story)
        assert card.is_frozen
        assert "2" in card.frozen_words

    def test_says_who_it_is_being_handed_to(self, crew, at, face):
        story = walk(crew, Phase.DO, at=at)
        note = handovers.Note(done="Alles", open="Niets", promised="Karin", watch_out="De drukte")
        handovers.hand_over(story.item, crew.member.id, note, by=crew.owner, at=story.at)
        card = face(story)
        assert [flag.icon for flag in card.flags] == ["hand"]
        assert "Mila" in card.flags[0].words

    def test_wears_the_customers_last_mark(self, crew, at, face):
        story = walk(crew, Phase.ACT, at=at)
        assert face(story).mark == 8

    def test_counts_only_what_the_gate_will_ask(self, crew, at):
        """A quick win with a known customer is asked for its date alone; all else comes by itself."""
        story = walk(crew, Phase.PLAN, at=at)
        assert (progress(story.facts).done, progress(story.facts).total) == (0, 1)

    def test_tells_that_a_quick_win_may_start(self, crew, at):
        story = walk(crew, Phase.PLAN, at=at)
        story.item.due_on = story.today + timedelta(days=5)
        assert progress(facts_of(story.item, story.at)).ready_for == "do"

    def test_asks_more_of_an_unknown_customer(self, crew, at):
        known = progress(walk(crew, Phase.PLAN, at=at).facts).total
        unknown = progress(walk(crew, Phase.PLAN, at=at, customer=UNKNOWN, lookalikes=DIFFERENT).facts).total
        assert unknown >= known

    def test_has_a_bold_age_with_its_reason_when_nobody_decides(self, crew, at, face):
        story = new(crew, at=at)
        assert face(story).aged_why == ""
        story.later(days=10)
        assert face(story).aged_why


class TestTwoAges:
    """The card shows the days in its column and the days since the start."""

    def test_stand_on_the_card_once_they_differ(self, crew, at, face):
        story = walk(crew, Phase.DO, at=at)
        story.later(days=9)
        assert (face(story).age_words, face(story).work_words) == ("9 d", "")
        story.finish().later(days=2)
        assert (face(story).age_words, face(story).work_words) == ("2 d", "16 d")

    def test_are_bold_above_what_the_teams_own_closed_items_took(self, crew, at, face):
        story = walk(crew, Phase.DO, at=at, due_on=stories.day_of(at) + timedelta(days=40)).later(days=9)
        assert face(story).aged_why == ""
        close_ten(crew, story, days=3)
        assert "3" in face(story).aged_why

    def test_are_bold_where_the_leader_sees_it_stalled(self, app, crew, at, face):
        """One function: what is bold on the card is what the leader's page calls old."""
        story = walk(crew, Phase.DO, at=at, due_on=stories.day_of(at) + timedelta(days=40)).later(days=9)
        close_ten(crew, story, days=3)
        whys = {why.reason for line in stalled_in([crew.team.id], story.at) for why in line.whys}
        assert (bool(face(story).aged_why), Reason.OLD in whys) == (True, True)


def close_ten(crew, story, days):
    """Ten quick wins that took this many days in Do and are closed, as an import leaves them."""
    for number in range(10):
        item = new(crew, at=story.at, title=f"Klaar {number}").item
        item.phase, item.ended_at = Phase.CLOSED, story.at
        item.round.started_at = story.at - timedelta(days=days)
        item.round.carried_out_on = stories.day_of(story.at)
    db.session.flush()


class TestFilter:
    def test_keeps_the_quick_wins(self, crew, at, seen):
        quick = new(crew, at=at).item
        new(crew, Kind.IMPROVEMENT, at=at)
        board = seen(at, kind="quick_win")
        assert ids(column(board, "new").slips) == [quick.id]
        kinds = next(choice for choice in board.choices if choice.key == "kind")
        assert {option.key: option.count for option in kinds.options} == {"quick_win": 1, "improvement": 1}

    def test_keeps_mine(self, crew, at, seen):
        mine = walk(crew, Phase.DO, at=at)
        new(crew, at=at)
        board = seen(mine.at, **{"is": "mine"})
        assert ids(slip for c in board.columns for slip in c.slips) == [mine.item.id]


class TestPage:
    def test_shows_every_column_and_card(self, app, crew, at):
        title = new(crew, at=at, title="Bordje <balie> 3 & de rest").item.title
        page = signed_in(app, crew.owner).get(f"/teams/{crew.team.id}/board").text
        assert all(f'id="column-{phase}"' in page for phase in ("new", "plan", "do", "check", "act", "closed"))
        assert title not in page
        assert "Bordje &lt;balie&gt; 3 &amp; de rest" in page

    def test_is_hidden_from_another_team(self, app, crew):
        assert signed_in(app, crew.outsider).get(f"/teams/{crew.team.id}/board").status_code == 404

    def test_home_leads_to_ones_own_board(self, app, crew):
        answer = signed_in(app, crew.owner).get("/")
        assert answer.location == f"/teams/{crew.team.id}/board"

    def test_home_tells_who_has_no_team(self, app, crew):
        assert signed_in(app, crew.outsider).get("/").status_code == 200

    def test_gives_only_what_the_page_does_not_have(self, app, crew, at):
        item = new(crew, at=at).item
        client, url = signed_in(app, crew.owner), f"/teams/{crew.team.id}/board/changes"
        first = client.get(url).json
        assert set(first["columns"]) == {"new", "plan", "do", "check", "act"}
        have = ",".join(f"{name}:{said['print']}" for name, said in first["columns"].items())
        assert client.get(url, query_string={"have": have, "head": first["print"]}).json == {"columns": {}}
        other = new(crew, at=at, title="Fietsenrek").item
        then = client.get(url, query_string={"have": have, "want": str(other.id)}).json
        assert [card_id for card_id, _ in then["columns"]["new"]["cards"]] == [other.id, item.id]
        assert set(then["columns"]) == {"new"}
        assert [card.count(f'id="card-{other.id}"') for card in then["cards"]] == [1]

    def test_hands_out_no_card_of_another_board(self, app, crew, at):
        item = new(crew, at=at).item
        other = stories.crew("Elders")
        client = signed_in(app, other.owner)
        assert client.get(f"/teams/{other.team.id}/board/cards?ids={item.id}").json == {"cards": []}
        assert client.get(f"/teams/{crew.team.id}/board/cards?ids={item.id}").status_code == 404

    def test_a_viewer_gets_no_capture_line(self, app, crew):
        page = signed_in(app, crew.viewer).get(f"/teams/{crew.team.id}/board").text
        assert "capture-line" not in page
        assert "role-viewer" in page


def test_a_full_board_costs_no_more_queries_than_an_empty_one(app, crew, at, counted):
    client = signed_in(app, crew.owner)
    url = f"/teams/{crew.team.id}/board"
    new(crew, at=at)
    few = counted(lambda: client.get(url))
    for thing in ("Fietsenrek", "Postzegel", "Hondenpoep", "Lantaarn", "Zwembad", "Trouwzaal", "Kliko", "Vuurwerk"):
        walk(crew, Phase.PLAN, at=at, title=thing, lookalikes=DIFFERENT)
        new(crew, at=at)
    db.session.commit()
    assert counted(lambda: client.get(url)) <= few + 3


class TestLook:
    def test_is_remembered_for_the_person_on_every_page(self, app, crew, at):
        walk(crew, Phase.PLAN, at=at)
        client, url = signed_in(app, crew.owner), f"/teams/{crew.team.id}/board"
        assert client.post(f"{url}/look", data={"lanes": "owner", "query": "is=mine"}).location == f"{url}?is=mine"
        assert client.post(f"{url}/look", data={"compact": "1"}).status_code == 303
        page = client.get(url).text
        assert ('class="lane"' in page, "is-compact" in page) == (True, True)
        assert 'class="lane"' not in signed_in(app, crew.member).get(url).text

    def test_can_be_set_back(self, app, crew, at):
        walk(crew, Phase.PLAN, at=at)
        client, url = signed_in(app, crew.owner), f"/teams/{crew.team.id}/board"
        for lanes in ("owner", ""):
            client.post(f"{url}/look", data={"lanes": lanes, "query": "lanes=owner"})
        assert 'class="lane"' not in client.get(url).text

    def test_refuses_a_grouping_it_does_not_know(self, app, crew):
        url = f"/teams/{crew.team.id}/board/look"
        assert signed_in(app, crew.owner).post(url, data={"lanes": "colour"}).status_code == 422
