"""`kill -9` of any of four workers at any moment, a thousand times, while thousands of reminders leave."""

from __future__ import annotations

import random
import time

from tests.simulation.figures import Bench, Figure
from tests.simulation.judge import Verdict, copies_beyond_the_first
from tests.simulation.world import World, counted, of, others, world

KILLS = 1_000
WORKERS = 4
PEOPLE = 2_500
REMINDERS_EACH = 4
# They arrive group by group, so that steps, gathering and delivery are always all going on.
GROUP = 100
DOUBLED = 0.05
# Of twenty kills, as in the short form, chance alone may bring two.
FEW = 2
# While nothing arrives somebody is killed all the same, this often.
IMPATIENT_S = 0.4
FINISH_S = 600.0
SEED = 13


def run(bench: Bench) -> list[Figure]:
    """Kill, replace, kill; at the end let them finish, and judge."""
    kills, people = of(bench, KILLS), of(bench, PEOPLE, least=WORKERS)
    with world(bench) as here:
        workers = [here.fork(loop=True) for _ in range(WORKERS)]
        _rampage(here, workers, kills, people, bench)
        bench.say(f"{len(here.kills)} kills, {here.sink.accepted} mails; now they may finish")
        here.finish(FINISH_S)
        for worker in workers:
            here.kill(worker)
        here.passes(ahead=60)
        # The next group comes when all but half of one have left.
        here.due_by_the_rules(behind=2 * GROUP)
        return [_figure(here, kills, people)]


def _rampage(here: World, workers: list, kills: int, people: int, bench: Bench) -> None:
    dice, last = random.Random(SEED), 0.0
    while (killed := len(here.kills)) < kills:
        if here.people < people and here.sink.accepted >= here.people - GROUP / 2:
            here.arrive(min(GROUP, people - here.people), REMINDERS_EACH)
        # So many kills for so many mails: they meet the whole run and not its beginning.
        is_due = here.sink.accepted * kills >= killed * people or time.monotonic() - last > IMPATIENT_S
        time.sleep(dice.uniform(0.0, 0.03))
        if is_due:
            victim = dice.randrange(len(workers))
            here.kill(workers[victim])
            workers[victim] = here.fork(loop=True)
            last = time.monotonic()
            if len(here.kills) % 100 == 0:
                bench.say(f"{len(here.kills)} kills, {here.sink.accepted} mails of {people}")
    if here.people < people:
        here.arrive(people - here.people, REMINDERS_EACH)


def _figure(here: World, kills: int, people: int) -> Figure:
    found, broken, failed = counted(here.judged()), here.mother.broken(), here.failed()
    copies = copies_beyond_the_first(here.sink.events)
    reminders = people * REMINDERS_EACH
    return Figure(
        name=f"{kills:,} random kills over {WORKERS} workers and {reminders:,} reminders",
        bound=f"0 lost; doubled ≤ {DOUBLED:.0%} of kills",
        seen=(
            f"{found[Verdict.LOST]} lost; {copies} doubled ({copies / kills:.1%} of kills, "
            f"{found[Verdict.DOUBLED]} beyond the window) in {here.sink.accepted:,} mails; "
            f"{others(found)} other faults, {len(broken)} invariants broken, {len(failed)} passes failed"
        ),
        is_met=not found and not broken and copies <= max(DOUBLED * kills, FEW),
    )
