"""The end of an item: what still hung is cancelled, and who asked for it is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import planning, promises
from pdca.items.journal import record
from pdca.items.models import Decision, Follower, Item, ItemLink, Word
from pdca.items.terms import DecisionState, HandoverState, ItemLinkKind, WordKind
from pdca.people.models import Person


def end(item: Item, word: WordKind, text: str, reason: str, *, by: Person | None, at: datetime) -> None:
    """Closed, stopped or declined."""
    item.ended_at, item.end_reason = at, reason
    item.waiting_on, item.waiting_until = "", None
    planning.cancel_open(item, at)
    drop_waiting_date(item, at=at)
    for decision in _open_decisions(item):
        decision.state, decision.decided_at = DecisionState.MOOT, at
    for handover in item.handovers:
        if handover.state is HandoverState.OPEN:
            handover.state, handover.answered_at = HandoverState.WITHDRAWN, at
    say(item, word, text, by=by, at=at)


def say(item: Item, kind: WordKind, text: str, *, by: Person | None, at: datetime) -> None:
    """Only who can be mailed gets a word; for others it becomes the owner's duty to call."""
    if any(c.may_be_mailed for c in item.contacts):
        db.session.add(Word(item_id=item.id, kind=kind, text=text, at=at, by_id=by.id if by else None))


def drop_waiting_date(item: Item, *, at: datetime) -> None:
    """The date that was asked for is no longer needed: it never stands, and its word is never sent (R8)."""
    for decision in _open_decisions(item):
        if decision.promise is not None:
            decision.state, decision.decided_at = DecisionState.MOOT, at
            promises.reject(decision.promise, at=at)


def _open_decisions(item: Item) -> Iterator[Decision]:
    return (d for d in item.decisions if d.state is DecisionState.OPEN)


def join_twin(item: Item, twin_id: int, *, by: Person, at: datetime) -> None:
    """A duplicate is declined with a link to its twin, whose followers grow."""
    twin = db.session.get(Item, twin_id)
    if twin is None or twin.team_id != item.team_id or twin.id == item.id:
        raise Invalid([FieldError("twin_id", N_("Choose an item of this board."))])
    _link_twin(item, twin)
    wanted = {f.person_id for f in item.followers} | ({item.proposer_id} if item.proposer_id else set())
    joined = sorted(wanted - {f.person_id for f in twin.followers})
    twin.followers.extend(Follower(item_id=twin.id, person_id=person_id) for person_id in joined)
    record(twin, "twin_declined", by=by, at=at, new={"number": item.number, "followers": joined})


def _link_twin(item: Item, twin: Item) -> None:
    key = {"item_id": item.id, "other_id": twin.id, "kind": ItemLinkKind.DUPLICATE_OF}
    if db.session.query(ItemLink).filter_by(**key).first() is None:
        db.session.add(ItemLink(**key))
