"""Everybody who may have a part in a team's items, read once for many duties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, select
from sqlalchemy.orm import selectinload

from pdca.db import db, table_of
from pdca.mail.models import Suppression
from pdca.mail.queries import normalised
from pdca.people.calendar import Calendar
from pdca.people.models import Membership, Person, Role, Sponsorship
from pdca.people.queries import TeamRules, rules_of, with_stand_ins


@dataclass(frozen=True)
class Roles:
    """Who has which part in one team's items: enough to say who owes what. Everyone is active and may see them (I6)."""

    # The longest-serving first, each with their deputy.
    deputies: Mapping[int, int | None]
    keepers: tuple[int, ...] = ()
    leaders: tuple[int, ...] = ()
    sponsors: tuple[int, ...] = ()
    administrators: tuple[int, ...] = ()
    # Members, keepers and leaders: who works on the board.
    workers: tuple[int, ...] = ()

    @property
    def line(self) -> tuple[int, ...]:
        """Who takes over what nobody holds, first in line first."""
        return tuple(dict.fromkeys((*self.keepers, *self.leaders, *self.sponsors, *self.administrators)))


@dataclass(frozen=True)
class Staff:
    """The same, with all it takes to say who acts and who can be told today."""

    roles: Roles
    rules: TeamRules
    people: dict[int, Person]
    # No mail reaches them: the next in line is told instead.
    unreachable: frozenset[int]

    @property
    def calendar(self) -> Calendar:
        """The team's working days."""
        return self.rules.calendar


# --- who has which part ----------------------------------------------------------------------------------


def roles_of(team_ids: Collection[int]) -> dict[int, Roles]:
    """The roles of each team, in a constant number of queries."""
    db.session.flush()
    asked = {"teams": list(team_ids)}
    members = _by_team(db.session.execute(_MEMBERS, asked).all())
    sponsors = _by_team(db.session.execute(_SPONSORS, asked).all())
    ids = sorted({row.person_id for rows in (*members.values(), *sponsors.values()) for row in rows})
    people = db.session.execute(_PEOPLE, {"ids": ids}).all()
    return {team_id: _roles(people, members[team_id], sponsors[team_id]) for team_id in team_ids}


def _by_team(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.team_id].append(row)
    return grouped


def _roles(people: Sequence[Row[Any]], members: list[Any], sponsors: list[Any]) -> Roles:
    active = {person.id for person in people}

    def with_role(*roles: Role) -> tuple[int, ...]:
        return tuple(m.person_id for m in members if m.role in roles and m.person_id in active)

    administrators = tuple(p.id for p in people if p.is_administrator)
    above = tuple(s.person_id for s in sponsors if s.person_id in active)
    seen = {*with_role(*Role), *above, *administrators}
    return Roles(
        deputies={p.id: p.deputy_id for p in people if p.id in seen},
        keepers=with_role(Role.BOARD_KEEPER),
        leaders=with_role(Role.LEADER),
        sponsors=above,
        administrators=administrators,
        workers=with_role(Role.MEMBER, Role.BOARD_KEEPER, Role.LEADER),
    )


# Every write asks for these: built once.
_MEMBER, _SPONSOR, _PERSON = table_of(Membership).c, table_of(Sponsorship).c, table_of(Person).c
_OF_TEAMS: BindParameter[int] = bindparam("teams", expanding=True)
_MEMBERS = (
    select(_MEMBER.team_id, _MEMBER.person_id, _MEMBER.role)
    .where(_MEMBER.team_id.in_(_OF_TEAMS))
    .order_by(_MEMBER.joined_at, _MEMBER.id)
)
_SPONSORS = select(_SPONSOR.team_id, _SPONSOR.person_id).where(_SPONSOR.team_id.in_(_OF_TEAMS)).order_by(_SPONSOR.id)
# Active people among these, and every administrator.
_PEOPLE: Select[Any] = (
    select(_PERSON.id, _PERSON.deputy_id, _PERSON.is_administrator)
    .where(
        _PERSON.id.in_(bindparam("ids", expanding=True)) | _PERSON.is_administrator, _PERSON.deactivated_at.is_(None)
    )
    .order_by(_PERSON.created_at, _PERSON.id)
)


# --- who acts today --------------------------------------------------------------------------------------


def staff_of(team_ids: Collection[int]) -> dict[int, Staff]:
    """The staff of each team, in a constant number of queries."""
    roles, rules = roles_of(team_ids), rules_of(team_ids)
    people = _people({person_id for of_team in roles.values() for person_id in of_team.deputies})
    unreachable = _suppressed(people.values()) | {p.id for p in people.values() if p.mail_off_at is not None}
    return {
        team_id: Staff(roles[team_id], rules[team_id], {p: people[p] for p in roles[team_id].deputies}, unreachable)
        for team_id in rules
    }


def _people(ids: set[int]) -> dict[int, Person]:
    statement = with_stand_ins(select(Person).where(Person.id.in_(ids)))
    rows = db.session.scalars(statement.options(selectinload(Person.memberships)))
    return {person.id: person for person in rows}


def _suppressed(people: Collection[Person]) -> frozenset[int]:
    addresses = {normalised(p.email): p.id for p in people}
    found = db.session.scalars(select(Suppression.address).where(Suppression.address.in_(addresses)))
    return frozenset(addresses[address] for address in found)
