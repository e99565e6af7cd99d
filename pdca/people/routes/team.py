"""A team's settings: its name and calendar, and every number that may be chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import Missing, NotAllowed
from pdca.people.forms import CalendarForm, NumbersForm, OwnDayForm, time_zones
from pdca.people.models import Team, TeamDay
from pdca.people.operations import (
    NOT_YOUR_SETTINGS,
    remove_own_day,
    rename_team,
    save_settings,
    set_calendar,
    set_own_day,
)
from pdca.people.permissions import Standing, may_edit_settings
from pdca.people.queries import team_for
from pdca.people.routes import bp, me
from pdca.people.routes.doing import did
from pdca.people.settings import BOUNDS, GROUPS, TeamSettings, settings_from
from pdca.web import Form, NothingForm, changed, load_or_404


@bp.get("/teams/<int:team_id>/settings")
def team_settings(team_id: int) -> ResponseReturnValue:
    """The page; who may not change it reads it."""
    team, who = team_for(me(), team_id)
    return _page(team, who)


@bp.post("/teams/<int:team_id>/settings")
def save_numbers(team_id: int) -> ResponseReturnValue:
    """The numbers. A field left empty goes back to its default."""
    team, who = _editable(team_id)
    form = NumbersForm()
    if not did(form, lambda: save_settings(team, form.values(TeamSettings()), by=me(), at=clock.now())):
        return _page(team, who, numbers_form=form), 422
    return _saved(team_id, "numbers")


@bp.post("/teams/<int:team_id>/settings/defaults")
def reset_numbers(team_id: int) -> ResponseReturnValue:
    """Every number back to its default."""
    NothingForm().validate()
    team, _who = _editable(team_id)
    save_settings(team, asdict(TeamSettings()), by=me(), at=clock.now())
    db.session.commit()
    return _saved(team_id, "numbers")


@bp.post("/teams/<int:team_id>/calendar")
def save_calendar(team_id: int) -> ResponseReturnValue:
    """Name, public holidays and time zone."""
    team, who = _editable(team_id)
    form, at = _calendar_form(team), clock.now()

    def act() -> None:
        rename_team(team, form.name.data, by=me(), at=at)
        set_calendar(team, country=form.country.data, timezone=form.timezone.data, by=me(), at=at)

    if not did(form, act):
        return _page(team, who, calendar_form=form), 422
    return _saved(team_id, "calendar")


@bp.post("/teams/<int:team_id>/calendar/days")
def add_own_day(team_id: int) -> ResponseReturnValue:
    """A day of the team's own."""
    team, who = _editable(team_id)
    form, at = OwnDayForm(), clock.now()
    if not did(
        form,
        lambda: set_own_day(team, form.day.data, form.name.data, is_free=form.is_free.data == "free", by=me(), at=at),
    ):
        return _page(team, who, day_form=form), 422
    return _saved(team_id, "days")


@bp.post("/teams/<int:team_id>/calendar/days/<int:day_id>/removal")
def drop_own_day(team_id: int, day_id: int) -> ResponseReturnValue:
    """A day like any other again."""
    NothingForm().validate()
    team, _who = _editable(team_id)
    own = load_or_404(select(TeamDay).where(TeamDay.id == day_id, TeamDay.team_id == team.id))
    remove_own_day(own, by=me(), at=clock.now())
    db.session.commit()
    return _saved(team_id, "days")


# --- below the story -------------------------------------------------------------------------------------


def _editable(team_id: int) -> tuple[Team, Standing]:
    team, who = team_for(me(), team_id)
    if not may_edit_settings(who):
        raise NotAllowed([Missing("role", "", NOT_YOUR_SETTINGS)])
    return team, who


def _page(team: Team, who: Standing, **typed: Form) -> str:
    """The whole page; `typed` holds the form that was refused."""
    stored = settings_from({row.name: row.value for row in team.settings})
    forms: dict[str, Callable[[], Form]] = {
        "numbers_form": lambda: NumbersForm(formdata=None, data=asdict(stored)),
        "calendar_form": lambda: _calendar_form(team, formdata=None, obj=team),
        "day_form": lambda: OwnDayForm(formdata=None, data={"is_free": "free"}),
    }
    return render_template(
        "people/team_settings.html",
        team=team,
        who=who,
        may_edit=may_edit_settings(who),
        groups=[(group, {n: b for n, b in BOUNDS.items() if b.group == group}) for group in GROUPS],
        stored=asdict(stored),
        defaults=asdict(TeamSettings()),
        days=sorted(team.own_days, key=lambda own: own.day),
        today=clock.today(team.timezone, clock.now()),
        **{name: typed.get(name) or make() for name, make in forms.items()},
    )


def _calendar_form(team: Team, **kwargs: object) -> CalendarForm:
    form = CalendarForm(**kwargs)
    zones = time_zones() if team.timezone in time_zones() else (*time_zones(), team.timezone)
    form.timezone.choices = [(zone, zone) for zone in zones]
    return form


def _saved(team_id: int, place: str) -> ResponseReturnValue:
    flash(gettext("Saved."))
    return changed(location=url_for("people.team_settings", team_id=team_id) + f"#{place}")
