"""Fresh databases for the parts: copies of a migrated, empty one of either kind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

from flask import Flask
from flask_migrate import upgrade

from pdca import create_app
from pdca.config import load_settings
from pdca.db import db
from tests.peers import postgresql
from tests.simulation.workers import KEY

KINDS = ("sqlite", "postgresql")
Fresh = Callable[[], tuple[str, str]]


def migrate(instance: Path, url: str) -> None:
    """Every table, and nothing in them."""
    instance.mkdir(parents=True, exist_ok=True)
    app = create_app(load_settings(instance=instance, database_url=url, secret_key=KEY))
    with app.app_context():
        upgrade()
        db.engine.dispose()


def sqlite(template: Path, folder: Path) -> Fresh:
    """Copies of a file, each in an instance folder of its own."""
    numbers = count(1)

    def fresh() -> tuple[str, str]:
        instance = folder / f"instance-{next(numbers)}"
        instance.mkdir(parents=True)
        shutil.copyfile(template, instance / "pdca.db")
        return f"sqlite:///{instance / 'pdca.db'}", str(instance)

    return fresh


@contextmanager
def cloning(server: str, template: str, folder: Path) -> Iterator[Fresh]:
    """Clones of a database; dropped at the end."""
    made: list[str] = []

    def fresh() -> tuple[str, str]:
        name = f"pdca_{uuid4().hex[:12]}"
        postgresql.execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        made.append(name)
        instance = folder / name
        instance.mkdir(parents=True)
        return postgresql.named(server, name), str(instance)

    try:
        yield fresh
    finally:
        for name in made:
            postgresql.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Fresh]:
    """Fresh databases of this kind, everything started for it and stopped at the end."""
    if kind == "sqlite":
        migrate(folder / "template", f"sqlite:///{folder / 'template' / 'template.db'}")
        yield sqlite(folder / "template" / "template.db", folder)
        return
    with postgresql.server() as server:
        name = f"pdca_template_{uuid4().hex[:8]}"
        postgresql.execute(server, f'CREATE DATABASE "{name}"')
        try:
            migrate(folder / "template", postgresql.named(server, name))
            with cloning(server, name, folder) as fresh:
                yield fresh
        finally:
            postgresql.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def application(instance: str, url: str, **settings: object) -> Iterator[Flask]:
    """An application of a part's own; its connections are closed at the end."""
    app = create_app(load_settings(instance=instance, database_url=url, secret_key=KEY, **settings))
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
