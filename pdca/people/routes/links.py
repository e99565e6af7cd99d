"""Pages behind a mailed link. Opening one changes nothing: mail scanners open links too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from pdca import clock
from pdca.db import db
from pdca.errors import NotAllowed, NotFound
from pdca.mail.links import find_link
from pdca.mail.models import Link
from pdca.people.accounts import (
    INVITATION,
    NEW_ADDRESS,
    PASSWORD_RESET,
    SET_UP,
    SIGN_IN,
    accept_invitation,
    confirm_new_address,
    create_first_administrator,
    enter_by_link,
    reset_password,
)
from pdca.people.forms import InvitationForm, NewPasswordForm, SetUpForm
from pdca.people.models import Person, SignInBy
from pdca.people.passwords import hash_password
from pdca.people.queries import nobody_yet
from pdca.people.routes import bp
from pdca.people.routes.doing import did
from pdca.people.session import enter, remember_device
from pdca.web import NothingForm, own_path, public, writes_itself


@dataclass(frozen=True)
class Opened:
    """A link that still works, and whose it is."""

    link: Link
    person: Person


class Dead(Exception):
    """The link is unknown, used, expired or revoked: nobody can tell which."""


@bp.errorhandler(Dead)
def dead_link(_error: Dead) -> ResponseReturnValue:
    """The same page for every link that does not work."""
    return render_template("people/dead_link.html"), 404


# --- signing in ------------------------------------------------------------------------------------------


@bp.get("/sign-in/<token>")
@public
def open_sign_in_link(token: str) -> ResponseReturnValue:
    """One button."""
    opened = _opened(token, SIGN_IN)
    return render_template("people/sign_in_link.html", person=opened.person, token=token, wanted=_wanted())


@bp.post("/sign-in/<token>")
@public
def use_sign_in_link(token: str) -> ResponseReturnValue:
    """Sign in, once."""
    NothingForm().validate()
    at, opened = clock.now(), _opened(token, SIGN_IN)
    person = _once(lambda: enter_by_link(opened.link, at))
    enter(person, SignInBy.LINK, at)
    response = remember_device(redirect(_wanted(), 303), person)
    db.session.commit()
    return response


# --- invitation ------------------------------------------------------------------------------------------


@bp.get("/invitation/<token>")
@public
def open_invitation(token: str) -> ResponseReturnValue:
    """Who you are here."""
    person = _opened(token, INVITATION).person
    form = InvitationForm(person.email, data={"name": person.name, "locale": person.locale or _language()})
    return render_template("people/invitation.html", form=form, person=person, token=token)


@bp.post("/invitation/<token>")
@public
@writes_itself
def take_invitation(token: str) -> ResponseReturnValue:
    """Come in for the first time."""
    at = clock.now()
    with db.reading():
        person = _opened(token, INVITATION).person
        form = InvitationForm(person.email)
        if not form.validate():
            return render_template("people/invitation.html", form=form, person=person, token=token), 422
    new_hash = hash_password(form.new_password.data) if form.new_password.data else None
    with db.writing():
        link = _opened(token, INVITATION).link
        person = _once(
            lambda: accept_invitation(link, name=form.name.data, locale=form.locale.data, password_hash=new_hash, at=at)
        )
        enter(person, SignInBy.LINK, at)
        response = remember_device(redirect("/", 303), person)
        db.session.commit()
    return response


# --- a new password --------------------------------------------------------------------------------------


@bp.get("/reset/<token>")
@public
def open_reset(token: str) -> ResponseReturnValue:
    """Choose a new password."""
    person = _opened(token, PASSWORD_RESET).person
    return render_template("people/reset.html", form=NewPasswordForm(person), person=person, token=token)


@bp.post("/reset/<token>")
@public
@writes_itself
def use_reset(token: str) -> ResponseReturnValue:
    """Set it, once; every other session ends and this one begins."""
    at = clock.now()
    with db.reading():
        person = _opened(token, PASSWORD_RESET).person
        form = NewPasswordForm(person)
        if not form.validate():
            return render_template("people/reset.html", form=form, person=person, token=token), 422
    new_hash = hash_password(form.new_password.data)
    with db.writing():
        link = _opened(token, PASSWORD_RESET).link
        person = _once(lambda: reset_password(link, new_hash, at))
        enter(person, SignInBy.LINK, at)
        response = remember_device(redirect("/", 303), person)
        db.session.commit()
    flash(gettext("Your password has been changed. Every other session has ended."))
    return response


# --- a new address ---------------------------------------------------------------------------------------


@bp.get("/new-address/<token>")
@public
def open_new_address(token: str) -> ResponseReturnValue:
    """One button."""
    opened = _opened(token, NEW_ADDRESS)
    address = opened.link.message.address if opened.link.message else ""
    return render_template("people/new_address.html", person=opened.person, address=address, token=token)


@bp.post("/new-address/<token>")
@public
def use_new_address(token: str) -> ResponseReturnValue:
    """From now on this is the address; sign in with it."""
    NothingForm().validate()
    opened = _opened(token, NEW_ADDRESS)
    _once(lambda: confirm_new_address(opened.link, clock.now()))
    db.session.commit()
    flash(gettext("Your e-mail address has been changed. Please sign in with the new one."))
    return redirect(url_for("people.sign_in"), 303)


# --- the first administrator -----------------------------------------------------------------------------


@bp.get("/set-up/<token>")
@public
def open_set_up(token: str) -> ResponseReturnValue:
    """Who looks after this installation?"""
    _set_up_link(token)
    form = SetUpForm(data={"locale": _language()})
    return render_template("people/set_up.html", form=form, token=token)


@bp.post("/set-up/<token>")
@public
@writes_itself
def use_set_up(token: str) -> ResponseReturnValue:
    """Make the first administrator, once."""
    at, form = clock.now(), SetUpForm()
    with db.reading():
        _set_up_link(token)
        if not form.validate():
            return render_template("people/set_up.html", form=form, token=token), 422
    new_hash = hash_password(form.new_password.data)
    made: list[Person] = []

    def make() -> None:
        link = _set_up_link(token)
        person = create_first_administrator(
            link,
            email=form.email.data,
            name=form.name.data,
            locale=form.locale.data,
            password_hash=new_hash,
            at=at,
        )
        enter(person, SignInBy.LINK, at)
        made.append(person)

    with db.writing():
        if not did(form, make):
            return render_template("people/set_up.html", form=form, token=token), 422
        return remember_device(redirect(url_for("people.teams"), 303), made[0])


# --- below the story -------------------------------------------------------------------------------------


def _opened(token: str, purpose: str) -> Opened:
    link = find_link(token, purpose, clock.now())
    person = db.session.get(Person, link.person_id) if link and link.person_id else None
    if link is None or person is None or not person.is_active:
        raise Dead
    return Opened(link, person)


def _set_up_link(token: str) -> Link:
    link = find_link(token, SET_UP, clock.now())
    if link is None or not nobody_yet():
        raise Dead
    return link


def _once(act: Callable[[], Person]) -> Person:
    try:
        return act()
    except (NotFound, NotAllowed):
        # Somebody was faster by a moment: for them too the link has been used.
        raise Dead from None


def _wanted() -> str:
    return own_path(request.args.get("next"))


def _language() -> str:
    return str(get_locale())[:2]
