"""What this installation remembers about itself: one value per name."""

from __future__ import annotations

import os
import socket

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from pdca.db import Base, db, insert_into


class Installation(Base):
    """One thing this installation remembers about itself, such as who signs in with one click in the demo."""

    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


def name_of_this_process() -> str:
    """Host and process, as administrators see it."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def recall(*names: str) -> dict[str, str]:
    """The values of these names, as far as they are there."""
    rows = db.session.execute(select(Installation.name, Installation.value).where(Installation.name.in_(names)))
    return {row.name: row.value for row in rows}


def remember(name: str, value: str) -> None:
    """From now on `name` has this value. In one statement: two processes that begin together both come to say it."""
    statement = insert_into(Installation).values(name=name, value=value)
    db.session.execute(statement.on_conflict_do_update(index_elements=[Installation.name], set_={"value": value}))


def forget(*names: str) -> None:
    """These names have no value any more."""
    db.session.execute(delete(Installation).where(Installation.name.in_(names)))
