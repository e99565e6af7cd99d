"""When all mail stands still until somebody chooses: this database was put back from a backup, or is a copy.

A database that went back in time would mail again what has left since; a copy for rehearsing would mail real
customers. Both are seen before the first claim, and an administrator says what becomes of what waits.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select, update

from pdca.config import Settings
from pdca.db import db
from pdca.installation import forget, recall, remember
from pdca.mail.accepts import Accept, AcceptJournal
from pdca.mail.files import folder_of
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import cover, make_obsolete, note
from pdca.web import settings

# Rows of `installation`. When it was seen that this database went back in time, until somebody chooses.
RESTORED = "restored_at"
# Under which name and address mail has left from this database.
SENDS_AS, SENDS_FROM = "sends_as", "sends_from"
# Up to where the accept journal of a host is known to this database, in bytes.
MARK = "journal_mark:"

HELD_BY_RESTORE = "this installation was restored from a backup: release or discard it"
# A message of which the journal knows more than these say was forgotten by the database.
KNOWS = (MessageState.ACCEPTED, MessageState.SENDING)


class Why(StrEnum):
    """Why everything waits."""

    RESTORED = "restored"
    COPIED = "copied"


class Choice(StrEnum):
    """What becomes of what waits."""

    # Everything leaves, as far as it is still true.
    SEND = "send"
    # One grouped mail per colleague says it all.
    DIGEST = "digest"
    # Nothing of it leaves; what comes up from now on does.
    DISCARD = "discard"


@dataclass(frozen=True)
class Standstill:
    """Mail waits for a choice. `here` differs from `known`: the name or address mail left from until now."""

    why: Why
    known: str = ""
    here: str = ""


# What the rooms above do when one message takes over what others would have said, or (None) nobody will say it.
TakeOver = Callable[[Sequence[int], int | None], None]
_take_over: list[tuple[str, TakeOver]] = []


def register_merging(kind: str, take_over: TakeOver) -> None:
    """Messages of this kind to one person can be said in one; `take_over(older ids, the one)` moves their content.

    `take_over(ids, None)`: somebody chose that what they would have said is not said at all.
    """
    if (kind, take_over) not in _take_over:
        _take_over.append((kind, take_over))


# What the rooms above do first when somebody chose that nothing is said of what is due by then.
GiveUp = Callable[[datetime], None]
_give_up: list[GiveUp] = []


def when_discarding(give_up: GiveUp) -> None:
    """Call `give_up(at)` before what waits is discarded: most of what is due by then is in no message yet."""
    if give_up not in _give_up:
        _give_up.append(give_up)


# --- why -------------------------------------------------------------------------------------------------


def standstill() -> Standstill | None:
    """Why all mail waits now; None when it does not. One query."""
    given = settings()
    known = recall(RESTORED, SENDS_AS, SENDS_FROM)
    if RESTORED in known:
        return Standstill(Why.RESTORED)
    if _stays_on_this_machine(given):
        return None
    for name, here in _identity(given).items():
        if name in known and known[name] != here:
            return Standstill(Why.COPIED, known[name], here)
    return None


def has_news(journal: AcceptJournal) -> bool:
    """Whether `look_back` has anything to look at: lines that this database was not shown, a name it does not know."""
    return _known_up_to() != journal.size() or bool(_unsaid(settings()))


def look_back(journal: AcceptJournal, at: datetime) -> None:
    """Before anything leaves: did this database forget what a server took, and who does it send as?

    A mail that the journal knows and the database does not is written down as accepted.
    """
    start, size = _known_up_to(), journal.size()
    for name, here in _unsaid(settings()).items():
        remember(name, here)
    # A shorter journal is another one: all of it is news.
    if import_accepts(journal.since(start if start <= size else 0), at):
        remember(RESTORED, at.isoformat())
    remember(_mark(), str(size))


def import_accepts(accepts: Iterable[Accept], at: datetime) -> int:
    """Write down what left and is not known here, so that its key is never queued again. How many were forgotten."""
    return sum(_import(accept, at) for accept in accepts)


def _import(accept: Accept, at: datetime) -> bool:
    found = db.session.scalar(select(Message).where(Message.dedupe_key == accept.key))
    if found is None:
        db.session.add(Message(**shell(accept)))
        return True
    if found.state in KNOWS:
        return False
    # A copy that somebody else took over in good faith is no sign of a restore.
    forgotten = not found.possible_duplicate
    found.state, found.accepted_at, found.last_code = MessageState.ACCEPTED, accept.at, accept.code
    found.lease_token = found.lease_until = None
    note(found.id, "accepted", at=at, node="journal", code=accept.code, words=accept.words)
    return forgotten


def shell(accept: Accept) -> dict[str, Any]:
    """The row of a mail that this database never knew. The journal holds no address and no text: the key matters."""
    return {
        "dedupe_key": accept.key,
        "message_id": accept.message_id,
        "kind": "restore",
        "about": {},
        "address": "",
        "subject": "",
        "created_at": accept.at,
        "not_before": accept.at,
        "attempts": 1,
        "state": MessageState.ACCEPTED,
        "accepted_at": accept.at,
        "last_code": accept.code,
        "last_error": "",
        "possible_duplicate": False,
    }


def _identity(given: Settings) -> dict[str, str]:
    """What was said on purpose: a host name or a default address says nothing about being a copy."""
    said = {SENDS_AS: given.instance_id, SENDS_FROM: given.base_url}
    return {name: value for name, value in said.items() if value}


def _unsaid(given: Settings) -> dict[str, str]:
    """What this database does not know yet about who it sends as."""
    if _stays_on_this_machine(given):
        return {}
    identity = _identity(given)
    known = recall(*identity)
    return {name: here for name, here in identity.items() if name not in known}


def _stays_on_this_machine(given: Settings) -> bool:
    return folder_of(given) is not None and not given.beyond_loopback


def _mark() -> str:
    # Each host has a journal of its own.
    return f"{MARK}{socket.gethostname()}"[:60]


def _known_up_to() -> int:
    return int(recall(_mark()).get(_mark(), "0"))


# --- the choice ------------------------------------------------------------------------------------------


def waiting() -> Select[Message]:
    """What would leave, and what the restore held."""
    held = (Message.state == MessageState.HELD) & (Message.last_error == HELD_BY_RESTORE)
    return select(Message).where((Message.state == MessageState.PENDING) | held).order_by(Message.id)


def resume(choice: Choice, *, by: str, at: datetime) -> int:
    """Let mail leave again from here, under the name and address it has now. How many messages that was about."""
    if choice is Choice.DISCARD:
        # Before the messages are looked at: what was put in one of them meanwhile is discarded with it.
        for give_up in _give_up:
            give_up(at)
    # Ours until this is over: a process that was in the middle of it must not write one of them meanwhile.
    messages = list(db.session.scalars(waiting().with_for_update().execution_options(populate_existing=True)))
    if choice is Choice.DISCARD:
        _discard(messages, by, at)
    else:
        _release(messages, by, at)
    if choice is Choice.DIGEST:
        _merge(messages, at)
    forget(RESTORED)
    for name, here in _identity(settings()).items():
        remember(name, here)
    return len(messages)


def _release(messages: Iterable[Message], by: str, at: datetime) -> None:
    ids = [message.id for message in messages if message.state is MessageState.HELD]
    for ident in ids:
        note(ident, "released", at=at, node=by)
    db.session.execute(
        update(Message)
        .where(Message.id.in_(ids))
        .values(state=MessageState.PENDING, not_before=at, attempts=0, last_error="")
    )
    # As with a single one: only a copy that may have reached somebody must stay as it was.
    db.session.execute(
        update(Message).where(Message.id.in_(ids), Message.possible_duplicate.is_(False)).values(mime=None)
    )


def _discard(messages: Iterable[Message], by: str, at: datetime) -> None:
    kinds = {message.id: message.kind for message in messages}
    gone = make_obsolete(kinds, at)
    for ident in gone:
        note(ident, "discarded", at=at, node=by)
    for kind, take_over in _take_over:
        take_over([ident for ident in gone if kinds[ident] == kind], None)


def _merge(messages: Sequence[Message], at: datetime) -> None:
    """The newest of a person's says it all."""
    for kind, take_over in _take_over:
        mine = [m for m in messages if m.kind == kind and m.person_id is not None and not m.possible_duplicate]
        for _person, those in groupby(sorted(mine, key=lambda m: (m.person_id or 0, m.id)), lambda m: m.person_id):
            *older, newest = [message.id for message in those]
            covered = cover(older, at)
            if covered:
                # One that was tried before goes again as it was: it has to be written anew, or it says its own only.
                db.session.execute(update(Message).where(Message.id == newest).values(mime=None, subject=""))
                take_over(covered, newest)
