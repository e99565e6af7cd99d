"""An item with everything its page shows, in a number of queries that does not grow with its history."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from pdca.db import db
from pdca.items.models import (
    Answer,
    Call,
    Check,
    Comment,
    Decision,
    Entry,
    File,
    Follower,
    Handover,
    Item,
    ItemLink,
    Promise,
    Round,
    Waiver,
)
from pdca.people.models import Membership, Person, Role

JOURNAL_PAGE = 20


def load(item_id: int) -> Item:
    """The item and what hangs under it. Only after `item_for` said that the reader may see it."""
    query = (
        select(Item)
        .where(Item.id == item_id)
        .options(
            joinedload(Item.owner),
            joinedload(Item.caretaker),
            joinedload(Item.proposer),
            joinedload(Item.service),
            joinedload(Item.team),
            selectinload(Item.contacts),
            selectinload(Item.needs),
            selectinload(Item.groups),
            selectinload(Item.labels),
            selectinload(Item.rounds).joinedload(Round.standard_keeper),
            selectinload(Item.promises).joinedload(Promise.given_by),
            selectinload(Item.handovers).options(joinedload(Handover.giver), joinedload(Handover.receiver)),
            selectinload(Item.checks).options(
                selectinload(Check.answers).options(joinedload(Answer.recorded_by), joinedload(Answer.contact)),
                selectinload(Check.calls).joinedload(Call.by),
                joinedload(Check.verdict_by),
            ),
            selectinload(Item.lessons),
            selectinload(Item.waivers).joinedload(Waiver.by),
            selectinload(Item.decisions).options(
                joinedload(Decision.promise), joinedload(Decision.asked_by), joinedload(Decision.decided_by)
            ),
            selectinload(Item.moves),
            selectinload(Item.files).joinedload(File.by),
            selectinload(Item.followers).joinedload(Follower.person),
        )
        .execution_options(populate_existing=True)
    )
    return db.session.execute(query).unique().scalar_one()


def journal_of(item_id: int, before: int | None) -> tuple[list[Entry], bool]:
    """One page of the journal, newest first, and whether there is an older one."""
    query = select(Entry).where(Entry.item_id == item_id).order_by(Entry.id.desc()).limit(JOURNAL_PAGE + 1)
    if before is not None:
        query = query.where(Entry.id < before)
    rows = list(db.session.scalars(query))
    return rows[:JOURNAL_PAGE], len(rows) > JOURNAL_PAGE


def comments_by_id(ids: Collection[int]) -> dict[int, Comment]:
    """The comments that entries point to."""
    return {c.id: c for c in db.session.scalars(select(Comment).where(Comment.id.in_(ids)))} if ids else {}


def names_by_id(ids: Collection[int]) -> dict[int, str]:
    """People by id."""
    if not ids:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {ident: name for ident, name in rows}  # noqa: C416 - the types of a row


def links_of(item_id: int) -> list[tuple[ItemLink, Item, bool]]:
    """Links with the item at the other end; True where this item is the one that points."""
    rows = db.session.execute(
        select(ItemLink, Item)
        .join(Item, Item.id == func.coalesce(func.nullif(ItemLink.other_id, item_id), ItemLink.item_id))
        .where(or_(ItemLink.item_id == item_id, ItemLink.other_id == item_id))
        .order_by(ItemLink.id)
    ).all()
    return [(link, other, link.item_id == item_id) for link, other in rows]


def domains_of(team_id: int) -> set[str]:
    """The mail domains of who works in the team: a customer with one of these is a colleague."""
    emails = db.session.scalars(
        select(Person.email)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.team_id == team_id, Membership.role != Role.VIEWER)
    )
    return {email.rpartition("@")[2].lower() for email in emails} - PUBLIC_DOMAINS


# Half the country has an address here: it says nothing about where somebody works.
PUBLIC_DOMAINS = {
    *("gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "live.nl", "live.com", "yahoo.com", "icloud.com"),
    *("ziggo.nl", "kpnmail.nl", "planet.nl", "xs4all.nl", "telenet.be", "skynet.be", "proximus.be", "proton.me"),
    *("hetnet.nl", "home.nl", "upcmail.nl", "msn.com", "me.com", "protonmail.com"),
}
