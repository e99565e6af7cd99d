"""A card tells more without being opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from pdca.db import db
from pdca.items import talk
from pdca.items.terms import Phase
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
def peek(app):
    """The fragment as somebody sees it."""
    return lambda who, item: signed_in(app, who).get(f"/items/{item.id}/peek")


class TestPeek:
    def test_tells_why_what_is_missing_and_what_happened_last(self, crew, at, peek):
        story = walk(crew, Phase.PLAN, at=at)
        story.item.purpose = "Zodat ik niet een uur vrij hoef te nemen."
        talk.comment(story.item, "Karin belde terug.", by=crew.member, at=story.at)
        said = peek(crew.owner, story.item).text
        assert "Zodat ik niet een uur vrij hoef te nemen." in said
        assert "Before it can go to Do" in said
        assert "Mila Jansen wrote: Karin belde terug." in " ".join(said.split())

    def test_is_a_fragment_that_nobody_keeps(self, crew, at, peek):
        answer = peek(crew.owner, new(crew, at=at).item)
        assert ("<html" in answer.text, answer.headers["Cache-Control"]) == (False, "no-store")

    def test_is_hidden_from_another_team(self, crew, at, peek):
        assert peek(crew.outsider, new(crew, at=at).item).status_code == 404


def test_a_long_story_costs_no_more_queries(app, crew, at, counted):
    story = walk(crew, Phase.DO, at=at)
    talk.comment(story.item, "Het begin", by=crew.member, at=story.at)
    client = signed_in(app, crew.owner)
    few = counted(lambda: client.get(f"/items/{story.item.id}/peek"))
    for number in range(20):
        talk.comment(story.item, f"Nummer {number}", by=crew.member, at=story.at)
    db.session.commit()
    assert counted(lambda: client.get(f"/items/{story.item.id}/peek")) == few
