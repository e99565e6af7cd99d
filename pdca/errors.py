"""What the domain refuses, said once for every entrance: page, fragment, command, import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text for translation; it is translated at the edge, in the reader's language."""
    return text


@dataclass(frozen=True)
class Missing:
    """One thing that stands between the item and the step that was asked for.

    `rule` is "R2" or a criterion's own name, `field` the input that would answer it,
    `message` a bare message id whose placeholders are in `params`.
    """

    rule: str
    field: str
    message: str
    name: str = ""
    params: Mapping[str, object] = attribute(default_factory=dict, hash=False)


@dataclass(frozen=True)
class FieldError:
    """One input that can't be understood or kept."""

    field: str
    message: str
    params: Mapping[str, object] = attribute(default_factory=dict, hash=False)


class DomainError(Exception):
    """Everything the domain says no to."""


class NotAllowed(DomainError):
    """The step is refused: a gate, a frozen card, or a right this person has not (409)."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__("; ".join(f"{m.rule}: {m.message}" for m in self.missing))


class Invalid(DomainError):
    """The input is wrong, and this is what is wrong with it (422)."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in self.errors))


class NotFound(DomainError):
    """It does not exist, or not for this person: the same answer for both (404)."""


class Stale(DomainError):
    """Somebody else changed this in the meantime (409)."""
