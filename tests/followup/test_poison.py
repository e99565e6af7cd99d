"""Rows that cannot be read (fault 29): they stop only themselves, also while it is planned whom to mail."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError

from pdca import clock, scheduler
from pdca.db import db
from pdca.followup import nodes, notices
from pdca.followup.jobs_units import found_among
from pdca.followup.ledger import notice
from pdca.followup.models import Duty
from pdca.followup.staff import Staff
from pdca.people.models import Person
from tests.followup.conftest import Stage, at, day


def poison(stage: Stage, person: Person, zone: str | None = "Mars/Phobos") -> None:
    """A time zone that nobody knows, as a later release or a hand in the database leaves it."""
    with stage.work():
        db.session.execute(update(Person).where(Person.id == person.id).values(timezone=zone))


@pytest.mark.fault(29)
def test_fault_29_whose_hours_cannot_be_read_holds_up_nobody_else(promised: Stage):
    """Planned for all on Thursday before seven; then it turns out that nobody can say when Omar reads."""
    promised.passes(at(3, 20)).passes(at(3, 26, 6))
    poison(promised, promised.team.owner)
    promised.passes(at(3, 26))
    assert promised.said("omar") == []
    assert promised.said("bo") == ["1 promise passed"]
    poison(promised, promised.team.owner, None)
    assert promised.passes(at(3, 26, 11)).said("omar") == ["1 promise passed"]


@pytest.mark.fault(29)
def test_fault_29_a_sponsor_like_that_holds_up_no_leader(promised: Stage):
    """On Monday morning: the digest."""
    poison(promised, promised.team.sponsor)
    assert promised.passes(day(7)).said("leyla")[:1] == ["overview"]


@pytest.mark.fault(29)
def test_fault_29_one_among_many_costs_a_few_looks():
    looks: list[int] = []

    def find(ids):
        looks.append(len(ids))
        if 700 in ids:
            raise LookupError("poison")
        return list(ids)

    ids = list(range(1000))
    assert found_among(ids, find) == [n for n in ids if n != 700]
    assert len(looks) < 25


def test_a_database_that_is_away_is_no_poison():
    def find(ids):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with pytest.raises(OperationalError):
        found_among([1, 2], find)


# --- much that is poisoned -------------------------------------------------------------------------------


@pytest.fixture
def poisoned(promised: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Many duties before Omar's fail, and each takes a while to; a pass lasts as long as six of them.

    All else takes a microsecond: how fast this machine is must not decide what a pass comes to.
    """
    took, failed, looks = 0.1, [], itertools.count()
    with promised.work():
        (duty,) = db.session.scalars(select(Duty)).all()
        row = {c.key: getattr(duty, c.key) for c in Duty.__mapper__.column_attrs if c.key != "id"}
        db.session.execute(insert(Duty), [row | {"occurrence": f"poison:{n}"} for n in range(16)])
        db.session.execute(update(Duty).where(Duty.id == duty.id).values(occurrence="poison:16"))
        db.session.execute(update(Duty).where(Duty.occurrence == "poison:15").values(occurrence="promise:1"))
    climb = notices._climb

    def climbs(duty: Duty, staff: Staff, moment: datetime) -> int:
        if duty.occurrence.startswith("poison"):
            failed.append(duty.id)
            raise RuntimeError("poison")
        return climb(duty, staff, moment)

    monkeypatch.setattr(notices, "_climb", climbs)
    monkeypatch.setattr(clock, "elapsed", lambda: took * len(failed) + next(looks) * 1e-6)
    monkeypatch.setattr(notices, "BATCH", 1)
    monkeypatch.setattr(scheduler, "PASS_S", 6 * took)
    monkeypatch.setattr(scheduler, "STEPS_S", 2 * took)
    return promised


def ticks(stage: Stage, tick: scheduler.Tick, moment: datetime) -> list[str]:
    """One pass of the scheduler. The lines to Omar."""
    with time_machine.travel(moment, tick=True), stage.app.app_context():
        tick()
    stage.post = stage.mailbox.new()
    return stage.said("omar")


@pytest.mark.fault(29)
def test_fault_29_poisoned_rows_in_front_do_not_take_all_the_time(poisoned: Stage, monkeypatch):
    """Each pass goes on where the last one stopped, so that it comes to the sound ones behind them."""
    monkeypatch.setattr(scheduler, "PATIENCE_S", 0.0)
    # Not now the daily look through everything: it takes out what no fact explains.
    with poisoned.work():
        nodes.note_run(nodes.SWEEP, at(3, 24, 9), "{}")
    tick, said = scheduler.Tick(), []
    for minute in range(8):
        said += ticks(poisoned, tick, at(3, 24) + timedelta(minutes=minute))
    assert said == ["1 promise passed"]
    poisoned.passes(at(3, 25))


@pytest.mark.fault(29)
@pytest.mark.parametrize(("patience", "said"), [(0.0, True), (60.0, False)])
def test_fault_29_mail_waits_for_all_steps_but_not_for_ever(poisoned: Stage, monkeypatch, patience: float, said: bool):
    """Something was noted for Omar. While steps are left over pass after pass, his mail waits; then it goes."""
    monkeypatch.setattr(scheduler, "PATIENCE_S", patience)
    with poisoned.work() as team:
        nodes.note_run(nodes.SWEEP, at(3, 24, 9), "{}")
        duty = db.session.scalars(select(Duty).where(Duty.occurrence == "promise:1")).one()
        notice(duty, "E1", team.owner.id, reached_at=at(3, 24, 9), due_at=at(3, 24, 9))
    tick = scheduler.Tick()
    for minute in range(2):
        ticks(poisoned, tick, at(3, 24) + timedelta(minutes=minute))
    assert bool(poisoned.said("omar")) is said
    poisoned.passes(at(3, 25))
