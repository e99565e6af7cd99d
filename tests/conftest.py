"""What every test may ask for: the app on both databases, a client, a session, a browser.

A test that asks for `app`, `client` or `session` runs twice: on SQLite and on PostgreSQL. Browser tests run
on SQLite. Nothing is skipped: a missing PostgreSQL or Chromium fails.
"""

from __future__ import annotations

import contextvars
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from flask_sqlalchemy.session import Session
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, BrowserContext, Playwright
from sqlalchemy import event
from sqlalchemy.orm import scoped_session
from werkzeug.test import TestResponse

from pdca import create_app
from pdca.config import Settings, load_settings
from pdca.db import db
from tests.peers import browser as browser_peer
from tests.peers import postgresql, web
from tests.peers.waiting import free_port

KEY = "a-key-for-tests-only-0123456789-abcdefghijklmnop"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

# How many people move how often at once on one board (tests/board/test_many_hands.py): the whole is 50x200.
MANY_HANDS = os.environ.get("PDCA_MANY", "6x12")
# The machine's own settings must not leak into tests.
for _name in [name for name in os.environ if name.startswith("PDCA_") and name != postgresql.NAMED_BY]:
    del os.environ[_name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whoever needs the database gets both of them; a browser needs one."""
    if "database" in metafunc.fixturenames:
        browses = metafunc.definition.get_closest_marker("browser")
        kinds = ["sqlite"] if browses else ["sqlite", "postgresql"]
        metafunc.parametrize("database", kinds, indirect=True)


# --- databases -------------------------------------------------------------------------------------------


def settings_for(instance: Path, database_url: str | None = None, **given: object) -> Settings:
    """Settings of a fresh installation in `instance`."""
    instance.mkdir(parents=True, exist_ok=True)
    return load_settings(instance=instance, database_url=database_url, secret_key=KEY, **given)


def _migrated(instance: Path, url: str) -> None:
    app = create_app(settings_for(instance, url))
    with app.app_context():
        upgrade()
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    folder = tmp_path_factory.mktemp("sqlite")
    _migrated(folder, f"sqlite:///{folder / 'template.db'}")
    return folder / "template.db"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A running PostgreSQL of our own (one per worker)."""
    with postgresql.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database to clone."""
    name = f"pdca_template_{uuid4().hex[:8]}"
    postgresql.execute(postgresql_server, f'CREATE DATABASE "{name}"')
    _migrated(tmp_path_factory.mktemp("postgresql"), postgresql.named(postgresql_server, name))
    yield name
    postgresql.execute(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where this worker's SQLite database lies; `database` puts a fresh one there for each test."""
    return f"sqlite:///{tmp_path_factory.mktemp('house') / 'pdca.db'}"


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """This worker's PostgreSQL database; `database` empties it before each test."""
    name = f"pdca_{uuid4().hex[:12]}"
    postgresql.execute(postgresql_server, f'CREATE DATABASE "{name}" TEMPLATE "{postgresql_template}"')
    yield postgresql.named(postgresql_server, name)
    postgresql.execute(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty, migrated database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    if request.param == "postgresql":
        postgresql.empty(url)
        return url
    path = Path(url.removeprefix("sqlite:///"))
    for left in path.parent.iterdir():
        left.unlink()
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return url


# --- the application -------------------------------------------------------------------------------------


class Client(FlaskClient):
    """A browser without a screen: it sends the form token, and sees only what was committed."""

    def open(self, *args: object, csrf: bool = True, **kwargs: object) -> TestResponse:
        """One request, in a context of its own; `csrf=False` leaves the token out."""
        if has_app_context():
            # What the test arranged is committed, so that the request can see it and nobody waits for a lock.
            db.session.commit()
        # Read to the end and close, as a browser does; a stream says buffered=False.
        kwargs.setdefault("buffered", True)
        method = str(kwargs.get("method", "GET")).upper()
        if csrf and method not in ("GET", "HEAD", "OPTIONS"):
            kwargs["headers"] = {"X-CSRFToken": self.token(), **dict(kwargs.get("headers") or {})}
        # A fresh context: `g`, the signed-in person and the session are never shared with the test's own.
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        # A large body lies in a temporary file that the test client leaves open.
        answer.request.environ["wsgi.input"].close()
        return answer

    def token(self) -> str:
        """A valid CSRF token for this client's session."""
        with self.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", "0" * 40)
        return URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(raw)


class Houses:
    """One application per kind of database and worker: its routes, its SQL and its templates are compiled once."""

    def __init__(self) -> None:
        self._built: dict[str, tuple[Flask, dict, dict]] = {}

    def fresh(self, url: str, instance: Path) -> Flask:
        """The application on this database as it was when built, with an instance folder of the test's own."""
        if url not in self._built:
            app = build(settings_for(instance, url, port=free_port()))
            self._built[url] = (app, dict(app.config), _copied(app.extensions))
        app, config, extensions = self._built[url]
        app.config.clear()
        app.config.update(config)
        app.extensions.clear()
        app.extensions.update(_copied(extensions))
        app.extensions["settings"] = extensions["settings"].model_copy(update={"instance": instance})
        app.instance_path = str(instance)
        return app


def _copied(extensions: dict) -> dict:
    """A copy in which lists and dictionaries are new, and what they hold is the same."""
    return {name: type(it)(it) if type(it) in (list, dict) else it for name, it in extensions.items()}


def build(settings: Settings) -> Flask:
    """The whole application, with a cheap password hash."""
    app = create_app(settings)
    app.testing = True
    app.test_client_class = Client
    app.extensions["hasher"] = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        # Nothing here has to survive a power cut.
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    return app


@pytest.fixture(scope="session")
def houses() -> Houses:
    """The applications of this worker."""
    return Houses()


@pytest.fixture
def app(houses: Houses, database: str, tmp_path: Path) -> Iterator[Flask]:
    """The whole application on an empty database, in an instance folder of the test's own."""
    app = houses.fresh(database, tmp_path)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def own_app(database: str, tmp_path: Path) -> Iterator[Flask]:
    """An application that nobody else gets: for a test that hangs routes on it."""
    app = build(settings_for(tmp_path, database, port=free_port()))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that is not signed in."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[scoped_session[Session]]:
    """The test's own unit of work, writing. Commit before a browser or another process has to see it."""
    with app.app_context(), db.writing():
        yield db.session
        db.session.rollback()


@pytest.fixture
def at() -> datetime:
    """Monday 2 March 2026, 09:00 UTC."""
    return MONDAY


# --- the browser -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict, playwright: Playwright) -> dict:
    """Drive the Chromium that this machine has."""
    return {
        **browser_type_launch_args,
        "executable_path": browser_peer.executable(playwright.chromium.executable_path),
        "args": ["--disable-dev-shm-usage", "--no-sandbox"],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """A desktop in Amsterdam, reading English unless the test says otherwise."""
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 900},
        "timezone_id": "Europe/Amsterdam",
        "locale": "en-GB",
    }


@pytest.fixture(scope="session")
def policy_refused() -> list[str]:
    """What the content security policy refused, in every window of every test."""
    return []


@pytest.fixture(scope="session")
def browser(browser: Browser, policy_refused: list[str]) -> Browser:
    """The browser; whatever window it opens, its complaints about the policy are heard."""
    make = browser.new_context

    def new_context(**given: Any) -> BrowserContext:
        window = make(**given)
        window.on("console", lambda said: "Security Policy" in said.text and policy_refused.append(said.text))
        return window

    browser.new_context = new_context  # type: ignore[method-assign]
    return browser


@pytest.fixture(autouse=True)
def _nothing_is_refused_by_the_policy(policy_refused: list[str]) -> Iterator[None]:
    yield
    heard = list(policy_refused)
    policy_refused.clear()
    assert heard == []


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of the running application, for a browser. `session.commit()` what it has to see."""
    with web.serving(app, app.extensions["settings"].port) as address:
        yield address
