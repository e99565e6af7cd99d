"""The stored, visible defaults that let a quick win cost six answers before its aftercare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pdca.errors import N_
from pdca.items.answers import AftercareAnswer, AgreedAnswer, NeedAnswer
from pdca.items.edit import write_default
from pdca.items.facts import Facts
from pdca.items.queries import facts_of
from pdca.items.terms import CustomerType, Kind, Method
from pdca.items.writing import Writing

# Stored in the team's words; shown through gettext, so that a reader sees their own language.
SOLVED_IS_YES = N_("The customer says it is solved.")
ON_THE_BOARD = N_("on the board")


def fill_quick_win(writing: Writing) -> None:
    """Answer for a quick win what nobody needs to be asked; never overwrites an answer."""
    if writing.item.kind is not Kind.QUICK_WIN:
        return
    facts = facts_of(writing.item, writing.at)
    for name, value in _open_defaults(writing, facts):
        write_default(writing, name, value)


def would_fill(writing: Writing) -> frozenset[str]:
    """The answers that a quick win's next step will fill in by itself, so that nobody is asked for them."""
    if writing.item.kind is not Kind.QUICK_WIN:
        return frozenset()
    return frozenset(name for name, _ in _open_defaults(writing, facts_of(writing.item, writing.at)))


def _open_defaults(w: Writing, facts: Facts) -> Iterator[tuple[str, Any]]:
    item = w.item
    if facts.owner_id is None and w.by is not None:
        yield "owner_id", w.by.id
    if not facts.has_purpose and facts.has_problem:
        yield "purpose", item.problem[:2000]
    yield from _from_customer(w, facts)
    if facts.care_method is None and facts.customer_type is not None:
        yield "aftercare", AftercareAnswer(_method(facts), None, SOLVED_IS_YES)


def _from_customer(w: Writing, facts: Facts) -> Iterator[tuple[str, Any]]:
    """R1 and R3 follow from a known customer; an unknown one costs two answers more, and the sheet says so."""
    item = w.item
    if facts.customer_type in (None, CustomerType.UNKNOWN):
        return
    if not facts.needs and not facts.no_survey_reason:
        yield "need", NeedAnswer(item.customer_name, 1, item.channel, item.problem)
    if not facts.is_agreed:
        yield "agreed", AgreedAnswer(item.customer_name, facts.today, item.channel or ON_THE_BOARD)


def _method(facts: Facts) -> Method:
    if facts.customer_type is CustomerType.UNKNOWN:
        return Method.OBSERVATION
    return Method.MAIL if facts.customer_email_known else Method.CALL
