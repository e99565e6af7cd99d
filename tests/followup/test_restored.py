"""Fault 30: the database is put back as it was an hour, a day, a month ago, and meets the engine.

The accept journal lies beside it and knows better. Until an administrator chooses nothing leaves; what left is never
sent again under its name; what falls due afterwards is told as if nothing had happened.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from pdca.aftercare.operations import send_new_link
from pdca.db import db, touch
from pdca.followup.models import Duty
from pdca.items.answers import Answers, CustomerAnswer, LookalikeAnswer
from pdca.items.edit import edit
from pdca.items.terms import CustomerType, Kind, LookalikeChoice, Phase
from pdca.mail.jobs import deliver
from pdca.mail.models import Link
from pdca.mail.standstill import Why, standstill
from tests.followup.conftest import Stage, at, day
from tests.followup.post import Mail
from tests.followup.test_customer_mails import move_date
from tests.followup.test_wrong_address import RIGHT
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


def choose(stage: Stage, choice: str, moment: datetime = NOW + timedelta(days=1)) -> None:
    with time_machine.travel(moment, tick=True):
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


# --- nothing of it ---------------------------------------------------------------------------------------


def lost(stage: Stage, *moments: datetime) -> None:
    """These passes happen, and are forgotten."""
    backup = Backup(stage)
    for moment in moments:
        stage.passes(moment)
    backup.put_back()


def heard(stage: Stage, moment: datetime) -> dict[str, list[str]]:
    """What everybody is told in one pass."""
    return {mail.to.partition(".")[0]: mail.lines for mail in stage.passes(moment).post}


WEEKS = tuple(at(*when) for when in ((3, 19), (3, 20), (3, 24), (3, 26)))


@pytest.mark.fault(30)
def test_what_was_noted_while_no_window_was_open_is_discarded_too(promised: Stage):
    lost(promised, *WEEKS)
    # Saturday: the steps are reached, and nobody is mailed.
    assert promised.passes(at(3, 28)).post == []
    choose(promised, "discard", at(3, 28, 11))
    assert heard(promised, at(3, 29)) == {}
    # A new week's overview is of the new week.
    assert set(heard(promised, at(3, 30))) == {"leyla"}
    # And the ladder goes on where it stands.
    assert set(heard(promised, at(4, 8))) == {"omar", "bo", "leyla"}


@pytest.mark.fault(30)
def test_what_nobody_noted_before_the_choice_is_discarded_too(promised: Stage):
    lost(promised, *WEEKS)
    with promised.app.app_context():
        deliver(at(3, 26, 11))
    choose(promised, "discard", at(3, 26, 20))
    assert heard(promised, at(3, 27)) == {}
    assert set(heard(promised, at(4, 8))) == {"omar", "bo", "leyla"}


@pytest.mark.fault(30)
def test_the_decision_that_a_discarded_step_asks_for_is_not_mailed_either(promised: Stage):
    lost(promised, *WEEKS, at(4, 7), at(4, 8))
    with promised.app.app_context():
        deliver(at(4, 8, 11))
    choose(promised, "discard", at(4, 8, 12))
    with promised.look():
        assert "escalation:1" in " ".join(promised.open_duties())
    assert heard(promised, at(4, 9)) == {}


@pytest.mark.fault(30)
def test_a_question_that_was_discarded_is_not_asked_after_all(stage: Stage):
    with stage.work() as team:
        stage.item_id = walk(team, Phase.CHECK, at=day(0, 9)).item.id
    stage.passes(day(9))
    lost(stage, at(3, 23))
    assert stage.passes(at(3, 28)).post == []
    choose(stage, "discard", at(3, 28, 11))
    with stage.work():
        touch("item", stage.item_id, at(3, 30, 9))
    assert set(heard(stage, at(3, 30))) == {"leyla"}
    # Who did not answer is asked once more, as always.
    said = [mail.subject for moment in (at(4, 3), at(4, 7)) for mail in stage.passes(moment).post if "klant" in mail.to]
    assert [subject.partition(":")[0] for subject in said] == ["Nog één keer"]


@pytest.mark.fault(30)
def test_one_row_that_cannot_be_noted_keeps_nobody_from_choosing(two: Stage):
    lost(two, *WEEKS)
    with two.work() as made:
        made.leader.timezone = "Nowhere/At-all"
        duty = db.session.scalars(select(Duty).where(Duty.next_step_at.is_not(None)).order_by(Duty.id)).first()
        ident, ladder = duty.id, duty.ladder
        duty.ladder = "no such ladder"
    with two.app.app_context():
        deliver(at(3, 26, 11))
    choose(two, "discard", at(3, 26, 20))
    with two.work() as made:
        assert standstill() is None
        made.leader.timezone = "Europe/Amsterdam"
        db.session.get_one(Duty, ident).ladder = ladder
    # What could be noted is not said.
    assert set(heard(two, at(3, 27))) == {"omar", "bo", "leyla"}


# --- ids come back ---------------------------------------------------------------------------------------

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)
PIET = CustomerAnswer(CustomerType.EXTERNAL, "Piet Ander", "piet@klant.example")


def customers_mail(stage: Stage, moment: datetime) -> list[tuple[str, str]]:
    """Whom of the customers a pass mails, and what about."""
    return [(m.to.partition("@")[0], m.subject.partition(":")[0]) for m in stage.passes(moment).post if "klant" in m.to]


def correct(stage: Stage, customer: CustomerAnswer, moment: datetime) -> None:
    with stage.work() as team:
        edit(stage.item, Answers(customer=customer), by=team.owner, at=moment)


@pytest.mark.fault(30)
def test_a_word_said_since_does_not_silence_another_word(promised: Stage):
    backup = Backup(promised)
    move_date(promised, date(2026, 3, 27), at(3, 4, 9))
    assert customers_mail(promised, at(3, 4)) == [("karin", "Een nieuwe datum")]
    left = names(promised.post)
    backup.put_back()
    assert promised.passes(at(3, 4, 11)).post == []
    choose(promised, "send", at(3, 4, 12))
    move_date(promised, date(2026, 4, 7), at(3, 5, 9))
    assert customers_mail(promised, at(3, 5)) == [("karin", "Een nieuwe datum")]
    assert names(promised.post) & left == set()
    assert customers_mail(promised, at(3, 6)) == []


@pytest.mark.fault(30)
def test_a_question_asked_since_does_not_silence_one_of_another_item(stage: Stage):
    backup = Backup(stage)
    with stage.work() as team:
        walk(team, Phase.CHECK, at=day(0, 9))
    assert [who for who, _ in customers_mail(stage, day(21))] == ["karin"]
    left = names(stage.post)
    backup.put_back()
    stage.passes(day(21, 13))
    choose(stage, "send", day(21, 14))
    with stage.work() as team:
        walk(team, Phase.CHECK, at=day(21, 15), customer=PIET)
    assert [who for who, _ in customers_mail(stage, day(42))] == ["piet"]
    assert names(stage.post) & left == set()


@pytest.mark.fault(30)
def test_whom_a_corrected_address_was_asked_since_does_not_silence_the_next_one(stage: Stage):
    with stage.work() as team:
        stage.item_id = walk(team, Phase.CHECK, at=day(0, 9)).item.id
    stage.passes(day(21))
    backup = Backup(stage)
    correct(stage, RIGHT, day(21, 11))
    assert customers_mail(stage, day(21, 12))[0][0] == "karim"
    backup.put_back()
    stage.passes(day(21, 13))
    choose(stage, "send", day(21, 14))
    correct(stage, PIET, day(21, 15))
    assert [who for who, _ in customers_mail(stage, day(21, 16))] == ["piet"]


@pytest.mark.fault(30)
def test_a_new_link_mailed_since_does_not_silence_one_for_another_customer(stage: Stage):
    backup = Backup(stage)
    assert linked_anew(stage, CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", "karin@klant.example"), 9) == [
        "karin"
    ]
    backup.put_back()
    stage.passes(day(21, 13))
    choose(stage, "send", day(21, 14))
    assert linked_anew(stage, PIET, 14) == ["piet"]


def linked_anew(stage: Stage, customer: CustomerAnswer, hour: int) -> list[str]:
    """Somebody is asked, and asks for a new link the same day; whom that is mailed to."""
    with stage.work() as team:
        walk(team, Phase.CHECK, at=day(0, hour), customer=customer)
    stage.passes(day(21, hour + 1))
    with stage.work():
        link = db.session.scalars(select(Link).where(Link.purpose == "aftercare")).one()
        send_new_link(link, at=day(21, hour + 2))
    return [who for who, _ in customers_mail(stage, day(21, hour + 2))]
