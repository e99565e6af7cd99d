"""`pdca restore`: an installation as it was, in one transaction, and without mailing anything a second time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection

from pdca.config import Settings
from pdca.db import db
from pdca.exchange import portable
from pdca.exchange.aftermath import Aftermath, calm_down
from pdca.exchange.archive import DATABASE, FILES, JOURNAL, Manifest, Reader
from pdca.exchange.backup import FILES_FOLDER, key_fingerprint
from pdca.mail.accepts import AcceptJournal

# Somebody works here when one of these has a row. A link to begin with, from `pdca setup`, is nothing to lose.
TELLS = ("person", "team", "item")


class NotRestored(Exception):
    """The restore was refused; nothing has changed. The text says why, in one line."""


@dataclass(frozen=True)
class Restored:
    """What was put back, and what became of its mail."""

    manifest: Manifest
    aftermath: Aftermath
    same_key: bool


def restore(reader: Reader, settings: Settings, *, force: bool, at: datetime) -> Restored:
    """Replace this installation by the one in the backup: all of it, or nothing on a refusal."""
    manifest = reader.manifest
    config = _alembic()
    _require_known(config, manifest.revision)
    same_key = manifest.key_fingerprint == key_fingerprint()
    with _one_transaction() as connection:
        if not force:
            _require_empty(connection)
        _put_back(connection, config, reader)
        journal = _journal(reader, AcceptJournal(settings.instance).path)
        aftermath = calm_down(connection, journal, same_key=same_key, at=at)
        # Before the transaction ends: a row never points at a file that is not there yet.
        _put_files(reader, settings.instance / FILES_FOLDER)
        _write_whole(AcceptJournal(settings.instance).path, journal)
    _forget_other_files(settings.instance / FILES_FOLDER, set(reader.names(FILES)))
    return Restored(manifest, aftermath, same_key)


def _require_known(config: Config, revision: str) -> None:
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        raise NotRestored(
            f"this backup was made by a newer version (migration {revision}): update first, then restore"
        ) from None


@contextmanager
def _one_transaction() -> Iterator[Connection]:
    with db.writing(), db.engine.connect() as connection:
        _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, state: str) -> None:
    # Rows arrive in any order; what they point at is checked at the end. The switch works outside transactions only.
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA foreign_keys = {state}")


def _require_empty(connection: Connection) -> None:
    here = set(sa.inspect(connection).get_table_names())
    for name in TELLS:
        if name in here and connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))):
            raise NotRestored("somebody works in this installation already; --force replaces all of it")


# --- the database ----------------------------------------------------------------------------------------


def _put_back(connection: Connection, config: Config, reader: Reader) -> None:
    """Empty tables of the backup's version, its rows, then the migrations since."""
    config.attributes["connection"] = connection
    _empty(config)
    command.upgrade(config, reader.manifest.revision)
    with _any_order(connection):
        counts = portable.load(connection, reader.lines(DATABASE))
    if counts != reader.manifest.rows:
        raise NotRestored("the rows that were read are not the ones in the manifest")
    _go_on_counting(connection)
    command.upgrade(config, "head")


def _empty(config: Config) -> None:
    try:
        command.downgrade(config, "base")
    except CommandError as error:
        raise NotRestored(f"the database here was made by a newer version ({error})") from None


def _alembic() -> Config:
    config: Config = current_app.extensions["migrate"].migrate.get_config()
    return config


@contextmanager
def _any_order(connection: Connection) -> Iterator[None]:
    """PostgreSQL looks at foreign keys at the end of this, not after each row. Still within the transaction."""
    if connection.dialect.name != "postgresql":
        yield
        return
    constraints = list(_foreign_key_names(connection))
    for table, name in constraints:
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED")
    yield
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name in constraints:
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {name} NOT DEFERRABLE")


def _foreign_key_names(connection: Connection) -> Iterator[tuple[str, str]]:
    quote = connection.dialect.identifier_preparer.quote
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        for key in inspector.get_foreign_keys(table):
            if key["name"]:
                yield quote(table), quote(key["name"])


def _go_on_counting(connection: Connection) -> None:
    """New rows get the ids after the restored ones. SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    for table in portable.tables_of(connection):
        column = table.autoincrement_column
        if column is not None:
            counter = sa.func.pg_get_serial_sequence(quote(table.name), column.name)
            following = sa.func.coalesce(sa.func.max(column), 0) + 1
            connection.execute(sa.select(sa.func.setval(counter, following, False)).select_from(table))


# --- what lies beside it ---------------------------------------------------------------------------------


def _journal(reader: Reader, path: Path) -> list[str]:
    """What was ever accepted, by the backup and by this machine since: only ever added to."""
    lines: dict[str, None] = {}
    if JOURNAL in reader.manifest.members:
        lines.update(dict.fromkeys(line.strip() for line in reader.lines(JOURNAL)))
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as here:
            lines.update(dict.fromkeys(line.strip() for line in here))
    return [line for line in lines if line]


def _put_files(reader: Reader, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in reader.names(FILES):
        _write_chunks(folder / name, reader.chunks(FILES + name))


def _write_whole(path: Path, lines: list[str]) -> None:
    if lines:
        _write_chunks(path, (f"{line}\n".encode() for line in lines))


def _write_chunks(path: Path, chunks: Iterator[bytes]) -> None:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.writelines(chunks)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _forget_other_files(folder: Path, kept: set[str]) -> None:
    """Files of what was replaced: no row names them any more."""
    for path in folder.iterdir():
        if path.is_file() and path.name not in kept:
            path.unlink(missing_ok=True)
