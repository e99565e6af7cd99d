"""What the mail room hangs on the application."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from pdca.mail import queries
from pdca.mail.models import Message
from pdca.mail.pace import pace_of
from pdca.mail.rendering import Rendered, register_renderer, render_mail
from pdca.web import Probe, register_probe, settings

TEST = "test"


def install(app: Flask) -> None:
    """Refuse an unsafe pace, answer for mail in /health, write test mails."""
    pace_of(app.extensions["settings"])
    register_probe(app, "mail", _probe)
    register_renderer(TEST, _write_test)


def _probe(_at: datetime) -> Probe:
    counts = queries.counts()
    return Probe(True, {"queued": counts.queued, "dead": counts.dead})


def _write_test(_message: Message, at: datetime) -> Rendered:
    given = settings()
    return Rendered(*render_mail("test", given.locale or "en", given.timezone, at=at))
