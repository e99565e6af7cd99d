"""Claiming: one due message becomes ours for the length of a lease, and is made ready to leave.

All of it happens in the claim's transaction. What can't be made ready is held with the reason, what nobody
needs any more is obsolete, and the rest of the outbox goes on.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import Update, bindparam, or_, select, update

from pdca.config import Settings
from pdca.db import db, table_of
from pdca.engines import AWAY
from pdca.errors import N_
from pdca.mail import breaker
from pdca.mail.accepts import AcceptJournal
from pdca.mail.composing import compose, envelope, sender, subject
from pdca.mail.letters import Letter, Verdict
from pdca.mail.links import fill_in
from pdca.mail.models import Link, Message, MessageState
from pdca.mail.operations import note, tell_accepted, tell_dead
from pdca.mail.pace import Pace
from pdca.mail.queries import is_suppressed
from pdca.mail.rendering import may_leave, renderer_of

log = logging.getLogger("pdca.mail")

# In leases: a lease that can't have been given by a clock like ours; and for how long what was claimed on another host
# is left to that host, whose journal says whether it left.
FAR_AHEAD = 20
LEFT_TO_ITS_HOST = 3
ON_THE_LIST = N_("The address is on the list of addresses that are not mailed.")
NOBODY_WRITES = N_("Nothing here writes mails of this kind.")


@dataclass(frozen=True)
class Desk:
    """Where delivery works: what it needs besides the outbox."""

    settings: Settings
    pace: Pace
    journal: AcceptJournal
    transport: str
    node: str


@dataclass(frozen=True)
class Claim:
    """A message that was taken from the outbox: a letter to send, or the state it got instead."""

    message_id: int
    state: MessageState
    letter: Letter | None = None
    # The one that tries whether the server works again.
    probing: bool = False


def claim_next(desk: Desk, at: datetime, only: int | None = None, *, on_the_way: bool = False) -> Claim | None:
    """Take the next due message; None when there is none or the server is left alone (then roll back).

    `only`: this message or none, and the server is tried even while it rests. `on_the_way`: together with other
    work that is not to be rolled back, so only while nothing is the matter.
    """
    condition = breaker.state(desk.transport, at, desk.pace)
    if (condition is breaker.State.RESTING and only is None) or (on_the_way and condition is not breaker.State.CLOSED):
        return None
    taken = _take_abandoned(desk, at, only) or _take_pending(desk, at, only)
    if taken is None:
        return None
    claim = _made_ready(*taken, desk, at)
    if claim.letter is None or condition is breaker.State.CLOSED:
        return claim
    if not breaker.may_probe(desk.transport, at, desk.pace):
        return None
    return replace(claim, probing=True)


# --- taking ----------------------------------------------------------------------------------------------

# (message, lease token, whether somebody else had it before)
Taken = tuple[int, str, bool]


def _take_pending(desk: Desk, at: datetime, only: int | None) -> Taken | None:
    return _take(desk, at, only, abandoned=False)


def _take_abandoned(desk: Desk, at: datetime, only: int | None) -> Taken | None:
    """Its lease ran out: whoever had it died, or will find at the last moment that it is no longer theirs."""
    return _take(desk, at, only, abandoned=True)


def _take(desk: Desk, at: datetime, only: int | None, *, abandoned: bool) -> Taken | None:
    db.session.flush()
    token, lease = secrets.token_hex(16), desk.pace.lease
    # A lease far ahead (an hour) was given before somebody set the clock back; hosts may differ by minutes.
    given = {
        "at": at,
        "until": at + lease,
        "far_ahead": at + FAR_AHEAD * lease,
        "long_ago": at - LEFT_TO_ITS_HOST * lease,
        "token": token,
        "witness": desk.journal.name,
        "only": only,
    }
    ident = db.session.execute(_taking(abandoned=abandoned, one=only is not None), given).scalar()
    return None if ident is None else (ident, token, abandoned)


@cache
def _taking(*, abandoned: bool, one: bool) -> Update:
    """Compare and set, in one statement. SQLite leaves the row lock out: there is one writer at a time."""
    message = table_of(Message).c
    # Who shares its journal knows whether it left; another host waits, in case that one only lost the database.
    known = or_(
        message.journal.is_(None), message.journal == bindparam("witness"), message.lease_until < bindparam("long_ago")
    )
    ran_out = or_((message.lease_until < bindparam("at")) & known, message.lease_until > bindparam("far_ahead"))
    wanted = (
        (message.state == MessageState.SENDING, ran_out)
        if abandoned
        else (message.state == MessageState.PENDING, message.not_before <= bindparam("at"))
    )
    this = (message.id == bindparam("only"),) if one else ()
    first = (
        select(message.id)
        .where(*wanted, *this)
        .order_by(message.not_before, message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .correlate(None)
        .scalar_subquery()
    )
    return (
        update(table_of(Message))
        .where(message.id == first)
        .values(
            state=MessageState.SENDING,
            lease_token=bindparam("token"),
            lease_until=bindparam("until"),
            journal=bindparam("witness"),
        )
        .returning(message.id)
    )


def count_from(now: datetime, given: datetime, claim: Claim, pace: Pace) -> None:
    """Writing it took long: the lease counts from now, or the conversation outlives it and somebody else mails too."""
    if claim.letter is None or now - given < (pace.lease - pace.conversation) / 10:
        return
    db.session.execute(
        update(Message)
        .where(Message.id == claim.message_id)
        .values(lease_until=now + pace.lease)
        .execution_options(synchronize_session=False)
    )


# --- making ready ----------------------------------------------------------------------------------------


def _made_ready(ident: int, token: str, abandoned: bool, desk: Desk, at: datetime) -> Claim:
    try:
        with db.session.begin_nested():
            message = db.session.get_one(Message, ident, populate_existing=True)
            return _Readying(message, token, desk, at).claim(abandoned=abandoned)
    except AWAY:
        # The database is what failed, not this message.
        raise
    except Exception as error:
        log.exception("message %s is held: it can't be made ready", ident)
        return hold(ident, error, desk, at)


def hold(ident: int, error: Exception, desk: Desk, at: datetime) -> Claim:
    """Hold a message that stands in the way of the others, with the reason."""
    reason = f"{type(error).__name__}: {error}"
    # Without loading it: the row itself may be what is broken.
    db.session.execute(
        update(Message)
        .where(Message.id == ident)
        .values(state=MessageState.HELD, last_error=reason[:1000], lease_token=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    note(ident, "held", at=at, node=desk.node, words=reason)
    return Claim(ident, MessageState.HELD)


_LINKS = select(Link).where(Link.message_id == bindparam("message"))


class _Readying:
    """One claimed message on its way to being a letter."""

    def __init__(self, message: Message, token: str, desk: Desk, at: datetime) -> None:
        self.message, self.token, self.desk, self.at = message, token, desk, at

    def claim(self, *, abandoned: bool) -> Claim:
        """The story: did it leave already, may it leave, what does it say."""
        if abandoned and self._left_already():
            return Claim(self.message.id, MessageState.ACCEPTED)
        if abandoned and not self.message.address:
            # Its receiver was erased while it was on its way.
            return self._obsolete()
        if is_suppressed(self.message.address):
            return self._dead(ON_THE_LIST)
        if renderer_of(self.message.kind) is None:
            return self._held(NOBODY_WRITES)
        allowed = may_leave(self.message, self.at)
        if isinstance(allowed, datetime):
            return self._later(allowed)
        if not allowed or not self._is_written():
            return self._obsolete()
        return Claim(self.message.id, MessageState.SENDING, self._letter())

    def _left_already(self) -> bool:
        """The journal knows what the one who died could not tell the database."""
        accept = self.desk.journal.find(self.message.message_id)
        if accept is None:
            self.message.attempts += 1
            self.message.possible_duplicate = True
            self._note("reclaimed")
            return False
        self._end(MessageState.ACCEPTED)
        self.message.accepted_at = accept.at
        self.message.last_code, self.message.last_error = accept.code, ""
        note(
            self.message.id,
            Verdict.ACCEPTED,
            at=self.at,
            node=self.desk.node,
            code=accept.code,
            words=accept.words,
        )
        tell_accepted(self.message, accept.at)
        return True

    def _is_written(self) -> bool:
        """A copy that was tried goes again unchanged; otherwise it is written now, if there is still reason to."""
        if self.message.mime is not None and not self._came_too_late():
            return True
        render = renderer_of(self.message.kind)
        rendered = render(self.message, self.at) if render else None
        if rendered is None:
            return False
        self.message.subject = subject(rendered.subject)
        self.message.written_at = self.at
        self.message.mime = compose(self.message, rendered, self.desk.settings, self.at)
        return True

    def _came_too_late(self) -> bool:
        """A link in it no longer works, and nobody can have seen it: better written anew."""
        ended = select(Link.id).where(Link.message_id == self.message.id, Link.expires_at <= self.at).limit(1)
        return not self.message.possible_duplicate and db.session.scalar(ended) is not None

    def _letter(self) -> Letter:
        message = self.message
        links = db.session.scalars(_LINKS, {"message": message.id}).all()
        return Letter(
            id=message.id,
            key=message.dedupe_key,
            message_id=message.message_id,
            sender=sender(self.desk.settings).addr_spec,
            address=envelope(message.address),
            mime=fill_in(message.mime or b"", links),
            written_at=message.written_at or self.at,
            lease_token=self.token,
        )

    def _later(self, not_before: datetime) -> Claim:
        self._end(MessageState.PENDING)
        self.message.not_before = not_before
        return Claim(self.message.id, MessageState.PENDING)

    def _held(self, reason: str) -> Claim:
        self._end(MessageState.HELD)
        self.message.last_error = reason
        self._note("held", reason)
        return Claim(self.message.id, MessageState.HELD)

    def _obsolete(self) -> Claim:
        self._end(MessageState.OBSOLETE)
        self._note("obsolete")
        return Claim(self.message.id, MessageState.OBSOLETE)

    def _dead(self, reason: str) -> Claim:
        self._end(MessageState.DEAD)
        self.message.last_error = reason
        self._note("suppressed")
        tell_dead(self.message, self.at)
        return Claim(self.message.id, MessageState.DEAD)

    def _end(self, state: MessageState) -> None:
        self.message.state = state
        self.message.lease_token = self.message.lease_until = None

    def _note(self, outcome: str, words: str = "") -> None:
        note(self.message.id, outcome, at=self.at, node=self.desk.node, words=words)
