"""Who stands in, who decides, who is next: written down by hand from the domain."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pdca import clock
from pdca.db import db
from pdca.people.calendar import Calendar
from pdca.people.models import Absence, Role
from pdca.people.queries import (
    decides_alone,
    demo_people,
    is_away,
    is_long_away,
    next_in_line,
    role_in,
    stand_in,
    standing_of,
    visible_team_ids,
    who_decides,
    works_on,
)
from tests.factories import a_member, a_person, a_sponsor, a_team

NL = Calendar("NL")
MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


@pytest.fixture
def team(app, session):
    """A team."""
    return a_team()


def away(person, from_on, until_on):
    person.absences.append(Absence(from_on=from_on, until_on=until_on))
    db.session.flush()
    return person


# --- absences --------------------------------------------------------------------------------------------


def test_a_longer_absence_moves_the_duty_to_the_deputy(team):
    deputy = a_member(team)
    person = away(a_member(team, deputy_id=deputy.id), MONDAY, FRIDAY)
    assert stand_in(person, MONDAY, NL) is deputy
    assert stand_in(person, FRIDAY, NL) is deputy
    assert stand_in(person, date(2026, 3, 7), NL) is person


def test_a_part_time_day_moves_nothing_but_the_mail(team):
    deputy = a_member(team)
    person = a_member(team, deputy_id=deputy.id, days_off="1")
    assert stand_in(person, MONDAY, NL) is person
    assert is_away(person, MONDAY)
    assert not works_on(person, MONDAY, NL)
    assert works_on(person, date(2026, 3, 3), NL)


def test_one_working_day_away_is_a_part_time_day(team):
    deputy = a_member(team)
    one_day = away(a_member(team, deputy_id=deputy.id), MONDAY, MONDAY)
    assert stand_in(one_day, MONDAY, NL) is one_day
    # Friday to Sunday is one working day; Friday to Monday is two.
    weekend = away(a_member(team, deputy_id=deputy.id), FRIDAY, date(2026, 3, 8))
    assert not is_long_away(weekend, FRIDAY, NL)
    long = away(a_member(team, deputy_id=deputy.id), FRIDAY, date(2026, 3, 9))
    assert is_long_away(long, FRIDAY, NL)
    # Somebody who works on Monday and Tuesday only is not longer away by the rest of the week.
    part_time = away(a_member(team, deputy_id=deputy.id, days_off="3,4,5"), date(2026, 3, 3), FRIDAY)
    assert stand_in(part_time, date(2026, 3, 3), NL) is part_time


def test_a_holiday_does_not_make_an_absence_longer(team):
    # Easter Monday 2026 is 6 April.
    person = away(a_member(team, deputy_id=a_member(team).id), date(2026, 4, 6), date(2026, 4, 7))
    assert not is_long_away(person, date(2026, 4, 7), NL)


def test_a_deputy_who_is_away_too_is_followed_to_theirs(team):
    second = a_member(team)
    first = away(a_member(team, deputy_id=second.id), MONDAY, FRIDAY)
    person = away(a_member(team, deputy_id=first.id), MONDAY, FRIDAY)
    assert stand_in(person, MONDAY, NL) is second


def test_where_nobody_stands_in_the_duty_stays(team):
    lonely = away(a_member(team), MONDAY, FRIDAY)
    assert stand_in(lonely, MONDAY, NL) is lonely
    gone = a_member(team, deactivated_at=clock.now())
    left = away(a_member(team, deputy_id=gone.id), MONDAY, FRIDAY)
    assert stand_in(left, MONDAY, NL) is left


def test_two_who_stand_in_for_each_other_and_are_both_away_keep_their_own(team):
    one, two = a_member(team), a_member(team)
    one.deputy_id, two.deputy_id = two.id, one.id
    for person in (one, two):
        away(person, MONDAY, FRIDAY)
    assert stand_in(one, MONDAY, NL) is one
    assert stand_in(two, MONDAY, NL) is two


def test_a_deputy_from_another_team_does_not_get_what_they_cannot_see(team):
    outsider = a_member(a_team())
    viewer = a_member(team, Role.VIEWER)
    for deputy in (outsider, viewer):
        person = away(a_member(team, deputy_id=deputy.id), MONDAY, FRIDAY)
        assert stand_in(person, MONDAY, NL) is deputy
        assert stand_in(person, MONDAY, NL, team.id) is person


# --- who decides (R17) -----------------------------------------------------------------------------------


def deciders(team, person, at):
    return who_decides(team.id, not_person_id=person.id if person else None, at=at)


def test_another_leader_decides(team, at):
    one, two = a_member(team, Role.LEADER), a_member(team, Role.LEADER)
    assert deciders(team, one, at) == [two]
    assert deciders(team, a_member(team), at) == [one, two]
    assert deciders(team, None, at) == [one, two]


def test_without_a_second_leader_the_deputy_then_the_sponsor_then_an_administrator(team, at):
    deputy = a_member(team)
    leader = a_member(team, Role.LEADER, deputy_id=deputy.id)
    sponsor, administrator = a_sponsor(team), a_person(is_administrator=True)
    assert deciders(team, leader, at) == [deputy]
    leader.deputy_id = None
    db.session.flush()
    db.session.expire_all()
    assert deciders(team, leader, at) == [sponsor]
    sponsor.deactivated_at = at
    assert deciders(team, leader, at) == [administrator]


def test_a_team_without_a_leader_has_its_sponsor(team, at):
    owner, sponsor = a_member(team), a_sponsor(team)
    assert deciders(team, owner, at) == [sponsor]


def test_before_somebody_decides_alone_a_colleague_does(team, at):
    leader = a_member(team, Role.LEADER, is_administrator=True)
    a_member(team, Role.VIEWER)
    colleague = a_member(team)
    assert deciders(team, leader, at) == [colleague]
    colleague.deactivated_at = at
    alone = deciders(team, leader, at)
    assert alone == [leader]
    assert decides_alone(alone, leader.id)
    assert not decides_alone([colleague], leader.id)


def test_for_a_leader_who_is_away_the_deputy_decides_as_well(team, at):
    deputy, owner = a_member(team), a_member(team)
    leader = away(a_member(team, Role.LEADER, deputy_id=deputy.id), MONDAY, FRIDAY)
    assert deciders(team, owner, at) == [leader, deputy]
    assert deciders(team, owner, datetime(2026, 3, 9, 9, tzinfo=UTC)) == [leader]


def test_somebody_switched_off_decides_nothing(team, at):
    a_member(team, Role.LEADER, deactivated_at=at)
    owner = a_member(team)
    owner.deactivated_at = at
    assert deciders(team, owner, at) == []


def test_next_in_line_are_keeper_leader_deputy_sponsor_administrator(team):
    administrator, sponsor = a_person(is_administrator=True), a_sponsor(team)
    deputy = a_member(team)
    leader = a_member(team, Role.LEADER, deputy_id=deputy.id)
    keeper = a_member(team, Role.BOARD_KEEPER)
    assert next_in_line(team.id) == [keeper, leader, deputy, sponsor, administrator]
    assert next_in_line(team.id, keeper.id) == [leader, deputy, sponsor, administrator]


# --- what somebody sees ----------------------------------------------------------------------------------


def test_what_somebody_sees(team):
    other = a_team()
    member, sponsor = a_member(team, Role.VIEWER), a_sponsor(other)
    assert visible_team_ids(member) == {team.id}
    assert visible_team_ids(sponsor) == {other.id}
    assert visible_team_ids(a_person()) == set()
    assert visible_team_ids(a_person(is_administrator=True)) == {team.id, other.id}
    assert role_in(member, team.id) is Role.VIEWER
    assert standing_of(sponsor, other.id).is_sponsor
    assert standing_of(sponsor, team.id).role is None


def test_without_a_demo_there_are_no_demo_people(team):
    assert demo_people() == []
