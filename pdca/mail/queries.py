"""Named selects over the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import defer

from pdca.db import db, table_of
from pdca.mail.models import Attempt, Breaker, Message, MessageState, Suppression


def normalised(address: str) -> str:
    """An address as it is compared: without capitals."""
    return address.strip().lower()


def is_suppressed(address: str) -> bool:
    """Whether this address must not be mailed."""
    db.session.flush()
    return db.session.scalar(_SUPPRESSED, {"address": normalised(address)}) is not None


_SUPPRESSION = table_of(Suppression).c
_SUPPRESSED = select(_SUPPRESSION.id).where(_SUPPRESSION.address == bindparam("address"))


# --- how many --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """How many messages are in each state."""

    by_state: Mapping[MessageState, int]

    def of(self, state: MessageState) -> int:
        """How many are in this state."""
        return self.by_state.get(state, 0)

    @property
    def queued(self) -> int:
        """Waiting to leave or leaving."""
        return self.of(MessageState.PENDING) + self.of(MessageState.SENDING)

    @property
    def dead(self) -> int:
        """Given up."""
        return self.of(MessageState.DEAD)


def counts() -> Counts:
    """The whole outbox in figures, in one query."""
    rows = db.session.execute(select(Message.state, func.count().label("number")).group_by(Message.state))
    return Counts({row.state: row.number for row in rows})


# --- lists -----------------------------------------------------------------------------------------------


def messages(state: MessageState | None = None, address: str = "") -> Select[Message]:
    """The outbox, the newest first, without the bytes of the mails."""
    query = select(Message).options(defer(Message.mime, raiseload=True)).order_by(Message.id.desc())
    if state is not None:
        query = query.where(Message.state == state)
    if address:
        query = query.where(func.lower(Message.address).contains(address.lower(), autoescape=True))
    return query


def attempts_of(message_id: int) -> Select[Attempt]:
    """What happened with one message, in order."""
    return select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id)


def stuck(state: MessageState, limit: int) -> Select[Message]:
    """Held or dead messages whose address may be mailed, the oldest first."""
    unwanted = select(Suppression.id).where(Suppression.address == func.lower(Message.address)).exists()
    return select(Message).where(Message.state == state, ~unwanted).order_by(Message.id).limit(limit)


def suppressions() -> Select[Suppression]:
    """The addresses that must not be mailed, the newest first."""
    return select(Suppression).order_by(Suppression.id.desc())


def resting() -> Select[Breaker]:
    """The transports that do not work at the moment."""
    return select(Breaker).where(Breaker.failures > 0)
