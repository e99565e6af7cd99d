"""The line of stations: where it was, is and may go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext

from pdca import clock
from pdca.items import words
from pdca.items.criteria import last_verdict
from pdca.items.facts import Facts
from pdca.items.lifecycle import Step, step_between
from pdca.items.models import Item
from pdca.items.terms import (
    COLUMNS,
    Phase,
    Verdict,
)
from pdca.items.views.reading import Reading
from pdca.items.views.sheet import SheetView

LINE = (*COLUMNS, Phase.CLOSED)


def stops(r: Reading, view: SheetView | None) -> Iterator[dict[str, Any]]:
    here = r.facts.phase if r.facts.phase in LINE else r.facts.resumes_in or Phase.NEW
    place = LINE.index(here)
    for index, phase in enumerate(LINE):
        step = step_between(r.facts.phase, phase)
        can = step is not None and r.may(step) and makes_sense(r.facts, step)
        now = phase is here and r.facts.phase in LINE
        state = "now" if now else "past" if index < place else "can" if can else ""
        yield {
            "phase": phase.value,
            "state": state,
            "disabled": not can and not now,
            "note": _stop_note(r, phase, step if can else None, view if now else None),
        }


def makes_sense(facts: Facts, step: Step) -> bool:
    """A way back is shown only when the verdict asks for it."""
    verdict = last_verdict(facts)
    if step.name == "next_round":
        return verdict is Verdict.NOT_EFFECTIVE
    if step.name == "finish_the_rest":
        return verdict is Verdict.PARTLY
    return True


def _stop_note(r: Reading, phase: Phase, step: Step | None, now: SheetView | None) -> str:
    if now is not None:
        left = now.total
        return ngettext("now, %(num)s more question", "now, %(num)s more questions", left) if left else gettext("now")
    if step is not None:
        back = {
            "next_round": gettext("back: next round"),
            "finish_the_rest": gettext("back: finish the rest"),
            "back_to_plan": gettext("back, with a reason"),
        }
        return back.get(step.name, gettext("next step"))
    if phase is Phase.CLOSED and r.facts.is_open:
        return gettext("after all aftercare")
    return _time_in(r.item, r.facts, phase)


def _time_in(item: Item, facts: Facts, phase: Phase) -> str:
    """ "2 Sep, 3 days": when it came there, and how long it stayed."""
    came = [m for m in item.moves if m.to_phase is phase and m.taken_back_at is None]
    if phase is Phase.NEW:
        arrived: datetime | None = item.created_at
    else:
        arrived = came[-1].at if came else None
    if arrived is None:
        return ""
    left = [m.at for m in item.moves if m.from_phase is phase and m.taken_back_at is None and m.at >= arrived]
    day = words.short_day(clock.today(facts.timezone, arrived), facts.today)
    if not left:
        return day
    stayed = (clock.today(facts.timezone, left[-1]) - clock.today(facts.timezone, arrived)).days
    return f"{day}, {words.days(stayed)}" if stayed else day
