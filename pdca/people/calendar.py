"""Working days of a team: weekends, public holidays and the team's own days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

DAY = timedelta(days=1)
SATURDAY = 6


@lru_cache(maxsize=256)
def _public(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))


@dataclass(frozen=True)
class Calendar:
    """Which days count as working days (wd). `own_days`: day → is it free? Overrides the rest."""

    country: str = "NL"
    own_days: Mapping[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Whether the team works on this day."""
        own = self.own_days.get(day)
        if own is not None:
            return not own
        return day.isoweekday() < SATURDAY and day not in _public(self.country, day.year)

    def next_working(self, day: date) -> date:
        """The day itself when the team works, else the first working day after it."""
        while not self.is_working(day):
            day += DAY
        return day

    def add(self, day: date, working_days: int) -> date:
        """`working_days` after (or, when negative, before) the day; 0 is the day itself."""
        step = DAY if working_days > 0 else -DAY
        for _ in range(abs(working_days)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def between(self, earlier: date, later: date) -> int:
        """Working days after `earlier` up to and including `later`; 0 when not later."""
        days = (later - earlier).days
        return sum(self.is_working(earlier + DAY * n) for n in range(1, days + 1))
