"""The leader's first page: decide here, and see what stalled."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pdca import clock
from pdca.errors import NotFound
from pdca.review.queries import review_page, reviewed_team_ids

bp = Blueprint("review", __name__)


@bp.get("/review")
def show() -> ResponseReturnValue:
    """What waits for a decision and what stalled, over all teams this person keeps, leads or sponsors."""
    if not reviewed_team_ids(current_user):
        raise NotFound
    return render_template("review/show.html", page=review_page(current_user, clock.now()))
