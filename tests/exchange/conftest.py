"""A team with a board keeper, a member and a viewer, and the rows that the project came with."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from pdca.people.models import Membership, Person, Role, Team

LONG_AGO = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)


@pytest.fixture
def team(session):
    """Committed, so that a command sees it."""
    made = Team(name="Burgerzaken", timezone="Europe/Amsterdam", created_at=LONG_AGO)
    people = {role: _person(role) for role in ("keeper", "member", "viewer")}
    session.add_all([made, *people.values()])
    session.flush()
    for name, role in (("keeper", Role.BOARD_KEEPER), ("member", Role.MEMBER), ("viewer", Role.VIEWER)):
        session.add(Membership(team_id=made.id, person_id=people[name].id, role=role, joined_at=LONG_AGO))
    session.commit()
    return SimpleNamespace(team=made, id=made.id, **people)


def _person(name):
    return Person(email=f"{name}@example.org", name=name.title(), created_at=LONG_AGO)
