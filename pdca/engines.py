"""The two kinds of database: how each connects, begins, waits for its turn, and the number that a commit raises.

On SQLite a writer waits behind a file lock and begins IMMEDIATE; a reader begins plainly and is physically unable to
write. PostgreSQL gets the same promise with READ ONLY transactions.
"""

from __future__ import annotations

import enum
import fcntl
import os
import sqlite3
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

LOCK_WAIT_S = 30.0
SQLITE_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    # The outbox promises that what was committed survives a power cut.
    "PRAGMA synchronous = FULL",
)

# A server whose network went silent without a goodbye is given up after about half a minute, and so are we by the
# server, which else would keep our locks for hours. A slow answer is no silence: the two kernels still talk.
PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "options": (
        "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000"
    ),
}


class WriteInRead(RuntimeError):
    """Something tried to write where only reading was announced."""


class LockTimeout(RuntimeError):
    """Another writer held the database for too long."""


# The database is not there, or too busy: later it may work.
AWAY = (OperationalError, InterfaceError, LockTimeout)
# It did not do what it was asked, for whatever reason.
REFUSED = (DBAPIError, LockTimeout)


class Mode(enum.Enum):
    """What the next transaction may do."""

    READ = "read"
    WRITE = "write"
    # One commit, then reads: a request writes once and renders its answer without holding the lock.
    WRITE_ONCE = "write once"


# Announced here; `db.writing()` and its like are how one says it.
mode: ContextVar[Mode] = ContextVar("pdca_database_mode", default=Mode.READ)


def teach(engine: Engine) -> None:
    """Give an engine its manners."""
    event.listen(engine, "commit", _raise_the_number)
    event.listen(engine, "rollback", _speak_up)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        for ending in ("checkin", "invalidate", "close"):
            event.listen(engine, ending, _drop_lock)
    else:
        event.listen(engine, "do_connect", _postgresql_connect)
        event.listen(engine, "begin", _postgresql_begin)
    event.listen(engine, "handle_error", _explain)


def _explain(context: ExceptionContext) -> None:
    """Say in words that a read tried to write."""
    text = str(context.original_exception)
    if "readonly database" in text or "read-only transaction" in text:
        raise WriteInRead(f"a write inside a read: announce it with db.writing() ({context.statement})")


# --- connecting and beginning ---------------------------------------------------------------------------------


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # Python's own transaction handling would begin too late and never IMMEDIATE.
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)


def _sqlite_begin(connection: Connection) -> None:
    reads = mode.get() is Mode.READ
    if not reads:
        _take_lock(connection)
    raw: Any = connection.connection.driver_connection
    raw.execute(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    raw.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
    connection.info["changes"] = raw.total_changes


def _postgresql_connect(_dialect: Dialect, _record: Any, _arguments: Any, given: dict[str, Any]) -> None:
    """Nobody waits for a network that fell silent. What stands in the database's URL counts before this."""
    for name, value in PATIENCE.items():
        given.setdefault(name, value)


def _postgresql_begin(connection: Connection) -> None:
    raw: Any = connection.connection.driver_connection
    # psycopg says it in the BEGIN itself: no extra round trip.
    raw.read_only = mode.get() is Mode.READ


# --- the turn to write, on SQLite -----------------------------------------------------------------------------


def _take_lock(connection: Connection) -> None:
    """Wait for the turn to write, before SQLite's own unfair waiting: in this process first, then among processes.

    One thread of each process asks for the file: whoever asks by trying again and again would starve the others.
    """
    if "write_lock" in connection.info:
        return
    path = lock_path(str(connection.engine.url.database))
    turn = _turn_at(path)
    if not turn.acquire(timeout=LOCK_WAIT_S):
        raise LockTimeout(f"another writer held {path.name} for {LOCK_WAIT_S:.0f} s")
    try:
        connection.info["write_lock"] = (_lock_file(path), turn)
    except BaseException:
        turn.release()
        raise


_turns: dict[Path, threading.Lock] = {}
os.register_at_fork(after_in_child=_turns.clear)


def _turn_at(path: Path) -> threading.Lock:
    return _turns.setdefault(path, threading.Lock())


def _lock_file(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    # Counted in pauses, not by a clock: rehearsals stop and shift the clock.
    waited, pause = 0.0, 0.0005
    while not _locked(handle):
        if waited > LOCK_WAIT_S:
            os.close(handle)
            raise LockTimeout(f"another writer held {path.name} for {LOCK_WAIT_S:.0f} s")
        time.sleep(pause)
        waited += pause
        pause = min(pause * 1.2, 0.003)
    return handle


def lock_path(database: str) -> Path:
    """The file that writers of this SQLite database queue behind."""
    return Path(f"{database}.lock")


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _drop_lock(_connection: Any, record: Any, *_: Any) -> None:
    # At check-in the commit is already on disk, so nobody enters before it.
    held = record.info.pop("write_lock", None)
    if held is not None:
        handle, turn = held
        os.close(handle)
        turn.release()


# --- what was written -----------------------------------------------------------------------------------------

STATE = "SELECT number FROM tick WHERE name = 'facts'"
# One more, of the name that `{}` stands for; without a row nothing was ever written.
RAISE = "INSERT INTO tick (name, number) {} ON CONFLICT (name) DO UPDATE SET number = tick.number + 1"
_RAISE = {
    "sqlite": RAISE.format("VALUES ('facts', 1)"),
    # A transaction gets its id with the first row that it writes or locks.
    "postgresql": RAISE.format("SELECT 'facts', 1 WHERE pg_current_xact_id_if_assigned() IS NOT NULL"),
}


def _raise_the_number(connection: Connection) -> None:
    """Part of the very commit that changed something, whoever wrote it and how. The last lock that is taken."""
    if connection.info.pop("quiet", False):
        return
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        if raw.total_changes != connection.info.get("changes"):
            # Before the first migration there is nothing to remember.
            with suppress(sqlite3.OperationalError):
                raw.execute(_RAISE["sqlite"])
    elif not raw.read_only:
        # Not past SQLAlchemy: whoever commits must be able to tell that it was the database that failed.
        connection.exec_driver_sql(_RAISE["postgresql"])


def _speak_up(connection: Connection) -> None:
    # One that broke has forgotten by itself, and asking it would raise in the middle of the undoing.
    if not connection.invalidated:
        connection.info.pop("quiet", None)
