"""I1-I6 are asked of the database itself, so each must be seen when it is broken on purpose."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from pdca.db import db
from pdca.followup import invariants
from pdca.followup.models import Duty, DutyState
from pdca.items import decisions
from pdca.items.models import Item
from pdca.items.terms import Phase
from pdca.mail import breaker
from pdca.mail.models import Message, MessageState
from pdca.mail.pace import Pace
from pdca.people.models import Membership
from pdca.people.operations import remove_member
from tests.followup.conftest import Stage, at, queue_only


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
