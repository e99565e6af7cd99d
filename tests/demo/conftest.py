"""The demo, made once on each database and copied for every test: making it is the slow part."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from pdca import create_app
from pdca.db import db
from pdca.demo.build import build
from tests.conftest import settings_for
from tests.peers import postgresql

# Wednesday 11 March 2026, ten o'clock in Amsterdam.
WEDNESDAY = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


def make(instance, url, now):
    """Fill a migrated, empty database."""
    app = create_app(settings_for(instance, url))
    with app.app_context(), db.writing():
        build(app.extensions["settings"], now)
        db.session.commit()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_demo(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(sqlite_template, folder / "pdca.db")
    make(folder, None, WEDNESDAY)
    return folder / "pdca.db"


@pytest.fixture(scope="session")
def postgresql_demo(postgresql_server, postgresql_template, tmp_path_factory):
    name = f"pdca_demo_{uuid4().hex[:8]}"
    postgresql.execute(postgresql_server, f'CREATE DATABASE "{name}" TEMPLATE "{postgresql_template}"')
    make(tmp_path_factory.mktemp("demo"), postgresql.named(postgresql_server, name), WEDNESDAY)
    yield name
    postgresql.execute(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def demo(request, tmp_path):
    """The application on a copy of the demo, in a writing context."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_demo"), tmp_path / "pdca.db")
        url = None
    else:
        server, name = request.getfixturevalue("postgresql_server"), f"pdca_{uuid4().hex[:12]}"
        postgresql.execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{request.getfixturevalue("postgresql_demo")}"')
        url = postgresql.named(server, name)
    app = create_app(settings_for(tmp_path, url))
    with app.app_context(), db.writing():
        yield app
        db.session.rollback()
    with app.app_context():
        db.engine.dispose()
    if url:
        postgresql.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')
