"""A sheet as its template reads it: words, questions and what was wrong. Gates and all other acts share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pdca.errors import Missing
from pdca.items.views.offers import Option
from pdca.items.views.refused import Refused
from pdca.web import say

Link = tuple[str, str]
NOTE = "note"
# Of these one of several inputs is enough.
ONE_IS_ENOUGH = {
    "customer": "customer customer_type",
    "baseline": "baseline_mark baseline_good",
    "need": "need_who no_survey",
    "lookalikes": "lookalikes",
    "groups": "groups",
}


@dataclass(frozen=True)
class QuestionView:
    """One question with what is typed, offered and wrong. `prefix` keeps ids apart from those of other forms."""

    name: str
    label: str
    no: int = 0
    prefix: str = "f"
    missing: str = ""
    is_answered: bool = False
    is_defaulted: bool = False
    words: str = ""
    values: Mapping[str, list[str]] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, list[Option]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """The partial that asks it."""
        return f"items/questions/{self.name}.html"

    @property
    def any(self) -> str:
        """The inputs of which one is enough; empty: all that are not optional."""
        return ONE_IS_ENOUGH.get(self.name, "")

    def id(self, name: str) -> str:
        """The id of one input."""
        return f"{self.prefix}-{name}"

    def value(self, name: str) -> str:
        """What stands in one input."""
        held = self.values.get(name)
        return held[-1] if held else ""

    def many(self, name: str) -> list[str]:
        """What is ticked."""
        return list(self.values.get(name, []))

    def error(self, name: str) -> str:
        """What is wrong at one input."""
        return self.errors.get(name, "")

    def option(self, name: str) -> list[Option]:
        """What one input offers."""
        return self.options.get(name, [])

    def proposal(self, name: str) -> str | None:
        """The value that is marked as the proposal."""
        return self.proposed.get(name)


@dataclass(frozen=True)
class SheetView:
    """One sheet. Empty texts are not shown."""

    item_id: int | str
    title: str
    action: str
    submit: str
    back: str
    lead: str = ""
    from_phase: str = ""
    to_phase: str = ""
    later: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[QuestionView, ...] = ()
    settled: tuple[QuestionView, ...] = ()
    # While aftercare runs nothing can be closed: what it waits for, and what may be written down already.
    runs: str = ""
    early: tuple[QuestionView, ...] = ()
    summary: tuple[tuple[str, str], ...] = ()
    # Names of the criteria that a refusal named.
    refused: tuple[str, ...] = ()
    second: Mapping[str, str] | None = None
    frozen: str = ""
    note: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    ways: tuple[Link, ...] = ()
    multipart: bool = False
    summary_title: str = ""
    # Ways to a page of its own, not to another sheet.
    away: tuple[Link, ...] = ()

    @property
    def answered(self) -> int:
        """How many questions have an answer in sight."""
        return sum(q.is_answered for q in self.questions if q.name != NOTE)

    @property
    def total(self) -> int:
        """How many are asked."""
        return sum(q.name != NOTE for q in self.questions)


def summary_of(refused: Refused, questions: tuple[QuestionView, ...]) -> tuple[tuple[str, str], ...]:
    """Every sentence with the input it is about; first what concerns no input in sight."""
    at_inputs = [(q.id(name), text) for q in questions for name, text in q.errors.items()]
    shown = {name for q in questions for name in q.errors}
    lost = [text for name, text in refused.errors.items() if name not in shown]
    asked = {q.missing for q in questions}
    gates = [say(m) for m in refused.missing if m.name not in asked and not _is_shown(m, shown)]
    return (*(("", text) for text in dict.fromkeys([*refused.others, *lost, *gates])), *at_inputs)


def _is_shown(missing: Missing, shown: set[str]) -> bool:
    return missing.field in shown
