"""The leader's weekly digest, in its short form: what waits for a decision, what stands still, what is due."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from pdca.db import db
from pdca.errors import N_
from pdca.followup.ladder import is_standing
from pdca.followup.lines import Line, Urgency
from pdca.followup.models import Duty, DutyState
from pdca.followup.reading import lines_of
from pdca.followup.terms import DutyKind, To
from pdca.items.models import Decision
from pdca.items.terms import DecisionKind, DecisionState
from pdca.people.models import Membership, Person, Role, Sponsorship

LEADERS, SPONSORS = "digest", "standing"


@dataclass(frozen=True)
class Stalled:
    """An item that stands still. `reason` is a message id, `params` its placeholders."""

    item_id: int
    number: int
    title: str
    team_id: int
    reason: str
    since: date
    whose: str
    params: dict[str, object] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The item's page."""
        return f"/items/{self.item_id}"


# The review room knows what has stalled; it registers its question here.
FindStalled = Callable[[Collection[int], datetime], Sequence[Stalled]]
_find_stalled: list[FindStalled] = []


def register_stalled(fn: FindStalled) -> None:
    """Say who knows which items of some teams have stalled."""
    _find_stalled[:] = [fn]


@dataclass(frozen=True)
class Section:
    """A head and its lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Digest:
    """What one leader (or sponsor) reads on Monday."""

    kind: str
    week: str
    sections: tuple[Section, ...]
    stalled: tuple[Stalled, ...] = ()

    @property
    def is_empty(self) -> bool:
        """An empty digest is one line, still sent."""
        return not self.sections and not self.stalled


# --- writing it ------------------------------------------------------------------------------------------


def write_digest(person: Person, kind: str, week: str, at: datetime, shown: Collection[int]) -> Digest:
    """The digest as things stand. `shown`: duties that the mail says already, above it."""
    if kind == SPONSORS:
        return Digest(kind, week, _sections(person, _sponsored(person), at, shown, SPONSOR_SECTIONS))
    teams = _led(person)
    sections = _sections(person, teams, at, shown, LEADER_SECTIONS)
    return Digest(kind, week, sections, _stalled(teams, at, sections, shown))


def _stalled(teams: set[int], at: datetime, sections: Sequence[Section], shown: Collection[int]) -> tuple[Stalled, ...]:
    """What stands still and is not in this mail already for another reason."""
    said = {line.item_id for section in sections for line in section.lines}
    said |= set(db.session.scalars(select(Duty.subject_id).where(Duty.id.in_(shown))))
    found = [line for find in _find_stalled for line in find(teams, at)] if teams else []
    return tuple(line for line in found if line.item_id not in said)


def leads(person: Person) -> bool:
    """Whether there is a team whose overview is theirs."""
    return bool(_led(person))


def _led(person: Person) -> set[int]:
    led = select(Membership.team_id).where(Membership.person_id == person.id, Membership.role == Role.LEADER)
    return set(db.session.scalars(led))


def _sponsored(person: Person) -> set[int]:
    return set(db.session.scalars(select(Sponsorship.team_id).where(Sponsorship.person_id == person.id)))


def _sections(
    person: Person,
    teams: Collection[int],
    at: datetime,
    shown: Collection[int],
    wanted: Sequence[tuple[str, Callable[[Line, Duty, set[tuple[int, str]]], bool]]],
) -> tuple[Section, ...]:
    duties = {d.id: d for d in _open_duties(teams)}
    lines = [line for line in lines_of(list(duties.values()), person.id, at) if line.duty_id not in shown]
    decided = _decided({d.subject_id for d in duties.values()})
    sections: list[Section] = []
    for title, belongs in wanted:
        mine = tuple(line for line in lines if belongs(line, duties[line.duty_id], decided))
        lines = [line for line in lines if line not in mine]
        if mine:
            sections.append(Section(title, mine))
    return tuple(sections)


def _open_duties(team_ids: Collection[int]) -> list[Duty]:
    if not team_ids:
        return []
    return list(
        db.session.scalars(
            select(Duty).where(Duty.team_id.in_(team_ids), Duty.state == DutyState.OPEN).order_by(Duty.opened_at)
        )
    )


def _decided(item_ids: Collection[int]) -> set[tuple[int, str]]:
    """What a leader has decided on: it is no standing line any more."""
    rows = db.session.execute(
        select(Decision.item_id, Decision.occasion).where(
            Decision.item_id.in_(item_ids),
            Decision.kind == DecisionKind.ESCALATION,
            Decision.state != DecisionState.OPEN,
        )
    )
    return set(rows)


def _waits_for_decision(line: Line, duty: Duty, _decided: set[tuple[int, str]]) -> bool:
    return line.kind is DutyKind.DECISION


def _stands(line: Line, duty: Duty, decided: set[tuple[int, str]]) -> bool:
    return is_standing(duty.ladder, duty.step) and (line.item_id, line.occurrence) not in decided


def _stands_high(line: Line, duty: Duty, decided: set[tuple[int, str]]) -> bool:
    return _stands(line, duty, decided) and is_standing(duty.ladder, duty.step, To.SPONSOR)


def _broken(line: Line, duty: Duty, _decided: set[tuple[int, str]]) -> bool:
    untold = line.kind in (DutyKind.TELL_NEXT, DutyKind.TELL_END)
    return untold or (line.kind is DutyKind.PROMISE and line.urgency is Urgency.LATE)


def _aftercare(line: Line, duty: Duty, _decided: set[tuple[int, str]]) -> bool:
    return line.kind is DutyKind.AFTERCARE and line.urgency is not Urgency.LATER


STANDING = (N_("Still undecided"), _stands)
SPONSOR_SECTIONS = ((STANDING[0], _stands_high),)
LEADER_SECTIONS = (
    (N_("Decisions that wait for you"), _waits_for_decision),
    STANDING,
    (N_("Promises broken, customers not told yet"), _broken),
    (N_("Aftercare, due and overdue"), _aftercare),
)


def has_standing_lines(person: Person, at: datetime) -> bool:
    """Whether a sponsor has anything to read this week."""
    return bool(_sections(person, _sponsored(person), at, (), SPONSOR_SECTIONS))
