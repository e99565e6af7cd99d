"""Named selects on people and teams."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, bindparam, func, select, union
from sqlalchemy.orm import joinedload, selectinload

from pdca import clock
from pdca.db import db, table_of
from pdca.errors import NotFound
from pdca.installation import Installation
from pdca.people.calendar import Calendar
from pdca.people.models import (
    Absence,
    Membership,
    Person,
    Role,
    SignIn,
    Sponsorship,
    Team,
    TeamDay,
    TeamSetting,
)
from pdca.people.permissions import Standing, may_see_team
from pdca.people.settings import TeamSettings, settings_from

# In the demo one click signs in as one of these.
DEMO_PARTS = ("member", "board_keeper", "leader", "administrator")
DEMO_PREFIX = "demo:"
# An absence of fewer working days is a part-time day: mail waits, duties stay.
LONG_ABSENCE = 2
MEMBERSHIP, SPONSORSHIP = table_of(Membership).c, table_of(Sponsorship).c


@dataclass(frozen=True)
class TeamRules:
    """What the rules of one team need: its name, zone, ◇ numbers and calendar."""

    id: int
    name: str
    timezone: str
    settings: TeamSettings
    calendar: Calendar


# Every page and every write asks for these: built once.
_TEAMS, _SETTINGS, _OWN_DAYS = (
    select(table).where(key.in_(bindparam("teams", expanding=True)))
    for table, key in (
        (table_of(Team), table_of(Team).c.id),
        (table_of(TeamSetting), table_of(TeamSetting).c.team_id),
        (table_of(TeamDay), table_of(TeamDay).c.team_id),
    )
)


def rules_of(team_ids: Collection[int]) -> dict[int, TeamRules]:
    """The rules of each team, in three queries."""
    db.session.flush()
    asked = {"teams": list(team_ids)}
    teams = db.session.execute(_TEAMS, asked).all()
    changed: dict[int, dict[str, str]] = {team.id: {} for team in teams}
    for row in db.session.execute(_SETTINGS, asked):
        changed[row.team_id][row.name] = row.value
    own: dict[int, dict[date, bool]] = {team.id: {} for team in teams}
    for day in db.session.execute(_OWN_DAYS, asked):
        own[day.team_id][day.day] = day.is_free
    return {
        team.id: TeamRules(
            team.id,
            team.name,
            team.timezone,
            settings_from(changed[team.id]),
            Calendar(team.country, own[team.id]),
        )
        for team in teams
    }


# Asked by every request: built once.
_ROLE = select(MEMBERSHIP.role).where(
    MEMBERSHIP.person_id == bindparam("person"), MEMBERSHIP.team_id == bindparam("team")
)
_SPONSORS = select(SPONSORSHIP.id).where(
    SPONSORSHIP.person_id == bindparam("person"), SPONSORSHIP.team_id == bindparam("team")
)
_STANDING = select(_ROLE.scalar_subquery(), _SPONSORS.scalar_subquery())
_VISIBLE = union(
    select(MEMBERSHIP.team_id).where(MEMBERSHIP.person_id == bindparam("person")),
    select(SPONSORSHIP.team_id).where(SPONSORSHIP.person_id == bindparam("person")),
)


def role_in(person: Person, team_id: int) -> Role | None:
    """The role of a person in a team, or None."""
    db.session.flush()
    return db.session.scalar(_ROLE, {"person": person.id, "team": team_id})


def visible_team_ids(person: Person) -> set[int]:
    """Teams whose board this person may see: as a member in any role or as a sponsor; an administrator, all.

    An administrator is the last in line to decide and to be caretaker, and must see what that is about.
    """
    if person.is_administrator:
        return set(db.session.scalars(select(Team.id)))
    db.session.flush()
    return set(db.session.scalars(_VISIBLE, {"person": person.id}))


def people_with(team_id: int, *roles: Role) -> list[Person]:
    """Active people with one of these roles in a team, by the date they joined."""
    return list(db.session.scalars(_with_role(team_id, *roles)))


def _with_role(team_id: int, *roles: Role) -> Select[Person]:
    return (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.team_id == team_id, Membership.role.in_(roles), Person.deactivated_at.is_(None))
        .order_by(Membership.joined_at, Person.id)
    )


def _leaders(team_id: int) -> list[Person]:
    return list(db.session.scalars(with_stand_ins(_with_role(team_id, Role.LEADER))))


# --- teams and standing ----------------------------------------------------------------------------------


def standing_of(person: Person, team_id: int) -> Standing:
    """How a person stands to a team, in one query."""
    db.session.flush()
    role, sponsorship = db.session.execute(_STANDING, {"person": person.id, "team": team_id}).one()
    return Standing(person.id, role, sponsorship is not None, person.is_administrator)


def team_for(person: Person, team_id: int) -> tuple[Team, Standing]:
    """The team and how the person stands to it; NotFound when it is not theirs to see."""
    team, who = db.session.get(Team, team_id), standing_of(person, team_id)
    if team is None or not may_see_team(who):
        raise NotFound
    return team, who


def teams_of(person: Person) -> list[Team]:
    """The teams whose board this person may see, by name."""
    return list(
        db.session.scalars(select(Team).where(Team.id.in_(visible_team_ids(person))).order_by(func.lower(Team.name)))
    )


def team_by_name(name: str) -> Team | None:
    """The team with exactly this name."""
    return db.session.scalar(select(Team).where(Team.name == name))


def all_teams() -> list[Team]:
    """Every team by name, with its members and sponsors' names at hand."""
    return list(
        db.session.scalars(select(Team).order_by(func.lower(Team.name)).options(selectinload(Team.memberships)))
    )


def sponsorships() -> list[Sponsorship]:
    """Who is sponsor of what, by name."""
    return list(
        db.session.scalars(
            select(Sponsorship)
            .join(Sponsorship.person)
            .order_by(func.lower(Person.name))
            .options(joinedload(Sponsorship.person))
        )
    )


def members_of(team_id: int) -> list[Membership]:
    """The memberships of a team with their people, leaders first, then by name."""
    rows = db.session.scalars(
        select(Membership)
        .join(Membership.person)
        .where(Membership.team_id == team_id)
        .order_by(func.lower(Person.name), Person.id)
        .options(joinedload(Membership.person))
    ).all()
    highest_first = list(Role)[::-1]
    return sorted(rows, key=lambda row: highest_first.index(row.role))


def memberships_of(person: Person) -> list[Membership]:
    """The teams of a person with their role there, by name."""
    return list(
        db.session.scalars(
            select(Membership)
            .join(Membership.team)
            .where(Membership.person_id == person.id)
            .order_by(func.lower(Team.name))
            .options(joinedload(Membership.team))
        )
    )


def all_people() -> list[Person]:
    """Everybody, the active ones first, with their teams at hand."""
    return list(
        db.session.scalars(
            select(Person)
            .order_by(Person.deactivated_at.is_not(None), func.lower(Person.name), Person.id)
            .options(selectinload(Person.memberships).joinedload(Membership.team))
        )
    )


def person_by_email(email: str) -> Person | None:
    """The person with this address; addresses are stored in small letters."""
    return db.session.scalar(select(Person).where(Person.email == email.lower()))


def colleagues_of(person: Person) -> list[Person]:
    """Active people who share a team with this person: who may be named deputy."""
    mine = select(Membership.team_id).where(Membership.person_id == person.id)
    return list(
        db.session.scalars(
            select(Person)
            .where(
                Person.id.in_(select(Membership.person_id).where(Membership.team_id.in_(mine))),
                Person.id != person.id,
                Person.deactivated_at.is_(None),
            )
            .order_by(func.lower(Person.name), Person.id)
        )
    )


def administrators() -> list[Person]:
    """Active administrators, in the order they came."""
    return list(
        db.session.scalars(
            select(Person)
            .where(Person.is_administrator, Person.deactivated_at.is_(None))
            .order_by(Person.created_at, Person.id)
        )
    )


def sponsors_of(team_id: int) -> list[Person]:
    """Active sponsors of a team."""
    return list(
        db.session.scalars(
            select(Person)
            .join(Sponsorship, Sponsorship.person_id == Person.id)
            .where(Sponsorship.team_id == team_id, Person.deactivated_at.is_(None))
            .order_by(Sponsorship.id)
        )
    )


def nobody_yet() -> bool:
    """Whether this installation has no person at all: the set-up link still waits."""
    return db.session.scalar(select(Person.id).limit(1)) is None


# --- who stands in, who decides ---------------------------------------------------------------------------


def with_stand_ins(people: Select[Person]) -> Select[Person]:
    """The same people with absences, deputies and theirs loaded, for `stand_in` over many without more queries."""
    deputy = selectinload(Person.deputy)
    return people.options(
        selectinload(Person.absences),
        deputy.selectinload(Person.absences),
        deputy.selectinload(Person.memberships),
    )


def is_away(person: Person, day: date) -> bool:
    """Whether this person does not work on this day: a free weekday or an absence."""
    return day.isoweekday() in person.weekdays_off or any(a.covers(day) for a in person.absences)


def works_on(person: Person, day: date, calendar: Calendar) -> bool:
    """Whether it is a working day of the team and this person is there: mail may leave."""
    return calendar.is_working(day) and not is_away(person, day)


def is_long_away(person: Person, day: date, calendar: Calendar) -> bool:
    """Whether an absence of more than a part-time day covers this day: duties go to the deputy."""
    return any(a.covers(day) and _working_days(a, person, calendar) >= LONG_ABSENCE for a in person.absences)


def _working_days(absence: Absence, person: Person, calendar: Calendar) -> int:
    return sum(calendar.is_working(day) and day.isoweekday() not in person.weekdays_off for day in absence.days())


def stand_in(person: Person, day: date, calendar: Calendar, team_id: int | None = None) -> Person:
    """Who does what this person owes on a day: the deputy during a longer absence, else the person.

    A deputy who is away too is followed to theirs. Where that ends nowhere, or at somebody who does not
    work in the team, the duty stays with the person: it never gets lost.
    """
    holder, seen = person, {person.id}
    while is_long_away(holder, day, calendar):
        deputy = holder.deputy
        if deputy is None or deputy.id in seen or not _can_stand_in(deputy, team_id):
            return person
        seen.add(deputy.id)
        holder = deputy
    return holder


def _can_stand_in(deputy: Person, team_id: int | None) -> bool:
    if not deputy.is_active:
        return False
    return team_id is None or any(m.team_id == team_id and m.role != Role.VIEWER for m in deputy.memberships)


def who_decides(team_id: int, *, not_person_id: int | None, at: datetime) -> list[Person]:
    """Who may decide where the rules want a leader who is not the owner, first in line first (R17).

    Other leaders (and who stands in for an absent one), else the leaders' deputies, else the sponsors, else
    the administrators, else whoever works in the team. Only when nobody else is left: the person alone,
    which `decides_alone` tells.
    """
    for tier in _tiers(team_id, at):
        others = [person for person in _once(tier()) if person.id != not_person_id]
        if others:
            return others
    alone = db.session.get(Person, not_person_id) if not_person_id else None
    return [alone] if alone and alone.is_active else []


def decides_alone(deciders: Collection[Person], not_person_id: int | None) -> bool:
    """Whether the answer of `who_decides` is the very person it should not be: recorded and counted."""
    return [person.id for person in deciders] == [not_person_id]


def next_in_line(team_id: int, not_person_id: int | None = None) -> list[Person]:
    """Who takes over what nobody holds, first in line first: keepers, leaders, deputies, sponsors, administrators."""
    line = [
        *people_with(team_id, Role.BOARD_KEEPER),
        *people_with(team_id, Role.LEADER),
        *_deputies_of_leaders(team_id),
        *sponsors_of(team_id),
        *administrators(),
    ]
    return [person for person in _once(line) if person.id != not_person_id]


def _tiers(team_id: int, at: datetime) -> list[Callable[[], list[Person]]]:
    return [
        lambda: _leaders_and_stand_ins(team_id, at),
        lambda: _deputies_of_leaders(team_id),
        lambda: sponsors_of(team_id),
        administrators,
        lambda: people_with(team_id, Role.BOARD_KEEPER, Role.MEMBER),
    ]


def _leaders_and_stand_ins(team_id: int, at: datetime) -> list[Person]:
    leaders = _leaders(team_id)
    if not any(leader.absences for leader in leaders):
        return leaders
    rules = rules_of([team_id])[team_id]
    day = clock.today(rules.timezone, at)
    return [*leaders, *(stand_in(leader, day, rules.calendar, team_id) for leader in leaders)]


def _deputies_of_leaders(team_id: int) -> list[Person]:
    deputies = [leader.deputy for leader in _leaders(team_id) if leader.deputy]
    return [deputy for deputy in deputies if _can_stand_in(deputy, team_id)]


def _once(people: Iterable[Person]) -> list[Person]:
    return list({person.id: person for person in people}.values())


# --- sessions and the demo --------------------------------------------------------------------------------


def open_sign_ins(person: Person, at: datetime) -> list[SignIn]:
    """The sessions of a person that still count, the newest first."""
    return list(
        db.session.scalars(
            select(SignIn)
            .where(SignIn.person_id == person.id, SignIn.revoked_at.is_(None), SignIn.expires_at > at)
            .order_by(SignIn.created_at.desc(), SignIn.id.desc())
        )
    )


@dataclass(frozen=True)
class DemoPerson:
    """Somebody the demo signs in as with one click."""

    part: str
    person: Person


def demo_people() -> list[DemoPerson]:
    """The people that `mark_demo` named, in the order of DEMO_PARTS; empty outside the demo."""
    marks = dict(
        db.session.execute(
            select(Installation.name, Installation.value).where(
                Installation.name.in_([DEMO_PREFIX + part for part in DEMO_PARTS])
            )
        ).all()
    )
    if not marks:
        return []
    people = {
        person.id: person
        for person in db.session.scalars(
            select(Person).where(Person.id.in_(map(int, marks.values())), Person.deactivated_at.is_(None))
        )
    }
    wanted = ((part, int(marks.get(DEMO_PREFIX + part, 0))) for part in DEMO_PARTS)
    return [DemoPerson(part, people[ident]) for part, ident in wanted if ident in people]
