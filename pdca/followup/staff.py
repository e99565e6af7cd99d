"""Everybody who may have a part in a team's items, read once for many duties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, select
from sqlalchemy.orm import selectinload

from pdca.db import db
from pdca.mail.models import Suppression
from pdca.mail.queries import normalised
from pdca.people.calendar import Calendar
from pdca.people.models import Membership, Person, Role, Sponsorship
from pdca.people.queries import TeamRules, rules_of, with_stand_ins


@dataclass(frozen=True)
class Staff:
    """Everybody who may have a part in one team's items. Everyone in here is active and may see the team (I6)."""

    rules: TeamRules
    people: dict[int, Person]
    keepers: tuple[int, ...] = ()
    leaders: tuple[int, ...] = ()
    sponsors: tuple[int, ...] = ()
    administrators: tuple[int, ...] = ()
    # Members, keepers and leaders: who works on the board.
    workers: tuple[int, ...] = ()
    # No mail reaches them: the next in line is told instead.
    unreachable: frozenset[int] = field(default=frozenset())

    @property
    def calendar(self) -> Calendar:
        """The team's working days."""
        return self.rules.calendar

    @property
    def line(self) -> tuple[int, ...]:
        """Who takes over what nobody holds, first in line first."""
        return tuple(dict.fromkeys((*self.keepers, *self.leaders, *self.sponsors, *self.administrators)))

    @property
    def viewers(self) -> frozenset[int]:
        """Everybody who may see the items."""
        return frozenset(self.people)


def staff_of(team_ids: Collection[int]) -> dict[int, Staff]:
    """The staff of each team, in a constant number of queries."""
    members = _by_team(
        select(Membership.team_id, Membership.person_id, Membership.role)
        .where(Membership.team_id.in_(team_ids))
        .order_by(Membership.joined_at, Membership.id)
    )
    sponsors = _by_team(
        select(Sponsorship.team_id, Sponsorship.person_id)
        .where(Sponsorship.team_id.in_(team_ids))
        .order_by(Sponsorship.id)
    )
    ids = {row.person_id for rows in (*members.values(), *sponsors.values()) for row in rows}
    people = _people(ids)
    unreachable = _suppressed(people.values()) | {p.id for p in people.values() if p.mail_off_at is not None}
    return {
        team_id: _staff(rules, people, members[team_id], sponsors[team_id], unreachable)
        for team_id, rules in rules_of(team_ids).items()
    }


def _by_team(statement: Executable) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(statement):
        grouped[row.team_id].append(row)
    return grouped


def _staff(
    rules: TeamRules,
    people: dict[int, Person],
    members: list[Any],
    sponsors: list[Any],
    unreachable: frozenset[int],
) -> Staff:
    def with_role(*roles: Role) -> tuple[int, ...]:
        return tuple(m.person_id for m in members if m.role in roles and m.person_id in people)

    administrators = tuple(p.id for p in people.values() if p.is_administrator)
    above = tuple(s.person_id for s in sponsors if s.person_id in people)
    seen = {*with_role(*Role), *above, *administrators}
    return Staff(
        rules=rules,
        people={p: people[p] for p in people if p in seen},
        keepers=with_role(Role.BOARD_KEEPER),
        leaders=with_role(Role.LEADER),
        sponsors=above,
        administrators=administrators,
        workers=with_role(Role.MEMBER, Role.BOARD_KEEPER, Role.LEADER),
        unreachable=unreachable,
    )


def _people(ids: set[int]) -> dict[int, Person]:
    """Active people among these, and every administrator; the longest-serving first."""
    rows = db.session.scalars(
        with_stand_ins(
            select(Person)
            .where(Person.id.in_(ids) | Person.is_administrator, Person.deactivated_at.is_(None))
            .order_by(Person.created_at, Person.id)
        ).options(selectinload(Person.memberships))
    )
    return {person.id: person for person in rows}


def _suppressed(people: Collection[Person]) -> frozenset[int]:
    addresses = {normalised(p.email): p.id for p in people}
    found = db.session.scalars(select(Suppression.address).where(Suppression.address.in_(addresses)))
    return frozenset(addresses[address] for address in found)
