"""What the board's tests may ask for."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from pdca.db import db


@pytest.fixture
def counted(app):
    """How many statements a call sends to the database."""

    def count(call):
        sent = []
        with app.app_context():
            engine = db.engine
        listener = lambda *args: sent.append(args[2])  # noqa: E731 - event.remove wants the very same object
        event.listen(engine, "before_cursor_execute", listener)
        try:
            call()
        finally:
            event.remove(engine, "before_cursor_execute", listener)
        return len(sent)

    return count
