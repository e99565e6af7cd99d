"""Fault 30: the database is put back as it was an hour, a day, a month ago, and meets the engine.

The accept journal lies beside it and knows better. Until an administrator chooses nothing leaves; what left is never
sent again under its name; what falls due afterwards is told as if nothing had happened.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import Kind, LookalikeChoice, Phase
from pdca.mail.standstill import Why, standstill
from tests.followup.conftest import Stage, at, day
from tests.followup.post import Mail
from tests.peers import postgresql
from tests.stories import walk

# When it is put back, and the passes before that on which something is said.
NOW = at(4, 8, 10)
BEFORE = tuple(at(*when) for when in ((3, 9), (3, 16), (3, 20), (3, 24), (3, 31), (4, 7, 9), (4, 8, 10)))


class Backup:
    """The whole database, kept and put back behind the program's back."""

    def __init__(self, stage: Stage) -> None:
        self.url = stage.app.extensions["settings"].database
        self.stage = stage
        self._alone()
        if self.file is None:
            postgresql.put_aside(self._plain)
        else:
            shutil.copyfile(self.file, self.file.with_suffix(".kept"))

    def put_back(self) -> None:
        """As it was."""
        self._alone()
        if self.file is None:
            postgresql.put_back(self._plain)
        else:
            for suffix in ("-wal", "-shm"):
                Path(f"{self.file}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self.file.with_suffix(".kept"), self.file)

    @property
    def file(self) -> Path | None:
        """The file, when it is one."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite") else None

    @property
    def _plain(self) -> str:
        return self.url.replace("postgresql+psycopg://", "postgresql://")

    def _alone(self) -> None:
        with self.stage.app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def two(stage: Stage) -> Stage:
    """A promise for 23 March that nobody keeps, and one for 20 April."""
    different = LookalikeAnswer(LookalikeChoice.DIFFERENT)
    with stage.work() as made:
        walk(made, Phase.DO, at=day(0, 9))
        walk(made, Phase.DO, Kind.IMPROVEMENT, at=day(0, 9), due_on=date(2026, 4, 20), lookalikes=different)
    return stage.passes(day(0))


def names(mails: list[Mail]) -> set[str]:
    """Their Message-IDs."""
    return {mail.message["Message-ID"] for mail in mails}


def restored(stage: Stage, ago: timedelta) -> set[str]:
    """Live until now, and go back so far; the names of the mails that left since."""
    backup, left = None, set()
    for moment in BEFORE:
        if backup is None and moment > NOW - ago:
            backup = Backup(stage)
        stage.passes(moment)
        left |= names(stage.post) if backup else set()
    assert backup is not None
    backup.put_back()
    return left


def choose(stage: Stage, choice: str) -> None:
    done = stage.app.test_cli_runner().invoke(args=["mail", "resume", choice])
    assert done.exit_code == 0, done.output


def said_of(stage: Stage, moment: datetime) -> list[str]:
    return stage.passes(moment).said("omar")


@pytest.mark.fault(30)
@pytest.mark.parametrize(
    ("ago", "choice"),
    [(timedelta(hours=1), "send"), (timedelta(days=1), "digest"), (timedelta(days=30), "discard")],
    ids=["an hour", "a day", "thirty days"],
)
def test_nothing_leaves_twice_and_what_comes_is_told(two: Stage, ago: timedelta, choice: str):
    left = restored(two, ago)
    assert left, "nothing left since: nothing is proven"
    for later in (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)):
        assert two.passes(NOW + later).post == []
    with two.look():
        assert standstill().why is Why.RESTORED
    choose(two, choice)
    again = names(two.passes(NOW + timedelta(days=1, hours=1)).post)
    # The second promise: reminded, passed, and passed again, each on its day.
    assert "2 promise comes" in said_of(two, at(4, 16))
    again |= names(two.post)
    assert "2 promise passed" in said_of(two, at(4, 21))
    again |= names(two.post)
    assert left & again == set()
