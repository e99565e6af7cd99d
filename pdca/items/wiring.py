"""What the items room hangs up in the rooms below it."""

from __future__ import annotations

from flask import Flask

from pdca.items.leaving import release, still_held
from pdca.people.erasing import when_erasing
from pdca.people.operations import when_leaving


def install(_app: Flask) -> None:
    """When somebody leaves, the board keeper is caretaker and the handovers open; who holds something is not erased."""
    when_leaving(release)
    when_erasing(still_held)
