"""Settling: what the server said becomes the message's state. The table of answers, read as code."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update

from pdca.db import db, table_of
from pdca.mail import breaker
from pdca.mail.claiming import Claim, Desk
from pdca.mail.letters import Letter, Outcome, Verdict
from pdca.mail.models import Attempt, Message, MessageState
from pdca.mail.operations import note, suppress, tell_accepted, tell_dead

# The server does not work, or may have taken the letter and not said so.
_BREAKS = (Verdict.DOWN, Verdict.LOST)


def settle(claim: Claim, outcome: Outcome, desk: Desk, at: datetime, *, tell: bool = True) -> MessageState:
    """Record how the conversation ended; gives the state the message has now. `tell`: call the listeners."""
    if claim.letter is None:
        return claim.state
    # The message first, then the breaker: the order in which claiming locks them.
    state = _settled(claim.letter, outcome, desk, at, tell=tell)
    # Servers repeat the address, and what was tried is never changed: also not when its receiver is erased.
    words = re.sub(re.escape(claim.letter.address), "…", outcome.words, flags=re.IGNORECASE)
    outcome = replace(outcome, words=words)
    note(claim.letter.id, outcome.verdict, at=at, node=desk.node, code=outcome.code, words=words)
    _tell_the_breaker(claim, outcome, desk, at)
    return state


def _settled(letter: Letter, outcome: Outcome, desk: Desk, at: datetime, *, tell: bool) -> MessageState:
    if outcome.verdict is Verdict.ACCEPTED:
        return _accepted(letter, outcome, at, tell=tell)
    message = _still_ours(letter)
    if message is None:
        return MessageState.SENDING
    if not message.address:
        # Its receiver was erased while it was on its way: it is not tried again, and nothing is kept of it.
        message.state = MessageState.OBSOLETE
        message.lease_token = message.lease_until = None
        return message.state
    message.lease_token = None
    message.last_code, message.last_error = outcome.code, outcome.words
    _AFTER[outcome.verdict](message, desk, at)
    message.lease_until = None
    if message.state is MessageState.DEAD and tell:
        tell_dead(message, at)
    return message.state


def _tell_the_breaker(claim: Claim, outcome: Outcome, desk: Desk, at: datetime) -> None:
    if outcome.verdict in _BREAKS:
        breaker.failed(desk.transport, outcome.words, probing=claim.probing, at=at, pace=desk.pace)
    elif claim.probing:
        breaker.worked(desk.transport)


def _accepted(letter: Letter, outcome: Outcome, at: datetime, *, tell: bool) -> MessageState:
    """Accepted whatever the lease says: it has left. Only once, and never back (I4)."""
    changed = db.session.execute(_ACCEPT, {"message": letter.id, "at": at, "code": outcome.code}).scalar()
    if changed is not None and tell:
        tell_accepted(db.session.get_one(Message, letter.id, populate_existing=True), at)
    return MessageState.ACCEPTED


_MESSAGE = table_of(Message).c
_ACCEPT = (
    update(table_of(Message))
    .where(_MESSAGE.id == bindparam("message"), _MESSAGE.state != MessageState.ACCEPTED)
    .values(
        state=MessageState.ACCEPTED,
        accepted_at=bindparam("at"),
        lease_token=None,
        lease_until=None,
        last_code=bindparam("code"),
        last_error="",
    )
    .returning(_MESSAGE.id)
)


def _still_ours(letter: Letter) -> Message | None:
    return db.session.scalars(
        select(Message)
        .where(
            Message.id == letter.id,
            Message.state == MessageState.SENDING,
            Message.lease_token == letter.lease_token,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


# --- one row of the table each ---------------------------------------------------------------------------


def _down(message: Message, _desk: Desk, at: datetime) -> None:
    """Released: no attempt is counted. It goes to the back, so that one letter can't hold up all others."""
    message.state = MessageState.PENDING
    message.not_before = max(message.not_before, at)


def _later(message: Message, desk: Desk, at: datetime) -> None:
    message.attempts += 1
    next_try = desk.pace.next_try(message.dedupe_key, message.attempts, at)
    if next_try > _first_refused(message, at) + desk.pace.give_up:
        message.state = MessageState.DEAD
        return
    message.state = MessageState.PENDING
    message.not_before = next_try


def _lost(message: Message, desk: Desk, at: datetime) -> None:
    """It may have been taken: the same copy goes again, not before the lease would have run out."""
    lease_until = message.lease_until or at
    message.possible_duplicate = True
    _later(message, desk, at)
    message.not_before = max(message.not_before, lease_until)


def _refused(message: Message, _desk: Desk, _at: datetime) -> None:
    message.state = MessageState.DEAD


def _bad_address(message: Message, _desk: Desk, at: datetime) -> None:
    suppress(message.address, f"{message.last_code} {message.last_error}", at)
    message.state = MessageState.DEAD


def _not_ours(message: Message, _desk: Desk, _at: datetime) -> None:
    """We thought it was not ours and it is: let it go again."""
    message.state = MessageState.PENDING


_AFTER = {
    Verdict.DOWN: _down,
    Verdict.LATER: _later,
    Verdict.LOST: _lost,
    Verdict.REFUSED: _refused,
    Verdict.BAD_ADDRESS: _bad_address,
    Verdict.NOT_OURS: _not_ours,
}


def _first_refused(message: Message, at: datetime) -> datetime:
    """When its receiver first put us off: each mail that takes over an older one would begin its hours anew.

    They count from the last one that was taken or given up; who is let go again, or has a new address, starts anew.
    """
    refusals = Attempt.outcome.in_((Verdict.LATER, Verdict.LOST))
    same = _to_the_same_receiver(message)
    over = Attempt.outcome.in_((Verdict.ACCEPTED, "released")) | (Message.state == MessageState.DEAD)
    since = select(func.max(Attempt.id)).join(Message, Message.id == Attempt.message_id).where(same, over)
    first = db.session.scalar(
        select(func.min(Attempt.at))
        .join(Message, Message.id == Attempt.message_id)
        .where(
            same,
            (Message.id == message.id) | (Message.state == MessageState.COVERED),
            refusals,
            Attempt.id > func.coalesce(since.scalar_subquery(), 0),
        )
    )
    return first or at


def _to_the_same_receiver(message: Message) -> ColumnElement[bool]:
    """Mails of which a newer one takes over an older one; those to a customer are each by themselves."""
    if message.person_id is None:
        return Message.id == message.id
    same = (Message.kind == message.kind, Message.address == message.address)
    return and_(Message.person_id == message.person_id, *same)
