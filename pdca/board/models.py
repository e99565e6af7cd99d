"""The board's own tables. What stands on it are the items'."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pdca.db import Base


class SavedView(Base):
    """Filters under a name: for one person, or for the whole team."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    # None: everybody in the team sees it.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    # As it stands in the address, after the question mark.
    query: Mapped[str] = mapped_column(String(500))


class SearchText(Base):
    """The words of one text (an item, a comment, a lesson) as they are searched: their stems (see stems.py)."""

    __tablename__ = "search_text"
    __table_args__ = (UniqueConstraint("source", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[int]
    stems: Mapped[str] = mapped_column(Text)
