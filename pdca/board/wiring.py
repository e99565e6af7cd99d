"""What the board hangs on the app."""

from __future__ import annotations

from flask import Flask

from pdca.board import ticks
from pdca.board.hub import Hub
from pdca.board.watching import watcher_for
from pdca.db import db

assert ticks  # importing it is what makes every commit say what changed


def install(app: Flask) -> None:
    """An empty shelf for the cards that are kept ready (slips.py), and the place where open boards listen."""
    app.extensions["shelves"] = {}

    def watcher() -> object:
        with app.app_context():
            return watcher_for(db.engine)

    app.extensions["hub"] = Hub(watcher)  # type: ignore[arg-type]
