"""Once a day everything is looked through: what the day itself changes is done, what drifted is reported."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

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


def is_due(at: datetime) -> bool:
    """Whether today's sweep was not done yet, by the installation's own day."""
    last, zone = nodes.last_sweep(), settings().timezone
    if last is None or last.last_run_at is None or not nodes.is_believed(last.last_run_at, at):
        # One that was noted under a clock that is ahead says nothing about today.
        return True
    return clock.today(zone, last.last_run_at) < clock.today(zone, at)


def chunks() -> Iterator[Sequence[int]]:
    """Every item that is open or has an open duty, in chunks."""
    opened = select(Item.id).where(Item.phase.in_(OPEN_PHASES))
    owed = select(Duty.subject_id).where(Duty.subject_kind == ITEM, Duty.state == DutyState.OPEN)
    ids = sorted(db.session.scalars(opened.union(owed)))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


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


def note_done(at: datetime, drift: int, items: int) -> None:
    """Write down that today's sweep was done."""
    nodes.note_run(nodes.SWEEP, at, json.dumps({"items": items, "drift": drift}))
    nodes.forget_the_gone(at)
