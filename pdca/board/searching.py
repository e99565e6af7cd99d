"""Finding items of the reader's own teams: by words in items, comments and lessons, and by what they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text

from pdca.board.asking import Asked
from pdca.board.models import SearchText
from pdca.board.stems import stems_of
from pdca.db import db
from pdca.items.models import Comment, Item, Lesson
from pdca.people.models import Person

MOST = 50


@dataclass(frozen=True)
class Found:
    """One item that was found."""

    id: int
    number: int
    title: str
    phase: str
    team_id: int
    owner: str
    due_on: date | None


def search(asked: Asked, team_ids: Collection[int]) -> list[Found]:
    """The best first; without words the last touched first. At most fifty."""
    if asked.is_empty:
        return []
    wanted = _columns().where(Item.team_id.in_(team_ids), *asked.conditions, *map(_says, asked.phrases))
    stems = [*asked.stems, *(stem for phrase in asked.phrases for stem in stems_of(phrase))]
    wanted = _by_words(wanted, stems) if stems else wanted.order_by(Item.last_progress_at.desc(), Item.id.desc())
    return [
        Found(row.id, row.number, row.title, row.phase.value, row.team_id, row.name or "", row.due_on)
        for row in db.session.execute(wanted.limit(MOST))
    ]


def _columns() -> Select[tuple[int, int, str, object, int, str, date | None]]:
    return select(Item.id, Item.number, Item.title, Item.phase, Item.team_id, Person.name, Item.due_on).outerjoin(
        Person, Person.id == Item.owner_id
    )  # type: ignore[return-value]


def _by_words(wanted: Select, stems: list[str]) -> Select:  # type: ignore[type-arg]
    """Every word, in one text of the item; the last word may be a beginning."""
    if db.engine.dialect.name == "sqlite":
        asks = " ".join(f'"{stem}"' for stem in stems) + "*"
        best = (
            select(literal_column("rowid").label("id"), literal_column("rank").label("rank"))
            .select_from(text("search_text_words"))
            .where(text("search_text_words MATCH :asks").bindparams(asks=asks))
            .order_by(literal_column("rank"))
            .limit(MOST * 20)
            .subquery()
        )
        texts = (
            select(SearchText.item_id, func.min(best.c.rank).label("rank"))
            .join(best, best.c.id == SearchText.id)
            .group_by(SearchText.item_id)
            .subquery()
        )
    else:
        words = func.to_tsvector(literal_column("'simple'"), SearchText.stems)
        asks_ = func.to_tsquery(literal_column("'simple'"), " & ".join(stems) + ":*")
        texts = (
            select(SearchText.item_id, func.min(-func.ts_rank(words, asks_)).label("rank"))
            .where(words.op("@@")(asks_))
            .group_by(SearchText.item_id)
            .subquery()
        )
    return wanted.join(texts, texts.c.item_id == Item.id).order_by(texts.c.rank, Item.id.desc())


def _says(phrase: str) -> ColumnElement[bool]:
    """Exactly so, in one of its texts."""
    in_comments = select(Comment.item_id).where(_contains(Comment.body, phrase))
    in_lessons = select(Lesson.item_id).where(_contains(Lesson.what_happened, phrase))
    said: ColumnElement[bool] = (
        _contains(Item.title, phrase)
        | _contains(Item.problem, phrase)
        | Item.id.in_(in_comments)
        | Item.id.in_(in_lessons)
    )
    return said


def _contains(column: object, phrase: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).contains(phrase.lower(), autoescape=True)
    return found
