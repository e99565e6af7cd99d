"""Fault 25: a web server that imports `wsgi:app` never does the follow-up; `pdca serve` has exactly one beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.followup.models import Duty, Node, Notice
from pdca.followup.nodes import NO_PROCESS
from pdca.mail.models import Message
from tests.conftest import KEY
from tests.peers.smtp import serving
from tests.peers.waiting import free_port, until
from tests.simulation.nth import Morning

ROOT = Path(__file__).parents[2]
WORKERS = 8


def family(pid: int) -> dict[int, str]:
    """Every process below this one, and its command."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    found, parents = {}, {pid}
    while parents:
        children = {int(row[0]): row[2] for row in rows if int(row[1]) in parents and "<defunct>" not in row[2]}
        found |= children
        parents = set(children)
    return found


def threads(pid: int) -> int:
    """How many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 - not a folder on a disk


@contextmanager
def running(*command: str, **given: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program, told to stop at the end, and gone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PDCA_")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-m", *command], env=own | given, cwd=ROOT, **quiet)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Whether somebody serves there; what /health says is another question."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
    except urllib.error.HTTPError as said:
        said.close()
    except OSError:
        return False
    return True


@pytest.fixture
def morning(app) -> Iterator[Morning]:
    """Duties that are due since long: whoever looks, mails."""
    with serving() as server:
        yield Morning(app, server)


def touched(morning: Morning) -> dict[str, object]:
    """Everything that a follow-up would have changed."""
    with morning.app.app_context(), db.reading():
        duties = db.session.execute(select(Duty.id, Duty.step, Duty.state, Duty.next_step_at).order_by(Duty.id)).all()
        rows = {model.__name__: len(db.session.scalars(select(model.id)).all()) for model in (Notice, Message, Node)}
        return {"duties": duties, "mails": len(morning.server.received), **rows}


def passes(morning: Morning) -> set[str]:
    """Which processes ended a pass of the follow-up."""
    ended = select(Node.name).where(Node.last_run_at.is_not(None), Node.name.not_in(NO_PROCESS))
    with morning.app.app_context(), db.reading():
        return set(db.session.scalars(ended))


def settings(morning: Morning, tmp_path: Path) -> dict[str, str]:
    given = morning.app.extensions["settings"]
    return {
        "PDCA_INSTANCE": str(tmp_path),
        "PDCA_DATABASE_URL": given.database,
        "PDCA_MAIL_URL": morning.server.url,
        "PDCA_SECRET_KEY": KEY,
    }


@pytest.mark.fault(25)
def test_eight_workers_of_gunicorn_leave_every_due_duty_alone(morning, tmp_path: Path):
    """As administrators start it: each worker imports it (SQLite), or one does and then parts (PostgreSQL)."""
    before, port = touched(morning), free_port()
    assert before["duties"]
    gunicorn = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--no-control-socket"]
    gunicorn += [] if morning.is_sqlite else ["--preload"]
    with running(*gunicorn, **settings(morning, tmp_path)) as web:
        assert until(lambda: len(family(web.pid)) == WORKERS and answers(port))
        # Each has answered somebody, and has had time to do what the first tick of a scheduler does at once.
        for _ in range(4 * WORKERS):
            assert answers(port)
        assert [threads(pid) for pid in family(web.pid)] == [1] * WORKERS
        assert touched(morning) == before
    assert touched(morning) == before


@pytest.mark.fault(25)
def test_serve_has_exactly_one_follow_up_beside_eight_workers(morning, tmp_path: Path):
    port = free_port()
    serve = ["pdca", "serve", "--port", str(port), "--workers", str(WORKERS)]
    with running(*serve, **settings(morning, tmp_path)) as parent:
        # The parent's two children, and the workers of the web.
        assert until(lambda: len(family(parent.pid)) == 2 + WORKERS and answers(port))
        (follows,) = [pid for pid, command in family(parent.pid).items() if command.endswith("scheduler")]
        # It looks at what is due at once, at any hour; whether mail may leave now is another question. The daily look
        # through everything comes before it and counts as a sign of life too, so that one is not waited for.
        assert until(lambda: touched(morning)["Notice"])
        assert passes(morning) == {f"{socket.gethostname()[:60]}:{follows}"}
