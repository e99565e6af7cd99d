"""Who that is: from a part in the rules ("owner", "board keeper") to the person who owes it, and who acts today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Executable, select
from sqlalchemy.orm import selectinload

from pdca.db import db
from pdca.followup.duties import DutyNow
from pdca.followup.terms import Part, To
from pdca.items.facts import Facts
from pdca.mail.models import Suppression
from pdca.mail.queries import normalised
from pdca.people.calendar import Calendar
from pdca.people.models import Membership, Person, Role, Sponsorship
from pdca.people.queries import TeamRules, rules_of, stand_in, with_stand_ins


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
        return _once((*self.keepers, *self.leaders, *self.sponsors, *self.administrators))

    @property
    def viewers(self) -> frozenset[int]:
        """Everybody who may see the items."""
        return frozenset(self.people)


# --- who owes it -----------------------------------------------------------------------------------------


def holder_of(duty: DutyNow, facts: Facts, staff: Staff) -> int | None:
    """The one person who owes this duty, absent or not; None only when nobody is left at all."""
    wanted = _candidates(duty, facts, staff)
    others = [p for p in wanted if p in staff.people and p != duty.not_person_id]
    # Nobody else is there: then one may decide alone.
    alone = [p for p in wanted if p in staff.people]
    return next(iter(others or alone), None)


def _candidates(duty: DutyNow, facts: Facts, staff: Staff) -> Iterator[int]:
    if duty.part in (Part.RECEIVER, Part.ASKER) and duty.person_id is not None:
        yield duty.person_id
    if duty.part in (Part.OWNER, Part.ASKER) and facts.responsible_id is not None:
        yield facts.responsible_id
    if duty.part is Part.LEADER:
        yield from _deciders(staff)
    yield from staff.line
    yield from staff.workers


def _deciders(staff: Staff) -> Iterator[int]:
    """Leaders, then their deputies, then sponsors and administrators (R17)."""
    yield from staff.leaders
    for leader in staff.leaders:
        deputy = staff.people[leader].deputy_id
        if deputy is not None and deputy in staff.people:
            yield deputy
    yield from staff.sponsors
    yield from staff.administrators


# --- who acts today --------------------------------------------------------------------------------------


def acting_for(person_id: int | None, staff: Staff, day: date) -> int | None:
    """Who does it on this day: the person, or in a longer absence the deputy. None: nobody can be reached."""
    if person_id is None or person_id not in staff.people:
        return None
    acting = stand_in(staff.people[person_id], day, staff.calendar, staff.rules.id).id
    for candidate in (acting, staff.people[person_id].deputy_id):
        if candidate in staff.people and candidate not in staff.unreachable:
            return candidate
    return None


def recipients(
    to: tuple[To, ...], holder_id: int | None, staff: Staff, day: date, excluded: Collection[int] = ()
) -> tuple[int, ...]:
    """Who is told by a step, everybody once: those who act today for the holder, the keepers, the leaders…

    Where that leaves nobody for the holder (all excluded, gone or unreachable), the next in line is told.
    """
    people = [p for part in to for p in _told(part, holder_id, staff, day) if p not in excluded]
    if To.HOLDER in to and not people:
        people = [p for p in _acting(staff.line, staff, day) if p not in excluded][:1]
    return _once(people)


def _told(to: To, holder_id: int | None, staff: Staff, day: date) -> tuple[int, ...]:
    if to is To.CUSTOMER:
        return ()
    if to is To.HOLDER:
        own = acting_for(holder_id, staff, day)
        return (own,) if own is not None else _acting(staff.line, staff, day)[:1]
    wanted = {To.KEEPER: staff.keepers, To.LEADER: staff.leaders, To.SPONSOR: staff.sponsors}[to]
    return _acting(wanted, staff, day) or _acting(_above(to, staff), staff, day)[:1]


def _above(to: To, staff: Staff) -> tuple[int, ...]:
    """An empty role is taken by the next: keeper → leader → sponsor → administrator."""
    roles = (staff.keepers, staff.leaders, staff.sponsors, staff.administrators)
    first = (To.KEEPER, To.LEADER, To.SPONSOR).index(to) + 1
    return _once(p for role in roles[first:] for p in role)


def _acting(people: Iterable[int], staff: Staff, day: date) -> tuple[int, ...]:
    return _once(p for p in (acting_for(person, staff, day) for person in people) if p is not None)


def _once(people: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(people))


# --- reading them ----------------------------------------------------------------------------------------


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
    unreachable = _suppressed(people.values())
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
