"""For administrators: everybody, and every team with its sponsors."""

from __future__ import annotations

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import NotFound
from pdca.people import accounts
from pdca.people.forms import InviteForm, SponsorForm, TeamForm
from pdca.people.models import Person, Sponsorship, Team
from pdca.people.operations import add_sponsor, create_team, remove_sponsor
from pdca.people.queries import all_people, all_teams, sponsorships
from pdca.people.routes import bp, me
from pdca.people.routes.doing import did
from pdca.people.session import this_session
from pdca.web import NothingForm, changed, load_or_404, settings


@bp.get("/admin/people")
def people() -> ResponseReturnValue:
    """Everybody."""
    _administrator()
    return _people_page(InviteForm(formdata=None))


@bp.post("/admin/people")
def invite_person() -> ResponseReturnValue:
    """Invite somebody."""
    _administrator()
    form = InviteForm()
    if not did(form, lambda: accounts.invite(form.email.data, form.name.data, by=me(), at=clock.now())):
        return _people_page(form), 422
    return _done("people", gettext("The invitation is on its way."))


@bp.post("/admin/people/<int:person_id>/invitation")
def mail_invitation(person_id: int) -> ResponseReturnValue:
    """Mail the invitation once more."""
    person = _person(person_id)
    if person.has_come_in or not person.is_active:
        raise NotFound
    accounts.send_invitation(person, by=me(), at=clock.now())
    db.session.commit()
    return _done("people", gettext("The invitation goes out again."))


@bp.post("/admin/people/<int:person_id>/deactivation")
def deactivate(person_id: int) -> ResponseReturnValue:
    """Switch an account off."""
    accounts.deactivate(_person(person_id), by=me(), at=clock.now())
    db.session.commit()
    return _done("people", gettext("Switched off. What this person held waits for a new owner."))


@bp.post("/admin/people/<int:person_id>/reactivation")
def reactivate(person_id: int) -> ResponseReturnValue:
    """Switch it on again."""
    accounts.reactivate(_person(person_id), by=me(), at=clock.now())
    db.session.commit()
    return _done("people", gettext("Switched on again."))


@bp.post("/admin/people/<int:person_id>/administrator")
def make_administrator(person_id: int) -> ResponseReturnValue:
    """Give the keys."""
    accounts.make_administrator(_person(person_id), by=me(), at=clock.now())
    db.session.commit()
    return _done("people", gettext("This person is administrator from now on, and signs in anew for it."))


@bp.post("/admin/people/<int:person_id>/administrator/removal")
def no_longer_administrator(person_id: int) -> ResponseReturnValue:
    """Take the keys back."""
    accounts.no_longer_administrator(_person(person_id), by=me(), at=clock.now())
    db.session.commit()
    return _done("people", gettext("This person is no longer administrator."))


@bp.get("/admin/teams")
def teams() -> ResponseReturnValue:
    """Every team."""
    _administrator()
    return _teams_page(TeamForm(formdata=None))


@bp.post("/admin/teams")
def add_team() -> ResponseReturnValue:
    """A new team; its people are next."""
    _administrator()
    form = TeamForm()
    made: list[Team] = []

    def act() -> None:
        zone = settings().timezone
        made.append(create_team(form.name.data, timezone=zone, by=me(), at=clock.now()))

    if not did(form, act):
        return _teams_page(form), 422
    flash(gettext("The team is there. Who is in it?"))
    return changed(location=url_for("people.members", team_id=made[0].id))


@bp.post("/admin/teams/<int:team_id>/sponsors")
def put_sponsor(team_id: int) -> ResponseReturnValue:
    """Somebody above the leaders."""
    _administrator()
    team = load_or_404(select(Team).where(Team.id == team_id))
    form = SponsorForm()
    active = {person.id: person for person in all_people() if person.is_active}
    form.person_id.choices = [(ident, person.name) for ident, person in active.items()]
    if not did(form, lambda: add_sponsor(team, active[form.person_id.data], by=me(), at=clock.now())):
        return _teams_page(TeamForm(formdata=None), refused=(team.id, form)), 422
    return _done("teams", gettext("Saved."))


@bp.post("/admin/teams/<int:team_id>/sponsors/<int:sponsorship_id>/removal")
def drop_sponsor(team_id: int, sponsorship_id: int) -> ResponseReturnValue:
    """No longer sponsor."""
    _administrator()
    NothingForm().validate()
    row = select(Sponsorship).where(Sponsorship.id == sponsorship_id, Sponsorship.team_id == team_id)
    remove_sponsor(load_or_404(row), by=me(), at=clock.now())
    db.session.commit()
    return _done("teams", gettext("Saved."))


# --- below the story -------------------------------------------------------------------------------------


def _administrator() -> None:
    """For everybody else these pages do not exist."""
    if not me().is_administrator:
        raise NotFound


def _person(person_id: int) -> Person:
    _administrator()
    NothingForm().validate()
    return load_or_404(select(Person).where(Person.id == person_id))


def _people_page(form: InviteForm) -> str:
    return render_template("admin/people.html", people=all_people(), form=form, here=this_session())


def _teams_page(form: TeamForm, refused: tuple[int, SponsorForm] | None = None) -> str:
    by_team: dict[int, list[Sponsorship]] = {}
    for sponsorship in sponsorships():
        by_team.setdefault(sponsorship.team_id, []).append(sponsorship)
    return render_template(
        "admin/people_teams.html",
        teams=all_teams(),
        sponsors=by_team,
        candidates=[(person.id, person.name) for person in all_people() if person.is_active],
        form=form,
        refused_team=refused[0] if refused else None,
        refused_form=refused[1] if refused else None,
    )


def _done(page: str, words: str) -> ResponseReturnValue:
    flash(words)
    return changed(location=url_for(f"people.{page}"))
