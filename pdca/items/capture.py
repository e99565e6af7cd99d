"""Capture is one line and Enter; API and import give more at once. The rest is asked when it is taken up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select, update

from pdca.db import db, table_of
from pdca.errors import N_, FieldError, Invalid
from pdca.items import ranking
from pdca.items.answers import Answers
from pdca.items.defaults import ON_THE_BOARD
from pdca.items.edit import EMPTY_TITLE, write, write_default
from pdca.items.journal import record
from pdca.items.lifecycle import Who
from pdca.items.models import Item, Round
from pdca.items.permissions import WHO_MESSAGE, refuse
from pdca.items.terms import ActorKind, Importance, Kind, LookalikeChoice, Phase
from pdca.items.writing import Writing
from pdca.people.models import Person, Role, Team
from pdca.people.queries import role_in

TITLE_LIMIT = 200
CAPTURE_DEFAULTS: dict[str, object] = {
    "kind": Kind.QUICK_WIN,
    "importance": Importance.NORMAL,
    "catalogue_changes": False,
    "channel": ON_THE_BOARD,
}


@dataclass(frozen=True)
class Source:
    """Where an imported row came from; its key makes twice the same as once."""

    key: str
    name: str = ""
    proposed_due_on: date | None = None


def capture(
    team: Team,
    title: str,
    *,
    by: Person,
    at: datetime,
    answers: Answers | None = None,
    source: Source | None = None,
    once: str = "",
) -> Item:
    """A new item in the inbox. Raises Invalid for an empty or too long line, NotAllowed for a viewer.

    `once`: a name the sender made for this line; the same line sent again is the item that is there already.
    """
    role = role_in(by, team.id)
    if role in (None, Role.VIEWER):
        raise refuse(WHO_MESSAGE[Who.MEMBER])
    line = " ".join(title.split())
    if not line:
        raise Invalid([FieldError("title", EMPTY_TITLE)])
    if len(line) > TITLE_LIMIT:
        raise Invalid([FieldError("title", N_("Use at most %(limit)s characters."), {"limit": TITLE_LIMIT})])
    # Behind whoever sends the same line at the same moment.
    ranking.queue(team.id)
    key = f"line:{by.id}:{once}" if once else None
    if key and (known := _captured_as(team, key)):
        return known
    item = _new_item(team, line, by=by, at=at, source=source)
    item.source_key = item.source_key or key
    kind = ActorKind.IMPORT if source else ActorKind.PERSON
    record(item, "captured", by=by, at=at, kind=kind, new=line)
    writing = Writing(item, by, at, kind)
    write(writing, answers or {})
    if source is None:
        _fill_defaults(writing, answers or {})
    return item


def _captured_as(team: Team, key: str) -> Item | None:
    return db.session.scalars(select(Item).where(Item.team_id == team.id, Item.source_key == key)).one_or_none()


def _fill_defaults(writing: Writing, answers: Answers) -> None:
    """What one line does not say is stored and marked as defaulted; an import's empty cells stay open questions."""
    for name, value in CAPTURE_DEFAULTS.items():
        if name not in answers:
            write_default(writing, name, value)


def _new_item(team: Team, title: str, *, by: Person, at: datetime, source: Source | None) -> Item:
    item = Item(
        team_id=team.id,
        team=team,
        number=_take_number(team),
        title=title,
        phase=Phase.NEW,
        phase_since=at,
        created_at=at,
        last_progress_at=at,
        proposer_id=None if source else by.id,
        importance=Importance.NORMAL,
        defaulted=[],
        round_number=1,
        version=1,
        recurrences=0,
        times_moved=0,
        problem="",
        noticeable="",
        purpose="",
        no_survey_reason="",
        customer_name="",
        waiting_on="",
        source=source.name if source else "",
        source_key=source.key if source else None,
        proposed_due_on=source.proposed_due_on if source else None,
        lookalike_choice=LookalikeChoice.NOT_ASKED_IMPORT if source else None,
        # Known to be empty, not to be asked for.
        checks=[],
    )
    item.rounds.append(Round(number=1, opened_at=at))
    item.rank = ranking.rank_for(item, None, Phase.NEW)
    db.session.add(item)
    db.session.flush()
    return item


def _take_number(team: Team) -> int:
    """The next number of this board; the row lock makes it unique, also with two writers."""
    taken: int = db.session.execute(_NEXT_NUMBER, {"team": team.id}).scalar_one()
    db.session.expire(team, ["next_number"])
    return taken - 1


_TEAM = table_of(Team).c
_NEXT_NUMBER = (
    update(table_of(Team))
    .where(_TEAM.id == bindparam("team"))
    .values(next_number=_TEAM.next_number + 1)
    .returning(_TEAM.next_number)
)
