"""The short form of the state machine; `make torture` does 2,000 runs of 100 steps."""

from __future__ import annotations

from tests.simulation import machine

# (runs, steps of each). A PostgreSQL is put back row by row, which takes its time.
SHORT = {"sqlite": (20, 10), "postgresql": (2, 10)}


def test_team_life_at_random(app, request):
    runs, steps = SHORT[request.node.callspec.params["database"]]
    machine.live(app, runs=runs, steps=steps, seed=None)
    assert machine.HOUSE.done["done"] > runs
