"""After a restore: nothing leaves twice, and nothing that ended since the backup comes alive again.

What waits is held until an administrator releases or discards it. What the accept journal says has left is
written down as accepted, so that its key is never queued again. The marker tells the engine that this
database went back in time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from pdca.installation import Installation
from pdca.mail.accepts import Accept, read
from pdca.mail.models import Attempt, Link, Message, MessageState
from pdca.mail.standstill import HELD_BY_RESTORE, RESTORED, shell
from pdca.people.models import SignIn

NODE = "restore"
WAITING = (MessageState.PENDING, MessageState.SENDING, MessageState.HELD)
# Opened once; a used one must not work again.
ONCE = ("sign_in", "password_reset", "new_address", "set_up")


@dataclass(frozen=True)
class Aftermath:
    """What was done, in messages and sessions."""

    held: int
    known_accepted: int
    sessions_ended: int


def calm_down(connection: Connection, journal: Iterable[str], *, same_key: bool, at: datetime) -> Aftermath:
    """Make a restored database safe to run. `journal` is every line of the accept journal, of then and since."""
    known = sum(_write_down(connection, accept) for line in journal if (accept := read(line)))
    held = _hold(connection, at)
    if not same_key:
        _write_anew(connection)
    connection.execute(sa.update(Link).where(Link.purpose.in_(ONCE), Link.revoked_at.is_(None)).values(revoked_at=at))
    ended = connection.execute(sa.update(SignIn).where(SignIn.revoked_at.is_(None)).values(revoked_at=at))
    _mark(connection, at)
    return Aftermath(held, known, ended.rowcount)


def _write_down(connection: Connection, accept: Accept) -> bool:
    """This mail has left: say so, also when the backup never knew of it. Whether that was new."""
    state = connection.scalar(sa.select(Message.state).where(Message.dedupe_key == accept.key))
    if state == MessageState.ACCEPTED:
        return False
    if state is None:
        connection.execute(sa.insert(Message).values(**shell(accept)))
        return True
    taken = {"state": MessageState.ACCEPTED, "accepted_at": accept.at, "last_code": accept.code}
    gone = {"lease_token": None, "lease_until": None}
    connection.execute(sa.update(Message).where(Message.dedupe_key == accept.key).values(**taken, **gone))
    return True


def _hold(connection: Connection, at: datetime) -> int:
    held = connection.scalars(
        sa.update(Message)
        .where(Message.state.in_(WAITING))
        .values(state=MessageState.HELD, last_error=HELD_BY_RESTORE, lease_token=None, lease_until=None)
        .returning(Message.id)
    ).all()
    rows = [{"message_id": i, "at": at, "node": NODE, "outcome": "held", "words": HELD_BY_RESTORE} for i in held]
    if rows:
        connection.execute(sa.insert(Attempt), rows)
    return len(held)


def _write_anew(connection: Connection) -> None:
    """Under another key the tokens in mails that have not left can't be made: they are written again."""
    waiting = sa.select(Message.id).where(Message.state.in_(WAITING), Message.possible_duplicate.is_(False))
    connection.execute(sa.delete(Link).where(Link.message_id.in_(waiting)))
    connection.execute(sa.update(Message).where(Message.id.in_(waiting)).values(mime=None))


def _mark(connection: Connection, at: datetime) -> None:
    connection.execute(sa.delete(Installation).where(Installation.name == RESTORED))
    connection.execute(sa.insert(Installation).values(name=RESTORED, value=at.isoformat()))
