"""The board: what stands where, in which words, and at what cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event

from pdca.board.progress import progress
from pdca.board.views import Wanted, board_view
from pdca.board.words import day_words
from pdca.db import db
from pdca.items import handovers
from pdca.items.answers import CustomerAnswer, LookalikeAnswer
from pdca.items.queries import facts_of
from pdca.items.terms import CustomerType, Kind, LookalikeChoice, Phase
from pdca.people.queries import standing_of
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
def counted(app):
    """How many statements a call sends to the database."""

    def count(call):
        sent = []
        with app.app_context():
            engine = db.engine
        listener = lambda *args: sent.append(args[2])  # noqa: E731 - event.remove wants the very same object
        event.listen(engine, "before_cursor_execute", listener)
        try:
            call()
        finally:
            event.remove(engine, "before_cursor_execute", listener)
        return len(sent)

    return count


@pytest.fixture
def seen(app, crew):
    """The board as the owner sees it at a moment."""

    def look(at, show="all", closed=False):
        with app.test_request_context():
            return board_view(crew.team, standing_of(crew.owner, crew.team.id), crew.owner, Wanted(show, closed), at=at)

    return look


def column(board, phase):
    return next(c for c in board.columns if c.phase == phase)


class TestColumns:
    def test_hold_their_cards_in_the_order_of_the_board(self, crew, at, seen):
        first, second = new(crew, at=at).item, new(crew, at=at).item
        assert [card.id for card in column(seen(at), "new").cards] == [second.id, first.id]

    def test_count_their_places(self, crew, at, seen):
        story = walk(crew, Phase.DO, at=at)
        do = column(seen(story.at), "do")
        assert (do.count, do.limit, do.places[:2], do.is_full) == (1, 8, ("on", ""), False)

    def test_keep_what_is_parked_below_them(self, crew, at, seen):
        story = new(crew, at=at)
        story.move(Phase.PARKED, by=crew.keeper, reason="Later", review_on=story.today + timedelta(days=10))
        plan = column(seen(story.at), "new")
        assert (plan.count, [card.id for card in plan.parked]) == (0, [story.item.id])

    def test_praise_an_empty_inbox_only_once_something_was_captured(self, crew, at, seen):
        assert not column(seen(at), "new").is_praise
        walk(crew, Phase.PLAN, at=at)
        assert column(seen(at), "new").is_praise

    def test_fold_what_is_closed_away(self, crew, at, seen):
        story = walk(crew, Phase.CLOSED, at=at)
        folded, opened = seen(story.at).closed, seen(story.at, closed=True).closed
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

    def test_is_frozen_the_day_after_its_promise(self, crew, at, seen):
        story = walk(crew, Phase.DO, at=at)
        story.later(days=23)
        card = column(seen(story.at), "do").cards[0]
        assert card.is_frozen
        assert "2" in card.frozen_words

    def test_says_who_it_is_being_handed_to(self, crew, at, seen):
        story = walk(crew, Phase.DO, at=at)
        note = handovers.Note(done="Alles", open="Niets", promised="Karin", watch_out="De drukte")
        handovers.hand_over(story.item, crew.member.id, note, by=crew.owner, at=story.at)
        card = column(seen(story.at), "do").cards[0]
        assert [flag.icon for flag in card.flags] == ["hand"]
        assert "Mila" in card.flags[0].words

    def test_wears_the_customers_last_mark(self, crew, at, seen):
        story = walk(crew, Phase.ACT, at=at)
        assert column(seen(story.at), "act").cards[0].mark == 8

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

    def test_has_a_bold_age_with_its_reason_when_nobody_decides(self, crew, at, seen):
        story = new(crew, at=at)
        assert column(seen(at), "new").cards[0].aged_why == ""
        story.later(days=10)
        assert column(seen(story.at), "new").cards[0].aged_why


class TestFilter:
    def test_keeps_the_quick_wins(self, crew, at, seen):
        quick = new(crew, at=at).item
        new(crew, Kind.IMPROVEMENT, at=at)
        board = seen(at, show="quick_wins")
        assert [card.id for card in column(board, "new").cards] == [quick.id]
        assert {f.key: f.count for f in board.filters}["actions"] == 1

    def test_keeps_mine(self, crew, at, seen):
        mine = walk(crew, Phase.DO, at=at)
        new(crew, at=at)
        board = seen(mine.at, show="mine")
        assert [card.id for c in board.columns for card in c.cards] == [mine.item.id]


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

    def test_gives_changed_columns_on_request(self, app, crew):
        url = f"/teams/{crew.team.id}/board/columns?phases=plan,do"
        text = signed_in(app, crew.owner).get(url, headers={"HX-Request": "true"}).text
        assert 'id="column-plan"' in text
        assert 'id="column-do"' in text
        assert 'id="column-act"' not in text
        assert text.count("hx-swap-oob") == 3

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
