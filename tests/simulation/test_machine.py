"""The short form of the state machine, which `make torture` lives 2,000 times; and what it must complain about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.mail.accepts import AcceptJournal
from pdca.mail.letters import Letter
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue, queue_test
from tests.conftest import MONDAY
from tests.simulation import machine
from tests.stories import crew, walk

# (runs, steps of each): the 200 runs that the whole suite owes on SQLite. On PostgreSQL, whose every statement goes
# to another process and back, a run costs nearly twice as much: there are as many as fit in the same minute.
SHORT = {"sqlite": (200, 5), "postgresql": (120, 5)}


def test_team_life_at_random(app, request):
    runs, steps = SHORT[request.node.callspec.params["database"]]
    machine.live(machine.House(app), runs=runs, steps=steps, seed=None)
    assert machine.HOUSE.done["done"] > runs


# --- what it sees --------------------------------------------------------------------------------------------


@pytest.fixture
def two_teams(app):
    """The owner of one team, an item of theirs, one of another team, and a mail to the owner that is leaving."""
    with app.app_context(), db.writing():
        here, there = crew(), crew("Werk en Inkomen")
        mine, strange = (walk(one, machine.t.Phase.NEW, at=MONDAY).item for one in (here, there))
        message = queue("test", address="o@example.nl", about={}, dedupe_key="k", at=MONDAY, person_id=here.owner.id)
        message.state = MessageState.SENDING
        db.session.commit()
        yield message, mine, strange


def looked_at(message, text):
    sink = machine.Sink()
    mime = text.replace("=", "=3D").encode()
    sink._look(Letter(message.id, "k", "<1>", "a@b.nl", message.address, mime, MONDAY, "token"))
    return sink.wrong


@pytest.mark.parametrize("possible_duplicate", [False, True])
def test_one_line_of_a_strange_team_among_others_is_seen(two_teams, possible_duplicate):
    message, mine, strange = two_teams
    message.possible_duplicate = possible_duplicate
    db.session.commit()
    assert looked_at(message, f"https://bord/items/{mine.id}#date https://bord/teams/{mine.team_id}/board") == []
    for line in (f"items/{strange.id}#date", f"teams/{strange.team_id}/board"):
        wrong = looked_at(message, f"https://bord/items/{mine.id} https://bord/{line}")
        assert [f"of teams [{strange.team_id}]" in words for words in wrong] == [True]


def crashed_after_the_journal():
    """A life up to the crash of a pass whose mail is in the journal and not in the database."""
    life = machine.TeamLife()
    life.passes(machine.SAYS[0])
    for after in range(20, 200):
        life.now += timedelta(minutes=5)
        with db.writing():
            queue_test("o@example.nl", locale="nl", at=life.now)
            db.session.commit()
        life.crashes(after=after, deadly=False)
        with db.reading():
            leaving = set(db.session.scalars(select(Message.message_id).where(Message.state == MessageState.SENDING)))
        if leaving & set(life.sink.copies):
            return life
    raise AssertionError("no crash between the journal and the settlement")


@pytest.mark.parametrize("reads_the_journal", [True, False])
def test_a_copy_of_what_the_journal_knows_is_one_too_many(app, monkeypatch, reads_the_journal):
    machine.HOUSE.house = machine.House(app)
    life = crashed_after_the_journal()
    try:
        if not reads_the_journal:
            monkeypatch.setattr(AcceptJournal, "find", lambda *_: None)
        life.now += timedelta(minutes=5)
        life.passes(machine.SAYS[0])
        assert bool(life.sink.complaints()) is not reads_the_journal
    finally:
        life.teardown()
