"""A team's lists: services, customer groups and labels on one page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca import clock
from pdca.catalogue.forms import NameForm
from pdca.catalogue.models import CustomerGroup, Entry, Label, Service
from pdca.catalogue.operations import add_entry, bring_back_entry, rename_entry, retire_entry
from pdca.catalogue.queries import entries_of, entry_in
from pdca.db import db
from pdca.errors import N_, Missing, NotAllowed, NotFound
from pdca.people.models import Team
from pdca.people.operations import NOT_YOUR_SETTINGS
from pdca.people.permissions import Standing, may_edit_settings
from pdca.people.queries import team_for
from pdca.people.routes import me
from pdca.people.routes.doing import did
from pdca.web import NothingForm, changed

bp = Blueprint("catalogue", __name__)


@dataclass(frozen=True)
class Shelf:
    """One of the lists: its name in a URL, and what it is called and for."""

    name: str
    kind: type[Entry]
    title: str
    lead: str
    new: str


SHELVES = (
    Shelf(
        "services",
        Service,
        N_("Services"),
        N_("What you offer (PDC): an item can say which service it improves."),
        N_("New service"),
    ),
    Shelf(
        "groups",
        CustomerGroup,
        N_("Customer groups"),
        N_("Who you do it for: an improvement action names the groups it touches."),
        N_("New customer group"),
    ),
    Shelf("labels", Label, N_("Labels"), N_("Words to hang on cards and to filter by."), N_("New label")),
)


@bp.get("/teams/<int:team_id>/lists")
def lists(team_id: int) -> ResponseReturnValue:
    """All three."""
    team, who = team_for(me(), team_id)
    return _page(team, who)


@bp.post("/teams/<int:team_id>/lists/<name>")
def add(team_id: int, name: str) -> ResponseReturnValue:
    """A new line."""
    shelf, team, who = _editable(team_id, name)
    form = NameForm(shelf.kind)
    if not did(form, lambda: add_entry(shelf.kind, team.id, form.name.data, by=me(), at=clock.now())):
        return _page(team, who, shelf.name, 0, form), 422
    return _saved(team, shelf)


@bp.post("/teams/<int:team_id>/lists/<name>/<int:entry_id>/name")
def rename(team_id: int, name: str, entry_id: int) -> ResponseReturnValue:
    """Another name."""
    shelf, team, who = _editable(team_id, name)
    entry, form = entry_in(shelf.kind, team.id, entry_id), NameForm(shelf.kind)
    if not did(form, lambda: rename_entry(entry, form.name.data, by=me(), at=clock.now())):
        return _page(team, who, shelf.name, entry_id, form), 422
    return _saved(team, shelf)


@bp.post("/teams/<int:team_id>/lists/<name>/<int:entry_id>/retirement")
def retire(team_id: int, name: str, entry_id: int) -> ResponseReturnValue:
    """No longer offered."""
    return _change(team_id, name, entry_id, lambda entry: retire_entry(entry, by=me(), at=clock.now()))


@bp.post("/teams/<int:team_id>/lists/<name>/<int:entry_id>/return")
def bring_back(team_id: int, name: str, entry_id: int) -> ResponseReturnValue:
    """Offered again."""
    return _change(team_id, name, entry_id, lambda entry: bring_back_entry(entry, by=me(), at=clock.now()))


# --- below the story -------------------------------------------------------------------------------------


def _editable(team_id: int, name: str) -> tuple[Shelf, Team, Standing]:
    team, who = team_for(me(), team_id)
    shelf = next((shelf for shelf in SHELVES if shelf.name == name), None)
    if shelf is None:
        raise NotFound
    if not may_edit_settings(who):
        raise NotAllowed([Missing("role", "", NOT_YOUR_SETTINGS)])
    return shelf, team, who


def _change(team_id: int, name: str, entry_id: int, act: Callable[[Entry], None]) -> ResponseReturnValue:
    NothingForm().validate()
    shelf, team, _who = _editable(team_id, name)
    act(entry_in(shelf.kind, team.id, entry_id))
    db.session.commit()
    return _saved(team, shelf)


def _page(team: Team, who: Standing, shelf: str = "", entry_id: int = 0, form: NameForm | None = None) -> str:
    """The page; `form` is the one that was refused, for a line or (0) for a new one on that shelf."""
    return render_template(
        "catalogue/lists.html",
        team=team,
        may_edit=may_edit_settings(who),
        shelves=[(one, entries_of(one.kind, team.id)) for one in SHELVES],
        refused=(shelf, entry_id),
        form=form,
    )


def _saved(team: Team, shelf: Shelf) -> ResponseReturnValue:
    flash(gettext("Saved."))
    return changed(location=url_for("catalogue.lists", team_id=team.id) + f"#{shelf.name}")
