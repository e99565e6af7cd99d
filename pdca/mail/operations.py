"""What can be done with the outbox. Nothing here commits, and nothing here talks to a mail server."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from email import message_from_bytes, policy
from typing import Any, TypeVar

from sqlalchemy import delete, func, insert, select, update

from pdca.db import db, insert_once, table_of
from pdca.errors import N_, Missing, NotAllowed, Stale
from pdca.mail.keys import message_id_for
from pdca.mail.models import Attempt, Link, Message, MessageState, Suppression
from pdca.mail.queries import is_suppressed, normalised
from pdca.text import clean, clean_line

Hook = Callable[[Message, datetime], None]
Listener = TypeVar("Listener", bound=Hook)

TEST = "test"
ON_THE_LIST = N_("The address is on the list of addresses that are not mailed; take it off that list first.")

_when_dead: list[Hook] = []
_when_accepted: list[Hook] = []


def on_dead(fn: Listener) -> Listener:
    """Call `fn(message, at)` in the transaction that gives a message up: its receiver was not reached."""
    return _registered(_when_dead, fn)


def on_accepted(fn: Listener) -> Listener:
    """Call `fn(message, at)` in the transaction that records that a server accepted a message."""
    return _registered(_when_accepted, fn)


def tell_dead(message: Message, at: datetime) -> None:
    """Tell whoever asked that this message was given up."""
    for fn in _when_dead:
        fn(message, at)


def tell_accepted(message: Message, at: datetime) -> None:
    """Tell whoever asked that this message was accepted."""
    for fn in _when_accepted:
        fn(message, at)


# --- putting in ------------------------------------------------------------------------------------------


def queue(
    kind: str,
    *,
    address: str,
    about: Mapping[str, Any],
    dedupe_key: str,
    at: datetime,
    not_before: datetime | None = None,
    person_id: int | None = None,
) -> Message | None:
    """Put one mail in the outbox; None when this `dedupe_key` is there already (I3).

    `kind` names the renderer that writes it when it leaves; `about` holds ids for that renderer, never texts.
    """
    row = {
        "kind": kind,
        "address": clean_line(address, 254),
        "about": dict(about),
        "dedupe_key": dedupe_key,
        "message_id": message_id_for(dedupe_key),
        "person_id": person_id,
        "created_at": at,
        "not_before": not_before or at,
    }
    ident = insert_once(Message, row)
    return None if ident is None else db.session.get_one(Message, ident)


def queue_test(address: str, *, locale: str, at: datetime) -> Message:
    """A mail that says nothing but that it arrived, in this language."""
    key = f"test:{secrets.token_hex(16)}"
    message = queue(TEST, address=address, about={"locale": locale}, dedupe_key=key, at=at)
    if message is None:
        raise RuntimeError("a random key was there already")
    return message


def cover(messages: Iterable[int], at: datetime) -> list[int]:
    """These messages need not leave: a later one says it all. Which of them were still waiting."""
    return _take_out(messages, MessageState.COVERED, at)


def make_obsolete(messages: Iterable[int], at: datetime) -> list[int]:
    """What these messages would say is no longer true. Which of them were still waiting."""
    return _take_out(messages, MessageState.OBSOLETE, at)


def withdraw_about(what: str, ident: int, *, address: str, at: datetime) -> int:
    """Take out what still waits for this address about `what` (a key of `about`). How many there were."""
    waiting = db.session.execute(
        select(Message.id, Message.about).where(
            func.lower(Message.address) == normalised(address),
            Message.state.in_((MessageState.PENDING, MessageState.HELD)),
        )
    )
    return len(make_obsolete([row.id for row in waiting if row.about.get(what) == ident], at))


def unwrite_for(person_id: int) -> None:
    """What this person may read has changed: what was written for them is written anew when it leaves (I6).

    Also what an administrator may still release. A copy that is on its way in this moment leaves as it was; when its
    process dies, the next one writes it anew.
    """
    may_leave = (MessageState.PENDING, MessageState.SENDING, MessageState.HELD, MessageState.DEAD)
    waits = (Message.state.in_(may_leave), Message.mime.is_not(None))
    db.session.execute(update(Message).where(Message.person_id == person_id, *waits).values(mime=None))


def readdress(person_id: int, address: str, at: datetime, *, but: Collection[str]) -> None:
    """What waits for this person is written anew, to their new address, as if it were new. Not the kinds `but`.

    What is on its way in this moment leaves as it was; whoever writes its kind looks again before it goes once more.
    """
    waits = (Message.person_id == person_id, Message.state.in_((MessageState.PENDING, MessageState.HELD)))
    anew = {"address": address, "mime": None, "not_before": at, "attempts": 0}
    moved = update(Message).where(*waits, Message.kind.not_in(but)).values(anew).returning(Message.id)
    for ident in db.session.scalars(moved).all():
        note(ident, "released", at=at, node="new address")


def forget_mails_about(what: str, ident: int, *, address: str) -> None:
    """Empty what was mailed to this address about `what`: that it was sent stays known, not what and to whom."""
    sent = db.session.scalars(
        select(Message).where(
            func.lower(Message.address) == normalised(address),
            Message.state.not_in((MessageState.PENDING, MessageState.SENDING)),
        )
    )
    for message in sent:
        if message.about.get(what) == ident:
            message.mime, message.subject, message.address = None, "", ""


def _take_out(messages: Iterable[int], state: MessageState, at: datetime) -> list[int]:
    # Not the ones in conversation with a server: what is leaving, leaves.
    waiting = (MessageState.PENDING, MessageState.HELD)
    taken = list(
        db.session.scalars(
            update(Message)
            .where(Message.id.in_(list(messages)), Message.state.in_(waiting))
            .values(state=state)
            .returning(Message.id)
        )
    )
    for ident in taken:
        note(ident, str(state), at=at, node="")
    return taken


def forget_bodies(before: datetime) -> int:
    """Drop the text of ended mails that were due before that instant; what happened with them stays. How many."""
    ended = (MessageState.ACCEPTED, MessageState.DEAD, MessageState.OBSOLETE, MessageState.COVERED)
    return len(
        db.session.scalars(
            update(Message)
            .where(Message.state.in_(ended), Message.not_before < before, Message.mime.is_not(None))
            .values(mime=None, subject="")
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        ).all()
    )


# --- what an administrator does --------------------------------------------------------------------------


def release(message: Message, *, by_id: int, at: datetime) -> None:
    """Let a held or dead message go again, as if it were new: written anew, tried from the start.

    `NotAllowed` while its address is on the list, `Stale` when it is neither held nor dead any more.
    """
    if is_suppressed(message.address):
        raise NotAllowed([Missing("mail", "address", ON_THE_LIST)])
    _leave(message, (MessageState.HELD, MessageState.DEAD), at, by_id, "released")
    message.state = MessageState.PENDING
    message.not_before = at
    message.attempts = 0
    message.last_code, message.last_error = None, ""
    # Only a copy that may have reached somebody must stay as it was.
    if not message.possible_duplicate:
        message.mime = None


def discard(message: Message, *, by_id: int, at: datetime) -> None:
    """Give up a held or dead message for good."""
    _leave(message, (MessageState.HELD, MessageState.DEAD), at, by_id, "discarded")
    message.state = MessageState.OBSOLETE


def _leave(message: Message, states: tuple[MessageState, ...], at: datetime, by_id: int, outcome: str) -> None:
    # Compare and set: two administrators may press at once.
    db.session.refresh(message, with_for_update=True)
    if message.state not in states:
        raise Stale
    note(message.id, outcome, at=at, node=f"person:{by_id}")


def note(message_id: int, outcome: str, *, at: datetime, node: str, code: int | None = None, words: str = "") -> None:
    """Add one row to what happened with a message; such rows are never changed."""
    db.session.flush()
    row = {"message_id": message_id, "at": at, "node": node, "outcome": outcome, "code": code}
    db.session.execute(_NOTE, {**row, "words": clean(words)[:1000]})


_NOTE = insert(table_of(Attempt))


# --- addresses that must not be mailed -------------------------------------------------------------------


def suppress(address: str, reason: str, at: datetime) -> bool:
    """Never mail this address again until an administrator takes it off the list; False when it was on it."""
    row = {"address": normalised(address), "reason": clean_line(reason)[:200], "at": at}
    return insert_once(Suppression, row) is not None


def forget_address(address: str, person_id: int, at: datetime) -> None:
    """Somebody is erased: what was mailed to them keeps its key and its state, and no word or address of it.

    What is on its way in this moment may leave. Its row forgets too: without an address it is not tried again.
    """
    theirs = (Message.person_id == person_id) | (func.lower(Message.address) == normalised(address))
    ids = db.session.scalars(select(Message.id).where(theirs)).all()
    make_obsolete(ids, at)
    db.session.execute(
        update(Message).where(Message.id.in_(ids)).values(address="", subject="", mime=None, last_error="")
    )
    db.session.execute(delete(Link).where(Link.person_id == person_id))
    db.session.execute(delete(Suppression).where(Suppression.address == normalised(address)))


def forget_name(name: str) -> None:
    """Somebody is erased: a mail that left and speaks of them keeps its key, and loses its text."""
    left = (MessageState.ACCEPTED, MessageState.COVERED, MessageState.OBSOLETE, MessageState.DEAD)
    texts = select(Message.id, Message.mime).where(Message.state.in_(left), Message.mime.is_not(None))
    rows = db.session.execute(texts.execution_options(yield_per=100))
    speak = [ident for ident, mime in rows if mime and _says(mime, name)]
    db.session.execute(update(Message).where(Message.id.in_(speak)).values(subject="", mime=None))


def _says(mime: bytes, name: str) -> bool:
    mail = message_from_bytes(mime, policy=policy.default)
    body = mail.get_body(("plain",))
    words = f"{mail['Subject']} {mail['To']} {body.get_content() if body else ''}"
    return name in " ".join(words.split())


def allow(suppression: Suppression) -> None:
    """Mail this address again."""
    db.session.delete(suppression)


def _registered(hooks: list[Hook], fn: Listener) -> Listener:
    # An application may be made more than once in one process.
    if fn not in hooks:
        hooks.append(fn)
    return fn
