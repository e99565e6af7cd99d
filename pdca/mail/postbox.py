"""The mailbox in which answers arrive, over IMAP. It is looked at; nothing in it is moved or thrown away."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

# One command, and all of them together.
PATIENCE_S, BUDGET_S = 20.0, 45.0
# A mail of more bytes than this is for people.
LARGEST = 1_000_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class PostboxError(Exception):
    """The mailbox can't be read now; the text is one line without the password."""


class Postbox:
    """An open mailbox. UIDs are its own numbers; they count while `validity` stays the same."""

    def __init__(self, imap: imaplib.IMAP4, folder: str) -> None:
        self._imap = imap
        _ok(imap.select(f'"{folder}"'), "SELECT")
        self.validity = _number(imap.response("UIDVALIDITY")[1])

    def after(self, uid: int) -> list[int]:
        """The UIDs that came after this one, the oldest first."""
        # "5:*" also gives the last one when that is 3.
        return [found for found in self._search(f"UID {uid + 1}:*") if found > uid]

    def since(self, day: datetime) -> list[int]:
        """The UIDs of what came in on this day or later."""
        return self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def fetch(self, uid: int) -> bytes | None:
        """The mail, at most one byte longer than LARGEST, still unread; None when it is gone."""
        answer = _ok(self._imap.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST + 1}>)"), "FETCH")
        return next((part[1] for part in answer if isinstance(part, tuple)), None)

    def mark_read(self, uid: int) -> None:
        """People need not look at it any more."""
        _ok(self._imap.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"), "STORE")

    def _search(self, criteria: str) -> list[int]:
        (found, *_) = _ok(self._imap.uid("SEARCH", criteria), "SEARCH") or [b""]
        return sorted(int(number) for number in (found or b"").split() if number.isdigit())


@contextmanager
def opened(url: str) -> Iterator[Postbox]:
    """The mailbox of PDCA_IMAP_URL. After BUDGET_S the line is cut, whatever was being said."""
    parts = urlsplit(url)
    name = f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")
    try:
        imap = _connected(parts.scheme, parts.hostname or "", parts.port)
        watch = threading.Timer(BUDGET_S, _cut, [imap.sock])
        watch.daemon = True
        watch.start()
        try:
            imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
            yield Postbox(imap, unquote(parts.path.strip("/")) or "INBOX")
        finally:
            _leave(imap)
            watch.cancel()
    except (OSError, imaplib.IMAP4.error) as error:
        raise PostboxError(f"{name}: {' '.join(str(error).split())[:200] or type(error).__name__}") from None


def _connected(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme == "imaps":
        return imaplib.IMAP4_SSL(host, port or 993, ssl_context=ssl.create_default_context(), timeout=PATIENCE_S)
    return imaplib.IMAP4(host, port or 143, timeout=PATIENCE_S)


def _leave(imap: imaplib.IMAP4) -> None:
    try:
        imap.logout()
    except (OSError, imaplib.IMAP4.error):
        with suppress(OSError):
            imap.shutdown()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _ok(answer: tuple[str, list[Any]], command: str) -> list[Any]:
    state, data = answer
    if state != "OK":
        raise imaplib.IMAP4.error(f"{command}: {data}")
    return data


def _number(data: list[Any]) -> int:
    found = re.search(rb"\d+", data[0] or b"") if data else None
    return int(found[0]) if found else 0
