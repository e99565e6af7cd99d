"""The board of a team: the page, and what changed on it. What changes an item is posted to the items room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, ngettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from pdca import clock
from pdca.board import offline, patterns, queries
from pdca.board import several as several_
from pdca.board.asking import read
from pdca.board.cards import BoardView, ColumnView
from pdca.board.filters import Wanted, wanted_from
from pdca.board.forms import LookForm, SeveralForm, ViewForm, ids_from, prints_from
from pdca.board.hub import ENDLESS, HELLO, MOST, Hub, adoptable
from pdca.board.operations import keep_look, remove_view, save_view
from pdca.board.pages import Viewing, filled, page
from pdca.board.peek import peek_at
from pdca.board.practice import may_practise, open_practice, remove_practice
from pdca.board.searching import search as find
from pdca.board.several import Outcome, Wish
from pdca.board.slips import snapshot
from pdca.board.views import Filling, board_view, filling_of, rules_for, scene_of, seen_by, several_view
from pdca.db import db
from pdca.engines import Mode
from pdca.errors import Invalid, NotAllowed, NotFound
from pdca.items.lookalikes import Text, alike_in
from pdca.items.queries import item_for
from pdca.people.models import Person, Team
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
        return render_template("board/no_team.html", may_practise=may_practise(me))
    return redirect(url_for("board.show", team_id=mine[0].id))


@bp.get("/teams/<int:team_id>/board")
def show(team_id: int) -> ResponseReturnValue:
    """The whole board."""
    at, me = clock.now(), _me()
    wanted = wanted_from(request.args, me.board_lanes)
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
    scene = scene_of(team_id, me, wanted_from(request.args, me.board_lanes), at)
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


@bp.get("/items/<int:item_id>/peek")
def peek(item_id: int) -> ResponseReturnValue:
    """What a card tells without being opened. The page remembers it by the name of the card; nothing is stored."""
    return render_template("board/_peek.html", peek=peek_at(_me(), item_id, clock.now()))


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


@bp.post("/practice")
def begin_practice() -> ResponseReturnValue:
    """A practice board, while there is no team yet."""
    team = open_practice(by=_me(), timezone=choose_timezone(), at=clock.now())
    db.session.commit()
    return changed(location=url_for("board.show", team_id=team.id))


@bp.post("/teams/<int:team_id>/practice/removal")
def end_practice(team_id: int) -> ResponseReturnValue:
    """The practice board goes away, with everything on it."""
    remove_practice(team_id, by=_me())
    db.session.commit()
    flash(gettext("The practice board is gone."))
    return changed(location=url_for("board.home"))


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


@bp.post("/teams/<int:team_id>/board/look")
def look(team_id: int) -> ResponseReturnValue:
    """Remember how this person likes a board: grouped, and close together."""
    me, form = _me(), LookForm()
    team_for(me, team_id)
    if not form.validate():
        raise Invalid([])
    sent = {name: request.form.get(name) for name in ("lanes", "compact", "fold")}
    keep_look(me, lanes=sent["lanes"], compact=sent["compact"], fold=sent["fold"])
    db.session.commit()
    if sent["fold"] is not None:
        return changed(location=f"{_wanted_by(form).url(team_id)}#fold-{sent['fold']}")
    # From here on the person says how, and no longer the address.
    return changed(location=replace(_wanted_by(form), lanes="").url(team_id))


@bp.post("/teams/<int:team_id>/board/several")
def several(team_id: int) -> ResponseReturnValue:
    """One act on several cards, each a unit of work of its own; what was refused is named per card."""
    me, form, at = _me(), SeveralForm(), clock.now()
    team, _standing = team_for(me, team_id)
    ids = list(dict.fromkeys(form.item.data or []))
    if not form.validate() or form.act.data is None:
        return _ask_again(team, form, ids, at)
    try:
        several_.check(form.wish, ids, clock.today(team.timezone, at))
    except Invalid as wrong:
        for error in wrong.errors:
            form[error.field].errors = [say(error)]
        return _ask_again(team, form, ids, at)
    # Between the cards nobody has to wait for the rest of them.
    db.session.rollback()
    db.set_mode(Mode.READ)
    outcomes = [_one_of_several(form.wish, team_id, item_id, at) for item_id in ids]
    return _told(team_id, form, outcomes)


def _one_of_several(wish: Wish, team_id: int, item_id: int, at: datetime) -> Outcome:
    """A unit of work of its own, done or undone whole: a refusal takes nothing else with it."""
    with db.writing():
        try:
            item = item_for(_me(), item_id)
            if item.team_id != team_id:
                raise NotFound
        except NotFound:
            return Outcome(0, "", "", gettext("It is not on this board."))
        outcome = Outcome(item.number, item.title, url_for("items.show", item_id=item_id))
        try:
            several_.do(wish, item, by=_me(), at=at)
            db.session.commit()
        except (NotAllowed, Invalid) as refusal:
            return replace(outcome, refused=_why(refusal))
        except IntegrityError:
            return replace(outcome, refused=gettext("Somebody changed it at the same moment."))
        return outcome


def _why(refusal: NotAllowed | Invalid) -> str:
    said = refusal.missing if isinstance(refusal, NotAllowed) else refusal.errors
    return " ".join(say(one) for one in said)


def _told(team_id: int, form: SeveralForm, outcomes: list[Outcome]) -> ResponseReturnValue:
    """Everything done: back to the board. Else a page that names each card."""
    done = [outcome for outcome in outcomes if not outcome.refused]
    board = replace(_wanted_by(form), pick=False).url(team_id)
    if len(done) == len(outcomes):
        flash(ngettext("Done for %(num)s card.", "Done for %(num)s cards.", len(done)))
        return changed(location=board)
    refused = [outcome for outcome in outcomes if outcome.refused]
    page_ = render_template("board/several_done.html", done=done, refused=refused, board_url=board)
    return page_, 200 if done else 409


def _ask_again(team: Team, form: SeveralForm, ids: list[int], at: datetime) -> ResponseReturnValue:
    """The same questions with what was typed, and the cards that were chosen."""
    me = _me()
    seen = seen_by(me, team.id, at)
    scene = scene_of(team.id, me, wanted_from({}), at)
    chosen = queries.titles_of(team.id, ids)
    bar = several_view(scene)
    problems = [("" if name == "item" else f"f-{name}", text) for name, text in form.problems]
    page_ = render_template("board/several.html", team=seen, form=form, problems=problems, several=bar, chosen=chosen)
    return page_, 422


def _wanted_by(form: Any) -> Wanted:
    return wanted_from(dict(parse_qsl(form.query.data or "")))


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
    if column.is_folded or len(column.lanes) > 1 or column.lanes[0].name:
        whole = filled(render_template("board/_column.html", **context), filling)
        return {"print": column.print, "whole": whole}
    parts = {
        name: filled(render_template(f"board/_{name}.html", **context), filling)
        for name in ("column_head", "column_empty", "column_parked")
    }
    return {"print": column.print, "parts": parts, "cards": [[slip.id, slip.etag] for slip in column.slips]}


def _me() -> Person:
    return cast(Person, current_user._get_current_object())
