"""Pages and forms about people and teams."""

from __future__ import annotations

from typing import cast

from flask import Blueprint
from flask_login import current_user

from pdca.people.models import Person

bp = Blueprint("people", __name__)


def me() -> Person:
    """Who this request is."""
    return cast(Person, current_user._get_current_object())


# They hang their views on `bp`.
from pdca.people.routes import admin, door, links, members, profile, team  # noqa: E402, F401
