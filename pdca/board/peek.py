"""What a card tells without being opened: why, what is next, what happened last, and its two ages in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, ngettext
from sqlalchemy import select

from pdca.board import words
from pdca.board.progress import comes_by_itself
from pdca.db import db
from pdca.followup.stalled import age
from pdca.items.facts import Facts
from pdca.items.lifecycle import Step, next_step
from pdca.items.models import Entry, Item
from pdca.items.queries import facts_of, item_for
from pdca.items.sentences import Known, sentence, who
from pdca.items.terms import Phase
from pdca.items.views.history import comment_id, people_in
from pdca.items.views.loading import comments_by_id, names_by_id
from pdca.items.words import PHASE_NAMES, instant
from pdca.people.models import Person
from pdca.web import say


@dataclass(frozen=True)
class Peek:
    """Words only; what is empty is not shown."""

    number: int
    phase: str
    purpose: str
    heading: str
    missing: tuple[str, ...]
    last: str
    last_at: str
    ages: tuple[str, ...]


def peek_at(person: Person, item_id: int, at: datetime) -> Peek:
    """As this person sees it now. Raises NotFound when it is not theirs to see."""
    item = item_for(person, item_id)
    facts = facts_of(item, at)
    step = next_step(facts)
    missing = tuple(say(m) for m in step.missing(facts, comes_by_itself(facts))) if step else ()
    entry = db.session.scalar(select(Entry).where(Entry.item_id == item_id).order_by(Entry.id.desc()).limit(1))
    return Peek(
        number=item.number,
        phase=facts.phase.value,
        purpose=item.purpose or item.problem,
        heading=_heading(step, missing),
        missing=missing,
        last=_last(entry, item, facts) if entry else "",
        last_at=instant(entry.at, facts.at) if entry else "",
        ages=_ages(facts),
    )


def _heading(step: Step | None, missing: tuple[str, ...]) -> str:
    if step is None:
        return ""
    phase = str(PHASE_NAMES[step.target])
    if missing:
        return gettext("Before it can go to %(phase)s", phase=phase)
    return gettext("It may go to %(phase)s", phase=phase)


def _last(entry: Entry, item: Item, facts: Facts) -> str:
    known = Known(names_by_id(people_in([entry])), item.customer_name, facts.today)
    comments = comments_by_id({ident for ident in (comment_id(entry),) if ident})
    said = [who(entry, known), sentence(entry, known), *(comment.body for comment in comments.values())]
    return " ".join(said)


def _ages(f: Facts) -> tuple[str, ...]:
    here = words.age_words(words.days_here(f))[1]
    days = age(f)
    if days is None or f.phase not in (Phase.DO, Phase.CHECK, Phase.ACT):
        return (here,)
    return here, str(ngettext("%(num)s day of work", "%(num)s days of work", days))
