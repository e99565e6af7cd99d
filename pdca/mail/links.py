"""Links that open one thing without signing in. No stored row, page or log holds a working one.

A row keeps a nonce and the fingerprint of its token. The token is HMAC(key, "id:nonce"): whoever has the
database but not the key cannot make it, and it goes into a mail only as the bytes leave (see `fill_in`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from pdca.db import db
from pdca.mail.keys import fingerprint, mac, macs
from pdca.mail.models import Link

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# Exactly as long as a token, and never broken by a transfer encoding (see composing.py).
PLACEHOLDER = re.compile(r"link-[0-9a-f]{38}")
MASK = "•••"


def make_link(
    purpose: str,
    subject_id: int,
    *,
    at: datetime,
    expires_at: datetime,
    message_id: int | None = None,
    contact_id: int | None = None,
    person_id: int | None = None,
) -> Link:
    """A link that opens `subject_id` for `purpose` until `expires_at`; flushed, so that it has its id.

    In a message there is one link per purpose and subject: asked again, the same one comes back, for longer.
    """
    if message_id is not None and (known := _in_message(message_id, purpose, subject_id)):
        known.expires_at = max(known.expires_at, expires_at)
        return known
    nonce = secrets.token_urlsafe(32)
    link = Link(
        purpose=purpose,
        subject_id=subject_id,
        message_id=message_id,
        contact_id=contact_id,
        person_id=person_id,
        nonce=nonce,
        # Unique until the id, and with it the token, is known.
        token_hash=fingerprint(nonce),
        created_at=at,
        expires_at=expires_at,
    )
    db.session.add(link)
    db.session.flush()
    link.token_hash = fingerprint(mac(_seed(link)))
    db.session.flush()
    return link


def token_of(link: Link) -> str:
    """The working token of `link`, 43 characters: for bytes that leave and printing once, never to keep."""
    for token in macs(_seed(link)):
        if fingerprint(token) == link.token_hash:
            return token
    raise LookupError(f"link {link.id} was made under a key that is gone")


def find_link(token: str, purpose: str, at: datetime) -> Link | None:
    """The live link behind `token`; None when it is unknown, of another purpose, expired or revoked."""
    link = find_any_link(token, purpose)
    return link if link is not None and link.revoked_at is None and at < link.expires_at else None


def find_any_link(token: str, purpose: str) -> Link | None:
    """The link behind `token`, expired and revoked ones included: to mail a new one to the stored address."""
    if not TOKEN.fullmatch(token):
        return None
    return db.session.scalars(
        select(Link).where(Link.token_hash == fingerprint(token), Link.purpose == purpose)
    ).one_or_none()


def use_link(link: Link) -> None:
    """Count one use, without reading it first."""
    db.session.execute(update(Link).where(Link.id == link.id).values(uses=Link.uses + 1))


def spend_link(link: Link, at: datetime) -> bool:
    """Use up a link that works once; False when somebody else was first or it was no longer live."""
    spent = db.session.execute(
        update(Link)
        .where(Link.id == link.id, Link.revoked_at.is_(None), Link.expires_at > at)
        .values(revoked_at=at, uses=Link.uses + 1)
        .returning(Link.id)
    ).scalar()
    return spent is not None


def revoke_links_of_contact(contact_id: int, *, at: datetime) -> int:
    """End every live link that went to this customer, whatever it opens; says how many there were."""
    ended = db.session.execute(
        update(Link)
        .where(Link.contact_id == contact_id, Link.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(Link.id)
    )
    return len(ended.all())


def revoke_links(purpose: str, *, at: datetime, subject_id: int | None = None, person_id: int | None = None) -> int:
    """End every live link of this purpose for a subject, a person, or both; says how many there were."""
    which: list[ColumnElement[bool]] = [Link.purpose == purpose, Link.revoked_at.is_(None)]
    if subject_id is None and person_id is None:
        raise ValueError("say whose links: of a subject, a person, or both")
    if subject_id is not None:
        which.append(Link.subject_id == subject_id)
    if person_id is not None:
        which.append(Link.person_id == person_id)
    ended = db.session.execute(update(Link).where(*which).values(revoked_at=at).returning(Link.id))
    return len(ended.all())


# --- in a mail -------------------------------------------------------------------------------------------


def placeholder(link: Link) -> str:
    """What stands in the stored mail where the token will be. Nobody can write it into a mail beforehand."""
    return "link-" + fingerprint(f"placeholder:{link.nonce}")[:38]


def fill_in(mime: bytes, links: Iterable[Link]) -> bytes:
    """The bytes that leave: every placeholder of these links replaced by its working token."""
    for link in links:
        mime = mime.replace(placeholder(link).encode(), token_of(link).encode())
    return mime


def masked(text: str) -> str:
    """`text` to show in the app: placeholders and anything shaped like a token in a path are hidden."""
    text = PLACEHOLDER.sub(MASK, text)
    return re.sub(r"(?<=/)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", MASK, text)


# --- below the story -------------------------------------------------------------------------------------


def _seed(link: Link) -> str:
    return f"{link.id}:{link.nonce}"


def _in_message(message_id: int, purpose: str, subject_id: int) -> Link | None:
    return db.session.scalars(
        select(Link).where(Link.message_id == message_id, Link.purpose == purpose, Link.subject_id == subject_id)
    ).one_or_none()
