"""Rows that are written once: duties, notices and news, each under its unique key (I3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from pdca.db import db, insert_once
from pdca.followup.models import Duty, News, Notice, NoticeState


def notice(duty: Duty, step: str, person_id: int, *, reached_at: datetime, due_at: datetime) -> bool:
    """Note that this step reaches a person; False when it was noted before."""
    row = {"person_id": person_id, "recipient": f"person:{person_id}"}
    return _notice(duty, step, row, reached_at, due_at)


def customer_notice(duty: Duty, step: str, contact_id: int, *, reached_at: datetime, due_at: datetime) -> bool:
    """Note that this step reaches a customer; False when it was noted before."""
    row = {"contact_id": contact_id, "recipient": f"contact:{contact_id}"}
    return _notice(duty, step, row, reached_at, due_at)


def _notice(duty: Duty, step: str, row: dict[str, Any], reached_at: datetime, due_at: datetime) -> bool:
    values = {
        **row,
        "duty_id": duty.id,
        "step": step,
        "reached_at": reached_at,
        "due_at": due_at,
        "state": NoticeState.PLANNED,
    }
    return insert_once(Notice, values) is not None or _planned_again(values)


def _planned_again(values: Mapping[str, Any]) -> bool:
    """It was planned for this reader before, and went to somebody else before it left: now it is theirs again."""
    same = (Notice.duty_id == values["duty_id"], Notice.step == values["step"], Notice.recipient == values["recipient"])
    new = {name: values[name] for name in ("state", "reached_at", "due_at")}
    statement = update(Notice).where(*same, Notice.state == NoticeState.OBSOLETE).values(new | {"message_id": None})
    return db.session.execute(statement.returning(Notice.id)).scalar() is not None


def plan_again(duty: Duty) -> None:
    """The duty is open again: what its last step had to say, and had not said yet, is still to be said."""
    unsaid = (Notice.state == NoticeState.OBSOLETE, Notice.step == duty.step)
    db.session.execute(
        update(Notice).where(Notice.duty_id == duty.id, *unsaid).values(state=NoticeState.PLANNED, message_id=None)
    )


def tell(
    person_id: int,
    kind: str,
    key: str,
    *,
    at: datetime,
    item_id: int | None = None,
    journal_id: int | None = None,
    state: NoticeState = NoticeState.PLANNED,
) -> bool:
    """Something to know for this person's next mail; False when it was noted under this key before."""
    row = {
        "person_id": person_id,
        "dedupe_key": key,
        "kind": kind,
        "item_id": item_id,
        "journal_id": journal_id,
        "at": at,
        "state": state,
    }
    return insert_once(News, row) is not None
