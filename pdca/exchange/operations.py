"""Taking in rows: each through the very operation that capture uses, in units that can be begun again.

A row is known by (team, key). What is known already is left as it is: a second import never overwrites.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pdca.catalogue.models import Service
from pdca.db import db
from pdca.errors import DomainError, FieldError, Invalid, NotAllowed
from pdca.exchange.columns import Row, row_of
from pdca.exchange.sheet import Record
from pdca.exchange.shelf import Shelf, names_in
from pdca.items.answers import Answers, CustomerAnswer
from pdca.items.capture import Source, capture
from pdca.items.edit import write_default
from pdca.items.lifecycle import Who
from pdca.items.models import Item
from pdca.items.permissions import MEMBERS, WHO_MESSAGE, refuse
from pdca.items.terms import ActorKind, CustomerType
from pdca.items.writing import Writing
from pdca.people.models import Person, Team
from pdca.people.queries import role_in

UNIT = 500


class State(StrEnum):
    """What became of a row."""

    NEW = "new"
    KNOWN = "known"
    REFUSED = "refused"
    EMPTY = "empty"


@dataclass(frozen=True)
class Outcome:
    """One row of the report. `number` is the item's, new or known; None on a dry run of a new row."""

    line: int
    state: State
    title: str = ""
    number: int | None = None
    errors: tuple[FieldError, ...] = ()


def require_importer(team: Team, by: Person) -> None:
    """Whoever may add an item may import; refuses before the first row."""
    if role_in(by, team.id) not in MEMBERS:
        raise refuse(WHO_MESSAGE[Who.MEMBER])


def units(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The rows of one transaction each: after a crash the next run goes on where this one stopped."""
    for start in range(0, len(records), UNIT):
        yield records[start : start + UNIT]


# --- looking, without writing ----------------------------------------------------------------------------


def look_through(records: Sequence[Record], team_id: int, shelf: Shelf) -> list[Outcome]:
    """What an import would do with these rows; nothing is written."""
    rows = [_understood(record) for record in records]
    known = known_numbers(team_id, [row.key for row in rows if isinstance(row, Row)])
    seen: set[str] = set()
    return [_looked(row, known, seen, shelf) if isinstance(row, Row) else row for row in rows]


def _looked(row: Row, known: dict[str, int], seen: set[str], shelf: Shelf) -> Outcome:
    if row.key in known or row.key in seen:
        return Outcome(row.line, State.KNOWN, row.title, known.get(row.key))
    seen.add(row.key)
    shelf.note(row)
    return Outcome(row.line, State.NEW, row.title)


def known_numbers(team_id: int, keys: Sequence[str]) -> dict[str, int]:
    """The numbers of the items that came from rows with these keys."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), UNIT):
        rows = db.session.execute(
            select(Item.source_key, Item.number).where(
                Item.team_id == team_id, Item.source_key.in_(keys[start : start + UNIT])
            )
        )
        found.update({key: number for key, number in rows if key})
    return found


def _understood(record: Record) -> Row | Outcome:
    if record.cells is None:
        return Outcome(record.line, State.REFUSED, errors=(record.error,) if record.error else ())
    if record.is_empty:
        return Outcome(record.line, State.EMPTY)
    try:
        return row_of(record.line, record.cells)
    except Invalid as wrong:
        return Outcome(record.line, State.REFUSED, " ".join(record.cells["title"].split())[:80], errors=wrong.errors)


# --- taking in -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taking:
    """Whose rows go where, by whom and when."""

    team: Team
    by: Person
    at: datetime
    shelf: Shelf


def take_in(records: Sequence[Record], taking: Taking) -> list[Outcome]:
    """Take one unit of rows into New, each in a savepoint: one that is refused leaves nothing behind."""
    require_importer(taking.team, taking.by)
    rows = [_understood(record) for record in records]
    known = known_numbers(taking.team.id, [row.key for row in rows if isinstance(row, Row)])
    return [_take(row, known, taking) if isinstance(row, Row) else row for row in rows]


def _take(row: Row, known: dict[str, int], taking: Taking) -> Outcome:
    if row.key in known:
        return Outcome(row.line, State.KNOWN, row.title, known[row.key])
    undo = _Undo()
    try:
        with db.session.begin_nested():
            item = _add(row, taking)
            db.session.flush()
    except (Invalid, NotAllowed) as refusal:
        undo.forget(taking.shelf)
        return Outcome(row.line, State.REFUSED, row.title, errors=_reasons(refusal))
    except IntegrityError:
        # Somebody else took the same row in at this moment: theirs stands. Anything else is a defect.
        undo.forget(taking.shelf)
        theirs = known_numbers(taking.team.id, [row.key])
        if row.key not in theirs:
            raise
        return Outcome(row.line, State.KNOWN, row.title, theirs[row.key])
    known[row.key] = item.number
    taking.shelf.keep(row)
    return Outcome(row.line, State.NEW, row.title, item.number)


class _Undo:
    """What was noted for the follow-up in this unit of work, to go back to when a row is undone."""

    def __init__(self) -> None:
        info = db.session.info
        self.entries, self.touched = len(info.get("entries", [])), dict(info.get("touched", {}))

    def forget(self, shelf: Shelf) -> None:
        shelf.drop()
        info = db.session.info
        if "entries" in info:
            del info["entries"][self.entries :]
        info["touched"] = self.touched


def _reasons(refusal: DomainError) -> tuple[FieldError, ...]:
    if isinstance(refusal, Invalid):
        return refusal.errors
    missing = refusal.missing if isinstance(refusal, NotAllowed) else ()
    return tuple(FieldError(m.field or m.rule, m.message, m.params) for m in missing)


def _add(row: Row, taking: Taking) -> Item:
    by, at = taking.by, taking.at
    source = Source(row.key, row.source, row.due_on)
    item = capture(taking.team, row.title, by=by, at=at, answers=_answers(row, taking.shelf), source=source)
    writing = Writing(item, by, at, ActorKind.IMPORT)
    if row.touchpoint:
        # Its other half, our role in it (R25), is asked when it is planned.
        item.touchpoint = row.touchpoint
        writing.note("touchpoint", "", row.touchpoint)
    if not row.customer:
        # The file says nobody: "unknown", shown as not chosen by anybody.
        write_default(writing, "customer", CustomerAnswer(CustomerType.UNKNOWN))
    return item


def _answers(row: Row, shelf: Shelf) -> Answers:
    """What the row answers. An empty cell answers nothing, and the due date promises nothing."""
    answers: Answers = {"importance": row.importance}
    if row.problem:
        answers["problem"] = row.problem
    if row.noticeable:
        answers["noticeable"] = row.noticeable
    if row.kind:
        answers["kind"] = row.kind
    if row.channel:
        answers["channel"] = row.channel
    if row.customer and row.customer_type:
        answers["customer"] = CustomerAnswer(row.customer_type, row.customer)
    for kind, name in names_in(row):
        if kind is Service:
            answers["service_id"] = shelf.id_of(kind, name)
        else:
            answers["groups"] = [shelf.id_of(kind, name)]
    return answers
