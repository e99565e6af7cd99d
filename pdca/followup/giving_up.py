"""Somebody chose that nothing is said of what is due by now: after a restore, or on a copy.

Hardly any of it is in a message yet. Steps fell due while nobody looked at the clock, and outside their hours people
have no mail of today. So everything is noted first, as the next pass would, and then ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import union, update

from pdca.db import db
from pdca.followup import notices, weekly
from pdca.followup.gather import left_in_forgone, take_over
from pdca.followup.jobs_units import in_savepoints
from pdca.followup.models import News, Notice, NoticeState
from pdca.followup.reconcile import reconcile_now


def give_up(at: datetime) -> None:
    """Note all that is due by now, and let none of it be said. What comes up from now on is."""
    _reach_every_step(at)
    if people := weekly.missing(at):
        in_savepoints(people, lambda ids: weekly.note_begun(ids, at))
    _say_nothing(at)


def _reach_every_step(at: datetime) -> None:
    while True:
        after = 0
        while ids := notices.due_duties(at, after):
            in_savepoints(ids, lambda some: _reach(some, at))
            after = ids[-1]
        # A step from which on a leader has to decide opens a duty, of which the leader is told at once.
        if not reconcile_now():
            return


def _reach(ids: Sequence[int], at: datetime) -> int:
    return notices.step_up(notices.taken(ids, at, wait=True), at)


def _say_nothing(at: datetime) -> None:
    noted = (Notice.state == NoticeState.PLANNED, Notice.due_at <= at)
    to_people, to_customers = Notice.person_id.is_not(None), Notice.contact_id.is_not(None)
    db.session.execute(update(Notice).where(*noted, to_people).values(state=NoticeState.OBSOLETE))
    # A question counts as asked, also for who becomes a customer later; it is only in no mail.
    db.session.execute(update(Notice).where(*noted, to_customers).values(state=NoticeState.GATHERED))
    news = (News.state == NoticeState.PLANNED, News.at <= at)
    db.session.execute(update(News).where(*news).values(state=NoticeState.OBSOLETE))
    # What lies in mails that never left would be taken over by the next one.
    left_behind = union(left_in_forgone(Notice), left_in_forgone(News))
    take_over(db.session.scalars(left_behind).all(), None)
