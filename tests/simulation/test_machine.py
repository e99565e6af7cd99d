"""The short form of the state machine; `make torture` does 2,000 runs of 100 steps."""

from __future__ import annotations

from tests.simulation import machine


def test_team_life_at_random(app):
    machine.live(app, runs=5, steps=30, seed=None)
