"""Does every notice still reach the right person? Looked at again until it has left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import joinedload

from pdca.db import db
from pdca.followup.gather import FORGONE, KIND, is_gathered
from pdca.followup.ladder import Step, step_named
from pdca.followup.models import Duty, DutyState, Notice, NoticeState
from pdca.followup.notices import begins_for, in_place_of, tell
from pdca.followup.staff import Staff, staff_of
from pdca.mail.models import Attempt, Message, MessageState

BATCH = 200
# A mail that has not left, or never will: what it says, or would have said, is still owed to somebody.
UNSENT = (MessageState.PENDING, MessageState.HELD, MessageState.DEAD, *FORGONE)


def unsent(after_id: int = 0) -> list[int]:
    """Notices to people that have not left, at most BATCH of them behind `after_id`."""
    waiting = select(Message.id).where(Message.kind == KIND, Message.state.in_(UNSENT))
    mine = (Notice.person_id.is_not(None), Notice.id > after_id)
    # Also those whose day has not begun where their reader is: the reader may have moved.
    planned = select(Notice.id).where(Notice.state == NoticeState.PLANNED, *mine)
    # From the few mails that wait to their notices: what was sent long ago is not looked at every minute.
    gathered = select(Notice.id).where(Notice.message_id.in_(waiting), is_gathered(Notice), *mine)
    return list(db.session.scalars(planned.union(gathered).order_by("id").limit(BATCH)))


def redirect(ids: Sequence[int], at: datetime) -> int:
    """Notices whose duty ended are obsolete; whose reader no longer acts, go to who does. How many were new."""
    statement = select(Notice).where(Notice.id.in_(ids)).options(joinedload(Notice.duty)).order_by(Notice.id)
    notices = db.session.scalars(statement).all()
    if not notices:
        return 0
    staff = staff_of({notice.duty.team_id for notice in notices})
    missed = missed_in({notice.duty_id for notice in notices})
    # First who is told in whose place, of all of them, as they were noted; then they are handed on.
    others = [
        (notice, _others(notice, staff[notice.duty.team_id], at, missed[notice.duty_id, notice.step]))
        for notice in notices
    ]
    return sum(_hand_on(notice, people, staff[notice.duty.team_id], at) for notice, people in others if people)


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


def _others(notice: Notice, staff: Staff, at: datetime, missed: Collection[int]) -> set[int]:
    """Whom this notice has to reach besides its own reader, or instead of them: then it is obsolete."""
    duty = notice.duty
    if duty.state is not DutyState.OPEN:
        notice.state = NoticeState.OBSOLETE
        return set()
    step = step_named(duty.ladder, notice.step)
    if step is None:
        return set()
    readers = _readers(notice, step, staff, at, missed)
    if notice.person_id in readers:
        _follow_the_reader(notice, duty, step, staff)
    elif readers:
        # When nobody can be told at this moment, it stays for whoever can be.
        notice.state = NoticeState.OBSOLETE
    return readers - {notice.person_id}


def _hand_on(notice: Notice, people: set[int], staff: Staff, at: datetime) -> int:
    step = step_named(notice.duty.ladder, notice.step)
    assert step is not None
    made = tell(notice.duty, step, staff, at, sorted(people))
    # From now on it stands for those in whose place its reader is told today; theirs too, when they had it already.
    same = (Notice.duty_id == notice.duty_id, Notice.step == notice.step)
    db.session.execute(
        update(Notice).where(*same, Notice.person_id.in_({*people, notice.person_id})).values(reached_at=at)
    )
    return made


def _readers(notice: Notice, step: Step, staff: Staff, at: datetime, missed: Collection[int]) -> set[int]:
    """Who acts now for those this notice stands for: the places its reader had when it was noted.

    Everybody else that the step tells has a notice of their own, which may have left: nobody is told in their place.
    `missed`: whom no mail about this step reaches.
    """
    now = in_place_of(notice.duty, step, staff, at, missed)
    then = in_place_of(notice.duty, step, staff, notice.reached_at)
    readers = {now[place] for place, reader in then.items() if reader == notice.person_id and place in now}
    # Somebody else has the part since then: rather once too often than never.
    return readers or set(now.values())


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
