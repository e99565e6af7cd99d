"""The columns of an import: what each may hold, and the typed row they make together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from pdca.errors import N_, FieldError, Invalid
from pdca.items.terms import CustomerType, Importance, Kind
from pdca.text import clean, clean_line

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Further away a day is a slip of the pen, and arithmetic with it may fail.
YEARS = range(2000, 2200)
# A key made by us can't meet a key that somebody gave.
MADE = "sha256:"
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Row:
    """One row, understood: everything cleaned and typed. `key` makes twice the same as once."""

    line: int
    key: str
    title: str
    problem: str
    noticeable: str
    kind: Kind | None
    customer: str
    customer_type: CustomerType | None
    service: str
    touchpoint: str
    importance: Importance
    due_on: date | None
    channel: str
    source: str


def row_of(line: int, cells: Mapping[str, str]) -> Row:
    """The typed row; Invalid names every cell that cannot be so."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, parse in COLUMNS.items():
        try:
            values[name] = parse(cells.get(name, ""))
        except _Unfit as unfit:
            errors.append(FieldError(name, unfit.message, unfit.params))
    errors += _customer_errors(values)
    if errors:
        raise Invalid(errors)
    values["key"] = values["key"] or key_of(values["title"], values["source"])
    return Row(line=line, **values)


def key_of(title: str, source: str) -> str:
    """What a row without a key is known by: its title and its source."""
    return MADE + hashlib.sha256(f"{title}\n{source}".encode()).hexdigest()


def _customer_errors(values: Mapping[str, Any]) -> list[FieldError]:
    if values.get("customer") and values.get("customer_type", "") is None:
        return [FieldError("customer_type", N_("Say who this is: external, colleague or group."))]
    if values.get("customer_type") is CustomerType.GROUP and len(values.get("customer", "")) > GROUP_LIMIT:
        return [FieldError("customer", N_("Use at most %(limit)s characters."), {"limit": GROUP_LIMIT})]
    return []


# --- one cell --------------------------------------------------------------------------------------------


class _Unfit(Exception):
    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message, self.params = message, params


def _line(limit: int, *, required: bool = False) -> Callable[[str], str]:
    return _text(limit, clean_line, required=required)


def _lines(limit: int) -> Callable[[str], str]:
    return _text(limit, clean, required=False)


def _text(limit: int, cleaned: Callable[[str], str], *, required: bool) -> Callable[[str], str]:
    """Text as it stands there, a leading = or + included: here it is never a formula."""

    def parse(cell: str) -> str:
        text = cleaned(cell)
        if required and not text:
            raise _Unfit(N_("Write something here."))
        if len(text) > limit:
            raise _Unfit(N_("Use at most %(limit)s characters."), limit=limit)
        return text

    return parse


def _choice(kind: type[Choice], default: Choice | None = None) -> Callable[[str], Choice | None]:
    def parse(cell: str) -> Choice | None:
        word = clean_line(cell).lower()
        if not word:
            return default
        try:
            return kind(word)
        except ValueError:
            allowed = ", ".join(member.value for member in kind)
            raise _Unfit(N_("“%(value)s” is not one of: %(allowed)s."), value=word[:40], allowed=allowed) from None

    return parse


def _date(cell: str) -> date | None:
    word = clean_line(cell)
    if not word:
        return None
    try:
        if ISO_DATE.fullmatch(word) and (day := date.fromisoformat(word)).year in YEARS:
            return day
    except ValueError:
        pass
    raise _Unfit(N_("“%(value)s” is not a day: write it as 2026-12-31."), value=word[:40])


GROUP_LIMIT = 120
COLUMNS: dict[str, Callable[[str], Any]] = {
    "title": _line(200, required=True),
    "problem": _lines(5000),
    "noticeable": _lines(2000),
    "kind": _choice(Kind),
    "customer": _line(200),
    "customer_type": _choice(CustomerType),
    "service": _line(120),
    "touchpoint": _line(200),
    "importance": _choice(Importance, Importance.NORMAL),
    "due_on": _date,
    "channel": _line(120),
    "source": _line(300),
    "key": _line(200),
}
# A file may name its rows itself; without keys they are known by title and source.
REQUIRED = tuple(name for name in COLUMNS if name != "key")
