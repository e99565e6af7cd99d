"""Keeping what is searched up to date: with every write of an item, a comment or a lesson."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import bindparam, delete, event, insert, inspect, select
from sqlalchemy.orm import Session

from pdca.board.models import SearchText
from pdca.board.stems import stems_of
from pdca.db import db, table_of
from pdca.items.models import Comment, Item, Lesson

TEXTS: dict[type[Any], tuple[str, ...]] = {
    Item: ("title", "problem", "noticeable", "purpose"),
    Comment: ("body",),
    Lesson: ("what_happened", "why", "differently", "for_whom"),
}
NAMES: dict[type[Any], str] = {Item: "item", Comment: "comment", Lesson: "lesson"}
AT_ONCE = 2000
_TEXT = table_of(SearchText)
_FORGET = delete(_TEXT).where(
    _TEXT.c.source == bindparam("source"), _TEXT.c.source_id.in_(bindparam("ids", expanding=True))
)
_LEARN = insert(_TEXT)


@event.listens_for(db.session, "after_flush")
def _follow(session: Session, _context: object) -> None:
    changed = [row for row in session.new if type(row) in TEXTS]
    changed += [row for row in session.dirty if type(row) in TEXTS and _says_something_else(row)]
    _write(session, [(type(row), row.id, _item_of(row), _text_of(row)) for row in changed])


def _says_something_else(row: Any) -> bool:
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in TEXTS[type(row)])


def _item_of(row: Any) -> int:
    found: int = row.id if isinstance(row, Item) else row.item_id
    return found


def _text_of(row: Any) -> str:
    return " ".join(getattr(row, name) or "" for name in TEXTS[type(row)])


def _write(session: Session, texts: Iterable[tuple[type[Any], int, int, str]]) -> None:
    rows = [
        {"source": NAMES[kind], "source_id": row_id, "item_id": item_id, "stems": " ".join(stems_of(text))}
        for kind, row_id, item_id, text in texts
    ]
    if not rows:
        return
    connection = session.connection()
    for name in {str(row["source"]) for row in rows}:
        ids = [row["source_id"] for row in rows if row["source"] == name]
        connection.execute(_FORGET, {"source": name, "ids": ids})
    connection.execute(_LEARN, rows)


def index_everything() -> None:
    """Anew from the texts themselves."""
    db.session.connection().execute(delete(SearchText))
    for kind in TEXTS:
        for some in _in_parts(kind):
            _write(db.session(), some)


def _in_parts(kind: type[Any]) -> Iterator[list[tuple[type[Any], int, int, str]]]:
    item_id = kind.id if kind is Item else kind.item_id
    columns = [getattr(kind, name) for name in TEXTS[kind]]
    last = 0
    while rows := db.session.execute(
        select(kind.id, item_id, *columns).where(kind.id > last).order_by(kind.id).limit(AT_ONCE)
    ).all():
        last = rows[-1][0]
        yield [(kind, row[0], row[1], " ".join(text or "" for text in row[2:])) for row in rows]
