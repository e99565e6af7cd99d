"""Named selects of the board: constant in number, however many cards there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from pdca.db import db
from pdca.items.facts import Facts
from pdca.items.models import Item, Move
from pdca.items.queries import facts_for
from pdca.items.terms import COLUMNS, Phase
from pdca.people.models import Person

ENDED = (Phase.CLOSED, Phase.STOPPED, Phase.DECLINED)
ENDED_SHOWN = 60
WEEKS_OF_LOAD = 13
WEEKS_OF_FLOW = 6


def open_facts(team_id: int, at: datetime) -> list[Facts]:
    """Everything in the columns and everything parked, in the order of the board."""
    return _in_order(
        select(Item.id)
        .where(Item.team_id == team_id, Item.phase.in_((*COLUMNS, Phase.PARKED)))
        .order_by(Item.rank, Item.id),
        at,
    )


def ended_facts(team_id: int, at: datetime) -> list[Facts]:
    """What ended last, newest first."""
    return _in_order(
        select(Item.id)
        .where(Item.team_id == team_id, Item.phase.in_(ENDED))
        .order_by(Item.ended_at.desc(), Item.id.desc())
        .limit(ENDED_SHOWN),
        at,
    )


def _in_order(ids: object, at: datetime) -> list[Facts]:
    wanted = db.session.scalars(ids).all()  # type: ignore[call-overload]
    facts = facts_for(wanted, at)
    return [facts[item_id] for item_id in wanted]


def closed_count(team_id: int) -> int:
    """How many were ever closed here."""
    return (
        db.session.scalar(
            select(func.count()).select_from(Item).where(Item.team_id == team_id, Item.phase == Phase.CLOSED)
        )
        or 0
    )


def has_items(team_id: int) -> bool:
    """Whether anything was ever captured: an empty column is praise only then."""
    return db.session.scalar(select(Item.id).where(Item.team_id == team_id).limit(1)) is not None


def closed_per_week(team_id: int, at: datetime) -> list[int]:
    """Closed items in each of the last thirteen weeks, the oldest first."""
    since = at - timedelta(weeks=WEEKS_OF_LOAD)
    counts = [0] * WEEKS_OF_LOAD
    for ended_at in db.session.scalars(
        select(Item.ended_at).where(Item.team_id == team_id, Item.phase == Phase.CLOSED, Item.ended_at > since)
    ):
        if ended_at is not None:
            counts[min((ended_at - since) // timedelta(weeks=1), WEEKS_OF_LOAD - 1)] += 1
    return counts


def flow(team_id: int, at: datetime) -> tuple[Counter[Phase], Counter[Phase]]:
    """(arrivals, departures) per phase over six weeks; what was taken back does not count."""
    arrivals: Counter[Phase] = Counter()
    departures: Counter[Phase] = Counter()
    for source, target, count in db.session.execute(
        select(Move.from_phase, Move.to_phase, func.count())
        .join(Item, Item.id == Move.item_id)
        .where(Item.team_id == team_id, Move.at > at - timedelta(weeks=WEEKS_OF_FLOW), Move.taken_back_at.is_(None))
        .group_by(Move.from_phase, Move.to_phase)
    ):
        departures[source] += count
        arrivals[target] += count
    return arrivals, departures


def names_of(person_ids: Collection[int]) -> dict[int, str]:
    """People's names by id."""
    if not person_ids:
        return {}
    return dict(db.session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids))).all())
