"""The short form: some of the N of each kind; `make torture` takes every one."""

from __future__ import annotations

import pytest

from tests.peers import smtp
from tests.simulation import nth

STEPS = {"write": 40, "commit": 6, "database": 12, "fsync": 3, "connect": 1}


@pytest.mark.fault(27)
@pytest.mark.parametrize("name", list(nth.FAULTS))
def test_the_next_passes_finish_what_the_nth_failure_stopped(app, name: str):
    with smtp.serving() as server:
        tried = nth.every(app, name, step=STEPS[name], server=server)
    assert tried.wrong == []
    assert tried.count > 0
