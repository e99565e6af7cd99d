"""How often one address of the network may knock on customers' links.

Kept in memory, per process: looking at a page must not write, and a count that is lost in a restart costs nothing.
A whole office may answer from behind one address, so only what costs something counts: posts, and links that do
not exist.
"""

from __future__ import annotations

from collections import deque
from threading import Lock

from flask import current_app, request

from pdca import clock
from pdca.people.guessing import network_of

PER_MINUTE = 20
MINUTE = 60.0
# More addresses than this at once are an attack: the ones that were silent longest are forgotten first.
REMEMBERED = 10_000


class Knocks:
    """When each address knocked, in the last minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._when: dict[str, deque[float]] = {}

    def are_too_many(self, place: str, now: float) -> bool:
        """Count one knock, unless there were too many already."""
        with self._lock:
            knocks = self._when.pop(place, deque())
            while knocks and knocks[0] <= now - MINUTE:
                knocks.popleft()
            too_many = len(knocks) >= PER_MINUTE
            if not too_many:
                knocks.append(now)
            # At the end: the order of the dict is the order of the last knock.
            self._when[place] = knocks
            while len(self._when) > REMEMBERED:
                del self._when[next(iter(self._when))]
            return too_many

    def forget(self) -> None:
        """Begin again."""
        with self._lock:
            self._when.clear()


# At a counter one device stands there for many people: so long after an answer the next one may come.
SPACING = 20.0


def too_soon(token: str) -> bool:
    """Whether an answer came from this device at this counter a moment ago; notes this one when not."""
    last: dict[tuple[str, str, str], float] = current_app.extensions.setdefault("counter_answers", {})
    now = clock.elapsed()
    for key in [key for key, when in last.items() if when <= now - SPACING]:
        last.pop(key, None)
    device = (token, network_of(request.remote_addr or ""), request.user_agent.string[:200])
    if device in last:
        return True
    last[device] = now
    return False


def too_many() -> bool:
    """Count this request for where it comes from; True when that place has to wait."""
    knocks: Knocks = current_app.extensions.setdefault("customer_knocks", Knocks())
    return knocks.are_too_many(network_of(request.remote_addr or ""), clock.elapsed())
