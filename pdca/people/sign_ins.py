"""Sessions on the server: the cookie holds a random token, a row decides whether it still counts."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import joinedload

from pdca.db import db
from pdca.mail.keys import fingerprint
from pdca.mail.links import revoke_links
from pdca.people.models import Person, SignIn, SignInBy

LASTS = timedelta(days=30)
# A session opened by a mailed link this recently proves as much as the current password.
FRESH = timedelta(minutes=15)


def open_session(person: Person, by: SignInBy, *, at: datetime, device: str = "") -> str:
    """Sign somebody in; returns the token for the cookie, of which only a fingerprint is kept.

    What has expired is cleared away on the way, so that the list of sessions stays short.
    """
    token = secrets.token_urlsafe(32)
    db.session.execute(delete(SignIn).where(SignIn.person_id == person.id, SignIn.expires_at <= at))
    db.session.add(
        SignIn(
            person_id=person.id,
            token_hash=fingerprint(token),
            by=by,
            created_at=at,
            expires_at=at + LASTS,
            device=device[:200],
        )
    )
    person.has_come_in = True
    # Whoever is in does not need the reset that was asked for, by them or by somebody else.
    revoke_links("password_reset", at=at, person_id=person.id)
    return token


# Asked by every request: built once.
_LIVE = (
    select(SignIn)
    .join(SignIn.person)
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.revoked_at.is_(None),
        SignIn.expires_at > bindparam("at"),
        Person.deactivated_at.is_(None),
    )
    .options(joinedload(SignIn.person))
)


def session_behind(token: str, at: datetime) -> SignIn | None:
    """The live session of a cookie, with its person; None when ended, expired or of somebody deactivated."""
    return db.session.scalar(_LIVE, {"token_hash": fingerprint(token), "at": at})


def is_fresh(session: SignIn | None, at: datetime) -> bool:
    """Whether this session came through the person's mailbox a moment ago."""
    return session is not None and session.by is SignInBy.LINK and at - session.created_at <= FRESH


def end_session(session: SignIn, at: datetime) -> None:
    """End one session; ending it again changes nothing."""
    db.session.execute(update(SignIn).where(SignIn.id == session.id, SignIn.revoked_at.is_(None)).values(revoked_at=at))


def end_sessions(person: Person, at: datetime, keep: SignIn | None = None) -> None:
    """End every session of a person, except perhaps the one they are in."""
    others = update(SignIn).where(SignIn.person_id == person.id, SignIn.revoked_at.is_(None))
    if keep is not None:
        others = others.where(SignIn.id != keep.id)
    db.session.execute(others.values(revoked_at=at))
