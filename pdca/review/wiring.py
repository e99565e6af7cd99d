"""The review's link in the main menu, for who keeps, leads or sponsors a team."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from sqlalchemy import func, select

from pdca.db import db
from pdca.followup.digest import register_stalled
from pdca.followup.nav import register_count
from pdca.items.models import Decision, Item
from pdca.items.terms import DecisionState, Phase
from pdca.people.models import Person
from pdca.review.digest import stalled_lines
from pdca.review.queries import reviewed_team_ids


def install(app: Flask) -> None:
    """How many decisions wait stands beside the link; what stalled stands in the weekly digest."""
    register_count(app, "review", decisions_waiting)
    register_stalled(stalled_lines)


def decisions_waiting(person: Person, _at: datetime) -> int | None:
    """Open decisions and new items in the teams this person reviews; None for who reviews none."""
    team_ids = reviewed_team_ids(person)
    if not team_ids:
        return None
    asked = (
        select(func.count())
        .select_from(Decision)
        .join(Item, Item.id == Decision.item_id)
        .where(Item.team_id.in_(team_ids), Decision.state == DecisionState.OPEN)
        # Nobody decides about an item of their own: the page leaves those out, and so does the count.
        .where(func.coalesce(Item.caretaker_id, Item.owner_id).is_distinct_from(person.id))
    )
    new = select(func.count()).select_from(Item).where(Item.team_id.in_(team_ids), Item.phase == Phase.NEW)
    return (db.session.scalar(asked) or 0) + (db.session.scalar(new) or 0)
