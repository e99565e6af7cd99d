"""The journal: one row for every fact, and the only place where an item learns that it changed."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any

from pdca.db import db, touch
from pdca.items.models import Entry, Item
from pdca.items.terms import ActorKind
from pdca.people.models import Person

# Human progress, for the stalled list; reminders, date moves and edits of title or labels are none.
PROGRESS = frozenset(
    {
        "captured", "taken_up", "started", "finished", "embedded", "closed", "back_to_plan", "next_round",
        "finish_the_rest", "reopened", "parked", "resumed", "answered", "corrected", "observed", "attempted", "called",
        "customer_told", "commented", "customer_wrote", "file_added", "verdict", "lesson", "handover_accepted",
        "handover_refused", "announced",
    }
)  # fmt: skip


def record(
    item: Item,
    what: str,
    *,
    by: Person | None,
    at: datetime,
    kind: ActorKind = ActorKind.PERSON,
    field: str = "",
    old: Any = None,
    new: Any = None,
    why: str = "",
    on_behalf_of: int | None = None,
) -> Entry:
    """Write one fact, raise the item's version and mark it for reconciling in this unit of work.

    `old` and `new` are stored as JSON; dates, instants and enums become strings. The row gets its
    id with the flush; the reconciler reads the entries of this unit of work from the session.
    """
    entry = Entry(
        item_id=item.id,
        team_id=item.team_id,
        at=at,
        # Nobody at a screen did it: the machine's own command or the clock.
        actor_kind=ActorKind.CLOCK if by is None and kind is ActorKind.PERSON else kind,
        actor_id=by.id if by else None,
        on_behalf_of_id=on_behalf_of,
        what=what,
        field=field,
        old=_plain(old),
        new=_plain(new),
        why=why,
    )
    db.session.add(entry)
    db.session.info.setdefault("entries", []).append(entry)
    item.version += 1
    if what in PROGRESS and kind is not ActorKind.CLOCK:
        item.last_progress_at = at
    touch("item", item.id, at)
    return entry


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value
