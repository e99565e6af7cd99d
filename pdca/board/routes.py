"""The board of a team: the page, and what changed on it. What changes an item is posted to the items room."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from pdca import clock
from pdca.board import offline, patterns
from pdca.board.asking import read
from pdca.board.cards import BoardView, ColumnView
from pdca.board.filters import wanted_from
from pdca.board.forms import ViewForm, ids_from, prints_from
from pdca.board.hub import ENDLESS, HELLO, MOST, Hub, adoptable
from pdca.board.operations import remove_view, save_view
from pdca.board.pages import Viewing, filled, page
from pdca.board.searching import search as find
from pdca.board.slips import snapshot
from pdca.board.views import Filling, board_view, filling_of, rules_for, scene_of, seen_by
from pdca.db import db
from pdca.errors import Invalid
from pdca.items.lookalikes import Text, alike_in
from pdca.people.models import Person
from pdca.people.queries import memberships_of, team_for, teams_of
from pdca.web import changed, say
from pdca.web.answers import is_fragment
from pdca.web.language import choose_timezone

bp = Blueprint("board", __name__)
# create_app finds it here.
offline_bp = offline.bp


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
    at, wanted, me = clock.now(), wanted_from(request.args), _me()
    team = seen_by(me, team_id, at)
    scene = scene_of(team_id, me, wanted, at)
    viewing = Viewing(me.id, team_id, str(get_locale()), wanted)
    return page(
        viewing, filling_of(scene), lambda: render_template("board/board.html", board=board_view(team, scene)), at
    )


@bp.get("/teams/<int:team_id>/board/changes")
def changes(team_id: int) -> ResponseReturnValue:
    """What differs from what the page shows: per changed column its cards by name, and the cards asked for.

    The page says what it has (`have=new:1f…,head:…`), so it does not matter what it missed in between.
    """
    at, me, have = clock.now(), _me(), prints_from(request.args)
    team = seen_by(me, team_id, at)
    scene = scene_of(team_id, me, wanted_from(request.args), at)
    board, filling = board_view(team, scene), filling_of(scene)
    found: dict[str, Any] = {
        "columns": {c.phase: _column(board, c, filling) for c in board.columns if have.get(c.phase) != c.print},
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


@bp.get("/search")
def search() -> ResponseReturnValue:
    """Find items in one's own teams; a fragment for the palette."""
    me, line = _me(), " ".join(request.args.get("q", "").split())
    teams = {team.id: team.name for team in teams_of(me)}
    wanted = request.args.get("team", 0, int)
    asked = read(line, me.id, clock.today(choose_timezone(), clock.now()))
    found = find(asked, [wanted] if wanted in teams else list(teams))
    context = {"q": line, "found": found, "teams": teams, "errors": [say(error) for error in asked.errors]}
    return render_template("board/_found.html" if is_fragment() else "board/search.html", **context)


@bp.get("/teams/<int:team_id>/alike")
def alike(team_id: int) -> ResponseReturnValue:
    """What is there already and says the same as the line that is being typed (R15)."""
    team_for(_me(), team_id)
    title = " ".join(request.args.get("title", "").split())[:200]
    found = alike_in(team_id, Text(title), at=clock.now()) if title else []
    return render_template("board/_alike.html", alike=found)


@bp.post("/teams/<int:team_id>/views")
def keep_view(team_id: int) -> ResponseReturnValue:
    """Keep the filters under a name."""
    me, form = _me(), ViewForm()
    _team, standing = team_for(me, team_id)
    if not form.validate():
        raise Invalid([])
    wanted = wanted_from(dict(parse_qsl(form.query.data or "")))
    save_view(
        form.name.data or "", wanted, by=me, standing=standing, team_id=team_id, for_team=bool(form.for_team.data)
    )
    db.session.commit()
    return changed(location=wanted.url(team_id))


@bp.post("/teams/<int:team_id>/views/<int:view_id>/removal")
def forget_view(team_id: int, view_id: int) -> ResponseReturnValue:
    """Forget a kept view."""
    me = _me()
    _team, standing = team_for(me, team_id)
    remove_view(view_id, by=me, standing=standing, team_id=team_id)
    db.session.commit()
    return changed(location=url_for("board.show", team_id=team_id))


@bp.get("/dev/patterns")
def show_patterns() -> ResponseReturnValue:
    """Every component in its states."""
    return patterns.page()


def _cards(team_id: int, ids: list[int]) -> list[str]:
    at = clock.now()
    slips = snapshot(team_id, rules_for(team_id, at), at).slips
    return [slips[item_id].html.decode() for item_id in ids if item_id in slips]


def _column(board: BoardView, column: ColumnView, filling: Filling) -> dict[str, Any]:
    """With lanes the whole column; else its parts, and its cards by name."""
    context = {"board": board, "column": column}
    if len(column.lanes) > 1 or column.lanes[0].name:
        whole = filled(render_template("board/_column.html", **context), filling)
        return {"print": column.print, "whole": whole}
    parts = {
        name: filled(render_template(f"board/_{name}.html", **context), filling)
        for name in ("column_head", "column_empty", "column_parked")
    }
    return {"print": column.print, "parts": parts, "cards": [[slip.id, slip.etag] for slip in column.slips]}


def _me() -> Person:
    return cast(Person, current_user._get_current_object())
