"""Where nobody else is left an administrator owes it: what becomes of that when administrators come and go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.followup import invariants, sweep
from pdca.followup.models import Duty
from pdca.items.models import Item
from pdca.people import accounts, operations
from pdca.people.models import Membership, Person, Sponsorship
from tests.factories import a_person
from tests.stories import crew, new

LATER = timedelta(hours=1)


@pytest.fixture
def team(session, at):
    """A team that everybody left, with one open item; a second administrator, who came later."""
    made = crew()
    second = a_person("Bea Boss", is_administrator=True)
    story = new(made, at=at)
    db.session.commit()
    for row in db.session.scalars(select(Membership)).all():
        operations.remove_member(row, by=made.administrator, at=at)
    for row in db.session.scalars(select(Sponsorship)).all():
        operations.remove_sponsor(row, by=made.administrator, at=at)
    db.session.commit()
    made.second, made.item = second, story.item
    return made


def holder(item: Item) -> str:
    """Who owes the decision on it."""
    db.session.commit()
    duty = select(Duty.holder_id).where(Duty.subject_id == item.id, Duty.kind == "decide")
    return db.session.get_one(Person, db.session.scalars(duty).one()).name


def holds(at) -> None:
    """No invariant is broken, and tonight's look through everything finds nothing to mend."""
    assert list(invariants.broken(at)) == []
    assert sweep.sweep(list(db.session.scalars(select(Item.id))), at) == []


def test_who_is_switched_off_hands_it_to_the_next_administrator(team, at):
    assert holder(team.item) == team.administrator.name
    accounts.deactivate(team.administrator, by=team.second, at=at + LATER)
    assert holder(team.item) == "Bea Boss"
    holds(at + LATER)


def test_who_gives_back_the_keys_too(team, at):
    accounts.no_longer_administrator(team.administrator, by=team.second, at=at + LATER)
    assert holder(team.item) == "Bea Boss"
    holds(at + LATER)


def test_a_new_administrator_who_comes_first_owes_it_from_then_on(team, at):
    accounts.no_longer_administrator(team.administrator, by=team.second, at=at + LATER)
    db.session.commit()
    accounts.make_administrator(team.administrator, by=team.second, at=at + 2 * LATER)
    assert holder(team.item) == team.administrator.name
    holds(at + 2 * LATER)


def test_a_sponsor_who_is_switched_off_is_followed_by_an_administrator(team, at):
    operations.add_sponsor(team.team, team.sponsor, by=team.administrator, at=at)
    assert holder(team.item) == team.sponsor.name
    accounts.deactivate(team.sponsor, by=team.administrator, at=at + LATER)
    assert holder(team.item) == team.administrator.name
    holds(at + LATER)
