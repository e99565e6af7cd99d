"""Saying that something changed on a team's board, to every process, with the commit that changed it.

A number per team is raised, under which the order of its cards is remembered. PostgreSQL also tells its listeners;
on SQLite whoever waits looks at `PRAGMA data_version`, which costs nothing while nothing happens.
"""

from __future__ import annotations

from itertools import chain

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from pdca.db import db
from pdca.engines import RAISE

CHANNEL = "pdca_board"
# Where `pdca.db.changed_on` notes it, too.
NOTED = "changed_on"
# Of each team: how often something changed there.
TEAM = "team:"

_NOTIFY = "SELECT pg_notify(%s, %s)"
_RAISE = {"sqlite": RAISE.format("VALUES (?, 1)"), "postgresql": RAISE.format("VALUES (%s, 1)")}


@event.listens_for(db.session, "after_flush")
def _note(session: Session, _context: object) -> None:
    """Every written row that names its team: items, journal, settings, members. More than a card shows does no harm."""
    noted: set[int] = session.info.setdefault(NOTED, set())
    for row in chain(session.new, session.dirty, session.deleted):
        team_id = row.__dict__.get("team_id")
        if isinstance(team_id, int):
            noted.add(team_id)


@event.listens_for(db.session, "before_commit")
def _tell(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    noted: set[int] = session.info.pop(NOTED, set())
    if not noted:
        return
    connection = session.connection()
    kind = connection.dialect.name
    # In order, so that no two wait for each other.
    for team_id in sorted(noted):
        connection.exec_driver_sql(_RAISE[kind], (f"{TEAM}{team_id}",))
        if kind == "postgresql":
            connection.exec_driver_sql(_NOTIFY, (CHANNEL, str(team_id)))


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(NOTED, None)
