"""Who can be asked: what a customer may always say (not me, no more mail), and putting a wrong address right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import planning
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Contact, Item
from pdca.items.permissions import guard, refuse, require_member
from pdca.items.queries import facts_of
from pdca.items.terms import ActorKind, CustomerType, Method
from pdca.mail.links import revoke_links_of_contact
from pdca.mail.operations import forget_mails_about, withdraw_about
from pdca.people.models import Person

AT_MOST = 500
ONLY_GROUPS = N_("Only a group has several customers. Choose “a group” as the kind of customer first.")


@dataclass(frozen=True)
class Somebody:
    """One more customer of a group, as typed."""

    name: str
    email: str = ""
    phone: str = ""
    locale: str = "nl"


def add_all(item: Item, people: Sequence[Somebody], *, by: Person, at: datetime) -> int:
    """More customers of a group in one go; who is there already stays as they are. How many came new."""
    guard(facts_of(item, at), Act.ANSWER)
    require_member(by, item)
    if item.customer_type is not CustomerType.GROUP:
        raise refuse(ONLY_GROUPS, rule="R18", field="people", name="group")
    known = {_key(c.name, c.email) for c in item.contacts}
    new = {_key(p.name, p.email): p for p in people if _key(p.name, p.email) not in known}
    if len(item.contacts) + len(new) > AT_MOST:
        raise Invalid([FieldError("people", N_("At most %(most)s customers can be asked."), {"most": AT_MOST})])
    for one in new.values():
        item.contacts.append(
            Contact(item_id=item.id, name=one.name, email=one.email, phone=one.phone, locale=one.locale)
        )
    ask_by_mail_now(item)
    if new:
        record(item, "customers_added", by=by, at=at, new={"count": len(new)})
    return len(new)


def ask_by_mail_now(item: Item) -> None:
    """Whoever can be mailed is asked by mail, unless somebody chose to call: that was only for want of an address."""
    by_default = "aftercare" in item.defaulted and item.care_method is Method.CALL
    if by_default and any(contact.may_be_mailed for contact in item.contacts):
        item.care_method = Method.MAIL
        planning.change_method(item, Method.MAIL)


def remove(contact: Contact, *, by: Person, at: datetime) -> None:
    """A wrong customer: they are not asked any more."""
    item = db.session.get_one(Item, contact.item_id)
    guard(facts_of(item, at), Act.ANSWER)
    require_member(by, item)
    replace(contact, at=at)
    record(item, "customer_removed", by=by, at=at, new={"contact": contact.id})


def _key(name: str, email: str) -> str:
    return email.casefold() or name.casefold()


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


# --- forgetting ------------------------------------------------------------------------------------------

BATCH = 200


def forget_addresses(ended_before: datetime) -> int:
    """Empty the addresses of customers whose matter ended before this, and their mails. How many, at most a batch.

    Names and answers stay with the item: they show whether it helped.
    """
    due = db.session.scalars(
        select(Contact)
        .join(Item, Item.id == Contact.item_id)
        .where(Item.ended_at < ended_before, (Contact.email != "") | (Contact.phone != ""))
        .order_by(Contact.id)
        .limit(BATCH)
    ).all()
    for contact in due:
        if contact.email:
            forget_mails_about("contact", contact.id, address=contact.email)
        contact.email = contact.phone = ""
    return len(due)
