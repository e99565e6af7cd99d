"""The daily look through everything: it writes what changed and nothing else, and comes back to what failed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from pdca import scheduler
from pdca.db import db
from pdca.followup import jobs, nodes, sweep
from pdca.followup.models import Duty, DutyState
from pdca.followup.wording import result_words
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import LookalikeChoice
from tests.followup.conftest import Stage, at, day
from tests.stories import new


def swept(stage: Stage) -> list[str]:
    """Every statement that changed a duty during one look through everything."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("UPDATE duty", "INSERT INTO duty")):
            said.append(statement)

    with stage.app.app_context(), db.writing():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            for ids in list(sweep.chunks()):
                sweep.sweep(ids, day(3))
            db.session.commit()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    return said


def cancel_all(stage: Stage) -> None:
    """Nobody owes anything: what a look through everything mends."""
    with stage.work():
        db.session.execute(Duty.__table__.update().values(state=DutyState.CANCELLED))


def is_mended(stage: Stage) -> bool:
    """Whether it was looked through since."""
    with stage.look():
        return "promise:1" in stage.open_duties()


def test_a_sweep_under_a_clock_that_was_ahead_does_not_stand_for_today(promised: Stage):
    """A rehearsal of 60 days later: the sweeps of the days until then are done all the same."""
    promised.passes(day(0) + timedelta(days=60))
    for n in (1, 2):
        cancel_all(promised)
        promised.passes(day(n))
        assert is_mended(promised)
    cancel_all(promised)
    promised.passes(day(2, 11))
    assert not is_mended(promised)
    promised.passes(day(3))


def test_around_midnight_hosts_that_differ_a_little_sweep_once(promised: Stage):
    promised.passes(day(3, 0) + timedelta(seconds=5))
    cancel_all(promised)
    promised.passes(day(3, 0) - timedelta(seconds=5))
    assert not is_mended(promised)
    promised.passes(day(4))


def test_what_did_not_change_is_not_written(promised: Stage):
    assert swept(promised) == []
    with promised.work():
        db.session.execute(Duty.__table__.update().values(next_step_at=at(3, 20, 0)))
    assert len(swept(promised)) == 1


def test_a_step_on_the_wrong_day_is_drift(promised: Stage, caplog):
    """By whom it was missed is a defect of ours; only the hour at which a day begins may move by itself."""
    with promised.work():
        db.session.execute(Duty.__table__.update().values(next_step_at=at(3, 20, 0)))
    promised.passes(day(1))
    assert f"drift: item {promised.item_id} promise:1" in caplog.text
    with promised.look():
        (duty,) = db.session.scalars(select(Duty)).all()
        assert (duty.next_step, duty.next_step_at, duty.due_on) == ("E0", at(3, 19, 0), date(2026, 3, 23))


# --- in pieces -------------------------------------------------------------------------------------------


@pytest.fixture
def three(promised: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Three items that wait for a decision besides the first one, looked at one by one."""
    monkeypatch.setattr(sweep, "CHUNK", 1)
    with promised.work() as team:
        for n in range(3):
            new(team, at=day(0, 11), title=f"Zaak {n}", lookalikes=LookalikeAnswer(LookalikeChoice.DIFFERENT))
    cancel_all(promised)
    return promised


def sweeps(stage: Stage, moment: datetime, chunks: int = 100) -> list[int]:
    """So many chunks of a sweep; the items that owe something since."""
    turns = iter([True] * chunks)
    with stage.app.app_context():
        jobs.sweep_if_due(moment, lambda: next(turns, False))
    return owing(stage)


def owing(stage: Stage) -> list[int]:
    """The items with an open duty."""
    with stage.look():
        return sorted(set(db.session.scalars(select(Duty.subject_id).where(Duty.state == DutyState.OPEN))))


def test_a_sweep_that_is_cut_short_goes_on_where_it_stopped(three: Stage):
    first = three.item_id
    ids = [first, first + 1, first + 2, first + 3]
    assert sweeps(three, day(1), chunks=2) == ids[:2]
    assert sweeps(three, day(1), chunks=0) == ids[:2]
    cancel_all(three)
    assert sweeps(three, day(1)) == ids[2:]
    cancel_all(three)
    assert sweeps(three, day(1, 12)) == []
    assert sweeps(three, day(2)) == ids


def test_a_stop_is_heard_between_two_chunks(three: Stage, monkeypatch):
    first, look = three.item_id, sweep.sweep

    def told_to_stop(ids, moment):
        scheduler.stopping.set()
        return look(ids, moment)

    monkeypatch.setattr(sweep, "sweep", told_to_stop)
    try:
        with time_machine.travel(day(1), tick=True), three.app.app_context():
            scheduler.Tick()()
    finally:
        scheduler.stopping.clear()
    assert owing(three) == [first]
    monkeypatch.setattr(sweep, "sweep", look)
    assert len(sweeps(three, day(1, 11))) == 4


def test_what_was_cut_short_yesterday_begins_again_today(three: Stage):
    sweeps(three, day(1), chunks=2)
    cancel_all(three)
    assert len(sweeps(three, day(2))) == 4


def test_while_it_sweeps_it_is_alive(three: Stage):
    sweeps(three, day(1), chunks=1)
    with three.look():
        assert nodes.pulse(day(1) + timedelta(minutes=1)).is_alive
        assert nodes.last_sweep().last_run_at < day(1)
    sweeps(three, day(1))


@pytest.mark.fault(29)
def test_fault_29_a_poisoned_item_is_looked_at_again_after_an_hour_and_not_every_minute(three: Stage, monkeypatch):
    first, looked = three.item_id, []
    sound = sweep._new_day

    def poisoned(facts, moment):
        looked.append(facts.id)
        if facts.id == first + 1:
            raise RuntimeError("poison")
        return sound(facts, moment)

    monkeypatch.setattr(sweep, "_new_day", poisoned)
    assert sweeps(three, day(1)) == [first, first + 2, first + 3]
    with three.look():
        assert result_words(nodes.last_sweep().last_result).startswith("3 items looked at, 1 item not looked at")
    looked.clear()
    assert sweeps(three, day(1) + timedelta(minutes=59)) == [first, first + 2, first + 3]
    assert looked == []
    sweeps(three, day(1) + timedelta(minutes=60))
    assert looked == [first + 1, first + 2, first + 3]
    monkeypatch.setattr(sweep, "_new_day", sound)
    sweeps(three, day(1) + timedelta(minutes=119))
    assert len(sweeps(three, day(1) + timedelta(minutes=120))) == 4
    with three.look():
        assert sweep.due_round(day(1, 23)) is None


def test_what_is_tidied_at_the_end_stops_nothing(three: Stage, monkeypatch, caplog):
    def fail(_now: datetime) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(jobs, "tidy", fail)
    assert len(sweeps(three, day(1))) == 4
    assert "left for another time" in caplog.text
    with three.look():
        assert sweep.due_round(day(1, 23)) is None
