"""What the customer's page asks of the outbox."""

from __future__ import annotations

from datetime import datetime

from pdca.clock import today
from pdca.db import db
from pdca.items.models import Check, Contact
from pdca.items.terms import UNSETTLED
from pdca.mail.keys import which_one
from pdca.mail.models import Link, Message
from pdca.mail.operations import queue


def send_new_link(link: Link, *, at: datetime) -> Message | None:
    """Mail a fresh link for the same check to the address that is stored; once a day, and only while it is asked."""
    check = db.session.get(Check, link.subject_id)
    contact = db.session.get(Contact, link.contact_id) if link.contact_id else None
    if check is None or contact is None or check.state not in UNSETTLED or not contact.may_be_mailed:
        return None
    day = today(check.item.team.timezone, at)
    since = which_one(check.item.created_at, contact.email)
    return queue(
        "aftercare",
        address=contact.email,
        about={"check": check.id, "contact": contact.id, "asked_for": True},
        dedupe_key=f"aftercare-again:{check.id}:{contact.id}:{day.isoformat()}:{since}",
        at=at,
    )
