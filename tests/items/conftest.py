"""What the tests of the items core share."""

from __future__ import annotations

import pytest

from pdca import db as ground
from tests import stories


@pytest.fixture
def crew(session):
    """A team with people in all roles."""
    return stories.crew()


@pytest.fixture(autouse=True)
def _somebody_reconciles():
    """These tests look at the core alone; where follow-up is installed it does its work."""
    if not ground._reconcilers:
        ground.register_reconciler(lambda _touched: None)
