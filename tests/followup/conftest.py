"""What the engine's tests share: a stage with a team, a mailbox of real files, passes, the invariants afterwards."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from pdca.db import db
from pdca.followup import invariants, jobs
from pdca.followup.models import Duty, DutyState
from pdca.items.models import Item
from pdca.items.terms import Phase
from tests.followup.post import Mail, Mailbox
from tests.stories import Crew, crew, on, walk

MONDAY = date(2026, 3, 2)

Pass = Callable[[datetime], dict[str, int]]


def day(n: int, hour: int = 10) -> datetime:
    """This many calendar days after Monday 2 March, at an hour in Amsterdam."""
    return on(MONDAY + timedelta(days=n), hour)


def at(month: int, day_: int, hour: int = 10) -> datetime:
    """A moment in Amsterdam in 2026."""
    return on(date(2026, month, day_), hour)


@pytest.fixture
def mailbox(app: Flask, tmp_path: Path) -> Mailbox:
    """The real .eml files of this test."""
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def run_once(app: Flask) -> Iterator[Pass]:
    """`pdca followup --once` at a moment, and afterwards I1-I6 at that moment."""
    moments: list[datetime] = []

    def run(moment: datetime) -> dict[str, int]:
        moments.append(moment)
        with time_machine.travel(moment, tick=True):
            # A context of its own, as a process of its own would have.
            result = contextvars.Context().run(app.test_cli_runner().invoke, args=["followup", "--once"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    yield run
    with app.app_context(), db.reading():
        assert list(invariants.broken(max(moments))) == [] if moments else True


@dataclass
class Stage:
    """A team whose people read English, and the verbs of a test: work, look, pass, read the post."""

    app: Flask
    mailbox: Mailbox
    run: Pass
    team: Crew
    # The quick win in Do since Monday 2 March, promised for Monday 23 March, when the test has one.
    item_id: int = 0
    post: list[Mail] = field(default_factory=list)

    @contextmanager
    def work(self) -> Iterator[Crew]:
        """A unit of work of its own: the people in it, and a commit at its end."""
        with self.app.app_context(), db.writing():
            yield Crew(**{name: db.session.get_one(type(thing), thing.id) for name, thing in vars(self.team).items()})
            db.session.commit()

    @contextmanager
    def look(self) -> Iterator[None]:
        """A look at what was committed."""
        with self.app.app_context(), db.reading():
            yield

    @property
    def item(self) -> Item:
        """The quick win, in the session that is open."""
        return db.session.get_one(Item, self.item_id)

    def passes(self, moment: datetime) -> Stage:
        """One pass; `said` and `post` then speak of what it brought."""
        self.run(moment)
        self.post = self.mailbox.new()
        return self

    def said(self, name: str) -> list[str]:
        """The lines of the last pass to somebody."""
        return [line for mail in self.post if mail.to.startswith(name) for line in mail.lines]

    def mail_to(self, name: str) -> Mail:
        """The one mail of the last pass to somebody."""
        (mail,) = [mail for mail in self.post if mail.to.startswith(name)]
        return mail

    def open_duties(self) -> list[str]:
        """The occurrences of every open duty, in the open session."""
        return list(db.session.scalars(select(Duty.occurrence).where(Duty.state == DutyState.OPEN).order_by(Duty.id)))


@pytest.fixture
def stage(app: Flask, mailbox: Mailbox, run_once: Pass) -> Stage:
    """A team, and nothing to do."""
    with app.app_context(), db.writing():
        made = crew()
        for person in (made.owner, made.member, made.keeper, made.leader, made.sponsor):
            person.locale = "en"
        db.session.commit()
        for thing in vars(made).values():
            db.session.refresh(thing)
        db.session.expunge_all()
    return Stage(app, mailbox, run_once, made)


@pytest.fixture
def promised(stage: Stage) -> Stage:
    """A quick win in Do since Monday; what that caused has been mailed."""
    with stage.work() as made:
        stage.item_id = walk(made, Phase.DO, at=day(0, 9)).item.id
    stage.passes(day(0))
    return stage


def queue_only(stage: Stage, moment: datetime) -> None:
    """Everything but delivery: today's mails wait in the outbox."""
    with stage.app.app_context():
        jobs.step_up(moment)
        jobs.hand_on(moment)
        jobs.gather_all(moment)
