"""What `pdca doctor` asks about the board."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from pdca.board.indexing import index_everything
from pdca.board.models import SearchText
from pdca.db import db
from pdca.items.models import Item
from pdca.items.ranking import spread
from pdca.items.terms import OPEN_PHASES


def every_card_has_its_place(repair: bool) -> Iterator[str]:
    """No two cards of a column stand on one place: "after that card" would mean two things."""
    shared = (
        select(Item.team_id, Item.phase)
        .where(Item.phase.in_(OPEN_PHASES))
        .group_by(Item.team_id, Item.phase)
        .having(func.count() != func.count(Item.rank.distinct()))
    )
    for team_id, phase in db.session.execute(shared).all():
        if repair:
            spread(team_id, phase)
        else:
            yield f"team {team_id}: two cards stand on one place in {phase.value}; `pdca doctor --repair` parts them"


def everything_can_be_found(repair: bool) -> Iterator[str]:
    """Every item has its words in the search."""
    known = select(SearchText.source_id).where(SearchText.source == "item")
    missing = db.session.scalar(select(func.count()).select_from(Item).where(Item.id.not_in(known))) or 0
    if missing and repair:
        index_everything()
    elif missing:
        yield f"{missing} items cannot be found by their words; `pdca doctor --repair` adds them"
