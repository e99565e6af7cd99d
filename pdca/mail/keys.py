"""What only this installation can compute: the tokens of its links and the names of its mails."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from flask import current_app

from pdca.web import settings


def mac(text: str) -> str:
    """43 characters (HMAC-SHA256 under the current key) that nobody without the key can guess."""
    return _mac(current_app.config["SECRET_KEY"], text)


def macs(text: str) -> list[str]:
    """The same under the current key first, then under the keys of before a rotation."""
    keys = [current_app.config["SECRET_KEY"], *current_app.config.get("SECRET_KEY_FALLBACKS", [])]
    return [_mac(key, text) for key in keys]


def _mac(key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def fingerprint(text: str) -> str:
    """SHA-256 in hex: to find a token again without keeping it."""
    return hashlib.sha256(text.encode()).hexdigest()


def which_one(at: datetime, address: str = "") -> str:
    """What a mail's key says besides the ids of rows: since when its row is there, and of which address.

    After a restore ids are given again, to other rows; the keys of what has left by then are still taken.
    """
    return fingerprint(f"{at.astimezone(UTC).isoformat()} {address.strip().lower()}")[:8]


def message_id_for(name: str) -> str:
    """The one Message-ID of the mail of this name, on every retry; another installation gives another one."""
    return f"<{mac(f'message-id:{name}')}@{sender_domain()}>"


def sender_domain() -> str:
    """The domain of the fixed sender."""
    return settings().mail_from.rpartition("@")[2].strip("> ")
