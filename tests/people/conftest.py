"""The people room's tests live on a Monday morning in March."""

from __future__ import annotations

import re

import pytest
import time_machine

from pdca import clock
from pdca import db as ground
from pdca.db import db
from pdca.mail.links import token_of
from pdca.mail.models import Link, Message
from pdca.mail.rendering import renderer_of


@pytest.fixture(autouse=True)
def monday(at):
    """The whole process believes it is Monday; the test may travel on."""
    with time_machine.travel(at, tick=True) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def somebody_reconciles():
    """Changes of teams are reconciled by the follow-up; where it is not built in, nobody minds."""
    if not ground._reconcilers:
        ground.register_reconciler(lambda touched: None)


class Mailbox:
    """What the outbox would send now, written the way it leaves."""

    def messages(self, kind):
        return db.session.query(Message).filter_by(kind=kind).order_by(Message.id).populate_existing().all()

    def written(self, kind):
        """The newest mail of this kind, or None when it has nothing left to say."""
        message = self.messages(kind)[-1]
        rendered = renderer_of(kind)(message, clock.now())
        db.session.commit()
        return rendered

    def token(self, kind):
        """The working token in the newest mail of this kind."""
        assert self.written(kind) is not None
        link = db.session.query(Link).filter_by(message_id=self.messages(kind)[-1].id).one()
        return token_of(link)


@pytest.fixture
def mailbox(session):
    """The outbox as its receivers see it."""
    return Mailbox()


def words(answer) -> str:
    """What a reader sees on a page."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", answer.get_data(as_text=True), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
