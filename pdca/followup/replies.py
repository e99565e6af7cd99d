"""What an answer by mail does: a colleague's becomes a comment, a customer's is put on the item for its owner."""

from __future__ import annotations

from datetime import datetime

from pdca.db import db
from pdca.errors import NotFound
from pdca.followup.grouped import items_in
from pdca.items.letters import customer_wrote
from pdca.items.models import Check, Contact, Item
from pdca.items.queries import item_for
from pdca.items.talk import comment
from pdca.mail.models import Message
from pdca.people.models import Person


def colleague_replied(message: Message, text: str, at: datetime) -> bool:
    """A comment by them, under the rights they have now. A mail about several items does not say which one."""
    person = db.session.get(Person, message.person_id) if message.person_id is not None else None
    about = items_in(message)
    if person is None or not person.is_active or len(about) != 1:
        return False
    try:
        item = item_for(person, about.pop())
    except NotFound:
        return False
    comment(item, text, by=person, at=at)
    return True


def customer_replied(message: Message, text: str, at: datetime) -> bool:
    """On the item, marked as the customer's; after our question perhaps an answer, for the owner to confirm."""
    contact = db.session.get(Contact, message.about.get("contact"))
    if contact is None or contact.email != message.address or contact.not_the_person_at is not None:
        return False
    check = db.session.get(Check, message.about["check"]) if "check" in message.about else None
    customer_wrote(db.session.get_one(Item, contact.item_id), contact, text, at=at, check=check)
    return True
