"""What rehearsals may ask for: a bench, once for each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation import benches
from tests.simulation.figures import Bench

SHARE = 0.02


@pytest.fixture(params=benches.KINDS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A bench for the short form of a part."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        yield Bench("sqlite", benches.sqlite(template, tmp_path), SHARE, print)
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("postgresql_template")
    with benches.cloning(server, template, tmp_path) as fresh:
        yield Bench("postgresql", fresh, SHARE, print)
