"""The board's own tables. What stands on it are the items'."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
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
