"""The whole clock on one page: what runs when.

APScheduler only ticks, in memory. What is due is read from the database, so that any number of these
processes, and cron beside them, may run at once, and a night without power loses nothing.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import click
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask, current_app
from flask.cli import with_appcontext

from pdca import clock, log
from pdca.followup.jobs import followup_once
from pdca.mail.jobs import deliver

logger = logging.getLogger("pdca.scheduler")
stopping = threading.Event()


def _tick() -> None:
    """Everything that is due: today's sweep, steps, mails, delivery."""
    logger.debug("%s", followup_once(clock.now(), go_on=_goes_on))


def _deliver() -> None:
    """Mail that somebody waits for, such as a sign-in link."""
    deliver(clock.now(), go_on=_goes_on)


@dataclass(frozen=True)
class Job:
    """Something that runs every so many seconds."""

    name: str
    every_s: int
    run: Callable[[], None]


JOBS = (
    # Once a day, by whoever comes first after midnight, the tick also looks through everything (sweep).
    Job("tick", 60, _tick),
    Job("deliver", 10, _deliver),
)


@click.command("scheduler")
@with_appcontext
def command() -> None:
    """Run the follow-up until told to stop (SIGTERM or Ctrl-C)."""
    log.configure()
    stopping.clear()
    scheduler = build(current_app._get_current_object())  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    ending = threading.Thread(target=_end, args=(scheduler,), daemon=True)
    ending.start()
    logger.info("follow-up runs: %s", ", ".join(f"{job.name} every {job.every_s} s" for job in JOBS))
    scheduler.start()
    ending.join()


def build(app: Flask) -> BlockingScheduler:
    """A ticker in memory: a late tick runs at once, several late ones run once, and never two at a time."""
    scheduler = BlockingScheduler(timezone="UTC")
    for job in JOBS:
        scheduler.add_job(
            _in_app(app, job),
            "interval",
            seconds=job.every_s,
            id=job.name,
            next_run_time=clock.now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return scheduler


def _in_app(app: Flask, job: Job) -> Callable[[], None]:
    def run() -> None:
        try:
            with app.app_context():
                job.run()
        except Exception:
            # The next tick tries again; the process stays.
            logger.exception("%s failed", job.name)

    return run


def _goes_on() -> bool:
    return not stopping.is_set()


def _end(scheduler: BlockingScheduler) -> None:
    """When it is told to stop: finish what is being sent, start nothing new.

    Not in the signal's handler, which may have interrupted the scheduler between two of its own steps.
    """
    stopping.wait()
    while not scheduler.running:
        time.sleep(0.01)
    scheduler.shutdown(wait=True)
