"""Asking the customer by mail: in the team's hours, at most one mail a day per address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from pdca import clock
from pdca.db import db
from pdca.followup.ladder import midnight
from pdca.followup.ledger import customer_notice
from pdca.followup.models import Duty, DutyState, Notice, NoticeState
from pdca.followup.terms import DutyKind
from pdca.followup.windows import is_open_for_customers, next_open_for_customers
from pdca.items import checks
from pdca.items.models import Check, Contact
from pdca.mail.keys import which_one
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue
from pdca.mail.queries import normalised
from pdca.people.calendar import DAY
from pdca.people.queries import TeamRules, rules_of

# Mails to customers. What a customer asked for ("send me a new link") is not counted as the day's one.
KINDS = ("aftercare", "aftercare_reminder", "recurrence", "word")
ASKED_FOR = "asked_for"
COUNTED = (MessageState.PENDING, MessageState.SENDING, MessageState.ACCEPTED, MessageState.HELD)
# The longest a mail is tried; one that leaves today was due at most this long ago.
TRIED = timedelta(days=4)
ASK, REMIND = "ask", "remind"
BY_MAIL = "aftercare_mail"
BATCH = 200


# --- one a day -------------------------------------------------------------------------------------------


def free_slot(address: str, earliest: datetime, rules: TeamRules) -> datetime:
    """The first instant in the customers' hours on a day on which this address gets no other mail of ours."""
    taken = _days_taken(address, earliest, rules.timezone)
    slot = next_open_for_customers(rules, earliest)
    while clock.today(rules.timezone, slot) in taken:
        tomorrow = clock.today(rules.timezone, slot) + DAY
        slot = next_open_for_customers(rules, midnight(tomorrow, rules.timezone))
    return slot


def has_mail_today(address: str, at: datetime, zone: str, queued_before: int | None = None) -> bool:
    """Whether this address got, or gets first, another mail of ours on this day."""
    return clock.today(zone, at) in _days_taken(address, at, zone, queued_before)


def _days_taken(address: str, at: datetime, zone: str, queued_before: int | None = None) -> set[date]:
    left_at = func.coalesce(Message.accepted_at, Message.not_before)
    rows = db.session.execute(
        select(Message.id, Message.not_before, Message.accepted_at, Message.about).where(
            Message.state.in_(COUNTED),
            Message.not_before >= at - TRIED,
            func.lower(Message.address) == normalised(address),
            Message.kind.in_(KINDS),
            left_at >= at - timedelta(days=1),
        )
    )
    counted = [r for r in rows if not r.about.get(ASKED_FOR) and _is_first(r.id, r.accepted_at, queued_before)]
    return {clock.today(zone, r.accepted_at or r.not_before) for r in counted}


def _is_first(ident: int, accepted_at: datetime | None, queued_before: int | None) -> bool:
    if queued_before is None:
        return True
    return ident != queued_before and (accepted_at is not None or ident < queued_before)


# --- asking ----------------------------------------------------------------------------------------------


def planned(at: datetime, after_id: int = 0) -> list[int]:
    """Questions whose step was reached, at most BATCH of them behind `after_id`."""
    return list(
        db.session.scalars(
            select(Notice.id)
            .where(
                Notice.contact_id.is_not(None),
                Notice.state == NoticeState.PLANNED,
                Notice.due_at <= at,
                Notice.id > after_id,
            )
            .order_by(Notice.id)
            .limit(BATCH)
        )
    )


def ask_all(ids: Sequence[int], at: datetime) -> int:
    """Ask these questions, as far as nobody else does in this moment. How many were queued."""
    statement = (
        select(Notice, Duty, Contact)
        .join(Duty, Duty.id == Notice.duty_id)
        .join(Contact, Contact.id == Notice.contact_id)
        .where(Notice.id.in_(ids), Notice.state == NoticeState.PLANNED)
        .order_by(Notice.id)
        .with_for_update(of=Notice, skip_locked=True)
    )
    rows = db.session.execute(statement).all()
    if not rows:
        return 0
    # At night many wait, and are looked at every minute: their calendars and checks are read once for all of them.
    rules = rules_of({duty.team_id for _, duty, _ in rows})
    about = {duty.about_id for _, duty, _ in rows}
    _at_hand = db.session.scalars(select(Check).where(Check.id.in_(about)).options(selectinload(Check.answers))).all()
    return sum(ask(notice, duty, contact, rules[duty.team_id], at) for notice, duty, contact in rows)


def ask(notice: Notice, duty: Duty, contact: Contact, rules: TeamRules, at: datetime) -> bool:
    """Queue one question, unless it is moot or must wait for another hour or day. Whether it was queued."""
    if not is_wanted(duty, contact):
        notice.state = NoticeState.OBSOLETE
        return False
    if not is_open_for_customers(rules, at) or has_mail_today(contact.email, at, rules.timezone):
        return False
    check = check_of(duty)
    kind = "recurrence" if check is None else "aftercare_reminder" if notice.step == REMIND else "aftercare"
    which = which_one(duty.opened_at, contact.email)
    message = queue(
        kind,
        address=contact.email,
        about={"item": duty.subject_id, "contact": contact.id, "duty": duty.id, "check": duty.about_id},
        dedupe_key=f"{kind}:{duty.id}:{duty.occurrence}:{contact.id}:{which}",
        at=at,
    )
    notice.state, notice.message_id = NoticeState.GATHERED, message.id if message else None
    if check is not None:
        _note(check, notice.step, at)
    return message is not None


def ask_newcomers(duties: Collection[Duty], at: datetime) -> int:
    """Whoever became a customer after the question had left is asked too. How many there were."""
    asked = [d for d in duties if d.state is DutyState.OPEN and d.ladder == BY_MAIL and d.step]
    if not asked:
        return 0
    noticed = select(Notice.duty_id, Notice.contact_id).where(
        Notice.duty_id.in_([d.id for d in asked]), Notice.contact_id.is_not(None)
    )
    known = {(row.duty_id, row.contact_id) for row in db.session.execute(noticed)}
    contacts = db.session.scalars(select(Contact).where(Contact.item_id.in_({d.subject_id for d in asked}))).all()
    return sum(
        customer_notice(duty, ASK, contact.id, reached_at=at, due_at=at)
        for duty in asked
        for contact in contacts
        if contact.item_id == duty.subject_id and contact.may_be_mailed and (duty.id, contact.id) not in known
    )


def is_wanted(duty: Duty, contact: Contact) -> bool:
    """Whether this contact still has to be asked what this duty asks."""
    if duty.state is not DutyState.OPEN or not contact.may_be_mailed:
        return False
    check = check_of(duty)
    return check is None or all(answer.contact_id != contact.id for answer in check.answers)


def check_of(duty: Duty) -> Check | None:
    """The check that an aftercare duty is about."""
    if duty.kind != DutyKind.AFTERCARE.value or duty.about_id is None:
        return None
    return db.session.get(Check, duty.about_id)


def _note(check: Check, step: str, at: datetime) -> None:
    if step == REMIND:
        checks.remind(check, at=at)
    else:
        checks.ask(check, at=at)
