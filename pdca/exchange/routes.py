"""A board keeper takes in a list: first a look at every row, then the same rows for real."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from pdca import clock
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.exchange.columns import COLUMNS
from pdca.exchange.forms import FileForm, TextForm
from pdca.exchange.operations import UNIT, Outcome, State, Taking, look_through, take_in
from pdca.exchange.sheet import Record, read_sheet
from pdca.exchange.shelf import Shelf, shelf_of
from pdca.people.models import Team
from pdca.people.permissions import KEEPERS
from pdca.people.queries import team_for
from pdca.people.routes import me
from pdca.web import writes_itself

bp = Blueprint("exchange", __name__)

ONLY_KEEPERS = N_("Only the board keeper or a leader takes in a list.")


@dataclass(frozen=True)
class Report:
    """What became, or would become, of every row."""

    outcomes: list[Outcome]
    shelf: Shelf
    # The rows as text, to send back when they are to be taken in; empty when that was done.
    text: str = ""

    def count(self, state: str) -> int:
        """How many rows ended so."""
        return sum(outcome.state == state for outcome in self.outcomes)

    @property
    def made(self) -> list[str]:
        """Services and customer groups that were not on the lists."""
        return sorted((name for names in self.shelf.made.values() for name in names), key=str.casefold)


@bp.get("/teams/<int:team_id>/import")
def ask(team_id: int) -> ResponseReturnValue:
    """Which file."""
    return _page(_team(team_id))


@bp.post("/teams/<int:team_id>/import")
@writes_itself  # and writes nothing: this is the dry run
def look(team_id: int) -> ResponseReturnValue:
    """What would become of every row."""
    team, form = _team(team_id), FileForm()
    try:
        form.validate()
        content = form.content
        records = _rows(content)
    except Invalid as refused:
        return _page(team, refused=refused.errors), 422
    shelf = shelf_of(team.id)
    outcomes = look_through(records, team.id, shelf)
    # What is sent back is text without its mark of encoding.
    return _page(team, Report(outcomes, shelf, content.decode("utf-8-sig")))


@bp.post("/teams/<int:team_id>/imports")
def take(team_id: int) -> ResponseReturnValue:
    """Take the rows in. Pressed twice it is as good as once."""
    team, form = _team(team_id), TextForm()
    try:
        form.validate()
        records = _rows(form.content)
    except Invalid as refused:
        db.session.rollback()
        return _page(team, refused=refused.errors), 422
    shelf = shelf_of(team.id)
    outcomes = take_in(records, Taking(team, me(), clock.now(), shelf))
    db.session.commit()
    return _page(team, Report(outcomes, shelf))


# --- below the story -------------------------------------------------------------------------------------


def _team(team_id: int) -> Team:
    team, who = team_for(me(), team_id)
    if who.role not in KEEPERS:
        raise NotAllowed([Missing("role", "", ONLY_KEEPERS)])
    return team


def _rows(content: bytes) -> list[Record]:
    records = read_sheet(content)
    if len(records) > UNIT:
        message = N_("Here at most %(count)s rows at a time; for more there is the command “pdca import”.")
        raise Invalid([FieldError("file", message, {"count": UNIT})])
    return records


def _page(team: Team, report: Report | None = None, refused: tuple[FieldError, ...] = ()) -> str:
    return render_template(
        "exchange/import.html",
        team=team,
        may_edit=True,
        report=report,
        refused=refused,
        columns=list(COLUMNS),
        states=State,
        here=url_for("exchange.ask", team_id=team.id),
    )
