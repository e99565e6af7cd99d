"""Before anything commits, the duties follow the facts: new ones are opened, done ones settled, moot ones cancelled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from pdca import clock
from pdca.db import Subject, db, insert_once, table_of
from pdca.followup import customers, news, words
from pdca.followup.climbing import set_next_step
from pdca.followup.duties import DutyNow, duties_of
from pdca.followup.endings import state_after
from pdca.followup.holders import holder_of
from pdca.followup.ladder import midnight
from pdca.followup.ledger import plan_again
from pdca.followup.models import Duty, DutyState
from pdca.followup.staff import Roles, roles_of
from pdca.items.facts import Facts
from pdca.items.models import Item
from pdca.items.queries import facts_for, items_by_id
from pdca.items.terms import OPEN_PHASES
from pdca.people.calendar import DAY
from pdca.people.models import Team
from pdca.people.queries import TeamRules

ITEM, TEAM = "item", "team"
CHUNK = 200
HALF_A_DAY = timedelta(hours=12)
_COLUMNS = [column.name for column in table_of(Duty).columns if column.name != "id"]


def reconcile(touched: Mapping[Subject, datetime]) -> None:
    """Bring the duties of everything that was touched in line, and note what people have to know."""
    teams, changed = _teams_in(touched), {ident for kind, ident in touched if kind == TEAM}
    hold_rules(changed, may_change=True)
    hold_rules(teams - changed)
    at_of, roles = _items_in(touched), roles_of(teams)
    for ids in _chunks(sorted(at_of)):
        bring_in_line(ids, max(at_of[i] for i in ids), roles=roles)
    news.write(roles)
    words.queue_words(list(at_of), max(touched.values()))
    db.session.flush()


def reconcile_now() -> bool:
    """Bring in line what was touched so far, as the commit would; all stays one unit of work. Whether there was any."""
    db.session.flush()
    touched = db.session.info.pop("touched", {})
    if touched:
        db.session.connection().info.pop("quiet", None)
        reconcile(touched)
    # What the reconciler itself touched is in line already.
    db.session.info.pop("touched", None)
    return bool(touched)


def hold_rules(team_ids: Collection[int], *, may_change: bool = False) -> None:
    """Until this unit of work ends these teams' rules stay as they are, or are ours to change.

    Without it, work that read the old rules writes its duties over those of the new rules. SQLite has one writer.
    """
    if not team_ids or db.session.get_bind().dialect.name == "sqlite":
        return
    rows = select(Team.id).where(Team.id.in_(team_ids)).order_by(Team.id)
    db.session.execute(rows.with_for_update(read=not may_change, key_share=not may_change)).all()


_OWED_IN = select(Duty.subject_id).where(
    Duty.subject_kind == ITEM, Duty.state == DutyState.OPEN, Duty.team_id.in_(bindparam("teams", expanding=True))
)


def _items_in(touched: Mapping[Subject, datetime]) -> dict[int, datetime]:
    """The touched items, and of the touched teams what is open, or has an open duty though it is closed."""
    teams = {ident: at for (kind, ident), at in touched.items() if kind == TEAM}
    items: dict[int, datetime] = {}
    if teams:
        rows = db.session.execute(
            select(Item.id, Item.team_id).where(
                Item.team_id.in_(teams), Item.phase.in_(OPEN_PHASES) | Item.id.in_(_OWED_IN)
            ),
            {"teams": list(teams)},
        )
        items = {item_id: teams[team_id] for item_id, team_id in rows}
    return items | {ident: at for (kind, ident), at in touched.items() if kind == ITEM}


def _teams_in(touched: Mapping[Subject, datetime]) -> set[int]:
    items = items_by_id([ident for kind, ident in touched if kind == ITEM])
    return {item.team_id for item in items.values()} | {ident for kind, ident in touched if kind == TEAM}


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


# --- one chunk -------------------------------------------------------------------------------------------


def bring_in_line(
    item_ids: Sequence[int],
    at: datetime,
    facts: Mapping[int, Facts] | None = None,
    roles: Mapping[int, Roles] | None = None,
) -> list[str]:
    """Reconcile these items; gives one line per difference found. `facts`, `roles` by team: when at hand."""
    facts = facts_for(item_ids, at) if facts is None else facts
    roles = roles_of({f.team_id for f in facts.values()}) if roles is None else roles
    rows = _rows(item_ids)
    found: list[str] = []
    for f in (facts[i] for i in item_ids if i in facts):
        found += _one(f, roles[f.team_id], rows.get(f.id, {}), at)
    customers.ask_newcomers([duty for of_item in rows.values() for duty in of_item.values()], at)
    return found


_DUTIES = (
    select(Duty)
    .where(Duty.subject_kind == ITEM, Duty.subject_id.in_(bindparam("items", expanding=True)))
    .order_by(Duty.id)
)


def _rows(item_ids: Sequence[int]) -> dict[int, dict[str, Duty]]:
    rows: dict[int, dict[str, Duty]] = {}
    for duty in db.session.scalars(_DUTIES, {"items": item_ids}):
        rows.setdefault(duty.subject_id, {})[duty.occurrence] = duty
    return rows


def _one(f: Facts, roles: Roles, rows: dict[str, Duty], at: datetime) -> Iterable[str]:
    open_now = {duty.occurrence: duty for duty in duties_of(f)}
    for occurrence, row in rows.items():
        if row.state is DutyState.OPEN and occurrence not in open_now:
            yield _end(row, f, at)
    for occurrence, duty in open_now.items():
        known = rows.get(occurrence)
        changed = _open(duty, f, roles, at) if known is None else _renew(known, duty, f, roles, at)
        if changed:
            yield f"{_name(f, occurrence)}: {changed}"


def _end(row: Duty, f: Facts, at: datetime) -> str:
    row.state, row.ended_at, row.next_step_at = state_after(row, f), at, None
    return f"{_name(f, row.occurrence)}: {row.state.value}"


def _open(duty: DutyNow, f: Facts, roles: Roles, at: datetime) -> str:
    row = Duty(
        subject_kind=ITEM,
        subject_id=f.id,
        team_id=f.team_id,
        kind=duty.kind.value,
        occurrence=duty.occurrence,
        state=DutyState.OPEN,
        step="",
        next_step="",
        opened_at=at,
    )
    _write(row, duty, f, roles)
    if duty.given_by_id is not None and duty.given_by_id == row.holder_id:
        # Nobody is told at once of what they opened themselves.
        row.step = "0"
    set_next_step(row, _rules(f))
    # Somebody else may open it in the same moment: then theirs stands.
    return "opened" if insert_once(Duty, {name: getattr(row, name) for name in _COLUMNS}) is not None else ""


def _renew(row: Duty, duty: DutyNow, f: Facts, roles: Roles, at: datetime) -> str:
    reopened = row.state is not DutyState.OPEN
    if reopened:
        # It stays opened on its first day: steps whose day came while it was not open are due now, and not skipped.
        row.state, row.ended_at = DutyState.OPEN, None
        plan_again(row)
    before = _told(row, f)
    _write(row, duty, f, roles, keep_due=duty.keeps_due and not reopened)
    # Every time: the team's numbers, free days and zone move steps of a duty whose own day stays as it was.
    set_next_step(row, _rules(f))
    if reopened:
        return "opened again"
    return f"{before} is now {_told(row, f)}" if _told(row, f) != before else ""


def _write(row: Duty, duty: DutyNow, f: Facts, roles: Roles, *, keep_due: bool = False) -> None:
    if not keep_due:
        row.due_on = duty.due_on
        row.due_at = midnight(duty.due_on + DAY, f.timezone)
    row.part = duty.part.value
    row.ladder = duty.ladder
    row.settle_by = duty.settle_by
    row.asked_on = duty.asked_on or row.asked_on
    row.about_id = duty.about_id
    row.given_by_id = duty.given_by_id
    row.not_person_id = duty.not_person_id
    row.holder_id = holder_of(duty, f, roles)


def _told(row: Duty, f: Facts) -> tuple[object, ...]:
    return (
        row.due_on.isoformat(),
        row.settle_by and row.settle_by.isoformat(),
        row.ladder,
        row.holder_id,
        row.next_step,
        row.next_step_at and _day_that_begins(row.next_step_at, f.timezone),
    )


def _day_that_begins(about: datetime, zone: str) -> str:
    """Which day begins at about this instant: a zone that was drawn anew moves its hour, and that is no drift."""
    return clock.today(zone, about + HALF_A_DAY).isoformat()


def _rules(f: Facts) -> TeamRules:
    return TeamRules(f.team_id, f.team_name, f.timezone, f.settings, f.calendar)


def _name(f: Facts, occurrence: str) -> str:
    return f"item {f.id} {occurrence}"
