"""How fast mail leaves, beside a bare loop in the same run: one reused connection, one fsync per message."""

from __future__ import annotations

import os
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from pdca import clock
from pdca.db import db
from pdca.mail.jobs import deliver
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue
from tests.simulation.benches import application
from tests.simulation.figures import Bench, Figure

MESSAGES, RUNS = 1_000, 5
LEAST = 0.5
SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Taken:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: SMTP(Taken(), hostname="localhost"), "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def run(bench: Bench) -> list[Figure]:
    """Interleaved: bare, ours, bare, ours … the medians of their speeds."""
    number = max(20, round(MESSAGES * bench.share))
    url, instance = bench.fresh()
    bare, ours, slow = [], [], []
    with sink() as port, application(instance, url, mail_url=f"smtp://127.0.0.1:{port}") as app:
        for turn in range(RUNS if bench.share >= 1 else 1):
            mime, address = _filled(app, turn, number)
            slow.append(_fsync_ms(Path(instance)))
            bare.append(number / _timed(partial(_bare_loop, port, mime, address, number, Path(instance))))
            ours.append(number / _timed(partial(_emptied, app)))
            bench.say(f"dispatch {turn + 1}: bare {bare[-1]:.0f}/s, ours {ours[-1]:.0f}/s, fsync {slow[-1]:.2f} ms")
        if left := _still_waiting(app):
            raise RuntimeError(f"{left} mails never left")
    ratio = statistics.median(ours) / statistics.median(bare)
    seen = (
        f"{ratio:.2f} ({statistics.median(ours):.0f}/s of {statistics.median(bare):.0f}/s, n = {number} × {len(ours)}, "
        f"fsync {statistics.median(slow):.2f} ms)"
    )
    return [Figure("dispatch to a local SMTP sink", f"≥ {LEAST} of a bare loop", seen, ratio >= LEAST)]


@contextmanager
def sink() -> Iterator[int]:
    """A mail server in a process of its own; gives its port."""
    process = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def _filled(app: Flask, turn: int, number: int) -> tuple[bytes, str]:
    """Put the messages in; gives what one of them looks like, for the bare loop."""
    address = "otten@example.nl"
    with app.app_context(), db.writing():
        for i in range(number):
            about = {"locale": "en"}
            queue("test", address=address, about=about, dedupe_key=f"dispatch:{turn}:{i}", at=clock.now())
        db.session.commit()
        deliver_one = db.session.scalars(select(Message.id).where(Message.state == MessageState.PENDING).limit(1)).one()
    with app.app_context():
        deliver(clock.now() + timedelta(seconds=1), only=deliver_one)
        mime = db.session.get_one(Message, deliver_one).mime or b""
    return mime, address


def _bare_loop(port: int, mime: bytes, address: str, number: int, folder: Path) -> None:
    with smtplib.SMTP("127.0.0.1", port) as line, (folder / "bare").open("ab") as journal:
        for i in range(number):
            line.sendmail("pdca@localhost", [address], mime)
            journal.write(b"%d\n" % i)
            journal.flush()
            os.fsync(journal.fileno())


def _emptied(app: Flask) -> None:
    with app.app_context():
        while deliver(clock.now() + timedelta(seconds=1)).accepted:
            pass


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _fsync_ms(folder: Path, times: int = 50) -> float:
    with (folder / "fsync").open("wb") as file:
        began = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 200)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / times * 1000


def _still_waiting(app: Flask) -> int:
    with app.app_context():
        waiting = select(func.count()).select_from(Message).where(Message.state != MessageState.ACCEPTED)
        return db.session.scalar(waiting) or 0
