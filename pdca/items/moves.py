"""Moving an item through the life cycle: one operation behind drag, button, API, mail link and import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.items import planning, promises, ranking
from pdca.items.answers import Answers, LessonAnswer
from pdca.items.defaults import fill_quick_win
from pdca.items.edit import MAY_NOT_EDIT, Writing, write
from pdca.items.ending import drop_waiting_date, end, join_twin, say
from pdca.items.facts import Facts
from pdca.items.frozen import FROZEN_MESSAGE, Act
from pdca.items.journal import record
from pdca.items.lifecycle import Step, Who, step_between
from pdca.items.lookalikes import settle_lookalikes
from pdca.items.models import Item, Move
from pdca.items.permissions import MEMBERS, WHO_MESSAGE, guard, may_edit, may_step, on_behalf_of, refuse, role_on
from pdca.items.queries import facts_of
from pdca.items.ranking import Place
from pdca.items.rounds import open_round
from pdca.items.taking_back import may_take_back as may_take_back  # noqa: PLC0414
from pdca.items.taking_back import snapshot
from pdca.items.taking_back import take_back as take_back  # noqa: PLC0414
from pdca.items.terms import ActorKind, LookalikeChoice, Phase, ReopenCause, WordKind
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
ANSWER_REOPENS_LONGER = 30 - 14
STEP_ACTS = {"finish": Act.FINISH, "stop": Act.STOP, "reopen": Act.CUSTOMER}


@dataclass(frozen=True)
class Going:
    """One step on its way: what every effect may look at."""

    item: Item
    step: Step
    facts: Facts
    answers: Answers
    by: Person | None
    at: datetime
    kind: ActorKind
    behalf: int | None

    @property
    def writing(self) -> Writing:
        """For answers that are written down on the way."""
        return Writing(self.item, self.by, self.at, self.kind)

    @property
    def person(self) -> Person:
        """The actor of a step that only people take."""
        assert self.by is not None
        return self.by


def move(
    item: Item,
    to: Phase,
    *,
    by: Person,
    at: datetime,
    answers: Answers | None = None,
    place: Place | None = None,
) -> Move:
    """Take one step, with the answers given on the way.

    Raises NotAllowed with exactly the criteria that are missing, or why this person or a frozen card may not;
    Invalid when an answer cannot be so. After a refusal the caller rolls back: nothing has changed.
    """
    facts = facts_of(item, at)
    step = _step(facts, to)
    guard(facts, STEP_ACTS.get(step.name, Act.MOVE))
    _require_who(item, step, facts, by)
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


def _step(facts: Facts, to: Phase) -> Step:
    step = step_between(facts.phase, to)
    if step is None:
        raise _no_step(facts, to)
    return step


def _no_step(facts: Facts, to: Phase) -> NotAllowed:
    return refuse(NO_STEP, rule="phase", field="to", name="no_step", **{"from": facts.phase.value, "to": to.value})


def _require_who(item: Item, step: Step, facts: Facts, by: Person) -> None:
    if may_step(by, item, step.who, facts):
        return
    if step.name == "take_up" and role_on(by, item) is not None:
        # R27 by name: what is missing is the decision of somebody who may decide.
        raise NotAllowed([Missing("R27", "decision", WHO_MESSAGE[Who.DECIDER], "decision")])
    raise refuse(WHO_MESSAGE[step.who])


def _require_own_questions(going: Going) -> None:
    """A step is no back door for edits: a frozen card (R8), and who may not edit, answer its own questions only."""
    if not going.facts.is_frozen and may_edit(going.person, going.item, going.at):
        return
    own = {c.field for c in going.step.needs} | ALSO_OWN.get(going.step.name, frozenset()) | {"reason"}
    if going.answers.keys() - own:
        raise (
            refuse(FROZEN_MESSAGE, rule="R8", field="frozen", name="frozen")
            if going.facts.is_frozen
            else refuse(MAY_NOT_EDIT)
        )


def _behalf(item: Item, step: Step, by: Person) -> int | None:
    return on_behalf_of(by, item) if step.who in (Who.OWNER, Who.OWNER_ALONE) else None


def _go(going: Going, place: Place | None, met: frozenset[str] = frozenset()) -> Move:
    item, step = going.item, going.step
    before = snapshot(item)
    _BEFORE.get(step.name, _nothing)(going)
    write(going.writing, _without(going.answers, *_OWN_ANSWERS.get(step.name, ())))
    _AFTER_ANSWERS.get(step.name, _nothing)(going)
    if missing := step.missing(facts_of(item, going.at), met | _given(going.answers)):
        raise NotAllowed(missing)
    _EFFECTS[step.name](going)
    return _arrive(going, before, place)


def _given(answers: Answers) -> frozenset[str]:
    """Criteria that were met with the step itself; an empty text meets none."""
    return frozenset(name for name, answer in MET_BY.items() if str(answers.get(answer) or "").strip())


def _without(answers: Answers, *names: str) -> Answers:
    return cast("Answers", {name: value for name, value in answers.items() if name not in names})


def _arrive(going: Going, before: dict[str, Any], place: Place | None) -> Move:
    item, step = going.item, going.step
    item.phase, item.phase_since = step.target, going.at
    item.rank = ranking.rank_for(item, place)
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


def _nothing(_going: Going) -> None:
    """A step without anything of its own here."""


# --- before the answers ----------------------------------------------------------------------------------


def _decide(going: Going) -> None:
    """Taking it up is the decision (R27)."""
    item = going.item
    item.decided_at = item.decided_at or going.at
    item.taken_up_at = going.at


def _check_new_date(going: Going) -> None:
    """Partly: same plan, a new date."""
    due_on = going.answers.get("due_on")
    if due_on is None:
        return
    if due_on < going.facts.today:
        raise Invalid([FieldError("due_on", N_("Choose today or a later day."))])


# --- after the answers, before the gate ------------------------------------------------------------------


def _fill_and_look(going: Going) -> None:
    """The answers may have changed the kind: a member takes up a quick win only."""
    _require_who(going.item, going.step, going.facts, going.person)
    settle_lookalikes(going.writing)
    fill_quick_win(going.writing)


def _fill(going: Going) -> None:
    fill_quick_win(going.writing)


def _lesson_from_why(going: Going) -> None:
    """The "why it did not work" of a failed round is its lesson (R14)."""
    why = going.item.round.why_not.strip()
    if why and not facts_of(going.item, going.at).has_lesson:
        write(going.writing, {"lesson": LessonAnswer(what_happened=why, why=why)})


# --- what a step does ------------------------------------------------------------------------------------


def _take_up(going: Going) -> None:
    if going.item.lookalike_choice is LookalikeChoice.SAME:
        raise refuse(
            N_("This is the same as another item: reopen that one, or decline this as its twin."),
            rule="R15",
            field="lookalikes",
            name="lookalikes",
        )


def _start(going: Going) -> None:
    item = going.item
    item.round.started_at = item.round.started_at or going.at
    promises.promise_on_start(item, facts_of(item, going.at), going.answers, by=going.person, at=going.at)
    planning.plan(item, facts_of(item, going.at))
    _note_checks(going)


def _finish(going: Going) -> None:
    item = going.item
    planning.schedule(item, facts_of(item, going.at))
    _note_checks(going)
    item.waiting_on, item.waiting_until = "", None
    drop_waiting_date(item, at=going.at)


def _note_checks(going: Going) -> None:
    """The journal knows when each check is: days after the work at first, a date once it was carried out."""
    days = {f"{c.number}": c.due_on or c.offset_days for c in planning.open_checks(going.item)}
    record(going.item, "aftercare_planned", by=going.by, at=going.at, field="aftercare", new=days)


def _close(going: Going) -> None:
    item = going.item
    last = facts_of(item, going.at).last_settled
    assert last is not None
    item.final_verdict = last.verdict
    item.round.verdict = last.verdict
    item.round.frozen_at = going.at
    _end(going, WordKind.CLOSED, item.round.carried_out)


def _back_to_plan(going: Going) -> None:
    """The work is not done after all; a date that waits for the leader is void."""
    item = going.item
    planning.cancel_open(item, going.at)
    drop_waiting_date(item, at=going.at)
    item.round.carried_out_on = None


def _next_round(going: Going) -> None:
    item = going.item
    open_round(item, item.round.why_not, by=going.by, at=going.at)
    prediction = going.answers.get("adjusted_prediction", "").strip()
    if prediction:
        record(
            item,
            "edited",
            by=going.by,
            at=going.at,
            field="prediction",
            old=item.round.prediction,
            new=prediction,
        )
        item.round.prediction = prediction


def _finish_the_rest(going: Going) -> None:
    """The same plan, a new date; the checks are planned anew and count from when the rest is done."""
    item = going.item
    planning.cancel_open(item, going.at)
    promises.promise_the_rest(item, going.facts, going.answers, by=going.person, at=going.at)
    item.round.carried_out_on = None
    planning.plan(item, facts_of(item, going.at))
    _note_checks(going)


def _decline(going: Going) -> None:
    item = going.item
    item.decided_at = going.at
    twin_id = going.answers.get("twin_id")
    if twin_id is not None:
        join_twin(item, twin_id, by=going.person, at=going.at)
    _end(going, WordKind.DECLINED, going.answers.get("reason", ""))


def _park(going: Going) -> None:
    item = going.item
    review_on: date = going.answers["review_on"]
    if review_on <= going.facts.today:
        raise Invalid([FieldError("review_on", N_("Choose a day after today."))])
    item.resumes_in, item.review_on, item.end_reason = item.phase, review_on, going.answers.get("reason", "")
    if item.phase is Phase.NEW:
        item.decided_at = item.decided_at or going.at
    say(item, WordKind.PARKED, item.end_reason, by=going.by, at=going.at)


def _resume(going: Going) -> None:
    going.item.resumes_in, going.item.review_on, going.item.end_reason = None, None, ""


def _stop(going: Going) -> None:
    going.item.round.frozen_at = going.at
    _end(going, WordKind.STOPPED, going.answers.get("reason", ""))


def _end(going: Going, word: WordKind, text: str) -> None:
    end(going.item, word, text, going.answers.get("reason", ""), by=going.by, at=going.at)


def _reopen(going: Going) -> None:
    """Back to Plan as the next round; a second recurrence asks for the root cause (R15)."""
    item = going.item
    open_round(item, "", by=going.by, at=going.at)
    item.ended_at, item.final_verdict, item.end_reason = None, None, ""
    item.recurrences += 1


# The promise of "finish the rest" is made by its effect, with its reason and word to the customer.
_OWN_ANSWERS = {"finish_the_rest": ("due_on",)}
_BEFORE: dict[str, Callable[[Going], None]] = {"take_up": _decide, "finish_the_rest": _check_new_date}
_AFTER_ANSWERS: dict[str, Callable[[Going], None]] = {
    "take_up": _fill_and_look,
    "start": _fill,
    "next_round": _lesson_from_why,
}
_EFFECTS: dict[str, Callable[[Going], None]] = {
    "take_up": _take_up,
    "start": _start,
    "finish": _finish,
    "embed": _nothing,
    "close": _close,
    "back_to_plan": _back_to_plan,
    "next_round": _next_round,
    "finish_the_rest": _finish_the_rest,
    "decline": _decline,
    "park": _park,
    "resume": _resume,
    "stop": _stop,
    "reopen": _reopen,
}
