"""What a mail would have said that never left is still owed: to its reader, or to whoever acts by now.

Delivery runs more often than the pass that looks who must be told, so each story lets it come first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from pdca.db import db
from pdca.followup.models import News, Notice, NoticeState
from pdca.items import handovers
from pdca.items.handovers import Note
from pdca.items.terms import HandoverState, Phase
from pdca.mail.jobs import Delivered, deliver
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import discard, note, tell_dead
from pdca.mail.standstill import Choice, resume
from pdca.people import accounts
from tests.followup.conftest import Stage, at, day, queue_only
from tests.followup.test_engine import DIFFERENT, leave
from tests.stories import Crew, walk

PASSED = "1 promise passed"
EARLY = at(3, 24, 8)
SECONDS = timedelta(seconds=10)


@pytest.fixture
def queued(promised: Stage) -> Stage:
    """Omar's mail of 24 March waits; it says that the promised date has passed."""
    queue_only(promised, EARLY)
    return promised


def delivers(stage: Stage, moment=EARLY + SECONDS) -> Delivered:
    """Delivery alone, before the next look at who must be told."""
    with stage.app.app_context():
        done = deliver(moment)
    stage.post = stage.mailbox.new()
    return done


def state_of(stage: Stage, name: str) -> list[MessageState]:
    """Of the mails to somebody, the oldest first."""
    with stage.look():
        theirs = Message.person_id == getattr(stage.team, name).id
        return list(db.session.scalars(select(Message.state).where(theirs).order_by(Message.id)))


def set_state(stage: Stage, name: str, state: MessageState) -> None:
    """The mail that waits for somebody."""
    with stage.work() as team:
        theirs = (Message.person_id == getattr(team, name).id, Message.state == MessageState.PENDING)
        db.session.execute(update(Message).where(*theirs).values(state=state))


def is_removed(team: Crew) -> None:
    leave(team, team.owner, EARLY)


def is_switched_off(team: Crew) -> None:
    accounts.deactivate(team.owner, by=team.administrator, at=EARLY)


def unsubscribes(team: Crew) -> None:
    team.owner.mail_off_at = EARLY


@pytest.mark.fault(40)
@pytest.mark.parametrize("goes", [is_removed, is_switched_off, unsubscribes])
def test_who_is_next_in_line_is_told(queued: Stage, goes: Callable[[Crew], None]):
    with queued.work() as team:
        goes(team)
    assert delivers(queued).obsolete == 1
    assert state_of(queued, "owner") == [MessageState.OBSOLETE]
    queued.passes(EARLY + timedelta(minutes=1))
    assert queued.said("omar") == []
    assert PASSED in queued.said("bo")


@pytest.mark.fault(40)
@pytest.mark.parametrize("goes", [is_removed, is_switched_off])
def test_nothing_of_the_board_is_read_by_who_left(queued: Stage, goes: Callable[[Crew], None]):
    with queued.work() as team:
        goes(team)
    delivers(queued)
    for n in range(1, 20):
        assert queued.passes(EARLY + timedelta(days=n)).said("omar") == []


@pytest.mark.fault(39)
def test_who_took_it_over_meanwhile_is_told(promised: Stage):
    with promised.work() as team:
        text = Note("Niets.", "Alles.", "Karin: 23 maart.", "Let op.")
        handovers.hand_over(promised.item, team.member.id, text, by=team.owner, at=at(3, 23))
    promised.passes(at(3, 23, 12))
    queue_only(promised, EARLY)
    with promised.work() as team:
        open_one = next(h for h in promised.item.handovers if h.state is HandoverState.OPEN)
        handovers.accept(open_one, "Ik neem het over en bel Karin.", by=team.member, at=EARLY)
    delivers(promised)
    assert promised.said("omar") == []
    promised.passes(EARLY + timedelta(minutes=1))
    told = promised.said("mila")
    promised.passes(EARLY + timedelta(days=1))
    assert PASSED in told + promised.said("mila")


@pytest.mark.fault(39, 40)
def test_a_line_that_was_left_out_of_a_mail_that_did_leave_goes_to_the_next(promised: Stage):
    """Two promises in one mail; one is Mila's by the time it leaves."""
    with promised.work() as team:
        walk(team, Phase.DO, at=day(0, 9), title="Klok in de wachtkamer", lookalikes=DIFFERENT)
        text = Note("Niets.", "Alles.", "Karin: 23 maart.", "Let op.")
        handovers.hand_over(promised.item, team.member.id, text, by=team.owner, at=at(3, 23))
    promised.passes(at(3, 23, 12))
    queue_only(promised, EARLY)
    with promised.work() as team:
        open_one = next(h for h in promised.item.handovers if h.state is HandoverState.OPEN)
        handovers.accept(open_one, "Ik neem het over en bel Karin.", by=team.member, at=EARLY)
    delivers(promised)
    assert promised.said("omar") == ["2 promise passed"]
    promised.passes(EARLY + timedelta(minutes=1))
    told = promised.said("mila")
    promised.passes(EARLY + timedelta(days=1))
    assert (told + promised.said("mila")).count(PASSED) == 1
    assert promised.said("omar") == ["1 taken over"]


@pytest.mark.parametrize("state", [MessageState.HELD, MessageState.DEAD])
def test_what_an_administrator_discards_is_said_another_day(queued: Stage, state: MessageState):
    """One mail was in the way. It never left, so its reader was not told."""
    set_state(queued, "owner", state)
    with queued.work() as team:
        found = db.session.scalars(select(Message).where(Message.person_id == team.owner.id)).one()
        discard(found, by_id=team.administrator.id, at=EARLY)
    assert queued.passes(EARLY + timedelta(hours=1)).said("omar") == []
    assert queued.passes(EARLY + timedelta(days=1)).said("omar") == [PASSED]
    assert PASSED not in queued.passes(EARLY + timedelta(days=1, hours=1)).said("omar")


def test_what_an_administrator_discards_after_a_restore_is_not_said(queued: Stage):
    """ "Nothing of it leaves": else all of it would come a day later. What comes up from then on does."""
    with queued.work():
        resume(Choice.DISCARD, by="person:1", at=EARLY)
    with queued.look():
        gathered = select(Notice.id).where(Notice.state == NoticeState.GATHERED, Notice.step == "E1")
        assert db.session.scalars(gathered).all() == []
    for n in range(2):
        assert queued.passes(EARLY + timedelta(days=n, hours=1)).said("omar") == []
    assert any(PASSED in queued.passes(EARLY + timedelta(days=n)).said("omar") for n in range(2, 12))


def test_news_of_a_mail_that_never_left_comes_with_the_next(stage: Stage):
    """Mila unsubscribed, and a day later she wants mail again."""
    with stage.work() as team:
        stage.item_id = walk(team, Phase.DO, at=day(0, 9)).item.id
    queue_only(stage, day(0))
    with stage.work() as team:
        team.member.mail_off_at = day(0)
    delivers(stage, day(0) + SECONDS)
    assert (stage.said("mila"), state_of(stage, "member")) == ([], [MessageState.OBSOLETE])
    assert stage.passes(day(1)).said("mila") == []
    with stage.work() as team:
        team.member.mail_off_at = None
    assert stage.passes(day(2)).said("mila") == ["1 taken up + promised"]
    assert stage.passes(day(3)).said("mila") == []


def test_news_that_is_no_longer_theirs_does_not_wait_for_ever(stage: Stage):
    """Else a mail that says nothing would be made for them every day."""
    with stage.work() as team:
        stage.item_id = walk(team, Phase.DO, at=day(0, 9)).item.id
    queue_only(stage, day(0))
    with stage.work() as team:
        leave(team, team.member, day(0))
    delivers(stage, day(0) + SECONDS)
    stage.passes(day(1)).passes(day(2))
    assert state_of(stage, "member") == [MessageState.OBSOLETE]
    with stage.look():
        theirs = select(News.state).where(News.person_id == stage.team.member.id)
        assert set(db.session.scalars(theirs)) == {NoticeState.OBSOLETE}


@pytest.mark.fault(19, 23)
@pytest.mark.parametrize("came_back", [False, True], ids=["given up", "came back hours later"])
def test_who_was_not_reached_does_not_take_it_back_from_the_next_in_line(queued: Stage, came_back: bool):
    """The address is not on the list: it was this mail that did not arrive. Also when nobody heard that it died."""
    if came_back:
        delivers(queued)
        with queued.work() as team:
            found = db.session.scalars(select(Message).where(Message.person_id == team.owner.id)).all()[-1]
            note(found.id, "bounced", at=EARLY, node="notification", words="5.2.2 over quota")
            tell_dead(found, EARLY)
    else:
        set_state(queued, "owner", MessageState.DEAD)
    queue_only(queued, EARLY + timedelta(minutes=2))
    queued.passes(EARLY + timedelta(minutes=5))
    assert (queued.said("omar"), queued.said("bo")) == ([], [PASSED])
    queued.passes(EARLY + timedelta(hours=1))
    assert queued.passes(EARLY + timedelta(days=1)).said("omar") == []


def test_what_nobody_can_be_told_waits_for_somebody_who_can(queued: Stage):
    """Everybody who is next in line unsubscribed too."""
    with queued.work() as team:
        everybody = (team.owner, team.member, team.keeper, team.leader, team.sponsor, team.administrator)
        for person in everybody:
            person.mail_off_at = EARLY
    delivers(queued)
    queued.passes(EARLY + timedelta(hours=1))
    with queued.work() as team:
        team.leader.mail_off_at = None
    assert PASSED in queued.passes(EARLY + timedelta(days=1)).said("leyla")
