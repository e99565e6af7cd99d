"""What follows when a mail was taken by a server, or was given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from pdca.db import db
from pdca.followup.customers import KINDS
from pdca.followup.gather import KIND
from pdca.followup.grouped import items_in
from pdca.followup.ledger import tell
from pdca.followup.redirect import reached_nobody
from pdca.items.models import Contact, Item, Word
from pdca.mail.models import Message


def accepted(message: Message, at: datetime) -> None:
    """What was sent about an item can no longer be taken back; what was told is not told to others later."""
    if word_id := message.about.get("word"):
        told = update(Word).where(Word.id == word_id, Word.told_at.is_(None)).values(told_at=at)
        db.session.execute(told.execution_options(synchronize_session=False))
    ids = items_in(message) if message.kind == KIND else _customers_item(message)
    if ids:
        # Without loading them: it is on no board, and no open board need ask what changed.
        about = update(Item).where(Item.id.in_(ids)).values(last_mailed_at=at)
        db.session.execute(about.execution_options(synchronize_session=False))


def dead(message: Message, at: datetime) -> None:
    """A colleague's reminders go to the next in line; a customer who cannot be mailed is called."""
    if message.kind == KIND:
        reached_nobody(message, at)
    elif message.kind in KINDS:
        _tell_owner(message, at)


def _tell_owner(message: Message, at: datetime) -> None:
    for item in db.session.scalars(select(Item).where(Item.id.in_(_customers_item(message)))):
        if item.responsible_id is not None:
            tell(item.responsible_id, "mail_failed", f"mail_failed:{message.id}", at=at, item_id=item.id)


def _customers_item(message: Message) -> set[int]:
    if message.kind not in KINDS:
        return set()
    contact = db.session.get(Contact, message.about.get("contact"))
    return {contact.item_id} if contact else set()
