"""100,000 duties due at once: how long a pass takes, how much memory, and what people at the board notice."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from pdca import clock, scheduler
from pdca.db import db
from pdca.followup import nodes
from pdca.followup.models import Duty, Notice
from pdca.items.models import Item, Round
from pdca.items.terms import Kind, Phase
from pdca.mail.models import Message, MessageState
from tests.factories import signed_in
from tests.simulation.benches import application
from tests.simulation.figures import Bench, Figure
from tests.stories import crew

# Between two looks at the board, alone as well as beside the follow-up: a processor that was left is slower at first.
BETWEEN_S = 0.05
# A Tuesday at ten in Amsterdam, when people may be mailed.
MOMENT = datetime(2026, 3, 24, 9, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
DUTIES, PER_ITEM, ITEMS = 100_000, 5, 100
TICK_S, MEMORY_MB, WAIT_S, TIMES_IDLE = 5.0, 300, 1_800.0, 2.0


@dataclass(frozen=True)
class Ticked:
    """What the process of the follow-up reports: the seconds of each pass and its largest size."""

    passes: list[float]
    memory_mb: float
    took_s: float


def run(bench: Bench) -> list[Figure]:
    """Fill, measure the board alone, start the follow-up as a process of its own, measure the board again."""
    number = max(1_000, round(DUTIES * bench.share))
    url, instance = bench.fresh()
    with time_machine.travel(MOMENT), application(instance, url) as app:
        client, path = _filled(app, number)
        bench.say(f"load: {number} duties are due")
        idle = _board_ms(client, path)
        with _followup(instance, url) as report:
            busy = [_one_board_ms(client, path)]
            while not report.poll(BETWEEN_S) and sum(busy) < WAIT_S * 1000:
                busy.append(_one_board_ms(client, path))
            ticked: Ticked = report.recv()
        with app.app_context():
            done = _done()
    return _figures(number, done, ticked, idle, busy)


@dataclass(frozen=True)
class Done:
    """What is in the database: duties that were noticed, notices, and those of them that left in a mail."""

    noticed: int
    notices: int
    mailed: int


def _done() -> Done:
    left = (
        select(Notice.id).join(Message, Message.id == Notice.message_id).where(Message.state == MessageState.ACCEPTED)
    )
    counts = (func.count(Notice.duty_id.distinct()), func.count(), func.count().filter(Notice.id.in_(left)))
    return Done(*db.session.execute(select(*counts).select_from(Notice)).one())


def _figures(number: int, done: Done, ticked: Ticked, idle: list[float], busy: list[float]) -> list[Figure]:
    tick, ratio = _p95(ticked.passes), _p95(busy) / _p95(idle)
    took = f"{done.noticed:,} of {number:,} in {ticked.took_s / 60:.1f} min, mails included (goal 10)"
    return [
        Figure("100,000 duties due at once: tick p95", f"< {TICK_S:.0f} s", f"{tick:.1f} s", tick < TICK_S),
        Figure("… all noticed", "all", took, done.noticed == number),
        Figure("… all mailed", "all", f"{done.mailed:,} of {done.notices:,} notices", done.mailed == done.notices > 0),
        Figure("… memory", f"< {MEMORY_MB} MB", f"{ticked.memory_mb:.0f} MB", ticked.memory_mb < MEMORY_MB),
        Figure(
            "… board p95 against idle",
            f"< {TIMES_IDLE:.0f} ×",
            f"{ratio:.2f} × ({_p95(busy):.0f} ms, idle {_p95(idle):.0f} ms, n = {len(busy)})",
            ratio < TIMES_IDLE,
        ),
    ]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


# --- the town --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """Ids of one team."""

    team: int
    owner: int


def _filled(app: Flask, number: int) -> tuple[FlaskClient, str]:
    """Teams with boards of 100 cards, and so many promises that passed yesterday. A browser and its board."""
    at = clock.now()
    with app.app_context(), db.writing():
        crews = [crew(f"Team {n}") for n in range(-(-number // (ITEMS * PER_ITEM)))]
        towns = [Town(made.team.id, made.owner.id) for made in crews]
        for town in towns:
            _put(town, number, at)
        # What is measured is what is due, not the nightly look through everything.
        nodes.note_run(nodes.SWEEP, at, "{}")
        client = signed_in(app, crews[0].member)
        return client, f"/teams/{towns[0].team}/board"


def _put(town: Town, number: int, at: datetime) -> None:
    items = [_item(town, n, at) for n in range(min(ITEMS, -(-number // PER_ITEM)))]
    ids = db.session.scalars(insert(Item).returning(Item.id), items).all()
    rounds = [{"item_id": i, "number": 1, "opened_at": at, "started_at": at} for i in ids]
    db.session.execute(insert(Round), rounds)
    duties = [_duty(town, item_id, n, at) for item_id in ids for n in range(PER_ITEM)]
    db.session.execute(insert(Duty), duties[:number])


def _item(town: Town, number: int, at: datetime) -> dict[str, object]:
    return {
        "team_id": town.team,
        "number": number + 1,
        "rank": number * 1024,
        "kind": Kind.IMPROVEMENT,
        "phase": Phase.DO,
        "title": f"Kortere wachtrij aan balie {number}",
        "phase_since": at - WEEK,
        "created_at": at - WEEK,
        "last_progress_at": at - WEEK,
        "owner_id": town.owner,
        "due_on": (at - DAY).date(),
    }


def _duty(town: Town, item_id: int, number: int, at: datetime) -> dict[str, object]:
    return {
        "subject_kind": "item",
        "subject_id": item_id,
        "team_id": town.team,
        "kind": "promise",
        "occurrence": f"promise:{number + 1}",
        "part": "owner",
        "holder_id": town.owner,
        "due_on": (at - DAY).date(),
        "due_at": at - DAY,
        "ladder": "promise_action",
        "step": "",
        "next_step": "E0",
        "next_step_at": at - DAY,
        "opened_at": at - WEEK,
    }


# --- measuring -------------------------------------------------------------------------------------------


def _board_ms(client: FlaskClient, path: str) -> list[float]:
    _one_board_ms(client, path)
    alone = []
    for _ in range(100):
        time.sleep(BETWEEN_S)
        alone.append(_one_board_ms(client, path))
    return alone


def _one_board_ms(client: FlaskClient, path: str) -> float:
    began = time.perf_counter()
    assert client.get(path).status_code == 200
    return (time.perf_counter() - began) * 1000


@contextmanager
def _followup(instance: str, url: str) -> Iterator[Connection]:
    """The follow-up in a process of its own, from the first pass to the one that finds nothing."""
    here, there = Pipe(duplex=False)
    process = get_context("spawn").Process(target=_tick_on, args=(instance, url, there))
    process.start()
    try:
        yield here
    finally:
        process.kill()
        process.join()
        here.close()
        there.close()


def _tick_on(instance: str, url: str, report: Connection) -> None:
    passes, began = [], time.perf_counter()
    with time_machine.travel(MOMENT), application(instance, url) as app, app.app_context():
        more = True
        while more:
            start = time.perf_counter()
            more = scheduler._tick()
            passes.append(time.perf_counter() - start)
    report.send(Ticked(passes, _largest_mb(), time.perf_counter() - began))
    report.close()


def _largest_mb() -> float:
    """The most memory this process ever had. Not getrusage: that counts the process that started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]
