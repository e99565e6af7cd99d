"""Named selects on a team's lists. `kind` is Service, CustomerGroup or Label: they are kept in the same way."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import func, select

from pdca.catalogue.models import Entry
from pdca.db import db
from pdca.errors import NotFound

Line = TypeVar("Line", bound=Entry)


def entries_of(kind: type[Line], team_id: int) -> list[Line]:
    """One list of a team: what is in use first, then by name."""
    return list(
        db.session.scalars(
            select(kind)
            .where(kind.team_id == team_id)
            .order_by(kind.retired_at.is_not(None), func.lower(kind.name), kind.id)
        )
    )


def offered(kind: type[Line], team_id: int) -> list[Line]:
    """What can be chosen from one list of a team, by name."""
    return [entry for entry in entries_of(kind, team_id) if entry.retired_at is None]


def entry_in(kind: type[Line], team_id: int, entry_id: int) -> Line:
    """One line of a team's list; NotFound when it is not on it."""
    entry = db.session.scalar(select(kind).where(kind.id == entry_id, kind.team_id == team_id))
    if entry is None:
        raise NotFound
    return entry


def entry_named(kind: type[Line], team_id: int, name: str) -> Line | None:
    """The line with this name, whatever its capitals, retired ones included."""
    return next((e for e in entries_of(kind, team_id) if e.name.casefold() == name.casefold()), None)
