"""Answers by mail: matched to the mail they answer, and given to the room that wrote it.

An answer is believed when it names the Message-ID of a mail of ours, which only its receiver and the servers on its
way have seen, and comes from the address that this mail went to. Everything else stays in the mailbox, unread, for
people. Nothing in an answer is ever carried out.

Each is taken once. With what an answer changes, in the same commit, goes a row in `attempt` that names it: a crash
leaves both or neither, two processes can't both do it, and a mailbox that is numbered anew changes nothing. How far
the mailbox was read is remembered only so that nothing has to be fetched twice.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

from sqlalchemy import select

from pdca.db import db
from pdca.mail import bounces
from pdca.mail.bounces import Heard
from pdca.mail.keys import fingerprint
from pdca.mail.models import Attempt, Message, MessageState
from pdca.mail.operations import note
from pdca.mail.own_words import own_words
from pdca.mail.postbox import LARGEST
from pdca.mail.queries import normalised
from pdca.web import settings

log = logging.getLogger("pdca.mail.replies")

REPLIED = "replied"
NAMES = 50

# Does what this text means for this mail of ours. False: it is for people.
Take = Callable[[Message, str, datetime], bool]

_takers: dict[str, Take] = {}


def register_taker(kind: str, fn: Take) -> None:
    """Say who takes answers to mails of this kind. What nobody takes stays in the mailbox."""
    _takers[kind] = fn


def take(raw: bytes, at: datetime) -> bool:
    """Do what this mail means, once; False when it is for people. Does not commit."""
    if len(raw) > LARGEST:
        log.info("a mail of more than %s bytes stays in the mailbox", LARGEST)
        return False
    heard = bounces.hear(raw, at)
    if heard is not Heard.IGNORED:
        return True
    mail = message_from_bytes(raw, policy=policy.default)
    if is_automatic(mail):
        return False
    message = _answered(mail)
    taker = _takers.get(message.kind) if message is not None else None
    if message is None or taker is None:
        return False
    name = fingerprint(str(mail["Message-ID"] or "").strip() or raw.decode("latin-1"))
    if _is_known(message, name):
        return True
    text = own_words(mail)
    if not text or not taker(message, text, at):
        log.info("an answer to message %s stays in the mailbox", message.id)
        return False
    note(message.id, REPLIED, at=at, node="mailbox", words=name)
    return True


def is_automatic(mail: EmailMessage) -> bool:
    """An answer of a machine, a list's mail, or one of ours that came back (RFC 3834)."""
    if _text(mail, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        return True
    if _text(mail, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    marks = ("x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-loop")
    if any(name.lower().startswith("list-") or name.lower() in marks for name in mail):
        return True
    return _text(mail, "Return-Path") == "<>" or _sender(mail) in ("", _ours())


def _ours() -> str:
    return normalised(parseaddr(settings().mail_from)[1])


def _sender(mail: EmailMessage) -> str:
    """Who says they wrote it; empty unless it is exactly one."""
    found = getaddresses([str(value) for value in mail.get_all("From", [])])
    return normalised(found[0][1]) if len(found) == 1 else ""


def _answered(mail: EmailMessage) -> Message | None:
    """The mail of ours that this one answers, when it comes from where that one went."""
    # The one that is answered first, then the newest of the thread.
    names = [*_names(mail, "In-Reply-To"), *reversed(_names(mail, "References"))][:NAMES]
    rows = db.session.scalars(
        select(Message)
        .where(Message.message_id.in_(names), Message.state == MessageState.ACCEPTED)
        # Of two processes that read it at once, one waits here and then finds it known.
        .with_for_update()
    ).all()
    mine = {row.message_id: row for row in rows if normalised(row.address) == _sender(mail)}
    return next((mine[name] for name in names if name in mine), None)


def _names(mail: EmailMessage, header: str) -> list[str]:
    return re.findall(r"<[^<>\s]{3,300}>", _text(mail, header))


def _is_known(message: Message, name: str) -> bool:
    known = select(Attempt.id).where(
        Attempt.message_id == message.id, Attempt.outcome == REPLIED, Attempt.words == name
    )
    return db.session.scalar(known.limit(1)) is not None


def _text(mail: EmailMessage, name: str) -> str:
    return str(mail.get(name) or "").strip()
