"""Stepping up: duties whose next step is due reach it, each step once per recipient, whatever the clock did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import select

from pdca import clock, failpoints
from pdca.db import db
from pdca.followup.climbing import dates_of, set_next_step
from pdca.followup.holders import Place, places
from pdca.followup.ladder import Step, day_of, midnight, step_named
from pdca.followup.ledger import customer_notice, notice
from pdca.followup.models import Duty, DutyState
from pdca.followup.staff import Staff, staff_of
from pdca.followup.terms import To
from pdca.items import decisions
from pdca.items.models import Contact, Item
from pdca.web import settings

BATCH = 200


def due_duties(at: datetime, after_id: int = 0) -> list[int]:
    """Open duties whose next step is due, at most BATCH of them behind `after_id`."""
    return list(
        db.session.scalars(
            select(Duty.id)
            .where(Duty.state == DutyState.OPEN, Duty.next_step_at <= at, Duty.id > after_id)
            .order_by(Duty.id)
            .limit(BATCH)
        )
    )


def taken(ids: Sequence[int], at: datetime, *, wait: bool = False) -> list[Duty]:
    """These duties, as far as they are still due and no other process climbs them in this moment (or until it did)."""
    return list(
        db.session.scalars(
            select(Duty)
            .where(Duty.id.in_(ids), Duty.state == DutyState.OPEN, Duty.next_step_at <= at)
            .order_by(Duty.id)
            .with_for_update(skip_locked=not wait)
            .execution_options(populate_existing=True)
        )
    )


def step_up(duties: Collection[Duty], at: datetime) -> int:
    """Let these duties reach every step that is due by now. How many notices that made."""
    staff = staff_of({duty.team_id for duty in duties})
    return sum(_climb(duty, staff[duty.team_id], at) for duty in duties)


def _climb(duty: Duty, staff: Staff, at: datetime) -> int:
    made = 0
    while duty.next_step_at is not None and duty.next_step_at <= at:
        step = step_named(duty.ladder, duty.next_step)
        if step is None:
            # Of another version of the program, which knows it. One that none knows is mended by tonight's look.
            break
        duty.step = step.name
        made += reach(duty, step, staff, at)
        set_next_step(duty, staff.rules)
    failpoints.reached("notices.mid_batch")
    return made


def reach(duty: Duty, step: Step, staff: Staff, at: datetime) -> int:
    """Note whom this step tells; from E3 on a leader must decide (R26)."""
    # The duties of a batch are written together at its end, and not one by one before each notice.
    with db.session.no_autoflush:
        made = tell(duty, step, staff, at, whom(duty, step, staff, at))
    if To.CUSTOMER in step.to:
        made += _tell_customers(duty, step, at)
        # From here on "again" and "call" count; when the mail leaves on another day, that day is noted (see duties).
        duty.asked_on = duty.asked_on or clock.today(staff.rules.timezone, at)
    if step.escalates:
        decisions.escalate(db.session.get_one(Item, duty.subject_id), duty.occurrence, at=at)
    return made


def tell(duty: Duty, step: Step, staff: Staff, at: datetime, people: Iterable[int]) -> int:
    """Note this step for these people; how many notices that made."""
    made = 0
    for person_id in people:
        made += notice(duty, step.name, person_id, reached_at=at, due_at=begins_for(duty, step, staff, person_id))
    return made


def begins_for(duty: Duty, step: Step, staff: Staff, person_id: int) -> datetime:
    """The day of a step begins with the reader's own midnight (and is reached not before the team's)."""
    return midnight(step_day(duty, step, staff), staff.people[person_id].timezone or settings().timezone)


def whom(duty: Duty, step: Step, staff: Staff, at: datetime, besides: Collection[int] = ()) -> tuple[int, ...]:
    """Who is told by this step as things stand at this moment, everybody once."""
    return tuple(dict.fromkeys(in_place_of(duty, step, staff, at, besides).values()))


def in_place_of(duty: Duty, step: Step, staff: Staff, at: datetime, besides: Collection[int] = ()) -> dict[Place, int]:
    """Who is told by this step at this moment, in the place of whom."""
    excluded = {*besides, duty.not_person_id if duty.not_person_id != duty.holder_id else None}
    day = clock.today(staff.rules.timezone, at)
    return places(step.to, duty.holder_id, staff, day, {p for p in excluded if p is not None})


def step_day(duty: Duty, step: Step, staff: Staff) -> date:
    """The day on which this step fell due."""
    return day_of(step, dates_of(duty, staff.rules), staff.calendar, staff.rules.settings)


def _tell_customers(duty: Duty, step: Step, at: datetime) -> int:
    contacts = db.session.scalars(select(Contact).where(Contact.item_id == duty.subject_id)).all()
    wanted = [c for c in contacts if c.may_be_mailed]
    return sum(customer_notice(duty, step.name, c.id, reached_at=at, due_at=at) for c in wanted)
