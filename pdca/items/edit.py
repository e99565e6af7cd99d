"""Writing answers down: each question has one setter, each change one row in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import Answers
from pdca.items.frozen import Act
from pdca.items.models import Item
from pdca.items.permissions import guard, may_edit, refuse
from pdca.items.queries import facts_of
from pdca.items.set_new import set_customer, set_importance, set_kind, set_lookalikes, set_owner, set_service
from pdca.items.set_plan import (
    set_aftercare,
    set_agreed,
    set_baseline,
    set_due_on,
    set_groups,
    set_need,
    set_no_survey,
    set_small_test,
    set_still_needed,
    set_touchpoint,
)
from pdca.items.set_work import (
    set_announcement,
    set_call,
    set_carried_out,
    set_lesson,
    set_prediction_result,
    set_standard,
    set_verdict,
    set_why_not,
)
from pdca.items.writing import Writing, column, round_text, text_column
from pdca.people.models import Person

EMPTY_TITLE = N_("Write in one line what goes wrong, or what you will do.")
MEANWHILE = N_("Meanwhile somebody made it “%(title)s”. Keep yours after all, or take over theirs.")
MAY_NOT_EDIT = N_("Only the owner, the board keeper or a leader may change this.")


def edit(item: Item, answers: Answers, *, by: Person, at: datetime) -> None:
    """Change answers without a step. Refused on frozen and ended items and to who may not edit."""
    facts = facts_of(item, at)
    guard(facts, Act.EDIT)
    if not may_edit(by, item, at):
        raise refuse(MAY_NOT_EDIT)
    write(Writing(item, by, at), answers)


def retitle(item: Item, title: str, *, was: str, by: Person, at: datetime) -> None:
    """Another title. `was`: the one that was on the screen; when it is another by now, nothing is replaced unseen."""
    line = " ".join(title.split())
    if not line:
        raise Invalid([FieldError("title", EMPTY_TITLE)])
    # Two who save at the same moment: the second one sees what the first one wrote.
    db.session.refresh(item, with_for_update={"of": Item})
    if was and item.title not in (was, line):
        raise Invalid([FieldError("title", MEANWHILE, {"title": item.title})])
    edit(item, Answers(title=line), by=by, at=at)


def write(writing: Writing, answers: Answers) -> None:
    """Write down what was answered; raises Invalid with every field that cannot be so."""
    errors: list[FieldError] = []
    # In the order of the table: the kind is known before the date that depends on it.
    for name in (name for name in SETTERS if name in answers):
        try:
            SETTERS[name](writing, answers[name])  # type: ignore[literal-required]
        except Invalid as invalid:
            errors += invalid.errors
    if errors:
        raise Invalid(errors)
    given = [name for name in writing.item.defaulted if name not in answers]
    if given != writing.item.defaulted:
        writing.item.defaulted = given


def write_default(writing: Writing, name: str, value: Any) -> None:
    """Store an answer nobody gave, marked as such: never silent."""
    SETTERS[name](replace(writing, is_default=True), value)
    if name not in writing.item.defaulted:
        writing.item.defaulted = [*writing.item.defaulted, name]


def of_the_step(_w: Writing, _value: Any) -> None:
    """Answers that belong to the step itself; moves.py reads them."""


SETTERS: dict[str, Callable[[Writing, Any], None]] = {
    "title": text_column("title", 200),
    "problem": text_column("problem", 5000),
    "noticeable": text_column("noticeable", 2000),
    "kind": set_kind,
    "importance": set_importance,
    "service_id": set_service,
    "channel": column("channel"),
    "customer": set_customer,
    "lookalikes": set_lookalikes,
    "owner_id": set_owner,
    "need": set_need,
    "no_survey": set_no_survey,
    "purpose": text_column("purpose", 2000),
    "due_on": set_due_on,
    "last_useful_on": column("last_useful_on"),
    "still_needed": set_still_needed,
    "agreed": set_agreed,
    "aftercare": set_aftercare,
    "catalogue_changes": column("catalogue_changes"),
    "baseline": set_baseline,
    "root_cause": round_text("root_cause"),
    "small_test": set_small_test,
    "groups": set_groups,
    "touchpoint": set_touchpoint,
    "carried_out": set_carried_out,
    "announcement": set_announcement,
    "call": set_call,
    "prediction_result": set_prediction_result,
    "verdict": set_verdict,
    "standard": set_standard,
    "lesson": set_lesson,
    "why_not": set_why_not,
    "share": column("share"),
    "adjusted_prediction": of_the_step,
    "reason": of_the_step,
    "review_on": of_the_step,
    "cause": of_the_step,
    "twin_id": of_the_step,
    "told": of_the_step,
}

# A form may ask which answers exist; nothing else is accepted anywhere.
ANSWER_NAMES = frozenset(SETTERS)


def as_answers(**values: Any) -> Answers:
    """Answers from keyword values, for callers that build them one by one."""
    unknown = values.keys() - ANSWER_NAMES
    if unknown:
        raise Invalid([FieldError(name, N_("This field is not known here.")) for name in sorted(unknown)])
    return cast("Answers", values)
