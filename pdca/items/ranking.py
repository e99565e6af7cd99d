"""Order on the board: the client names neighbours, the server computes the rank. Always ORDER BY rank, id."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from pdca.db import db
from pdca.items.models import Item

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


def rank_for(item: Item, place: Place | None) -> int:
    """The rank that puts the item between its neighbours in its phase; at the top when none are named.

    A neighbour that left the column in the meantime is ignored: the other one decides.
    """
    if place is None or (place.after is None and place.before is None):
        return _top(item)
    after = _neighbour(item, place.after)
    before = _neighbour(item, place.before)
    if after is not None:
        return _below(item, after)
    if before is not None:
        return _above(item, before)
    return _top(item)


def _neighbour(item: Item, neighbour_id: int | None) -> Item | None:
    if neighbour_id is None or neighbour_id == item.id:
        return None
    found = db.session.get(Item, neighbour_id)
    same = found is not None and (found.team_id, found.phase) == (item.team_id, item.phase)
    return found if same else None


def _top(item: Item) -> int:
    lowest = db.session.scalar(
        select(func.min(Item.rank)).where(Item.team_id == item.team_id, Item.phase == item.phase, Item.id != item.id)
    )
    return 0 if lowest is None else lowest - GAP


def _below(item: Item, after: Item) -> int:
    """Right after that card, whatever a filter hides in between."""
    _part_equals(item, after)
    following = db.session.scalar(
        select(func.min(Item.rank)).where(
            Item.team_id == item.team_id, Item.phase == item.phase, Item.id != item.id, Item.rank > after.rank
        )
    )
    if following is None:
        return after.rank + GAP
    if following - after.rank < 2:
        spread(item.team_id, item.phase)
        return _below(item, after)
    return (after.rank + following) // 2


def _part_equals(item: Item, neighbour: Item) -> None:
    """Cards of equal rank stand in the order of their ids: part them first, or the place is somewhere among them."""
    equals = select(Item.id).where(
        Item.team_id == item.team_id,
        Item.phase == item.phase,
        Item.rank == neighbour.rank,
        Item.id.not_in([item.id, neighbour.id]),
    )
    if db.session.scalar(equals.limit(1)) is not None:
        spread(item.team_id, item.phase)


def _above(item: Item, before: Item) -> int:
    _part_equals(item, before)
    preceding = db.session.scalar(
        select(func.max(Item.rank)).where(
            Item.team_id == item.team_id,
            Item.phase == item.phase,
            Item.id != item.id,
            Item.rank < before.rank,
        )
    )
    if preceding is None:
        return before.rank - GAP
    if before.rank - preceding < 2:
        spread(item.team_id, item.phase)
        return _above(item, before)
    return (before.rank + preceding) // 2


def spread(team_id: int, phase: object) -> None:
    """Give a column even gaps again, in the order it has."""
    rows = db.session.scalars(
        select(Item).where(Item.team_id == team_id, Item.phase == phase).order_by(Item.rank, Item.id)
    ).all()
    for position, row in enumerate(rows):
        row.rank = position * GAP
    db.session.flush()
