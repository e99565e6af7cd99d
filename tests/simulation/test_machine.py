"""The short form of the state machine; `make torture` does 2,000 runs of 100 steps."""

from __future__ import annotations

from tests.simulation import machine

# (runs, steps of each): as many as fit in a minute. A statement costs more on PostgreSQL.
SHORT = {"sqlite": (200, 5), "postgresql": (120, 5)}


def test_team_life_at_random(app, request):
    runs, steps = SHORT[request.node.callspec.params["database"]]
    machine.live(machine.House(app), runs=runs, steps=steps, seed=None)
    assert machine.HOUSE.done["done"] > runs
