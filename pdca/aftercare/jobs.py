"""What the clock does for customers: forgetting how to reach them when there is no more to ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from pdca.db import db
from pdca.items.contacts import BATCH, forget_addresses
from pdca.web import settings


def forget(at: datetime) -> int:
    """Empty every address that was kept long enough, batch by batch. How many there were."""
    before = at - timedelta(days=settings().keep_addresses_days)
    done = 0
    while True:
        with db.writing():
            forgotten = forget_addresses(before)
            db.session.commit()
        done += forgotten
        if forgotten < BATCH:
            return done
