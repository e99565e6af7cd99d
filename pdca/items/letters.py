"""What a customer answered to our mail: kept in the journal, and offered as an answer when it looks like one.

It is never counted by itself. Somebody of the team reads it and records it, as after a call, or says that it is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Check, Contact, Entry, Item
from pdca.items.permissions import guard, require_member
from pdca.items.queries import facts_of
from pdca.items.talk import COMMENT_LIMIT
from pdca.items.terms import UNSETTLED, ActorKind, Solved
from pdca.people.models import Person

WROTE, DROPPED = "customer_wrote", "reply_dropped"


# --- what it begins with ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begins:
    """The mark and the word that an answer begins with; one of them may be missing."""

    solved: Solved | None = None
    mark: int | None = None


_SAID = {
    **dict.fromkeys(("ja", "yes", "jazeker", "yep"), Solved.YES),
    **dict.fromkeys(("deels", "gedeeltelijk", "partly", "partially"), Solved.PARTLY),
    **dict.fromkeys(("nee", "neen", "no", "nope"), Solved.NO),
}
_GREETING = re.compile(r"^(?:beste|geachte|dag|hallo|hoi|dear|hello|hi)\b[^\n]{0,80}\n+", re.IGNORECASE)
_MARK = re.compile(
    r"(?:(?:een|a|an|cijfer|rapportcijfer|mark)\b[:\s]*)?(10|[1-9])(?!\d|[.,:/-]\d)(?:\s*/\s*10)?\b", re.IGNORECASE
)
_TEN = re.compile(r"(10|[1-9])\s*/\s*10\b")
_WORD = re.compile(rf"({'|'.join(_SAID)})\b", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,.;:!–—-]*")


def begins_with(text: str) -> Begins | None:
    """A mark from 1 to 10 and/or yes, partly or no, in Dutch or English, where the text begins; else None."""
    greeting = _GREETING.match(text)
    place, solved, mark = greeting.end() if greeting else 0, None, None
    for _ in range(2):
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
        if mark is None and (found := _TEN.match(text, place) or _MARK.match(text, place)):
            mark, place = int(found[1]), found.end()
        elif solved is None and (found := _WORD.match(text, place)):
            solved, place = _SAID[found[1].lower()], found.end()
    return Begins(solved, mark) if solved or mark else None


# --- keeping it ------------------------------------------------------------------------------------------


def customer_wrote(item: Item, contact: Contact, text: str, *, at: datetime, check: Check | None = None) -> Entry:
    """Put a customer's mail on the item; about a check that still waits for them it may be an answer."""
    guard(facts_of(item, at), Act.CUSTOMER)
    if len(text) > COMMENT_LIMIT:
        raise Invalid([FieldError("body", N_("Use at most %(limit)s characters."), {"limit": COMMENT_LIMIT})])
    new: dict[str, Any] = {"contact": contact.id}
    begins = begins_with(text) if check is not None and _waits(check, contact.id) else None
    if check is not None and begins is not None:
        new |= {"check": check.id, "solved": begins.solved, "mark": begins.mark}
    return record(item, WROTE, by=None, at=at, kind=ActorKind.CUSTOMER, new=new, why=text)


def _waits(check: Check, contact_id: int) -> bool:
    is_open = check.state in UNSETTLED and check.due_on is not None and check.verdict is None
    return is_open and all(answer.contact_id != contact_id for answer in check.answers)


# --- offering it -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """A mail that may be an answer to a check."""

    id: int
    check_id: int
    name: str
    text: str
    solved: Solved | None
    mark: int | None
    at: datetime


def drafts(item: Item) -> Sequence[Draft]:
    """The newest mail of each customer that may be an answer and was neither recorded nor put aside."""
    waiting = {check.id: check for check in item.checks if check.state in UNSETTLED and check.asked_at is not None}
    if not waiting:
        return ()
    query = select(Entry).where(Entry.item_id == item.id, Entry.what.in_((WROTE, DROPPED))).order_by(Entry.id)
    found: dict[tuple[int, int], Draft] = {}
    for entry in db.session.scalars(query):
        if entry.what == DROPPED:
            found = {key: draft for key, draft in found.items() if draft.id != entry.old}
        elif (draft := _draft(entry, waiting, item)) is not None:
            found[draft.check_id, entry.new["contact"]] = draft  # type: ignore[index]
    return tuple(found.values())


def _draft(entry: Entry, waiting: dict[int, Check], item: Item) -> Draft | None:
    new = entry.new if isinstance(entry.new, dict) else {}
    check = waiting.get(new.get("check", 0))
    contact = next((c for c in item.contacts if c.id == new.get("contact")), None)
    if check is None or contact is None or not _waits(check, contact.id):
        return None
    solved = Solved(new["solved"]) if new.get("solved") else None
    return Draft(entry.id, check.id, contact.name, entry.why, solved, new.get("mark"), entry.at)


def draft_of(item: Item, entry_id: int) -> Draft:
    """One of them; NotFound when it is settled or never was one."""
    found = next((draft for draft in drafts(item) if draft.id == entry_id), None)
    if found is None:
        raise NotFound
    return found


def put_aside(item: Item, entry_id: int, *, by: Person, at: datetime) -> None:
    """This mail was no answer; it stays in the journal."""
    guard(facts_of(item, at), Act.ANSWER)
    require_member(by, item)
    draft = draft_of(item, entry_id)
    record(item, DROPPED, by=by, at=at, old=draft.id)
