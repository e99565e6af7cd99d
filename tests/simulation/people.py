"""Who lives in the rehearsed installation: people with things that are due, in small teams, inserted in bulk."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, text

from pdca.db import db, touch
from pdca.followup import nodes
from pdca.items.models import Item, Round
from pdca.items.terms import Kind, Phase
from pdca.mail.models import Message
from pdca.mail.operations import queue
from pdca.mail.rendering import Rendered, register_renderer
from pdca.people.models import Membership, Person, Role, Team

TEAM = 5
# Nobody looks at this one: it only warms the mother up.
WARM = 999_999
LETTER = "letter"


def mark_of(person: int, thing: int) -> str:
    """What stands in the title of one thing to do: by it a mail is recognised."""
    return f"R{person * 10 + thing:07d}"


def address_of(person: int) -> str:
    """Where somebody is mailed."""
    return f"p{person}@example.nl"


def begin(at: datetime) -> None:
    """Today's look through everything was done."""
    nodes.note_run(nodes.SWEEP, at, "{}")


def arrive(first: int, count: int, each: int, at: datetime) -> None:
    """So many people arrive, who each took up so many things and have not planned them: a reminder is due."""
    taken_up = at - timedelta(days=16)
    numbers = range(first, first + count)
    people = _rows(Person, [_person(number, taken_up) for number in numbers])
    teams = _rows(Team, [_team(number, taken_up) for number in numbers[::TEAM]])
    of = {person: teams[n // TEAM] for n, person in enumerate(people)}
    _rows(Membership, [_membership(team, person, taken_up) for person, team in of.items()])
    items = [
        _item(of[person], person, number, thing, taken_up)
        for person, number in zip(people, numbers, strict=True)
        for thing in range(each)
    ]
    _rows(Round, [{"item_id": item, "number": 1, "opened_at": taken_up} for item in _rows(Item, items)])
    for team in teams:
        touch("team", team, taken_up)


def _rows(table: Any, rows: list[dict[str, Any]]) -> list[int]:
    found = db.session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), rows)
    return list(found)


def _person(number: int, at: datetime) -> dict[str, Any]:
    return {
        "email": address_of(number),
        "name": f"Persoon {number}",
        "locale": "en",
        "created_at": at,
        "mail_from": time(0),
        "mail_until": time(23, 59),
        "days_off": "",
        "is_administrator": False,
        "has_come_in": True,
    }


def _team(number: int, at: datetime) -> dict[str, Any]:
    return {
        "name": f"Team {number}",
        "timezone": "Europe/Amsterdam",
        "country": "NL",
        "created_at": at,
        "next_number": 1000,
    }


def _membership(team: int, person: int, at: datetime) -> dict[str, Any]:
    return {"team_id": team, "person_id": person, "role": Role.MEMBER, "joined_at": at}


def _item(team: int, person: int, number: int, thing: int, at: datetime) -> dict[str, Any]:
    return {
        "team_id": team,
        "number": number * 10 + thing,
        "kind": Kind.QUICK_WIN,
        "phase": Phase.PLAN,
        "phase_since": at,
        "title": f"Balie {mark_of(number, thing)}",
        "created_at": at,
        "taken_up_at": at,
        "last_progress_at": at,
        "owner_id": person,
        "defaulted": [],
        "rank": number,
    }


# --- plain mails -----------------------------------------------------------------------------------------


def register() -> None:
    """Who writes the plain mails."""
    register_renderer(LETTER, _write)


def _write(message: Message, _at: datetime) -> Rendered:
    line = f"Balie {message.about['mark']}"
    return Rendered(line, f"{line}\n", f"<html><body><p>{line}</p></body></html>")


def put_letters(first: int, count: int, at: datetime) -> None:
    """Plain mails, each to somebody else."""
    for number in range(first, first + count):
        about = {"mark": mark_of(number, 0)}
        queue(LETTER, address=address_of(number), about=about, dedupe_key=f"letter:{number}", at=at)


def rows(question: str) -> list[list[Any]]:
    """What the database says."""
    return [list(row) for row in db.session.execute(text(question))]
