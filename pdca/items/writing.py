"""Who writes what down when, and the plain ways of doing it: a column, a text, a text of the round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pdca import clock
from pdca.errors import N_, FieldError, Invalid
from pdca.items.journal import record
from pdca.items.models import Item
from pdca.items.terms import ActorKind
from pdca.people.models import Person


@dataclass(frozen=True)
class Writing:
    """Who writes what down when; handed to every setter."""

    item: Item
    by: Person | None
    at: datetime
    kind: ActorKind = ActorKind.PERSON
    # Nobody gave these answers: stored defaults, never silent.
    is_default: bool = False

    @property
    def today(self) -> date:
        """Today in the team's zone."""
        return clock.today(self.item.team.timezone, self.at)

    def note(self, field: str, old: Any, new: Any, what: str = "edited") -> None:
        """One fact for the journal."""
        what = "defaulted" if self.is_default and what == "edited" else what
        record(self.item, what, by=self.by, at=self.at, kind=self.kind, field=field, old=old, new=new)


def column(name: str) -> Callable[[Writing, Any], None]:
    """A setter for one plain column of the item."""

    def set_column(w: Writing, value: Any) -> None:
        old = getattr(w.item, name)
        if old != value:
            setattr(w.item, name, value)
            w.note(name, old, value)

    return set_column


def text_column(name: str, limit: int) -> Callable[[Writing, Any], None]:
    """A setter for a text that may not be emptied."""
    plain = column(name)

    def set_text(w: Writing, value: Any) -> None:
        text = " ".join(value.split()) if limit <= 300 else value.strip()
        if not text:
            raise Invalid([FieldError(name, N_("Write something here."))])
        if len(text) > limit:
            raise Invalid([FieldError(name, N_("Use at most %(limit)s characters."), {"limit": limit})])
        plain(w, text)

    return set_text


def round_text(name: str) -> Callable[[Writing, Any], None]:
    def set_text(w: Writing, value: Any) -> None:
        text = value.strip()
        if not text:
            raise Invalid([FieldError(name, N_("Write something here."))])
        old = getattr(w.item.round, name)
        if old != text:
            setattr(w.item.round, name, text)
            w.note(name, old, text)

    return set_text
