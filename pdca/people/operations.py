"""What changes teams: who is in them, with which role, and when they work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pdca.db import Base, db, touch
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.installation import Installation
from pdca.mail.operations import unwrite_for
from pdca.people.models import (
    Membership,
    Person,
    Role,
    Sponsorship,
    Team,
    TeamDay,
    TeamSetting,
)
from pdca.people.permissions import may_change, may_edit_settings, may_grant
from pdca.people.queries import DEMO_PARTS, DEMO_PREFIX, standing_of
from pdca.people.settings import TeamSettings, check_settings

# fn(person, team_id, by, at), called before the membership goes, so that the items still find it.
Leaving = Callable[[Person, int, Person, datetime], None]
_when_leaving: list[Leaving] = []

NAME_TAKEN = N_("There is a team with this name already.")
IS_MEMBER = N_("This person is in the team already.")
GRANT_AT_MOST_YOURS = N_("You can give a role up to your own; a leader or an administrator can give this one.")
NOT_YOURS_TO_CHANGE = N_("You can change people up to your own role; ask a leader or an administrator.")
ONLY_ADMINISTRATORS = N_("Only an administrator may do this.")
NOT_YOUR_SETTINGS = N_("Only the board keeper, a leader or an administrator changes this.")


def when_leaving(fn: Leaving) -> Leaving:
    """Call `fn(person, team_id, by, at)` when somebody leaves a team or is switched off, just before."""
    # An application may be made more than once in one process.
    if fn not in _when_leaving:
        _when_leaving.append(fn)
    return fn


# --- teams -----------------------------------------------------------------------------------------------


def create_team(name: str, *, timezone: str, by: Person | None, at: datetime) -> Team:
    """A team without members; Invalid when the name is taken. `by` None is the machine's own command line."""
    require_administrator(by)
    team = Team(name=name, timezone=timezone, created_at=at)
    _insert(team, FieldError("name", NAME_TAKEN))
    return team


def rename_team(team: Team, name: str, *, by: Person, at: datetime) -> None:
    """Give a team another name."""
    _require_settings(by, team.id)
    if name == team.name:
        return
    if db.session.scalar(select(Team.id).where(Team.name == name)):
        raise Invalid([FieldError("name", NAME_TAKEN)])
    team.name = name
    touch("team", team.id, at)


# --- members ---------------------------------------------------------------------------------------------


def add_member(team_id: int, person: Person, role: Role, *, by: Person | None, at: datetime) -> Membership:
    """Put somebody in a team. `by` None is whoever runs commands on the machine itself."""
    _require_grant(by, team_id, role)
    membership = Membership(team_id=team_id, person_id=person.id, role=role, joined_at=at)
    _insert(membership, FieldError("email", IS_MEMBER))
    touch("team", team_id, at)
    return membership


def change_role(membership: Membership, role: Role, *, by: Person | None, at: datetime) -> None:
    """Give a member another role; nobody gives more than their own, or touches who has more."""
    _require_change(by, membership)
    _require_grant(by, membership.team_id, role)
    membership.role = role
    # A leader's overview of the week is not for a member.
    unwrite_for(membership.person_id)
    touch("team", membership.team_id, at)


def remove_member(membership: Membership, *, by: Person, at: datetime) -> None:
    """Take somebody out of a team, or leave it yourself; what they held finds a caretaker first."""
    if membership.person_id != by.id:
        _require_change(by, membership)
    _tell_leaving(membership, by, at)
    db.session.delete(membership)
    unwrite_for(membership.person_id)
    touch("team", membership.team_id, at)


def leave_every_team(person: Person, *, by: Person, at: datetime) -> None:
    """Hand over what a person holds in all their teams; the roles stay, for when they come back."""
    for membership in person.memberships:
        _tell_leaving(membership, by, at)


def touch_teams(person: Person, at: datetime) -> None:
    """Say that something changed where they do something, and where they stand above the leaders."""
    above = db.session.scalars(select(Sponsorship.team_id).where(Sponsorship.person_id == person.id))
    for team_id in {*above, *(membership.team_id for membership in person.memberships)}:
        touch("team", team_id, at)


def add_sponsor(team: Team, person: Person, *, by: Person, at: datetime) -> None:
    """Put somebody above the leaders of a team."""
    require_administrator(by)
    _insert(
        Sponsorship(team_id=team.id, person_id=person.id),
        FieldError("person_id", N_("This person is sponsor of the team already.")),
    )
    touch("team", team.id, at)


def remove_sponsor(sponsorship: Sponsorship, *, by: Person, at: datetime) -> None:
    """Somebody no longer is sponsor of a team."""
    require_administrator(by)
    db.session.delete(sponsorship)
    unwrite_for(sponsorship.person_id)
    touch("team", sponsorship.team_id, at)


# --- numbers and calendar --------------------------------------------------------------------------------


def save_settings(team: Team, values: Mapping[str, int], *, by: Person | None, at: datetime) -> TeamSettings:
    """Keep the ◇ numbers that differ from their defaults; Invalid names every number that may not be so."""
    _require_settings(by, team.id)
    settings = check_settings(dict(values))
    defaults = TeamSettings()
    stored = {row.name: row for row in team.settings}
    for name, value in values.items():
        row = stored.get(name)
        if value == getattr(defaults, name):
            if row:
                team.settings.remove(row)
        elif row:
            row.value = str(value)
        else:
            team.settings.append(TeamSetting(team_id=team.id, name=name, value=str(value)))
    touch("team", team.id, at)
    return settings


def set_calendar(team: Team, *, country: str, timezone: str, by: Person, at: datetime) -> None:
    """Whose public holidays count, and which clock."""
    _require_settings(by, team.id)
    team.country, team.timezone = country, timezone
    touch("team", team.id, at)


def set_own_day(team: Team, day: date, name: str, *, is_free: bool, by: Person, at: datetime) -> TeamDay:
    """A day on which the team is free, or works although others do not."""
    _require_settings(by, team.id)
    own = TeamDay(team_id=team.id, day=day, name=name, is_free=is_free)
    _insert(own, FieldError("day", N_("This day is in the list already.")))
    touch("team", team.id, at)
    return own


def remove_own_day(own: TeamDay, *, by: Person, at: datetime) -> None:
    """The day is like any other again."""
    _require_settings(by, own.team_id)
    db.session.delete(own)
    touch("team", own.team_id, at)


# --- the demo --------------------------------------------------------------------------------------------


def mark_demo(people: Mapping[str, Person]) -> None:
    """Name who one click signs in as: a person for each of DEMO_PARTS. This makes it a demo."""
    for part in DEMO_PARTS:
        db.session.merge(Installation(name=DEMO_PREFIX + part, value=str(people[part].id)))


def require_administrator(by: Person | None) -> None:
    """Refuse who does not hold the keys of the installation."""
    if by is not None and not by.is_administrator:
        raise NotAllowed([Missing("role", "", ONLY_ADMINISTRATORS)])


# --- below the story -------------------------------------------------------------------------------------


def _insert(row: Base, error: FieldError) -> None:
    """Let the database's unique key decide, also between two who press at once."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        raise Invalid([error]) from None


def _tell_leaving(membership: Membership, by: Person, at: datetime) -> None:
    for fn in _when_leaving:
        fn(membership.person, membership.team_id, by, at)


def _require_grant(by: Person | None, team_id: int, role: Role) -> None:
    if by is not None and not may_grant(standing_of(by, team_id), role):
        raise NotAllowed([Missing("role", "role", GRANT_AT_MOST_YOURS)])


def _require_change(by: Person | None, membership: Membership) -> None:
    if by is not None and not may_change(standing_of(by, membership.team_id), membership.role):
        raise NotAllowed([Missing("role", "role", NOT_YOURS_TO_CHANGE)])


def _require_settings(by: Person | None, team_id: int) -> None:
    if by is not None and not may_edit_settings(standing_of(by, team_id)):
        raise NotAllowed([Missing("role", "", NOT_YOUR_SETTINGS)])
