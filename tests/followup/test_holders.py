"""From a part in the rules to a person: who owes it, who acts today, who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pdca.db import db
from pdca.followup.duties import DutyNow
from pdca.followup.holders import holder_of, places
from pdca.followup.staff import staff_of
from pdca.followup.terms import DutyKind, Part, To
from pdca.mail.operations import suppress
from pdca.people.models import Absence, Membership, Role
from tests.factories import a_member
from tests.followup.facts import MONDAY, facts
from tests.stories import crew

DAY = date(2026, 3, 2)


@pytest.fixture
def team(session):
    """A team with one person in each role."""
    return crew()


def staff(team):
    """What the database says now."""
    db.session.flush()
    db.session.expire_all()
    return staff_of([team.team.id])[team.team.id]


def who(team, part, *, owner=None, **given):
    """The name of the holder of a duty in this part."""
    duty = DutyNow(DutyKind.PLAN, "plan:1", part, DAY, "plan", **given)
    f = replace(facts(), owner_id=owner.id if owner else None)
    people = staff(team)
    holder = holder_of(duty, f, people.roles)
    return people.people[holder].name if holder else None


def told(team, *to, holder=None, excluded=()):
    """The names of who is told."""
    people = staff(team)
    ids = places(to, holder.id if holder else None, people, DAY, [p.id for p in excluded]).values()
    return [people.people[p].name for p in dict.fromkeys(ids)]


def leave(person):
    """No longer in any team."""
    for membership in db.session.query(Membership).filter_by(person_id=person.id):
        db.session.delete(membership)


def absent(person, until=date(2026, 3, 13), deputy=None):
    """Away from this Monday on."""
    person.deputy_id = deputy.id if deputy else None
    db.session.add(Absence(person_id=person.id, from_on=DAY, until_on=until))


# --- who owes it -----------------------------------------------------------------------------------------


def test_the_owner_owes_the_owners_part(team):
    assert who(team, Part.OWNER, owner=team.owner) == "Omar Bakker"


def test_an_owner_who_left_is_followed_by_the_keeper(team):
    leave(team.owner)
    assert who(team, Part.OWNER, owner=team.owner) == "Bo Kuipers"


def test_an_owner_who_was_switched_off_too(team):
    team.owner.deactivated_at = MONDAY
    assert who(team, Part.OWNER, owner=team.owner) == "Bo Kuipers"


def test_an_empty_role_is_taken_by_the_next(team):
    assert who(team, Part.KEEPER) == "Bo Kuipers"
    leave(team.keeper)
    assert who(team, Part.KEEPER) == "Leyla Demir"
    leave(team.leader)
    assert who(team, Part.KEEPER) == "Stef Peeters"


def test_at_the_end_of_the_line_stands_an_administrator(team):
    for person in (team.keeper, team.leader):
        leave(person)
    db.session.execute(db.delete(db.metadata.tables["sponsorship"]))
    assert who(team, Part.LEADER) == "Ada Brink"


def test_where_somebody_else_is_wanted_the_owner_is_passed_over(team):
    assert who(team, Part.LEADER, not_person_id=team.leader.id) == "Stef Peeters"
    second = a_member(team.team, Role.LEADER, name="Lars Vos")
    assert who(team, Part.LEADER, not_person_id=team.leader.id) == second.name


def test_when_nobody_else_is_there_one_holds_it_alone(team):
    for person in (team.keeper, team.member, team.owner):
        leave(person)
    team.administrator.deactivated_at = MONDAY
    db.session.execute(db.delete(db.metadata.tables["sponsorship"]))
    assert who(team, Part.LEADER, not_person_id=team.leader.id) == "Leyla Demir"


def test_a_leaders_deputy_comes_before_the_sponsor(team):
    team.leader.deputy_id = team.member.id
    assert who(team, Part.LEADER, not_person_id=team.leader.id) == "Mila Jansen"


def test_a_receiver_owes_the_answer(team):
    assert who(team, Part.RECEIVER, person_id=team.member.id) == "Mila Jansen"


def test_an_asker_who_left_is_followed_by_the_owner(team):
    leave(team.member)
    assert who(team, Part.ASKER, owner=team.owner, person_id=team.member.id) == "Omar Bakker"


# --- who acts today --------------------------------------------------------------------------------------


def test_in_a_longer_absence_the_deputy_acts(team):
    absent(team.owner, deputy=team.member)
    assert told(team, To.HOLDER, holder=team.owner) == ["Mila Jansen"]


def test_a_day_off_moves_nothing(team):
    absent(team.owner, until=DAY, deputy=team.member)
    assert told(team, To.HOLDER, holder=team.owner) == ["Omar Bakker"]


def test_without_a_deputy_it_waits_for_who_is_away(team):
    absent(team.owner)
    assert told(team, To.HOLDER, holder=team.owner) == ["Omar Bakker"]


def test_a_deputy_who_may_not_see_the_team_does_not_act(team):
    absent(team.owner, deputy=team.outsider)
    assert told(team, To.HOLDER, holder=team.owner) == ["Omar Bakker"]


def test_who_cannot_be_mailed_is_followed_by_the_deputy_then_the_keeper(team):
    suppress(team.owner.email, "550 unknown", MONDAY)
    assert told(team, To.HOLDER, holder=team.owner) == ["Bo Kuipers"]
    team.owner.deputy_id = team.member.id
    assert told(team, To.HOLDER, holder=team.owner) == ["Mila Jansen"]


# --- who is told -----------------------------------------------------------------------------------------


def test_the_circle_widens(team):
    everybody = (To.HOLDER, To.KEEPER, To.LEADER, To.SPONSOR)
    assert told(team, *everybody, holder=team.owner) == ["Omar Bakker", "Bo Kuipers", "Leyla Demir", "Stef Peeters"]


def test_nobody_is_told_twice(team):
    assert told(team, To.HOLDER, To.KEEPER, holder=team.keeper) == ["Bo Kuipers"]


def test_every_keeper_is_told(team):
    a_member(team.team, Role.BOARD_KEEPER, name="Kim Blok")
    assert told(team, To.KEEPER) == ["Bo Kuipers", "Kim Blok"]


def test_a_keepers_deputy_is_told_when_the_keeper_is_away(team):
    absent(team.keeper, deputy=team.member)
    assert told(team, To.KEEPER) == ["Mila Jansen"]


def test_who_is_excluded_is_followed_by_the_next(team):
    assert told(team, To.HOLDER, holder=team.owner, excluded=[team.owner]) == ["Bo Kuipers"]


def test_a_part_in_which_everybody_is_excluded_goes_to_the_next(team):
    assert told(team, To.LEADER, excluded=[team.leader]) == ["Stef Peeters"]
    suppress(team.sponsor.email, "550 unknown", MONDAY)
    assert told(team, To.LEADER, excluded=[team.leader]) == ["Ada Brink"]
    assert told(team, To.HOLDER, To.KEEPER, holder=team.owner, excluded=[team.keeper]) == ["Omar Bakker", "Leyla Demir"]
    a_member(team.team, Role.LEADER, name="Lars Vos")
    assert told(team, To.LEADER, excluded=[team.leader]) == ["Lars Vos"]


def test_who_stands_in_for_a_keeper_has_two_places(team):
    absent(team.keeper, deputy=team.leader)
    people = staff(team)
    ids = {"keeper": team.keeper.id, "leader": team.leader.id}
    found = places((To.KEEPER, To.LEADER), None, people, DAY)
    assert found == {(To.KEEPER, ids["keeper"]): ids["leader"], (To.LEADER, ids["leader"]): ids["leader"]}


def test_customers_are_no_people_of_ours(team):
    assert told(team, To.CUSTOMER, holder=team.owner) == []
