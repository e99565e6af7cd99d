"""What browser tests may ask for: the real program under a clock of theirs, with people in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.town import START, move_in
from tests.peers.product import Product, installed

# A busy machine is slow, not wrong.
expect.set_options(timeout=15_000)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The program, installed and running, with a team in it. Nobody looks at its clock unless the test says so."""
    with installed(tmp_path, START, PDCA_ORGANISATION="Gemeente Lindewaard") as product:
        move_in(product)
        yield product.start()
