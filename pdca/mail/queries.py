"""Named selects over the outbox."""

from __future__ import annotations

from sqlalchemy import select

from pdca.db import db
from pdca.mail.models import Suppression


def normalised(address: str) -> str:
    """An address as it is compared: without capitals."""
    return address.strip().casefold()


def is_suppressed(address: str) -> bool:
    """Whether this address must not be mailed."""
    return db.session.scalar(select(Suppression.id).where(Suppression.address == normalised(address))) is not None
