"""Round n+1: the old round stays as it was, the new plan starts from a copy."""

from __future__ import annotations

from datetime import datetime

from pdca.items import decisions
from pdca.items.criteria import LEADER_DECIDES_FROM_ROUND
from pdca.items.models import Item, Round
from pdca.people.models import Person

# What a next attempt starts from. Not the test's last day: that is planned anew.
COPIED = (
    "baseline_on",
    "baseline_mark",
    "baseline_good",
    "baseline_better",
    "baseline_change",
    "baseline_lost",
    "root_cause",
    "test_where",
    "test_with",
    "prediction",
    "how_we_know",
)


def open_round(item: Item, why: str, *, by: Person | None, at: datetime) -> None:
    """Freeze the round that was and open the next; from round 3 on the leader decides. `by` None: the customer."""
    old = item.round
    old.frozen_at = old.frozen_at or at
    copied = {name: getattr(old, name) for name in COPIED}
    empty = {"carried_out": "", "result": "", "why_not": "", "standard_where": ""}
    item.rounds.append(Round(item_id=item.id, number=old.number + 1, opened_at=at, **copied, **empty))
    item.round_number = old.number + 1
    # A next round makes a promise of its own.
    item.due_on = None
    if item.round_number >= LEADER_DECIDES_FROM_ROUND:
        decisions.ask_round_three(item, why, by=by, at=at)
