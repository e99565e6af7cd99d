"""The practice board: a small real board whose cards teach by doing, for an installation that has no team yet.

Nothing about it is different: its cards obey the rules and are followed up. It goes away whole, with one click.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext
from sqlalchemy import delete, select

from pdca import clock
from pdca.db import db
from pdca.errors import N_, Missing, NotAllowed, NotFound
from pdca.items.answers import AgreedAnswer, Answers, CustomerAnswer, LookalikeAnswer, NeedAnswer
from pdca.items.capture import capture
from pdca.items.models import Item, Round
from pdca.items.moves import move
from pdca.items.terms import CustomerType, Kind, LookalikeChoice, Phase
from pdca.people.models import Person, Role, Team
from pdca.people.operations import add_member, create_team, require_administrator

NOT_EMPTY = N_("There are teams already: practise on the board of one of them.")
DAYS = 14


def may_practise(by: Person) -> bool:
    """An administrator of an installation without any team."""
    return by.is_administrator and db.session.scalar(select(Team.id).limit(1)) is None


def open_practice(*, by: Person, timezone: str, at: datetime) -> Team:
    """A team of one, with six cards; whoever opens it leads it."""
    require_administrator(by)
    if not may_practise(by):
        raise NotAllowed([Missing("first_run", "", NOT_EMPTY)])
    team = create_team(gettext("Practice board"), timezone=timezone, by=by, at=at)
    team.is_practice = True
    add_member(team.id, by, Role.LEADER, by=by, at=at)
    # The last captured stands on top.
    for line in reversed(_new_cards()):
        capture(team, line, by=by, at=at, answers=Answers(kind=Kind.QUICK_WIN))
    _planned(team, gettext("Press ] here, or move me to Do: I still want a date"), by, at)
    _started(_planned(team, gettext("I was promised for a day: open me and say what was really done"), by, at), by, at)
    return team


def _new_cards() -> tuple[str, ...]:
    return (
        gettext("Drag me to Plan: I ask only what I still need"),
        gettext("Rest the mouse on me, or hold a finger on me, and I tell more"),
        gettext("Press x on me and on the card below, and park us together"),
        gettext("Press ? for all keys, and c to write down a card of your own"),
    )


def _planned(team: Team, line: str, by: Person, at: datetime) -> Item:
    item = capture(team, line, by=by, at=at, answers=Answers(kind=Kind.QUICK_WIN))
    answers = Answers(
        problem=gettext("Somebody wants to know how this board works."),
        noticeable=gettext("You know it after five minutes."),
        # No customer gets mail about practice.
        customer=CustomerAnswer(CustomerType.UNKNOWN),
        # Its cards resemble each other, all being about this board.
        lookalikes=LookalikeAnswer(LookalikeChoice.DIFFERENT),
    )
    move(item, Phase.PLAN, by=by, at=at, answers=answers)
    return item


def _started(item: Item, by: Person, at: datetime) -> None:
    today = clock.today(item.team.timezone, at)
    answers = Answers(
        due_on=today + timedelta(days=DAYS),
        need=NeedAnswer(by.name, 1, gettext("in person"), gettext("Show me how it works.")),
        agreed=AgreedAnswer(by.name, today, gettext("in person")),
    )
    move(item, Phase.DO, by=by, at=at, answers=answers)


def remove_practice(team_id: int, *, by: Person) -> None:
    """The team and everything on its board; only ever of a practice board. The journal keeps what was done."""
    require_administrator(by)
    team = db.session.get(Team, team_id)
    if team is None or not team.is_practice:
        raise NotFound
    items = select(Item.id).where(Item.team_id == team_id)
    # Before their items: a frozen round may go only while it can be seen that it was practice.
    db.session.execute(delete(Round).where(Round.item_id.in_(items)))
    db.session.execute(delete(Item).where(Item.team_id == team_id))
    db.session.delete(team)
