"""The past of the demo: the ladder climbs day by day, and nobody pretends that it was mailed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from pdca.db import db
from pdca.demo.days import Days
from pdca.followup import notices
from pdca.followup.customers import REMIND, check_of
from pdca.followup.ladder import midnight
from pdca.followup.models import Duty, DutyState, News, Notice, NoticeState
from pdca.followup.reconcile import ITEM, reconcile_now
from pdca.items import checks
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import make_obsolete

# A step is due from midnight on; people would have read of it in the morning.
MORNING = timedelta(hours=8)


def climb(item_id: int, until: datetime) -> None:
    """Let the duties of one item reach the steps that fell due before `until`, each on the morning of its day."""
    while (moment := _next_step(item_id, until)) is not None:
        at = moment + MORNING
        due = select(Duty.id).where(*_of(item_id), Duty.next_step_at <= at)
        notices.step_up(notices.taken(db.session.scalars(due).all(), at), at)
        _ask_customers(at)
        reconcile_now()


def _next_step(item_id: int, before: datetime) -> datetime | None:
    return db.session.scalar(select(func.min(Duty.next_step_at)).where(*_of(item_id), Duty.next_step_at < before))


def _of(item_id: int) -> tuple[ColumnElement[bool], ...]:
    return Duty.subject_kind == ITEM, Duty.subject_id == item_id, Duty.state == DutyState.OPEN


def _ask_customers(at: datetime) -> None:
    """In the demo's past the customers were asked, so their checks say so."""
    asked = select(Notice, Duty).join(Duty).where(Notice.state == NoticeState.PLANNED, Notice.contact_id.is_not(None))
    for notice, duty in db.session.execute(asked).all():
        check = check_of(duty)
        if check is not None and notice.step == REMIND:
            checks.remind(check, at=at)
        elif check is not None:
            checks.ask(check, at=at)
        notice.state = NoticeState.OBSOLETE


def end_of_past(days: Days) -> datetime:
    """What falls due on the last working day, and was said on it, is left to the follow-up: its mails really leave."""
    return midnight(days.working(0), days.zone)


def nobody_was_mailed(days: Days) -> None:
    """Not one of the mails of the past left, and nobody should think so: they are obsolete, not sent."""
    end = end_of_past(days)
    stale = Notice.state == NoticeState.PLANNED, Notice.due_at < end
    db.session.execute(update(Notice).where(*stale).values(state=NoticeState.OBSOLETE))
    # What happened after the mail of the day before travels in the next.
    day_before = midnight(days.calendar.add(days.working(0), -1), days.zone)
    old = News.state == NoticeState.PLANNED, News.at < day_before
    db.session.execute(update(News).where(*old).values(state=NoticeState.OBSOLETE))
    waiting = Message.state == MessageState.PENDING, Message.not_before < end
    make_obsolete(db.session.scalars(select(Message.id).where(*waiting)).all(), days.now)
