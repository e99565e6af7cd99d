"""Delivery: claim one, commit, send, write down that it was taken, settle, commit; then the next.

Any number of processes may do this at once. The database decides who has a message (a lease and a token);
no transaction is open while a server talks; what a server took is never sent again on purpose.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, select

from pdca import clock, failpoints
from pdca.db import db, table_of
from pdca.engines import REFUSED
from pdca.installation import name_of_this_process
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
# Taken by a server and not written down anywhere yet, by accept journal: a full disk, for instance.
_unwritten: dict[Path, list[tuple[Letter, Outcome, datetime]]] = {}


# Tells what time it is by now.
Moment = Callable[[], datetime]
# How the conversation ended, and when.
Sent = tuple[Outcome, datetime]


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
    if _has_no_witness(desk) or (only is None and _stands_still(desk, now)):
        return done

    def moment() -> datetime:
        return now + timedelta(seconds=clock.elapsed() - began)

    def may_go_on() -> bool:
        return clock.elapsed() - began < budget and go_on() and desk.journal.path not in _unwritten

    try:
        with closing(transport_of(desk.settings)) as transport:
            claim = _claimed(desk, moment, only) if may_go_on() else None
            while claim is not None:
                sent = _sent(claim, desk, transport, moment)
                goes_on = may_go_on()
                state, claim = _ended(claim, sent, desk, moment, and_next=goes_on and only is None)
                done = done.counting(state)
                if claim is None and goes_on:
                    claim = _claimed(desk, moment, only)
    finally:
        # This may be the last pass of a process: what is known must not go with it.
        _catch_up(desk)
    return done


def _has_no_witness(desk: Desk) -> bool:
    """Whether the accept journal does not open, or does not take what it should know: then nothing leaves.

    Who dies would mail again what was taken, and a restore would not be seen. Administrators are told (trouble.py).
    """
    words = desk.journal.trouble() or _cannot_be_named(desk.journal)
    if words:
        log.error("no mail leaves: the accept journal does not open: %s", words)
    elif desk.journal.path in _unwritten:
        log.error("no mail leaves until the accept journal takes what it should know")
    return bool(words) or desk.journal.path in _unwritten


def _cannot_be_named(journal: AcceptJournal) -> str:
    try:
        return "" if journal.name else "its name is empty"
    except OSError as error:
        return error.strerror or str(error)


def _stands_still(desk: Desk, now: datetime) -> bool:
    """Whether this database was restored or copied, and an administrator has not chosen yet."""
    try:
        with db.reading():
            is_behind = has_news(desk.journal)
        if is_behind:
            with db.writing():
                look_back(desk.journal, now)
                db.session.commit()
    except OSError:
        log.exception("no mail leaves: the accept journal can't be read, and a restore would not be seen")
        return True
    with db.reading():
        return standstill() is not None


def tidy(now: datetime) -> None:
    """Once a day: texts of mails go after 30 days, lines of the accept journal after 90 (a restore looks back less)."""
    with db.writing():
        forget_bodies(now - KEEP_BODIES)
        db.session.commit()
    with db.reading():
        # Whoever takes it over looks in the journal first, also after three months without power.
        if db.session.scalar(_ABANDONED, {"at": now}) is not None:
            return
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
        node=name_of_this_process(),
    )


def _sent(claim: Claim, desk: Desk, transport: Transport, moment: Moment) -> Sent | None:
    """The conversation about a claimed letter; None when there is no letter to send."""
    if claim.letter is None:
        return None
    deadline = clock.elapsed() + desk.pace.conversation.total_seconds()
    outcome = transport.send(claim.letter, deadline, lambda: _still_ours(claim.letter))
    at = moment()
    if outcome.verdict is Verdict.ACCEPTED:
        failpoints.reached("smtp.taken")
        _write_down(desk, claim.letter, outcome, at)
    return outcome, at


def _ended(
    claim: Claim, sent: Sent | None, desk: Desk, moment: Moment, *, and_next: bool
) -> tuple[MessageState, Claim | None]:
    """The claimed message's state by now, and the next claim when it could be had in the same commit."""
    if sent is None:
        return claim.state, None
    outcome, at = sent
    if and_next and outcome.verdict is Verdict.ACCEPTED and not claim.probing:
        return _settled_and_claimed(claim, outcome, desk, at, moment)
    return _settled(claim, outcome, desk, at), None


def _claimed(desk: Desk, moment: Moment, only: int | None) -> Claim | None:
    with db.writing():
        # Our turn to write may be long in coming: the lease counts from then, or the conversation outlives it.
        db.quietly()
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
        except REFUSED:
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
        return db.session.scalar(_MINE, {"message": letter.id, "token": letter.lease_token}) is not None


_MESSAGE = table_of(Message).c
_MINE = select(_MESSAGE.id).where(
    _MESSAGE.id == bindparam("message"),
    _MESSAGE.state == MessageState.SENDING,
    _MESSAGE.lease_token == bindparam("token"),
)

_ABANDONED = (
    select(_MESSAGE.id).where(_MESSAGE.state == MessageState.SENDING, _MESSAGE.lease_until < bindparam("at")).limit(1)
)


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


def _settled_and_claimed(
    claim: Claim, outcome: Outcome, desk: Desk, at: datetime, moment: Moment
) -> tuple[MessageState, Claim | None]:
    """What was taken is settled and the next one claimed in one commit. When that fails, each goes by itself."""
    try:
        with db.writing():
            db.quietly()
            state = settle(claim, outcome, desk, at)
            given = moment()
            upcoming = claim_next(desk, given, on_the_way=True)
            if upcoming is not None:
                count_from(moment(), given, upcoming, desk.pace)
            failpoints.reached("settle.before_commit")
            failpoints.reached("claim.before_commit")
            db.session.commit()
    except Exception:
        log.warning("message %s is settled by itself", claim.message_id, exc_info=True)
        return _settled(claim, outcome, desk, at), None
    failpoints.reached("claim.after_commit")
    return state, upcoming


def _settled(claim: Claim, outcome: Outcome, desk: Desk, at: datetime) -> MessageState:
    """Try until the database is there. A listener that fails is reported; what the server said is kept.

    What the journal could not take is known to nobody else: then we try for as long as the message is ours.
    """
    tell, pauses, ends = True, iter(SETTLE_PAUSES_S), clock.elapsed() + desk.pace.lease.total_seconds()
    while True:
        try:
            with db.writing():
                state = settle(claim, outcome, desk, at, tell=tell)
                failpoints.reached("settle.before_commit")
                db.session.commit()
            return state
        except REFUSED:
            _catch_up(desk)
            is_unknown = desk.journal.path in _unwritten
            pause = next(pauses, SETTLE_PAUSES_S[-1] if is_unknown and clock.elapsed() < ends else None)
            if pause is None:
                if is_unknown:
                    log.critical(
                        "message %s was taken by the server, and neither the accept journal nor the database can be "
                        "written: it may be mailed once more",
                        claim.message_id,
                    )
                raise
            time.sleep(pause)
        except Exception:
            if not tell:
                raise
            log.exception("a listener of message %s failed", claim.letter and claim.letter.id)
            tell = False
