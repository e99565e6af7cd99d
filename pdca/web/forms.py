"""A form is an explicit schema: known fields, cleaned text, one error text per field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, FieldList, FormField, PasswordField, StringField, TextAreaField
from wtforms.meta import DefaultMeta

from pdca.errors import N_, FieldError, Invalid
from pdca.text import clean, clean_line

Filter = Callable[[Any], Any]


class Form(FlaskForm):  # type: ignore[misc]
    """The base of every form: an unknown field is refused, text arrives clean."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How fields are bound."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Put our cleaner before the field's own filters."""
            cleaner = _cleaner(unbound_field.field_class)
            if cleaner:
                own = unbound_field.kwargs.get("filters", ())
                unbound_field = _with_filters(unbound_field, (cleaner, *own))
            bound: Field = DefaultMeta.bind_field(self, form, unbound_field, options)
            return bound

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse unknown fields (`Invalid`, 422), then ask each field."""
        unknown = sorted(name for name in {*request.form, *request.files} if not self._knows(name))
        if unknown:
            raise Invalid([FieldError(name, N_("This field is not known here.")) for name in unknown])
        return bool(super().validate(extra_validators=extra_validators))

    def _knows(self, name: str) -> bool:
        if any(field.name == name for field in self):
            return True
        nested = (field for field in self if isinstance(field, (FieldList, FormField)))
        return any(name.startswith(f"{field.name}-") for field in nested)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Every error as (field id, sentence), for the summary on top."""
        return [(field.id, str(error)) for field in self for error in field.errors]


class NothingForm(Form):
    """A button and nothing else."""


def _cleaner(kind: type[Field]) -> Filter | None:
    # A password is what was typed, to the character.
    if issubclass(kind, PasswordField) or not issubclass(kind, StringField):
        return None
    return _many_lines if issubclass(kind, TextAreaField) else _one_line


def _one_line(value: Any) -> Any:
    return clean_line(value) if isinstance(value, str) else value


def _many_lines(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _with_filters(unbound: Any, filters: tuple[Filter, ...]) -> Any:
    kwargs = {**unbound.kwargs, "filters": filters}
    return type(unbound)(unbound.field_class, *unbound.args, name=unbound.name, **kwargs)
