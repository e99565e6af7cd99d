"""Rows that cannot be read (fault 29): they stop only themselves, also while it is planned whom to mail."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from pdca.db import db
from pdca.followup.units import found_among
from pdca.people.models import Person
from tests.followup.conftest import Stage, at, day


def poison(stage: Stage, person: Person, zone: str | None = "Mars/Phobos") -> None:
    """A time zone that nobody knows, as a later release or a hand in the database leaves it."""
    with stage.work():
        db.session.execute(update(Person).where(Person.id == person.id).values(timezone=zone))


@pytest.mark.fault(29)
def test_fault_29_whose_hours_cannot_be_read_holds_up_nobody_else(promised: Stage):
    """Planned for all on Thursday before seven; then it turns out that nobody can say when Omar reads."""
    promised.passes(at(3, 20)).passes(at(3, 26, 6))
    poison(promised, promised.team.owner)
    promised.passes(at(3, 26))
    assert promised.said("omar") == []
    assert promised.said("bo") == ["1 promise passed"]
    poison(promised, promised.team.owner, None)
    assert promised.passes(at(3, 26, 11)).said("omar") == ["1 promise passed"]


@pytest.mark.fault(29)
def test_fault_29_a_sponsor_like_that_holds_up_no_leader(promised: Stage):
    """On Monday morning: the digest."""
    poison(promised, promised.team.sponsor)
    assert promised.passes(day(7)).said("leyla")[:1] == ["overview"]


@pytest.mark.fault(29)
def test_fault_29_one_among_many_costs_a_few_looks():
    looks: list[int] = []

    def find(ids):
        looks.append(len(ids))
        if 700 in ids:
            raise LookupError("poison")
        return list(ids)

    ids = list(range(1000))
    assert found_among(ids, find) == [n for n in ids if n != 700]
    assert len(looks) < 25


def test_a_database_that_is_away_is_no_poison():
    def find(ids):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with pytest.raises(OperationalError):
        found_among([1, 2], find)
