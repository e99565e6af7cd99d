"""What must always hold (I1-I6), each a named query. Asked by `pdca doctor`, and after every engine test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, text

from pdca import clock
from pdca.db import db
from pdca.followup.customers import COUNTED, KINDS, has_mail_today
from pdca.followup.gather import Reader, key_of, left_already, readers
from pdca.followup.models import Duty, Notice
from pdca.followup.nodes import pulse
from pdca.followup.windows import is_open_for_customers
from pdca.items.models import Contact
from pdca.mail.models import Attempt, Message
from pdca.mail.queries import normalised
from pdca.mail.standstill import standstill
from pdca.people.queries import rules_of

# A step that is due is noted, and a mail that may leave is gone, within this time of a living engine.
PATIENCE = timedelta(minutes=15)

EVERY_OPEN_ITEM_HAS_A_DUTY = """
    SELECT item.id FROM item
    WHERE item.phase IN ('new', 'plan', 'do', 'check', 'act', 'parked')
      AND NOT EXISTS (
        SELECT 1 FROM duty
        JOIN person ON person.id = duty.holder_id AND person.deactivated_at IS NULL
        WHERE duty.subject_kind = 'item' AND duty.subject_id = item.id AND duty.state = 'open')
"""
NO_CLOSED_ITEM_HAS_AN_OPEN_CHECK = """
    SELECT item.id FROM item JOIN aftercare_check ON aftercare_check.item_id = item.id
    WHERE item.phase = 'closed' AND aftercare_check.state IN ('planned', 'asked')
"""
ONE_NOTICE_EACH = """
    SELECT duty_id FROM notice GROUP BY duty_id, step, recipient HAVING count(*) > 1
"""
ONE_MESSAGE_EACH = """
    SELECT min(id) FROM message GROUP BY dedupe_key HAVING count(*) > 1
"""
ACCEPTED_NEVER_GOES_BACK = """
    SELECT message.id FROM message JOIN attempt ON attempt.message_id = message.id
    WHERE attempt.outcome = 'accepted' AND message.state <> 'accepted'
"""
# (A duty that was opened again may have one behind it, which the next pass reaches.)
NO_STEP_IS_FORGOTTEN = """
    SELECT id FROM duty WHERE state = 'open' AND next_step_at < :patience AND opened_at < :patience
      AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.item_id = duty.subject_id AND journal.at >= :patience)
"""
# While a server does not work nothing may leave, and administrators see that; but somebody must go on trying it.
# A mail that was put off has its next try in `not_before`; one that is held or dead is shown to administrators.
NO_MAIL_IS_FORGOTTEN = """
    SELECT id FROM message WHERE state = 'pending' AND not_before < :patience
      AND NOT EXISTS (SELECT 1 FROM breaker WHERE failures > 0 AND retry_at >= :patience)
"""
# Whoever had it died, and nobody took over.
NO_CLAIM_IS_FORGOTTEN = """
    SELECT id FROM message WHERE state = 'sending' AND (lease_until IS NULL OR lease_until < :patience)
      AND NOT EXISTS (SELECT 1 FROM breaker WHERE failures > 0 AND retry_at >= :patience)
"""
# For whom something waits: a mail is to be made of it, or the one it was put in will never leave.
# (Gathered is said as "not in": nearly all are, so the index of the states is the wrong one to go by.)
SOMETHING_WAITS_FOR = """
    SELECT notice.person_id FROM notice JOIN duty ON duty.id = notice.duty_id
    WHERE notice.state = 'planned' AND notice.person_id IS NOT NULL AND duty.state = 'open'
      AND notice.due_at < :patience AND notice.reached_at < :patience
    UNION
    SELECT person_id FROM news WHERE state = 'planned' AND at < :patience
    UNION
    SELECT message.person_id FROM message
    JOIN notice ON notice.message_id = message.id AND notice.state NOT IN ('planned', 'obsolete')
    JOIN duty ON duty.id = notice.duty_id AND duty.state = 'open'
    WHERE message.kind = 'grouped' AND message.state IN ('obsolete', 'covered')
      AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.message_id = message.id AND attempt.at >= :patience)
    UNION
    SELECT message.person_id FROM message
    JOIN news ON news.message_id = message.id AND news.state NOT IN ('planned', 'obsolete')
    WHERE message.kind = 'grouped' AND message.state IN ('obsolete', 'covered')
      AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.message_id = message.id AND attempt.at >= :patience)
"""
# Their reminder belongs to the next in line, at the end of which stand the administrators.
NO_REMINDER_IS_STRANDED = """
    SELECT owed.id FROM (
      SELECT id, duty_id, step, person_id, due_at, reached_at FROM notice WHERE state = 'planned'
      UNION ALL
      SELECT notice.id, duty_id, step, notice.person_id, due_at, reached_at FROM message
      JOIN notice ON notice.message_id = message.id AND notice.state NOT IN ('planned', 'obsolete')
      WHERE message.kind = 'grouped' AND message.state IN ('pending', 'held', 'dead', 'obsolete', 'covered')
    ) AS owed
    JOIN duty ON duty.id = owed.duty_id AND duty.state = 'open'
    JOIN person ON person.id = owed.person_id
    LEFT JOIN suppression ON suppression.address = lower(person.email)
    WHERE owed.due_at < :patience AND owed.reached_at < :patience
      AND (person.deactivated_at < :patience OR person.mail_off_at < :patience OR suppression.at < :patience)
      AND EXISTS (
        SELECT 1 FROM person p
        WHERE p.is_administrator AND p.deactivated_at IS NULL AND p.mail_off_at IS NULL
          AND (duty.not_person_id IS NULL OR duty.not_person_id <> p.id)
          AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address = lower(p.email))
          AND NOT EXISTS (SELECT 1 FROM absence a WHERE a.person_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM notice n
            WHERE n.duty_id = owed.duty_id AND n.step = owed.step AND n.person_id = p.id))
"""
# Questions to customers of which no mail was made.
A_QUESTION_WAITS = """
    SELECT notice.id FROM notice JOIN duty ON duty.id = notice.duty_id
    WHERE notice.state = 'planned' AND notice.contact_id IS NOT NULL AND duty.state = 'open'
      AND notice.due_at < :patience AND notice.reached_at < :patience
"""
# An overview of the week names no team: who leads none (or stands above none) has no right to one. Held and dead too,
# which an administrator may let go.
NOBODY_READS_WHAT_IS_NOT_THEIRS = """
    SELECT written.id FROM (
      SELECT message.id, message.person_id, duty.team_id FROM message
      JOIN notice ON notice.message_id = message.id AND notice.state NOT IN ('planned', 'obsolete')
      JOIN duty ON duty.id = notice.duty_id
      WHERE message.state IN ('pending', 'sending', 'held', 'dead') AND message.mime IS NOT NULL
      UNION
      SELECT message.id, message.person_id, item.team_id FROM message
      JOIN news ON news.message_id = message.id AND news.state NOT IN ('planned', 'obsolete')
      JOIN item ON item.id = news.item_id
      WHERE message.state IN ('pending', 'sending', 'held', 'dead') AND message.mime IS NOT NULL
    ) AS written JOIN person ON person.id = written.person_id
    WHERE person.deactivated_at IS NOT NULL OR NOT person.is_administrator
      AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.team_id = written.team_id AND m.person_id = person.id)
      AND NOT EXISTS (SELECT 1 FROM sponsorship s WHERE s.team_id = written.team_id AND s.person_id = person.id)
    UNION
    SELECT message.id FROM message
    JOIN news ON news.message_id = message.id AND news.state NOT IN ('planned', 'obsolete')
    WHERE message.state IN ('pending', 'sending', 'held', 'dead') AND message.mime IS NOT NULL AND (
      news.kind = 'digest'
      AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.person_id = news.person_id AND m.role = 'leader')
      OR news.kind = 'standing'
      AND NOT EXISTS (SELECT 1 FROM sponsorship s WHERE s.person_id = news.person_id))
"""

ALWAYS = {
    "I1 an open item has no open duty with a living holder": EVERY_OPEN_ITEM_HAS_A_DUTY,
    "I2 a closed item has an unsettled check": NO_CLOSED_ITEM_HAS_AN_OPEN_CHECK,
    "I3 a step was noted twice for one reader": ONE_NOTICE_EACH,
    "I3 a message was queued twice": ONE_MESSAGE_EACH,
    "I4 an accepted message went back": ACCEPTED_NEVER_GOES_BACK,
    "I6 a mail waits for somebody who may not read it": NOBODY_READS_WHAT_IS_NOT_THEIRS,
}
# These hold as long as an engine is alive.
WHILE_ALIVE = {
    "I5 a step that is due was not noted": NO_STEP_IS_FORGOTTEN,
    "I5 a reminder waits for somebody whom no mail reaches": NO_REMINDER_IS_STRANDED,
}
# And these when besides nobody has to choose first what becomes of the mail (a restored or copied database).
WHILE_MAIL_LEAVES = {
    "I5 a mail that may leave still waits": NO_MAIL_IS_FORGOTTEN,
    "I5 a mail that somebody began to send still waits": NO_CLAIM_IS_FORGOTTEN,
}


def broken(at: datetime, *, alive: bool = True) -> Iterator[str]:
    """Every invariant that does not hold at `at`, with the rows it does not hold for."""
    leaves = WHILE_MAIL_LEAVES if alive and standstill() is None else {}
    for name, query in {**ALWAYS, **(WHILE_ALIVE if alive else {}), **leaves}.items():
        yield from _said(name, _rows(query, at))
    for name, fn in (BY_THE_CLOCK if alive else {}).items():
        yield from _said(name, fn(at))


def _rows(query: str, at: datetime) -> list[int]:
    given = {"patience": _stored(at - PATIENCE)} if ":patience" in query else {}
    return sorted({row for row in db.session.scalars(text(query), given) if row is not None})


def _said(name: str, rows: list[int]) -> Iterator[str]:
    if rows:
        yield f"{name}: {', '.join(map(str, rows[:20]))}{' …' if len(rows) > 20 else ''}"


# --- what no query can tell: whose hours it is ------------------------------------------------------------


def people_without_mail(at: datetime) -> list[int]:
    """Something waits for them, their window is open for a while, and there is no mail of today."""
    ids = _rows(SOMETHING_WAITS_FOR, at)
    return [reader.person.id for reader in readers(ids) if _is_left_waiting(reader, at)] if ids else []


def _is_left_waiting(reader: Reader, at: datetime) -> bool:
    try:
        is_open = reader.is_open(at - PATIENCE) and reader.is_open(at)
        return is_open and not left_already([key_of(reader.person, at)])
    except (LookupError, ValueError):
        # Nobody can tell when that is (no such time zone): then no mail is ever made.
        return True


def customers_not_asked(at: datetime) -> list[int]:
    """A question waits, the team's hours for customers have begun, and this address gets no other mail today."""
    ids = _rows(A_QUESTION_WAITS, at)
    if not ids:
        return []
    statement = select(Notice.id, Duty.team_id, Contact).join(Duty, Duty.id == Notice.duty_id)
    rows = db.session.execute(statement.join(Contact, Contact.id == Notice.contact_id).where(Notice.id.in_(ids))).all()
    rules = rules_of({team_id for _, team_id, _ in rows})
    in_hours = {t: is_open_for_customers(r, at - PATIENCE) and is_open_for_customers(r, at) for t, r in rules.items()}
    return [
        ident
        for ident, team_id, contact in rows
        if in_hours[team_id]
        and contact.may_be_mailed
        and not has_mail_today(contact.email, at, rules[team_id].timezone)
        and not _mail_fell_away(contact.email, at)
    ]


def _mail_fell_away(address: str, at: datetime) -> bool:
    """Until a moment ago another mail had their day, and then it did not leave: the next look asks them."""
    fell_away = exists().where(
        Message.id == Attempt.message_id,
        func.lower(Message.address) == normalised(address),
        Message.kind.in_(KINDS),
        Message.state.not_in(COUNTED),
    )
    return bool(db.session.scalar(select(Attempt.id).where(Attempt.at >= at - PATIENCE, fell_away).limit(1)))


BY_THE_CLOCK: dict[str, Callable[[datetime], list[int]]] = {
    "I5 somebody waits for a mail that nobody makes": people_without_mail,
    "I5 a question to a customer waits for a mail that nobody makes": customers_not_asked,
}


def complaints(_repair: bool) -> Iterator[str]:
    """For `pdca doctor`."""
    at = clock.now()
    alive = pulse(at).is_alive
    yield from broken(at, alive=alive)
    if not alive and list(broken(at)) != list(broken(at, alive=False)):
        yield "I5 no follow-up process is alive, and something waits for one: `pdca scheduler`"


def _stored(at: datetime) -> datetime:
    """As the database compares it: SQLite keeps the UTC wall clock without its zone."""
    return at.replace(tzinfo=None) if db.engine.dialect.name == "sqlite" else at
