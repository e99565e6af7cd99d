"""Items over HTTP: people who are signed in, and a way to see that nothing changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from pdca import clock
from pdca import db as ground
from pdca.db import Base, db
from pdca.items.answers import LookalikeAnswer
from pdca.items.models import Item
from pdca.items.terms import Kind, LookalikeChoice
from pdca.people.models import Person, TeamSetting
from tests import stories
from tests.factories import signed_in
from tests.stories import Crew, Story

HTMX = {"HX-Request": "true"}
# A Wednesday, noon in Amsterdam. On the machine's own clock a test that runs over midnight has two todays.
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
TODAY = NOW.date()
# What signing in writes, and the counter of what was written: they change nothing of an item.
ASIDE = {"sign_in", "person", "tick"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(autouse=True)
def _somebody_reconciles():
    if not ground._reconcilers:
        ground.register_reconciler(lambda _touched: None)


@pytest.fixture
def crew(session) -> Crew:
    """A team with people in all roles, and room for many items."""
    crew = stories.crew()
    for name in ("wip_owner", "wip_do", "wip_check"):
        session.add(TeamSetting(team_id=crew.team.id, name=name, value="30"))
    session.flush()
    return crew


@pytest.fixture
def client_of(app, session) -> Callable[[Person], FlaskClient]:
    """A browser in which this person is signed in."""
    return lambda person: signed_in(app, person)


@pytest.fixture
def owner(crew, client_of) -> FlaskClient:
    """The owner's browser."""
    return client_of(crew.owner)


@pytest.fixture
def story(crew) -> Callable[..., Story]:
    """A captured item some days ago, on its way."""

    def begin(kind: Kind = Kind.QUICK_WIN, days_ago: int = 3, **answers: object) -> Story:
        made = stories.new(crew, kind, at=clock.now() - timedelta(days=days_ago), **answers)
        made.answers["lookalikes"] = LookalikeAnswer(LookalikeChoice.DIFFERENT)
        return made

    return begin


@pytest.fixture
def frozen(story) -> Item:
    """A quick win in Do whose date passed."""
    return story(days_ago=38).take_up().start().item


@pytest.fixture
def frozen_check(story) -> Item:
    """A quick win in Check whose first check was not settled in time."""
    return story(days_ago=60).take_up().start().finish().item


def everything() -> dict[str, list[tuple]]:
    """Every row of every table: what must not change when an act is refused."""
    db.session.commit()
    return {
        table.name: sorted(map(repr, db.session.execute(select(table))))
        for table in Base.metadata.sorted_tables
        if table.name not in ASIDE
    }


def missing(answer) -> list[str]:
    """The criteria that the questions of a page or sheet name."""
    return re.findall(r'data-missing="([^"]+)"', answer.text)


def refused(answer) -> list[str]:
    """The criteria that a refusal itself named."""
    found = re.search(r'data-refused="([^"]*)"', answer.text)
    return found[1].split() if found else []


def phase_of(item: Item) -> str:
    """Where it is now, as another process would see it."""
    db.session.commit()
    db.session.refresh(item)
    return item.phase.value
