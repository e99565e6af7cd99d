"""A customer's link: looking at it, answering, correcting, "it came back", "not me", "no more mail"."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError

from pdca import clock
from pdca.aftercare.forms import AnswerForm, CameBackForm, CounterForm, LinkForm
from pdca.aftercare.limits import too_many, too_soon
from pdca.aftercare.operations import send_new_link
from pdca.aftercare.pages import Asked, CameBack, Counter, Opened, expired, opened, posts_allowed
from pdca.aftercare.routes import bp, showing
from pdca.db import db
from pdca.engines import Mode
from pdca.errors import NotAllowed, NotFound
from pdca.items.checks import answer_by_link
from pdca.items.contacts import not_the_person, opt_out
from pdca.items.counter import answer_at_counter
from pdca.items.moves import reopen_by_customer
from pdca.items.terms import ReopenCause
from pdca.mail.links import use_link
from pdca.web import csrf, public

View = Callable[[str, Opened], ResponseReturnValue]


# --- looking ---------------------------------------------------------------------------------------------


@bp.get("/a/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The question, the answer that was given, or "came back?"; harmless to open."""
    page = opened(token, clock.now())
    if page is None:
        too_many()
        return showing.gone(token)
    if isinstance(page, Counter):
        is_done = "done" in request.args
        return showing.at_counter(token, page, CounterForm(page.item.groups, formdata=None), is_done=is_done)
    return showing.plainly(token, page)


@bp.get("/a/<token>/correction")
@public
def correction(token: str) -> ResponseReturnValue:
    """The form that changes an answer, with the answer in it."""
    page = opened(token, clock.now())
    if page is None:
        too_many()
        return showing.gone(token)
    if not isinstance(page, Asked) or not page.may_correct:
        return showing.plainly(token, page)
    return showing.ask(token, page, AnswerForm(formdata=None), again=True)


# --- answering -------------------------------------------------------------------------------------------


def _posts(view: View) -> Callable[[str], ResponseReturnValue]:
    """Guard a POST of this page: the form's own token, and not too many on one link or from one place.

    Whoever is held back sees the page as it is, kindly: their answer when there is one, else the question.
    """

    @wraps(view)
    def guarded(token: str) -> ResponseReturnValue:
        page = opened(token, clock.now())
        if page is None:
            too_many()
            return showing.gone(token)
        if too_many() or page.link.uses >= posts_allowed(page):
            return showing.plainly(token, page, notice=_held_back(page)), 429
        if not showing.is_from_our_form(token):
            return _back(token)
        # The count locks the link: of many at once the second sees what the first one said.
        use_link(page.link)
        db.session.expire_all()
        now = opened(token, clock.now())
        return view(token, now) if now is not None else showing.gone(token)

    return csrf.exempt(public(guarded))  # type: ignore[no-any-return]


@bp.post("/a/<token>")
@_posts
def answer(token: str, page: Opened) -> ResponseReturnValue:
    """Keep the answer: the first one counts, everybody after it is told kindly that it is there."""
    if isinstance(page, Counter):
        return _at_counter(token, page)
    if not isinstance(page, Asked):
        raise NotFound
    if not page.is_open:
        return _told_kindly(token)
    form = AnswerForm()
    if not form.validate():
        return _once_more(token, page, form)
    return _kept(token, page, form)


def _at_counter(token: str, page: Counter) -> ResponseReturnValue:
    """Many answers, one after the other; the next person finds an empty form."""
    if not page.is_open:
        return _told_kindly(token)
    form = CounterForm(page.item.groups)
    if not form.validate():
        db.session.commit()
        return showing.at_counter(token, page, form), 422
    if too_soon(token):
        db.session.commit()
        notice = gettext("Somebody just answered here. Please wait a moment and send it again.")
        return showing.at_counter(token, page, form, notice=notice), 429
    try:
        answer_at_counter(page.check, form.answer(), at=clock.now())
        db.session.commit()
    except NotAllowed:
        return _told_kindly(token)
    return redirect(url_for("aftercare.show", token=token, done=1, lang=showing.chosen_language()), 303)


@bp.post("/a/<token>/correction")
@_posts
def correct(token: str, page: Opened) -> ResponseReturnValue:
    """Change the answer within 24 hours: only the version that this form was filled in for."""
    if not isinstance(page, Asked):
        raise NotFound
    form = AnswerForm()
    if page.answer is None or not page.may_correct or form.version.data != str(page.answer.version):
        return _told_kindly(token)
    if not form.validate():
        return _once_more(token, page, form)
    return _kept(token, page, form)


def _kept(token: str, page: Asked, form: AnswerForm) -> ResponseReturnValue:
    try:
        answer_by_link(page.check, page.contact, form.answer(), at=page.at)
        db.session.commit()
    except (NotAllowed, IntegrityError):
        # Settled in the meantime, or answered by another link at the same moment.
        return _told_kindly(token)
    return _back(token)


def _once_more(token: str, page: Asked, form: AnswerForm) -> ResponseReturnValue:
    db.session.commit()  # the post counts, whatever it said
    return showing.ask(token, _as_it_is(token, page), form, again=page.answer is not None), 422


def _told_kindly(token: str) -> ResponseReturnValue:
    """Nothing was changed: the page as it is now, and why."""
    db.session.rollback()
    db.set_mode(Mode.READ)
    page = opened(token, clock.now())
    if page is None:
        return showing.gone(token)
    return showing.plainly(token, page, notice=gettext("This question was answered already. Nothing was changed.")), 409


def _held_back(page: Opened) -> str:
    if isinstance(page, Asked) and page.answer is not None:
        return ""
    return gettext("It is very busy here. Nothing was kept: please try again in a minute.")


def _as_it_is(token: str, page: Asked) -> Asked:
    now = opened(token, clock.now())
    return now if isinstance(now, Asked) else page


def _back(token: str) -> ResponseReturnValue:
    return redirect(url_for("aftercare.show", token=token, lang=showing.chosen_language()), 303)


# --- other things a customer may say ---------------------------------------------------------------------


@bp.post("/a/<token>/reopening")
@_posts
def reopen(token: str, page: Opened) -> ResponseReturnValue:
    """It came back: the item is reopened, the team hears of it at once."""
    if not isinstance(page, CameBack):
        raise NotFound
    form = CameBackForm()
    if not form.validate():
        db.session.commit()
        return showing.came_back(token, page, form), 422
    if page.is_open:
        # A closing mail's link ends after 182 days; what still works then came with the recurrence question.
        reopen_by_customer(page.item, ReopenCause(form.cause.data), at=clock.now(), was_asked=True)
    db.session.commit()
    return _back(token)


@bp.post("/a/<token>/not-me")
@_posts
def not_me(_token: str, page: Opened) -> ResponseReturnValue:
    """I am not the right person."""
    LinkForm().validate()
    if isinstance(page, Counter):
        raise NotFound
    not_the_person(page.contact, at=clock.now())
    db.session.commit()
    return showing.thanks(page, "not_me")


@bp.post("/a/<token>/no-more-mail")
@_posts
def no_more_mail(_token: str, page: Opened) -> ResponseReturnValue:
    """Don't mail me again."""
    LinkForm().validate()
    if isinstance(page, Counter):
        raise NotFound
    opt_out(page.contact, at=clock.now())
    db.session.commit()
    return showing.thanks(page, "no_more_mail")


@bp.post("/a/<token>/new-link")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
def new_link(token: str) -> ResponseReturnValue:
    """Mail a new link to the stored address; whoever asks learns nothing."""
    link = None if too_many() else expired(token, clock.now())
    if link is not None:
        send_new_link(link, at=clock.now())
        db.session.commit()
    return showing.on_its_way()
