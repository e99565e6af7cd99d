"""The daily look through everything: it writes what changed and nothing else, and comes back to what failed."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import event

from pdca.db import db
from pdca.followup import sweep
from pdca.followup.models import Duty, DutyState
from tests.followup.conftest import Stage, at, day


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
        (duty,) = db.session.scalars(db.select(Duty)).all()
        assert (duty.next_step, duty.next_step_at, duty.due_on) == ("E0", at(3, 19, 0), date(2026, 3, 23))
