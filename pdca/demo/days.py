"""The days of the demo, all counted from today: acts fall on working days, and never in the future."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pdca import clock
from pdca.people.calendar import DAY, Calendar

OPENS = time(9, 0)
# Acts of one day follow each other.
PACE = timedelta(minutes=4)
# What happens today, has just happened.
JUST_NOW = timedelta(minutes=75)


@dataclass(frozen=True)
class Days:
    """Now, here, and the working days around it."""

    now: datetime
    zone: str
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def today(self) -> date:
        """The calendar day it is."""
        return clock.today(self.zone, self.now)

    def day(self, days: int) -> date:
        """So many calendar days from today (before it, when negative)."""
        return self.today + timedelta(days=days)

    def workday(self, days: int) -> date:
        """So many working days from the first working day that is today or comes next."""
        return self.calendar.add(self.calendar.next_working(self.today), days)

    def working(self, days: int) -> date:
        """The working day that is, or was last before, so many calendar days from today."""
        day = self.day(days)
        while not self.calendar.is_working(day):
            day -= DAY
        return day

    def morning(self, day: date, after: datetime | None = None) -> datetime:
        """An instant on this day in office hours, later than `after`; for today a little while ago."""
        at = datetime.combine(day, OPENS, ZoneInfo(self.zone))
        at = min(at, self.now - JUST_NOW)
        return at if after is None else max(at, after + PACE)
