"""The page behind "answer from this mail". Hung up on the room's blueprint by routes.py."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from sqlalchemy.exc import IntegrityError

from pdca import clock
from pdca.aftercare.limits import too_many
from pdca.aftercare.routes.showing import form_token, is_from_our_form
from pdca.db import db
from pdca.engines import Mode
from pdca.errors import Invalid, NotAllowed, NotFound
from pdca.followup.forms import ActForm
from pdca.followup.mail_acts import POSTS, Act, Can, Said, act_behind, do
from pdca.mail.links import use_link
from pdca.web import csrf, public, say, settings


def hang_up(bp: Blueprint) -> None:
    """The two routes."""
    bp.add_url_rule("/act/<token>", "act", public(show))
    bp.add_url_rule("/act/<token>/<way>", "do_act", csrf.exempt(public(post)), methods=["POST"])


def show(token: str) -> ResponseReturnValue:
    """What is asked, and the ways to answer; harmless to open."""
    act = _found(token)
    if act is None:
        return _gone()
    return _page(token, act)


def post(token: str, way: str) -> ResponseReturnValue:
    """Do the one thing that was asked."""
    act = _found(token)
    if act is None:
        return _gone()
    can = _way(way)
    if too_many() or act.link.uses >= POSTS or not is_from_our_form(token):
        return _page(token, act), 429
    form = ActForm()
    if not form.validate():
        return _again(token, can, form.errors_by_name, 422)
    try:
        use_link(act.link)
        do(act, can, Said(form.text.data or "", form.chosen_day))
        db.session.commit()
    except Invalid as refusal:
        return _again(token, can, {e.field: say(e) for e in refusal.errors}, 422)
    except NotAllowed as refusal:
        return _again(token, can, {"missing": "\n".join(say(m) for m in refusal.missing)}, 409)
    except IntegrityError:
        return _again(token, can, {}, 409)
    return _page(token, act, done=can)


# --- below the story -------------------------------------------------------------------------------------


def _found(token: str) -> Act | None:
    try:
        act = act_behind(token, clock.now())
    except NotFound:
        act = None
    if act is None:
        too_many()
    return act


def _way(way: str) -> Can:
    try:
        return Can(way)
    except ValueError:
        raise NotFound from None


def _again(token: str, can: Can, errors: dict[str, str], status: int) -> ResponseReturnValue:
    """Nothing was changed: the page with what was typed, and why not."""
    db.session.rollback()
    db.set_mode(Mode.READ)
    act = _found(token)
    return (_page(token, act, open_way=can, errors=errors), status) if act is not None else _gone()


def _page(
    token: str, act: Act, *, done: Can | None = None, open_way: Can | None = None, errors: dict[str, str] | None = None
) -> str:
    with force_locale(act.person.locale or settings().locale or "nl"):
        return render_template(
            "followup/act.html",
            act=act,
            done=done,
            open_way=open_way,
            errors=errors or {},
            typed=request.form,
            form_token=form_token(token),
            action=lambda way: url_for("followup.do_act", token=token, way=way),
            sender_note=act.facts.team_name,
        )


def _gone() -> ResponseReturnValue:
    return render_template("followup/act_gone.html", sender_note=""), 404
