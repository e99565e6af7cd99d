"""The board of a team: the page, its columns again, and capture."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pdca import clock
from pdca.board.cards import BoardView
from pdca.board.forms import CaptureForm, phases_from, wanted_from
from pdca.board.views import Wanted, board_view
from pdca.db import Mode, db
from pdca.errors import Invalid
from pdca.items.capture import capture as capture_item
from pdca.items.terms import Phase
from pdca.people.models import Person
from pdca.people.queries import memberships_of, team_for, teams_of
from pdca.web import changed, region, say
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
    return _page(_view(team_id, wanted_from(request.args)))


@bp.get("/teams/<int:team_id>/board/columns")
def columns(team_id: int) -> ResponseReturnValue:
    """Columns that changed, each swapping itself, and the head with its counts."""
    wanted, phases = wanted_from(request.args), phases_from(request.args)
    if not is_fragment():
        return redirect(wanted.url(team_id))
    return "\n".join(part() for part in _regions(_view(team_id, wanted), phases))


@bp.post("/teams/<int:team_id>/board/captures")
def capture(team_id: int) -> ResponseReturnValue:
    """One line and Enter: a new card on top of New."""
    me, at = _me(), clock.now()
    team, _standing = team_for(me, team_id)
    form = CaptureForm()
    form.validate()
    title = str(form.title.data or "")
    try:
        capture_item(team, title, by=me, at=at)
    except Invalid as refusal:
        return _not_captured(team_id, title, " ".join(say(error) for error in refusal.errors))
    db.session.commit()
    view = _view(team_id, Wanted())
    return changed(*_regions(view, {Phase.NEW}), location=f"{view.url}#capture")


def _not_captured(team_id: int, title: str, error: str) -> ResponseReturnValue:
    """The line again, with what was typed and what is wrong."""
    db.session.rollback()
    db.set_mode(Mode.READ)
    view = _view(team_id, Wanted(), captured=title, capture_error=error)
    if is_fragment():
        return region("board/_capture.html", board=view)(), 422
    return _page(view), 422


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _view(team_id: int, wanted: Wanted, **typed: str) -> BoardView:
    me = _me()
    team, standing = team_for(me, team_id)
    return board_view(team, standing, me, wanted, at=clock.now(), **typed)


def _page(view: BoardView) -> str:
    return render_template("board/board.html", board=view)


def _regions(view: BoardView, phases: set[Phase]) -> list[Region]:
    parts = [region("board/_head.html", board=view)]
    parts += [region("board/_column.html", board=view, column=c) for c in view.columns if Phase(c.phase) in phases]
    if Phase.CLOSED in phases:
        parts.append(region("board/_closed.html", board=view))
    return parts
