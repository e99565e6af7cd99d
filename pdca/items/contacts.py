"""Who can be asked: what a customer may always say (not me, no more mail), and putting a wrong address right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from pdca.db import db
from pdca.items.journal import record
from pdca.items.models import Contact, Item
from pdca.items.terms import ActorKind
from pdca.mail.links import revoke_links_of_contact
from pdca.mail.operations import withdraw_about


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


def replace(contact: Contact, *, at: datetime) -> None:
    """Somebody else is the customer: links to the old address end, mail that has not left is withdrawn.

    Who was asked already stays, as who they were; who was never asked is simply gone.
    """
    item = db.session.get_one(Item, contact.item_id)
    if contact.id is not None:
        revoke_links_of_contact(contact.id, at=at)
        withdraw_about("contact", contact.id, address=contact.email, at=at)
    if any(check.due_on is not None for check in item.checks):
        contact.not_the_person_at = contact.not_the_person_at or at
        return
    item.contacts.remove(contact)
    db.session.delete(contact)


def _tell(contact: Contact, what: str, at: datetime) -> None:
    item = db.session.get_one(Item, contact.item_id)
    record(item, what, by=None, at=at, kind=ActorKind.CUSTOMER, new={"contact": contact.id})
