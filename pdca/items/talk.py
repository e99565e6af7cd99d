"""Comments, followers, labels and links between items."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select

from pdca.catalogue.models import Label
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Comment, Follower, Item, ItemLink, Mention
from pdca.items.permissions import guard, may_edit, refuse, require_member
from pdca.items.queries import facts_of
from pdca.items.terms import ItemLinkKind
from pdca.people.models import Membership, Person

COMMENT_LIMIT = 10_000
# "@Sanne de Vries" or "@sanne": at most four words that follow the sign, in front of which no word stands.
MENTION = re.compile(r"(?<!\w)@([\w.'-]+(?: [\w.'-]+){0,3})", re.UNICODE)


def comment(item: Item, body: str, *, by: Person, at: datetime) -> Comment:
    """Add Markdown text; everyone may who works on the board, also on a frozen card."""
    guard(facts_of(item, at), Act.COMMENT)
    require_member(by, item)
    text = body.strip()
    if not text:
        raise Invalid([FieldError("body", N_("Write something here."))])
    if len(text) > COMMENT_LIMIT:
        raise Invalid([FieldError("body", N_("Use at most %(limit)s characters."), {"limit": COMMENT_LIMIT})])
    row = Comment(item_id=item.id, author_id=by.id, body=text, at=at)
    item.comments.append(row)
    db.session.flush()
    mentioned = _mentioned(item.team_id, text, by)
    db.session.add_all(Mention(comment_id=row.id, person_id=p.id) for p in mentioned)
    record(item, "commented", by=by, at=at, new={"comment": row.id, "mentions": [p.id for p in mentioned]})
    return row


def _mentioned(team_id: int, text: str, author: Person) -> list[Person]:
    """Members of the team named after an @, by their whole name or the first word of it."""
    named = [" ".join(word.strip(".'-") for word in name.split()).casefold() for name in MENTION.findall(text)]
    if not named:
        return []
    people = db.session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.team_id == team_id, Person.deactivated_at.is_(None), Person.id != author.id)
    ).all()
    return [p for p in people if any(_is_named(p.name.casefold(), name) for name in named)]


def _is_named(full: str, typed: str) -> bool:
    return typed.startswith(full) or typed.split(maxsplit=1)[0] == full.split(maxsplit=1)[0]


def follow(item: Item, *, by: Person, at: datetime) -> None:
    """Hear how it goes on."""
    if not any(f.person_id == by.id for f in item.followers):
        item.followers.append(Follower(item_id=item.id, person_id=by.id))
        db.session.flush()
        record(item, "followed", by=by, at=at)


def unfollow(item: Item, *, by: Person, at: datetime) -> None:
    """Stop hearing about it; duties are not affected."""
    for follower in [f for f in item.followers if f.person_id == by.id]:
        item.followers.remove(follower)
        db.session.delete(follower)
        record(item, "unfollowed", by=by, at=at)


def set_labels(item: Item, label_ids: list[int], *, by: Person, at: datetime) -> None:
    """Hang exactly these labels on the card."""
    guard(facts_of(item, at), Act.LABEL)
    _require_edit(item, by, at)
    labels = db.session.scalars(select(Label).where(Label.id.in_(label_ids), Label.team_id == item.team_id)).all()
    if len(labels) != len(set(label_ids)):
        raise Invalid([FieldError("labels", N_("Choose labels from the list."))])
    old = [x.name for x in item.labels]
    item.labels = list(labels)
    record(item, "labels", by=by, at=at, field="labels", old=old, new=[x.name for x in labels])


def link(item: Item, other_number: int, kind: ItemLinkKind, *, by: Person, at: datetime) -> ItemLink:
    """Tie an item of the same board to this one, by its number."""
    guard(facts_of(item, at), Act.LINK)
    require_member(by, item)
    other = db.session.scalar(select(Item).where(Item.team_id == item.team_id, Item.number == other_number))
    if other is None or other.id == item.id:
        raise Invalid([FieldError("other", N_("There is no other item with this number on this board."))])
    known = db.session.scalar(
        select(ItemLink).where(ItemLink.item_id == item.id, ItemLink.other_id == other.id, ItemLink.kind == kind)
    )
    if known is not None:
        return known
    row = ItemLink(item_id=item.id, other_id=other.id, kind=kind)
    db.session.add(row)
    record(item, "linked", by=by, at=at, field=kind.value, new=other.number)
    return row


def unlink(item: Item, link_id: int, *, by: Person, at: datetime) -> None:
    """Untie it again."""
    guard(facts_of(item, at), Act.LINK)
    require_member(by, item)
    row = db.session.get(ItemLink, link_id)
    if row is None or row.item_id != item.id:
        raise Invalid([FieldError("link", N_("This link does not exist any more."))])
    record(item, "unlinked", by=by, at=at, field=row.kind.value, old=row.other_id)
    db.session.delete(row)


def _require_edit(item: Item, by: Person, at: datetime) -> None:
    if not may_edit(by, item, at):
        raise refuse(N_("Only the owner, the board keeper or a leader may change this."))
