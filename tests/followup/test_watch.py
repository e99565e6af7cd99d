"""A clock that jumps: ahead is doubted, back is believed, and the ticks go on (faults 32, 33 and 34)."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.followup.models import Node
from pdca.followup.nodes import NO_PROCESS
from pdca.followup.watch import PROOF_S, Saw, Watch
from pdca.mail.models import Attempt, Message, MessageState
from pdca.mail.operations import queue
from tests.conftest import KEY, MONDAY
from tests.peers.waiting import until

SHIM = Path(__file__).parents[1] / "peers" / "shifted"
DAY = timedelta(days=1)


class Clocks:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.wall: datetime = MONDAY
        self.steady = 1000.0

    def pass_by(self, seconds: float) -> None:
        """Time goes on, for both."""
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    def watch(self) -> Watch:
        """Somebody who looks at them."""
        return Watch(lambda: self.wall, lambda: self.steady)


@pytest.mark.fault(32)
@pytest.mark.parametrize("jump", [timedelta(minutes=61), DAY, 30 * DAY, 366 * DAY], ids=str)
def test_ahead_is_doubted_until_it_goes_back(jump):
    clocks = Clocks()
    watch = clocks.watch()
    clocks.wall += jump
    for _ in range(5):
        clocks.pass_by(60)
        assert watch.look() is Saw.AHEAD
    assert not watch.went_back()
    clocks.wall -= jump
    assert watch.look() is Saw.NOTHING
    assert [watch.went_back(), watch.went_back()] == [True, False]


@pytest.mark.parametrize("jump", [timedelta(minutes=61), 30 * DAY], ids=str)
def test_ahead_is_believed_when_it_held(jump):
    clocks = Clocks()
    watch = clocks.watch()
    clocks.wall += jump
    assert watch.look() is Saw.AHEAD
    clocks.pass_by(PROOF_S - 1)
    assert watch.look() is Saw.AHEAD
    clocks.pass_by(1)
    assert watch.look() is Saw.NOTHING


def test_a_clock_that_keeps_jumping_is_never_believed():
    clocks = Clocks()
    watch = clocks.watch()
    for _ in range(60):
        clocks.wall += 2 * DAY
        clocks.pass_by(60)
        assert watch.look() is Saw.AHEAD


def test_a_clock_that_is_put_right_is_believed():
    clocks = Clocks()
    watch = clocks.watch()
    for seconds in (3599, 20, -20, -29):
        clocks.wall += timedelta(seconds=seconds)
        assert watch.look() is Saw.NOTHING


@pytest.mark.fault(33)
def test_back_is_believed_at_once():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.wall -= DAY
    assert watch.look() is Saw.NOTHING
    assert [watch.went_back(), watch.went_back()] == [True, False]


@pytest.mark.fault(33)
def test_who_plans_the_ticks_hears_that_it_went_back_whoever_saw_it_first():
    """Also while the clock, ahead by less than before, is still doubted."""
    clocks = Clocks()
    watch = clocks.watch()
    clocks.wall += 30 * DAY
    assert watch.look() is Saw.AHEAD
    clocks.wall -= DAY
    assert [watch.look(), watch.look()] == [Saw.AHEAD, Saw.AHEAD]
    assert [watch.went_back(), watch.went_back()] == [True, False]


@pytest.mark.fault(34)
def test_a_machine_that_slept_is_believed():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_by(3 * 86400)
    assert watch.look() is Saw.NOTHING


# --- a real process under a real jump --------------------------------------------------------------------


class Running:
    """A scheduler whose clock a test sets."""

    def __init__(self, app, by: Path) -> None:
        self.app, self.by = app, by

    def shift(self, by: timedelta) -> None:
        """Set the clock of the whole process, as `date -s` does."""
        # In place: cut to nothing for a moment, the file would end a process that reads it just then.
        with self.by.open("r+b") as file:
            file.write(struct.pack("<q", int(by.total_seconds())))

    def put(self, name: str, not_before: datetime, claimed_until: datetime | None = None) -> None:
        """A mail that may leave from then on, or that somebody who died had until a moment of the clock as it was."""
        with self.app.app_context(), db.writing():
            made = queue("test", address="otten@example.nl", about={"locale": "en"}, dedupe_key=name, at=not_before)
            if claimed_until is not None:
                made.state, made.lease_token, made.lease_until = MessageState.SENDING, "of-the-dead", claimed_until
            db.session.commit()

    def has_left(self, name: str) -> bool:
        """Whether it was accepted."""
        with self.app.app_context(), db.reading():
            state = db.session.scalar(select(Message.state).where(Message.dedupe_key == name))
            return state is MessageState.ACCEPTED

    def ran_since(self, moment: datetime) -> bool:
        """Whether a pass ended after this moment, and not later than now by its own clock."""
        with self.app.app_context(), db.reading():
            ran = Node.last_run_at.between(moment, moment + timedelta(hours=1))
            return db.session.scalar(select(Node.id).where(ran, Node.name.not_in(NO_PROCESS))) is not None

    def says(self, word: str) -> bool:
        """Whether the process wrote this about its last pass."""
        with self.app.app_context(), db.reading():
            return any(word in said for said in db.session.scalars(select(Node.last_result)))


@pytest.fixture
def running(app, database: str, tmp_path: Path) -> Iterator[Running]:
    """`pdca scheduler`, under a clock that can be set."""
    by = tmp_path / "shifted_by"
    by.write_bytes(struct.pack("<q", 0))
    given = {"PDCA_INSTANCE": str(tmp_path), "PDCA_DATABASE_URL": database, "PDCA_SECRET_KEY": KEY}
    shimmed = {"SHIFTED_BY": str(by), "PYTHONPATH": str(SHIM)}
    with _process({**os.environ, **given, **shimmed}):
        yield Running(app, by)


@contextmanager
def _process(env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "pdca", "scheduler"], env=env, stderr=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors


@pytest.mark.fault(32)
def test_a_process_whose_clock_jumps_ahead_and_back_sends_nothing_early(running):
    running.put("first", clock.now())
    assert until(lambda: running.has_left("first"))
    running.put("tomorrow", clock.now() + timedelta(hours=12))
    running.shift(DAY)
    assert until(lambda: running.says("doubted"))
    assert not running.has_left("tomorrow")
    running.shift(timedelta(0))
    running.put("now", clock.now())
    assert until(lambda: running.has_left("now"))
    assert not running.has_left("tomorrow")


@pytest.mark.fault(33)
def test_a_process_whose_clock_goes_back_a_day_goes_on_for_an_hour(running, tmp_path):
    """Ticks go on, leases heal, and nothing is sent again: not then, not an hour later, not when it is put right."""
    running.put("first", clock.now())
    assert until(lambda: running.has_left("first"))
    running.put("claimed", clock.now(), clock.now() + timedelta(minutes=3))
    running.shift(-DAY)
    running.put("after", clock.now() - DAY)
    assert until(lambda: running.has_left("after"))
    assert until(lambda: running.has_left("claimed"))
    assert until(lambda: running.ran_since(clock.now() - DAY - timedelta(minutes=5)))
    # Not before a pass by the new time has ended: one that was under way works with the time at which it began.
    running.put("in an hour", clock.now() - DAY + timedelta(minutes=50))
    running.put("by now", clock.now() - DAY)
    assert until(lambda: running.has_left("by now"))
    assert not running.has_left("in an hour")
    running.shift(-DAY + timedelta(minutes=59))
    assert until(lambda: running.has_left("in an hour"))
    running.shift(timedelta(0))
    assert until(lambda: running.says("doubted"))
    with running.app.app_context(), db.reading():
        sent = select(Attempt.message_id).where(Attempt.outcome == "accepted")
        assert len(db.session.scalars(sent).all()) == len(set(db.session.scalars(sent))) == 5
    assert len(list((tmp_path / "mail").rglob("*.eml"))) == 5
