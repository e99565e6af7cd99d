"""Putting a mail in the outbox, once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pdca import create_app
from pdca.db import db
from pdca.mail.keys import message_id_for
from pdca.mail.models import Attempt, Message, MessageState
from pdca.mail.operations import cover, make_obsolete, queue
from tests.conftest import settings_for


def put(key="word:1:1", **given):
    return queue("word", **{"address": "otten@example.nl", "about": {"word": 1}, "dedupe_key": key, **given})


def test_a_message_waits_with_its_key_and_its_message_id(session, at):
    message = put(at=at, person_id=None)
    assert message.state is MessageState.PENDING
    assert (message.kind, message.address, message.about) == ("word", "otten@example.nl", {"word": 1})
    assert (message.created_at, message.not_before) == (at, at)
    assert message.message_id.startswith("<")
    assert message.message_id.endswith("@localhost>")


def test_the_same_key_is_queued_once(session, at):
    assert put(at=at) is not None
    assert put(at=at + timedelta(days=1)) is None
    assert session.scalar(select(func.count(Message.id))) == 1


def test_a_message_may_wait_for_its_hour(session, at):
    assert put(at=at, not_before=at + timedelta(hours=2)).not_before == at + timedelta(hours=2)


def test_an_address_is_one_clean_line(session, at):
    assert put(at=at, address=" otten@example.nl\r\nBcc: all@example.nl ").address == (
        "otten@example.nl Bcc: all@example.nl"
    )


def test_another_installation_gives_another_message_id(session, at, app):
    ours = message_id_for("word:1:1")
    assert put(at=at).message_id == ours
    app.config["SECRET_KEY"] = "the key of a copy, as long as the other one is 0123"
    assert message_id_for("word:1:1") != ours


def test_ten_at_once_queue_one(app, at):
    """Unique keys decide, not looking first."""
    made, barrier = [], threading.Barrier(10)

    def run():
        with app.app_context(), db.writing():
            barrier.wait()
            message = put(at=at)
            db.session.commit()
            made.append(message is not None)

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 9 + [True]


@pytest.mark.parametrize(("take_out", "state"), [(cover, MessageState.COVERED), (make_obsolete, MessageState.OBSOLETE)])
def test_a_waiting_message_can_be_taken_out_and_one_that_leaves_cannot(session, at, take_out, state):
    waiting, leaving = put("a", at=at), put("b", at=at)
    leaving.state = MessageState.SENDING
    session.flush()
    assert take_out([waiting.id, leaving.id], at) == [waiting.id]
    session.flush()
    session.expire_all()
    assert (waiting.state, leaving.state) == (state, MessageState.SENDING)
    assert session.scalars(select(Attempt.outcome)).all() == [str(state)]


def test_the_domain_of_the_sender_names_the_mail(tmp_path):
    app = create_app(settings_for(tmp_path, mail_from="Gemeente Baarn <post@baarn.nl>"))
    with app.app_context():
        assert message_id_for("word:1:1").endswith("@baarn.nl>")
