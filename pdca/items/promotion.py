"""A quick win that turns out not to be quick becomes an improvement action, with its history."""

from __future__ import annotations

from datetime import datetime

from pdca.errors import N_
from pdca.items.facts import Facts
from pdca.items.journal import record
from pdca.items.models import Item
from pdca.items.planning import open_checks, replan
from pdca.items.queries import facts_of
from pdca.items.terms import ActorKind, Kind, Phase
from pdca.people.models import Person

TOO_LONG = N_("Longer in Do than a quick win may be.")
MOVED_TWICE = N_("The date moved for the second time.")
FAILED_TWICE = N_("The second round failed.")


def promote(item: Item, why: str, *, at: datetime, by: Person | None = None) -> None:
    """Make it an improvement action. Open checks are planned anew; the new questions come at the next gate.

    `by`: somebody chose it; else the rules did.
    """
    if item.kind is not Kind.QUICK_WIN:
        return
    item.kind = Kind.IMPROVEMENT
    if item.round.started_at is not None and item.round.baseline_on is None:
        # It can no longer be taken: shown as "no baseline (promoted)".
        item.round.baseline_lost = True
    record(
        item,
        "promoted",
        by=by,
        at=at,
        kind=ActorKind.PERSON if by else ActorKind.CLOCK,
        field="kind",
        old=Kind.QUICK_WIN,
        new=Kind.IMPROVEMENT,
        why=why,
    )
    if open_checks(item):
        replan(item, facts_of(item, at))


def is_too_long_in_do(facts: Facts) -> bool:
    """A quick win on day 43 (◇ + 1) in Do."""
    days = facts.days_in_do
    return (
        facts.kind is Kind.QUICK_WIN
        and facts.phase is Phase.DO
        and days is not None
        and days > facts.settings.quick_win_days
    )


def promote_overdue(item: Item, *, at: datetime) -> None:
    """By the clock: promote when it has been too long in Do."""
    facts = facts_of(item, at)
    if is_too_long_in_do(facts):
        promote(item, TOO_LONG, at=at)
