"""Moving an item through the life cycle: one operation behind drag, button, API, mail link and import."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from pdca.db import db
from pdca.errors import N_, NotAllowed
from pdca.items import ranking
from pdca.items.answers import Answers
from pdca.items.edit import MAY_NOT_EDIT, write
from pdca.items.effects import AFTER_ANSWERS, BEFORE, EFFECTS, OWN_ANSWERS, Going, nothing
from pdca.items.facts import Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.lifecycle import Step, Who, step_between
from pdca.items.models import Item, Move
from pdca.items.permissions import (
    MEMBERS,
    WHO_MESSAGE,
    guard,
    may_edit,
    on_behalf_of,
    refuse,
    require_step,
    role_on,
)
from pdca.items.queries import facts_of
from pdca.items.ranking import Place
from pdca.items.taking_back import snapshot
from pdca.items.terms import ActorKind, Phase, ReopenCause
from pdca.people.models import Person

NO_STEP = N_("There is no step from %(from)s to %(to)s.")

# What a step is called in the journal.
DONE_NAMES = {
    "take_up": "taken_up",
    "start": "started",
    "finish": "finished",
    "embed": "embedded",
    "close": "closed",
    "decline": "declined",
    "park": "parked",
    "resume": "resumed",
    "stop": "stopped",
    "reopen": "reopened",
}
# Criteria that the step's own answers meet.
MET_BY = {
    "reason": "reason",
    "review_on": "review_on",
    "cause": "cause",
    "new_date": "due_on",
    "adjusted_prediction": "adjusted_prediction",
}
# What a step may be answered with beside the questions of its criteria.
ALSO_OWN = {
    "start": frozenset({"no_survey", "told"}),
    "finish_the_rest": frozenset({"told"}),
    "next_round": frozenset({"lesson"}),
    "decline": frozenset({"twin_id"}),
}
# The recurrence question is asked two weeks before the watch ends; its answer may reopen until 30 days later.
ASKED_BEFORE = 14
ANSWER_REOPENS_LONGER = 30 - ASKED_BEFORE
STEP_ACTS = {"finish": Act.FINISH, "stop": Act.STOP, "reopen": Act.CUSTOMER}


def move(
    item: Item,
    to: Phase,
    *,
    by: Person,
    at: datetime,
    answers: Answers | None = None,
    place: Place | None = None,
    facts: Facts | None = None,
) -> Move:
    """Take one step, with the answers given on the way. `facts`: when they were read behind the queue already.

    Raises NotAllowed with exactly the criteria that are missing, or why this person or a frozen card may not;
    Invalid when an answer cannot be so. After a refusal the caller rolls back: nothing has changed.
    """
    if facts is None:
        ranking.queue_for(item)
        facts = facts_of(item, at)
    step = _step(facts, to)
    guard(facts, STEP_ACTS.get(step.name, Act.MOVE))
    require_step(by, item, step, facts)
    going = Going(item, step, facts, answers or {}, by, at, ActorKind.PERSON, _behalf(item, step, by))
    _require_own_questions(going)
    return _go(going, place)


def reopen_by_customer(item: Item, cause: ReopenCause, *, at: datetime, was_asked: bool = False) -> Move:
    """The closing mail's own link: "it came back" needs no account. `was_asked`: the recurrence question's link."""
    return _reopen_as(item, cause, None, was_asked, at)


def reopen_when_asked(item: Item, cause: ReopenCause, *, by: Person, at: datetime) -> Move:
    """A member answers the recurrence question for a customer who has no mail: it came back."""
    if role_on(by, item) not in MEMBERS:
        raise refuse(WHO_MESSAGE[Who.MEMBER])
    return _reopen_as(item, cause, by, True, at)


def _reopen_as(item: Item, cause: ReopenCause, by: Person | None, was_asked: bool, at: datetime) -> Move:
    ranking.queue_for(item)
    facts = facts_of(item, at)
    step = _step(facts, Phase.PLAN)
    if step.name != "reopen":
        raise _no_step(facts, Phase.PLAN)
    kind = ActorKind.PERSON if by else ActorKind.CUSTOMER
    in_time = {"in_time"} if was_asked and _watch_runs(facts) else set()
    return _go(Going(item, step, facts, {"cause": cause}, by, at, kind, None), None, frozenset(in_time))


def _watch_runs(facts: Facts) -> bool:
    days = facts.days_since_end
    return days is not None and days <= facts.settings.recurrence_days + ANSWER_REOPENS_LONGER


def is_asked_whether_it_came_back(facts: Facts) -> bool:
    """From the recurrence question (R15) until its answer may no longer reopen."""
    days = facts.days_since_end
    asked = days is not None and days >= facts.settings.recurrence_days - ASKED_BEFORE
    return facts.phase is Phase.CLOSED and asked and _watch_runs(facts)


def _step(facts: Facts, to: Phase) -> Step:
    step = step_between(facts.phase, to)
    if step is None:
        raise _no_step(facts, to)
    return step


def _no_step(facts: Facts, to: Phase) -> NotAllowed:
    return refuse(NO_STEP, rule="phase", field="to", name="no_step", **{"from": facts.phase.value, "to": to.value})


def _require_own_questions(going: Going) -> None:
    """A step is no back door for edits: what ended, a frozen card (R8), and who may not edit, answer its own only."""
    facts = going.facts
    if facts.is_open and not facts.is_frozen and may_edit(going.person, going.item, going.at):
        return
    own = {c.field for c in going.step.needs} | ALSO_OWN.get(going.step.name, frozenset()) | {"reason"}
    if going.answers.keys() - own:
        guard(facts, Act.EDIT)
        raise refuse(MAY_NOT_EDIT)


def _behalf(item: Item, step: Step, by: Person) -> int | None:
    return on_behalf_of(by, item) if step.who in (Who.OWNER, Who.OWNER_ALONE) else None


def _go(going: Going, place: Place | None, met: frozenset[str] = frozenset()) -> Move:
    item, step = going.item, going.step
    before = snapshot(item)
    BEFORE.get(step.name, nothing)(going)
    write(going.writing, _without(going.answers, *OWN_ANSWERS.get(step.name, ())))
    AFTER_ANSWERS.get(step.name, nothing)(going)
    if missing := step.missing(facts_of(item, going.at), met | _given(going.answers)):
        raise NotAllowed(missing)
    EFFECTS[step.name](going)
    return _arrive(going, before, place)


def _given(answers: Answers) -> frozenset[str]:
    """Criteria that were met with the step itself; an empty text meets none."""
    return frozenset(name for name, answer in MET_BY.items() if str(answers.get(answer) or "").strip())


def _without(answers: Answers, *names: str) -> Answers:
    return cast("Answers", {name: value for name, value in answers.items() if name not in names})


def _arrive(going: Going, before: dict[str, Any], place: Place | None) -> Move:
    item, step = going.item, going.step
    rank = ranking.rank_for(item, place, step.target)
    item.phase, item.phase_since, item.rank = step.target, going.at, rank
    row = Move(
        item_id=item.id,
        from_phase=step.source,
        to_phase=step.target,
        round_number=item.round_number,
        at=going.at,
        by_id=going.by.id if going.by else None,
        reason=going.answers.get("reason", ""),
        cause=going.answers.get("cause"),
        before=before,
    )
    item.moves.append(row)
    record(
        item,
        DONE_NAMES.get(step.name, step.name),
        by=going.by,
        at=going.at,
        kind=going.kind,
        field="phase",
        old=step.source,
        new=step.target,
        why=going.answers.get("reason", ""),
        on_behalf_of=going.behalf,
    )
    db.session.flush()
    return row
