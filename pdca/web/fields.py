"""Kinds of inputs: what the browser sends becomes a value, or one sentence at the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField, TextAreaField, TimeField, ValidationError
from wtforms.validators import DataRequired, Length

from pdca.text import clean

NOT_A_DATE = _l("Choose a date.")
NOT_A_TIME = _l("Choose a time, such as 07:00.")
NOT_A_NUMBER = _l("Type a whole number.")
CHOOSE_ONE = _l("Choose one from the list.")
OTHER = "other"


def filled(message: Any = None) -> DataRequired:
    """This must be answered, with something that can be read."""
    return DataRequired(message=message or _l("Please fill this in."))


def at_most(length: int) -> Length:
    """No longer than this."""
    return Length(max=length, message=_l("Use at most %(max)d characters."))


def line(limit: int = 200) -> Any:
    """One line of text."""
    return StringField(validators=[at_most(limit)])


def text(limit: int = 5000) -> Any:
    """Several lines."""
    return TextAreaField(validators=[at_most(limit)])


class One(Field):
    """One value; the last one counts, so that a button's own value wins from the proposal before it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read it, or say at the field what is wrong."""
        raw = str(valuelist[-1]).strip() if valuelist else ""
        self.data = self.read(raw) if raw else None

    def read(self, raw: str) -> Any:
        """The value of what was sent; ValueError with a sentence when it is none."""
        return raw

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[-1])
        return "" if self.data is None else str(self.data)


class Choice(One):
    """One of an enum; anything else is refused."""

    def __init__(self, kind: type[StrEnum], **kwargs: Any) -> None:
        """`kind` names what may be chosen."""
        super().__init__(**kwargs)
        self.kind = kind

    def read(self, raw: str) -> StrEnum:
        """The member with this value."""
        return _in_words(self.kind, raw, CHOOSE_ONE)  # type: ignore[no-any-return]


class OneOf(Field):
    """A choice from (value, label) pairs; anything else is refused, and shown as it was."""

    def __init__(
        self,
        label: Any = None,
        *,
        choices: Iterable[tuple[Any, Any]] = (),
        coerce: Callable[[Any], Any] = str,
        **kwargs: Any,
    ) -> None:
        """`coerce` makes a posted text the value's own type, or raises ValueError."""
        super().__init__(label, **kwargs)
        self.choices, self.coerce = list(choices), coerce

    def process_formdata(self, valuelist: Any) -> None:
        """Take what was chosen."""
        self.data = _in_words(self.coerce, valuelist[0], CHOOSE_ONE) if valuelist else None

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered."""
        if self.data not in [value for value, _label in self.choices]:
            raise ValidationError(str(CHOOSE_ONE))


class SomeOf(OneOf):
    """Several of them, or none."""

    def process_formdata(self, valuelist: Any) -> None:
        """Take all that were chosen."""
        self.data = [_in_words(self.coerce, value, CHOOSE_ONE) for value in valuelist]

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered."""
        if set(self.data or ()) - {value for value, _label in self.choices}:
            raise ValidationError(str(CHOOSE_ONE))


class Day(One):
    """A date as browsers send it."""

    def read(self, raw: str) -> date:
        """YYYY-MM-DD, in a year that a database and a calendar know."""
        found: date = _in_words(date.fromisoformat, raw, NOT_A_DATE)
        if not 2000 <= found.year <= 2200:
            raise ValueError(str(NOT_A_DATE))
        return found


class TimeOfDay(TimeField):
    """A time such as 07:00."""

    def process_formdata(self, valuelist: Any) -> None:
        """Read HH:MM."""
        _in_words(super().process_formdata, valuelist, NOT_A_TIME)


class Number(One):
    """A whole number between two bounds."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        """`low` and `high` may both be chosen."""
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def read(self, raw: str) -> int:
        """Digits."""
        number: int = _in_words(int, raw if len(raw) < 12 else "", NOT_A_NUMBER)
        if not self.low <= number <= self.high:
            raise ValueError(str(_l("Choose a whole number from %(low)s to %(high)s.", low=self.low, high=self.high)))
        return number


class Ident(Number):
    """A row's number; whether it may be chosen is asked of the database."""

    def __init__(self, **kwargs: Any) -> None:
        """Any row number."""
        super().__init__(1, 2**31 - 1, **kwargs)

    def read(self, raw: str) -> int:
        """A number that fits in a column."""
        try:
            return super().read(raw)
        except ValueError:
            raise ValueError(str(CHOOSE_ONE)) from None


class Idents(Field):
    """Several rows."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Their numbers."""
        self.data = [_in_words(_small, raw, CHOOSE_ONE) for raw in valuelist if str(raw).strip()]


class YesNo(One):
    """Yes or no, as two chips."""

    def read(self, raw: str) -> bool:
        """ "yes" or "no"."""
        return bool(_in_words({"yes": True, "no": False}.__getitem__, raw, CHOOSE_ONE))


class WithOther:
    """Chips with an "other…" whose own input is NAME_other; declare that one beside it with `other()`."""

    def process(self: Any, formdata: Any, *args: Any, **kwargs: Any) -> None:
        """Take what was typed where "other" was tapped."""
        super().process(_chosen(formdata, self.name), *args, **kwargs)  # type: ignore[misc]


class DayChip(WithOther, Day):
    """A date chip."""


class TextChip(WithOther, One):
    """A text chip."""

    def __init__(self, limit: int, **kwargs: Any) -> None:
        """`limit` characters at most."""
        super().__init__(validators=[at_most(limit)], **kwargs)

    def read(self, raw: str) -> str:
        """The text, clean."""
        return clean(raw)


def other() -> Any:
    """The input behind "other…"."""
    return StringField()


def _chosen(formdata: Any, name: str) -> Any:
    """Nothing tapped but something typed counts as "other" too: without a script both are in view."""
    if formdata is None or (formdata.getlist(name) or [OTHER])[-1] != OTHER:
        return formdata
    return _Only({name: formdata.getlist(f"{name}_{OTHER}")})


class _Only:
    """Form data of one name."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values

    def getlist(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def __contains__(self, name: object) -> bool:
        return name in self._values


def _small(raw: str) -> int:
    number = int(raw) if len(raw) < 12 else 0
    if not 0 < number < 2**31:
        raise ValueError
    return number


def _in_words(read: Callable[[Any], Any], raw: Any, message: Any) -> Any:
    try:
        return read(raw)
    except (ValueError, KeyError, OverflowError):
        raise ValueError(str(message)) from None
