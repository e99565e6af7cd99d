"""`GET /health`: is the database there, is the follow-up alive, does mail leave. No sign-in, no secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from pdca import clock
from pdca.db import db
from pdca.web.access import public

bp = Blueprint("health", __name__)


@dataclass(frozen=True)
class Probe:
    """What one room says about itself."""

    ok: bool
    facts: Mapping[str, object] = field(default_factory=dict)


Ask = Callable[[datetime], Probe]


def init_app(app: Flask) -> None:
    """Start with rooms that have nothing to say yet; they register their own probe."""
    app.extensions["probes"] = {
        "scheduler": lambda _at: Probe(True, {"last_run": None, "age_s": None}),
        "mail": lambda _at: Probe(True, {"queued": 0, "dead": 0}),
    }
    app.register_blueprint(bp)


def register_probe(app: Flask, name: str, ask: Ask) -> None:
    """Let a room answer for itself under `name` ("scheduler", "mail")."""
    app.extensions["probes"][name] = ask


@bp.get("/health")
@public
def show() -> ResponseReturnValue:
    """200 when all is well, 503 when somebody has to look."""
    try:
        db.session.execute(select(1))
        found = {name: ask(clock.now()) for name, ask in current_app.extensions["probes"].items()}
    except SQLAlchemyError:
        return jsonify(status="down", database="down"), 503
    well = all(probe.ok for probe in found.values())
    facts = {name: dict(probe.facts) for name, probe in found.items()}
    return jsonify(status="ok" if well else "ill", database="ok", **facts), 200 if well else 503
