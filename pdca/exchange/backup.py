"""`pdca backup`: a consistent copy of a live installation. Nobody has to stop working."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection

from pdca.config import Settings
from pdca.db import db
from pdca.exchange import portable
from pdca.exchange.archive import DATABASE, FILES, JOURNAL, Manifest, Writer, chunks_of, writing
from pdca.items.models import File
from pdca.mail.accepts import AcceptJournal
from pdca.mail.keys import fingerprint

FILES_FOLDER = "files"


class NothingToKeep(Exception):
    """There is no database to make a backup of."""

    def __init__(self) -> None:
        super().__init__("there is no database yet: run `pdca setup`")


def make_backup(path: Path, settings: Settings, *, instance_id: str, at: datetime) -> Manifest:
    """Write the database, the uploaded files and the accept journal to `path`. Mail written to files stays out."""
    with snapshot() as connection, writing(path, at) as writer:
        manifest = Manifest(
            made_at=at.isoformat(),
            revision=_revision(connection),
            instance_id=instance_id,
            key_fingerprint=key_fingerprint(),
            database=connection.dialect.name,
        )
        counted: Counter[str] = Counter()
        writer.add(DATABASE, _lines(connection, counted))
        manifest.rows = dict(counted)
        manifest.missing_files = _add_files(connection, writer, settings.instance / FILES_FOLDER)
        # After the database: what it knows to be accepted, this knows too.
        _add_journal(writer, AcceptJournal(settings.instance).path)
        writer.close_with(manifest)
    return manifest


def snapshot() -> Connection:
    """A connection whose first transaction sees one moment: WAL on SQLite, REPEATABLE READ READ ONLY on PostgreSQL."""
    db.release()
    connection = db.engine.connect()
    if connection.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def key_fingerprint() -> str:
    """Tells one key from another, and nothing about either."""
    return fingerprint(f"backup:{current_app.config['SECRET_KEY']}")[:16]


def _revision(connection: Connection) -> str:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise NothingToKeep
    return revision


def _lines(connection: Connection, counted: Counter[str]) -> Iterator[bytes]:
    for table, line in portable.dump(connection):
        # The first line of a table names it, the others are its rows.
        counted[table] += 1 if table in counted else 0
        yield line.encode()


def _add_files(connection: Connection, writer: Writer, folder: Path) -> list[str]:
    """Every file that a row of the snapshot names. One that was taken away meanwhile is named in the manifest."""
    gone = []
    for name in connection.scalars(sa.select(File.stored_name).order_by(File.id)).all():
        try:
            with (folder / name).open("rb") as stream:
                writer.add(FILES + name, chunks_of(stream))
        except FileNotFoundError:
            gone.append(name)
    return gone


def _add_journal(writer: Writer, path: Path) -> None:
    if path.is_file():
        with path.open("rb") as stream:
            writer.add(JOURNAL, chunks_of(stream))
