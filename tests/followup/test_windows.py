"""When a mail may leave: the reader's own hours and days, the customers' hours, and never a free day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from pdca.followup.windows import is_open, is_open_for_customers, next_open, next_open_for_customers
from pdca.people.calendar import Calendar
from pdca.people.models import Absence, Person
from pdca.people.queries import TeamRules
from pdca.people.settings import TeamSettings

AMSTERDAM = "Europe/Amsterdam"
NL, BE = Calendar("NL"), Calendar("BE")


def person(**given) -> Person:
    """Somebody in Amsterdam with the usual hours, not stored anywhere."""
    usual = {"timezone": None, "mail_from": time(7), "mail_until": time(19), "days_off": "", "absences": []}
    return Person(**{**usual, **given})


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (utc(3, 2, 5, 59), False),  # 06:59 in Amsterdam
        (utc(3, 2, 6, 0), True),  # 07:00
        (utc(3, 2, 17, 59), True),  # 18:59
        (utc(3, 2, 18, 0), False),  # 19:00
        (utc(3, 30, 5, 0), True),  # 07:00 in summer time
        (utc(3, 7, 10), False),  # Saturday
        (utc(4, 6, 10), False),  # Easter Monday
    ],
)
def test_the_usual_hours_on_working_days(at, open_):
    assert is_open(person(), at, [NL], AMSTERDAM) is open_


def test_the_readers_own_zone_and_hours():
    there = person(timezone="America/Curacao", mail_from=time(8), mail_until=time(9))
    assert not is_open(there, utc(3, 2, 11, 59), [NL], AMSTERDAM)
    assert is_open(there, utc(3, 2, 12, 0), [NL], AMSTERDAM)


def test_a_weekly_day_off_and_an_absence_close_the_window():
    away = [Absence(from_on=date(2026, 3, 3), until_on=date(2026, 3, 3))]
    assert not is_open(person(days_off="1"), utc(3, 2, 10), [NL], AMSTERDAM)
    assert not is_open(person(absences=away), utc(3, 3, 10), [NL], AMSTERDAM)


def test_a_day_is_free_only_when_every_team_is_free():
    kings_day = utc(4, 27, 10)
    assert not is_open(person(), kings_day, [NL], AMSTERDAM)
    assert is_open(person(), kings_day, [NL, BE], AMSTERDAM)


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        (utc(3, 2, 10), utc(3, 2, 10)),
        (utc(3, 2, 4), utc(3, 2, 6)),
        (utc(3, 6, 20), utc(3, 9, 6)),  # Friday evening → Monday
        (utc(4, 2, 20), utc(4, 7, 5)),  # over Easter, into summer time
    ],
)
def test_the_next_opening(at, opening):
    assert next_open(person(), at, [NL], AMSTERDAM) == opening


def test_the_next_opening_looks_past_an_absence():
    away = [Absence(from_on=date(2026, 3, 2), until_on=date(2026, 3, 13))]
    assert next_open(person(absences=away), utc(3, 2, 10), [NL], AMSTERDAM) == utc(3, 16, 6)


def rules(**settings) -> TeamRules:
    """A team in Amsterdam."""
    return TeamRules(1, "Burgerzaken", AMSTERDAM, TeamSettings(**settings), NL)


@pytest.mark.parametrize(
    ("at", "open_"), [(utc(3, 2, 5, 59), False), (utc(3, 2, 6), True), (utc(3, 2, 18), False), (utc(3, 8, 10), False)]
)
def test_customers_are_mailed_in_the_teams_hours(at, open_):
    assert is_open_for_customers(rules(), at) is open_


def test_the_team_chooses_its_customers_hours():
    assert next_open_for_customers(rules(customer_mail_from=9), utc(3, 6, 18)) == utc(3, 9, 8)
