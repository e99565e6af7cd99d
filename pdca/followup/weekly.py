"""When the digest goes: in the first mail window of a leader's week, once, also when Monday is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from pdca.db import db
from pdca.followup.digest import LEADERS, SPONSORS, has_standing_lines
from pdca.followup.gather import Reader, readers
from pdca.followup.ledger import tell
from pdca.followup.models import News, NoticeState
from pdca.followup.windows import local_day
from pdca.people.models import Membership, Role, Sponsorship
from pdca.web import settings


def due_for(at: datetime) -> list[int]:
    """Leaders and sponsors whose first mail window of the week is open, and whose digest was not noted yet."""
    leaders, sponsors = _leaders_and_sponsors()
    noted = _noted_lately(at)
    return [
        r.person.id for r in readers(leaders | sponsors) if r.is_open(at) and (r.person.id, _week(r, at)) not in noted
    ]


def note_digests(person_ids: Sequence[int], at: datetime) -> int:
    """Note this week's digest for these people. How many."""
    leaders, _ = _leaders_and_sponsors()
    return sum(
        _note(reader, LEADERS if reader.person.id in leaders else SPONSORS, at) for reader in readers(person_ids)
    )


def _note(reader: Reader, kind: str, at: datetime) -> bool:
    # A leader's empty digest is one line, still sent; a sponsor hears what stands undecided at the beginning
    # of the week, or nothing: what comes up later is told by its own step.
    says = kind == LEADERS or has_standing_lines(reader.person, at)
    state = NoticeState.PLANNED if says else NoticeState.OBSOLETE
    return tell(reader.person.id, kind, f"{kind}:{_week(reader, at)}", at=at, state=state) and says


def _week(reader: Reader, at: datetime) -> str:
    return week_of(local_day(reader.person, at, settings().timezone))


def _leaders_and_sponsors() -> tuple[set[int], set[int]]:
    leaders = select(Membership.person_id).where(Membership.role == Role.LEADER)
    return set(db.session.scalars(leaders)), set(db.session.scalars(select(Sponsorship.person_id)))


def _noted_lately(at: datetime) -> set[tuple[int, str]]:
    rows = db.session.execute(
        select(News.person_id, News.dedupe_key).where(
            News.kind.in_((LEADERS, SPONSORS)), News.at >= at - timedelta(days=10)
        )
    )
    return {(person_id, key.partition(":")[2]) for person_id, key in rows}


def week_of(day: date) -> str:
    """The ISO week of a day, as "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
