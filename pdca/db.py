"""The database: one Base, one session, and a unit of work that cannot forget the follow-up.

A transaction is a read unless somebody says `db.writing()`, and a reader is physically unable to write (see
`pdca.engines`). So a GET that writes is an error, not a surprise.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from flask import Flask, has_app_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    DateTime,
    Dialect,
    Enum,
    Executable,
    MetaData,
    String,
    Table,
    TypeDecorator,
    event,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column, registry

from pdca import engines
from pdca.engines import Mode

Subject = tuple[str, int]
Reconciler = Callable[[Mapping[Subject, datetime]], None]


# --- columns ---------------------------------------------------------------------------------------------


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in, aware UTC out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; SQLite keeps the UTC wall clock without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_column(kind: type[enum.Enum]) -> Enum:
    """An enum stored by value, guarded by a CHECK on both databases."""
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        # Named after its column (see `_check_name`): two columns of one table may share an enum.
        name=None,
        # Room to grow: a longer value later needs a new CHECK, not a new column.
        length=40,
    )


def _check_name(constraint: Any, _table: Table[Any]) -> str:
    """The name given by hand, or for an enum's own CHECK its column's name."""
    if isinstance(constraint.name, str):
        return constraint.name
    return f"{next(iter(constraint.columns)).name}_known"


class Base(DeclarativeBase):
    """What every table has: named constraints and honest instants."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(column_or_constraint_name)s",
            "column_or_constraint_name": _check_name,
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # A registry by name, because Flask-SQLAlchemy copies the class body and two maps would be refused.
    registry = registry(metadata=metadata, type_annotation_map={datetime: UtcDateTime})


def table_of(model: type[Base]) -> Table[Any]:
    """The plain table behind a model: for statements that are built once, read plain rows or write one column."""
    return cast("Table[Any]", model.__table__)


class Tick(Base):
    """How often something was written, by name: on SQLite the sign that others wrote (see `state` below)."""

    __tablename__ = "tick"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]


# --- the unit of work ------------------------------------------------------------------------------------


_reconcilers: list[Reconciler] = []


class Database(SQLAlchemy):
    """Flask-SQLAlchemy with announced writes."""

    def init_app(self, app: Flask) -> None:
        """Bind to the app and give each engine its manners."""
        super().init_app(app)
        with app.app_context():
            for engine in self.engines.values():
                engines.teach(engine)

    @property
    def mode(self) -> Mode:
        """What the next transaction may do."""
        return engines.mode.get()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Transactions begun in here may write; what is not committed on leaving is undone."""
        outermost = self.mode is Mode.READ
        if outermost:
            self.release()
        before = self.set_mode(Mode.WRITE)
        try:
            yield
        finally:
            if outermost:
                self._end()
            self.set_mode(before)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read now and release on leaving: for work that hashes or waits before it writes."""
        self.release()
        before = self.set_mode(Mode.READ)
        try:
            yield
        finally:
            self._end()
            self.set_mode(before)

    def set_mode(self, mode: Mode) -> Mode:
        """Announce what the next transaction may do; gives back what held before."""
        before = engines.mode.get()
        engines.mode.set(mode)
        return before

    @property
    def state(self) -> str | None:
        """What this transaction sees, by name: twice the same name is twice the same facts. None while writing.

        Every commit raises a number, unless it was quiet. Asked first: what is read after it can only be newer.
        """
        if self.mode is not Mode.READ:
            return None
        raw: Any = self.session.connection().connection.driver_connection
        found = raw.execute(engines.STATE).fetchone()
        return str(found[0]) if found else "new"

    def quietly(self) -> None:
        """What this unit of work writes is in nothing that is remembered: what others remembered still holds.

        The order of cards (it has a number of its own), and what the follow-up notes while it goes round. Who
        touches an item or a team is not quiet, whatever was said before.
        """
        self.session.connection().info["quiet"] = True

    def release(self, *, keep: bool = False) -> None:
        """End the open transaction; refuses while it holds work that was not committed.

        `keep`: the rows that were read stay as they are, and are not read anew.
        """
        if not has_app_context() or not self.session.registry.has():
            return None
        session = self.session()
        if session.new or session.dirty or session.deleted or session.info.get("flushed"):
            raise RuntimeError("uncommitted work: commit or roll back before you change the mode")
        if not keep:
            return session.rollback()
        session.expire_on_commit = False
        try:
            session.commit()
        finally:
            session.expire_on_commit = True

    def _end(self) -> None:
        if has_app_context() and self.session.registry.has():
            self.session.rollback()


db = Database(
    model_class=Base,
    disable_autonaming=True,
    session_options={"autoflush": True},
    engine_options={"pool_size": 10, "max_overflow": 40, "pool_pre_ping": True},
)


def rows_by_id(model: type[Any], ids: Collection[int | None]) -> dict[int, Any]:
    """The rows with these ids, by id; without a question when there is none."""
    wanted = {ident for ident in ids if ident is not None}
    return {row.id: row for row in db.session.scalars(select(model).where(model.id.in_(wanted)))} if wanted else {}


def insert_into(table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, in the words of this database."""
    return (postgresql_insert if db.session.get_bind().dialect.name == "postgresql" else sqlite_insert)(table)


def insert_once(model: type[Base], row: Mapping[str, Any]) -> int | None:
    """Insert unless one of its unique keys is there already; the new id, or None."""
    return db.session.execute(_insert_once(model, db.session.get_bind().dialect.name), dict(row)).scalar()


@cache
def _insert_once(model: type[Base], _dialect: str) -> Executable:
    # No key is named: with two unique keys a race on the other one would raise instead.
    table = table_of(model)
    statement: Executable = insert_into(table).on_conflict_do_nothing().returning(table.c.id)
    return statement


def touch(kind: str, ident: int, at: datetime) -> None:
    """Say that an "item" or "team" changed: its duties are reconciled before this work commits."""
    db.session.info.setdefault("touched", {})[(kind, ident)] = at


def changed_on(team_id: int) -> None:
    """Say that something on a team's board changed; a write that passes a session object says so by itself."""
    db.session.info.setdefault("changed_on", set()).add(team_id)


def register_reconciler(reconciler: Reconciler) -> None:
    """Say who reconciles duties. There is one; the last word counts (tests may replace it)."""
    _reconcilers[:] = [reconciler]


@event.listens_for(db.session, "before_commit")
def _reconcile(session: Session) -> None:
    """No entrance can commit a change and skip its follow-up: command line, import and tests included."""
    if session.in_nested_transaction() or not session.info.get("touched"):
        return
    if not _reconcilers:
        raise RuntimeError("an item was touched, but nobody registered a reconciler")
    session.flush()
    session.connection().info.pop("quiet", None)
    touched = session.info.pop("touched")
    _reconcilers[0](touched)
    # What the reconciler itself touched is already reconciled.
    session.info.pop("touched", None)


@event.listens_for(db.session, "after_flush")
def _remember_flush(session: Session, _context: object) -> None:
    session.info["flushed"] = True


@event.listens_for(db.session, "after_commit")
def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop("flushed", None)
    if db.mode is Mode.WRITE_ONCE:
        db.set_mode(Mode.READ)


@event.listens_for(db.session, "after_soft_rollback")
def _after_rollback(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop("flushed", None)
        session.info.pop("touched", None)
        session.info.pop("entries", None)
