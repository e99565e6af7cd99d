"""Named selects of the board: constant in number, however many cards there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, or_, select

from pdca.board.models import SavedView
from pdca.board.ticks import TEAM
from pdca.catalogue.models import Label, Service
from pdca.db import db
from pdca.items.facts import Facts
from pdca.items.models import Item, ItemLabel, Move
from pdca.items.permissions import MEMBERS
from pdca.items.queries import facts_for
from pdca.items.terms import COLUMNS, Phase
from pdca.people.models import Person
from pdca.people.queries import people_with

ENDED = (Phase.CLOSED, Phase.STOPPED, Phase.DECLINED)
ENDED_SHOWN = 60
WEEKS_OF_LOAD = 13
WEEKS_OF_FLOW = 6


class Row(NamedTuple):
    """One card's line: enough to know whether its slip still holds, and where it stands."""

    id: int
    version: int
    phase: str
    resumes_in: str | None
    owner_id: int | None
    service_id: int | None


# Our own words, no typed text. One phase after the other, as the index has them.
_ROWS = (
    "SELECT id, version, phase, resumes_in, owner_id, service_id FROM item WHERE team_id = {mark} AND phase IN ("  # noqa: S608
    + ", ".join(f"'{phase.value}'" for phase in (*COLUMNS, Phase.PARKED))
    + ") ORDER BY phase, rank, id"
)


def rows_of(team_id: int) -> list[Row]:
    """Everything in the columns and everything parked; each column in the order of the board.

    Past the session's own machinery: of thousands of rows that would be most of the cost of a board.
    """
    connection = db.session.connection()
    cursor = connection.connection.cursor()
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    cursor.execute(_ROWS.format(mark=mark), (team_id,))
    return list(map(Row._make, cursor.fetchall()))


def order_number(team_id: int) -> int:
    """Raised also when cards of this team only changed places, which no other memory has to know."""
    connection = db.session.connection()
    cursor = connection.connection.cursor()
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    found = cursor.execute(f"SELECT number FROM tick WHERE name = {mark}", (f"{TEAM}{team_id}",)).fetchone()  # noqa: S608
    return int(found[0]) if found else 0


def all_names() -> dict[int, str]:
    """Everybody's name by id: an owner, a proposer or a receiver may have left the team."""
    return dict(db.session.execute(select(Person.id, Person.name)).all())


def labels_of(item_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The labels on these cards."""
    found: dict[int, set[int]] = {}
    for item_id, label_id in db.session.execute(
        select(ItemLabel.item_id, ItemLabel.label_id).where(ItemLabel.item_id.in_(item_ids))
    ):
        found.setdefault(item_id, set()).add(label_id)
    return {item_id: frozenset(labels) for item_id, labels in found.items()}


def colleagues_of(team_id: int) -> tuple[tuple[int, str], ...]:
    """(id, name) of who may own a card here, by name."""
    people = ((person.id, person.name) for person in people_with(team_id, *MEMBERS))
    return tuple(sorted(people, key=lambda one: one[1].casefold()))


def titles_of(team_id: int, item_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """(id, number, title) of these items of this team, by number."""
    rows = select(Item.id, Item.number, Item.title).where(Item.team_id == team_id, Item.id.in_(item_ids))
    found = db.session.execute(rows.order_by(Item.number))
    return [(item_id, number, title) for item_id, number, title in found]


def saved_views(team_id: int, person_id: int) -> list[tuple[int, str, str, bool]]:
    """(id, name, query, is the team's) of the views this person sees, by name."""
    rows = select(SavedView.id, SavedView.name, SavedView.query, SavedView.person_id.is_(None)).where(
        SavedView.team_id == team_id, or_(SavedView.person_id.is_(None), SavedView.person_id == person_id)
    )
    found = db.session.execute(rows.order_by(func.lower(SavedView.name)))
    return [(view_id, name, query, is_team) for view_id, name, query, is_team in found]


def chosen_from(model: type[Service] | type[Label], team_id: int) -> list[tuple[int, str]]:
    """A team's services or labels that are still in use, by name."""
    rows = select(model.id, model.name).where(model.team_id == team_id, model.retired_at.is_(None))
    return [(row_id, name) for row_id, name in db.session.execute(rows.order_by(func.lower(model.name)))]


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
