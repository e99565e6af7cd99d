"""The only place that reads the clock. Everything below gets its `at` handed down."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str, at: datetime) -> date:
    """The calendar day that `at` falls on in `zone` (an IANA name)."""
    return at.astimezone(ZoneInfo(zone)).date()


def elapsed() -> float:
    """Seconds on a clock that nobody can set: for durations, never for dates."""
    return time.monotonic()


def since_boot() -> float:
    """Seconds on a clock that nobody can set and that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
