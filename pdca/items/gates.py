"""What a person is still asked before a step: the life-cycle table less what the step answers by itself."""

from __future__ import annotations

from datetime import datetime

from pdca.errors import Missing
from pdca.items.defaults import would_fill
from pdca.items.facts import Facts
from pdca.items.lifecycle import Step
from pdca.items.lookalikes import lookalikes
from pdca.items.models import Item
from pdca.items.permissions import may_step
from pdca.items.writing import Writing
from pdca.people.models import Person

# The criterion that a stored default meets, by the answer's name.
MET_BY_DEFAULT = {
    "owner_id": "owner",
    "purpose": "purpose",
    "need": "need",
    "agreed": "agreed",
    "aftercare": "aftercare",
}
FILLS = ("take_up", "start")


def still_asked(item: Item, facts: Facts, step: Step, *, by: Person, at: datetime) -> tuple[Missing, ...]:
    """Exactly what `move` would refuse for when no answer came with it; reads only."""
    return step.missing(facts, _comes_by_itself(item, facts, step, by=by, at=at))


def _comes_by_itself(item: Item, facts: Facts, step: Step, *, by: Person, at: datetime) -> frozenset[str]:
    given: set[str] = set()
    if step.name == "take_up":
        # Taking it up is the decision (R27); no look-alikes found is an answer (R15).
        given |= {"decision"} if may_step(by, item, step.who, facts) else set()
        given |= set() if lookalikes(item, at=at) else {"lookalikes"}
    if step.name in FILLS:
        given |= {MET_BY_DEFAULT[name] for name in would_fill(Writing(item, by, at)) if name in MET_BY_DEFAULT}
    return frozenset(given)
