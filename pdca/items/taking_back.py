"""Taking back the last step: the same person, within some minutes, before anything was sent. The journal keeps both."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from pdca.db import db
from pdca.errors import N_
from pdca.items import planning, promises
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Decision, Item, Move, Round, Word
from pdca.items.permissions import guard, refuse
from pdca.items.queries import facts_of
from pdca.items.terms import CheckState, DecisionState, HandoverState, Phase, PromiseState, Verdict
from pdca.people.models import Person

_ITEM_COLUMNS = (
    "phase", "phase_since", "rank", "resumes_in", "review_on", "end_reason", "ended_at", "final_verdict", "decided_at",
    "taken_up_at", "due_on", "first_promised_on", "waiting_on", "waiting_until", "times_moved",
)  # fmt: skip
_ROUND_COLUMNS = (
    "started_at", "due_on", "carried_out_on", "carried_out_recorded_on", "carried_out", "verdict", "frozen_at",
)  # fmt: skip
_LANE = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT, Phase.CLOSED)
# A next round, "finish the rest" and a reopening go back by a step of their own.
TAKEN_BACK = frozenset(
    {
        *pairwise(_LANE),
        (Phase.DO, Phase.PLAN),
        (Phase.NEW, Phase.DECLINED),
        (Phase.NEW, Phase.PARKED),
        (Phase.PLAN, Phase.PARKED),
        (Phase.PARKED, Phase.NEW),
        (Phase.PARKED, Phase.PLAN),
        *((phase, Phase.STOPPED) for phase in (*_LANE[:-1], Phase.PARKED)),
    }
)


def snapshot(item: Item) -> dict[str, Any]:
    """What taking back restores, as JSON."""
    return {name: _json(getattr(item, name)) for name in _ITEM_COLUMNS} | {
        "round": {name: _json(getattr(item.round, name)) for name in _ROUND_COLUMNS}
    }


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else getattr(value, "value", value)


def may_take_back(item: Item, person: Person, at: datetime, minutes: int) -> Move | None:
    """The last step, when this person took it within the time and nothing was sent since; else None."""
    last = item.moves[-1] if item.moves else None
    if last is None or last.taken_back_at is not None or last.by_id != person.id:
        return None
    if (last.from_phase, last.to_phase) not in TAKEN_BACK or (at - last.at).total_seconds() > minutes * 60:
        return None
    was_mailed = item.last_mailed_at is not None and item.last_mailed_at >= last.at
    return None if was_mailed else last


def take_back(item: Item, *, by: Person, at: datetime) -> None:
    """Undo the last step."""
    facts = facts_of(item, at)
    guard(facts, Act.TAKE_BACK)
    last = may_take_back(item, by, at, facts.settings.take_back_minutes)
    if last is None:
        raise refuse(N_("This can no longer be taken back."), rule="undo", name="take_back")
    before = dict(last.before)
    _restore(item.round, before.pop("round"))
    _restore(item, before)
    _undo_rows(item, last, at)
    last.taken_back_at = at
    record(item, "taken_back", by=by, at=at, field="phase", old=last.to_phase, new=last.from_phase)


def _restore(row: Item | Round, before: dict[str, Any]) -> None:
    for name, value in before.items():
        setattr(row, name, _restored(name, value))


def _restored(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in ("phase", "resumes_in"):
        return Phase(value)
    if name in ("verdict", "final_verdict"):
        return Verdict(value)
    if name.endswith(("_at", "_since")):
        return datetime.fromisoformat(value)
    is_day = (name.endswith("_on") and name != "waiting_on") or name == "waiting_until"
    return date.fromisoformat(value) if is_day else value


def _undo_rows(item: Item, last: Move, at: datetime) -> None:
    """Rows that the step added go, rows that it ended go on."""
    _go_on(item, last.at)
    if last.to_phase is Phase.PLAN:
        _give_up_ownership(item, last)
    if last.to_phase is Phase.DO:
        promises.undo(item, last.at, at=at)
        planning.cancel_open(item, at)
    if last.to_phase is Phase.CHECK:
        planning.unschedule(item)
    for word in db.session.query(Word).filter(Word.item_id == item.id, Word.at >= last.at):
        word.withdrawn_at = at


def _go_on(item: Item, ended_at: datetime) -> None:
    """What the step cancelled, withdrew or made moot is open again."""
    for check in item.checks:
        if (check.state, check.settled_at) == (CheckState.CANCELLED, ended_at):
            check.state = CheckState.ASKED if check.asked_at else CheckState.PLANNED
            check.settled_at = None
    for handover in item.handovers:
        if (handover.state, handover.answered_at) == (HandoverState.WITHDRAWN, ended_at):
            handover.state, handover.answered_at = HandoverState.OPEN, None
    for decision in item.decisions:
        if (decision.state, decision.decided_at) == (DecisionState.MOOT, ended_at):
            _ask_again(decision)
    for word in db.session.query(Word).filter(Word.item_id == item.id, Word.withdrawn_at == ended_at):
        word.withdrawn_at = None


def _ask_again(decision: Decision) -> None:
    decision.state, decision.decided_at = DecisionState.OPEN, None
    if decision.promise is not None:
        decision.promise.state = PromiseState.WAITING


def _give_up_ownership(item: Item, last: Move) -> None:
    """Who took it up by a default is not left behind as its owner."""
    if last.from_phase is Phase.NEW and "owner_id" in item.defaulted and item.owner_id == last.by_id:
        item.owner_id = None
        item.defaulted = [name for name in item.defaulted if name != "owner_id"]
