"""The one mail a day: written when it leaves, from what is still due and still theirs to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from pdca.db import db
from pdca.followup.digest import LEADERS, SPONSORS, Digest, leads, write_digest
from pdca.followup.gather import KIND, Reader, leave_out, news_in, notices_in, readers
from pdca.followup.ladder import step_named
from pdca.followup.lines import Line, Urgency
from pdca.followup.mail_acts import links_for
from pdca.followup.models import Duty, DutyState, News, Notice
from pdca.followup.news_lines import NewsLine, news_lines
from pdca.followup.notices import whom
from pdca.followup.reading import lines_of
from pdca.followup.redirect import missed_in
from pdca.followup.staff import staff_of
from pdca.followup.terms import DutyKind
from pdca.followup.windows import next_open, zone_of
from pdca.followup.wording import due_words, news_words, sentences, urgency_words
from pdca.mail.models import Message
from pdca.mail.rendering import Rendered, render_mail, thread_root, unsubscribe_url
from pdca.people.models import Person
from pdca.people.queries import visible_team_ids
from pdca.web import settings

# A pile of new items is one line: "12 new items wait for a decision".
PILE = 4


@dataclass(frozen=True)
class Pile:
    """New items of one team that wait for a decision, said in one line."""

    team_id: int
    team: str
    count: int


@dataclass(frozen=True)
class Letter:
    """What one person reads today."""

    lines: tuple[Line, ...]
    piles: tuple[Pile, ...]
    news: tuple[NewsLine, ...]
    digest: Digest | None
    # Open duties of theirs that are not in this mail.
    more: int
    # The duties it speaks of.
    duties: frozenset[int] = frozenset()

    @property
    def says_nothing(self) -> bool:
        """Nothing to say → no mail; only a digest is sent empty."""
        return not (self.lines or self.piles or self.news) and self.digest is None

    @property
    def news_by_item(self) -> list[tuple[NewsLine, list[NewsLine]]]:
        """What happened, item by item: the first line names the item."""
        items: dict[int, list[NewsLine]] = {}
        for line in self.news:
            items.setdefault(line.item_id, []).append(line)
        return [(lines[0], lines) for lines in items.values()]

    @property
    def groups(self) -> list[tuple[Urgency, list[Line]]]:
        """The lines by urgency, the most urgent first."""
        return [(urgency, list(lines)) for urgency, lines in groupby(self.lines, key=lambda line: line.urgency)]


def may_leave(message: Message, at: datetime) -> bool | datetime:
    """Looked at each time it is about to leave: still somebody of ours, still something due, window open."""
    reader = _reader(message)
    # To an address that is no longer theirs it does not go: what it would have said is still owed.
    if reader is None or message.address != reader.person.email:
        return False
    # One that was not written yet is looked at when it is written.
    if message.mime is not None and _letter(message, reader.person, at).says_nothing:
        return False
    opening = next_open(reader.person, at, reader.calendars, settings().timezone)
    return True if opening == at else opening


def write_grouped(message: Message, at: datetime) -> Rendered | None:
    """The mail in the reader's language and zone; None when there is nothing left to say."""
    reader = _reader(message)
    if reader is None:
        return None
    person = reader.person
    letter = _letter(message, person, at)
    _leave_out_the_rest(message, letter)
    if letter.says_nothing:
        return None
    subject, text, html = render_mail(
        KIND,
        person.locale or settings().locale or "nl",
        zone_of(person, settings().timezone).key,
        person=person,
        letter=letter,
        acts=links_for(message, list(letter.lines), person.id, at),
        at=at,
        due_words=due_words,
        news_words=news_words,
        sentences=sentences,
        urgency_words=urgency_words,
    )
    headers = {
        "References": thread_root(f"person:{person.id}"),
        "List-Unsubscribe": unsubscribe_url(message, at=at, person_id=person.id),
    }
    return Rendered(subject, text, html, headers)


def _reader(message: Message) -> Reader | None:
    return next(iter(readers([message.person_id])), None) if message.person_id is not None else None


# --- what is still true ----------------------------------------------------------------------------------


def _letter(message: Message, person: Person, at: datetime) -> Letter:
    duties = _still_due(notices_in(message), person, at)
    lines, piles = _piled(lines_of(duties, person.id, at))
    news = news_in(message)
    shown = {duty.id for duty in duties}
    return Letter(
        lines=tuple(lines),
        piles=tuple(piles),
        news=tuple(_still_theirs(news, person)),
        digest=_digest(news, person, at, shown),
        more=_other_duties(person, shown),
        duties=frozenset(shown),
    )


def _leave_out_the_rest(message: Message, letter: Letter) -> None:
    """What it does not say may be somebody else's by now: it must not be taken for said when this mail has left."""
    items = {line.item_id for line in letter.news}
    leave_out(
        (n for n in notices_in(message) if n.duty_id not in letter.duties),
        (n for n in news_in(message) if n.item_id not in items and (n.item_id or letter.digest is None)),
    )


def _still_due(notices: Sequence[Notice], person: Person, at: datetime) -> list[Duty]:
    """Duties that are open and that this person is told of as things stand now; each once (I6)."""
    open_now = [n for n in notices if n.duty.state is DutyState.OPEN]
    if not open_now:
        return []
    staff = staff_of({n.duty.team_id for n in open_now})
    missed = missed_in({n.duty_id for n in open_now})
    duties: dict[int, Duty] = {}
    for notice in open_now:
        duty = notice.duty
        step = step_named(duty.ladder, notice.step)
        besides = missed[duty.id, notice.step]
        if step is not None and person.id in whom(duty, step, staff[duty.team_id], at, besides):
            duties[duty.id] = duty
    return list(duties.values())


def _piled(lines: list[Line]) -> tuple[list[Line], list[Pile]]:
    piles: list[Pile] = []
    for team_id in {line.team_id for line in lines}:
        new = [line for line in lines if line.kind is DutyKind.DECIDE and line.team_id == team_id]
        if len(new) >= PILE:
            piles.append(Pile(team_id, new[0].team, len(new)))
            lines = [line for line in lines if line not in new]
    return lines, piles


def _still_theirs(news: Sequence[News], person: Person) -> list[NewsLine]:
    """News of items this person may still see; a digest is written apart."""
    teams = visible_team_ids(person)
    return [line for line in news_lines(news) if line.team_id in teams]


def _digest(news: Sequence[News], person: Person, at: datetime, shown: set[int]) -> Digest | None:
    for entry in news:
        if entry.kind in (LEADERS, SPONSORS):
            week = entry.dedupe_key.partition(":")[2]
            digest = write_digest(person, entry.kind, week, at, shown)
            # Only a leader's digest is sent empty, and only to who still leads a team.
            return None if digest.is_empty and not (entry.kind == LEADERS and leads(person)) else digest
    return None


def _other_duties(person: Person, shown: set[int]) -> int:
    held = select(func.count()).select_from(Duty).where(Duty.holder_id == person.id, Duty.state == DutyState.OPEN)
    return (db.session.scalar(held.where(Duty.id.not_in(shown))) or 0) if shown else (db.session.scalar(held) or 0)


def items_in(message: Message) -> set[int]:
    """The items this mail speaks of: what was sent about them cannot be taken back."""
    duties = db.session.scalars(select(Notice).where(Notice.message_id == message.id).options(joinedload(Notice.duty)))
    news = db.session.scalars(select(News.item_id).where(News.message_id == message.id))
    return {n.duty.subject_id for n in duties} | {i for i in news if i is not None}
