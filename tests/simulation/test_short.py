"""The parts of the torture in short: the same code, on both databases, with counts that take seconds."""

from __future__ import annotations

import pytest

from tests.simulation import kills_named


def missed(figures):
    """The ones that miss their bound; there must be figures at all."""
    assert figures
    return [figure for figure in figures if not figure.is_met]


@pytest.mark.fault(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
def test_kill_at_every_named_place(bench):
    assert missed(kills_named.run(bench)) == []
