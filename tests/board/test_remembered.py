"""What a board remembers: kept while the follow-up goes round, let go as soon as a fact changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from pdca.db import db, touch
from pdca.followup import nodes
from pdca.followup.jobs import followup_once
from pdca.followup.models import Duty, Node
from pdca.items.models import Decision
from pdca.items.terms import DecisionKind, Phase
from pdca.mail.models import Message, MessageState
from tests import stories
from tests.conftest import MONDAY
from tests.factories import signed_in
from tests.peers.counting import statements
from tests.stories import walk


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture
def state(app):
    """The name of what a new reader sees."""

    def look():
        with db.reading():
            return db.state

    return look


class TestTheName:
    def test_a_commit_gives_it_another_one(self, session, crew, state):
        session.commit()
        before = state()
        with db.writing():
            crew.team.name = "Anders"
            db.session.commit()
        assert state() != before

    def test_a_quiet_commit_leaves_it(self, session, crew, state):
        session.commit()
        before = state()
        with db.writing():
            db.quietly()
            db.session.add(Node(name="here:1", started_at=MONDAY, seen_at=MONDAY, last_result=""))
            db.session.commit()
        assert state() == before

    def test_who_touches_an_item_is_heard_whatever_was_said(self, session, crew, at, state):
        story = walk(crew, Phase.DO, at=at)
        session.commit()
        before = state()
        with db.writing():
            db.quietly()
            touch("item", story.item.id, story.at)
            db.session.commit()
        assert state() != before

    def test_quiet_ends_with_its_own_work(self, session, crew, state):
        session.commit()
        before = state()
        for act in (db.session.rollback, db.session.commit):
            with db.writing():
                db.quietly()
                act()
        assert state() == before
        with db.writing():
            crew.team.name = "Anders"
            db.session.commit()
        assert state() != before

    def test_what_was_undone_leaves_it(self, session, crew, state):
        session.commit()
        before = state()
        with db.writing():
            crew.team.name = "Anders"
            db.session.flush()
            db.session.rollback()
        assert state() == before


class TestTheBoard:
    @pytest.fixture
    def visit(self, app, crew):
        """One look at the board: how many statements it took, and the page."""
        url = f"/teams/{crew.team.id}/board"

        def look(at):
            with time_machine.travel(at, tick=False):
                client = signed_in(app, crew.leader)
            with time_machine.travel(at, tick=False), statements(app) as sent:
                page = client.get(url).text
                return len(sent), page

        return look

    @pytest.fixture
    def late(self, session, crew, at):
        """The moment at which the first reminder of a promise leaves; what the day begins with was done."""
        story = walk(crew, Phase.DO, at=at)
        session.commit()
        duty = session.scalars(select(Duty).where(Duty.subject_id == story.item.id, Duty.kind == "promise")).one()
        moment = duty.next_step_at + timedelta(hours=9)
        nodes.note_run(nodes.SWEEP, moment, "{}")
        session.commit()
        return moment

    def test_is_remembered_while_reminders_are_sent(self, session, late, visit):
        visit(late)
        remembered, _ = visit(late)
        session.rollback()
        followup_once(late)
        assert set(session.scalars(select(Message.state))) == {MessageState.ACCEPTED}
        assert visit(late)[0] == remembered

    def test_shows_at_once_that_a_leader_must_decide(self, session, crew, late, visit):
        moment = late + timedelta(days=40)
        nodes.note_run(nodes.SWEEP, moment, "{}")
        session.commit()
        visit(moment)
        remembered, _ = visit(moment)
        session.rollback()
        followup_once(moment)
        assert session.scalars(select(Decision.kind)).all() == [DecisionKind.ESCALATION]
        asked, page = visit(moment)
        assert asked > remembered
        assert 'href="/review"' in page
        assert "<b>1</b>" in page.split('href="/review"')[1].split("</a>")[0]
