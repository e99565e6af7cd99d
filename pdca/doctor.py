"""What `pdca doctor` asks. Each room registers its own questions; a complaint is one line of text."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import text

from pdca.config import KEY_FILE, Settings
from pdca.db import db

# Gets whether to repair what it can; yields what is (still) wrong.
Check = Callable[[bool], Iterable[str]]


def init_app(app: Flask) -> None:
    """Start with the ground's own questions."""
    app.extensions["doctor"] = [schema_is_current, rows_hold_together, key_is_private, mail_leaves]


def register_check(app: Flask, check: Check) -> None:
    """Ask this too."""
    app.extensions["doctor"].append(check)


def complaints(*, repair: bool) -> Iterator[str]:
    """Everything that is wrong, in the order of the questions. Without the schema nothing else is asked."""
    for check in current_app.extensions["doctor"]:
        found = list(check(repair))
        yield from found
        if found and check is schema_is_current:
            return


def schema_is_current(_repair: bool = False) -> Iterator[str]:
    """The database has exactly the migrations of this version."""
    folder = current_app.extensions["migrate"].directory
    wanted = ScriptDirectory(folder).get_current_head()
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        yield f"the database is at migration {found}, this version needs {wanted}: run `pdca setup`"


def rows_hold_together(_repair: bool) -> Iterator[str]:
    """SQLite's own look at its file. PostgreSQL does this by itself."""
    if db.engine.dialect.name != "sqlite":
        return
    for row in db.session.execute(text("PRAGMA integrity_check")):
        if row[0] != "ok":
            yield f"SQLite: {row[0]}"
    for row in db.session.execute(text("PRAGMA foreign_key_check")):
        yield f"SQLite: row {row[1]} of {row[0]} points at a {row[2]} that does not exist"


def key_is_private(repair: bool) -> Iterator[str]:
    """Nobody else on this machine may read the key."""
    path = _settings().instance / KEY_FILE
    if not path.is_file() or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return
    if repair:
        path.chmod(0o600)
    else:
        yield f"{path} can be read by others: chmod 600, or `pdca doctor --repair`"


def mail_leaves(_repair: bool) -> Iterator[str]:
    """Mail written to files reaches nobody, which is fine on one's own machine only."""
    settings = _settings()
    if settings.mail_url.startswith("file:") and settings.beyond_loopback:
        yield "PDCA_MAIL_URL: mail is only written to files, and this installation serves other machines"


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
