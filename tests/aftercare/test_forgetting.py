"""Addresses of customers are not kept longer than the privacy page says; their names and answers stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from pdca.aftercare.jobs import forget
from pdca.db import db
from pdca.items.models import Answer, Contact
from pdca.items.terms import Phase
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue
from tests import stories
from tests.conftest import MONDAY
from tests.stories import walk


def test_addresses_and_mails_go_a_year_after_the_end_and_answers_stay(app, session):
    made = stories.crew()
    closed = walk(made, Phase.CLOSED, at=MONDAY)
    running = walk(made, Phase.CHECK, at=MONDAY, title="Parkeerkaart via internet")
    sent = queue(
        "word", address=closed.contact.email, about={"contact": closed.contact.id}, dedupe_key="word:1", at=closed.at
    )
    assert sent is not None
    sent.state, sent.mime, sent.subject = MessageState.ACCEPTED, b"Dag Karin", "Klaar"
    session.commit()
    assert closed.item.ended_at is not None
    year = closed.item.ended_at + timedelta(days=365)
    assert forget(year - timedelta(minutes=1)) == 0
    assert forget(year + timedelta(minutes=1)) == 1
    rows = {c.item_id: (c.name, c.email) for c in db.session.scalars(select(Contact))}
    assert rows == {closed.item.id: ("Karin Smit", ""), running.item.id: ("Karin Smit", "karin@klant.example")}
    message = db.session.scalars(select(Message).where(Message.dedupe_key == "word:1")).one()
    assert (message.address, message.mime, message.subject) == ("", None, "")
    assert db.session.scalars(select(Answer)).first() is not None
