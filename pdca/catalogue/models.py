"""Simple lists that a team chooses from: services (PDC), customer groups and labels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pdca.db import Base

NAME_LENGTH = 120
# A label has to fit on a card.
LABEL_LENGTH = 40


class Service(Base):
    """A product or service of the team's catalogue (PDC)."""

    __tablename__ = "service"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    retired_at: Mapped[datetime | None]


class CustomerGroup(Base):
    """A group of customers that an improvement action may touch (R22)."""

    __tablename__ = "customer_group"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    retired_at: Mapped[datetime | None]


class Label(Base):
    """A word that a team hangs on cards."""

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(LABEL_LENGTH))
    retired_at: Mapped[datetime | None]


# A line of one of these lists; they are kept in the same way.
Entry = Service | CustomerGroup | Label
