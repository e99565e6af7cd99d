"""What the engine's tests share: an empty mailbox, one pass at a given moment, and the invariants afterwards."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from pdca.db import db
from pdca.followup import invariants
from tests.followup.post import Mailbox

Pass = Callable[[datetime], dict[str, int]]


@pytest.fixture
def mailbox(app: Flask, tmp_path: Path) -> Mailbox:
    """The real .eml files of this test."""
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def run_once(app: Flask) -> Iterator[Pass]:
    """`pdca followup --once` at a moment, and afterwards I1-I6 at that moment."""
    moments: list[datetime] = []

    def run(at: datetime) -> dict[str, int]:
        moments.append(at)
        with time_machine.travel(at, tick=True):
            # A context of its own, as a process of its own would have.
            result = contextvars.Context().run(app.test_cli_runner().invoke, args=["followup", "--once"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    yield run
    with app.app_context(), db.reading():
        assert list(invariants.broken(max(moments))) == [] if moments else True
