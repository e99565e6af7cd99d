"""What the customer's page may show: the customer's own matter and nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pdca.aftercare.onward import Onward, onward
from pdca.db import db
from pdca.items.checks import CORRECTION, may_correct
from pdca.items.counter import PURPOSE as COUNTER
from pdca.items.models import Answer, Check, Contact, Item
from pdca.items.terms import UNSETTLED, Phase
from pdca.mail.links import find_any_link, find_link
from pdca.mail.models import Link
from pdca.text import in_a_sentence

ASKS = "aftercare"
REOPENS = "reopen"
# A link takes this many posts; a person needs two or three.
POSTS = 10
# A counter is for many.
COUNTER_POSTS = 1000


@dataclass(frozen=True)
class Asked:
    """A live link to one check."""

    link: Link
    check: Check
    contact: Contact
    answer: Answer | None
    at: datetime

    @property
    def name(self) -> str:
        """The customer as they are spoken to, where a sentence has begun."""
        return in_a_sentence(self.contact.name)

    @property
    def item(self) -> Item:
        """The customer's own item."""
        return self.check.item

    @property
    def carried_out_on(self) -> date | None:
        """When the work this check asks about was done."""
        return next((r.carried_out_on for r in self.item.rounds if r.number == self.check.round_number), None)

    @property
    def is_open(self) -> bool:
        """Whether this contact may still answer."""
        return self.answer is None and self.check.state in UNSETTLED and self.check.due_on is not None

    @property
    def may_correct(self) -> bool:
        """Whether the answer that was given can still be changed."""
        return self.answer is not None and may_correct(self.answer, self.check, self.at)

    @property
    def correct_until(self) -> datetime | None:
        """Until when."""
        return self.answer.recorded_at + CORRECTION if self.answer is not None and self.may_correct else None

    @property
    def onward(self) -> Onward | None:
        """What happens with the answer."""
        return onward(self.check, self.answer) if self.answer is not None else None


@dataclass(frozen=True)
class CameBack:
    """A live link of a closing mail."""

    link: Link
    item: Item
    contact: Contact

    @property
    def name(self) -> str:
        """The customer as they are spoken to, where a sentence has begun."""
        return in_a_sentence(self.contact.name)

    @property
    def is_open(self) -> bool:
        """Whether the item is still closed, so that it can be reopened."""
        return self.item.phase is Phase.CLOSED


@dataclass(frozen=True)
class Counter:
    """A live link of a counter: many people answer, none by name."""

    link: Link
    check: Check

    @property
    def item(self) -> Item:
        """The group's item."""
        return self.check.item

    @property
    def is_open(self) -> bool:
        """Whether somebody may still answer."""
        return self.check.verdict is None and self.check.state in UNSETTLED and self.check.due_on is not None


Opened = Asked | CameBack | Counter


def opened(token: str, at: datetime) -> Opened | None:
    """What a token opens; None when the link is unknown, expired or revoked."""
    return asked(token, at) or came_back(token, at) or at_counter(token, at)


def asked(token: str, at: datetime) -> Asked | None:
    """The check behind a token."""
    link = find_link(token, ASKS, at)
    if link is None or link.contact_id is None:
        return None
    check, contact = db.session.get(Check, link.subject_id), db.session.get(Contact, link.contact_id)
    if check is None or contact is None or contact.item_id != check.item_id:
        return None
    answer = next((a for a in check.answers if a.contact_id == contact.id), None)
    return Asked(link, check, contact, answer, at)


def came_back(token: str, at: datetime) -> CameBack | None:
    """The closed item behind a token of a closing mail."""
    link = find_link(token, REOPENS, at)
    if link is None or link.contact_id is None:
        return None
    item, contact = db.session.get(Item, link.subject_id), db.session.get(Contact, link.contact_id)
    if item is None or contact is None or contact.item_id != item.id:
        return None
    return CameBack(link, item, contact)


def at_counter(token: str, at: datetime) -> Counter | None:
    """The check behind the token of a counter."""
    link = find_link(token, COUNTER, at)
    check = db.session.get(Check, link.subject_id) if link is not None else None
    return Counter(link, check) if link is not None and check is not None else None


def posts_allowed(page: Opened) -> int:
    """How many posts a link takes."""
    return COUNTER_POSTS if isinstance(page, Counter) else POSTS


def expired(token: str, at: datetime) -> Link | None:
    """A link that was good once: a new one may go to the address that is stored, and nowhere else."""
    link = find_any_link(token, ASKS)
    if link is None or link.contact_id is None or link.revoked_at is not None:
        return None
    return link if at >= link.expires_at else None
