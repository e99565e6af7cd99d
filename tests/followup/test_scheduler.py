"""The clock as a process of its own: it ticks, sends, says that it lives, and stops when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pdca import clock, scheduler
from pdca.db import db
from pdca.followup import jobs, nodes
from pdca.followup.models import Duty, DutyState, Node
from pdca.followup.watch import Watch
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue
from tests.conftest import KEY
from tests.followup.conftest import Stage, day
from tests.peers.waiting import until

PATIENCE_S = 60


def test_the_whole_clock_is_one_page():
    jobs = [(job.name, job.every_s) for job in scheduler.JOBS]
    assert jobs == [("tick", 60), ("deliver", 10), ("replies", 60), ("audit", 300)]


def test_a_late_tick_runs_once_and_never_beside_itself(app):
    made = scheduler.build(app, Watch())
    for job in made.get_jobs():
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)


def test_a_failing_tick_does_not_end_the_process(app, monkeypatch, caplog):
    def fail() -> bool:
        raise RuntimeError("broken")

    scheduler._in_app(app, scheduler.Job("tick", 60, fail), Watch())()
    assert "tick failed" in caplog.text


def test_once_prints_exactly_five_counts(app):
    result = app.test_cli_runner().invoke(args=["followup", "--once"])
    assert result.output == '{"notices": 0, "messages": 0, "accepted": 0, "deferred": 0, "dead": 0}\n'


def test_once_asks_every_five_minutes_whether_all_holds(promised: Stage, caplog):
    """Like the scheduler, whichever process asked last; cron users are told the same."""

    def asked(moment: datetime) -> datetime | None:
        promised.passes(moment)
        with promised.look():
            return nodes.last_audit().last_run_at

    first = asked(day(1))
    assert day(1) <= first < day(1) + timedelta(seconds=30)
    assert asked(day(1) + timedelta(minutes=4)) == first
    with promised.work():
        db.session.execute(update(Duty).values(state=DutyState.CANCELLED))
    assert asked(day(1) + timedelta(minutes=6)) > first
    assert f"does not hold: I1 an open item has no open duty with a living holder: {promised.item_id}" in caplog.text
    promised.passes(day(2))


def test_without_once_it_says_what_to_do(app):
    result = app.test_cli_runner().invoke(args=["followup"])
    assert result.exit_code == 2
    assert "say --once; `pdca scheduler` runs it every minute" in result.output


@pytest.mark.fault(14)
def test_a_scheduler_process_sends_and_stops_cleanly(app, database: str, tmp_path: Path):
    with app.app_context(), db.writing():
        message = queue(
            "test",
            address="otten@example.nl",
            about={"locale": "en"},
            dedupe_key="test:1",
            at=clock.now(),
            not_before=clock.now(),
        )
        message_id = message.id
        db.session.commit()
    env = {**os.environ, "PDCA_INSTANCE": str(tmp_path), "PDCA_DATABASE_URL": database, "PDCA_SECRET_KEY": KEY}
    process = subprocess.Popen([sys.executable, "-m", "pdca", "scheduler"], env=env, stderr=subprocess.PIPE, text=True)
    try:
        assert until(lambda: _state(app, message_id) is MessageState.ACCEPTED)
        assert until(lambda: _last_run(app) is not None)
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "follow-up runs: tick every 60 s, deliver every 10 s, replies every 60 s, audit every 300 s" in errors


@pytest.mark.fault(14)
def test_told_to_stop_before_it_began_it_stops(app, monkeypatch):
    """The signal may come at any moment, also just before the first tick."""
    made, builds = [], scheduler.build

    def build(*given):
        built = builds(*given)
        starts = built.start

        def late():
            scheduler.stopping.set()
            time.sleep(0.1)
            starts()

        built.start = late
        made.append(built)
        return built

    monkeypatch.setattr(scheduler, "build", build)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        result = app.test_cli_runner().invoke(args=["scheduler"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        scheduler.stopping.clear()
    assert result.exit_code == 0
    assert not made[0].running


def _state(app, message_id: int) -> MessageState:
    with app.app_context(), db.reading():
        return db.session.get_one(Message, message_id).state


def _last_run(app):
    with app.app_context(), db.reading():
        return db.session.scalar(select(Node.last_run_at).where(Node.name.not_in(("sweep", "audit"))))


def test_every_step_of_the_pass_stands_in_its_story():
    """The order is the order of the loop: sweep, verdicts, steps, customers, handing on, people, delivery."""
    names = [name for name in jobs.followup_once.__code__.co_names if name in vars(jobs)]
    wanted = ["sweep_if_due", "follow_customers", "step_up", "ask_customers", "hand_on", "gather_all", "deliver"]
    assert [name for name in names if name in wanted] == wanted
