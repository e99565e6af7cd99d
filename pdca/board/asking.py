"""The small language of the search line: `owner:me due:<7d phase:check moved:>2 "exact words" other words`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from pdca.board.stems import stems_of
from pdca.catalogue.models import Label, Service
from pdca.errors import N_, FieldError
from pdca.items.models import Item, ItemLabel
from pdca.items.terms import OPEN_PHASES, Kind, Phase
from pdca.people.models import Person

_PART = re.compile(r'(?P<key>[^\W\d]+):(?P<value>"[^"]*"?|\S*)|"(?P<exact>[^"]*)"?|(?P<word>\S+)')
_COMPARED = re.compile(r"(?P<sign><=|>=|<|>|=|)(?P<number>\d{1,4})(?P<days>d?)")


@dataclass(frozen=True)
class Asked:
    """What was asked: conditions on items, words by their stem, exact phrases, and what could not be understood."""

    conditions: tuple[ColumnElement[bool], ...] = ()
    stems: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    errors: tuple[FieldError, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing was asked."""
        return not (self.conditions or self.stems or self.phrases)


@dataclass
class _Reading:
    me: int
    today: date
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    stems: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)


def read(line: str, me: int, today: date) -> Asked:
    """Understand the line. What is not understood is said, and the rest still counts."""
    reading = _Reading(me, today)
    for part in _PART.finditer(line[:300]):
        if part["key"]:
            _filter(reading, part["key"].lower(), part["value"].strip('"'))
        elif part["exact"] is not None:
            reading.phrases.append(part["exact"])
        elif re.fullmatch(r"#\d{1,9}", part["word"]):
            reading.conditions.append(Item.number == int(part["word"][1:]))
        else:
            reading.stems += stems_of(part["word"])
    return Asked(tuple(reading.conditions), tuple(reading.stems), tuple(reading.phrases), tuple(reading.errors))


def _filter(reading: _Reading, key: str, value: str) -> None:
    known = FILTERS.get(ALSO.get(key, key))
    if known is None:
        params = {"word": key, "known": ", ".join(FILTERS)}
        reading.errors.append(FieldError("q", N_("“%(word)s:” is not known. Use one of: %(known)s."), params))
        return
    condition = known(value.lower(), reading)
    if condition is None:
        params = {"word": f"{key}:{value}"}
        reading.errors.append(FieldError("q", N_("“%(word)s” cannot be understood."), params))
    else:
        reading.conditions.append(condition)


Condition = ColumnElement[bool] | None


def _owner(value: str, reading: _Reading) -> Condition:
    responsible = func.coalesce(Item.caretaker_id, Item.owner_id)
    if value in ("me", "mij", "ik"):
        return responsible == reading.me
    return responsible.in_(select(Person.id).where(_contains(Person.name, value))) if value else None


def _due(value: str, reading: _Reading) -> Condition:
    day = DAYS.get(value)
    if day is not None:
        return Item.due_on <= reading.today + timedelta(days=day)
    compared = _COMPARED.fullmatch(value)
    if compared is None:
        return None
    return _compare(Item.due_on, compared["sign"], reading.today + timedelta(days=int(compared["number"])))


def _phase(value: str, _reading: _Reading) -> Condition:
    if value == "open":
        return Item.phase.in_(OPEN_PHASES)
    found = PHASES.get(value)
    return None if found is None else Item.phase == found


def _moved(value: str, _reading: _Reading) -> Condition:
    compared = _COMPARED.fullmatch(value)
    if compared is None or compared["days"]:
        return None
    return _compare(Item.times_moved, compared["sign"], int(compared["number"]))


def _kind(value: str, _reading: _Reading) -> Condition:
    found = KINDS.get(value)
    return None if found is None else Item.kind == found


def _label(value: str, _reading: _Reading) -> Condition:
    named = select(ItemLabel.item_id).join(Label, Label.id == ItemLabel.label_id).where(_contains(Label.name, value))
    return Item.id.in_(named) if value else None


def _service(value: str, _reading: _Reading) -> Condition:
    return Item.service_id.in_(select(Service.id).where(_contains(Service.name, value))) if value else None


def _contains(column: Any, value: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).contains(value, autoescape=True)
    return found


def _compare(column: Any, sign: str, value: Any) -> ColumnElement[bool]:
    how: dict[str, Callable[[], Any]] = {
        "<": lambda: column < value,
        "<=": lambda: column <= value,
        ">": lambda: column > value,
        ">=": lambda: column >= value,
    }
    found: ColumnElement[bool] = how.get(sign, lambda: column == value)()
    return found


DAYS = {"today": 0, "vandaag": 0, "week": 7, "late": -1, "laat": -1}
PHASES = {
    **{phase.value: phase for phase in Phase},
    "nieuw": Phase.NEW, "afgerond": Phase.CLOSED, "geparkeerd": Phase.PARKED, "gestopt": Phase.STOPPED,
    "afgewezen": Phase.DECLINED,
}  # fmt: skip
KINDS = {"quick": Kind.QUICK_WIN, "quickwin": Kind.QUICK_WIN, "quick_win": Kind.QUICK_WIN, "action": Kind.IMPROVEMENT}
KINDS |= {"actie": Kind.IMPROVEMENT, "improvement": Kind.IMPROVEMENT}
FILTERS: dict[str, Callable[[str, _Reading], Condition]] = {
    "owner": _owner,
    "due": _due,
    "phase": _phase,
    "moved": _moved,
    "kind": _kind,
    "label": _label,
    "service": _service,
}
ALSO = {
    "eigenaar": "owner",
    "datum": "due",
    "fase": "phase",
    "verschoven": "moved",
    "soort": "kind",
    "dienst": "service",
}
