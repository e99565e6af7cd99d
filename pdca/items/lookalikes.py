"""Not the same mistake again (R15): items that look alike, and what was said about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rapidfuzz import fuzz, utils
from sqlalchemy import or_, select

from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.edit import Writing, write_default
from pdca.items.models import Item
from pdca.items.terms import OPEN_PHASES, LookalikeChoice, Phase
from pdca.people.queries import rules_of

# Found on the product's own sample pairs: lower shows cards that only share a subject.
ALIKE_FROM = 82.0
SHOWN = 3


def lookalikes(item: Item, *, at: datetime) -> list[Item]:
    """Up to three open or recently closed items of the team that say the same, most alike first."""
    days = rules_of([item.team_id])[item.team_id].settings.lookalike_days
    rows = db.session.scalars(
        select(Item).where(
            Item.team_id == item.team_id,
            Item.id != item.id,
            or_(
                Item.phase.in_(OPEN_PHASES),
                (Item.phase == Phase.CLOSED) & (Item.ended_at >= at - timedelta(days=days)),
            ),
        )
    ).all()
    return _alike(item, rows)


def _alike(item: Item, rows: Sequence[Item]) -> list[Item]:
    scored = [(_score(item, other), -other.id, other) for other in rows]
    found = sorted((s for s in scored if s[0] >= ALIKE_FROM), key=lambda s: (-s[0], s[1]))
    return [other for _, _, other in found[:SHOWN]]


def _score(one: Item, other: Item) -> float:
    titles = fuzz.token_set_ratio(one.title, other.title, processor=utils.default_process)
    if not one.problem or not other.problem:
        return titles
    problems = fuzz.token_set_ratio(one.problem, other.problem, processor=utils.default_process)
    return max(titles, problems)


def settle_lookalikes(writing: Writing) -> None:
    """When nobody answered and nothing looks alike, that is the answer."""
    item = writing.item
    open_choice = item.lookalike_choice in (None, LookalikeChoice.NOT_ASKED_IMPORT)
    if open_choice and not lookalikes(item, at=writing.at):
        write_default(writing, "lookalikes", LookalikeAnswer(LookalikeChoice.NONE_FOUND))
