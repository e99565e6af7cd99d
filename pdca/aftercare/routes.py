"""The customer's own page: opening changes nothing, answering is a POST, and no account is needed."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from hashlib import sha256

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from pdca import clock
from pdca.aftercare.forms import AnswerForm, CameBackForm, LinkForm
from pdca.aftercare.operations import send_new_link
from pdca.aftercare.pages import POSTS, Asked, CameBack, asked, came_back, expired
from pdca.db import db
from pdca.errors import NotAllowed, NotFound
from pdca.items.checks import answer_by_link
from pdca.items.contacts import not_the_person, opt_out
from pdca.items.moves import reopen_by_customer
from pdca.items.terms import ReopenCause
from pdca.mail.links import use_link
from pdca.web import csrf, public

bp = Blueprint("aftercare", __name__)
View = Callable[..., ResponseReturnValue]


@bp.after_request
def keep_to_itself(response: Response) -> Response:
    """The address of this page is a secret: it is not passed on, not indexed, not kept."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/a/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The question, the answer that was given, or "came back?"; harmless to open."""
    at = clock.now()
    question = asked(token, at)
    if question is not None:
        return _ask(token, question, AnswerForm(formdata=None))
    closed = came_back(token, at)
    if closed is not None:
        return _came_back(token, closed, CameBackForm(formdata=None))
    return _gone(token)


def _posts(view: View) -> View:
    """Guard a POST of this page: the form's own token, and not too many on one link."""

    @wraps(view)
    def guarded(token: str) -> ResponseReturnValue:
        at = clock.now()
        page = asked(token, at) or came_back(token, at)
        if page is None:
            return _gone(token)
        given = request.form.get("form_token", "")
        if not hmac.compare_digest(given, form_token(token)) or page.link.uses >= POSTS:
            return redirect(url_for("aftercare.show", token=token), 303)
        use_link(page.link)
        return view(token, page)

    return csrf.exempt(public(guarded))  # type: ignore[no-any-return]


@bp.post("/a/<token>")
@_posts
def answer(token: str, page: Asked | CameBack) -> ResponseReturnValue:
    """Keep the answer; within 24 hours the same form corrects it."""
    if not isinstance(page, Asked):
        raise NotFound
    form = AnswerForm()
    if not form.validate():
        db.session.commit()  # the post counts, whatever it said
        return _ask(token, _again(token), form), 422
    if page.answer is not None and form.version.data != str(page.answer.version):
        # Somebody with the same mail answered in between: show what stands there now.
        return redirect(url_for("aftercare.show", token=token), 303)
    try:
        answer_by_link(page.check, page.contact, form.answer(), at=page.at)
        db.session.commit()
    except NotAllowed:
        # Settled in the meantime: the page says so.
        db.session.rollback()
    return redirect(url_for("aftercare.show", token=token), 303)


@bp.post("/a/<token>/reopening")
@_posts
def reopen(token: str, page: Asked | CameBack) -> ResponseReturnValue:
    """It came back: the item is reopened, the team hears of it at once."""
    if not isinstance(page, CameBack):
        raise NotFound
    form = CameBackForm()
    if not form.validate():
        db.session.commit()
        closed = came_back(token, clock.now())
        return (_came_back(token, closed, form), 422) if closed else _gone(token)
    if page.is_open:
        # A closing mail's link ends after 182 days; what still works then came with the recurrence question.
        reopen_by_customer(page.item, ReopenCause(form.cause.data), at=clock.now(), was_asked=True)
    db.session.commit()
    return redirect(url_for("aftercare.show", token=token), 303)


@bp.post("/a/<token>/not-me")
@_posts
def not_me(token: str, page: Asked | CameBack) -> ResponseReturnValue:
    """I am not the right person."""
    LinkForm().validate()
    not_the_person(page.contact, at=clock.now())
    db.session.commit()
    return _done(page, "not_me")


@bp.post("/a/<token>/no-more-mail")
@_posts
def no_more_mail(token: str, page: Asked | CameBack) -> ResponseReturnValue:
    """Don't mail me again."""
    LinkForm().validate()
    opt_out(page.contact, at=clock.now())
    db.session.commit()
    return _done(page, "no_more_mail")


@bp.post("/a/<token>/new-link")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
def new_link(token: str) -> ResponseReturnValue:
    """Mail a new link to the stored address; whoever asks learns nothing."""
    link = expired(token, clock.now())
    if link is not None:
        send_new_link(link, at=clock.now())
        db.session.commit()
    return render_template("aftercare/done.html", what="new_link", sender_note="")


# --- pages -----------------------------------------------------------------------------------------------


def _ask(token: str, page: Asked, form: AnswerForm) -> str:
    with force_locale(page.contact.locale):
        return render_template(
            "aftercare/ask.html",
            page=page,
            form=form,
            token=token,
            form_token=form_token(token),
            sender_note=page.item.team.name,
            lang=page.contact.locale,
        )


def _again(token: str) -> Asked:
    page = asked(token, clock.now())
    if page is None:
        raise NotFound
    return page


def _came_back(token: str, page: CameBack, form: CameBackForm) -> str:
    with force_locale(page.contact.locale):
        return render_template(
            "aftercare/came_back.html",
            page=page,
            form=form,
            token=token,
            form_token=form_token(token),
            sender_note=page.item.team.name,
            lang=page.contact.locale,
        )


def _done(page: Asked | CameBack, what: str) -> str:
    with force_locale(page.contact.locale):
        return render_template(
            "aftercare/done.html", what=what, sender_note=page.item.team.name, lang=page.contact.locale
        )


def _gone(token: str) -> Response:
    """Unknown, expired and revoked look the same: same words, same size, same status."""
    return Response(render_template("aftercare/gone.html", token=token[:43], sender_note=""), status=404)


def form_token(token: str) -> str:
    """What a form of this link must send along; there is no cookie that could carry it."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, b"aftercare-form:" + token.encode(), sha256).hexdigest()
