"""What changes a team's lists. A line is retired, never deleted: items that have it keep it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from pdca.catalogue.models import Entry
from pdca.catalogue.queries import entry_named
from pdca.db import db, touch
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.people.models import Person
from pdca.people.operations import NOT_YOUR_SETTINGS
from pdca.people.permissions import may_edit_settings
from pdca.people.queries import standing_of

TAKEN = N_("This name is in the list already.")
TAKEN_RETIRED = N_("This name is in the list, but retired. Bring it back instead.")


def add_entry(kind: type[Entry], team_id: int, name: str, *, by: Person | None, at: datetime) -> Entry:
    """A new line on one list of a team; Invalid when its name is taken. `by` None is the machine itself."""
    _require(by, team_id)
    _not_taken(kind, team_id, name)
    entry = kind(team_id=team_id, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(entry)
    except IntegrityError:
        raise Invalid([FieldError("name", TAKEN)]) from None
    touch("team", team_id, at)
    return entry


def rename_entry(entry: Entry, name: str, *, by: Person, at: datetime) -> None:
    """Another name for the same thing: cards that have it show the new one."""
    _require(by, entry.team_id)
    if name.casefold() != entry.name.casefold():
        _not_taken(type(entry), entry.team_id, name)
    entry.name = name
    touch("team", entry.team_id, at)


def retire_entry(entry: Entry, *, by: Person, at: datetime) -> None:
    """No longer offered; what has it keeps it."""
    _require(by, entry.team_id)
    entry.retired_at = entry.retired_at or at
    touch("team", entry.team_id, at)


def bring_back_entry(entry: Entry, *, by: Person, at: datetime) -> None:
    """Offered again."""
    _require(by, entry.team_id)
    entry.retired_at = None
    touch("team", entry.team_id, at)


def _require(by: Person | None, team_id: int) -> None:
    if by is not None and not may_edit_settings(standing_of(by, team_id)):
        raise NotAllowed([Missing("role", "", NOT_YOUR_SETTINGS)])


def _not_taken(kind: type[Entry], team_id: int, name: str) -> None:
    there = entry_named(kind, team_id, name)
    if there is not None:
        raise Invalid([FieldError("name", TAKEN if there.retired_at is None else TAKEN_RETIRED)])
