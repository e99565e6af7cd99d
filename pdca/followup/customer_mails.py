"""The mails customers read: the aftercare question, its reminder, did it come back, and what we have to tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pdca import clock
from pdca.db import db
from pdca.followup.customers import ASKED_FOR, has_mail_today, is_wanted
from pdca.followup.ladder import midnight
from pdca.followup.models import Duty, DutyState
from pdca.followup.windows import next_open_for_customers
from pdca.items.models import Check, Contact, Item, Promise, Word
from pdca.items.terms import UNSETTLED, Phase, PromiseState, WordKind
from pdca.mail.models import Message
from pdca.mail.rendering import Rendered, link_url, render_mail, thread_root, unsubscribe_url
from pdca.people.calendar import DAY
from pdca.people.queries import TeamRules, rules_of
from pdca.text import in_a_sentence

ASKS, REOPENS = "aftercare", "reopen"
# What is said of an end is said while the item is there.
ENDED = {
    WordKind.CLOSED: Phase.CLOSED,
    WordKind.STOPPED: Phase.STOPPED,
    WordKind.DECLINED: Phase.DECLINED,
    WordKind.PARKED: Phase.PARKED,
}
RECURRENCE_LINK = timedelta(days=30)


def may_leave(message: Message, at: datetime) -> bool | datetime:
    """In the customers' hours, one a day per address; what a customer asked for leaves at once."""
    contact = _contact(message)
    if contact is None or not contact.may_be_mailed or _is_moot(message, contact):
        return False
    if message.about.get(ASKED_FOR):
        return True
    rules = _rules(_item_of(contact))
    if has_mail_today(contact.email, at, rules.timezone, queued_before=message.id) and message.mime is None:
        return next_open_for_customers(rules, midnight(clock.today(rules.timezone, at) + DAY, rules.timezone))
    opening = next_open_for_customers(rules, at)
    return True if opening == at else opening


def _is_moot(message: Message, contact: Contact) -> bool:
    """Whether what it asks was answered or is no longer asked, or what it tells is no longer so; written or not."""
    if word := db.session.get(Word, message.about.get("word") or 0):
        return not _still_holds(word)
    if duty := db.session.get(Duty, message.about.get("duty") or 0):
        return not is_wanted(duty, contact)
    check = db.session.get(Check, message.about.get("check") or 0)
    return check is None or check.state not in UNSETTLED


# --- asking ----------------------------------------------------------------------------------------------


def write_aftercare(message: Message, at: datetime) -> Rendered | None:
    """The question, or its reminder. None when it was answered or is no longer asked."""
    check, contact = db.session.get(Check, message.about.get("check")), _contact(message)
    if check is None or contact is None or check.state not in UNSETTLED or check.due_on is None:
        return None
    if any(answer.contact_id == contact.id for answer in check.answers):
        return None
    item = check.item
    rules = _rules(item)
    # So many days after it was sent or after the check's day, whichever is later.
    works_from = max(at, midnight(check.due_on, rules.timezone))
    url = link_url(
        message,
        ASKS,
        check.id,
        at=at,
        expires_at=works_from + timedelta(days=rules.settings.link_days),
        contact_id=contact.id,
    )
    return _written(message, message.kind, contact, item, rules, url=url, carried_out_on=_carried_out_on(check), at=at)


def write_recurrence(message: Message, at: datetime) -> Rendered | None:
    """Two weeks before the watch ends: did it stay away? The link reopens it."""
    contact = _contact(message)
    duty = db.session.get(Duty, message.about.get("duty"))
    if contact is None or duty is None or duty.state is not DutyState.OPEN:
        return None
    item = _item_of(contact)
    if item.phase is not Phase.CLOSED:
        return None
    url = link_url(message, REOPENS, item.id, at=at, expires_at=at + RECURRENCE_LINK, contact_id=contact.id)
    return _written(message, "recurrence", contact, item, _rules(item), url=url, at=at)


def _carried_out_on(check: Check) -> date | None:
    return next((r.carried_out_on for r in check.item.rounds if r.number == check.round_number), None)


# --- telling ---------------------------------------------------------------------------------------------


def write_word(message: Message, at: datetime) -> Rendered | None:
    """What the customer has to know. None when it was taken back or held back again."""
    word, contact = db.session.get(Word, message.about.get("word")), _contact(message)
    if word is None or contact is None or not _still_holds(word):
        return None
    item = _item_of(contact)
    rules = _rules(item)
    url, until = "", None
    if word.kind is WordKind.CLOSED and item.phase is Phase.CLOSED and item.ended_at is not None:
        expires_at = item.ended_at + timedelta(days=rules.settings.reopen_days)
        url = link_url(message, REOPENS, item.id, at=at, expires_at=expires_at, contact_id=contact.id)
        until = clock.today(rules.timezone, expires_at)
    promise = db.session.get(Promise, word.promise_id) if word.promise_id else None
    due_on = promise.due_on if promise else None
    template = f"word_{word.kind.value}"
    return _written(message, template, contact, item, rules, url=url, until=until, word=word, due_on=due_on, at=at)


def _still_holds(word: Word) -> bool:
    """Not taken back, not held back again, and not overtaken by what happened since."""
    if word.withdrawn_at is not None or word.held_since is not None:
        return False
    item = db.session.get_one(Item, word.item_id)
    if word.kind in ENDED:
        return item.phase is ENDED[word.kind]
    told = db.session.get(Promise, word.promise_id) if word.promise_id else None
    # While the leader decides on another date, this one is the last that anybody gave.
    return told is None or all(p.number <= told.number or p.state is not PromiseState.STANDING for p in item.promises)


# --- below the story -------------------------------------------------------------------------------------


def _written(
    message: Message, template: str, contact: Contact, item: Item, rules: TeamRules, *, at: datetime, **context: object
) -> Rendered:
    subject, text, html = render_mail(
        template,
        contact.locale,
        rules.timezone,
        contact=contact,
        name=in_a_sentence(contact.name),
        item=item,
        rules=rules,
        at=at,
        **context,
    )
    headers = {
        "References": thread_root(f"item:{item.id}"),
        "List-Unsubscribe": unsubscribe_url(message, at=at, contact_id=contact.id),
    }
    return Rendered(subject, text, html, headers)


def _contact(message: Message) -> Contact | None:
    contact = db.session.get(Contact, message.about.get("contact"))
    return contact if contact is not None and contact.may_be_mailed and contact.email == message.address else None


def _item_of(contact: Contact) -> Item:
    return db.session.get_one(Item, contact.item_id)


def _rules(item: Item) -> TeamRules:
    return rules_of([item.team_id])[item.team_id]
