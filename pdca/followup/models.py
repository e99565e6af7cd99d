"""Who owes what by when, and which step of the ladder was reached."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pdca.db import Base, enum_column
from pdca.people.models import Person


class DutyState(StrEnum):
    """Settled: done. Cancelled: no longer asked."""

    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class NoticeState(StrEnum):
    """A notice waits for its message, travels in one, or was moot before it left."""

    PLANNED = "planned"
    GATHERED = "gathered"
    OBSOLETE = "obsolete"


class Duty(Base):
    """One thing somebody owes (opvolging). Derived from the item's facts, never typed in."""

    __tablename__ = "duty"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "kind", "occurrence"),
        Index("ix_duty_state_next_step_at", "state", "next_step_at"),
        Index("ix_duty_holder_state", "holder_id", "state"),
        Index("ix_duty_team_state", "team_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # "item" or "team".
    subject_kind: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[int]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))
    # A calendar or round name ("aftercare:2", "promise:3"), never a timestamp.
    occurrence: Mapped[str] = mapped_column(String(40))
    # In which role somebody holds it: all keepers of a team see what the keeper owes.
    part: Mapped[str] = mapped_column(String(20))
    # Who owes it; during an absence the deputy acts, which is looked up when it matters. None: nobody is left.
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # The check, decision or handover it is about.
    about_id: Mapped[int | None]
    # Whose own act opened it: not told about it at once.
    given_by_id: Mapped[int | None]
    # Who may not hold or hear it in the place of others: the rules want somebody else (R17).
    not_person_id: Mapped[int | None]
    due_on: Mapped[date]
    # The midnight (team's zone) that ends the day it is due.
    due_at: Mapped[datetime]
    # Of a check: the day by which it must be settled.
    settle_by: Mapped[date | None]
    # Of a check: the day the customer was asked, or was to be when the mail still waits for an hour.
    asked_on: Mapped[date | None]
    # The row of ladder.py this duty climbs.
    ladder: Mapped[str] = mapped_column(String(30))
    step: Mapped[str] = mapped_column(String(10), default="")
    next_step: Mapped[str] = mapped_column(String(10), default="")
    next_step_at: Mapped[datetime | None]
    state: Mapped[DutyState] = mapped_column(enum_column(DutyState), default=DutyState.OPEN)
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    holder: Mapped[Person | None] = relationship()


class Notice(Base):
    """A ladder step that was reached for one recipient; unique, so it is never said twice (I3)."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("duty_id", "step", "recipient"),
        Index("ix_notice_state_person", "state", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id", ondelete="CASCADE"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    # "person:7" or "contact:12": one column, so that the key is never null.
    recipient: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    # When it was noted: it stands for those in whose place its reader was told by the step on that day.
    reached_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[NoticeState] = mapped_column(enum_column(NoticeState), default=NoticeState.PLANNED)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)

    duty: Mapped[Duty] = relationship()


class News(Base):
    """Something to know, not to do: travels in the person's grouped mail and causes it."""

    __tablename__ = "news"
    __table_args__ = (
        UniqueConstraint("person_id", "dedupe_key"),
        Index("ix_news_state_person", "state", "person_id"),
        Index("ix_news_message", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    dedupe_key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    journal_id: Mapped[int | None]
    at: Mapped[datetime]
    state: Mapped[NoticeState] = mapped_column(enum_column(NoticeState), default=NoticeState.PLANNED)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))


class Node(Base):
    """A scheduler process and its last sign of life."""

    __tablename__ = "node"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    last_run_at: Mapped[datetime | None]
    last_result: Mapped[str] = mapped_column(String(300), default="")
