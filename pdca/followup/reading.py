"""From duties to lines for one reader: the rows that the sentences need, fetched once for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from pdca import clock
from pdca.db import db, rows_by_id
from pdca.followup.asks import About, ask_of
from pdca.followup.lines import Line, Why, shown_due, urgency_of
from pdca.followup.models import Duty
from pdca.followup.terms import DutyKind, Part
from pdca.items.models import Call, Check, Decision, Item
from pdca.items.terms import CallPurpose, CustomerType
from pdca.people.models import Membership, Person, Role, Sponsorship, Team
from pdca.people.queries import is_away

# Steps after which the owner is to call.
CALLED_FOR = ("call", "call-again", "E1", "E2", "E3", "E4")
WHY_OF_ROLE = {Role.BOARD_KEEPER: Why.KEEPER, Role.LEADER: Why.LEADER}


def lines_of(duties: Sequence[Duty], reader_id: int, at: datetime) -> list[Line]:
    """The lines of these duties for one reader, the most urgent first, in a constant number of queries."""
    around = _Around(duties, reader_id)
    lines = [around.line(duty, at) for duty in duties if duty.subject_id in around.items]
    return sorted(_without_what_is_asked_above(lines, around), key=lambda line: line.order)


def _without_what_is_asked_above(lines: Iterable[Line], around: _Around) -> list[Line]:
    """Who is asked to decide on an escalation needs no second line on what it is about."""
    lines = list(lines)
    asked = {(line.item_id, around.occasion(line.duty_id)) for line in lines if line.kind is DutyKind.DECISION}
    return [line for line in lines if (line.item_id, line.occurrence) not in asked]


class _Around:
    """The rows that the sentences need, fetched once for all duties."""

    def __init__(self, duties: Sequence[Duty], reader_id: int) -> None:
        self.reader_id = reader_id
        self.items = rows_by_id(Item, {d.subject_id for d in duties})
        self.teams = rows_by_id(Team, {i.team_id for i in self.items.values()})
        self.checks = rows_by_id(Check, _about(duties, DutyKind.AFTERCARE))
        self.decisions = rows_by_id(Decision, _about(duties, DutyKind.DECISION, DutyKind.HELP))
        self.tried = _attempts(self.checks)
        asked_by = {d.asked_by_id for d in self.decisions.values()}
        self.people = _people({d.holder_id for d in duties} | asked_by)
        self.duties = {d.id: d for d in duties}
        self.roles = dict(
            db.session.execute(
                select(Membership.team_id, Membership.role).where(Membership.person_id == reader_id)
            ).all()
        )
        self.sponsored = set(db.session.scalars(select(Sponsorship.team_id).where(Sponsorship.person_id == reader_id)))

    def occasion(self, duty_id: int) -> str:
        """What an escalation is about."""
        decision = self._decision(self.duties[duty_id])
        return decision.occasion if decision else ""

    def line(self, duty: Duty, at: datetime) -> Line:
        """One duty as the reader sees it."""
        item = self.items[duty.subject_id]
        team = self.teams[item.team_id]
        today = clock.today(team.timezone, at)
        kind = DutyKind(duty.kind)
        holder = self.people.get(duty.holder_id or 0)
        due_on = shown_due(duty)
        why = self._why(duty, item, holder, today)
        is_own = duty.holder_id == self.reader_id or why is Why.DEPUTY
        return Line(
            duty_id=duty.id,
            occurrence=duty.occurrence,
            kind=kind,
            item_id=item.id,
            number=item.number,
            title=item.title,
            phase=item.phase.value,
            team_id=team.id,
            team=team.name,
            ask=ask_of(kind, duty.ladder, self._about(duty, item, is_own=is_own, is_late=due_on < today)),
            due_on=due_on,
            today=today,
            urgency=urgency_of(due_on, today),
            why=why,
            holder_id=duty.holder_id,
            holder=holder.name if holder else "",
            is_own=is_own,
        )

    def _about(self, duty: Duty, item: Item, *, is_own: bool, is_late: bool) -> About:
        check = self.checks.get(duty.about_id or 0) if duty.kind == DutyKind.AFTERCARE.value else None
        decision = self._decision(duty)
        asker = self.people.get((decision.asked_by_id if decision else 0) or 0)
        return About(
            is_own=is_own,
            customer=item.customer_name or item.proposer_name or "—",
            waiting_on=item.waiting_on,
            is_late=is_late,
            is_unknown_customer=item.customer_type is CustomerType.UNKNOWN,
            check_state=check.state if check else None,
            tried=self.tried.get(check.id, 0) if check else 0,
            is_called_for=duty.step in CALLED_FOR,
            decision=decision.kind if decision else None,
            rule=decision.rule if decision else "",
            question=decision.question if decision else "",
            asker=asker.name if asker else "",
        )

    def _decision(self, duty: Duty) -> Decision | None:
        decides = duty.kind in (DutyKind.DECISION.value, DutyKind.HELP.value)
        return self.decisions.get(duty.about_id or 0) if decides else None

    def _why(self, duty: Duty, item: Item, holder: Person | None, today: date) -> Why:
        owns = duty.part not in (Part.KEEPER.value, Part.LEADER.value)
        if duty.holder_id == self.reader_id and duty.part == Part.RECEIVER.value:
            return Why.RECEIVER
        if duty.holder_id == self.reader_id and owns and self.reader_id == item.responsible_id:
            return Why.OWNER
        if holder is not None and holder.deputy_id == self.reader_id and is_away(holder, today):
            return Why.DEPUTY
        return self._by_role(item.team_id)

    def _by_role(self, team_id: int) -> Why:
        role = self.roles.get(team_id)
        if role in WHY_OF_ROLE:
            return WHY_OF_ROLE[role]
        return Why.SPONSOR if team_id in self.sponsored else Why.OTHER


def _people(ids: Iterable[int | None]) -> dict[int, Person]:
    wanted = {p for p in ids if p is not None}
    people = select(Person).where(Person.id.in_(wanted)).options(selectinload(Person.absences))
    return {p.id: p for p in db.session.scalars(people)} if wanted else {}


def _about(duties: Iterable[Duty], *kinds: DutyKind) -> set[int]:
    return {d.about_id for d in duties if d.about_id is not None and DutyKind(d.kind) in kinds}


def _attempts(checks: Collection[int]) -> dict[int, int]:
    """On how many days the customer was called in vain, per check."""
    if not checks:
        return {}
    rows = db.session.execute(
        select(Call.check_id, func.count(func.distinct(Call.on)))
        .where(Call.check_id.in_(checks), Call.purpose == CallPurpose.AFTERCARE_ATTEMPT)
        .group_by(Call.check_id)
    )
    return {check_id: count for check_id, count in rows if check_id is not None}
