"""What the mail room hangs on the application."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from pdca import clock
from pdca.mail import queries
from pdca.mail.models import Message
from pdca.mail.operations import TEST
from pdca.mail.pace import pace_of
from pdca.mail.rendering import Rendered, register_renderer, render_mail
from pdca.mail.trouble import Kind, trouble_with
from pdca.web import Probe, register_probe, settings


def install(app: Flask) -> None:
    """Refuse an unsafe pace, answer for mail in /health, write test mails."""
    pace_of(app.extensions["settings"])
    register_probe(app, "mail", _probe)
    register_renderer(TEST, _write_test)
    # Asked by the layout, for administrators only.
    app.jinja_env.globals["mail_trouble"] = lambda: [one for one in trouble_with(clock.now()) if one.is_serious]


def _probe(at: datetime) -> Probe:
    """A silent server and a journal that does not open are illness. Mail that was given up, and all mail after a
    restore or on a copy, waits for a person: the pages of administrators say so."""
    counts = queries.counts()
    is_ill = any(one.kind in (Kind.DOWN, Kind.JOURNAL) and one.is_serious for one in trouble_with(at))
    return Probe(not is_ill, {"queued": counts.queued, "dead": counts.dead})


def _write_test(message: Message, at: datetime) -> Rendered:
    return Rendered(*render_mail(TEST, message.about["locale"], settings().timezone, at=at))
