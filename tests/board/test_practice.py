"""The first day: a board to practise on, which goes away whole."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from pdca.db import db
from pdca.followup.models import Duty
from pdca.items.models import Item, Round
from pdca.people.models import Team
from tests import stories
from tests.factories import a_person, signed_in


@pytest.fixture
def administrator(session):
    return a_person("Ada Brink", is_administrator=True)


@pytest.fixture
def ada(app, administrator):
    return signed_in(app, administrator)


def practice():
    db.session.expire_all()
    return db.session.scalar(select(Team).where(Team.is_practice))


def count(*models):
    db.session.expire_all()
    return [db.session.scalar(select(func.count()).select_from(model)) for model in models]


class TestOpening:
    def test_is_offered_to_the_first_administrator_and_has_cards_in_three_columns(self, ada):
        assert 'action="/practice"' in ada.get("/").text
        answer = ada.post("/practice")
        assert answer.status_code == 303, answer.text
        assert answer.location == f"/teams/{practice().id}/board"
        phases = sorted(phase.value for phase in db.session.scalars(select(Item.phase)))
        assert phases == ["do", "new", "new", "new", "new", "plan"]
        assert "/practice/removal" in ada.get(answer.location).text

    def test_is_not_offered_where_there_is_a_team(self, ada):
        stories.crew()
        assert 'action="/practice"' not in ada.get("/").text
        assert ada.post("/practice").status_code == 409
        assert practice() is None

    def test_is_for_administrators(self, app, session):
        assert signed_in(app, a_person("Otto Ver")).post("/practice").status_code == 409
        assert practice() is None


class TestRemoving:
    def test_takes_everything_along_even_a_frozen_round(self, app, ada, at):
        ada.post("/practice")
        team_id = practice().id
        db.session.scalars(select(Round)).first().frozen_at = at
        db.session.commit()
        assert ada.post(f"/teams/{team_id}/practice/removal").status_code == 303
        assert count(Team, Item, Round, Duty) == [0, 0, 0, 0]
        assert 'action="/practice"' in ada.get("/").text

    def test_never_takes_another_board(self, ada):
        team_id = stories.crew().team.id
        assert ada.post(f"/teams/{team_id}/practice/removal").status_code == 404
        assert count(Team) == [1]

    def test_is_for_administrators(self, app, ada):
        ada.post("/practice")
        team_id = practice().id
        assert signed_in(app, a_person("Otto Ver")).post(f"/teams/{team_id}/practice/removal").status_code == 409
        assert count(Item) == [6]
