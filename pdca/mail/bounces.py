"""A server that took a mail and could not bring it says so later, in a delivery status notification (RFC 3464).

Anybody can write such a notification. It is believed when it carries the Message-ID of a mail of ours, which only its
receiver and the servers on its way have seen, and speaks of the address that this mail went to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message as Part
from enum import StrEnum

from sqlalchemy import select

from pdca.db import db
from pdca.mail.models import Attempt, Message, MessageState
from pdca.mail.operations import note, suppress, tell_dead
from pdca.mail.queries import normalised
from pdca.mail.smtp import says_bad_address

LARGEST = 1_000_000


class Heard(StrEnum):
    """What became of a notification."""

    # It did not arrive: the next in line is told. A bad address is not mailed again.
    FAILED = "failed"
    # The server keeps trying, or brought it after all.
    NOTHING_YET = "nothing yet"
    # Heard before.
    KNOWN = "known"
    # No notification, or not about a mail of ours to that address.
    IGNORED = "ignored"


@dataclass(frozen=True)
class Report:
    """What one notification says about one receiver."""

    message_id: str
    addresses: frozenset[str]
    action: str
    status: str
    words: str


def hear(raw: bytes, at: datetime) -> Heard:
    """Take one mail that came back. What is not a believable notification changes nothing."""
    outcomes = [_take(report, at) for report in reports(raw)]
    return next((heard for heard in Heard if heard in outcomes), Heard.IGNORED)


def _take(report: Report, at: datetime) -> Heard:
    message = db.session.scalar(
        select(Message).where(Message.message_id == report.message_id, Message.state == MessageState.ACCEPTED)
    )
    if message is None or normalised(message.address) not in report.addresses:
        return Heard.IGNORED
    if report.action != "failed" or not report.status.startswith("5"):
        return Heard.NOTHING_YET
    if db.session.scalar(select(Attempt.id).where(Attempt.message_id == message.id, Attempt.outcome == "bounced")):
        return Heard.KNOWN
    note(message.id, "bounced", at=at, node="notification", words=f"{report.status} {report.words}".strip())
    if says_bad_address(report.status):
        suppress(message.address, f"{report.status} {report.words}", at)
    # It stays accepted (I4): a server did take it. But nobody was reached.
    tell_dead(message, at)
    return Heard.FAILED


# --- reading one -----------------------------------------------------------------------------------------


def reports(raw: bytes) -> Iterator[Report]:
    """What a notification says, per receiver; nothing when it is none, is broken, or is too large."""
    if len(raw) > LARGEST:
        return
    mail = message_from_bytes(raw, policy=policy.compat32)
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return
    parts = list(mail.walk())
    message_id = _original_id(parts)
    if message_id is None:
        return
    for part in parts:
        if part.get_content_type() == "message/delivery-status":
            yield from _per_receiver(part, message_id)


def _per_receiver(status: Part, message_id: str) -> Iterator[Report]:
    for block in _inside(status):
        named = (_address(block[name]) for name in ("Final-Recipient", "Original-Recipient"))
        addresses = frozenset(filter(None, named))
        code = re.search(r"\b([245]\.\d{1,3}\.\d{1,3})\b", str(block["Status"] or ""))
        if addresses and code:
            words = " ".join(str(block["Diagnostic-Code"] or "").split())
            yield Report(message_id, addresses, str(block["Action"] or "").strip().lower(), code[1], words[:500])


def _address(field: object) -> str:
    """ "rfc822; ada@example.nl", as it is compared."""
    kind, _, address = str(field or "").partition(";")
    return normalised(address.strip().strip("<>")) if kind.strip().lower() in ("rfc822", "utf-8") else ""


def _original_id(parts: list[Part]) -> str | None:
    """The Message-ID of the mail that came back: in the mail itself, or in its header."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            for original in _inside(part) or [_header_in(part)]:
                if original["Message-ID"]:
                    return "".join(str(original["Message-ID"]).split())
    return None


def _inside(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Part)] if isinstance(payload, list) else []


def _header_in(part: Part) -> Part:
    text = part.get_payload(decode=True)
    return message_from_bytes(text if isinstance(text, bytes) else b"", policy=policy.compat32)
