"""From what age an item is old: by what the team closed last. The leader's page and the card both ask here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Select, select, union_all

from pdca import clock
from pdca.db import db
from pdca.followup.stalled import CLOSED_LOOKED_AT, default_old_from, old_from_days
from pdca.items.facts import Facts
from pdca.items.models import Item, Round
from pdca.items.terms import Kind, Phase
from pdca.people.models import Team


@dataclass(frozen=True)
class ClosedAges:
    """Days in Do of the last closed items, by team and kind."""

    days: Mapping[tuple[int, Kind], tuple[int, ...]] = field(default_factory=dict)

    def old_from(self, facts: Facts) -> int:
        """The age in days above which this item is old: the 85th percentile of its kind, or the team's own number."""
        closed = self.days.get((facts.team_id, facts.kind), ()) if facts.kind else ()
        return old_from_days(closed, default_old_from(facts))


def closed_ages(team_ids: Collection[int]) -> ClosedAges:
    """One query; of each team and kind only the last thirty are read, however many there are."""
    last = [_last_closed(team_id, kind).subquery() for team_id in sorted(team_ids) for kind in Kind]
    if not last:
        return ClosedAges()
    days: dict[tuple[int, Kind], list[int]] = defaultdict(list)
    for team_id, kind, zone, started_at, carried_out_on in db.session.execute(union_all(*map(select, last))):
        days[team_id, kind].append((carried_out_on - clock.today(zone, started_at)).days)
    return ClosedAges({key: tuple(found) for key, found in days.items()})


def _last_closed(team_id: int, kind: Kind) -> Select[int, Kind | None, str, datetime | None, date | None]:
    return (
        select(Item.team_id, Item.kind, Team.timezone, Round.started_at, Round.carried_out_on)
        .join(Team, Team.id == Item.team_id)
        .join(Round, (Round.item_id == Item.id) & (Round.number == Item.round_number))
        .where(
            Item.team_id == team_id,
            Item.phase == Phase.CLOSED,
            Item.kind == kind,
            # Said aloud: the index of what ended holds nothing else.
            Item.ended_at.is_not(None),
            Round.started_at.is_not(None),
            Round.carried_out_on.is_not(None),
        )
        .order_by(Item.ended_at.desc())
        .limit(CLOSED_LOOKED_AT)
    )
