"""What a filter may ask of a card: a few plain values, kept beside its HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pdca.board import words
from pdca.followup.stalled import reasons
from pdca.items.facts import Facts
from pdca.items.terms import CheckState, Phase


@dataclass(frozen=True, slots=True)
class Traits:
    """One card, for the filters. Nothing in it depends on who looks or on a language."""

    id: int
    # Its column, or "parked:" and the column it goes back to.
    place: str
    kind: str
    responsible_id: int | None
    service_id: int | None
    labels: frozenset[int]
    today: date
    due_on: date | None
    is_frozen: bool
    aftercare_is_due: bool
    waits_for_customer: bool
    is_stalled: bool


def traits_of(f: Facts, service_id: int | None, labels: frozenset[int], old_from: int) -> Traits:
    """What the filters look at, from the facts of one day."""
    check = words.open_check(f)
    return Traits(
        id=f.id,
        place=place_of(f.phase.value, f.resumes_in.value if f.resumes_in else None),
        kind=f.kind.value if f.kind else "",
        responsible_id=f.responsible_id,
        service_id=service_id,
        labels=labels,
        today=f.today,
        due_on=words.next_day(f),
        is_frozen=f.is_frozen,
        aftercare_is_due=check is not None and check.due_on is not None and check.due_on <= f.today,
        waits_for_customer=any(c.state is CheckState.ASKED for c in f.open_checks),
        is_stalled=bool(reasons(f, old_from)),
    )


def place_of(phase: str, resumes_in: str | None) -> str:
    """Where a card stands on the board."""
    return f"parked:{resumes_in or Phase.NEW.value}" if phase == Phase.PARKED.value else phase
