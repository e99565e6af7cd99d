"""Many people move cards on one board at the same time; and every open board hears of it, whoever did it."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from pdca.board.checkup import every_card_has_its_place
from pdca.board.watching import watcher_for
from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.models import Entry, Item, Move
from pdca.items.terms import LookalikeChoice, Phase
from tests import stories
from tests.conftest import MANY_HANDS
from tests.factories import signed_in
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)
# The whole is 50 × 200 (PDCA_MANY=50x200); the short form finds the same mistakes, a little less surely.
CLIENTS, MOVES = map(int, MANY_HANDS.split("x"))
CARDS = 12


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture
def cards(crew, at):
    """Half of them in New, half in Plan."""
    for number in range(CARDS // 2):
        new(crew, at=at, title=f"Kaartje {number} van nieuw", lookalikes=DIFFERENT)
        walk(crew, Phase.PLAN, at=at, title=f"Kaartje {number} van plan", lookalikes=DIFFERENT)
    db.session.commit()
    return list(db.session.scalars(select(Item.id).order_by(Item.id)))


def _mover(client, team_id, cards, dice, answers):
    for turn in range(MOVES):
        card, after, before = dice.sample(cards, 3)
        to = dice.choice(("new", "plan"))
        if turn % 6 == 5:
            answers.append(client.post(f"/teams/{team_id}/items", data={"title": f"Erbij {dice.random()}"}).status_code)
        else:
            values = {"to": to, "after": str(after), "before": dice.choice((str(before), ""))}
            headers = {"HX-Request": "true"}
            answers.append(client.post(f"/items/{card}/moves", data=values, headers=headers).status_code)


def test_no_card_is_lost_and_no_rank_is_given_twice(app, crew, cards):
    before = db.session.scalar(select(func.count()).select_from(Item))
    answers: list[int] = []
    movers = [
        threading.Thread(target=_mover, args=(client, crew.team.id, cards, random.Random(number), answers))
        for number, client in enumerate([signed_in(app, crew.keeper) for _ in range(CLIENTS)])
    ]
    db.session.commit()
    began = time.monotonic()
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    took = time.monotonic() - began
    print(f"\n{len(answers)} answers in {took:.0f} s: {Counter(answers)}")  # noqa: T201 - shown with -s
    db.session.expire_all()
    assert len(answers) == CLIENTS * MOVES
    assert [status for status in answers if status >= 500] == []
    captured = CLIENTS * len([turn for turn in range(MOVES) if turn % 6 == 5])
    assert db.session.scalar(select(func.count()).select_from(Item)) == before + captured
    places = db.session.execute(select(Item.team_id, Item.phase, Item.rank)).all()
    assert len(places) == len(set(places))
    moves = db.session.scalar(select(func.count()).select_from(Move))
    in_journal = db.session.scalar(select(func.count()).select_from(Entry).where(Entry.field == "phase"))
    assert moves == in_journal
    assert list(every_card_has_its_place(False)) == []


def test_the_doctor_parts_cards_that_stand_on_one_place(app, crew, cards):
    first, second = (db.session.get_one(Item, card) for card in cards[:3:2])
    second.rank = first.rank
    db.session.commit()
    assert len(list(every_card_has_its_place(False))) == 1
    assert list(every_card_has_its_place(True)) == []
    assert first.rank != second.rank


class TestWatching:
    @pytest.fixture
    def watcher(self, app, crew):
        db.session.commit()
        watcher = watcher_for(db.engine)
        watcher.changed()
        yield watcher
        watcher.close()

    @staticmethod
    def _told(watcher):
        teams, deadline = set(), time.monotonic() + 30
        while not teams and time.monotonic() < deadline:
            teams = watcher.changed()
        return teams

    def test_a_new_card_is_noticed(self, watcher, app, crew, at):
        new(crew, at=at)
        db.session.commit()
        assert self._told(watcher) == {crew.team.id}

    def test_another_order_is_noticed(self, app, crew, cards, watcher):
        card, after = cards[0], cards[2]
        answer = signed_in(app, crew.keeper).post(f"/items/{card}/moves", data={"to": "new", "after": str(after)})
        assert answer.status_code == 303
        assert crew.team.id in self._told(watcher)

    def test_what_is_undone_is_not(self, watcher, crew, at):
        new(crew, at=at)
        db.session.rollback()
        assert watcher.changed() == set()
