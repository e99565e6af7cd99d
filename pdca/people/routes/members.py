"""Who is in a team: add, change a role, remove, leave."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed, NotFound
from pdca.people.accounts import invite, send_invitation
from pdca.people.forms import ROLE_NAMES, AddMemberForm, RoleForm
from pdca.people.models import Membership, Role, Team
from pdca.people.operations import NOT_YOURS_TO_CHANGE, add_member, change_role, remove_member
from pdca.people.permissions import Standing, grantable, may_change, may_manage_members
from pdca.people.queries import members_of, sponsors_of, team_for
from pdca.people.routes import bp, me
from pdca.people.routes.doing import did
from pdca.web import NothingForm, changed, load_or_404


@bp.get("/teams/<int:team_id>/members")
def members(team_id: int) -> ResponseReturnValue:
    """The page."""
    team, who = team_for(me(), team_id)
    return _page(team, who, _form(who, formdata=None))


@bp.post("/teams/<int:team_id>/members")
def add(team_id: int) -> ResponseReturnValue:
    """Add somebody; whoever has no account yet is invited."""
    team, who = _managed(team_id)
    form = _form(who)

    def act() -> None:
        at = clock.now()
        person = invite(form.email.data, form.name.data, by=me(), at=at)
        add_member(team.id, person, Role(form.role.data), by=me(), at=at)

    if not did(form, act):
        return _page(team, who, form), 422
    flash(gettext("Added. Whoever has no account yet gets an invitation by mail."))
    return _back(team_id)


@bp.post("/teams/<int:team_id>/members/<int:membership_id>/role")
def give_role(team_id: int, membership_id: int) -> ResponseReturnValue:
    """Another role."""
    team, _who = _managed(team_id)
    membership, form = _membership(team, membership_id), RoleForm()
    if not form.validate():
        raise Invalid([FieldError("role", N_("Choose one from the list."))])
    change_role(membership, Role(form.role.data), by=me(), at=clock.now())
    db.session.commit()
    flash(gettext("Saved."))
    return _back(team_id)


@bp.post("/teams/<int:team_id>/members/<int:membership_id>/invitation")
def invite_again(team_id: int, membership_id: int) -> ResponseReturnValue:
    """Mail the invitation once more."""
    NothingForm().validate()
    team, _who = _managed(team_id)
    person = _membership(team, membership_id).person
    if person.has_come_in or not person.is_active:
        raise NotFound
    send_invitation(person, by=me(), at=clock.now())
    db.session.commit()
    flash(gettext("The invitation goes out again."))
    return _back(team_id)


@bp.post("/teams/<int:team_id>/members/<int:membership_id>/removal")
def remove(team_id: int, membership_id: int) -> ResponseReturnValue:
    """Out of the team; what they held goes to a caretaker."""
    NothingForm().validate()
    team, _who = _managed(team_id)
    remove_member(_membership(team, membership_id), by=me(), at=clock.now())
    db.session.commit()
    flash(gettext("Removed. What they held waits for a new owner."))
    return _back(team_id)


@bp.post("/teams/<int:team_id>/leaving")
def leave(team_id: int) -> ResponseReturnValue:
    """Leave a team yourself."""
    NothingForm().validate()
    mine = select(Membership).where(Membership.team_id == team_id, Membership.person_id == me().id)
    remove_member(load_or_404(mine), by=me(), at=clock.now())
    db.session.commit()
    flash(gettext("You have left the team. What you held waits for a new owner."))
    return redirect(url_for("people.profile"), 303)


# --- below the story -------------------------------------------------------------------------------------


def _managed(team_id: int) -> tuple[Team, Standing]:
    """The team, for somebody who manages its members; others of the team are told so."""
    team, who = team_for(me(), team_id)
    if not may_manage_members(who):
        raise NotAllowed([Missing("role", "", NOT_YOURS_TO_CHANGE)])
    return team, who


def _membership(team: Team, membership_id: int) -> Membership:
    return load_or_404(select(Membership).where(Membership.id == membership_id, Membership.team_id == team.id))


def _form(who: Standing, **kwargs: object) -> AddMemberForm:
    form = AddMemberForm(**kwargs)
    form.role.choices = _roles(who)
    if form.role.data is None:
        form.role.data = Role.MEMBER.value
    return form


def _roles(who: Standing) -> list[tuple[str, str]]:
    return [(role.value, str(ROLE_NAMES[role])) for role in grantable(who)]


def _page(team: Team, who: Standing, form: AddMemberForm) -> str:
    return render_template(
        "people/members.html",
        team=team,
        memberships=members_of(team.id),
        sponsors=sponsors_of(team.id),
        form=form,
        who=who,
        roles=_roles(who),
        role_names=ROLE_NAMES,
        may_manage=may_manage_members(who),
        may_change=lambda membership: may_change(who, membership.role),
    )


def _back(team_id: int) -> ResponseReturnValue:
    return changed(location=url_for("people.members", team_id=team_id))
