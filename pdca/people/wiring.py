"""Hang the people room on the app."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from pdca.config import Settings
from pdca.doctor import register_check
from pdca.mail.reading import show_links_when
from pdca.people import checkup, mails, session
from pdca.people.accounts import set_up_link
from pdca.people.passwords import default_hasher
from pdca.people.queries import demo_people, nobody_yet


def install(app: Flask) -> None:
    """Sign-in, the password hasher, the mails about accounts, and how an empty installation begins."""
    settings: Settings = app.extensions["settings"]

    def whole_set_up_link(at: datetime) -> str | None:
        path = set_up_link(at)
        return path and settings.links + path

    app.extensions.setdefault("hasher", default_hasher())
    app.extensions["nobody_yet"] = nobody_yet
    app.extensions["set_up_link"] = whole_set_up_link
    register_check(app, checkup.somebody_has_the_keys)
    register_check(app, checkup.the_demo_stays_here)
    session.install(app)
    mails.install()
    show_links_when(lambda: bool(demo_people()))
