"""At the side: people, facts, files and links to other items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_decimal, gettext

from pdca import clock
from pdca.items import words
from pdca.items.facts import Facts
from pdca.items.frozen import Act, frozen_refuses
from pdca.items.models import Item
from pdca.items.questions import QUESTIONS
from pdca.items.terms import (
    CustomerType,
    ItemLinkKind,
    Phase,
)
from pdca.items.views.answered import baseline_words, is_defaulted, words_of, yes_no
from pdca.items.views.loading import links_of
from pdca.items.views.reading import Reading


@dataclass(frozen=True)
class Someone:
    """One line among the people."""

    name: str
    note: str
    has_account: bool = True
    remove_url: str = ""


@dataclass(frozen=True)
class FactRow:
    """One fact at the side; a default says that it is one."""

    label: str
    words: str
    is_defaulted: bool = False


@dataclass(frozen=True)
class FileView:
    """One file."""

    name: str
    note: str
    url: str
    remove_url: str


@dataclass(frozen=True)
class LinkView:
    """Another item."""

    kind: str
    number: int
    title: str
    phase: str
    url: str
    remove_url: str


def people(r: Reading) -> Iterator[Someone]:
    """Colleagues first, each on one line with all they are; then the customers."""
    item = r.item
    yield from _colleagues(item)
    if item.proposer is None and item.proposer_name:
        yield Someone(item.proposer_name, gettext("proposer"), False)
    for contact in item.contacts:
        yield Someone(contact.name, _reach(contact), False, _remove_url(r, contact))
    if not item.contacts and item.customer_type is not None:
        yield Someone(item.customer_name or gettext("Unknown"), gettext("customer"), False)


def customers_url(r: Reading) -> str:
    """Where more customers of a group are added."""
    is_group = r.item.customer_type is CustomerType.GROUP
    may = r.works_here and r.facts.is_open and not frozen_refuses(r.facts, Act.ANSWER)
    return r.url("items.customers") if is_group and may else ""


def _remove_url(r: Reading, contact: Any) -> str:
    """One of a group can be taken out; a customer alone is replaced by another."""
    if not customers_url(r) or contact.not_the_person_at is not None:
        return ""
    return r.url("items.remove_customer", contact_id=contact.id)


def _colleagues(item: Item) -> Iterator[Someone]:
    parts = (
        (item.owner, gettext("owner")),
        (item.caretaker, gettext("caretaker, until there is a new owner")),
        (item.proposer, gettext("proposer")),
    )
    for person in dict.fromkeys(person for person, _ in parts if person is not None):
        yield Someone(person.name, ", ".join(part for one, part in parts if one is person))


def _reach(contact: Any) -> str:
    if contact.opted_out_at is not None:
        return gettext("customer, does not want to be mailed")
    if contact.not_the_person_at is not None:
        return gettext("not the right person")
    reach = contact.email or contact.phone
    return gettext("customer, %(reach)s", reach=reach) if reach else gettext("customer")


def follows(r: Reading) -> bool:
    return any(f.person_id == r.person.id for f in r.item.followers)


FACT_NAMES = (
    *("problem", "service_id", "touchpoint", "importance", "channel", "need", "no_survey", "agreed", "aftercare"),
    *("groups", "catalogue_changes", "last_useful_on"),
)


# Not worth a line while they are what everybody expects.
SILENT = {"importance": "normal", "catalogue_changes": "False"}


def fact_rows(item: Item, facts: Facts) -> Iterator[FactRow]:
    """What was answered, a default marked as such; then what the item went through."""
    for name in FACT_NAMES:
        text = words_of(item, name, facts.today)
        if text and not _is_silent(item, name):
            yield FactRow(gettext(QUESTIONS[name].label), text, is_defaulted(item, name))
    if baseline := baseline_words(item, facts.today):
        yield FactRow(gettext("Baseline"), baseline)
    yield from _past(item)


def _is_silent(item: Item, name: str) -> bool:
    """What everybody expects, and a problem that stands on top as the purpose."""
    if name == "problem":
        return item.problem == item.purpose
    return str(getattr(item, name, "")) == SILENT.get(name)


def _past(item: Item) -> Iterator[FactRow]:
    if item.lookalike_choice is not None:
        choice = str(words.LOOKALIKE_NAMES[item.lookalike_choice])
        yield FactRow(gettext("Look-alikes"), choice, is_defaulted(item, "lookalikes"))
    if item.recurrences:
        yield FactRow(gettext("Came back"), gettext("%(count)s×", count=format_decimal(item.recurrences)))
    if item.phase in (Phase.ACT, Phase.CLOSED):
        yield FactRow(gettext("Share this experience"), yes_no(item.share))
    if item.source:
        yield FactRow(gettext("Source"), item.source)


def facts_url(r: Reading) -> str:
    if not r.edits:
        return ""
    asks = ["problem", "noticeable", "customer", "service_id", "channel", "importance", "last_useful_on"]
    asks += ["catalogue_changes"] if r.facts.phase is not Phase.NEW else []
    asks += ["touchpoint", "groups"] if r.facts.is_action else []
    asks += ["kind"] if r.facts.phase in (Phase.NEW, Phase.PLAN) else []
    return r.url("items.answers", ask=asks)


def links(r: Reading) -> Iterator[LinkView]:
    for link, other, points in links_of(r.item.id):
        yield LinkView(
            kind=_link_words(link.kind, points),
            number=other.number,
            title=other.title,
            phase=other.phase.value,
            url=url_for("items.show", item_id=other.id),
            remove_url=r.url("items.unlink", link_id=link.id)
            if r.works_here and points and not r.facts.is_frozen
            else "",
        )


def _link_words(kind: ItemLinkKind, points: bool) -> str:
    if points or kind is ItemLinkKind.RELATED:
        return str(words.LINK_NAMES[kind])
    backwards = {
        ItemLinkKind.DUPLICATE_OF: gettext("has as its twin"),
        ItemLinkKind.RECURRENCE_OF: gettext("came back as"),
    }
    return backwards[kind]


def files(r: Reading) -> Iterator[FileView]:
    may_remove = r.works_here and r.facts.is_open and not r.facts.is_frozen
    for row in r.item.files:
        day = words.day(clock.today(r.facts.timezone, row.at), r.facts.today)
        yield FileView(
            name=row.name,
            note=f"{words.size(row.size)}, {row.by.name}, {day}",
            url=r.url("items.file", file_id=row.id),
            remove_url=r.url("items.remove_file", file_id=row.id) if may_remove else "",
        )
