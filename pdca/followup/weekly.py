"""When the digest goes: in the first mail window of a leader's week, once, also when Monday is free."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from pdca.db import db
from pdca.followup.digest import LEADERS, SPONSORS, has_standing_lines
from pdca.followup.gather import Reader, readers
from pdca.followup.jobs_units import found_among
from pdca.followup.ladder import midnight
from pdca.followup.ledger import tell
from pdca.followup.models import News, NoticeState
from pdca.followup.windows import local_day, next_open, zone_of
from pdca.people.models import Membership, Role, Sponsorship
from pdca.web import settings


def due_for(at: datetime) -> list[int]:
    """Leaders and sponsors whose first mail window of the week is open, and whose digest was not noted yet."""
    people, noted = _missing(at)
    weeks = found_among(people, lambda ids: [(r.person.id, _week(r, at)) for r in readers(ids) if r.is_open(at)])
    return [person_id for person_id, week in weeks if (person_id, week) not in noted]


def missing(at: datetime) -> list[int]:
    """Leaders and sponsors whose digest of this week was not noted yet, whether their week has begun or not."""
    return _missing(at)[0]


def note_begun(person_ids: Sequence[int], at: datetime) -> int:
    """Note this week's digest for those whose first mail window of the week is open, or was. How many."""
    return note_digests([r.person.id for r in readers(person_ids) if _has_begun(r, at)], at)


def _has_begun(reader: Reader, at: datetime) -> bool:
    person, zone = reader.person, settings().timezone
    today = local_day(person, at, zone)
    monday = midnight(today - timedelta(days=today.weekday()), str(zone_of(person, zone)))
    return next_open(person, monday, reader.calendars, zone) <= at


def _missing(at: datetime) -> tuple[list[int], set[tuple[int, str]]]:
    leaders, sponsors = _leaders_and_sponsors()
    noted = _noted(leaders | sponsors, at)
    # On most days everybody has theirs, and nobody's hours need to be looked at.
    return sorted(p for p in leaders | sponsors if any((p, week) not in noted for week in _weeks(at))), noted


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


def _noted(person_ids: Collection[int], at: datetime) -> set[tuple[int, str]]:
    keys = [f"{kind}:{week}" for kind in (LEADERS, SPONSORS) for week in _weeks(at)]
    rows = db.session.execute(
        select(News.person_id, News.dedupe_key).where(News.person_id.in_(person_ids), News.dedupe_key.in_(keys))
    )
    return {(person_id, key.partition(":")[2]) for person_id, key in rows}


def _weeks(at: datetime) -> set[str]:
    """The weeks that `at` may fall in, anywhere on earth."""
    return {week_of((at + timedelta(hours=hours)).date()) for hours in (-12, 14)}


def week_of(day: date) -> str:
    """The ISO week of a day, as "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
