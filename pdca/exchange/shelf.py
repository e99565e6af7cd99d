"""The team's lists of services and customer groups: a name in a row is matched, or made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from pdca.catalogue.models import CustomerGroup, Service
from pdca.db import db
from pdca.exchange.columns import Row
from pdca.items.terms import CustomerType

ListOf = type[Service] | type[CustomerGroup]
Names = dict[ListOf, set[str]]


def _no_names() -> Names:
    return {Service: set(), CustomerGroup: set()}


def names_in(row: Row) -> Iterator[tuple[ListOf, str]]:
    """The names of lists that stand in a row. A customer that is a group is a customer group too (R22)."""
    if row.service:
        yield Service, row.service
    if row.customer and row.customer_type is CustomerType.GROUP:
        yield CustomerGroup, row.customer


@dataclass
class Shelf:
    """What the lists hold, by name without capitals, and what this import found there and put there."""

    team_id: int
    ids: dict[ListOf, dict[str, int]]
    matched: Names = field(default_factory=_no_names)
    made: Names = field(default_factory=_no_names)
    fresh: dict[tuple[ListOf, str], int] = field(default_factory=dict)

    def id_of(self, kind: ListOf, name: str) -> int:
        """The id of this name; put on the list when it is not there yet."""
        known = self.ids[kind].get(name.casefold())
        if known is not None:
            return known
        row = kind(team_id=self.team_id, name=name)
        db.session.add(row)
        db.session.flush()
        self.fresh[kind, name.casefold()] = row.id
        return row.id

    def keep(self, row: Row) -> None:
        """The row was taken in: what it put here stays."""
        self.note(row)
        for (kind, name), ident in self.fresh.items():
            self.ids[kind][name] = ident
        self.fresh.clear()

    def note(self, row: Row) -> None:
        """Count the names of a row as matched or made."""
        for kind, name in names_in(row):
            is_new = name.casefold() not in self.ids[kind]
            made_before = any(name.casefold() == made.casefold() for made in self.made[kind])
            if is_new and not made_before:
                self.made[kind].add(name)
            elif not made_before:
                self.matched[kind].add(name)

    def drop(self) -> None:
        """The row was undone, and with it what it put here."""
        self.fresh.clear()


def shelf_of(team_id: int) -> Shelf:
    """What the team's lists hold now."""
    return Shelf(team_id, {kind: _ids(kind, team_id) for kind in (Service, CustomerGroup)})


def _ids(kind: ListOf, team_id: int) -> dict[str, int]:
    rows = db.session.execute(select(kind.name, kind.id).where(kind.team_id == team_id))
    return {name.casefold(): ident for name, ident in rows}
