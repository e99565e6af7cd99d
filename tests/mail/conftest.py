"""What mail tests may ask for: a mail server, a kind of mail of their own, one pass of delivery."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.followup import invariants
from pdca.mail import operations, rendering
from pdca.mail.jobs import Delivered, deliver
from pdca.mail.models import Attempt, Breaker, Message
from pdca.mail.operations import queue
from pdca.mail.rendering import Rendered, link_url
from tests.peers import smtp

TLS = Path(__file__).parent / "tls"


@pytest.fixture
def server() -> Iterator[smtp.Server]:
    """A mail server on this machine."""
    with smtp.serving() as server:
        yield server


@pytest.fixture
def certificate() -> ssl.SSLContext:
    """What a server with TLS shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    return context


def set_up(app: Flask, **changes: object) -> None:
    """Change settings of a running application."""
    app.extensions["settings"] = app.extensions["settings"].model_copy(update=changes)


@pytest.fixture(autouse=True)
def _registries(request: pytest.FixtureRequest) -> Iterator[None]:
    """Renderers, checks and listeners are the process's; a test's own go with it."""
    if "app" in request.fixturenames:
        # It brings the ones that stay.
        request.getfixturevalue("app")
    renderers, checks = dict(rendering._renderers), dict(rendering._checks)
    dead, accepted = list(operations._when_dead), list(operations._when_accepted)
    rendering.register_renderer("letter", letter)
    yield
    rendering._renderers.clear()
    rendering._renderers.update(renderers)
    rendering._checks.clear()
    rendering._checks.update(checks)
    operations._when_dead[:] = dead
    operations._when_accepted[:] = accepted


@pytest.fixture(autouse=True)
def _what_must_hold(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test of the outbox I1-I6 hold (those that ask for no living engine)."""
    app = request.getfixturevalue("app") if "app" in request.fixturenames else None
    yield
    if app is not None:
        with app.app_context(), db.reading():
            assert list(invariants.broken(clock.now(), alive=False)) == []


def letter(message: Message, at: datetime) -> Rendered:
    """A mail with one link, in both bodies."""
    url = link_url(message, "aftercare", message.id, at=at, expires_at=at + timedelta(days=30))
    name = message.about.get("name", "meneer Otten")
    return Rendered(
        subject=f"Is het opgelost, {name}?",
        text=f"Dag {name},\n\nGeef hier antwoord:\n{url}\n",
        html=f'<html><body><p>Dag {name}</p><p><a href="{url}">Geef antwoord</a></p></body></html>',
    )


class Outbox:
    """The outbox as a test uses it: put in, deliver, look."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.numbers = count(1)

    def put(self, at: datetime, address: str = "otten@example.nl", kind: str = "letter", **given) -> int:
        """Queue one mail; gives its id."""
        number = next(self.numbers)
        with self.app.app_context(), db.writing():
            message = queue(
                kind,
                **{"address": address, "about": {}, "dedupe_key": f"letter:{number}", "at": at, **given},
            )
            db.session.commit()
            return message.id

    def deliver(self, at: datetime, budget: float = 50.0, **given) -> Delivered:
        """One pass."""
        with self.app.app_context():
            return deliver(at, budget, **given)

    def message(self, ident: int) -> Message:
        """The message as it is now, detached."""
        with self.app.app_context():
            message = db.session.get_one(Message, ident)
            db.session.expunge(message)
            return message

    def outcomes(self, ident: int) -> list[str]:
        """What was tried, in order."""
        with self.app.app_context():
            return list(
                db.session.scalars(select(Attempt.outcome).where(Attempt.message_id == ident).order_by(Attempt.id))
            )

    def breaker(self) -> Breaker | None:
        """The breaker as it is now, detached."""
        with self.app.app_context():
            found = db.session.scalars(select(Breaker)).one_or_none()
            if found is not None:
                db.session.expunge(found)
            return found

    def change(self, act: Callable[[], object]) -> None:
        """Do something in a unit of work of its own."""
        with self.app.app_context(), db.writing():
            act()
            db.session.commit()


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """An outbox whose mail goes to files."""
    return Outbox(app)


@pytest.fixture
def mailing(app: Flask, server: smtp.Server) -> Outbox:
    """An outbox whose mail goes to the server."""
    set_up(app, mail_url=server.url, mail_from="Gemeente Baarn <post@baarn.nl>", organisation="Gemeente Baarn")
    return Outbox(app)
