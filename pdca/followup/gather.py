"""Gathering: at most one grouped mail per person per day, when their mail window is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select, union, update
from sqlalchemy.orm import joinedload

from pdca.db import db
from pdca.followup.jobs_units import found_among
from pdca.followup.models import News, Notice, NoticeState
from pdca.followup.windows import is_open, local_day
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import cover, queue
from pdca.people.calendar import Calendar
from pdca.people.models import Membership, Person, Sponsorship
from pdca.people.queries import rules_of, with_stand_ins
from pdca.web import settings

KIND = "grouped"
# A mail that will never leave, and another one may say what it would have said.
FORGONE = (MessageState.OBSOLETE, MessageState.COVERED)


@dataclass(frozen=True)
class Reader:
    """Somebody who may get a mail, and the calendars their days go by."""

    person: Person
    calendars: tuple[Calendar, ...]

    def is_open(self, at: datetime) -> bool:
        """Whether their mail window is open."""
        return is_open(self.person, at, self.calendars, settings().timezone)


def people_to_mail(at: datetime) -> list[int]:
    """Everybody for whom something waits, whose window is open and whose mail of today did not leave yet."""
    reading = dict(found_among(_people_with_something(at), lambda ids: _open_mails(ids, at)))
    left = left_already(reading.values()) if reading else set()
    return [person_id for person_id, key in reading.items() if key not in left]


def _open_mails(person_ids: Sequence[int], at: datetime) -> list[tuple[int, str]]:
    return [(r.person.id, key_of(r.person, at)) for r in readers(person_ids) if r.is_open(at)]


def key_of(person: Person, at: datetime) -> str:
    """One grouped mail per person per day of theirs."""
    return f"{KIND}:{person.id}:{local_day(person, at, settings().timezone).isoformat()}"


def left_already(keys: Iterable[str]) -> set[str]:
    """Mails of today that can take nothing more: written, or gone."""
    still_open = (Message.state == MessageState.PENDING) & Message.mime.is_(None)
    return set(db.session.scalars(select(Message.dedupe_key).where(Message.dedupe_key.in_(list(keys)), ~still_open)))


def _people_with_something(at: datetime) -> list[int]:
    notices = select(Notice.person_id).where(
        Notice.state == NoticeState.PLANNED, Notice.person_id.is_not(None), Notice.due_at <= at
    )
    news = select(News.person_id).where(News.state == NoticeState.PLANNED, News.at <= at)
    left_behind = select(Message.person_id).where(Message.id.in_(union(left_in_forgone(Notice), left_in_forgone(News))))
    found = (person_id for statement in (notices, news, left_behind) for person_id in db.session.scalars(statement))
    return sorted({person_id for person_id in found if person_id is not None})


def left_in_forgone(table: type[Notice | News]) -> Select[int]:
    """Mails that will never leave, and still hold such rows."""
    return (
        select(Message.id)
        .join(table, table.message_id == Message.id)
        .where(Message.kind == KIND, Message.state.in_(FORGONE), is_gathered(table))
    )


def is_gathered(table: type[Notice | News]) -> ColumnElement[bool]:
    """From a few mails to their rows. Nearly all rows are in this state: said so that no index of states is used."""
    return table.state.not_in((NoticeState.PLANNED, NoticeState.OBSOLETE))


def readers(person_ids: Iterable[int]) -> list[Reader]:
    """These people, as far as they are active, with the calendars of all their teams."""
    ids = list(person_ids)
    # In most minutes nobody waits for anything.
    if not ids:
        return []
    people = db.session.scalars(
        with_stand_ins(
            select(Person).where(Person.id.in_(ids), Person.deactivated_at.is_(None), Person.mail_off_at.is_(None))
        ).order_by(Person.id)
    ).all()
    teams = _teams_of(ids)
    rules = rules_of({team for mine in teams.values() for team in mine})
    return [Reader(p, tuple(rules[team].calendar for team in sorted(teams[p.id]))) for p in people]


def _teams_of(person_ids: list[int]) -> dict[int, set[int]]:
    teams: dict[int, set[int]] = defaultdict(set)
    for table in (Membership, Sponsorship):
        rows = db.session.execute(select(table.person_id, table.team_id).where(table.person_id.in_(person_ids)))
        for person_id, team_id in rows:
            teams[person_id].add(team_id)
    return teams


def gather_for(reader: Reader, at: datetime) -> bool:
    """Put all that waits for this person in today's mail; False when the window is closed or it left already."""
    if not reader.is_open(at):
        return False
    person = reader.person
    key = key_of(person, at)
    about = {"person": person.id}
    made = queue(KIND, address=person.email, about=about, dedupe_key=key, at=at, person_id=person.id)
    message = made or _still_unwritten(key)
    if message is None:
        return False
    _take_over_older(message, at)
    _put_in(message, at)
    return made is not None


def _still_unwritten(key: str) -> Message | None:
    """Today's mail, while it was not written yet: what comes up now can still travel in it.

    Ours until this unit of work ends: whoever claims and writes it meanwhile would not say what is put in.
    """
    return db.session.scalar(
        select(Message)
        .where(Message.dedupe_key == key, Message.state == MessageState.PENDING, Message.mime.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _take_over_older(message: Message, at: datetime) -> None:
    """A mail of an earlier day that nobody accepted yet is covered by this one, with all that is in it.

    So is what lies in one that will never leave.
    """
    mine = (Message.person_id == message.person_id, Message.kind == KIND, Message.id != message.id)
    waits = (Message.state == MessageState.PENDING, Message.possible_duplicate.is_(False))
    older = db.session.scalars(select(Message.id).where(*mine, *waits)).all()
    if older:
        cover(older, at)
    left_behind = union(left_in_forgone(Notice).where(*mine), left_in_forgone(News).where(*mine))
    if forgone := db.session.scalars(left_behind).all():
        take_over(forgone, message.id)


def take_over(older: Sequence[int], message_id: int | None) -> None:
    """What travelled in these messages travels in this one; None: in none at all, nobody will be told."""
    state = NoticeState.OBSOLETE if message_id is None else NoticeState.GATHERED
    for table in (Notice, News):
        rows = (table.message_id.in_(older), table.state == NoticeState.GATHERED)
        db.session.execute(update(table).where(*rows).values(message_id=message_id, state=state))


def _put_in(message: Message, at: datetime) -> None:
    for table, when in ((Notice, Notice.due_at), (News, News.at)):
        db.session.execute(
            update(table)
            .where(table.person_id == message.person_id, table.state == NoticeState.PLANNED, when <= at)
            .values(state=NoticeState.GATHERED, message_id=message.id)
        )


def notices_in(message: Message) -> list[Notice]:
    """The notices that travel in this mail, with their duties."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.message_id == message.id, Notice.state == NoticeState.GATHERED)
            .options(joinedload(Notice.duty))
            .order_by(Notice.id)
        )
    )


def leave_out(notices: Iterable[Notice], news: Iterable[News]) -> None:
    """What a mail does not say is not in it: a notice is looked at again, news is no longer theirs to hear."""
    for notice in notices:
        notice.state, notice.message_id = NoticeState.PLANNED, None
    for entry in news:
        entry.state = NoticeState.OBSOLETE


def news_in(message: Message) -> list[News]:
    """The news that travels in this mail, the oldest first."""
    return list(
        db.session.scalars(
            select(News)
            .where(News.message_id == message.id, News.state == NoticeState.GATHERED)
            .order_by(News.at, News.id)
        )
    )
