"""The life-cycle table as a page: one of its readers, so it can't say anything else than what is enforced."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from pdca.items import words
from pdca.items.criteria import NEVER_WAIVED, Criterion
from pdca.items.lifecycle import STEPS, Step, Who
from pdca.items.permissions import WHO_MESSAGE
from pdca.items.terms import Phase
from pdca.web import say


@dataclass(frozen=True)
class NeedView:
    """One criterion in words."""

    rule: str
    name: str
    text: str
    note: str


@dataclass(frozen=True)
class StepView:
    """One row of the table."""

    source: str
    target: str
    who: str
    needs: tuple[NeedView, ...]


@dataclass(frozen=True)
class GroupView:
    """The steps out of one phase."""

    phase: str
    name: str
    steps: tuple[StepView, ...]


def life_cycle() -> tuple[GroupView, ...]:
    """Every step, by the phase it leaves."""
    sources = dict.fromkeys(step.source for step in STEPS)
    return tuple(
        GroupView(source.value, str(words.PHASE_NAMES[source]), tuple(_step(s) for s in STEPS if s.source is source))
        for source in sorted(sources, key=list(Phase).index)
    )


def _step(step: Step) -> StepView:
    return StepView(step.source.value, step.target.value, who_words(step.who), tuple(_need(c) for c in step.needs))


def _need(criterion: Criterion) -> NeedView:
    never = criterion.rule in NEVER_WAIVED
    return NeedView(
        criterion.rule,
        criterion.name,
        say(criterion.missing()),
        gettext("can never be waived") if never else "",
    )


def who_words(who: Who) -> str:
    """Who may take a step."""
    return gettext(WHO_MESSAGE[who])
