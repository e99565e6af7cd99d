"""Two, four and eight schedulers and cron's `--once` in the same second: everybody is told once."""

from __future__ import annotations

from tests.simulation.figures import Bench, Figure
from tests.simulation.judge import Verdict, copies_beyond_the_first
from tests.simulation.world import PASSES_WITHIN_S, World, counted, of, others, world

ROUNDS = 200
CROWDS = (2, 4, 8)
PEOPLE = 3
# All of them are there by then.
GATHER_S = 0.15


def run(bench: Bench) -> list[Figure]:
    """Round after round, each with people of its own; one figure for all."""
    rounds = of(bench, ROUNDS, least=len(CROWDS))
    with world(bench) as here:
        for number in range(rounds):
            _at_once(here, CROWDS[number % len(CROWDS)] + 1)
            if number % 20 == 19:
                bench.say(f"{number + 1} of {rounds} rounds, {here.sink.accepted} mails")
        found, failed = counted(here.judged()), here.failed()
        copies = copies_beyond_the_first(here.sink.events)
        for words in failed:
            bench.say(words)
        return [
            Figure(
                name=f"2, 4, 8 schedulers + --once in the same second, {rounds} rounds",
                bound="one delivery each",
                seen=(
                    f"{here.sink.accepted} mails to {here.people} people: {found[Verdict.LOST]} lost, "
                    f"{copies} doubled, {others(found)} other faults, {len(failed)} passes failed"
                ),
                is_met=not found and copies == 0 and not failed,
            )
        ]


def _at_once(here: World, crowd: int) -> None:
    """So many processes that wait for the same instant, and each make one pass."""
    here.arrive(PEOPLE)
    start = here.mother.now() + GATHER_S
    for worker in [here.fork(start=start) for _ in range(crowd)]:
        if not worker.wait(PASSES_WITHIN_S):
            raise RuntimeError(f"{worker.name} did not finish its pass")
    here.due_by_now()
