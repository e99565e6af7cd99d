"""How far a card is towards its next step: exactly the questions that its gate will still ask."""

from __future__ import annotations

from dataclasses import dataclass

from pdca.items.facts import Facts
from pdca.items.lifecycle import concerns, next_step
from pdca.items.terms import CustomerType, Kind, Phase


@dataclass(frozen=True)
class Progress:
    """`done` of `total` answers are there. `ready_for`: the next phase once all are, else ""."""

    done: int
    total: int
    ready_for: str


NONE = Progress(0, 0, "")


def progress(f: Facts) -> Progress:
    """What the card's dots say. What a step answers by itself is not asked, so it is not counted."""
    step = next_step(f)
    if step is None:
        return NONE
    by_itself = comes_by_itself(f)
    missing = {m.name for m in step.missing(f, by_itself)}
    asked = [c.name for c in step.needs if concerns(c, f) and c.name not in by_itself]
    done = sum(name not in missing for name in asked)
    return Progress(done, len(asked), "" if missing else step.target.value)


def comes_by_itself(f: Facts) -> frozenset[str]:
    """Criteria that the step itself meets: the decision when taking up, and a quick win's stored defaults.

    The same defaults as `items.defaults`, told from facts alone so that a whole board costs no further query.
    Whether there are look-alikes is looked up when it is taken up.
    """
    given: set[str] = {"decision", "lookalikes"} if f.phase is Phase.NEW else set()
    if f.kind is not Kind.QUICK_WIN:
        return frozenset(given)
    given |= {"owner"}
    given |= {"purpose"} if f.has_problem else set()
    given |= {"aftercare"} if f.customer_type is not None else set()
    if f.customer_type not in (None, CustomerType.UNKNOWN):
        given |= {"need", "agreed"}
    return frozenset(given)
