"""A database as lines of JSON that both SQLite and PostgreSQL can read: every table, every row, every value.

The tables are taken as they stand in the database, not as the models say: a dump of an older version is
loaded into tables of that version and migrated then.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table

from pdca.db import UtcDateTime

# Alembic stamps the restored tables by migrating; how often something was written is of this installation only.
NOT_OURS = ("alembic_version", "tick")
BATCH = 500


def tables_of(connection: Connection) -> list[Table[Any]]:
    """The tables as they stand in the database, those that others point at first."""
    metadata = MetaData()
    metadata.reflect(connection)
    found = [table for table in metadata.sorted_tables if table.name not in NOT_OURS and not _is_index(table)]
    for table in found:
        for column in table.columns:
            column.type = _plain_type(column)
    return found


def _is_index(table: Table) -> bool:
    """SQLite's full-text index: made anew by the rows that it is of."""
    return table.name.startswith("search_text_words")


def _plain_type(column: Column[Any]) -> sa.types.TypeEngine[Any]:
    """A type that reads and writes the same on both databases."""
    if isinstance(column.type, sa.DateTime):
        return UtcDateTime()
    for kind in (sa.JSON, sa.Boolean, sa.LargeBinary, sa.Date, sa.Time, sa.Integer, sa.Float, sa.String):
        if isinstance(column.type, kind):
            return kind()
    raise TypeError(f"no way to keep {column.table.name}.{column.name} of type {column.type!r}")


# --- writing ---------------------------------------------------------------------------------------------


def dump(connection: Connection) -> Iterator[tuple[str, str]]:
    """(table, line): for each table its name and columns, then one line per row, all in the connection's snapshot."""
    for table in tables_of(connection):
        yield table.name, _line({"table": table.name, "columns": [column.name for column in table.columns]})
        read = sa.select(*map(_read, table.columns)).order_by(*table.primary_key.columns)
        with connection.execution_options(yield_per=BATCH).execute(read) as rows:
            for row in rows:
                yield table.name, _line([_kept(value) for value in row])


def _read(column: Column[Any]) -> sa.ColumnElement[Any]:
    # JSON as the text it is stored as: JSON's own null is not an empty column.
    return sa.cast(column, sa.Text) if isinstance(column.type, sa.JSON) else column


def _kept(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date() | time():
            return value.isoformat()
        case bytes() | memoryview():
            return base64.b64encode(value).decode("ascii")
    return value


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


# --- reading ---------------------------------------------------------------------------------------------


def load(connection: Connection, lines: Iterable[str]) -> dict[str, int]:
    """Put every row back into the tables, which are empty. Rows by table. The caller looks after foreign keys."""
    tables = {table.name: table for table in tables_of(connection)}
    loaded: list[_Loading] = []
    for line in lines:
        content = json.loads(line)
        if isinstance(content, dict):
            _flush_last(loaded)
            loaded.append(_Loading(connection, tables[content["table"]], content["columns"]))
        else:
            loaded[-1].add(content)
    _flush_last(loaded)
    return {loading.table.name: loading.count for loading in loaded}


def _flush_last(loaded: list[_Loading]) -> None:
    if loaded:
        loaded[-1].flush()


class _Loading:
    """The rows of one table on their way in."""

    def __init__(self, connection: Connection, table: Table[Any], names: list[str]) -> None:
        self.connection, self.table, self.count = connection, table, 0
        columns = [table.columns[name] for name in names]
        self.names = [f"v{n}" for n in range(len(names))]
        self.parsers = [_parser(column) for column in columns]
        self.insert = table.insert().values(
            {column.name: self._bound(column, name) for column, name in zip(columns, self.names, strict=True)}
        )
        self.waiting: list[dict[str, Any]] = []

    def _bound(self, column: Column[Any], name: str) -> sa.ColumnElement[Any]:
        if not isinstance(column.type, sa.JSON):
            return sa.bindparam(name, type_=column.type)
        text = sa.bindparam(name, type_=sa.Text)
        # SQLite keeps JSON as text, and a cast would make a number of it.
        return text if self.connection.dialect.name == "sqlite" else sa.cast(text, sa.JSON)

    def add(self, cells: list[Any]) -> None:
        """One row."""
        values = [None if cell is None else parse(cell) for parse, cell in zip(self.parsers, cells, strict=True)]
        self.waiting.append(dict(zip(self.names, values, strict=True)))
        if len(self.waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self.waiting:
            self.connection.execute(self.insert, self.waiting)
        self.count += len(self.waiting)
        self.waiting = []


def _parser(column: Column[Any]) -> Callable[[Any], Any]:
    match column.type:
        case UtcDateTime():
            return datetime.fromisoformat
        case sa.Date():
            return date.fromisoformat
        case sa.Time():
            return time.fromisoformat
        case sa.LargeBinary():
            return base64.b64decode
    return _as_is


def _as_is(value: Any) -> Any:
    return value
