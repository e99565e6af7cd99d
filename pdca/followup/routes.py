"""My list for everybody; the clock's own page for administrators."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pdca import clock
from pdca.errors import NotFound
from pdca.followup import nodes, routes_act
from pdca.followup.lines import Line
from pdca.followup.mine import my_list as list_of
from pdca.followup.models import Duty
from pdca.followup.reading import lines_of
from pdca.followup.wording import broken_words, due_words, result_words, step_words, urgency_words

bp = Blueprint("followup", __name__)
routes_act.hang_up(bp)


@bp.get("/me/list")
def my_list() -> ResponseReturnValue:
    """Every open duty of the signed-in person, over all teams."""
    return render_template(
        "followup/my_list.html",
        mine=list_of(current_user, clock.now()),
        due_words=due_words,
        urgency_words=urgency_words,
    )


def admin() -> ResponseReturnValue:
    """Does the clock run: processes, last pass, last sweep with its drift, the steps that come next.

    Hung up as `admin.followup`, so that the administrators' own guard stands before it (see wiring.py).
    """
    if not current_user.is_administrator:
        raise NotFound
    at = clock.now()
    duties = nodes.next_steps()
    return render_template(
        "followup/admin.html",
        at=at,
        pulse=nodes.pulse(at),
        processes=nodes.processes(),
        sweep=nodes.last_sweep(),
        audit=nodes.last_audit(),
        broken_words=broken_words,
        steps=list(zip(duties, lines_of_each(duties), strict=True)),
        silent=nodes.SILENT,
        result_words=result_words,
        step_words=step_words,
    )


def lines_of_each(duties: list[Duty]) -> list[Line | None]:
    """The line of each duty, in the order of the duties."""
    lines = {line.duty_id: line for line in lines_of(duties, current_user.id, clock.now())}
    return [lines.get(duty.id) for duty in duties]
