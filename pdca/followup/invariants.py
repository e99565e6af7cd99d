"""What must always hold (I1-I6), each a named query. Asked by `pdca doctor`, and after every engine test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import text

from pdca import clock
from pdca.db import db
from pdca.followup.nodes import pulse

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
NO_STEP_IS_FORGOTTEN = """
    SELECT id FROM duty WHERE state = 'open' AND next_step_at < :patience AND opened_at < :patience
"""
# While a server does not work nothing may leave, and administrators see that; but somebody must go on trying it.
NO_MAIL_IS_FORGOTTEN = """
    SELECT id FROM message WHERE state = 'pending' AND not_before < :patience AND attempts = 0
      AND NOT EXISTS (SELECT 1 FROM breaker WHERE failures > 0 AND retry_at >= :patience)
"""
NOBODY_READS_WHAT_IS_NOT_THEIRS = """
    SELECT message.id FROM message
    JOIN notice ON notice.message_id = message.id
    JOIN duty ON duty.id = notice.duty_id
    JOIN person ON person.id = message.person_id
    WHERE message.state IN ('pending', 'sending') AND message.mime IS NOT NULL AND notice.state = 'gathered'
      AND NOT person.is_administrator
      AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.team_id = duty.team_id AND m.person_id = person.id)
      AND NOT EXISTS (SELECT 1 FROM sponsorship s WHERE s.team_id = duty.team_id AND s.person_id = person.id)
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
    "I5 a mail that may leave still waits": NO_MAIL_IS_FORGOTTEN,
}


def broken(at: datetime, *, alive: bool = True) -> Iterator[str]:
    """Every invariant that does not hold at `at`, with the rows it does not hold for."""
    for name, query in {**ALWAYS, **(WHILE_ALIVE if alive else {})}.items():
        given = {"patience": _stored(at - PATIENCE)} if ":patience" in query else {}
        rows = sorted(set(db.session.scalars(text(query), given)))
        if rows:
            yield f"{name}: {', '.join(map(str, rows[:20]))}{' …' if len(rows) > 20 else ''}"


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
