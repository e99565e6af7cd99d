"""One act on several cards, by the very operations that one card has.

Each card is a unit of work of its own: who chose twelve cards and may not touch one of them wants the other eleven
done, and to read which one was refused and why. Nothing here commits; the route does, card by card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pdca.catalogue.models import Label
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import handovers, talk
from pdca.items.answers import Answers
from pdca.items.models import Item
from pdca.items.moves import move
from pdca.items.terms import Phase
from pdca.people.models import Person

# What one request does to more cards would keep everybody else waiting.
MOST = 100
TOO_MANY = N_("Choose at most %(most)s cards at a time.")
NO_CARDS = N_("Choose at least one card.")


class Several(StrEnum):
    """What can be done with several cards at once."""

    LABEL = "label"
    OWNER = "owner"
    PARK = "park"


@dataclass(frozen=True)
class Wish:
    """What was asked, once for all cards."""

    act: Several
    label_id: int | None = None
    owner_id: int | None = None
    reason: str = ""
    review_on: date | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one card; `refused` says why it is as it was."""

    number: int
    title: str
    url: str
    refused: str = ""


def check(wish: Wish, item_ids: list[int], today: date) -> None:
    """What is wrong with the question itself is said once, before any card is touched."""
    errors = [*_about_cards(item_ids), *ASKS[wish.act](wish, today)]
    if errors:
        raise Invalid(errors)


def _about_cards(item_ids: list[int]) -> list[FieldError]:
    if not item_ids:
        return [FieldError("item", NO_CARDS)]
    return [FieldError("item", TOO_MANY, {"most": MOST})] if len(item_ids) > MOST else []


def _ask_label(wish: Wish, _today: date) -> list[FieldError]:
    return [] if wish.label_id else [FieldError("label", N_("Choose a label."))]


def _ask_owner(wish: Wish, _today: date) -> list[FieldError]:
    return [] if wish.owner_id else [FieldError("owner", N_("Choose a colleague."))]


def _ask_park(wish: Wish, today: date) -> list[FieldError]:
    errors = [] if wish.reason else [FieldError("reason", N_("Say why: the proposers read it."))]
    if wish.review_on is None or wish.review_on <= today:
        errors.append(FieldError("review_on", N_("Choose a day after today.")))
    return errors


ASKS: dict[Several, Callable[[Wish, date], list[FieldError]]] = {
    Several.LABEL: _ask_label,
    Several.OWNER: _ask_owner,
    Several.PARK: _ask_park,
}


def do(wish: Wish, item: Item, *, by: Person, at: datetime) -> None:
    """The wish for one card, under the rules of that card."""
    ACTS[wish.act](wish, item, by, at)


def _label(wish: Wish, item: Item, by: Person, at: datetime) -> None:
    label = db.session.get(Label, wish.label_id)
    if label is not None and label in item.labels:
        return
    talk.set_labels(item, [*(held.id for held in item.labels), wish.label_id or 0], by=by, at=at)


def _owner(wish: Wish, item: Item, by: Person, at: datetime) -> None:
    """A handover (R5, R6): its note comes from the item, and the giver stays responsible until it is read back."""
    handovers.make_owner(item, wish.owner_id or 0, by=by, at=at)


def _park(wish: Wish, item: Item, by: Person, at: datetime) -> None:
    assert wish.review_on is not None
    move(item, Phase.PARKED, by=by, at=at, answers=Answers(reason=wish.reason, review_on=wish.review_on))


ACTS: dict[Several, Callable[[Wish, Item, Person, datetime], None]] = {
    Several.LABEL: _label,
    Several.OWNER: _owner,
    Several.PARK: _park,
}
