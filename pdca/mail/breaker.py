"""The breaker: a server that does not work is left alone for a while, then one message tries again.

closed (no failures) → everything goes · resting → nothing goes until `retry_at` · half open → whoever moves
`retry_at` first sends one message, and its answer closes the breaker or lets it rest longer.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import Select, bindparam, select, update

from pdca.db import db, insert_once, table_of
from pdca.mail.models import Breaker
from pdca.mail.pace import Pace


class State(Enum):
    """What may be sent through a transport."""

    CLOSED = "closed"
    RESTING = "resting"
    HALF_OPEN = "half open"


def state(transport: str, at: datetime, pace: Pace) -> State:
    """What may be sent now."""
    db.session.flush()
    row = db.session.execute(_CONDITION, {"transport": transport}).one_or_none()
    if row is None or row.failures == 0 or row.retry_at is None:
        return State.CLOSED
    # Further away than we ever wait: somebody set the clock back.
    too_far = row.retry_at > at + 2 * max(pace.lease, pace.breaker[-1])
    return State.HALF_OPEN if row.retry_at <= at or too_far else State.RESTING


def may_probe(transport: str, at: datetime, pace: Pace) -> bool:
    """Of all who want to try a half-open breaker one may; if nothing is heard of it, another one later."""
    row = db.session.scalars(_of(transport)).one()
    won = db.session.execute(
        update(Breaker)
        .where(Breaker.id == row.id, Breaker.retry_at == row.retry_at, Breaker.failures > 0)
        .values(retry_at=at + pace.lease)
        .returning(Breaker.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return won is not None


def failed(transport: str, words: str, *, probing: bool, at: datetime, pace: Pace) -> None:
    """The server does not work: rest 1, 2, 5, then 15 minutes. Several that fail at once count as one."""
    insert_once(Breaker, {"transport": transport})
    row = db.session.scalars(_of(transport).with_for_update()).one()
    is_news = row.failures == 0 or row.retry_at is None or row.retry_at <= at
    if not (is_news or probing):
        return
    row.failures += 1
    row.down_since = row.down_since or at
    row.retry_at = at + pace.breaker_wait(row.failures)
    row.last_error = words


def try_now(transport: str, at: datetime) -> None:
    """An administrator does not want to wait: the next message tries."""
    db.session.execute(
        update(Breaker)
        .where(Breaker.transport == transport, Breaker.failures > 0)
        .values(retry_at=at)
        .execution_options(synchronize_session=False)
    )


def worked(transport: str) -> None:
    """The server answered: everything goes again."""
    db.session.execute(
        update(Breaker)
        .where(Breaker.transport == transport)
        .values(failures=0, down_since=None, retry_at=None, last_error="")
        .execution_options(synchronize_session=False)
    )


_BREAKER = table_of(Breaker).c
_CONDITION = select(_BREAKER.failures, _BREAKER.retry_at).where(_BREAKER.transport == bindparam("transport"))


def _of(transport: str) -> Select[Breaker]:
    # What another process wrote, not what this session remembers.
    return select(Breaker).where(Breaker.transport == transport).execution_options(populate_existing=True)
