"""Once a day everything is looked through: what the day itself changes is done, what drifted is reported."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.followup import nodes
from pdca.followup.models import Duty, DutyState
from pdca.followup.reconcile import CHUNK, ITEM, bring_in_line, hold_rules
from pdca.followup.terms import DutyKind
from pdca.items import checks, promotion
from pdca.items.facts import Facts
from pdca.items.models import Check, Item
from pdca.items.queries import facts_for
from pdca.items.terms import OPEN_PHASES
from pdca.web import settings

log = logging.getLogger("pdca.followup")

# What a new day changes by itself is no drift: room that opened, a date that passed, a watch that ended.
BY_THE_DAY = (DutyKind.PLAN, DutyKind.START, DutyKind.RECURRENCE)


# What failed is looked at again after this time: not every minute, and not only tomorrow.
AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Round:
    """How far one look through everything came. Kept in the database: whoever comes next goes on from there."""

    # The installation's own day it is of.
    day: str
    # The last item that was looked at.
    after: int = 0
    items: int = 0
    drift: int = 0
    # How many could not be looked at, and the first of them.
    failed: int = 0
    first_failed: int = 0
    is_done: bool = False

    def plus(self, ids: Sequence[int], drift: int, failed: Sequence[int]) -> Round:
        """One chunk further."""
        return replace(
            self,
            after=ids[-1],
            items=self.items + len(ids) - len(failed),
            drift=self.drift + drift,
            failed=self.failed + len(failed),
            first_failed=self.first_failed or min(failed, default=0),
        )


def due_round(at: datetime) -> Round | None:
    """The round to go on with: today's own, or another one over what failed an hour ago. None: all was done."""
    zone, node = settings().timezone, nodes.last_sweep()
    today = clock.today(zone, at).isoformat()
    last = _read(node.last_result) if node else None
    if node and last and not last.is_done and last.day == today and nodes.is_believed(node.seen_at, at):
        return last
    # One that was noted under a clock that is ahead says nothing about today.
    if node is None or node.last_run_at is None or not nodes.is_believed(node.last_run_at, at):
        return Round(today)
    if clock.today(zone, node.last_run_at).isoformat() < today:
        return Round(today)
    if last and last.failed and at - node.last_run_at >= AGAIN_AFTER:
        return Round(today, after=last.first_failed - 1)
    return None


def _read(result: str) -> Round | None:
    try:
        return Round(**json.loads(result))
    except (TypeError, ValueError):
        return None


def next_chunk(after: int) -> list[int]:
    """The next items behind this one that are open or have an open duty, in the order of their ids."""
    opened = select(Item.id).where(Item.phase.in_(OPEN_PHASES), Item.id > after).order_by(Item.id)
    owed = (
        select(Duty.subject_id)
        .where(Duty.subject_kind == ITEM, Duty.state == DutyState.OPEN, Duty.subject_id > after)
        .distinct()
        .order_by(Duty.subject_id)
    )
    found = {ident for statement in (opened, owed) for ident in db.session.scalars(statement.limit(CHUNK))}
    return sorted(found)[:CHUNK]


def chunks() -> Iterator[Sequence[int]]:
    """Every item that is open or has an open duty, in chunks."""
    ids = next_chunk(0)
    while ids:
        yield ids
        ids = next_chunk(ids[-1])


def sweep(item_ids: Sequence[int], at: datetime) -> list[str]:
    """One chunk: first what the new day does, then every duty in line. Gives the drift, one line each."""
    hold_rules(set(db.session.scalars(select(Item.team_id).where(Item.id.in_(item_ids)))))
    facts = facts_for(item_ids, at)
    changed = {f.id for f in facts.values() if _new_day(f, at)}
    if changed:
        bring_in_line(sorted(changed), at)
    found = bring_in_line([i for i in facts if i not in changed], at, facts)
    drift = [line for line in found if not _is_by_the_day(line)]
    for line in drift:
        log.warning("drift: %s", line)
    return drift


def _new_day(facts: Facts, at: datetime) -> bool:
    """What the clock does to an item; whether it did anything."""
    promoted = promotion.is_too_long_in_do(facts)
    if promoted:
        promotion.promote_overdue(db.session.get_one(Item, facts.id), at=at)
    late = [c for c in facts.open_checks if c.answers and c.settle_by is not None and c.settle_by <= facts.today]
    for check in late:
        checks.settle_group(db.session.get_one(Check, check.id), at=at)
    return promoted or bool(late)


def _is_by_the_day(line: str) -> bool:
    occurrence = line.split(" ")[2]
    return occurrence.partition(":")[0] in {kind.value for kind in BY_THE_DAY}


def note(so_far: Round, at: datetime) -> None:
    """Write down how far it came. The moment of the last sweep is that of the last round which was done."""
    node = nodes.beat(nodes.SWEEP, at)
    node.last_result = json.dumps(asdict(so_far))
    if so_far.is_done:
        node.last_run_at = at
        nodes.forget_the_gone(at)
