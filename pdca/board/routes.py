"""The board of a team: the page, and its columns again. What changes an item is posted to the items room."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pdca import clock
from pdca.board.cards import BoardView
from pdca.board.forms import phases_from, wanted_from
from pdca.board.views import Wanted, board_view
from pdca.items.terms import Phase
from pdca.people.models import Person
from pdca.people.queries import memberships_of, team_for, teams_of
from pdca.web import region
from pdca.web.answers import Region, is_fragment

bp = Blueprint("board", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """To the board of the reader's own team; without any team, to the page that says so."""
    me = _me()
    mine = [membership.team for membership in memberships_of(me)] or teams_of(me)
    if not mine:
        return render_template("board/no_team.html")
    return redirect(url_for("board.show", team_id=mine[0].id))


@bp.get("/teams/<int:team_id>/board")
def show(team_id: int) -> ResponseReturnValue:
    """The whole board."""
    return render_template("board/board.html", board=_view(team_id, wanted_from(request.args)))


@bp.get("/teams/<int:team_id>/board/columns")
def columns(team_id: int) -> ResponseReturnValue:
    """Columns that changed, each swapping itself, and the head with its counts."""
    wanted, phases = wanted_from(request.args), phases_from(request.args)
    if not is_fragment():
        return redirect(wanted.url(team_id))
    return "\n".join(part() for part in _regions(_view(team_id, wanted), phases))


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _view(team_id: int, wanted: Wanted) -> BoardView:
    me = _me()
    team, standing = team_for(me, team_id)
    return board_view(team, standing, me, wanted, at=clock.now())


def _regions(view: BoardView, phases: set[Phase]) -> list[Region]:
    parts = [region("board/_head.html", board=view)]
    parts += [region("board/_column.html", board=view, column=c) for c in view.columns if Phase(c.phase) in phases]
    if Phase.CLOSED in phases:
        parts.append(region("board/_closed.html", board=view))
    return parts
