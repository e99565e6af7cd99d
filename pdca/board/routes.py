"""The board of a team: the page, and what changed on it. What changes an item is posted to the items room."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pdca import clock
from pdca.board.cards import BoardView, ColumnView
from pdca.board.filters import Wanted, wanted_from
from pdca.board.forms import ids_from, prints_from
from pdca.board.hub import ENDLESS, HELLO, MOST, Hub, adoptable
from pdca.board.pages import filled, page
from pdca.board.slips import snapshot
from pdca.board.views import board_view
from pdca.people.models import Person
from pdca.people.queries import memberships_of, rules_of, team_for, teams_of

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
    board = _view(team_id, wanted_from(request.args))
    return page(render_template("board/board.html", board=board), board)


@bp.get("/teams/<int:team_id>/board/changes")
def changes(team_id: int) -> ResponseReturnValue:
    """What differs from what the page shows: per changed column its cards by name, and the cards asked for.

    The page says what it has (`have=new:1f…,head:…`), so it does not matter what it missed in between.
    """
    board, have = _view(team_id, wanted_from(request.args)), prints_from(request.args)
    found: dict[str, Any] = {
        "columns": {c.phase: _column(board, c) for c in board.columns if have.get(c.phase) != c.print},
    }
    around = render_template("board/_head.html", board=board), render_template("board/_closed.html", board=board)
    print_ = blake2b("".join(around).encode(), digest_size=8).hexdigest()
    if request.args.get("head") != print_:
        found |= {"head": around[0], "closed": around[1], "print": print_}
    if wanted := ids_from(request.args.get("want", "")):
        found["cards"] = _cards(team_id, wanted)
    return jsonify(found)


@bp.get("/teams/<int:team_id>/board/cards")
def cards(team_id: int) -> ResponseReturnValue:
    """Cards by id, as they are now; what is not on this board is left out."""
    team_for(_me(), team_id)
    return jsonify({"cards": _cards(team_id, ids_from(request.args.get("ids", "")))})


@bp.get("/teams/<int:team_id>/board/live")
def live(team_id: int) -> ResponseReturnValue:
    """A stream that says "changed"; 204 tells the browser that there is none here."""
    team_for(_me(), team_id)
    connection = adoptable(request.environ)
    hub: Hub = current_app.extensions["hub"]
    if connection is None or hub.count >= MOST:
        return "", 204
    answer = Response([HELLO], mimetype="text/event-stream")
    answer.headers.update({"Content-Length": str(ENDLESS), "X-Accel-Buffering": "no"})
    answer.call_on_close(lambda: hub.adopt(connection, team_id))
    return answer


def _cards(team_id: int, ids: list[int]) -> list[str]:
    slips = snapshot(team_id, rules_of([team_id])[team_id], clock.now()).slips
    return [slips[item_id].html.decode() for item_id in ids if item_id in slips]


def _column(board: BoardView, column: ColumnView) -> dict[str, Any]:
    """With lanes the whole column; else its parts, and its cards by name."""
    context = {"board": board, "column": column}
    if len(column.lanes) > 1 or column.lanes[0].name:
        whole = filled(render_template("board/_column.html", **context), column.everything)
        return {"print": column.print, "whole": whole.decode()}
    parts = {
        name: filled(render_template(f"board/_{name}.html", **context), [column.parked]).decode()
        for name in ("column_head", "column_empty", "column_parked")
    }
    return {"print": column.print, "parts": parts, "cards": [[slip.id, slip.etag] for slip in column.slips]}


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _view(team_id: int, wanted: Wanted) -> BoardView:
    me = _me()
    team, standing = team_for(me, team_id)
    return board_view(team, standing, me, wanted, at=clock.now())
