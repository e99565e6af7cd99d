"""What a customer may always say: I am not the right person, don't mail me again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from pdca.db import db
from pdca.items.journal import record
from pdca.items.models import Contact, Item
from pdca.items.terms import ActorKind


def not_the_person(contact: Contact, *, at: datetime) -> None:
    """This mail reached somebody else; the owner finds out and calls."""
    if contact.not_the_person_at is None:
        contact.not_the_person_at = at
        _tell(contact, "not_the_person", at)


def opt_out(contact: Contact, *, at: datetime) -> None:
    """No more mail to this address, from whichever item; the questions become the owner's calls."""
    same = [contact]
    if contact.email:
        same = list(db.session.scalars(select(Contact).where(Contact.email == contact.email)))
    for row in same:
        if row.opted_out_at is None:
            row.opted_out_at = at
            _tell(row, "opted_out", at)


def _tell(contact: Contact, what: str, at: datetime) -> None:
    item = db.session.get_one(Item, contact.item_id)
    record(item, what, by=None, at=at, kind=ActorKind.CUSTOMER, new={"contact": contact.id})
