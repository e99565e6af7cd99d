"""Named selects over the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from pdca.db import db
from pdca.mail.models import Message, MessageState, Suppression


def normalised(address: str) -> str:
    """An address as it is compared: without capitals."""
    return address.strip().casefold()


def is_suppressed(address: str) -> bool:
    """Whether this address must not be mailed."""
    return db.session.scalar(select(Suppression.id).where(Suppression.address == normalised(address))) is not None


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
