"""The Nth write, fsync or connect fails, for every N until there is none left: the next passes finish the work.

Each N begins on the same database with a busy morning before it. What fails, fails once, as the real part would say
it. Afterwards everybody has each mail once, and I1-I6 hold.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from pdca.db import db
from pdca.followup import invariants
from pdca.followup.jobs import followup_once
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import Kind, LookalikeChoice, Phase
from pdca.mail.smtp import _Line
from tests.conftest import MONDAY, build, settings_for
from tests.factories import count_anew
from tests.peers import postgresql, smtp
from tests.simulation.figures import Bench, Figure
from tests.stories import crew, walk

# Ten o'clock in Amsterdam, on a Tuesday on which things fall due.
MORNING = MONDAY + timedelta(days=22)
# Longer than a lease and the longest rest of the breaker.
LATER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25), timedelta(minutes=50))
DISK_FULL = sqlite3.OperationalError("database or disk is full")
# More than any pass does; reaching it means that the pass never ends.
TOO_MANY = 5000


@dataclass
class Nth:
    """Counts, and fails once."""

    number: int
    seen: int = 0

    def comes(self) -> bool:
        """Whether this one fails."""
        self.seen += 1
        return self.seen == self.number

    @property
    def has_failed(self) -> bool:
        """Whether there were that many."""
        return self.seen >= self.number


Fault = Callable[[Nth], AbstractContextManager[None]]


def _says(error: Exception) -> OperationalError:
    return OperationalError("the Nth", {}, error)


@contextmanager
def listening(name: str, fn: Callable[..., None]) -> Iterator[None]:
    """Hang something on the engine for a while."""
    event.listen(db.engine, name, fn)
    try:
        yield
    finally:
        event.remove(db.engine, name, fn)


@contextmanager
def write(nth: Nth) -> Iterator[None]:
    """The Nth statement that writes finds the disk full."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "SAVEPOINT", "RELEASE")) and nth.comes():
            raise _says(DISK_FULL)

    with listening("before_cursor_execute", fail):
        yield


@contextmanager
def commit(nth: Nth) -> Iterator[None]:
    """The Nth commit can't be written."""

    def fail(_connection: Any) -> None:
        if nth.comes():
            raise _says(sqlite3.OperationalError("disk I/O error"))

    with listening("commit", fail):
        yield


@contextmanager
def database(nth: Nth) -> Iterator[None]:
    """The Nth connection to the database is not made."""

    def fail(*_: Any) -> None:
        if nth.comes():
            raise _says(sqlite3.OperationalError("unable to open database file"))

    with listening("checkout", fail):
        yield


@contextmanager
def fsync(nth: Nth) -> Iterator[None]:
    """The Nth fsync (accept journal, mail file, its folder) finds the disk full."""
    real = os.fsync

    def fail(handle: int) -> None:
        if nth.comes():
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with patch("os.fsync", fail):
        yield


@contextmanager
def connect(nth: Nth) -> Iterator[None]:
    """The Nth connection to the mail server is refused."""
    real = _Line._connected

    def fail(line: _Line, host: str, port: int) -> socket.socket:
        if nth.comes():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return real(line, host, port)

    # All addresses of its name.
    with patch.object(_Line, "_connected", fail):
        yield


FAULTS: dict[str, Fault] = {"write": write, "commit": commit, "database": database, "fsync": fsync, "connect": connect}


@dataclass
class Tried:
    """What one kind of failure did, for every N."""

    name: str
    count: int = 0
    wrong: list[str] = field(default_factory=list)


class Morning:
    """A busy morning: promises that passed, a customer to ask, decisions and plans that wait."""

    def __init__(self, app: Flask, server: smtp.Server) -> None:
        self.app, self.server = app, server
        app.extensions["settings"] = app.extensions["settings"].model_copy(update={"mail_url": server.url})
        self.journal = app.extensions["settings"].instance / "accepted.jsonl"
        with app.app_context():
            self.is_sqlite = db.engine.dialect.name == "sqlite"
            self.url = db.engine.url
            self._arrange()
            db.session.remove()
            db.engine.dispose()
            if not self.is_sqlite:
                postgresql.put_aside(self._plain_url)
            else:
                shutil.copyfile(self.path, self.path.with_suffix(".morning"))

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(str(self.url.database))

    @property
    def _plain_url(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @staticmethod
    def _arrange() -> None:
        different = LookalikeAnswer(LookalikeChoice.DIFFERENT)
        count_anew()
        with db.writing():
            team = crew()
            walk(team, Phase.DO, at=MONDAY)
            walk(team, Phase.CHECK, at=MONDAY, lookalikes=different)
            walk(team, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY, lookalikes=different)
            walk(team, Phase.NEW, at=MONDAY, lookalikes=different)
            db.session.commit()

    def again(self) -> None:
        """The same morning once more."""
        self.server.received.clear()
        self.journal.unlink(missing_ok=True)
        db.session.remove()
        db.engine.dispose()
        if self.is_sqlite:
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self.path.with_suffix(".morning"), self.path)
        else:
            postgresql.put_back(self._plain_url)

    def passes(self, at: datetime) -> bool:
        """One pass as the clock calls it: what the database refuses ends it, and the next one goes on."""
        try:
            followup_once(at)
        except (DBAPIError, OSError):
            return False
        finally:
            db.session.rollback()
            db.session.remove()
        return True

    def wanted(self) -> Counter[str]:
        """Who gets how many mails when nothing fails."""
        self.again()
        for wait in (timedelta(0), *LATER):
            assert self.passes(MORNING + wait)
        return self.boxes()

    def boxes(self) -> Counter[str]:
        """How many mails lie in each box."""
        return Counter(one.address for one in self.server.taken)

    def tried(self, fault: Fault, number: int, wanted: Counter[str]) -> tuple[bool, list[str]]:
        """Let the Nth fail, and go on. Whether there was an Nth, and what was wrong afterwards."""
        self.again()
        nth = Nth(number)
        with fault(nth):
            self.passes(MORNING)
        for wait in LATER:
            if not self.passes(MORNING + wait):
                return nth.has_failed, [f"{number}: a pass failed after the fault was over"]
        with db.reading():
            wrong = list(invariants.broken(MORNING + LATER[-1]))
        boxes = self.boxes()
        wrong += [f"{address}: {boxes[address]} mails, not {n}" for address, n in wanted.items() if boxes[address] != n]
        wrong += [f"{address}: an unexpected mail" for address in boxes.keys() - wanted.keys()]
        return nth.has_failed, [f"{number}: {line}" for line in wrong]


def every(app: Flask, name: str, *, step: int, server: smtp.Server) -> Tried:
    """Every `step`-th N of one kind of failure, until the pass has fewer."""
    result = Tried(name)
    logging.getLogger("pdca").setLevel(logging.CRITICAL)
    try:
        with app.app_context(), patch("pdca.mail.jobs.SETTLE_PAUSES_S", (0.001, 0.001)):
            morning = Morning(app, server)
            wanted = morning.wanted()
            assert wanted, "a morning without mail proves nothing"
            for number in range(1, TOO_MANY, step):
                there_was, wrong = morning.tried(FAULTS[name], number, wanted)
                if not there_was:
                    return result
                result.count += 1
                result.wrong += wrong
            result.wrong.append(f"more than {TOO_MANY}: the pass does not end")
            return result
    finally:
        logging.getLogger("pdca").setLevel(logging.NOTSET)


def run(bench: Bench) -> list[Figure]:
    """Every N of every kind (a smaller share takes each so-manyth)."""
    figures, step = [], max(1, round(1 / bench.share))
    for name in FAULTS:
        url, instance = bench.fresh()
        app = build(settings_for(Path(instance), url))
        app.instance_path = str(instance)
        began = time.monotonic()
        with smtp.serving() as server:
            tried = every(app, name, step=step, server=server)
        for line in tried.wrong[:20]:
            bench.say(f"the Nth {name}: {line}")
        bench.say(f"the Nth {name}: {tried.count} of them, {time.monotonic() - began:.0f} s")
        seen = f"{tried.count} N to completion, {len(tried.wrong)} wrong"
        figures.append(
            Figure(f"failing the Nth {name}, every N to completion", "invariants hold", seen, not tried.wrong)
        )
        with app.app_context():
            db.engine.dispose()
    return figures
