"""Seeing that a board changed, whichever process changed it (the other side of ticks.py)."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import Engine

from pdca.board.hub import Watcher
from pdca.board.ticks import CHANNEL, TEAM


def watcher_for(engine: Engine) -> Watcher:
    """What fits this database, on a connection of its own."""
    if engine.dialect.name == "sqlite":
        return SqliteWatcher(str(engine.url.database))
    return PostgresqlWatcher(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))


class SqliteWatcher:
    """Looks at the version of the file, and at the teams' numbers only when it changed."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._version = -1
        self._numbers = self._read()

    def changed(self) -> set[int]:
        """The teams whose number rose."""
        (version,) = self._database.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return set()
        self._version, before = version, self._numbers
        self._numbers = self._read()
        return {team_id for team_id, number in self._numbers.items() if before.get(team_id) != number}

    def close(self) -> None:
        """Look no more."""
        self._database.close()

    def _read(self) -> dict[int, int]:
        rows = self._database.execute("SELECT name, number FROM tick WHERE name LIKE ?", (f"{TEAM}%",))
        return {int(name.removeprefix(TEAM)): number for name, number in rows}


class PostgresqlWatcher:
    """Listens."""

    def __init__(self, url: str) -> None:
        self._database = psycopg.connect(url, autocommit=True)
        self._database.execute(f"LISTEN {CHANNEL}")

    def changed(self) -> set[int]:
        """The teams that were named."""
        return {int(told.payload) for told in self._database.notifies(timeout=0)}

    def close(self) -> None:
        """Listen no more."""
        self._database.close()
