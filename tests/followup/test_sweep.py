"""The daily look through everything: it writes what changed and nothing else, and comes back to what failed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import event

from pdca.db import db
from pdca.followup import sweep
from pdca.followup.models import Duty
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
