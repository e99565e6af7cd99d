"""What waits for this leader, and what stalled in all their teams; in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from pdca import clock
from pdca.db import db
from pdca.followup.ages import ClosedAges, closed_ages
from pdca.followup.stalled import Mover, Why, reasons
from pdca.items.facts import Facts
from pdca.items.models import Decision, Item
from pdca.items.permissions import KEEPERS
from pdca.items.queries import facts_for
from pdca.items.terms import OPEN_PHASES, DecisionKind, DecisionState, Phase
from pdca.people.models import Membership, Person, Role, Sponsorship
from pdca.people.queries import TeamRules, rules_of


@dataclass(frozen=True)
class StalledLine:
    """One stalled item. `whys[0]` is the gravest reason."""

    facts: Facts
    whys: tuple[Why, ...]
    whose: str

    @property
    def why(self) -> Why:
        """The reason that is shown first."""
        return self.whys[0]

    @property
    def days(self) -> int:
        """Calendar days since it stalled."""
        return (self.facts.today - self.why.since).days


@dataclass(frozen=True)
class DecisionLine:
    """Something to decide: a row that was asked, or a new item (then `decision` is None)."""

    facts: Facts
    decision: Decision | None
    asked_on: date
    working_days: int

    @property
    def may_grant(self) -> bool:
        """Yes or no fits; an escalation and a call for help want words."""
        return self.decision is not None and self.decision.kind not in (DecisionKind.HELP, DecisionKind.ESCALATION)


@dataclass(frozen=True)
class ReviewPage:
    """The leader's first page."""

    teams: tuple[TeamRules, ...]
    decisions: tuple[DecisionLine, ...]
    stalled: tuple[StalledLine, ...]


def reviewed_team_ids(person: Person) -> set[int]:
    """Teams this person keeps, leads or sponsors."""
    led = select(Membership.team_id).where(Membership.person_id == person.id, Membership.role.in_(KEEPERS))
    sponsored = select(Sponsorship.team_id).where(Sponsorship.person_id == person.id)
    return set(db.session.scalars(led.union(sponsored)))


def review_page(person: Person, at: datetime) -> ReviewPage:
    """Decisions oldest first, then the stalled items by reason and age."""
    team_ids = reviewed_team_ids(person)
    facts = _open_facts(team_ids, at)
    rules = rules_of(team_ids)
    return ReviewPage(
        teams=tuple(sorted(rules.values(), key=lambda team: team.name)),
        decisions=tuple(sorted(_decisions(person, team_ids, facts), key=lambda line: line.asked_on)),
        stalled=tuple(_stalled(facts, Names(team_ids), closed_ages(team_ids))),
    )


def stalled_in(team_ids: Collection[int], at: datetime) -> list[StalledLine]:
    """The stalled items of these teams."""
    return _stalled(_open_facts(team_ids, at), Names(team_ids), closed_ages(team_ids))


def _open_facts(team_ids: Collection[int], at: datetime) -> dict[int, Facts]:
    ids = db.session.scalars(select(Item.id).where(Item.team_id.in_(team_ids), Item.phase.in_(OPEN_PHASES))).all()
    return facts_for(ids, at)


def _stalled(facts: dict[int, Facts], names: Names, ages: ClosedAges) -> list[StalledLine]:
    lines = []
    for item in facts.values():
        if whys := reasons(item, ages.old_from(item)):
            lines.append(StalledLine(item, whys, names.of(whys[0].mover, item)))
    return sorted(lines, key=lambda line: (line.why.since, line.facts.id))


# --- whose move ------------------------------------------------------------------------------------------


class Names:
    """The names behind "owner", "board keeper", "leader" and "receiver", fetched once."""

    def __init__(self, team_ids: Collection[int]) -> None:
        self.by_role: dict[tuple[int, Role], list[str]] = defaultdict(list)
        self.people: dict[int, str] = {}
        rows = db.session.execute(
            select(Membership.team_id, Membership.role, Person.id, Person.name)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.team_id.in_(team_ids), Person.deactivated_at.is_(None))
            .order_by(Membership.joined_at, Person.id)
        )
        for team_id, role, person_id, name in rows:
            self.by_role[team_id, role].append(name)
            self.people[person_id] = name

    def of(self, mover: Mover, facts: Facts) -> str:
        """Who is to move, by name; a role without anybody falls to the next."""
        if mover is Mover.OWNER:
            return self.people.get(facts.responsible_id or 0, facts.owner_name) or self._keeper(facts)
        if mover is Mover.RECEIVER and facts.handover is not None:
            return self.people.get(facts.handover.receiver_id or 0, "") or self._keeper(facts)
        return self._leader(facts) if mover is Mover.LEADER else self._keeper(facts)

    def _keeper(self, facts: Facts) -> str:
        return next(iter(self.by_role[facts.team_id, Role.BOARD_KEEPER]), "") or self._leader(facts)

    def _leader(self, facts: Facts) -> str:
        return next(iter(self.by_role[facts.team_id, Role.LEADER]), "")


# --- decisions -------------------------------------------------------------------------------------------


def _decisions(person: Person, team_ids: Collection[int], facts: dict[int, Facts]) -> list[DecisionLine]:
    """Open decisions that are not about this person's own items, and new items (R27)."""
    rows = db.session.scalars(
        select(Decision)
        .join(Item, Item.id == Decision.item_id)
        .options(joinedload(Decision.asked_by), joinedload(Decision.promise))
        .where(Item.team_id.in_(team_ids), Decision.state == DecisionState.OPEN)
    ).all()
    lines = [_line(facts[d.item_id], d, d.asked_at) for d in rows if d.item_id in facts]
    lines += [_line(f, None, f.created_at) for f in facts.values() if f.phase is Phase.NEW]
    return [line for line in lines if line.decision is None or line.facts.responsible_id != person.id]


def _line(facts: Facts, decision: Decision | None, since: datetime) -> DecisionLine:
    asked_on = clock.today(facts.timezone, since)
    return DecisionLine(facts, decision, asked_on, facts.calendar.between(asked_on, facts.today))
