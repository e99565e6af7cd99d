"""A mailbox says "later" for days, and each day's mail takes over the one before: the hours count on all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.items import talk
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import release
from tests.followup.conftest import Stage, at
from tests.followup.test_new_address import NEW, is_confirmed
from tests.followup.test_refused_address import Picky, refused, server  # noqa: F401

FULL = "452 4.2.2 mailbox full"
COMES = "1 promise comes"


@pytest.fixture
def full(promised: Stage, server: Picky) -> Stage:  # noqa: F811
    """From Tuesday 17 March on Omar's mailbox is full; Mila writes something every day. The promise is of the 23rd."""
    refused(promised, server, "owner", answer=FULL)
    return promised


def lives(stage: Stage, server: Picky, day: int) -> dict[str, list[str]]:  # noqa: F811
    """One day in March: something new, and a pass at eight, twelve and four. Who was told what."""
    with stage.work() as team:
        talk.comment(stage.item, f"Dag {day}", by=team.member, at=at(3, day, 6))
    said: dict[str, list[str]] = {}
    for hour in (8, 12, 16):
        stage.run(at(3, day, hour))
        said |= server.lines()
    return said


def states(stage: Stage) -> list[MessageState]:
    """Of Omar's grouped mails, the oldest first."""
    mine = (Message.person_id == stage.team.owner.id, Message.kind == "grouped", Message.created_at >= at(3, 17, 0))
    with stage.look():
        return list(db.session.scalars(select(Message.state).where(*mine).order_by(Message.id)))


@pytest.mark.fault(18, 19)
def test_after_72_hours_the_next_in_line_is_told(full: Stage, server: Picky):  # noqa: F811
    """What goes to Omar alone: that his promise comes, on Thursday."""
    keeper = full.team.keeper.email
    for day in (17, 18, 19):
        assert keeper not in lives(full, server, day)
    assert states(full) == [MessageState.COVERED, MessageState.COVERED, MessageState.PENDING]
    assert COMES in lives(full, server, 20)[keeper]
    assert states(full)[-1] is MessageState.DEAD


@pytest.mark.fault(18)
def test_one_that_was_taken_in_between_starts_anew(full: Stage, server: Picky):  # noqa: F811
    owner = full.team.owner.email
    lives(full, server, 17)
    lives(full, server, 18)
    del server.unknown[owner]
    assert owner in lives(full, server, 19)
    server.unknown[owner] = FULL
    lives(full, server, 20)
    assert states(full)[-2:] == [MessageState.ACCEPTED, MessageState.PENDING]


@pytest.mark.fault(18)
@pytest.mark.parametrize("let_go", [False, True], ids=["the next mail", "let go again"])
def test_after_one_was_given_up_the_hours_count_anew(full: Stage, server: Picky, let_go: bool):  # noqa: F811
    for day in (17, 18, 19, 20):
        lives(full, server, day)
    assert states(full)[-1] is MessageState.DEAD
    if let_go:
        with full.work() as team:
            mine = (Message.person_id == team.owner.id, Message.state == MessageState.DEAD)
            release(db.session.scalars(select(Message).where(*mine)).one(), by_id=team.administrator.id, at=at(3, 21))
    lives(full, server, 23)
    assert states(full)[-1] is MessageState.PENDING


@pytest.mark.fault(18)
def test_at_a_new_address_nothing_is_held_against_it(full: Stage, server: Picky):  # noqa: F811
    """Put off for days at the old one, and once (a stranger, come again) at the new one."""
    for day in (17, 18, 19):
        lives(full, server, day)
    server.unknown[NEW] = "451 4.7.1 come again"
    is_confirmed(full, at(3, 19, 17))
    full.run(at(3, 19, 17))
    del server.unknown[NEW]
    full.run(at(3, 19, 17) + timedelta(minutes=5))
    assert COMES in server.lines()[NEW]
    # A day later nothing of it comes again.
    assert COMES not in lives(full, server, 20).get(NEW, [])
