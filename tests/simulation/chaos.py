"""A mail server on a bad day: four conversations in ten meet a fault, at any verb, in any of its ways."""

from __future__ import annotations

import time

from tests.simulation.figures import Bench, Figure
from tests.simulation.judge import Verdict, copies_beyond_the_first
from tests.simulation.sink import Moody
from tests.simulation.world import World, counted, of, others, world

MESSAGES = 5_000
WORKERS = 4
FAULTY, MANY = 0.4, 1_000
SEED = 40
LAST, FEW = 0.02, 40
FINISH_S = 900.0


def run(bench: Bench) -> list[Figure]:
    """Fill the outbox, let four workers empty it, judge."""
    messages = of(bench, MESSAGES, least=WORKERS)
    sink = Moody(SEED)
    with world(bench, sink) as here:
        here.put_letters(messages)
        workers = [here.fork(loop=True, what="deliver") for _ in range(WORKERS)]
        deadline, rounds = time.monotonic() + FINISH_S, 0
        while (left := len(here.waiting())) and time.monotonic() < deadline:
            # The last ones wait out the long steps of the back-off; nothing new is learned from more of them.
            sink.calm = left <= max(messages * LAST, FEW)
            rounds += 1
            if rounds % 5 == 1:
                bench.say(f"{messages - left} of {messages} settled, {sink.faulty} faults, {sink.lost} answers lost")
            here.finish(min(2.0, deadline - time.monotonic()))
        # What was taken a moment ago is being settled.
        time.sleep(1.0)
        for worker in workers:
            here.kill(worker)
        here.due_by_the_rules(behind=messages)
        return [_figure(here, sink, messages)]


def _figure(here: World, sink: Moody, messages: int) -> Figure:
    found, broken = counted(here.judged()), here.mother.broken()
    copies = copies_beyond_the_first(sink.events)
    dead = {row[0] for row in here.mother.ask("SELECT address FROM message WHERE state = 'dead'")}
    wronged = dead - sink.refused
    share = sink.faulty / max(sink.tries, 1)
    # Of few messages chance may spare more.
    enough = FAULTY if messages >= MANY else FAULTY / 2
    return Figure(
        name=f"SMTP chaos, {share:.0%} faulty answers, {messages:,} messages",
        bound="0 lost; copies ≤ 1 + lost replies; 0 dead without a 5xx about the message",
        seen=(
            f"{found[Verdict.LOST]} lost; {copies} more copies for {sink.lost} lost replies, "
            f"{found[Verdict.DOUBLED]} beyond; {len(wronged)} dead without a 5xx, {len(dead)} with one; "
            f"{others(found)} other faults, {len(broken)} invariants broken, {len(here.failed())} passes failed"
        ),
        is_met=not found and not wronged and not broken and share >= enough,
    )
