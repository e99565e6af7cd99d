"""Order on the board: the client names neighbours, the server computes the rank. Always ORDER BY rank, id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from pdca.db import changed_on, db, table_of
from pdca.items.models import Item
from pdca.items.terms import Phase

GAP = 1024
# Names our queue among PostgreSQL's advisory locks.
QUEUE = 7331


@dataclass(frozen=True)
class Place:
    """Neighbours by item id, as the person saw them; None on an edge or when not said."""

    after: int | None = None
    before: int | None = None


def queue(team_id: int) -> bool:
    """One after the other on a board: call it before the first write. Whether somebody may have been before us.

    SQLite has one writer at a time anyway. On PostgreSQL two who move between the same neighbours would find the
    same rank.
    """
    session = db.session
    if session.get_bind().dialect.name != "postgresql":
        return False
    session.flush()
    session.execute(select(func.pg_advisory_xact_lock(QUEUE, team_id)))
    return True


def queue_for(item: Item) -> None:
    """The same, and the item as it is now: two who move one card may not both see where it stood."""
    if queue(item.team_id):
        db.session.refresh(item)


def rank_for(item: Item, place: Place | None, phase: Phase) -> int:
    """The rank that puts the item between its neighbours in this phase; at the top when none are named.

    A neighbour that left the column in the meantime is ignored: the other one decides.
    """
    after, before = (place.after, place.before) if place is not None else (None, None)
    below = _beside(item, after, phase, _BELOW)
    if below is not None:
        return _between(below.rank, below.next, GAP)
    above = _beside(item, before, phase, _ABOVE)
    if above is not None:
        return _between(above.rank, above.next, -GAP)
    return _top(item, phase)


def put(item: Item, rank: int) -> None:
    """One indexed update, and word to the open boards: nothing else of the item changes."""
    db.session.flush()
    db.session.execute(_PUT, {"item": item.id, "place": rank})
    set_committed_value(item, "rank", rank)
    changed_on(item.team_id)


def _between(rank: int, following: int | None, gap: int) -> int:
    return rank + gap if following is None else (rank + following) // 2


def _top(item: Item, phase: Phase) -> int:
    lowest = db.session.scalar(_LOWEST, _here(item, phase))
    return 0 if lowest is None else lowest - GAP


def _beside(item: Item, neighbour_id: int | None, phase: Phase, statement: Select[Any]) -> Any:
    """The neighbour's rank and the next one beyond, parted when nothing fits in between; None when it is not here."""
    if neighbour_id is None or neighbour_id == item.id:
        return None
    asked = {**_here(item, phase), "neighbour": neighbour_id}
    found = db.session.execute(statement, asked).one_or_none()
    if found is None or not _is_tight(found):
        return found
    spread(item.team_id, phase)
    return db.session.execute(statement, asked).one()


def _is_tight(found: Any) -> bool:
    """Cards of equal rank stand in the order of their ids: part them first, or the place is somewhere among them."""
    return found.has_equals or (found.next is not None and abs(found.next - found.rank) < 2)


def _here(item: Item, phase: Phase) -> dict[str, Any]:
    # One that is not stored yet is nobody's neighbour either.
    return {"team": item.team_id, "phase": phase, "item": item.id or 0}


def spread(team_id: int, phase: object) -> None:
    """Give a column even gaps again, in the order it has."""
    rows = db.session.scalars(
        select(Item).where(Item.team_id == team_id, Item.phase == phase).order_by(Item.rank, Item.id)
    ).all()
    for position, row in enumerate(rows):
        row.rank = position * GAP
    db.session.flush()


# --- what is asked: built once, for the most frequent write of all -----------------------------------------

_CARD = table_of(Item).c
_BESIDE = table_of(Item).alias("beside").c
_OTHERS = (
    _CARD.team_id == bindparam("team", type_=_CARD.team_id.type),
    _CARD.phase == bindparam("phase", type_=_CARD.phase.type),
    _CARD.id != bindparam("item", type_=_CARD.id.type),
)
_LOWEST = select(func.min(_CARD.rank)).where(*_OTHERS)
_PUT = update(table_of(Item)).where(_CARD.id == bindparam("item")).values(rank=bindparam("place"))


def _asking(following: ColumnElement[int | None], is_beyond: ColumnElement[bool]) -> Select[Any]:
    """The neighbour in this column, the nearest rank beyond it, and whether another card has the very same rank."""
    equals = exists().where(*_OTHERS, _CARD.rank == _BESIDE.rank, _CARD.id != _BESIDE.id)
    return select(
        _BESIDE.rank,
        select(following).where(*_OTHERS, is_beyond).scalar_subquery().label("next"),
        equals.label("has_equals"),
    ).where(
        _BESIDE.id == bindparam("neighbour"), _BESIDE.team_id == bindparam("team"), _BESIDE.phase == bindparam("phase")
    )


# Whatever a filter hides in between.
_BELOW = _asking(func.min(_CARD.rank), _CARD.rank > _BESIDE.rank)
_ABOVE = _asking(func.max(_CARD.rank), _CARD.rank < _BESIDE.rank)
