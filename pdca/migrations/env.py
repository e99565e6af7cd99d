"""How Alembic reaches our database: the app's engine, one announced write, constraints by name."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection

from pdca.db import UtcDateTime, db

# No fileConfig here: Alembic's would silence the loggers of the application.


def render_item(_kind: str, thing: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write migrations in SQLAlchemy's own words, so that they stay true when our classes change."""
    if isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(thing, sa.Enum):
        return f"sa.String(length={thing.length})"
    return False


def run() -> None:
    """Upgrade or downgrade inside one write transaction; tables are rebuilt without cascading deletes."""
    if (given := context.config.attributes.get("connection")) is not None:
        # A restore: all or nothing, in its own transaction.
        _migrate(given)
        return
    with db.writing(), db.engine.connect() as connection:
        # The table of what was written comes and goes with the others; nothing is remembered over a migration.
        connection.info["quiet"] = True
        _foreign_keys(connection, "OFF")
        try:
            _migrate(connection)
        finally:
            _foreign_keys(connection, "ON")


def _is_ours(name: str | None, _kind: str, _parents: object) -> bool:
    """The full-text index (0003) keeps tables of its own, and no model knows them."""
    return not (name or "").startswith("search_text_words")


def _migrate(connection: Connection) -> None:
    options = dict(current_app.extensions["migrate"].configure_args)
    options["include_name"] = _is_ours
    context.configure(connection=connection, target_metadata=db.metadata, render_item=render_item, **options)
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("the migration would leave rows that point at nothing")


def _foreign_keys(connection: Connection, state: str) -> None:
    """SQLite rebuilds a table by dropping it, which would cascade; the switch works outside transactions only."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA foreign_keys = {state}")


run()
