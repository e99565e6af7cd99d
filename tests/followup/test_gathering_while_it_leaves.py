"""One process puts something in a mail while another one claims, writes and sends it (faults 13 and 24).

On PostgreSQL both are in the middle of it: the other one runs from its first statement to its last while a
transaction of ours is open. SQLite has one writer: there it comes after us, and the same must hold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from pdca.db import db
from pdca.followup import gather
from pdca.followup.ledger import tell
from pdca.installation import remember
from pdca.mail import standstill
from pdca.mail.jobs import deliver
from pdca.mail.models import Message, MessageState
from pdca.mail.standstill import HELD_BY_RESTORE, RESTORED, Choice, resume
from tests.followup.conftest import Stage, at, queue_only

PASSED, FAILED = "1 promise passed", "1 mail failed"
EARLY = at(3, 24, 8)
NEXT_DAY = EARLY + timedelta(days=1)


@pytest.fixture
def queued(promised: Stage) -> Stage:
    """Omar's mail of 24 March waits; it says that the promised date has passed."""
    queue_only(promised, EARLY)
    return promised


class Meanwhile:
    """Somebody else's delivery, in a thread and on a connection of its own, at a place in our work."""

    def __init__(self, stage: Stage, patch: pytest.MonkeyPatch) -> None:
        self.stage, self.patch = stage, patch
        self.other = threading.Thread()
        self.is_alone = stage.app.extensions["settings"].database.startswith("sqlite")

    def at(self, module: Any, name: str, *, after: bool, **given: object) -> None:
        """It delivers when we come to this function for the first time (or from it)."""
        function: Callable[..., object] = getattr(module, name)

        def with_somebody_else(*args: object) -> object:
            found = function(*args) if after else None
            if self.other.ident is None:
                self._deliver(given)
            return found if after else function(*args)

        self.patch.setattr(module, name, with_somebody_else)

    def _deliver(self, given: dict[str, Any]) -> None:
        def run() -> None:
            with self.stage.app.app_context():
                deliver(given.pop("moment"), **given)

        self.other = threading.Thread(target=run)
        self.other.start()
        if not self.is_alone:
            self.other.join(60)
            assert not self.other.is_alive(), "it waits for us"

    def is_over(self) -> None:
        """Ours is committed; wait for the other one."""
        assert self.other.ident is not None, "it never came there"
        self.other.join(60)
        assert not self.other.is_alive()


@pytest.fixture
def meanwhile(queued: Stage, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """What another process does in the middle of ours."""
    return Meanwhile(queued, monkeypatch)


def something_to_know(stage: Stage, moment) -> None:
    """News for Omar."""
    with stage.work() as team:
        tell(team.owner.id, "mail_failed", f"mail_failed:{moment}", at=moment, item_id=stage.item_id)


def gathers(stage: Stage, moment) -> None:
    """For Omar alone."""
    with stage.work() as team:
        (reader,) = gather.readers([team.owner.id])
        gather.gather_for(reader, moment)


def all_said(stage: Stage, *moments) -> list[str]:
    """To Omar, in what left by now and in passes at these moments."""
    said = [line for mail in stage.mailbox.new() if mail.to.startswith("omar") for line in mail.lines]
    for moment in moments:
        said += stage.passes(moment).said("omar")
    return sorted(said)


@pytest.mark.fault(24)
def test_nothing_is_put_in_a_mail_that_is_written_meanwhile(queued: Stage, meanwhile: Meanwhile):
    something_to_know(queued, EARLY)
    meanwhile.at(gather, "_still_unwritten", after=True, moment=EARLY)
    gathers(queued, EARLY)
    meanwhile.is_over()
    assert all_said(queued, EARLY + timedelta(hours=1), NEXT_DAY) == [FAILED, PASSED]


@pytest.mark.fault(24)
def test_an_older_mail_that_leaves_meanwhile_keeps_what_it_says(queued: Stage, meanwhile: Meanwhile):
    something_to_know(queued, NEXT_DAY)
    meanwhile.at(gather, "cover", after=False, moment=NEXT_DAY)
    gathers(queued, NEXT_DAY)
    meanwhile.is_over()
    assert all_said(queued, NEXT_DAY + timedelta(hours=1)) == [FAILED, PASSED]


def two_wait(stage: Stage) -> int:
    """The older one was held by a restore, the newer one has news and was tried before. Gives the newer one's id."""
    with stage.work() as team:
        theirs = (Message.person_id == team.owner.id, Message.state == MessageState.PENDING)
        held = {"state": MessageState.HELD, "last_error": HELD_BY_RESTORE}
        db.session.execute(update(Message).where(*theirs).values(held))
    something_to_know(stage, NEXT_DAY)
    gathers(stage, NEXT_DAY)
    with stage.work() as team:
        theirs = (Message.person_id == team.owner.id, Message.state == MessageState.PENDING)
        newest = db.session.scalars(select(Message).where(*theirs)).one()
        remember(RESTORED, NEXT_DAY.isoformat())
        return newest.id


@pytest.mark.fault(30)
def test_one_digest_after_a_restore_while_somebody_sends_one_of_them(queued: Stage, meanwhile: Meanwhile):
    newest = two_wait(queued)
    meanwhile.at(standstill, "cover", after=False, moment=NEXT_DAY, only=newest)
    with queued.work():
        resume(Choice.DIGEST, by="test", at=NEXT_DAY)
    meanwhile.is_over()
    assert all_said(queued, NEXT_DAY + timedelta(hours=1)) == [FAILED, PASSED]


@pytest.mark.fault(30)
def test_one_digest_after_a_restore_is_written_anew(queued: Stage):
    """The newest was written and put off: as it was, it says nothing of what it takes over."""
    newest = two_wait(queued)
    with queued.work():
        db.session.execute(update(Message).where(Message.id == newest).values(mime=b"Subject: old\r\n\r\nold"))
        resume(Choice.DIGEST, by="test", at=NEXT_DAY)
    assert all_said(queued, NEXT_DAY + timedelta(hours=1)) == [FAILED, PASSED]
