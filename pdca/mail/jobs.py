"""Delivery: claim one, commit, send, write down that it was taken, settle, commit; then the next.

Any number of processes may do this at once. The database decides who has a message (a lease and a token);
no transaction is open while a server talks; what a server took is never sent again on purpose.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from pdca import clock, failpoints
from pdca.db import LockTimeout, db
from pdca.mail.accepts import AcceptJournal
from pdca.mail.claiming import Claim, Desk, claim_next, count_from, hold
from pdca.mail.letters import Letter, Outcome, Transport, Verdict
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import forget_bodies
from pdca.mail.pace import Pace, pace_of
from pdca.mail.settling import settle
from pdca.mail.standstill import has_news, look_back, standstill
from pdca.mail.transports import transport_of
from pdca.web import settings

log = logging.getLogger("pdca.mail")

# Settling never gives up quickly: what was taken must be known.
SETTLE_PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
KEEP_BODIES, KEEP_ACCEPTS = timedelta(days=30), timedelta(days=90)
UNAVAILABLE = (DBAPIError, LockTimeout)
# Taken by a server and not written down anywhere yet, by accept journal: a full disk, for instance.
_unwritten: dict[Path, list[tuple[Letter, Outcome, datetime]]] = {}


@dataclass(frozen=True)
class Delivered:
    """What one pass did, in messages."""

    accepted: int = 0
    deferred: int = 0
    dead: int = 0
    held: int = 0
    obsolete: int = 0

    def counting(self, state: MessageState) -> Delivered:
        """One more that ended in this state."""
        name = _COUNTED_AS[state]
        return replace(self, **{name: getattr(self, name) + 1})


_COUNTED_AS = {
    MessageState.ACCEPTED: "accepted",
    MessageState.PENDING: "deferred",
    MessageState.SENDING: "deferred",
    MessageState.DEAD: "dead",
    MessageState.HELD: "held",
    MessageState.OBSOLETE: "obsolete",
}


def deliver(
    now: datetime,
    budget: float = 50.0,
    *,
    go_on: Callable[[], bool] = lambda: True,
    only: int | None = None,
) -> Delivered:
    """Send what is due at `now`, one message after the other, until nothing is left or `budget` seconds are over.

    `go_on` is asked between two messages; `only` is the one message to send, even while the server rests.
    Commits by itself, several times; call it outside a transaction. Raises what the database raises when it is
    not there: nothing is lost, the next pass goes on.
    """
    began, done = clock.elapsed(), Delivered()
    desk = desk_of_this_process()
    _catch_up(desk)
    if only is None and _stands_still(desk, now):
        return done

    def moment() -> datetime:
        return now + timedelta(seconds=clock.elapsed() - began)

    with closing(transport_of(desk.settings)) as transport:
        while clock.elapsed() - began < budget and go_on():
            state = _deliver_one(desk, transport, moment, only)
            if state is None:
                break
            done = done.counting(state)
    return done


def _stands_still(desk: Desk, now: datetime) -> bool:
    """Whether this database was restored or copied, and an administrator has not chosen yet."""
    with db.reading():
        is_behind = has_news(desk.journal)
    if is_behind:
        try:
            with db.writing():
                look_back(desk.journal, now)
                db.session.commit()
        except OSError:
            log.exception("the accept journal can't be read: a restore would not be seen")
    with db.reading():
        return standstill() is not None


def tidy(now: datetime) -> None:
    """Once a day: texts of mails go after 30 days, lines of the accept journal after 90 (a restore looks back less)."""
    with db.writing():
        forget_bodies(now - KEEP_BODIES)
        db.session.commit()
    try:
        AcceptJournal(settings().instance).forget(now - KEEP_ACCEPTS)
    except OSError:
        log.exception("the accept journal can't be shortened")


def desk_of_this_process(pace: Pace | None = None) -> Desk:
    """What delivery needs, from the settings of the running application."""
    given = settings()
    return Desk(
        settings=given,
        pace=pace or pace_of(given),
        journal=AcceptJournal(given.instance),
        transport=transport_of(given).name,
        node=f"{socket.gethostname()[:60]}:{os.getpid()}",
    )


def _deliver_one(
    desk: Desk, transport: Transport, moment: Callable[[], datetime], only: int | None
) -> MessageState | None:
    """One message from claim to settlement; None when there is nothing to do. `moment` tells what time it is."""
    claim = _claimed(desk, moment, only)
    if claim is None or claim.letter is None:
        return claim.state if claim else None
    deadline = clock.elapsed() + desk.pace.conversation.total_seconds()
    outcome = transport.send(claim.letter, deadline, lambda: _still_ours(claim.letter))
    at = moment()
    if outcome.verdict is Verdict.ACCEPTED:
        failpoints.reached("smtp.taken")
        _write_down(desk, claim.letter, outcome, at)
    return _settled(claim, outcome, desk, at)


def _claimed(desk: Desk, moment: Callable[[], datetime], only: int | None) -> Claim | None:
    with db.writing():
        # Our turn to write may be long in coming: the lease counts from then, or the conversation outlives it.
        db.session.connection()
        at = moment()
        claim = claim_next(desk, at, only)
        if claim is None:
            return None
        count_from(moment(), at, claim, desk.pace)
        try:
            failpoints.reached("claim.before_commit")
            # Committed before the server is called: a crash must never hide that we tried.
            db.session.commit()
            failpoints.reached("claim.after_commit")
        except UNAVAILABLE:
            raise
        except Exception as error:
            # What a listener set in motion fails: this message must not stand in the way of the others.
            log.exception("message %s is held: its claim can't be committed", claim.message_id)
            db.session.rollback()
            claim = hold(claim.message_id, error, desk, at)
            db.session.commit()
        return claim


def _still_ours(letter: Letter | None) -> bool:
    if letter is None:
        return False
    with db.reading():
        mine = (
            Message.id == letter.id,
            Message.state == MessageState.SENDING,
            Message.lease_token == letter.lease_token,
        )
        return db.session.scalar(select(Message.id).where(*mine)) is not None


def _write_down(desk: Desk, letter: Letter, outcome: Outcome, at: datetime) -> None:
    """Before the database hears of it: whoever takes over after a crash looks here first."""
    try:
        desk.journal.add(letter, outcome, at)
        failpoints.reached("journal.written")
    except OSError:
        log.exception("message %s was taken, but the accept journal can't be written", letter.id)
        _unwritten.setdefault(desk.journal.path, []).append((letter, outcome, at))


def _catch_up(desk: Desk) -> None:
    """What a full disk kept out of the journal goes in now, before anybody takes it for lost and sends it again."""
    for letter, outcome, at in _unwritten.pop(desk.journal.path, ()):
        _write_down(desk, letter, outcome, at)


def _settled(claim: Claim, outcome: Outcome, desk: Desk, at: datetime) -> MessageState:
    """Try until the database is there. A listener that fails is reported; what the server said is kept."""
    tell, pauses = True, iter(SETTLE_PAUSES_S)
    while True:
        try:
            with db.writing():
                state = settle(claim, outcome, desk, at, tell=tell)
                failpoints.reached("settle.before_commit")
                db.session.commit()
            return state
        except UNAVAILABLE:
            pause = next(pauses, None)
            if pause is None:
                raise
            time.sleep(pause)
        except Exception:
            if not tell:
                raise
            log.exception("a listener of message %s failed", claim.letter and claim.letter.id)
            tell = False
