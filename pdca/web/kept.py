"""Things worked out from the database and remembered for as long as nothing was written.

A remembered thing is used only while the database says that it is in the very same state (`db.state`), and for a
minute at most, because words depend on the clock as well. While writing, nothing is remembered. Only plain values:
a row of the session would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import Flask, current_app

from pdca.db import db

Value = TypeVar("Value")
MOST = 5000


def init_app(app: Flask) -> None:
    """Nothing is remembered yet."""
    app.extensions["kept"] = {}


def kept(key: Hashable, at: datetime, make: Callable[[], Value]) -> Value:
    """`make()`, or what it gave before in the same state of the database and the same minute."""
    state = db.state
    if state is None:
        return make()
    now = (state, at.replace(second=0, microsecond=0))
    store: dict[Hashable, tuple[Any, Any]] = current_app.extensions["kept"]
    found = store.get(key)
    if found is not None and found[0] == now:
        return cast(Value, found[1])
    value = make()
    if len(store) >= MOST:
        store.clear()
    store[key] = (now, value)
    return value
