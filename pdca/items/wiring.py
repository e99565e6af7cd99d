"""What the items room hangs up in the rooms below it."""

from __future__ import annotations

from flask import Flask

from pdca.items.leaving import release
from pdca.people.operations import when_leaving


def install(_app: Flask) -> None:
    """When somebody leaves, the board keeper is caretaker and the handovers open."""
    when_leaving(release)
