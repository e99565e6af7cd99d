"""Somebody's address changes while mail for them waits: nothing of it goes to the mailbox that is no longer theirs.

Threat 36: whoever reads the old mailbox is told that the address changed, and nothing else.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.mail.links import make_link
from pdca.mail.models import Message, MessageState
from pdca.people.accounts import ACCOUNT_CHANGED, NEW_ADDRESS, SIGN_IN, ask_for_link, confirm_new_address
from pdca.people.accounts import ask_for_new_address as ask
from tests.followup.conftest import Stage, at, queue_only
from tests.followup.test_refused_address import Picky, refused, server  # noqa: F401
from tests.mail.conftest import set_up

DOWN = "smtp://127.0.0.1:9"
NEW = "omar@elders.example"
PASSED = "1 promise passed"


def is_confirmed(stage: Stage, moment) -> None:
    """He asked for it, and opened the link that came to the new address."""
    with stage.work() as team:
        ask(team.owner, NEW, moment)
        message = db.session.scalars(select(Message).where(Message.kind == NEW_ADDRESS)).one()
        until = moment + timedelta(hours=1)
        link = make_link(
            NEW_ADDRESS, team.owner.id, at=moment, expires_at=until, message_id=message.id, person_id=team.owner.id
        )
        confirm_new_address(link, moment)


def waits(stage: Stage) -> Message:
    """His grouped mail of today, in the open session."""
    mine = (Message.person_id == stage.team.owner.id, Message.kind == "grouped")
    return db.session.scalars(select(Message).where(*mine).order_by(Message.id.desc())).first()


def back_up(stage: Stage, moment) -> None:
    set_up(stage.app, mail_url=f"file:{stage.mailbox.folder}")
    stage.passes(moment)


def to(stage: Stage, address: str) -> list[list[str]]:
    return [mail.lines for mail in stage.post if mail.to == address]


@pytest.mark.fault(40)
@pytest.mark.parametrize("possible_duplicate", [False, True], ids=["never sent", "may have left"])
def test_what_was_written_goes_to_the_new_address_the_same_day(promised: Stage, possible_duplicate: bool):
    set_up(promised.app, mail_url=DOWN)
    promised.passes(at(3, 24, 8))
    with promised.work():
        assert waits(promised).mime is not None
        waits(promised).possible_duplicate = possible_duplicate
    is_confirmed(promised, at(3, 24, 9))
    back_up(promised, at(3, 24, 10))
    assert to(promised, NEW) == [[PASSED]]
    (mail,) = [mail for mail in promised.post if mail.to == promised.team.owner.email]
    assert NEW in mail.text
    assert "/items/" not in mail.text


def test_what_is_held_goes_there_too_when_it_is_let_go(promised: Stage):
    queue_only(promised, at(3, 24, 8))
    with promised.work():
        waits(promised).state = MessageState.HELD
    is_confirmed(promised, at(3, 24, 9))
    with promised.look():
        assert waits(promised).address == NEW


@pytest.mark.fault(40)
def test_what_a_process_began_to_send_does_not_go_there_again(promised: Stage):
    """Its process died. What it said comes with the next mail, to the new address."""
    set_up(promised.app, mail_url=DOWN)
    promised.passes(at(3, 24, 8))
    with promised.work():
        message = waits(promised)
        message.state, message.lease_token, message.lease_until = MessageState.SENDING, "gone", at(3, 24, 8)
    is_confirmed(promised, at(3, 24, 9))
    back_up(promised, at(3, 24, 10))
    assert [PASSED] not in to(promised, promised.team.owner.email)
    promised.passes(at(3, 25, 10))
    assert to(promised, NEW) == [[PASSED]]


@pytest.mark.fault(19)
def test_nobody_is_told_in_his_place_because_the_old_address_is_gone(promised: Stage, server: Picky):  # noqa: F811
    queue_only(promised, at(3, 24, 8))
    refused(promised, server, "owner")
    is_confirmed(promised, at(3, 24, 9))
    promised.run(at(3, 24, 10))
    promised.run(at(3, 24, 11))
    told = server.lines()
    assert told[NEW] == [PASSED]
    assert promised.team.keeper.email not in told


def test_a_way_in_that_was_asked_for_does_not_go_to_the_old_mailbox(promised: Stage):
    with promised.work() as team:
        ask_for_link(team.owner.email, kind=SIGN_IN, locale="en", at=at(3, 24, 8))
    is_confirmed(promised, at(3, 24, 8))
    promised.passes(at(3, 24, 8) + timedelta(minutes=1))
    with promised.look():
        sent = select(Message.kind).where(
            Message.address == promised.team.owner.email, Message.accepted_at >= at(3, 24, 8)
        )
        assert db.session.scalars(sent).all() == [ACCOUNT_CHANGED]
