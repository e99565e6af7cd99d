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
from pdca.followup.jobs import AUDIT_EVERY, Places, Turns, audit, doubt_clock, followup_once
from pdca.followup.watch import Saw, Watch
from pdca.mail.jobs import deliver
from pdca.mail.jobs_replies import read_replies

logger = logging.getLogger("pdca.scheduler")
stopping = threading.Event()
# How often the clocks are compared, besides at every tick.
LOOK_EVERY_S = 5.0
# One pass; with more to do another one follows at once. Others see its work, and a stop is heard, in between.
PASS_S = 3.0


# Of a pass, for the daily look through everything: reminders and mails go on beside it.
SWEEP_S = 1.0
# Mail waits until every due step was reached, for one mail a day must say it all; but no longer than this. After that
# each part of a pass leaves time to those behind it, and goes on in the next one where it was cut short.
PATIENCE_S = 60.0
STEPS_S, ASK_S, HAND_ON_S, MAIL_S = 1.5, 0.5, 0.5, 1.0


class Turn:
    """Says whether to go on, and remembers that it had to say no. Its time begins when it is first asked."""

    def __init__(self, seconds: float) -> None:
        self.refused, self._seconds, self._began = False, seconds, -1.0

    def __call__(self) -> bool:
        """Until it is told to stop, or its time is over."""
        if self._began < 0:
            self._began = clock.elapsed()
        if _goes_on() and clock.elapsed() < self._began + self._seconds:
            return True
        self.refused = True
        return False


class Tick:
    """Everything that is due: today's sweep, steps, mails, delivery, pass after pass."""

    def __init__(self) -> None:
        self._behind_since: float | None = None
        self._places = Places()

    def __call__(self) -> bool:
        """One pass. Whether it was too much for one."""
        sweeping, parts = Turn(SWEEP_S), self._parts()
        done = followup_once(clock.now(), turns=Turns(sweeping, *parts, self._places))
        logger.debug("%s", done)
        is_behind = any(part.refused for part in parts)
        self._behind_since = (self._behind_since or clock.elapsed()) if is_behind else None
        return sweeping.refused or (any(done.values()) and is_behind)

    def _parts(self) -> tuple[Turn, Turn, Turn, Turn]:
        """The time of reaching steps, asking customers, handing on and mailing: together, or when it is late each.

        Handing on looks at all that waits, also when nobody may be mailed yet: it always has a time of its own.
        """
        if self._is_long_behind():
            return Turn(STEPS_S), Turn(ASK_S), Turn(HAND_ON_S), Turn(MAIL_S)
        whole = Turn(PASS_S)
        return whole, whole, Turn(HAND_ON_S), whole

    def _is_long_behind(self) -> bool:
        return self._behind_since is not None and clock.elapsed() - self._behind_since > PATIENCE_S


_tick = Tick()


def _deliver() -> bool:
    """Mail that somebody waits for, such as a sign-in link."""
    deliver(clock.now(), go_on=_goes_on)
    return False


def _audit() -> bool:
    """Does everything hold that must?"""
    audit(clock.now())
    return False


def _replies() -> bool:
    """Answers by mail, when this installation has a mailbox for them."""
    read_replies(clock.now(), go_on=_goes_on)
    return False


@dataclass(frozen=True)
class Job:
    """Something that runs every so many seconds, and at once again while it says that there is more."""

    name: str
    every_s: int
    run: Callable[[], bool]


JOBS = (
    # Once a day, by whoever comes first after midnight, the tick also looks through everything (sweep).
    Job("tick", 60, _tick),
    Job("deliver", 10, _deliver),
    Job("replies", 60, _replies),
    Job("audit", int(AUDIT_EVERY.total_seconds()), _audit),
)


@click.command("scheduler")
@with_appcontext
def command() -> None:
    """Run the follow-up until told to stop (SIGTERM or Ctrl-C)."""
    log.configure()
    stopping.clear()
    watch = Watch()
    scheduler = build(current_app._get_current_object(), watch)  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    ending = threading.Thread(target=_end, args=(scheduler,), daemon=True)
    ending.start()
    logger.info("follow-up runs: %s", ", ".join(f"{job.name} every {job.every_s} s" for job in JOBS))
    threading.Thread(target=_keep_ticking, args=(scheduler, watch), daemon=True, name="clock").start()
    scheduler.start()
    ending.join()


def build(app: Flask, watch: Watch) -> BlockingScheduler:
    """A ticker in memory: a late tick runs at once, several late ones run once, and never two at a time."""
    scheduler = BlockingScheduler(timezone="UTC")
    for job in JOBS:
        scheduler.add_job(
            _in_app(app, job, watch),
            "interval",
            seconds=job.every_s,
            id=job.name,
            next_run_time=clock.now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return scheduler


def _in_app(app: Flask, job: Job, watch: Watch) -> Callable[[], None]:
    def run() -> None:
        try:
            with app.app_context():
                while _may_run(watch) and job.run():
                    pass
        except Exception:
            # The next tick tries again; the process stays.
            logger.exception("%s failed", job.name)

    return run


def _may_run(watch: Watch) -> bool:
    if watch.look() is Saw.AHEAD:
        doubt_clock(clock.now())
        return False
    return _goes_on()


def _keep_ticking(scheduler: BlockingScheduler, watch: Watch) -> None:
    """Ticks are planned on the wall clock: when that goes back they would come as much later."""
    while not stopping.wait(LOOK_EVERY_S):
        if scheduler.running and watch.went_back():
            logger.warning("the clock went back; the follow-up goes on from now")
            for job in scheduler.get_jobs():
                job.modify(next_run_time=clock.now())


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
