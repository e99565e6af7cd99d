"""What the board hangs on the app."""

from __future__ import annotations

from flask import Flask

from pdca.board import indexing, ticks
from pdca.board.checkup import every_card_has_its_place, everything_can_be_found
from pdca.board.hub import Hub
from pdca.board.watching import watcher_for
from pdca.db import db
from pdca.doctor import register_check

# Importing them is what makes every commit say what changed, and every text be found.
assert ticks
assert indexing


def install(app: Flask) -> None:
    """An empty shelf for the cards that are kept ready (slips.py), and the place where open boards listen."""
    app.extensions["shelves"] = {}
    register_check(app, every_card_has_its_place)
    register_check(app, everything_can_be_found)

    def watcher() -> object:
        with app.app_context():
            return watcher_for(db.engine)

    app.extensions["hub"] = Hub(watcher)  # type: ignore[arg-type]
