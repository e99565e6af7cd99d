"""When somebody leaves: a caretaker at once, and every item waits for its new owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from pdca.db import db
from pdca.items.handovers import note_from, note_of, open_handover
from pdca.items.journal import record
from pdca.items.models import Handover, Item
from pdca.items.permissions import KEEPERS
from pdca.items.terms import OPEN_PHASES, HandoverState
from pdca.people.models import Person, Team
from pdca.people.queries import people_with


def release(person: Person, team_id: int, by: Person | None, at: datetime) -> None:
    """Somebody leaves: the board keeper is caretaker at once, and every item waits for its new owner."""
    caretaker = _caretaker(team_id, person)
    items = db.session.scalars(
        select(Item)
        .where(
            Item.team_id == team_id,
            Item.phase.in_(OPEN_PHASES),
            (Item.owner_id == person.id) | (Item.caretaker_id == person.id),
        )
        .options(selectinload(Item.handovers))
    ).all()
    for item in items:
        item.caretaker_id = caretaker.id if caretaker else None
        record(item, "caretaker", by=by, at=at, field="caretaker_id", old=person.id, new=item.caretaker_id)
        if not any(h.state is HandoverState.OPEN for h in item.handovers):
            open_handover(item, None, note_from(item), by=by, at=at, giver_id=person.id)
    _look_again(person, team_id, by=by, at=at)


def _look_again(person: Person, team_id: int, *, by: Person | None, at: datetime) -> None:
    """What was on its way to somebody who leaves looks for another receiver."""
    rows = db.session.scalars(
        select(Handover)
        .join(Item, Item.id == Handover.item_id)
        .where(Item.team_id == team_id, Handover.receiver_id == person.id, Handover.state == HandoverState.OPEN)
    ).all()
    for row in rows:
        open_handover(row.item, None, note_of(row), by=by, at=at, giver_id=row.giver_id)


def _caretaker(team_id: int, leaver: Person) -> Person | None:
    """The board keeper, else a leader, else an administrator."""
    for role in KEEPERS:
        for person in people_with(team_id, role):
            if person.id != leaver.id:
                return person
    return db.session.scalar(
        select(Person)
        .where(Person.is_administrator, Person.deactivated_at.is_(None), Person.id != leaver.id)
        .order_by(Person.id)
        .limit(1)
    )


def still_held(person: Person) -> Iterator[str]:
    """Open items whose owner this person still is, and handovers that wait for them: nobody is erased around these."""
    theirs = (Item.owner_id == person.id) | (Item.caretaker_id == person.id) | Item.id.in_(_on_their_way(person))
    rows = select(Team.name, Item.number, Item.title).join(Team, Team.id == Item.team_id)
    for team, number, title in db.session.execute(
        rows.where(Item.phase.in_(OPEN_PHASES), theirs).order_by(Team.name, Item.number)
    ):
        yield f"{team} {number} · {title}"


def _on_their_way(person: Person) -> Select[int]:
    return select(Handover.item_id).where(Handover.receiver_id == person.id, Handover.state == HandoverState.OPEN)
