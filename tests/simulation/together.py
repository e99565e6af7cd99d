"""Two, four and eight times `pdca scheduler`, and cron's `pdca followup --once`, in the same second: told once each.

The schedulers live over many rounds. They begin at the same instant and tick every second, so that each tick finds
all of them at work; the people of a round arrive between two ticks, and the `--once` of that round waits for the
next one. Every process is forked from one that has imported everything and runs the command itself, by the clock of
the rehearsal; `test_together.py` starts the commands as an operator does.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulation.figures import Bench, Figure
from tests.simulation.judge import Verdict, What, copies_beyond_the_first
from tests.simulation.world import PASSES_WITHIN_S, World, counted, of, others, world

ROUNDS = 200
CROWDS = (2, 4, 8)
PEOPLE = 3
# From tick to tick, the one time that is not hurried by the factor: what cron and the schedulers have in common.
TICK_S = 1.0
# Before this a fork is there, and whoever must be told has arrived.
GATHER_S = 0.3
STOPS_WITHIN_S = 30.0


def run(bench: Bench) -> list[Figure]:
    """Round after round, each with people of its own; one figure for all."""
    rounds = of(bench, ROUNDS, least=len(CROWDS))
    with world(bench) as here:
        for n, crowd in enumerate(CROWDS):
            # What is left over goes to the small crowds.
            mine = len(range(n, rounds, len(CROWDS)))
            with _schedulers(here, crowd) as began:
                for number in range(mine):
                    _a_round(here, began)
                    if number % 20 == 19:
                        bench.say(f"{crowd} schedulers: {number + 1} of {mine} rounds, {here.sink.accepted} mails")
        here.due_by_the_rules(behind=PEOPLE)
        return [_figure(bench, here, rounds)]


def _figure(bench: Bench, here: World, rounds: int) -> Figure:
    found, failed, broken = counted(here.judged()), here.failed(), here.mother.broken()
    copies = copies_beyond_the_first(here.sink.events)
    senders = {event.who for event in here.mother.events() if event.what is What.CLAIM}
    for words in (*failed, *broken):
        bench.say(words)
    return Figure(
        name=f"2, 4, 8 schedulers + --once in the same second, {rounds} rounds",
        bound="one delivery each",
        seen=(
            f"{here.sink.accepted} mails to {here.people} people, by {len(senders)} processes: "
            f"{found[Verdict.LOST]} lost, {copies} doubled, {others(found)} other faults, "
            f"{len(broken)} invariants broken, {len(failed)} passes failed"
        ),
        is_met=not found and copies == 0 and not failed and not broken,
    )


@contextmanager
def _schedulers(here: World, crowd: int) -> Iterator[float]:
    """So many times `pdca scheduler`, which begin at the same instant; gives that instant."""
    start = here.mother.now() + crowd * GATHER_S
    started = [here.fork(what="command", start=start, every=TICK_S) for _ in range(crowd)]
    yield start
    for worker in started:
        worker.send(signal.SIGTERM)
    for worker in started:
        if not worker.wait(STOPS_WITHIN_S):
            raise RuntimeError(f"{worker.name} was told to stop and goes on")


def _a_round(here: World, began: float) -> None:
    """People arrive between two ticks; at the next one everybody looks, also a `pdca followup --once`."""
    here.arrive(PEOPLE)
    ticks = math.ceil((here.mother.now() + GATHER_S - began) / TICK_S)
    once = here.fork(what="once", start=began + max(ticks, 1) * TICK_S)
    if not once.wait(PASSES_WITHIN_S):
        raise RuntimeError(f"{once.name} did not finish its pass")
    # What a scheduler claimed at the same tick may still be on its way.
    here.finish(PASSES_WITHIN_S)
