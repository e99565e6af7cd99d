"""Does the wall clock tell the truth? Compared, in one running process, with a clock that nobody can set.

A jump ahead would remind people of what is not due yet, so everything waits until the new time has held for a
while or goes back. A jump back is believed at once: what was sent stays sent, and keys keep it from going twice.
A program that is started under another clock believes it: that is how operators rehearse.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum

from pdca import clock

# A larger jump ahead is doubted. Smaller ones are a clock that is put right.
DOUBT = timedelta(hours=1)
# The new time is believed after it held for so many seconds.
PROOF_S = 600.0
# Two readings of one clock that differ by less agree.
SAME = timedelta(seconds=30)


class Saw(Enum):
    """What a look at the clocks showed."""

    NOTHING = "nothing"
    # It is too far ahead to be believed yet.
    AHEAD = "ahead"


class Watch:
    """The two clocks of one process; every thread of it may look."""

    def __init__(
        self, wall: Callable[[], datetime] = clock.now, steady: Callable[[], float] = clock.since_boot
    ) -> None:
        self._wall, self._steady = wall, steady
        self._lock = threading.Lock()
        self._believed = self._last = self._offset()
        self._doubted: timedelta | None = None
        self._doubted_since = 0.0
        self._went_back = False

    def look(self) -> Saw:
        """Compare the clocks now."""
        with self._lock:
            offset = self._offset()
            self._went_back |= offset - self._last < -SAME
            self._last = offset
            if offset - self._believed > DOUBT and not self._has_held(offset):
                return Saw.AHEAD
            self._believed, self._doubted = offset, None
            return Saw.NOTHING

    def went_back(self) -> bool:
        """Whether the wall clock went back since this was asked: what waits for a moment on it would wait too long.

        Whoever looked first, this is for the one who plans anew.
        """
        self.look()
        with self._lock:
            went_back, self._went_back = self._went_back, False
            return went_back

    def _offset(self) -> timedelta:
        return timedelta(seconds=self._wall().timestamp() - self._steady())

    def _has_held(self, offset: timedelta) -> bool:
        if self._doubted is None or abs(offset - self._doubted) > SAME:
            self._doubted, self._doubted_since = offset, self._steady()
        return self._steady() - self._doubted_since >= PROOF_S
