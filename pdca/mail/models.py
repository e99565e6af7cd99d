"""The outbox: what must be mailed, what was tried and what a server accepted. Knows no item."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pdca.db import Base, enum_column


class MessageState(StrEnum):
    """accepted never goes back (I4)."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    HELD = "held"
    DEAD = "dead"
    OBSOLETE = "obsolete"
    COVERED = "covered"


class Message(Base):
    """One mail to one address. Rendered in the claim's transaction, by the renderer of its kind."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_state_not_before", "state", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    # Derived from the key and stored before the first attempt: identical on every retry.
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    # What the renderer needs to find: ids only, never texts.
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    address: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    subject: Mapped[str] = mapped_column(String(300), default="")
    # Bytes as they leave, with a placeholder where a token goes.
    mime: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When its text was made; its Date header, and the same on every retry.
    written_at: Mapped[datetime | None]
    state: Mapped[MessageState] = mapped_column(enum_column(MessageState), default=MessageState.PENDING)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    # In which accept journal it will stand that it left; whoever shares that one can look there.
    journal: Mapped[str | None] = mapped_column(String(32))
    last_code: Mapped[int | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    accepted_at: Mapped[datetime | None]
    possible_duplicate: Mapped[bool] = mapped_column(default=False)


class Attempt(Base):
    """One conversation with the mail server; only ever added."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    node: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(20))
    code: Mapped[int | None]
    words: Mapped[str] = mapped_column(Text, default="")


class Suppression(Base):
    """An address that must not be mailed."""

    __tablename__ = "suppression"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class Breaker(Base):
    """Whether a transport answers; half-open lets one message probe."""

    __tablename__ = "breaker"

    id: Mapped[int] = mapped_column(primary_key=True)
    transport: Mapped[str] = mapped_column(String(200), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    down_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")


class Link(Base):
    """A link in a mail. No stored row holds a working token: only its hash and the nonce it is made from."""

    __tablename__ = "link"
    __table_args__ = (UniqueConstraint("message_id", "purpose", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    # What it opens: a check for a customer, an item for a reopening.
    subject_id: Mapped[int]
    contact_id: Mapped[int | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    nonce: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    uses: Mapped[int] = mapped_column(default=0)

    message: Mapped[Message | None] = relationship()
