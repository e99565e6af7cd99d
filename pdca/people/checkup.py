"""What `pdca doctor` asks about people."""

from __future__ import annotations

from collections.abc import Iterator

from pdca.people.queries import administrators, demo_people, nobody_yet
from pdca.web import settings


def somebody_has_the_keys(_repair: bool) -> Iterator[str]:
    """As soon as there are people, one of them looks after the installation."""
    if not nobody_yet() and not administrators():
        yield "nobody is administrator; `pdca user add EMAIL --name N --admin` adds one"


def the_demo_stays_here(_repair: bool) -> Iterator[str]:
    """A demo is for this machine: beyond it the one-click sign-in is shut, but its people are still there."""
    if settings().beyond_loopback and demo_people():
        yield "this is the demo, and others can reach it: one-click sign-in is off; start again without the demo"
