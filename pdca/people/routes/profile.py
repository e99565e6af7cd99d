"""My own profile: how I read, when I may be mailed, who takes over, how I sign in and where I am signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, get_locale, gettext
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import N_
from pdca.people import profile
from pdca.people.accounts import SIGN_IN, ask_for_link, ask_for_new_address, change_password
from pdca.people.forms import (
    ROLE_NAMES,
    AbsenceForm,
    AvailabilityForm,
    ChangeAddressForm,
    ChangePasswordForm,
    DeputyForm,
    LanguageForm,
    ProfileForm,
    ReauthForm,
)
from pdca.people.guessing import claim_guess, forgive, password_guess
from pdca.people.mails import zone_of
from pdca.people.models import Absence, Person, SignIn, SignInBy
from pdca.people.passwords import hash_password, is_right
from pdca.people.queries import colleagues_of, memberships_of, open_sign_ins
from pdca.people.routes import bp, me
from pdca.people.routes.doing import did
from pdca.people.session import enter, this_session
from pdca.people.sign_ins import end_session, end_sessions, is_fresh
from pdca.web import Form, NothingForm, changed, load_or_404, own_path, say, settings, writes_itself

NO_PASSWORD_YET = N_("First have a link mailed to you: it shows that it is really you.")
WRONG_PASSWORD = N_("This is not your current password.")


@bp.get("/me", endpoint="profile")
def show() -> ResponseReturnValue:
    """The page."""
    return _page()


@bp.post("/me")
def save_profile() -> ResponseReturnValue:
    """Name, language and zone."""
    form = _profile_form()
    return _answer(
        form,
        "profile",
        lambda: profile.save_profile(
            me(), name=form.name.data, locale=form.locale.data or None, timezone=form.timezone.data or None
        ),
    )


@bp.post("/me/language")
def choose_language() -> ResponseReturnValue:
    """The language switch, from whatever page."""
    form = LanguageForm()
    if not did(form, lambda: profile.choose_language(me(), form.locale.data)):
        return _page(), 422
    return redirect(own_path(form.next.data), 303)


@bp.post("/me/mail")
def mail_again() -> ResponseReturnValue:
    """Reminders by mail, after they were stopped."""
    form = NothingForm()
    did(form, lambda: profile.start_mail(me(), at=clock.now()))
    flash(gettext("You get your reminders by mail again."))
    return redirect(url_for("people.profile", _anchor="availability"), 303)


@bp.post("/me/availability")
def save_availability() -> ResponseReturnValue:
    """Mail window and free weekdays."""
    form = AvailabilityForm()
    return _answer(
        form,
        "availability",
        lambda: profile.save_availability(
            me(),
            mail_from=form.mail_from.data,
            mail_until=form.mail_until.data,
            days_off=form.days_off.data or [],
            at=clock.now(),
        ),
    )


@bp.post("/me/deputy")
def name_deputy() -> ResponseReturnValue:
    """Who takes over."""
    form = _deputy_form()
    return _answer(form, "deputy", lambda: profile.name_deputy(me(), form.deputy_id.data or None, clock.now()))


@bp.post("/me/absences")
def add_absence() -> ResponseReturnValue:
    """Days away."""
    form, at = AbsenceForm(), clock.now()
    return _answer(
        form,
        "absence",
        lambda: profile.add_absence(
            me(), form.from_on.data, form.until_on.data, today=clock.today(zone_of(me()), at), at=at
        ),
    )


@bp.post("/me/absences/<int:absence_id>/removal")
def remove_absence(absence_id: int) -> ResponseReturnValue:
    """There after all."""
    NothingForm().validate()
    mine = select(Absence).where(Absence.id == absence_id, Absence.person_id == me().id)
    profile.remove_absence(me(), load_or_404(mine), clock.now())
    db.session.commit()
    return _saved("absence")


# --- how I sign in ---------------------------------------------------------------------------------------


@bp.post("/me/link")
def mail_me_a_link() -> ResponseReturnValue:
    """Somebody without a password proves who they are through their mailbox."""
    NothingForm().validate()
    ask_for_link(me().email, kind=SIGN_IN, locale=_language(), at=clock.now(), next_path="/me")
    db.session.commit()
    flash(gettext("A link is on its way. Open it and you can change this for a quarter of an hour."))
    return _to("sign-in")


@bp.post("/me/password")
@writes_itself
def save_password() -> ResponseReturnValue:
    """Another password: with the current one or a fresh link. Every other session ends."""
    at = clock.now()
    form = ChangePasswordForm(me())
    if not form.validate() or not _is_proven(form, at):
        return _page(password_form=form), 422
    new_hash = hash_password(form.new_password.data)
    with db.writing():
        person = db.session.get_one(Person, me().id)
        how = _way_in()
        change_password(person, new_hash, at)
        enter(person, how, at)
        db.session.commit()
    flash(gettext("Your password has been changed. Every other session has ended."))
    return _to("sign-in")


@bp.post("/me/address")
@writes_itself
def save_address() -> ResponseReturnValue:
    """Another e-mail address: it counts once the link that goes there is opened."""
    at = clock.now()
    form = ChangeAddressForm()
    if not form.validate() or not _is_proven(form, at):
        return _page(address_form=form), 422
    with db.writing():
        person = db.session.get_one(Person, me().id)
        if not did(form, lambda: ask_for_new_address(person, form.email.data, at)):
            return _page(address_form=form), 422
    flash(gettext("Open the link that is on its way to the new address. Until then nothing changes."))
    return _to("sign-in")


@bp.post("/me/sessions/<int:session_id>/ending")
def end_one_session(session_id: int) -> ResponseReturnValue:
    """Sign out on another device."""
    NothingForm().validate()
    mine = select(SignIn).where(SignIn.id == session_id, SignIn.person_id == me().id)
    end_session(load_or_404(mine), clock.now())
    db.session.commit()
    flash(gettext("That session has ended."))
    return _to("sessions")


@bp.post("/me/sessions/ending")
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere else."""
    NothingForm().validate()
    end_sessions(me(), clock.now(), keep=this_session())
    db.session.commit()
    flash(gettext("Every other session has ended."))
    return _to("sessions")


# --- below the story -------------------------------------------------------------------------------------


def _answer(form: Form, place: str, act: Callable[[], object]) -> ResponseReturnValue:
    """Save and say so, or show the page again with this form as it was typed."""
    if did(form, act):
        return _saved(place)
    return _page(**{f"{place}_form": form}), 422


def _saved(place: str) -> ResponseReturnValue:
    flash(gettext("Saved."))
    return _to(place)


def _to(place: str) -> ResponseReturnValue:
    return changed(location=url_for("people.profile") + f"#{place}")


def _page(**typed: Form) -> str:
    """The whole page; `typed` holds the form that was refused, the others show what is stored."""
    person, at = me(), clock.now()
    forms: dict[str, Callable[[], Form]] = {
        "profile_form": lambda: _profile_form(person),
        "availability_form": lambda: AvailabilityForm(
            formdata=None, obj=person, data={"days_off": sorted(person.weekdays_off)}
        ),
        "deputy_form": lambda: _deputy_form(person),
        "absence_form": lambda: AbsenceForm(formdata=None),
        "password_form": lambda: ChangePasswordForm(person, formdata=None),
        "address_form": lambda: ChangeAddressForm(formdata=None),
    }
    today = clock.today(zone_of(person), at)
    return render_template(
        "people/profile.html",
        person=person,
        absences=sorted((a for a in person.absences if a.until_on >= today), key=lambda a: a.from_on),
        sessions=open_sign_ins(person, at),
        this_session=this_session(),
        memberships=memberships_of(person),
        role_names=ROLE_NAMES,
        when=lambda instant: format_datetime(instant, "d MMM y, HH:mm"),
        is_fresh=is_fresh(this_session(), at),
        today=today,
        **{name: typed.get(name) or make() for name, make in forms.items()},
    )


def _profile_form(stored: Person | None = None) -> ProfileForm:
    """The form as posted, or as stored."""
    if stored is None:
        form = ProfileForm()
    else:
        words = {"name": stored.name, "locale": stored.locale or "", "timezone": stored.timezone or ""}
        form = ProfileForm(formdata=None, data=words)
    form.offer_zones(me().timezone, settings().timezone)
    return form


def _deputy_form(stored: Person | None = None) -> DeputyForm:
    form = DeputyForm() if stored is None else DeputyForm(formdata=None, data={"deputy_id": stored.deputy_id or 0})
    colleagues = [(colleague.id, colleague.name) for colleague in colleagues_of(me())]
    form.deputy_id.choices = [(0, gettext("nobody")), *colleagues]
    return form


def _is_proven(form: ReauthForm, at: datetime) -> bool:
    """The current password, or a session that came through the mailbox a moment ago."""
    if is_fresh(this_session(), at):
        return True
    person_id, password_hash, email = me().id, me().password_hash, me().email
    guess = password_guess(f"again:{email}", request.remote_addr or "", None)
    with db.writing():
        wait = claim_guess(guess, at)
        db.session.commit()
    if wait:
        form.current_password.errors = [gettext("Too many tries. Wait a while, or have a link mailed to you.")]
        return False
    db.release()
    if not is_right(password_hash, form.current_password.data or ""):
        form.current_password.errors = [_not_proven(password_hash)]
        return False
    with db.writing():
        forgive(guess)
        db.session.commit()
    return person_id == me().id


def _not_proven(password_hash: str | None) -> str:
    if password_hash is None:
        return say(NO_PASSWORD_YET)
    return say(WRONG_PASSWORD)


def _way_in() -> SignInBy:
    session = this_session()
    return session.by if session else SignInBy.PASSWORD


def _language() -> str:
    return str(get_locale())[:2]
