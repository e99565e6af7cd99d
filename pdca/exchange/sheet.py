"""A CSV file as records with the lines they stand on. Whatever is wrong is named with its line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pdca.errors import N_, FieldError, Invalid
from pdca.exchange.columns import COLUMNS, REQUIRED
from pdca.text import clean_line

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
MOST_ROWS = 20_000
DELIMITERS = (",", ";")


@dataclass(frozen=True)
class Record:
    """One record: the line it begins on, and its cells by column name, or what is wrong with it."""

    line: int
    cells: dict[str, str] | None
    error: FieldError | None = None

    @property
    def is_empty(self) -> bool:
        """A line of delimiters only, as spreadsheets leave behind."""
        return self.cells is not None and not any(cell.strip() for cell in self.cells.values())


def read_sheet(content: bytes) -> list[Record]:
    """The records of a CSV file: UTF-8 with or without BOM, comma or semicolon, line breaks within quotes.

    Raises Invalid when the file as a whole cannot be read: too large, another encoding, an unknown,
    missing or repeated column.
    """
    text = _decoded(content)
    found = _parsed(text, _delimiter(text))
    header = next(found, None)
    if header is None:
        raise _wrong(N_("This file is empty."))
    names = _columns(header)
    records = [_record(raw, names) for raw in found]
    if len(records) > MOST_ROWS:
        raise _wrong(N_("At most %(count)s rows at a time: split the file."), count=MOST_ROWS)
    return records


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise _wrong(N_("A file may be at most %(size)s MB."), size=LARGEST // MEGABYTE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _wrong(N_("Line %(line)s is not UTF-8: save the file as “CSV UTF-8”."), line=line) from None


def _delimiter(text: str) -> str:
    """The one under which more columns of the first line are known."""
    return max(DELIMITERS, key=lambda delimiter: _known_in_header(text, delimiter))


def _known_in_header(text: str, delimiter: str) -> int:
    header = next(_parsed(text, delimiter), None)
    return sum(_name(cell) in COLUMNS for cell in header.cells) if header else 0


# --- raw records -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Raw:
    first: int
    last: int
    cells: Sequence[str]
    is_broken: bool = False
    is_too_long: bool = False


def _parsed(text: str, delimiter: str) -> Iterator[_Raw]:
    """Strictly: a quote in the wrong place breaks its record, not the file, and is never read as text."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The module has no other way to tell its two reasons apart.
            yield _Raw(first, reader.line_num, (), is_broken=True, is_too_long="limit" in str(error))
            continue
        if cells:
            yield _Raw(first, reader.line_num, cells)


def _columns(header: _Raw) -> list[str]:
    if header.is_broken:
        raise Invalid([_broken(header)])
    names = [_name(cell) for cell in header.cells]
    errors = [_column_error(names, position) for position in range(len(names))]
    errors += [
        FieldError(name, N_("Line %(line)s: this column is missing."), {"line": header.first})
        for name in REQUIRED
        if name not in names
    ]
    if wrong := [error for error in errors if error]:
        raise Invalid(wrong)
    return names


def _column_error(names: list[str], position: int) -> FieldError | None:
    name = names[position]
    where = {"line": 1, "column": position + 1}
    if name not in COLUMNS:
        return FieldError(name or "?", N_("Line %(line)s, column %(column)s: this column is not known."), where)
    if name in names[:position]:
        return FieldError(name, N_("Line %(line)s, column %(column)s: this column is there twice."), where)
    return None


def _record(raw: _Raw, names: list[str]) -> Record:
    if raw.is_broken:
        return Record(raw.first, None, _broken(raw))
    if len(raw.cells) != len(names):
        counts = {"found": len(raw.cells), "wanted": len(names)}
        return Record(raw.first, None, FieldError("row", N_("%(found)s cells instead of %(wanted)s."), counts))
    return Record(raw.first, dict(zip(names, raw.cells, strict=True)))


def _broken(raw: _Raw) -> FieldError:
    if raw.is_too_long:
        return FieldError("row", N_("A cell in this line is too long."))
    if raw.first == raw.last:
        return FieldError("row", N_("The quotes in this line do not match."))
    message = N_("The quotes do not match; lines %(first)s to %(last)s could not be read.")
    return FieldError("row", message, {"first": raw.first, "last": raw.last})


def _name(cell: str) -> str:
    return clean_line(cell).lower()


def _wrong(message: str, **params: object) -> Invalid:
    return Invalid([FieldError("file", message, params)])
