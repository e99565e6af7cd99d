"""Named selects on people and teams."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from pdca.db import db
from pdca.people.calendar import Calendar
from pdca.people.models import Membership, Person, Role, Sponsorship, Team, TeamDay, TeamSetting
from pdca.people.settings import TeamSettings, settings_from


@dataclass(frozen=True)
class TeamRules:
    """What the rules of one team need: its name, zone, ◇ numbers and calendar."""

    id: int
    name: str
    timezone: str
    settings: TeamSettings
    calendar: Calendar


def rules_of(team_ids: Collection[int]) -> dict[int, TeamRules]:
    """The rules of each team, in three queries."""
    teams = db.session.scalars(select(Team).where(Team.id.in_(team_ids))).all()
    changed: dict[int, dict[str, str]] = {team.id: {} for team in teams}
    for row in db.session.scalars(select(TeamSetting).where(TeamSetting.team_id.in_(team_ids))):
        changed[row.team_id][row.name] = row.value
    own: dict[int, dict[date, bool]] = {team.id: {} for team in teams}
    for day in db.session.scalars(select(TeamDay).where(TeamDay.team_id.in_(team_ids))):
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


def role_in(person: Person, team_id: int) -> Role | None:
    """The role of a person in a team, or None."""
    return db.session.scalar(
        select(Membership.role).where(Membership.person_id == person.id, Membership.team_id == team_id)
    )


def visible_team_ids(person: Person) -> set[int]:
    """Teams whose board this person may see: as a member in any role or as a sponsor."""
    member = select(Membership.team_id).where(Membership.person_id == person.id)
    sponsor = select(Sponsorship.team_id).where(Sponsorship.person_id == person.id)
    return set(db.session.scalars(member.union(sponsor)))


def people_with(team_id: int, *roles: Role) -> list[Person]:
    """Active people with one of these roles in a team, by the date they joined."""
    return list(
        db.session.scalars(
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.team_id == team_id, Membership.role.in_(roles), Person.deactivated_at.is_(None))
            .order_by(Membership.joined_at, Person.id)
        )
    )
