"""Who that is: from a part in the rules ("owner", "board keeper") to the person who owes it, and who acts today."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from pdca.followup.duties import DutyNow
from pdca.followup.staff import Roles, Staff
from pdca.followup.terms import Part, To
from pdca.items.facts import Facts
from pdca.people.queries import stand_in

# In whose place somebody is told: a part, and the person in it. None: the holder, or nobody is left in that part.
Place = tuple[To, int | None]

# --- who owes it -----------------------------------------------------------------------------------------


def holder_of(duty: DutyNow, facts: Facts, roles: Roles) -> int | None:
    """The one person who owes this duty, absent or not; None only when nobody is left at all."""
    known = [p for p in _candidates(duty, facts, roles) if p in roles.deputies]
    others = [p for p in known if p != duty.not_person_id]
    # Nobody else is there: then one may decide alone.
    return next(iter(others or known), None)


def _candidates(duty: DutyNow, facts: Facts, roles: Roles) -> Iterator[int]:
    if duty.part in (Part.RECEIVER, Part.ASKER) and duty.person_id is not None:
        yield duty.person_id
    if duty.part in (Part.OWNER, Part.ASKER) and facts.responsible_id is not None:
        yield facts.responsible_id
    if duty.part is Part.LEADER:
        yield from _deciders(roles)
    yield from roles.line
    yield from roles.workers


def _deciders(roles: Roles) -> Iterator[int]:
    """Leaders, then their deputies, then sponsors and administrators (R17)."""
    yield from roles.leaders
    for leader in roles.leaders:
        deputy = roles.deputies[leader]
        if deputy is not None and deputy in roles.deputies:
            yield deputy
    yield from roles.sponsors
    yield from roles.administrators


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


def places(
    to: tuple[To, ...], holder_id: int | None, staff: Staff, day: date, excluded: Collection[int] = ()
) -> dict[Place, int]:
    """Who is told by a step in the place of whom: those who act today for the holder, the keepers, the leaders…

    One reader may have the places of several.
    A part in which that leaves nobody (all excluded, gone or unreachable) is told to the next in line.
    """
    told = {place: p for part in to for place, p in _told(part, holder_id, staff, day, excluded)}
    if To.HOLDER in to and not told:
        line = _acting(staff.roles.line, staff, day, excluded)
        return {(To.HOLDER, None): line[0]} if line else {}
    return told


def _told(to: To, holder_id: int | None, staff: Staff, day: date, excluded: Collection[int]) -> list[tuple[Place, int]]:
    if to is To.CUSTOMER:
        return []
    if to is To.HOLDER:
        own = acting_for(holder_id, staff, day)
        acting = (own,) if own is not None else _acting(staff.roles.line, staff, day)[:1]
        return [((to, None), p) for p in acting if p not in excluded]
    wanted = {To.KEEPER: staff.roles.keepers, To.LEADER: staff.roles.leaders, To.SPONSOR: staff.roles.sponsors}[to]
    found: list[tuple[Place, int]] = [
        ((to, person), p) for person in wanted for p in _acting((person,), staff, day, excluded)
    ]
    return found or [((to, None), p) for p in _acting(_above(to, staff.roles), staff, day, excluded)[:1]]


def _above(to: To, roles: Roles) -> tuple[int, ...]:
    """An empty role is taken by the next: keeper → leader → sponsor → administrator."""
    line = (roles.keepers, roles.leaders, roles.sponsors, roles.administrators)
    first = (To.KEEPER, To.LEADER, To.SPONSOR).index(to) + 1
    return _once(p for role in line[first:] for p in role)


def _acting(people: Iterable[int], staff: Staff, day: date, excluded: Collection[int] = ()) -> tuple[int, ...]:
    acting = (acting_for(person, staff, day) for person in people)
    return _once(p for p in acting if p is not None and p not in excluded)


def _once(people: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(people))
