"""A refusal as a form shows it: sentences at the inputs, and first of all a summary."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from pdca.errors import DomainError, FieldError, Invalid, Missing, NotAllowed
from pdca.items.questions import QUESTIONS
from pdca.web import Form, say


@dataclass(frozen=True)
class Refused:
    """What was wrong. `errors`: input → sentence; `missing`: criteria by name, as the gate names them."""

    status: int = 200
    errors: dict[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is missing, for who reads the page by machine."""
        return tuple(m.name or m.rule for m in self.missing)

    def of_gate(self) -> Refused:
        """For a gate: what is missing is asked as a question, it is not an error at an input."""
        return replace(self, errors={}) if self.status == 409 else self


NOT_REFUSED = Refused()


def of_form(form: Form) -> Refused:
    """The form's own errors (422)."""
    return Refused(422, {f.name: str(f.errors[0]) for f in form if f.errors})


def of_domain(error: DomainError, known: Collection[str]) -> Refused:
    """What an operation said no to; `known` are the inputs on the page."""
    if isinstance(error, Invalid):
        return _of_invalid(error.errors, known)
    if isinstance(error, NotAllowed):
        at = {input_of(m.field, known): say(m) for m in error.missing if input_of(m.field, known)}
        return Refused(409, at, error.missing)
    raise error


def _of_invalid(errors: Collection[FieldError], known: Collection[str]) -> Refused:
    at: dict[str, str] = {}
    others: list[str] = []
    for error in errors:
        name = input_of(error.field, known)
        if name:
            at.setdefault(name, say(error))
        else:
            others.append(say(error))
    return Refused(422, at, (), tuple(others))


# What the operations call an answer, where its input is called otherwise.
ALIASES = {
    "customer_told": ("told_how",),
    "with_whom": ("call_with", "told_who"),
    "on": ("call_on", "told_on"),
    "text": ("told_message",),
}


def input_of(name: str, known: Collection[str]) -> str:
    """The input where a sentence about `name` belongs: itself, or the first input of that question."""
    if name in known:
        return name
    question = QUESTIONS.get(name)
    others = (*ALIASES.get(name, ()), *(question.fields if question else ()))
    return next((one for one in others if one in known), "")
