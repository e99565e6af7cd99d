"""Rows to begin a test with: a person, a team, somebody in it. What the test is not about has a default."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from flask import Flask
from flask.testing import FlaskClient

from pdca import clock
from pdca.db import db
from pdca.people.models import Membership, Person, Role, SignInBy, Sponsorship, Team
from pdca.people.sign_ins import open_session

BEGINNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_numbers = count(1)


def count_anew() -> None:
    """The same names and addresses once more: for a test that arranges the same rows again."""
    global _numbers
    _numbers = count(1)


def a_person(name: str = "", **given: object) -> Person:
    """An active person with a name and address of their own."""
    number = next(_numbers)
    name = name or f"Person {number}"
    given.setdefault("email", f"{name.split()[0].lower()}.{number}@example.org")
    given.setdefault("created_at", BEGINNING)
    person = Person(name=name, **given)
    db.session.add(person)
    db.session.flush()
    return person


def a_team(name: str = "", **given: object) -> Team:
    """A team without members, in Amsterdam."""
    team = Team(
        name=name or f"Team {next(_numbers)}",
        **{"timezone": "Europe/Amsterdam", "created_at": BEGINNING, **given},
    )
    db.session.add(team)
    db.session.flush()
    return team


def a_member(team: Team, role: Role = Role.MEMBER, person: Person | None = None, **given: object) -> Person:
    """Somebody with a role in the team."""
    person = person or a_person(**given)
    db.session.add(Membership(team_id=team.id, person_id=person.id, role=role, joined_at=BEGINNING))
    db.session.flush()
    return person


def a_sponsor(team: Team, person: Person | None = None) -> Person:
    """Somebody above the leaders of the team."""
    person = person or a_person()
    db.session.add(Sponsorship(team_id=team.id, person_id=person.id))
    db.session.flush()
    return person


def signed_in(app: Flask, person: Person, by: SignInBy = SignInBy.PASSWORD) -> FlaskClient:
    """A client that carries a session of this person; commits what the test arranged."""
    token = open_session(person, by, at=clock.now(), device="Firefox · Linux")
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client
