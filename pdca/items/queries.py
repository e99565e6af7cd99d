"""Named selects on items, and the one builder of Facts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

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
    return facts_for([item.id], at)[item.id]


def facts_for(item_ids: Collection[int], at: datetime) -> dict[int, Facts]:
    """Facts by item id, in a constant number of queries however many items are asked for."""
    items = {i.id: i for i in db.session.scalars(select(Item).where(Item.id.in_(item_ids)))}
    if not items:
        return {}
    rules = rules_of({i.team_id for i in items.values()})
    parts = Parts(items)
    return {item.id: parts.facts(item, rules[item.team_id], at) for item in items.values()}
