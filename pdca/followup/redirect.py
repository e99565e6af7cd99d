"""Does every notice still reach the right person? Looked at again until it has left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from pdca.db import db
from pdca.followup.gather import KIND
from pdca.followup.ladder import Step, step_named
from pdca.followup.models import Duty, DutyState, Notice, NoticeState
from pdca.followup.notices import begins_for, tell_people, whom
from pdca.followup.staff import Staff, staff_of
from pdca.mail.models import Message, MessageState

BATCH = 200
# A mail that has not left.
WAITING = (MessageState.PENDING, MessageState.HELD)


def unsent(at: datetime, after_id: int = 0) -> list[int]:
    """Notices to people that have not left, at most BATCH of them behind `after_id`."""
    waiting = select(Message.id).where(Message.kind == KIND, Message.state.in_(WAITING))
    mine = (Notice.person_id.is_not(None), Notice.id > after_id)
    # Also those whose day has not begun where their reader is: the reader may have moved.
    planned = select(Notice.id).where(Notice.state == NoticeState.PLANNED, *mine)
    # From the few mails that wait to their notices: what was sent long ago is not looked at every minute.
    gathered = select(Notice.id).where(Notice.message_id.in_(waiting), Notice.state == NoticeState.GATHERED, *mine)
    return sorted(db.session.scalars(planned.union(gathered)))[:BATCH]


def redirect(ids: Sequence[int], at: datetime) -> int:
    """Notices whose duty ended are obsolete; whose reader no longer acts, go to who does. How many were new."""
    statement = select(Notice).where(Notice.id.in_(ids)).options(joinedload(Notice.duty)).order_by(Notice.id)
    notices = db.session.scalars(statement).all()
    staff = staff_of({notice.duty.team_id for notice in notices})
    return sum(_redirect(notice, notice.duty, staff[notice.duty.team_id], at) for notice in notices)


def _redirect(notice: Notice, duty: Duty, staff: Staff, at: datetime) -> int:
    if duty.state is not DutyState.OPEN:
        notice.state = NoticeState.OBSOLETE
        return 0
    step = step_named(duty.ladder, notice.step)
    if step is None:
        return 0
    if notice.person_id in whom(duty, step, staff, at):
        _follow_the_reader(notice, duty, step, staff)
        return 0
    notice.state = NoticeState.OBSOLETE
    return tell_people(duty, step, staff, at)


def _follow_the_reader(notice: Notice, duty: Duty, step: Step, staff: Staff) -> None:
    """Who lives by another clock now reads it on that clock's day."""
    if notice.state is NoticeState.PLANNED and notice.person_id is not None:
        begins = begins_for(duty, step, staff, notice.person_id)
        if notice.due_at != begins:
            notice.due_at = begins


def reached_nobody(message: Message, at: datetime) -> None:
    """A grouped mail was given up: what it said goes to the next in line, in their next mail."""
    rows = db.session.execute(
        select(Notice, Duty).join(Duty, Duty.id == Notice.duty_id).where(Notice.message_id == message.id)
    )
    for notice, duty in rows.all():
        staff = staff_of([duty.team_id])[duty.team_id]
        step = step_named(duty.ladder, notice.step)
        notice.state = NoticeState.OBSOLETE
        if duty.state is DutyState.OPEN and step is not None:
            tell_people(duty, step, staff, at, besides=message.person_id)
