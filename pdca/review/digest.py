"""What stalled, as the leader's weekly digest says it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pdca.followup.digest import Stalled
from pdca.review.queries import StalledLine, stalled_in


def stalled_lines(team_ids: Collection[int], at: datetime) -> list[Stalled]:
    """The stalled items of these teams, the gravest reason of each."""
    return [_line(line) for line in stalled_in(team_ids, at)]


def _line(line: StalledLine) -> Stalled:
    facts, why = line.facts, line.why
    return Stalled(
        facts.id, facts.number, facts.title, facts.team_id, why.words, why.since, line.whose, dict(why.params)
    )
