"""A duty row and its ladder: which step comes next, and when."""

from __future__ import annotations

from pdca import clock
from pdca.followup.ladder import Dates, midnight, steps_after
from pdca.followup.models import Duty
from pdca.people.queries import TeamRules


def set_next_step(duty: Duty, rules: TeamRules) -> None:
    """Compute the next step from what was reached and from the days of the duty; never from today."""
    coming = steps_after(duty.step, duty.ladder, dates_of(duty, rules), rules.calendar, rules.settings)
    found = next(coming, None)
    duty.next_step = found[0].name if found else ""
    duty.next_step_at = midnight(found[1], rules.timezone) if found else None


def dates_of(duty: Duty, rules: TeamRules) -> Dates:
    """The days its steps count from."""
    return Dates(duty.due_on, clock.today(rules.timezone, duty.opened_at), duty.settle_by, duty.asked_on)
