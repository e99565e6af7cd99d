"""Has it come back? The customer's answer by phone, on the item's page (R15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from pdca.db import db
from pdca.items.models import Item
from pdca.items.terms import Phase
from tests import stories
from tests.conftest import MONDAY
from tests.factories import signed_in
from tests.stories import walk


@pytest.fixture
def closed(session):
    """A quick win that was closed."""
    story = walk(stories.crew(), Phase.CLOSED, at=MONDAY)
    story.owner.locale = "en"
    session.commit()
    return story


@pytest.mark.parametrize(("day", "is_asked"), [(167, False), (168, True), (198, True), (199, False)])
def test_R15_the_page_asks_from_day_168_until_day_198(app, closed, day, is_asked):
    with time_machine.travel(closed.at + timedelta(days=day), tick=True):
        page = signed_in(app, closed.owner).get(f"/items/{closed.item.id}").text
    assert (f"/items/{closed.item.id}/recurrence" in page) is is_asked


def test_R15_the_customer_says_it_came_back_after_the_time_to_reopen_is_over(app, closed):
    with time_machine.travel(closed.at + timedelta(days=190), tick=True):
        owner = signed_in(app, closed.owner)
        path = f"/items/{closed.item.id}/recurrence"
        assert 'name="cause"' in owner.get(path).text
        assert owner.post(path, data={}).status_code == 422
        assert owner.post(path, data={"cause": "back_again"}).status_code == 303
        assert owner.post(path, data={"cause": "back_again"}).status_code == 409
    db.session.expire_all()
    item = db.session.get_one(Item, closed.item.id)
    assert (item.phase, item.round_number, item.recurrences) == (Phase.PLAN, 2, 1)


def test_R15_a_viewer_and_a_stranger_do_not(app, closed):
    with time_machine.travel(closed.at + timedelta(days=190), tick=True):
        path = f"/items/{closed.item.id}/recurrence"
        assert signed_in(app, closed.crew.viewer).post(path, data={"cause": "back_again"}).status_code == 409
        assert signed_in(app, closed.crew.outsider).post(path, data={"cause": "back_again"}).status_code == 404
