"""I1-I6 are asked of the database itself, so each must be seen when it is broken on purpose."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from pdca.db import db
from pdca.followup import invariants, jobs
from pdca.followup.ledger import tell
from pdca.followup.models import Duty, DutyState, News, Notice, NoticeState
from pdca.installation import forget, remember
from pdca.items import decisions
from pdca.items.contacts import opt_out
from pdca.items.models import Item
from pdca.items.terms import Phase
from pdca.mail import breaker
from pdca.mail.models import Attempt, Message, MessageState
from pdca.mail.operations import queue, suppress
from pdca.mail.pace import Pace
from pdca.mail.standstill import RESTORED
from pdca.people import accounts
from pdca.people.models import Absence, Membership, Person
from pdca.people.operations import remove_member
from tests.followup.conftest import Stage, at, day, queue_only
from tests.stories import walk


def found(stage: Stage, moment, *, alive: bool = True) -> list[str]:
    """Which invariants are broken, without their rows."""
    with stage.look():
        return [line.partition(":")[0] for line in invariants.broken(moment, alive=alive)]


def test_a_sound_installation_has_nothing_broken(promised: Stage):
    promised.passes(at(3, 24))
    assert found(promised, at(3, 24)) == []


def test_i1_an_item_that_nobody_owes(promised: Stage):
    with promised.work():
        db.session.execute(update(Duty).values(state=DutyState.CANCELLED))
    assert found(promised, at(3, 2)) == ["I1 an open item has no open duty with a living holder"]
    promised.passes(at(3, 3))


def test_i1_a_holder_who_was_switched_off(promised: Stage):
    with promised.work() as team:
        team.owner.deactivated_at = at(3, 2)
    assert found(promised, at(3, 2)) == ["I1 an open item has no open duty with a living holder"]
    promised.passes(at(3, 3))
    assert found(promised, at(3, 3)) == []


def test_i2_and_i4_are_refused_by_the_database_itself(promised: Stage):
    """Nobody gets this far: a trigger refuses it first, whatever program tries."""
    with pytest.raises(IntegrityError, match="accepted"), promised.work():
        db.session.execute(update(Message).values(state=MessageState.DEAD))
    with pytest.raises(IntegrityError), promised.work():
        db.session.execute(update(Item).values(phase=Phase.CLOSED))


def test_i5_a_step_that_was_not_noted_in_time(promised: Stage):
    due = at(3, 19, 0)
    assert found(promised, due + timedelta(minutes=14)) == []
    assert found(promised, due + timedelta(minutes=16)) == ["I5 a step that is due was not noted"]
    assert found(promised, due + timedelta(minutes=16), alive=False) == []


def test_i5_what_is_told_at_once_waits_for_the_next_pass(promised: Stage):
    """It counts from the team's midnight, which passed long before somebody asked for help."""
    with promised.work() as team:
        decisions.ask_help(promised.item, "Wie kent de drukker?", by=team.owner, at=at(3, 4, 14))
    assert found(promised, at(3, 4, 14)) == []
    assert found(promised, at(3, 4, 15)) == ["I5 a step that is due was not noted"]
    promised.passes(at(3, 4, 15))


def test_i5_a_mail_that_waits_too_long(promised: Stage):
    queue_only(promised, at(3, 24, 8))
    assert found(promised, at(3, 24, 8)) == []
    assert found(promised, at(3, 24, 9)) == ["I5 a mail that may leave still waits"]


def test_i5_a_mail_that_waits_for_a_server_that_is_down(promised: Stage):
    """It may not leave, and administrators see why; when nobody tries the server any more it is forgotten."""
    queue_only(promised, at(3, 24, 8))
    with promised.work():
        breaker.failed("smtp://away", "silence", probing=False, at=at(3, 24, 9), pace=Pace())
    assert found(promised, at(3, 24, 9)) == []
    assert found(promised, at(3, 24, 10)) == ["I5 a mail that may leave still waits"]


STILL_WAITS = "I5 a mail that may leave still waits"
BEGUN = "I5 a mail that somebody began to send still waits"
NO_MAIL = "I5 somebody waits for a mail that nobody makes"
NOT_ASKED = "I5 a question to a customer waits for a mail that nobody makes"
STRANDED = "I5 a reminder waits for somebody whom no mail reaches"
NOT_THEIRS = "I6 a mail waits for somebody who may not read it"
EARLY = at(3, 24, 8)


def change(stage: Stage, **values: object) -> None:
    """All mails that wait."""
    with stage.work():
        db.session.execute(update(Message).where(Message.state == MessageState.PENDING).values(**values))


def test_i5_a_mail_that_was_put_off_waits_for_its_next_try(promised: Stage):
    queue_only(promised, EARLY)
    change(promised, attempts=3, not_before=at(3, 24, 11))
    assert found(promised, at(3, 24, 11)) == []
    assert found(promised, at(3, 24, 12)) == [STILL_WAITS]


@pytest.mark.parametrize("state", [MessageState.HELD, MessageState.DEAD])
def test_i5_what_is_shown_to_administrators_is_not_forgotten(promised: Stage, state: MessageState):
    queue_only(promised, EARLY)
    change(promised, state=state)
    assert found(promised, at(3, 24, 12)) == []


def test_i5_while_somebody_has_to_choose_first_no_mail_may_leave(promised: Stage):
    queue_only(promised, EARLY)
    with promised.work():
        remember(RESTORED, EARLY.isoformat())
    assert found(promised, at(3, 24, 12)) == []
    with promised.work():
        forget(RESTORED)
    assert found(promised, at(3, 24, 12)) == [STILL_WAITS]


@pytest.mark.parametrize("until", [at(3, 24, 9), None], ids=["ran out", "none"])
def test_i5_a_claim_that_nobody_takes_over(promised: Stage, until):
    queue_only(promised, EARLY)
    change(promised, state=MessageState.SENDING, lease_token="gone", lease_until=until)
    assert found(promised, at(3, 24, 9)) == ([] if until else [BEGUN])
    assert found(promised, at(3, 24, 10)) == [BEGUN]
    with promised.work():
        breaker.failed("smtp://away", "silence", probing=False, at=at(3, 24, 10), pace=Pace())
    assert found(promised, at(3, 24, 10)) == []


def steps_only(stage: Stage, moment) -> None:
    """The steps are reached, and no mail is made of them."""
    with stage.app.app_context():
        jobs.step_up(moment)


def test_i5_somebody_for_whom_no_mail_is_made(promised: Stage):
    steps_only(promised, EARLY)
    quarter = timedelta(minutes=15)
    assert found(promised, EARLY + quarter) == []
    assert found(promised, EARLY + quarter * 2) == [NO_MAIL]
    assert found(promised, EARLY + quarter * 2, alive=False) == []
    # Before seven, from seven in the evening on, and just after it opened again.
    assert found(promised, at(3, 24, 20)) == found(promised, at(3, 25, 6)) == found(promised, at(3, 25, 7)) == []
    assert found(promised, at(3, 25, 8)) == [NO_MAIL]
    with promised.work() as team:
        db.session.add(Absence(person_id=team.owner.id, from_on=date(2026, 3, 25), until_on=date(2026, 3, 25)))
    assert found(promised, at(3, 25, 8)) == []


def test_i5_what_came_up_after_todays_mail_waits_for_tomorrow(promised: Stage):
    promised.passes(EARLY)
    with promised.work() as team:
        tell(team.owner.id, "mail_failed", "mail_failed:1", at=at(3, 24, 9), item_id=promised.item_id)
    assert found(promised, at(3, 24, 18)) == []
    assert found(promised, at(3, 25, 9)) == [NO_MAIL]


def test_i5_somebody_whose_hours_cannot_be_told(promised: Stage):
    steps_only(promised, EARLY)
    with promised.work() as team:
        db.session.execute(update(Person).where(Person.id == team.owner.id).values(timezone="Mars/Base"))
    assert NO_MAIL in found(promised, at(3, 24, 9))


@pytest.mark.parametrize("state", [MessageState.OBSOLETE, MessageState.COVERED])
@pytest.mark.parametrize("table", [Notice, News])
def test_i5_what_lies_in_a_mail_that_never_leaves(promised: Stage, state: MessageState, table):
    """Its reader's next mail may be a day away."""
    moment = EARLY
    if table is News:
        # Before any step is reached.
        moment = at(3, 18, 8)
        with promised.work() as team:
            tell(team.owner.id, "mail_failed", "mail_failed:1", at=at(3, 17, 9), item_id=promised.item_id)
    queue_only(promised, moment)
    other = Notice if table is News else News
    with promised.work():
        db.session.execute(update(other).values(state=NoticeState.OBSOLETE))
    change(promised, state=state)
    assert found(promised, moment + timedelta(hours=1)) == []
    assert NO_MAIL not in found(promised, moment + timedelta(days=1, hours=-1))
    assert NO_MAIL in found(promised, moment + timedelta(days=1))
    with promised.work():
        db.session.execute(update(table).values(state=NoticeState.OBSOLETE))
    assert NO_MAIL not in found(promised, moment + timedelta(days=1))


def test_i5_a_reminder_of_somebody_whom_no_mail_reaches(promised: Stage):
    steps_only(promised, EARLY)
    with promised.work() as team:
        team.owner.mail_off_at = at(3, 24, 9)
    assert STRANDED not in found(promised, at(3, 24, 9))
    assert found(promised, at(3, 24, 10)) == [STRANDED]
    with promised.work() as team:
        team.owner.mail_off_at = None
        suppress(team.owner.email.upper(), "550 no such user", at(3, 24, 9))
    assert STRANDED in found(promised, at(3, 24, 10))
    with promised.work() as team:
        # Nobody else can be told either: it is on their lists, and that is all there is.
        for person in db.session.scalars(select(Person).where(Person.is_administrator)):
            person.mail_off_at = at(3, 24, 9)
    assert STRANDED not in found(promised, at(3, 24, 10))


def another_mail(stage: Stage, state: MessageState, moment: datetime) -> None:
    """To the customer, with what became of it at that moment."""
    with stage.work():
        address = stage.item.contacts[0].email
        message = queue("word", address=address, about={}, dedupe_key="another", at=day(20))
        message.state = state
        db.session.add(Attempt(message_id=message.id, at=moment, node="", outcome=state.value))
        db.session.commit()


def test_i5_a_customer_of_whom_nothing_is_asked(stage: Stage):
    with stage.work() as team:
        stage.item_id = walk(team, Phase.CHECK, at=day(0, 9)).item.id
    stage.passes(day(20, 12))
    steps_only(stage, day(21))
    assert NOT_ASKED not in found(stage, day(21))
    assert NOT_ASKED in found(stage, day(21, 11))
    # Until a moment ago another mail had their day, and then it did not leave.
    another_mail(stage, MessageState.OBSOLETE, day(21, 11) - timedelta(minutes=5))
    assert NOT_ASKED not in found(stage, day(21, 11))
    assert NOT_ASKED in found(stage, day(21, 11) + timedelta(minutes=15))
    # Not in the evening, and not to who wants no mail (the owner calls).
    assert NOT_ASKED not in found(stage, day(21, 22))
    with stage.work():
        opt_out(stage.item.contacts[0], at=day(21, 10))
    assert NOT_ASKED not in found(stage, day(21, 11))


def test_i6_news_for_somebody_who_may_not_read_it(stage: Stage):
    with stage.work() as team:
        walk(team, Phase.DO, at=day(0, 9))
    queue_only(stage, day(0))
    change(stage, mime=b"written")
    assert found(stage, day(0)) == []
    with stage.work() as team:
        db.session.execute(Membership.__table__.delete().where(Membership.person_id == team.member.id))
    assert found(stage, day(0)) == [NOT_THEIRS]


@pytest.mark.parametrize("who", ["owner", "leader"])
def test_i6_somebody_who_was_switched_off(promised: Stage, who: str):
    queue_only(promised, at(4, 8, 8))
    change(promised, mime=b"written")
    assert found(promised, at(4, 8, 8)) == []
    with promised.work() as team:
        getattr(team, who).deactivated_at = at(4, 8, 8)
    assert NOT_THEIRS in found(promised, at(4, 8, 8))
    with promised.work() as team:
        getattr(team, who).deactivated_at = None
    with promised.work() as team:
        accounts.deactivate(getattr(team, who), by=team.administrator, at=at(4, 8, 8))
    assert found(promised, at(4, 8, 8)) == []


def test_i6_a_mail_for_somebody_who_may_not_read_it(promised: Stage):
    queue_only(promised, at(3, 24, 8))
    with promised.work() as team:
        waits = (Message.person_id == team.owner.id, Message.state == MessageState.PENDING)
        db.session.execute(update(Message).where(*waits).values(mime=b"written"))
        db.session.execute(Membership.__table__.delete().where(Membership.person_id == team.owner.id))
    assert "I6 a mail waits for somebody who may not read it" in found(promised, at(3, 24, 8))
    # Looked at once more when it is about to leave: it does not.
    promised.passes(at(3, 24, 9))
    assert (promised.said("omar"), promised.said("bo")) == ([], ["1 promise passed"])


@pytest.mark.parametrize("state", [MessageState.PENDING, MessageState.SENDING])
def test_i6_who_leaves_gets_nothing_that_was_written_before(promised: Stage, state):
    """A copy that was tried goes again as it was, but not to who may no longer read it."""
    queue_only(promised, at(3, 24, 8))
    with promised.work() as team:
        theirs = Message.person_id == team.owner.id
        lease = {"lease_token": "gone", "lease_until": at(3, 24, 8)} if state is MessageState.SENDING else {}
        written = {"mime": b"written", "state": state, "possible_duplicate": True, **lease}
        db.session.execute(update(Message).where(theirs).values(written))
    with promised.work() as team:
        membership = db.session.scalars(select(Membership).where(Membership.person_id == team.owner.id)).one()
        remove_member(membership, by=team.administrator, at=at(3, 24, 8))
    assert found(promised, at(3, 24, 8)) == []
    with promised.look():
        kept = set(db.session.execute(select(Message.person_id, Message.mime)).all())
    assert {mime for person_id, mime in kept if person_id == promised.team.owner.id} == {None}
    promised.passes(at(3, 24, 9))
    assert promised.said("omar") == []


def test_the_doctor_asks_them(promised: Stage):
    with promised.work():
        db.session.execute(update(Duty).values(state=DutyState.CANCELLED))
    result = promised.app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    assert "I1 an open item has no open duty with a living holder" in result.output
    promised.passes(at(3, 3))
