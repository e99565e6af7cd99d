"""What the board's tests may ask for."""

from __future__ import annotations

import pytest

from tests.peers.counting import statements


@pytest.fixture
def counted(app):
    """How many statements a call sends to the database."""

    def count(call):
        with statements(app) as sent:
            call()
        return len(sent)

    return count
