"""My list: every open duty of a person, over all teams, by urgency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, case, func, or_, select

from pdca.db import db
from pdca.followup.lines import Line, Urgency
from pdca.followup.models import Duty, DutyState
from pdca.followup.reading import lines_of
from pdca.followup.reconcile import ITEM
from pdca.followup.terms import DutyKind, Part
from pdca.followup.windows import local_day
from pdca.people.models import Membership, Person, Role
from pdca.people.queries import is_away, visible_team_ids, with_stand_ins
from pdca.web import settings

# Nothing to do about these before their day.
QUIET = (DutyKind.LAST_USEFUL, DutyKind.RECURRENCE)


@dataclass(frozen=True)
class MyList:
    """The lines of one person."""

    lines: tuple[Line, ...]

    @property
    def groups(self) -> list[tuple[Urgency, list[Line]]]:
        """The lines by urgency, the most urgent first."""
        return [(urgency, list(lines)) for urgency, lines in groupby(self.lines, key=lambda line: line.urgency)]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.lines)


def my_list(person: Person, at: datetime) -> MyList:
    """Everything this person owes, as holder, in a role, or standing in for somebody who is away."""
    duties = db.session.scalars(select(Duty).where(*_open_for(person, at)).order_by(Duty.due_on, Duty.id)).all()
    lines = [line for line in lines_of(duties, person.id, at) if not _is_quiet(line)]
    return MyList(tuple(_with_one_check_each(lines)))


def nav_count(person: Person, at: datetime) -> int:
    """How much of it is due by today: the number beside "My list"."""
    return db.session.scalar(select(func.count()).select_from(Duty).where(*_due_for(person, at))) or 0


def items_due_for(person: Person, at: datetime) -> frozenset[int]:
    """The items on which something is due by today from this person: what "waits for me" means on the board."""
    due = select(Duty.subject_id).where(*_due_for(person, at), Duty.subject_kind == ITEM)
    return frozenset(db.session.scalars(due))


def _due_for(person: Person, at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of what is open for this person, what is due by their own today."""
    # Of a check that was asked, the day it must be settled (see lines.shown_due).
    asked = Duty.settle_by.is_not(None) & (Duty.step != "")
    shown_due = case((asked, Duty.settle_by), else_=Duty.due_on)
    return (*_open_for(person, at), shown_due <= local_day(person, at, settings().timezone))


def _open_for(person: Person, at: datetime) -> tuple[ColumnElement[bool], ...]:
    as_holder = Duty.holder_id.in_({person.id, *_stood_in_for(person, at)})
    in_a_part = [(Duty.part == part.value) & Duty.team_id.in_(teams) for part, teams in _parts_of(person).items()]
    mine = or_(as_holder, *in_a_part)
    return (Duty.state == DutyState.OPEN, Duty.team_id.in_(visible_team_ids(person)), mine)


def _stood_in_for(person: Person, at: datetime) -> set[int]:
    """Whose deputy this person is, as far as they are away today."""
    given = with_stand_ins(select(Person).where(Person.deputy_id == person.id, Person.deactivated_at.is_(None)))
    return {p.id for p in db.session.scalars(given) if is_away(p, local_day(p, at, settings().timezone))}


def _parts_of(person: Person) -> dict[Part, set[int]]:
    """What one board keeper owes, every board keeper of the team sees; the same for leaders."""
    parts: dict[Part, set[int]] = {}
    wanted = {Role.BOARD_KEEPER: Part.KEEPER, Role.LEADER: Part.LEADER}
    for row in db.session.scalars(select(Membership).where(Membership.person_id == person.id)):
        if row.role in wanted:
            parts.setdefault(wanted[row.role], set()).add(row.team_id)
    return parts


def _with_one_check_each(lines: list[Line]) -> Iterator[Line]:
    """Of the checks that are still far ahead, an item shows the first: the others follow in their time."""
    seen: set[int] = set()
    for line in lines:
        if line.kind is DutyKind.AFTERCARE:
            if line.item_id in seen and line.urgency is Urgency.LATER:
                continue
            seen.add(line.item_id)
        yield line


def _is_quiet(line: Line) -> bool:
    return line.kind in QUIET and line.urgency in (Urgency.WEEK, Urgency.LATER)
