"""Telling the customer: of a new date (R7), and of what happens next after a "no"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import CallAnswer, ToldAnswer
from pdca.items.facts import Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Call, Check, Item, Promise, Word
from pdca.items.permissions import guard, refuse, require_owner
from pdca.items.queries import facts_of
from pdca.items.terms import CallPurpose, CustomerType, ToldHow, Verdict, WordKind
from pdca.people.models import Person


def was_told(facts: Facts, word: ToldAnswer) -> bool:
    """A mail that can leave from here, or a logged call, visit or notice: to whom, and not in the future."""
    if word.how is ToldHow.MAIL:
        return facts.customer_email_known
    return bool(word.who.strip()) and (word.on is None or word.on <= facts.today)


def draft(item: Item, facts: Facts, reason: str) -> ToldAnswer | None:
    """Two answers suffice: the message is drafted from the reason; nobody to tell → the proposer by notice."""
    if facts.customer_email_known:
        return ToldAnswer(ToldHow.MAIL, item.customer_name, facts.today, reason)
    if item.customer_type in (None, CustomerType.UNKNOWN):
        return ToldAnswer(ToldHow.NOTICE, facts.proposer_name or facts.team_name, facts.today, reason)
    return None


def tell(item: Item, promise: Promise, word: ToldAnswer, *, by: Person, at: datetime, held: bool) -> None:
    if word.how is not ToldHow.MAIL:
        return
    text = word.message.strip() or promise.reason
    db.session.add(
        Word(
            item_id=item.id,
            kind=WordKind.NEW_DATE,
            text=text,
            at=at,
            by_id=by.id,
            promise_id=promise.id,
            held_since=at if held else None,
        )
    )


def words_about(promise: Promise) -> list[Word]:
    return list(db.session.query(Word).filter_by(promise_id=promise.id))


def tell_next(item: Item, text: str, *, by: Person, at: datetime) -> None:
    """Tell the customer what happens next after "not effective"; a call is logged with record_told."""
    facts = facts_of(item, at)
    guard(facts, Act.TELL)
    require_owner(by, item, facts)
    check = _failed_check(item)
    if not facts.customer_email_known:
        raise refuse(
            N_("Nobody can be mailed from here: call the customer, and log the call."),
            rule="R24",
            field="told",
            name="customer_told",
        )
    if not text.strip():
        raise Invalid([FieldError("text", N_("Write what happens next."))])
    db.session.add(
        Word(
            item_id=item.id,
            kind=WordKind.NEXT_ROUND,
            text=text.strip(),
            at=at,
            by_id=by.id,
            check_id=check.id,
        )
    )
    check.told_at = at
    record(item, "customer_told", by=by, at=at, new={"check": check.number}, why=text)


def record_told(item: Item, call: CallAnswer, *, by: Person, at: datetime) -> None:
    """The customer was told by phone or in person."""
    facts = facts_of(item, at)
    guard(facts, Act.TELL)
    require_owner(by, item, facts)
    if not call.with_whom.strip():
        raise Invalid([FieldError("with_whom", N_("Write whom you spoke to."))])
    if call.on > facts.today:
        raise Invalid([FieldError("on", N_("Called on a day that is still to come?"))])
    item.calls.append(
        Call(
            item_id=item.id,
            round_number=item.round_number,
            purpose=CallPurpose.TELL,
            with_whom=call.with_whom,
            on=call.on,
            channel=call.channel,
            notes=call.notes,
            by_id=by.id,
            recorded_at=at,
        )
    )
    for check in _failed(item):
        check.told_at = check.told_at or at
    record(item, "customer_told", by=by, at=at, new={"with": call.with_whom}, why=call.notes)


def _failed(item: Item) -> Iterable[Check]:
    return (c for c in item.checks if c.verdict is Verdict.NOT_EFFECTIVE and c.told_at is None)


def _failed_check(item: Item) -> Check:
    check = next(iter(_failed(item)), None)
    if check is None:
        raise refuse(N_("There is nothing the customer still has to be told."), rule="R24", name="nothing_to_tell")
    return check
