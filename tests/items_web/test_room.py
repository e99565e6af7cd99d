"""Work in progress shows before it hurts (R31): at the gate to Do, and where a card is handed over."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import event

from pdca.db import db
from pdca.people.models import TeamSetting
from tests.items_web.conftest import HTMX


@pytest.fixture
def limits(crew, session):
    def put(**limits):
        for name, value in limits.items():
            row = session.query(TeamSetting).filter_by(team_id=crew.team.id, name=name).one()
            row.value = str(value)
        session.commit()

    return put


@pytest.mark.parametrize(
    ("others", "said"), [(0, None), (1, "with this one 2 of 3 in Do"), (2, "with this one 3 of 3 in Do")]
)
def test_the_gate_to_do_says_when_the_owner_is_nearly_full(owner, story, limits, others, said):
    for _ in range(others):
        story().take_up().start()
    item = story().take_up().item
    limits(wip_owner=3)
    sheet = unescape(owner.get(f"/items/{item.id}/steps/do", headers=HTMX).text)
    assert ("Omar Bakker" in sheet and (said or "") in sheet, "of 3 in Do" in sheet) == (True, said is not None)


def test_the_gate_to_do_says_when_the_column_is_nearly_full(owner, story, limits):
    story().take_up().start()
    item = story().take_up().item
    limits(wip_do=2)
    sheet = unescape(owner.get(f"/items/{item.id}/steps/do", headers=HTMX).text)
    assert "with this one 2 of 2 in Do" in sheet
    assert "with this one 2 of 30 in Do" not in sheet


def test_who_hands_over_sees_what_each_colleague_has_in_hand(owner, crew, story, session):
    omar, crew.owner = crew.owner, crew.member
    story().take_up().start()
    crew.owner = omar
    item = story().take_up().item
    session.commit()
    for path in ("handovers", "steps/do"):
        sheet = unescape(owner.get(f"/items/{item.id}/{path}", headers=HTMX).text)
        assert ("Mila Jansen: 1 of 30 in Do" in sheet, "Bo Kuipers:" in sheet) == (True, False), path


def test_the_lists_cost_as_many_queries_for_many_as_for_one(owner, story, app, session):
    seen: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))
    item = story().take_up().item
    session.commit()

    def cost() -> int:
        seen.clear()
        assert owner.get(f"/items/{item.id}/handovers", headers=HTMX).status_code == 200
        return len(seen)

    cost()
    one = cost()
    for _ in range(5):
        story().take_up().start()
    session.commit()
    cost()
    assert cost() == one
