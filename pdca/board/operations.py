"""Keeping filters under a name, and how somebody likes a board."""

from __future__ import annotations

from urllib.parse import urlencode

from pdca.board.filters import LANES, Wanted
from pdca.board.models import SavedView
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed, NotFound
from pdca.items.terms import COLUMNS
from pdca.people.models import Person
from pdca.people.permissions import KEEPERS, Standing

NAME_LIMIT = 60
ONLY_KEEPERS = N_("Only a board keeper or leader changes what the whole team sees.")


def save_view(name: str, wanted: Wanted, *, by: Person, standing: Standing, team_id: int, for_team: bool) -> SavedView:
    """For oneself, or for the team by who keeps its board. The same name again is the same view, changed."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(
            [FieldError("name", N_("Give it a name of at most %(limit)s characters."), {"limit": NAME_LIMIT})]
        )
    if for_team:
        _require_keeper(standing)
    owner_id = None if for_team else by.id
    view = db.session.query(SavedView).filter_by(team_id=team_id, person_id=owner_id, name=name).first()
    if view is None:
        view = SavedView(team_id=team_id, person_id=owner_id, name=name)
        db.session.add(view)
    view.query = urlencode(wanted.args())
    return view


def remove_view(view_id: int, *, by: Person, standing: Standing, team_id: int) -> None:
    """One's own, or the team's by who keeps its board."""
    view = db.session.get(SavedView, view_id)
    if view is None or view.team_id != team_id or view.person_id not in (None, by.id):
        raise NotFound
    if view.person_id is None:
        _require_keeper(standing)
    db.session.delete(view)


def keep_look(by: Person, *, lanes: str | None, compact: str | None, fold: str | None = None) -> None:
    """Remember how this person likes every board; None leaves it as it is."""
    if lanes is not None:
        if lanes not in ("", *LANES):
            raise Invalid([FieldError("lanes", N_("Choose one from the list."))])
        by.board_lanes = lanes
    if compact is not None:
        by.board_is_compact = compact == "1"
    if fold is not None:
        by.board_folded = ",".join(_folded_or_not(by.board_folded.split(","), fold))


def _folded_or_not(folded: list[str], phase: str) -> list[str]:
    """In the order of the board: this one folded when it was open, and open when it was folded."""
    known = [one.value for one in COLUMNS]
    if phase not in known:
        raise Invalid([FieldError("fold", N_("Choose one from the list."))])
    return [one for one in known if (one in folded) != (one == phase)]


def _require_keeper(standing: Standing) -> None:
    if standing.role not in KEEPERS:
        raise NotAllowed([Missing("role", "for_team", ONLY_KEEPERS)])
