"""Reading mails again, to show them: stored ones with their tokens hidden, and the ones that were written to files.

Only the demo shows working links in the app: there the mailbox of this installation is everybody's mailbox.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select

from pdca.db import db
from pdca.errors import NotFound
from pdca.mail.links import fill_in, masked
from pdca.mail.models import Link, Message

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@+._-]{0,200}\.eml")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# A frame is sandboxed; what is clicked in it opens beside the app.
_NEW_TAB = '<base target="_blank">'

IsDemo = Callable[[], bool]
_is_demo: list[IsDemo] = []


def show_links_when(is_demo: IsDemo) -> None:
    """Say when working links may be seen in the app: in the demo only. There is one such rule."""
    _is_demo[:] = [is_demo]


def links_are_shown() -> bool:
    """Whether this is the demo; without anybody who knows, it is not."""
    return any(rule() for rule in _is_demo)


@dataclass(frozen=True)
class Read:
    """A mail as a person reads it."""

    subject: str
    sender: str
    receiver: str
    at: datetime | None
    text: str
    html: str


def read_message(message: Message) -> Read | None:
    """A message of the outbox; None while it is not written yet."""
    if message.mime is None:
        return None
    mime = message.mime
    if links_are_shown():
        mime = fill_in(mime, db.session.scalars(select(Link).where(Link.message_id == message.id)).all())
    return _read(mime)


def _read(mime: bytes) -> Read:
    mail = email.message_from_bytes(mime, policy=email.policy.default)
    shown = str if links_are_shown() else masked
    date = mail["Date"]
    return Read(
        subject=str(mail["Subject"] or ""),
        sender=str(mail["From"] or ""),
        receiver=str(mail["To"] or ""),
        at=date.datetime if date is not None else None,
        text=shown(_body(mail, "plain")),
        html=_HEAD.sub(lambda head: head[0] + _NEW_TAB, shown(_body(mail, "html")), count=1),
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except LookupError:  # somebody put a file there whose character set nobody knows
        return ""


# --- the mailbox of this installation --------------------------------------------------------------------


def letters_in(folder: Path) -> list[str]:
    """The names of the mails written to this folder, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((path.name for path in folder.iterdir() if _is_letter(path)), reverse=True)


def read_letter(folder: Path, name: str) -> Read:
    """One of them; `NotFound` for every other name."""
    if not _FILE_NAME.fullmatch(name) or not _is_letter(folder / name):
        raise NotFound
    return _read((folder / name).read_bytes())


def _is_letter(path: Path) -> bool:
    return bool(_FILE_NAME.fullmatch(path.name)) and path.is_file() and not path.is_symlink()
