"""Signs of life: which follow-up processes run, when they last did, and what the sweep found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from pdca.db import db, insert_once
from pdca.followup.models import Duty, DutyState, Node

# Older than this is red, for people and for /health: five minutes after a death it must have been seen.
SILENT = timedelta(minutes=4, seconds=30)
# Clocks of hosts differ a little. A sign of life from further ahead was left under another clock and proves nothing.
HOSTS_DIFFER = timedelta(seconds=30)
# The sweep has a row of its own: whichever process comes first after midnight does it.
SWEEP = "sweep"
# So does the look at what must always hold.
AUDIT = "audit"
NO_PROCESS = (SWEEP, AUDIT)


def beat(name: str, at: datetime) -> Node:
    """Say that this process is alive."""
    insert_once(Node, {"name": name, "started_at": at, "seen_at": at, "last_result": ""})
    node = db.session.scalars(select(Node).where(Node.name == name)).one()
    node.seen_at = at
    return node


def note_run(name: str, at: datetime, result: str) -> None:
    """Say what the pass did that ended now."""
    node = beat(name, at)
    node.last_run_at, node.last_result = at, result[:300]


def forget_the_gone(at: datetime) -> None:
    """Processes that were not seen for a week have ended; so have those of a clock that is ahead, or they come back."""
    gone = (Node.seen_at < at - timedelta(days=7)) | (Node.seen_at > at + HOSTS_DIFFER)
    for node in db.session.scalars(select(Node).where(gone, Node.name.not_in(NO_PROCESS))):
        db.session.delete(node)


def is_believed(moment: datetime, at: datetime) -> bool:
    """Whether something can have been written at this moment, by a clock like ours."""
    return moment <= at + HOSTS_DIFFER


@dataclass(frozen=True)
class Pulse:
    """How the clock does, for administrators and /health."""

    last_run: datetime | None
    at: datetime

    @property
    def age(self) -> timedelta | None:
        """How long ago any process finished a pass."""
        return self.at - self.last_run if self.last_run else None

    @property
    def is_alive(self) -> bool:
        """Whether a pass ended lately."""
        return self.age is not None and -HOSTS_DIFFER <= self.age <= SILENT


def pulse(at: datetime) -> Pulse:
    """The last pass of any process. One that lies ahead of `at` counts only when there is no other: not as life."""
    ran = Node.last_run_at
    believed = func.max(case((ran <= at + HOSTS_DIFFER, ran)))
    row = db.session.execute(select(believed, func.max(ran)).where(Node.name.not_in(NO_PROCESS))).one()
    return Pulse(row[0] or row[1], at)


def processes() -> list[Node]:
    """Every process that was seen lately, the freshest first."""
    return list(db.session.scalars(select(Node).where(Node.name.not_in(NO_PROCESS)).order_by(Node.seen_at.desc())))


def last_sweep() -> Node | None:
    """The last time all items were looked through, and the drift that was found."""
    return db.session.scalar(select(Node).where(Node.name == SWEEP))


def last_audit() -> Node | None:
    """The last time it was asked whether everything holds that must; `last_result` names what did not (JSON)."""
    return db.session.scalar(select(Node).where(Node.name == AUDIT))


def next_steps(limit: int = 20) -> list[Duty]:
    """The steps that come next, for administrators."""
    return list(
        db.session.scalars(
            select(Duty)
            .where(Duty.state == DutyState.OPEN, Duty.next_step_at.is_not(None))
            .order_by(Duty.next_step_at, Duty.id)
            .limit(limit)
        )
    )
