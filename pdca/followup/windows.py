"""When a mail may leave: on a working day, between two hours of the reader's own clock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pdca.people.calendar import DAY, Calendar
from pdca.people.models import Person
from pdca.people.queries import TeamRules, is_away

# Nobody is away for longer than this without a working day; looking further would hide a mistake.
LOOK_AHEAD_DAYS = 400
MINUTE = timedelta(minutes=1)


def zone_of(person: Person, default: str) -> ZoneInfo:
    """The clock this person lives by."""
    return ZoneInfo(person.timezone or default)


def local_day(person: Person, at: datetime, default_zone: str) -> date:
    """The calendar day on which `at` falls for this person."""
    return at.astimezone(zone_of(person, default_zone)).date()


def is_open(person: Person, at: datetime, calendars: Collection[Calendar], default_zone: str) -> bool:
    """Whether this person may be mailed at this instant.

    A day is free only when every team of this person is free: somebody in two countries is mailed when
    one of them works.
    """
    here = at.astimezone(zone_of(person, default_zone))
    within = person.mail_from <= here.time().replace(tzinfo=None) < person.mail_until
    return within and works(person, here.date(), calendars)


def works(person: Person, day: date, calendars: Collection[Calendar]) -> bool:
    """Whether this person reads mail on this day."""
    return any(c.is_working(day) for c in calendars or (Calendar(),)) and not is_away(person, day)


def next_open(person: Person, at: datetime, calendars: Collection[Calendar], default_zone: str) -> datetime:
    """The first instant from `at` on at which this person may be mailed."""
    if is_open(person, at, calendars, default_zone):
        return at
    zone = zone_of(person, default_zone)
    return _first_opening(at, zone, person.mail_from, lambda then: is_open(person, then, calendars, default_zone))


# --- customers -------------------------------------------------------------------------------------------


def is_open_for_customers(rules: TeamRules, at: datetime) -> bool:
    """Whether this team's customers may be mailed at this instant (◇ hours, the team's working days)."""
    here = at.astimezone(ZoneInfo(rules.timezone))
    hours = rules.settings.customer_mail_from <= here.hour < rules.settings.customer_mail_until
    return hours and rules.calendar.is_working(here.date())


def next_open_for_customers(rules: TeamRules, at: datetime) -> datetime:
    """The first instant from `at` on at which this team's customers may be mailed."""
    if is_open_for_customers(rules, at):
        return at
    opens = time(rules.settings.customer_mail_from)
    return _first_opening(at, ZoneInfo(rules.timezone), opens, lambda then: is_open_for_customers(rules, then))


def _first_opening(at: datetime, zone: ZoneInfo, opens: time, is_open_at: Callable[[datetime], bool]) -> datetime:
    day = at.astimezone(zone).date()
    for _ in range(LOOK_AHEAD_DAYS):
        opening = first_instant(day, opens, zone)
        # A window of an hour may have been skipped by the clock that day.
        if opening >= at and is_open_at(opening):
            return opening
        day += DAY
    return at + timedelta(days=LOOK_AHEAD_DAYS)


def first_instant(day: date, clock_says: time, zone: ZoneInfo) -> datetime:
    """When a clock on the wall first says so on this day; where it jumps over that, when it has jumped. In UTC:
    Python calls instants unequal when one of them is written in hours that do not exist."""
    instant = datetime.combine(day, clock_says, zone).astimezone(UTC)
    # In a gap Python counts on by the old clock; the new one says "past that" already at the end of the gap.
    while _is_past(instant - MINUTE, day, clock_says, zone):
        instant -= MINUTE
    return instant


def _is_past(instant: datetime, day: date, clock_says: time, zone: ZoneInfo) -> bool:
    return instant.astimezone(zone).replace(tzinfo=None) >= datetime.combine(day, clock_says)
