"""Does every notice still reach the right person? Looked at again until it has left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import joinedload

from pdca.db import db
from pdca.followup.gather import FORGONE, KIND, is_gathered
from pdca.followup.ladder import Step, step_named
from pdca.followup.models import Duty, DutyState, News, Notice, NoticeState
from pdca.followup.notices import begins_for, tell_people, whom
from pdca.followup.staff import Staff, staff_of
from pdca.items.models import Item
from pdca.mail.models import Attempt, Message, MessageState
from pdca.people.models import Membership, Person, Sponsorship

BATCH = 200
# A mail that has not left, or never will: what it says, or would have said, is still owed to somebody.
UNSENT = (MessageState.PENDING, MessageState.HELD, MessageState.DEAD, *FORGONE)


def unsent(at: datetime, after_id: int = 0) -> list[int]:
    """Notices to people that have not left, at most BATCH of them behind `after_id`."""
    waiting = select(Message.id).where(Message.kind == KIND, Message.state.in_(UNSENT))
    mine = (Notice.person_id.is_not(None), Notice.id > after_id)
    # Also those whose day has not begun where their reader is: the reader may have moved.
    planned = select(Notice.id).where(Notice.state == NoticeState.PLANNED, *mine)
    # From the few mails that wait to their notices: what was sent long ago is not looked at every minute.
    gathered = select(Notice.id).where(Notice.message_id.in_(waiting), is_gathered(Notice), *mine)
    return sorted(db.session.scalars(planned.union(gathered)))[:BATCH]


def redirect(ids: Sequence[int], at: datetime) -> int:
    """Notices whose duty ended are obsolete; whose reader no longer acts, go to who does. How many were new."""
    statement = select(Notice).where(Notice.id.in_(ids)).options(joinedload(Notice.duty)).order_by(Notice.id)
    notices = db.session.scalars(statement).all()
    if not notices:
        return 0
    staff = staff_of({notice.duty.team_id for notice in notices})
    missed = missed_in({notice.duty_id for notice in notices})
    return sum(
        _redirect(notice, notice.duty, staff[notice.duty.team_id], at, missed[notice.duty_id, notice.step])
        for notice in notices
    )


def missed_in(duty_ids: Collection[int]) -> defaultdict[tuple[int, str], set[int]]:
    """Whom the mail about a step of a duty did not reach: it was given up, or came back."""
    came_back = exists().where(Attempt.message_id == Message.id, Attempt.outcome == "bounced")
    rows = db.session.execute(
        select(Notice.duty_id, Notice.step, Notice.person_id)
        .join(Message, Message.id == Notice.message_id)
        .where(Notice.duty_id.in_(duty_ids), (Message.state == MessageState.DEAD) | came_back)
    )
    missed: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for duty_id, step, person_id in rows:
        if person_id is not None:
            missed[duty_id, step].add(person_id)
    return missed


def _redirect(notice: Notice, duty: Duty, staff: Staff, at: datetime, missed: Collection[int]) -> int:
    if duty.state is not DutyState.OPEN:
        notice.state = NoticeState.OBSOLETE
        return 0
    step = step_named(duty.ladder, notice.step)
    if step is None:
        return 0
    told = whom(duty, step, staff, at, missed)
    if notice.person_id in told:
        _follow_the_reader(notice, duty, step, staff)
        return 0
    if not told:
        # Nobody can be told at this moment: it stays, for whoever can be.
        return 0
    notice.state = NoticeState.OBSOLETE
    return tell_people(duty, step, staff, at, missed)


def _follow_the_reader(notice: Notice, duty: Duty, step: Step, staff: Staff) -> None:
    """Who lives by another clock now reads it on that clock's day."""
    if notice.state is NoticeState.PLANNED and notice.person_id is not None:
        begins = begins_for(duty, step, staff, notice.person_id)
        if notice.due_at != begins:
            notice.due_at = begins


def reached_nobody(message: Message, at: datetime) -> None:
    """A grouped mail was given up: what it said goes to the next in line, in their next mail."""
    gathered = (Notice.message_id == message.id, Notice.state == NoticeState.GATHERED)
    redirect(db.session.scalars(select(Notice.id).where(*gathered)).all(), at)


# --- who may no longer see it ----------------------------------------------------------------------------


def unwrite(team_ids: Collection[int]) -> None:
    """What was written for somebody who may no longer see these teams is written anew when it leaves (I6).

    A copy that is on its way in this moment leaves as it was; when its process dies, the next one writes it anew.
    """
    of_duties = (
        select(Notice.message_id)
        .join(Duty, Duty.id == Notice.duty_id)
        .join(Person, Person.id == Notice.person_id)
        .where(Duty.team_id.in_(team_ids), Notice.state == NoticeState.GATHERED, _is_strange_to(Duty.team_id))
    )
    of_news = (
        select(News.message_id)
        .join(Item, Item.id == News.item_id)
        .join(Person, Person.id == News.person_id)
        .where(Item.team_id.in_(team_ids), News.state == NoticeState.GATHERED, _is_strange_to(Item.team_id))
    )
    waits = (Message.state.in_((MessageState.PENDING, MessageState.SENDING)), Message.mime.is_not(None))
    db.session.execute(update(Message).where(*waits, Message.id.in_(of_duties.union(of_news))).values(mime=None))


def _is_strange_to(team_id: Any) -> ColumnElement[bool]:
    member = exists().where(Membership.team_id == team_id, Membership.person_id == Person.id)
    sponsor = exists().where(Sponsorship.team_id == team_id, Sponsorship.person_id == Person.id)
    return ~Person.is_administrator & ~member & ~sponsor
