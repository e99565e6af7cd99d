"""The door: signing in by a mailed link, by password or with one click in the demo; and signing out."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from pdca import clock
from pdca.config import LOOPBACK
from pdca.db import db
from pdca.errors import NotFound
from pdca.people.accounts import PASSWORD_RESET, SIGN_IN, ask_for_link
from pdca.people.forms import DemoForm, LinkForm, PasswordSignInForm, ResetRequestForm
from pdca.people.guessing import Guess, claim_guess, claim_link_request, forgive, password_guess
from pdca.people.models import Person, SignInBy
from pdca.people.passwords import hash_password, is_outdated, is_right
from pdca.people.queries import DemoPerson, demo_people, person_by_email
from pdca.people.routes import bp
from pdca.people.session import enter, forget, known_device, remember_device, this_session
from pdca.people.sign_ins import end_session
from pdca.web import NothingForm, own_path, public, settings, writes_itself

# Long enough to hide whether a mail was queued.
SAME_TIME_S = 0.12


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """The page with both ways in."""
    wanted = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted)
    return _page(wanted)


@bp.post("/sign-in/link")
@public
@writes_itself
def mail_link() -> ResponseReturnValue:
    """Mail a link. The answer is the same for everybody, and takes as long."""
    form, began = LinkForm(), clock.elapsed()
    wanted = own_path(form.next.data)
    if not form.validate():
        return _page(wanted, link_form=form), 422
    wait = _ask(form.email.data, SIGN_IN, wanted)
    if wait:
        return _too_many(wait, _page(wanted, link_form=form, link_wait=_in_words(wait)))
    _no_sooner(began)
    return redirect(url_for("people.link_sent"), 303)


@bp.get("/sign-in/sent")
@public
def link_sent() -> ResponseReturnValue:
    """Look in your mailbox."""
    return render_template("people/link_sent.html", on_this_machine=_mail_stays_here())


@bp.post("/sign-in/password")
@public
@writes_itself
def sign_in_with_password() -> ResponseReturnValue:
    """Count the try, then compare, then let in: hashing happens outside every transaction."""
    form, at = PasswordSignInForm(), clock.now()
    wanted = own_path(form.next.data)
    if not form.validate():
        return _page(wanted, password_form=form), 422
    guess = password_guess(form.email.data, request.remote_addr or "", known_device(form.email.data))
    if wait := _claim(guess, at):
        return _too_many(wait, _page(wanted, password_form=form, password_wait=_in_words(wait)))
    person_id = _who_knows(form.email.data, form.password.data)
    response = redirect(wanted, 303)
    if person_id is None or not _let_in(person_id, guess, form.password.data, at, response):
        form.password.errors = [gettext("This address and this password do not belong together.")]
        return _page(wanted, password_form=form), 422
    return response


@bp.post("/sign-in/demo")
@public
def sign_in_to_demo() -> ResponseReturnValue:
    """One click in the demo, on this machine only."""
    form = DemoForm()
    chosen = next((one for one in _demo() if form.validate() and one.part == form.part.data), None)
    if chosen is None:
        raise NotFound
    enter(chosen.person, SignInBy.DEMO, clock.now())
    db.session.commit()
    return redirect("/", 303)


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End this session, here and on the server."""
    NothingForm().validate()
    current_user.is_authenticated  # noqa: B018 - loads the session of this request
    session = this_session()
    if session is not None:
        end_session(session, clock.now())
        db.session.commit()
    forget()
    flash(gettext("You have signed out."))
    response = redirect(url_for("people.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.get("/password-reset")
@public
def ask_reset() -> ResponseReturnValue:
    """Forgot your password?"""
    return render_template("people/ask_reset.html", form=ResetRequestForm(), wait="")


@bp.post("/password-reset")
@public
@writes_itself
def mail_reset() -> ResponseReturnValue:
    """Mail a link to set a new password; again the same answer for everybody."""
    form, began = ResetRequestForm(), clock.elapsed()
    if not form.validate():
        return render_template("people/ask_reset.html", form=form, wait=""), 422
    if wait := _ask(form.email.data, PASSWORD_RESET, "/"):
        return _too_many(wait, render_template("people/ask_reset.html", form=form, wait=_in_words(wait)))
    _no_sooner(began)
    return redirect(url_for("people.link_sent"), 303)


# --- below the story -------------------------------------------------------------------------------------


def _page(
    wanted: str,
    link_form: LinkForm | None = None,
    password_form: PasswordSignInForm | None = None,
    link_wait: str = "",
    password_wait: str = "",
) -> str:
    return render_template(
        "people/sign_in.html",
        # A form that was not posted starts empty, whatever the other one carried.
        link_form=link_form or LinkForm(formdata=None),
        password_form=password_form or PasswordSignInForm(formdata=None),
        with_password=password_form is not None,
        link_wait=link_wait,
        password_wait=password_wait,
        wanted=wanted,
        demo=_demo(),
    )


def _ask(email: str, kind: str, wanted: str) -> timedelta:
    at = clock.now()
    with db.writing():
        wait = claim_link_request(request.remote_addr or "", at)
        if not wait:
            ask_for_link(email, kind=kind, locale=str(get_locale())[:2], at=at, next_path=wanted)
        db.session.commit()
    return wait


def _no_sooner(began: float) -> None:
    """Queueing a mail takes a moment longer than not queueing one; nobody can measure that."""
    time.sleep(max(0.0, SAME_TIME_S - (clock.elapsed() - began)))


def _claim(guess: Guess, at: datetime) -> timedelta:
    with db.writing():
        wait = claim_guess(guess, at)
        db.session.commit()
    return wait


def _who_knows(email: str, password: str) -> int | None:
    """The id of the person whose password this is."""
    with db.reading():
        person = person_by_email(email)
        known = (person.id, person.password_hash) if person and person.is_active else (None, None)
    return known[0] if is_right(known[1], password) else None


def _let_in(person_id: int, guess: Guess, password: str, at: datetime, response: Response) -> bool:
    with db.reading():
        outdated = is_outdated(db.session.get_one(Person, person_id).password_hash)
    new_hash = hash_password(password) if outdated else None
    with db.writing():
        person = db.session.get_one(Person, person_id)
        # Switched off while we were comparing?
        if not person.is_active:
            return False
        person.password_hash = new_hash or person.password_hash
        forgive(guess)
        enter(person, SignInBy.PASSWORD, at)
        remember_device(response, person)
        db.session.commit()
    return True


def _demo() -> list[DemoPerson]:
    """Who one click signs in as: only in a demo, and only for somebody at this very machine."""
    if settings().beyond_loopback or request.remote_addr not in LOOPBACK:
        return []
    return demo_people()


def _mail_stays_here() -> bool:
    """Mail is written to a folder on this machine, and that is where the reader sits."""
    given = settings()
    return given.mail_url.startswith("file") and not given.beyond_loopback and request.remote_addr in LOOPBACK


def _too_many(wait: timedelta, page: str) -> ResponseReturnValue:
    return page, 429, {"Retry-After": str(math.ceil(wait.total_seconds()))}


def _in_words(wait: timedelta) -> str:
    seconds = math.ceil(wait.total_seconds())
    if seconds <= 90:
        return str(ngettext("%(num)d second", "%(num)d seconds", seconds))
    return str(ngettext("%(num)d minute", "%(num)d minutes", math.ceil(seconds / 60)))
