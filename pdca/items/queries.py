"""Named selects on items, and the one builder of Facts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm.util import identity_key

from pdca.db import db
from pdca.errors import NotFound
from pdca.items.facts import Facts
from pdca.items.gathering import Parts
from pdca.items.models import Answer, Check, Item
from pdca.people.models import Person
from pdca.people.queries import rules_of, visible_team_ids


def item_for(person: Person, item_id: int) -> Item:
    """The item, through the teams this person may see; NotFound otherwise."""
    item = db.session.get(Item, item_id)
    if item is None or item.team_id not in visible_team_ids(person):
        raise NotFound()
    return item


def check_of(item: Item, check_id: int) -> Check:
    """A check through its item; NotFound otherwise."""
    found = next((c for c in item.checks if c.id == check_id), None)
    if found is None:
        raise NotFound
    return found


def answer_of(item: Item, check_id: int, answer_id: int) -> Answer:
    """An answer through its item and check; NotFound otherwise."""
    found = next((a for a in check_of(item, check_id).answers if a.id == answer_id), None)
    if found is None:
        raise NotFound
    return found


def facts_of(item: Item, at: datetime) -> Facts:
    """The facts of one item, after writing what is pending."""
    db.session.flush()
    return _facts({item.id: item}, at)[item.id]


def facts_for(item_ids: Collection[int], at: datetime) -> dict[int, Facts]:
    """Facts by item id, in a constant number of queries however many items are asked for."""
    db.session.flush()
    items = items_by_id(item_ids)
    return _facts(items, at) if items else {}


def items_by_id(item_ids: Collection[int]) -> dict[int, Item]:
    """These items; what this unit of work holds already is not read again."""
    held = (db.session.identity_map.get(identity_key(Item, ident)) for ident in item_ids)
    items = {item.id: item for item in held if item is not None and not inspect(item).expired}
    if missing := [ident for ident in item_ids if ident not in items]:
        items |= {item.id: item for item in db.session.scalars(_ITEMS, {"ids": missing})}
    return items


_ITEMS = select(Item).where(Item.id.in_(bindparam("ids", expanding=True)))


def _facts(items: dict[int, Item], at: datetime) -> dict[int, Facts]:
    rules = rules_of({i.team_id for i in items.values()})
    parts = Parts(items)
    return {item.id: parts.facts(item, rules[item.team_id], at) for item in items.values()}
