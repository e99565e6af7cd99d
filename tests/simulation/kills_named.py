"""`kill -9` at each of the twelve failpoints: nothing lost, one more copy at most, and only inside the window."""

from __future__ import annotations

import random
from collections import Counter

from pdca.failpoints import NAMES
from tests.simulation.figures import Bench, Figure
from tests.simulation.judge import Verdict, copies_beyond_the_first
from tests.simulation.pacing import LEASE_S
from tests.simulation.world import World, counted, of, others, world

KILLS_EACH = 50
PEOPLE = 2
# Reached once for each mail; the others once in a pass.
FOR_EACH_MAIL = frozenset(NAMES) - {
    "notices.mid_batch",
    "notices.before_commit",
    "notices.after_commit",
    "smtp.connected",
}
# Where a crash may cost a copy: the text is on its way, and nobody here knows yet that it was taken.
WINDOW = ("smtp.dot", "smtp.taken")
# A second after the lease of whoever died.
AFTERWARDS_S = 2 * LEASE_S


def run(bench: Bench) -> list[Figure]:
    """One place after the other; each kill is met by people of its own."""
    each = of(bench, KILLS_EACH)
    copies: Counter[str] = Counter()
    with world(bench) as here:
        for name in NAMES:
            before = copies_beyond_the_first(here.sink.events)
            _kills_at(here, name, each)
            copies[name] = copies_beyond_the_first(here.sink.events) - before
            bench.say(f"{name}: {each} kills, {copies[name]} more copies")
        found = counted(here.judged())
    inside = sum(copies[name] for name in WINDOW)
    outside = sum(copies.values()) - inside
    is_met = not found and outside == 0 and inside <= each * len(WINDOW)
    seen = (
        f"{each * len(NAMES)} kills: {found[Verdict.LOST]} lost, {outside} doubled outside, "
        f"{inside} more copies in {each * len(WINDOW)} kills inside, {others(found)} other faults"
    )
    bound = "0 lost; 0 doubled outside the dot–settle window, inside it ≤ 1 extra copy per kill"
    return [Figure(f"kill -9 at each of {len(NAMES)} failpoints × {each}", bound, seen, is_met)]


def _kills_at(here: World, name: str, kills: int) -> None:
    dice = random.Random(name)
    for _ in range(kills):
        _one_kill(here, name, dice.randint(1, PEOPLE) if name in FOR_EACH_MAIL else 1)


def _one_kill(here: World, name: str, count: int) -> None:
    """Somebody's reminders are due, a process dies over them, and another one comes after the lease."""
    here.arrive(PEOPLE)
    here.died(here.fork(failpoint=f"{name}:{count}:kill"))
    here.passes(ahead=AFTERWARDS_S)
    here.due_by_now()
