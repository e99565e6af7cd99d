"""The short form of the years: thirty days in six zones, against the oracle."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.simulation import oracle
from tests.simulation.years import Years

FEW = (
    "Europe/Amsterdam",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
)


def test_thirty_days_in_six_zones(app):
    outcome = Years(app, days=30, items=8, zones=FEW, seed=7).run()
    assert (outcome.missed, outcome.doubled, outcome.broken) == ([], [], [])
    assert outcome.lines > 10


def test_the_oracle_is_written_apart():
    """It imports nothing of the product, so it cannot repeat its mistakes."""
    tree = ast.parse(Path(oracle.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith(("pdca", "tests"))]
