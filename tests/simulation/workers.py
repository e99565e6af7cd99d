"""Real follow-up processes that start in milliseconds: a mother that has imported everything forks them.

Run as a program it is the mother. It reads one order a line (JSON) from its input and answers each with a line.
Its children run the engine's own passes and are killed from outside, or by a failpoint in their environment.
Whoever drives it uses `Mother`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from pdca import clock, create_app, failpoints, scheduler
from pdca.config import load_settings
from pdca.db import db
from pdca.followup import invariants
from pdca.followup.jobs import followup_once
from pdca.mail import jobs, smtp
from pdca.mail.jobs import deliver
from pdca.mail.letters import Letter, Outcome, Transport, Verdict
from tests.simulation import people
from tests.simulation.judge import FAILED, TEXT, TIMED_OUT, Event, What
from tests.simulation.pacing import BUDGET_S, PACE

ROOT = Path(__file__).resolve().parents[2]
KEY = "a-key-for-the-torture-0123456789-abcdefghijklmnop"
# A Monday morning in Amsterdam: everybody's mail window is open.
MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENCE_S = 60.0
PATIENT_LEASE = timedelta(seconds=60)


# --- driving it ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worker:
    """One child."""

    name: str
    pid: int

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        """A signal, if there is anybody to hear it."""
        if self.is_alive:
            os.kill(self.pid, number)

    def wait(self, seconds: float = PATIENCE_S) -> bool:
        """Until it is gone; False when it is still there."""
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True


class Mother:
    """The process that forks workers, seen from outside. `began` is zero on the clock of the history."""

    def __init__(self, url: str, instance: str, mail_url: str) -> None:
        self.began = time.monotonic()
        self.where = (url, instance)
        self.history = Path(instance) / "history.jsonl"
        self.workers: list[Worker] = []
        command = [sys.executable, "-m", "tests.simulation.workers", url, instance, mail_url, repr(self.began)]
        own = {name: value for name, value in os.environ.items() if not name.startswith("PDCA_")}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def now(self) -> float:
        """Seconds on the clock of the history."""
        return time.monotonic() - self.began

    def people(self, first: int, count: int, each: int) -> None:
        """Let so many people have so many things that are due."""
        self._order(do="people", first=first, count=count, each=each)

    def letters(self, first: int, count: int) -> None:
        """Put plain mails in the outbox."""
        self._order(do="letters", first=first, count=count)

    def fork(self, name: str, **orders: object) -> Worker:
        """A worker: one pass, or `loop` until it is killed. Or a command: what="command" is `pdca scheduler` until it
        is told to stop, `every` so many seconds from tick to tick; what="once" is `pdca followup --once`.

        `failpoint` ends or freezes it, `ahead` sets its clock so many seconds ahead, `start` is when it begins.
        """
        worker = Worker(name, self._order(do="fork", name=name, **orders)["pid"])
        self.workers = [one for one in self.workers if one.is_alive] + [worker]
        return worker

    def ask(self, question: str) -> list[list[Any]]:
        """Rows of the database."""
        rows: list[list[Any]] = self._order(do="ask", question=question)["rows"]
        return rows

    def broken(self) -> list[str]:
        """The invariants that do not hold (I1-I6), all but the one about time."""
        lines: list[str] = self._order(do="broken")["lines"]
        return lines

    def events(self) -> list[Event]:
        """What the workers wrote down. A line that a kill cut off says nothing."""
        if not self.history.exists():
            return []
        lines = self.history.read_text().splitlines()
        return [Event.read(line) for line in lines if line.endswith("}")]

    def close(self) -> None:
        """Nobody stays behind."""
        for worker in self.workers:
            worker.send(signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _order(self, **order: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the mother of the workers died")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def mother(url: str, instance: str, mail_url: str) -> Iterator[Mother]:
    """A mother with her workers, all gone at the end."""
    made = Mother(url, instance, mail_url)
    try:
        yield made
    finally:
        made.close()


# --- being it --------------------------------------------------------------------------------------------


class _Home:
    """The mother herself."""

    def __init__(self, url: str, instance: Path, mail_url: str, began: float) -> None:
        self.began = began
        self.history = instance / "history.jsonl"
        self.app = create_app(load_settings(instance=instance, database_url=url, mail_url="file:", secret_key=KEY))
        jobs.pace_of = lambda _settings: PACE
        _Recorder.installed()
        people.register()
        self._warm_up()
        given = self.app.extensions["settings"]
        self.app.extensions["settings"] = given.model_copy(update={"mail_url": mail_url})

    def obey(self) -> None:
        """Order after order, until the input ends."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        gc.collect()
        gc.freeze()
        self._say(ready=True)
        for line in sys.stdin:
            order = json.loads(line)
            self._say(**getattr(self, f"do_{order.pop('do')}")(**order))

    def do_people(self, first: int, count: int, each: int) -> dict[str, Any]:
        self._work(lambda: people.arrive(first, count, each, MOMENT))
        return {}

    def do_letters(self, first: int, count: int) -> dict[str, Any]:
        self._work(lambda: people.put_letters(first, count, MOMENT))
        return {}

    def do_ask(self, question: str) -> dict[str, Any]:
        rows: list[list[Any]] = []
        self._work(lambda: rows.extend(people.rows(question)))
        return {"rows": rows}

    def do_broken(self) -> dict[str, Any]:
        with self.app.app_context():
            with db.reading():
                lines = list(invariants.broken(MOMENT, alive=False))
            db.engine.dispose()
        return {"lines": lines}

    def do_fork(self, name: str, **orders: Any) -> dict[str, Any]:
        pid = os.fork()
        if pid:
            return {"pid": pid}
        code = 1
        try:
            _Child(self, name, **orders).live()
            code = 0
        finally:
            # Nothing of the mother's is flushed, closed or answered by a child.
            os._exit(code)

    def _work(self, do: Any) -> None:
        with self.app.app_context():
            with db.writing():
                do()
                db.session.commit()
            db.engine.dispose()

    def _warm_up(self) -> None:
        """One whole pass for one person, so that a child has every template and statement ready."""
        with tempfile.TemporaryDirectory() as folder:
            given = self.app.extensions["settings"]
            self.app.extensions["settings"] = given.model_copy(update={"mail_url": f"file:{folder}"})
            self._work(lambda: people.begin(MOMENT))
            self._work(lambda: people.arrive(people.WARM, 1, 1, MOMENT))
            with self.app.app_context():
                followup_once(MOMENT)
                db.engine.dispose()
        self.history.unlink(missing_ok=True)

    def _say(self, **answer: object) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class _Child:
    """One follow-up process."""

    def __init__(
        self,
        home: _Home,
        name: str,
        *,
        loop: bool = False,
        what: str = "pass",
        failpoint: str = "",
        ahead: float = 0.0,
        start: float = 0.0,
        every: float = 0.0,
        patient: bool = False,
    ) -> None:
        self.home, self.loop, self.what, self.start, self.every = home, loop, what, start, every
        self.moment = MOMENT + timedelta(seconds=ahead)
        if failpoint:
            os.environ[failpoints.VARIABLE] = failpoint
        failpoints.look_again()
        if patient:
            # Nobody disturbs it: then how slow this machine is must not end a conversation.
            jobs.pace_of = lambda _settings: replace(PACE, lease=PATIENT_LEASE, conversation=PATIENT_LEASE / 2)
        _Recorder.begin(home.history, name, home.began)

    def live(self) -> None:
        """The passes of `pdca scheduler`, without its minute between them."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        mother = os.getppid()
        time.sleep(max(0.0, self.start - self._elapsed()))
        if self.what == "command":
            self._scheduler(self.home.app)
            return
        if self.what == "once":
            self._once(self.home.app)
            return
        while True:
            self._pass(self.home.app)
            if not self.loop or os.getppid() != mother:
                return
            time.sleep(0.02)

    def _pass(self, app: Flask) -> None:
        do = followup_once if self.what == "pass" else deliver
        # The next pass tries again, as in the scheduler; a single one says so.
        with suppress(Exception), _Recorder.failures(), app.app_context():
            do(self._now())

    def _scheduler(self, app: Flask) -> None:
        """`pdca scheduler` itself, by the clock of the rehearsal, until it is told to stop."""

        # Its ticker goes by the real clock, and would first count every minute since the rehearsal's Monday.
        def job(job: scheduler.Job, do: Callable[..., object]) -> scheduler.Job:
            def run() -> bool:
                with _Recorder.failures():
                    do(self._now(), go_on=scheduler._goes_on)
                return False

            return replace(job, run=run, every_s=self.every or job.every_s)

        scheduler.JOBS = (job(scheduler.JOBS[0], followup_once), job(scheduler.JOBS[1], deliver))
        self._invoke(app, "scheduler")

    def _once(self, app: Flask) -> None:
        """`pdca followup --once` itself, by the clock of the rehearsal."""
        clock.now = self._now
        self._invoke(app, "followup", "--once")

    @staticmethod
    def _invoke(app: Flask, *arguments: str) -> None:
        result = app.test_cli_runner().invoke(args=arguments)
        if result.exit_code:
            _Recorder.note(What.PHASE, words=f"{FAILED} {' '.join(arguments)}: {result.exception!r}")

    def _now(self) -> datetime:
        return self.moment + timedelta(seconds=self._elapsed())

    def _elapsed(self) -> float:
        return time.monotonic() - self.home.began


class _Recorder:
    """Writes what a worker does into the history, from the outside of the engine."""

    file = -1
    name, began, message = "", 0.0, ""

    @classmethod
    def installed(cls) -> None:
        """Listen at the seams: failpoints, the transport, the text, the settlement."""
        reached, transport_of, send_text, settled = (
            failpoints.reached,
            jobs.transport_of,
            smtp._Line.send_text,
            jobs._settled,
        )

        def at_a_place(name: str) -> None:
            cls.note(What.PHASE, words=name)
            reached(name)

        def before_the_text(line: smtp._Line, mime: bytes) -> None:
            cls.note(What.PHASE, words=TEXT)
            send_text(line, mime)

        def after_settling(*args: Any) -> Any:
            state = settled(*args)
            cls.note(What.SETTLE, words=str(state))
            return state

        failpoints.reached = at_a_place
        jobs.transport_of = lambda given: _Heard(transport_of(given))
        smtp._Line.send_text = before_the_text  # type: ignore[method-assign]
        jobs._settled = after_settling

    @classmethod
    def begin(cls, history: Path, name: str, began: float) -> None:
        """In the child."""
        cls.file = os.open(history, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        cls.name, cls.began, cls.message = name, began, ""

    @classmethod
    @contextmanager
    def failures(cls) -> Iterator[None]:
        """A pass that ends with an error is in the history."""
        try:
            yield
        except Exception as error:
            cls.note(What.PHASE, words=f"{FAILED} {type(error).__name__}: {str(error)[:300]}")
            raise

    @classmethod
    def note(cls, what: What, **given: Any) -> None:
        """One line; whole, because it is one write to the end of a file."""
        if cls.file >= 0:
            event = Event(what, time.monotonic() - cls.began, message=cls.message, who=cls.name, **given)
            os.write(cls.file, event.line().encode() + b"\n")


class _Heard:
    """A transport that tells the history what it was given."""

    def __init__(self, transport: Transport) -> None:
        self.transport, self.name = transport, transport.name

    def send(self, letter: Letter, deadline: float, still_ours: Any) -> Outcome:
        """The claim that led here, and an answer that did not come in time."""
        _Recorder.message = letter.message_id
        _Recorder.note(What.CLAIM, about=(letter.key,))
        began = time.monotonic()
        outcome = self.transport.send(letter, deadline, still_ours)
        if outcome.verdict is Verdict.LOST and time.monotonic() - began >= BUDGET_S:
            _Recorder.note(What.PHASE, words=TIMED_OUT)
        return outcome

    def close(self) -> None:
        """Say goodbye."""
        self.transport.close()


if __name__ == "__main__":
    _Home(sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])).obey()
