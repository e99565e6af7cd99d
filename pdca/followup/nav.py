"""The numbers beside the links of the main menu. Each room may add its own; they are counted only where shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, current_app, g
from flask_login import current_user

from pdca import clock
from pdca.people.models import Person
from pdca.web.kept import kept

# None: this person does not get the link at all.
Count = Callable[[Person, datetime], int | None]


def register_count(app: Flask, name: str, count: Count) -> None:
    """Say what number stands beside the link `name` ("my_list", "review")."""
    app.extensions.setdefault("nav_counts", {})[name] = count


def install(app: Flask) -> None:
    """Give every page `nav_counts`."""
    app.context_processor(lambda: {"nav_counts": NavCounts()} if _signed_in() else {})


def _signed_in() -> bool:
    return bool(current_user) and current_user.is_authenticated


class NavCounts:
    """`counts.my_list` in a template asks the database, once per request; fragments never do."""

    def __getattr__(self, name: str) -> Any:
        """The number of that name; no such attribute for who has no such link."""
        known = g.setdefault("_nav_counts", {})
        if name not in known:
            count = current_app.extensions["nav_counts"].get(name)
            known[name] = _count(name, count) if count else None
        if known[name] is None:
            raise AttributeError(name)
        return known[name]


def _count(name: str, count: Count) -> int | None:
    at, person = clock.now(), current_user._get_current_object()
    return kept(("nav", name, person.id), at, lambda: count(person, at))
