"""Faults 26-28: a database that is locked, full, or really killed and started again."""

from __future__ import annotations

import fcntl
import os
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from pdca import scheduler
from pdca.db import db
from pdca.engines import lock_path
from pdca.followup import invariants
from pdca.followup.jobs import followup_once
from pdca.followup.watch import Watch
from pdca.mail.jobs import deliver
from tests.conftest import KEY, _migrated, build, settings_for
from tests.peers import postgresql, smtp
from tests.peers.product import Product
from tests.peers.waiting import until
from tests.simulation.nth import LATER, MORNING, Morning, Nth, fsync, listening, write

HELD_S = 1.5
PATIENCE_S = 60.0


@pytest.fixture
def server() -> Iterator[smtp.Server]:
    """A mail server."""
    with smtp.serving() as server:
        yield server


def tick(app: Flask, at) -> threading.Thread:
    """One tick of the scheduler, in a thread as APScheduler runs it."""

    def once() -> bool:
        followup_once(at)
        return False

    thread = threading.Thread(target=scheduler._in_app(app, scheduler.Job("tick", 60, once), Watch()))
    thread.start()
    return thread


def everybody_once(morning: Morning) -> None:
    """What the morning had to bring, and nothing else."""
    assert morning.boxes() == Counter(set(morning.boxes()))
    assert len(morning.boxes()) >= 4
    with morning.app.app_context(), db.reading():
        assert list(invariants.broken(MORNING + LATER[-1])) == []


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else's program writes and does not end: it knows nothing of our queue."""
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        end = other.rollback
    else:
        held = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"))
        held.execute("LOCK TABLE message, duty, node IN EXCLUSIVE MODE")
        other, end = held, held.rollback
    try:
        yield
    finally:
        end()
        other.close()


@pytest.mark.fault(26)
@pytest.mark.parametrize("patience_ms", [5_000, 200])
def test_fault_26_another_writer_is_a_delay_and_no_death(
    app: Flask, database: str, server, monkeypatch, patience_ms: int
):
    """Held longer than we wait (200 ms), or shorter: the tick ends in peace, and the next one does the rest."""
    monkeypatch.setattr(
        "pdca.engines.SQLITE_PRAGMAS", ("PRAGMA foreign_keys = ON", f"PRAGMA busy_timeout = {patience_ms}")
    )
    morning = Morning(app, server)
    with app.app_context():
        morning.again()
    with locked(database):
        thread = tick(app, MORNING)
        thread.join(HELD_S)
        assert server.taken == []
    thread.join(20)
    assert not thread.is_alive()
    tick(app, MORNING + timedelta(minutes=1)).join(20)
    everybody_once(morning)


# What the scheduler command is, with our own waiting as short as a test needs it and a tick each second.
IMPATIENT = """
import dataclasses, pdca.engines, pdca.scheduler
pdca.engines.LOCK_WAIT_S = 0.3
pdca.scheduler.JOBS = tuple(dataclasses.replace(job, every_s=1) for job in pdca.scheduler.JOBS)
import sys
sys.argv = ["pdca", "scheduler"]
from pdca.cli import main
main()
"""


@contextmanager
def our_own_queue(database: str) -> Iterator[None]:
    """Whoever writes on SQLite stands behind this file: somebody of ours writes, and does not end."""
    if not database.startswith("sqlite"):
        yield
        return
    with lock_path(database.removeprefix("sqlite:///")).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.mark.fault(26)
def test_fault_26_a_holder_beyond_our_own_patience_ends_no_scheduler(app: Flask, database: str, server, tmp_path: Path):
    """The true command, one pass each second: it gives up (SQLite) or waits (PostgreSQL), says so, and goes on."""
    morning = Morning(app, server)
    with app.app_context():
        morning.again()
        db.engine.dispose()
    product = Product(tmp_path / "clock", MORNING)
    given = {
        "PDCA_INSTANCE": str(tmp_path),
        "PDCA_DATABASE_URL": database,
        "PDCA_MAIL_URL": server.url,
        "PDCA_SECRET_KEY": KEY,
    }
    errors = tmp_path / "errors"
    gave_up = "LockTimeout" if morning.is_sqlite else "follow-up runs"
    with errors.open("w") as log:
        with our_own_queue(database), locked(database):
            env = product._environment() | given
            process = subprocess.Popen([sys.executable, "-c", IMPATIENT], env=env, stderr=log)
            assert until(lambda: errors.read_text().count(gave_up) >= (3 if morning.is_sqlite else 1), PATIENCE_S)
            time.sleep(0 if morning.is_sqlite else HELD_S)
            assert (process.poll(), server.taken) == (None, [])
        try:
            assert until(lambda: len(morning.boxes()) >= 4, PATIENCE_S)
        finally:
            process.terminate()
            code = process.wait(PATIENCE_S)
    assert code == 0
    tick(app, MORNING + timedelta(minutes=1)).join(20)
    everybody_once(morning)


@pytest.mark.fault(27)
def test_fault_27_a_disk_without_room_stops_with_words_and_recovers(tmp_path: Path, server):
    """No file may grow any more: a real refusal of the kernel, to a process of its own."""
    instance = tmp_path / "instance"
    url = f"sqlite:///{instance / 'pdca.db'}"
    instance.mkdir()
    _migrated(instance, url)
    app = build(settings_for(instance, url))
    with app.app_context():
        morning = Morning(app, server)
        db.engine.dispose()
    full = once(instance, url, server, limit=4096)
    assert full.returncode == 1
    assert "disk" in full.stderr or "file" in full.stderr.lower()
    assert server.taken == []
    done = once(instance, url, server)
    assert done.returncode == 0, done.stderr
    assert once(instance, url, server).returncode == 0
    everybody_once(morning)


def once(instance: Path, url: str, server: smtp.Server, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """One pass as cron starts it, on that morning; `limit`: no file may be longer than this."""

    def narrow() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    own = {k: v for k, v in os.environ.items() if not k.startswith("PDCA_")}
    given = {
        "PDCA_INSTANCE": str(instance),
        "PDCA_DATABASE_URL": url,
        "PDCA_MAIL_URL": server.url,
        "PDCA_SECRET_KEY": KEY,
    }
    command = (
        "import datetime, time_machine, pdca.cli, sys; "
        f"time_machine.travel(datetime.datetime.fromisoformat('{MORNING.isoformat()}'), tick=True).start(); "
        "sys.argv = ['pdca', 'followup', '--once']; pdca.cli.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", command], env=own | given, capture_output=True, text=True, check=False, preexec_fn=narrow
    )


@pytest.mark.fault(27)
def test_fault_27_full_after_the_server_took_it_is_no_second_copy(app: Flask, server, monkeypatch):
    """Neither the journal nor the database can write it down; once there is room, both do."""
    monkeypatch.setattr("pdca.mail.jobs.SETTLE_PAUSES_S", (0.001,))
    morning = Morning(app, server)
    with app.app_context():
        morning.again()
        with full_once_taken(server):
            morning.passes(MORNING)
        assert len(server.taken) == 1
        for wait in LATER:
            assert morning.passes(MORNING + wait)
    everybody_once(morning)


@contextmanager
def full_once_taken(server: smtp.Server) -> Iterator[None]:
    """From the first mail that was taken on, nothing can be written."""

    class Full(Nth):
        def comes(self) -> bool:
            return bool(server.taken)

    with write(Full(0)), fsync(Full(0)):
        yield


# --- a server that dies --------------------------------------------------------------------------------------------


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[tuple[postgresql.Mortal, Flask]]:
    """A PostgreSQL of its own that may be killed, and an application on it."""
    with postgresql.mortal() as server:
        url = server.url.replace("postgresql://", "postgresql+psycopg://")
        _migrated(tmp_path, url)
        app = build(settings_for(tmp_path, url))
        yield server, app
        with app.app_context():
            db.engine.dispose()


@pytest.mark.fault(28)
def test_fault_28_postgresql_killed_in_the_middle_and_started_again(mortal, server):
    """kill -9 the moment the first mail was taken: settling waits for it, and no mail goes twice."""
    peer, app = mortal
    morning = Morning(app, server)
    killed = threading.Event()

    def kill(*_: object) -> None:
        if server.taken and not killed.is_set():
            killed.set()
            peer.kill()
            threading.Timer(0.5, peer.start).start()

    with app.app_context(), listening("before_cursor_execute", kill):
        thread = tick(app, MORNING)
        thread.join(60)
    assert killed.is_set()
    assert not thread.is_alive()
    peer.wait()
    for wait in LATER:
        tick(app, MORNING + wait).join(60)
    everybody_once(morning)


@pytest.mark.fault(28)
def test_fault_28_while_it_is_gone_ticks_end_and_afterwards_go_on(mortal, server):
    """Connections in the pool look alive: the peer closed them, and the first word on them fails."""
    peer, app = mortal
    morning = Morning(app, server)
    with app.app_context(), db.reading():
        assert db.session.scalar(text("SELECT 1")) == 1
    peer.kill()
    for n in range(3):
        thread = tick(app, MORNING + timedelta(minutes=n))
        thread.join(30)
        assert not thread.is_alive()
    assert server.taken == []
    peer.start()
    peer.wait()
    with app.app_context():
        assert deliver(MORNING).accepted == 0
    tick(app, MORNING + timedelta(minutes=5)).join(30)
    everybody_once(morning)
