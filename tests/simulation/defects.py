"""The judge is trusted when it catches ten engines that are broken on purpose, and says nothing of the sound one."""

from __future__ import annotations

from tests.simulation.figures import Bench, Figure
from tests.simulation.judge import judge
from tests.simulation.seeded import DEFECTS, Theatre


def run(bench: Bench) -> list[Figure]:
    """Each scene twice: with the defect and without."""
    caught, raised, theatre = [], [], Theatre(bench.fresh)
    for defect in DEFECTS:
        broken = {violation.verdict for violation in judge(theatre.play(defect, sound=False))}
        if defect.verdict in broken:
            caught.append(defect.name)
        raised += judge(theatre.play(defect, sound=True))
        bench.say(f"{defect.name}: {', '.join(sorted(broken)) or 'not caught'}")
    seen = f"{len(caught)} of {len(DEFECTS)} caught; the sound engine raised {len(raised)}"
    bound = "10 of 10 caught by the judge; the sound engine raises nothing"
    return [Figure("ten seeded defects", bound, seen, len(caught) == len(DEFECTS) == 10 and not raised)]
