"""How many statements something sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import time_machine
from flask import Flask
from sqlalchemy import event

from pdca.db import db


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What is sent in here, in order. The clock stands still: what a page remembers ends with the minute."""
    with app.app_context():
        engine = db.engine
    sent: list[str] = []

    def note(*told: object) -> None:
        sent.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with time_machine.travel(datetime.now(UTC), tick=False):
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
