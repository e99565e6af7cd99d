"""What the customer is told: each live word becomes one mail per contact, at most one a day per address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from pdca.db import db
from pdca.followup.customers import free_slot
from pdca.items.models import Contact, Item, Word
from pdca.items.terms import WordKind
from pdca.mail.keys import which_one
from pdca.mail.models import Message
from pdca.mail.operations import queue
from pdca.people.queries import TeamRules, rules_of

# What a step says that may still be taken back waits as long as that is possible.
TAKEN_BACK = (WordKind.CLOSED, WordKind.STOPPED, WordKind.DECLINED, WordKind.PARKED)


def queue_words(item_ids: Collection[int], at: datetime) -> None:
    """Queue every word of these items that is neither held back nor withdrawn and was not told or queued before."""
    words = _live(item_ids)
    if not words:
        return
    contacts = _contacts({word.item_id for word in words})
    rules = _rules({word.item_id for word in words})
    # Who becomes a contact later does not get old news: a word goes out once, to those of its day.
    queued = _queued((word, contact) for word in words for contact in contacts[word.item_id])
    for word in words:
        if word.id not in queued:
            for contact in contacts[word.item_id]:
                _queue_one(word, contact, rules[word.item_id], at)


def key_of(word: Word, contact: Contact) -> str:
    """The one key of a word to a contact."""
    return f"word:{word.id}:{contact.id}:{which_one(word.at)}"


def _live(item_ids: Collection[int]) -> list[Word]:
    return list(db.session.scalars(_LIVE, {"items": list(item_ids)}))


_LIVE = (
    select(Word)
    .where(
        Word.item_id.in_(bindparam("items", expanding=True)),
        Word.held_since.is_(None),
        Word.withdrawn_at.is_(None),
        Word.told_at.is_(None),
    )
    .order_by(Word.id)
)


def _contacts(item_ids: Collection[int]) -> dict[int, list[Contact]]:
    grouped: dict[int, list[Contact]] = defaultdict(list)
    for contact in db.session.scalars(select(Contact).where(Contact.item_id.in_(item_ids)).order_by(Contact.id)):
        grouped[contact.item_id].append(contact)
    return grouped


def _rules(item_ids: Collection[int]) -> dict[int, TeamRules]:
    teams = dict(db.session.execute(select(Item.id, Item.team_id).where(Item.id.in_(item_ids))).all())
    rules = rules_of(set(teams.values()))
    return {item_id: rules[team_id] for item_id, team_id in teams.items()}


def _queued(those: Iterable[tuple[Word, Contact]]) -> set[int]:
    words = {key_of(word, contact): word.id for word, contact in those}
    found = db.session.scalars(select(Message.dedupe_key).where(Message.dedupe_key.in_(list(words))))
    return {words[key] for key in found}


def _queue_one(word: Word, contact: Contact, rules: TeamRules, at: datetime) -> None:
    if not contact.may_be_mailed:
        return
    wait = rules.settings.take_back_minutes if word.kind in TAKEN_BACK else 0
    queue(
        "word",
        address=contact.email,
        about={"word": word.id, "contact": contact.id},
        dedupe_key=key_of(word, contact),
        at=at,
        not_before=free_slot(contact.email, at + timedelta(minutes=wait), rules),
    )
