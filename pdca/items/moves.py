"""Moving an item through the life cycle: one operation behind drag, button, API, mail link and import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.items import decisions, planning, promises, ranking
from pdca.items.answers import Answers, LessonAnswer, ToldAnswer
from pdca.items.defaults import fill_quick_win
from pdca.items.edit import Writing, write
from pdca.items.facts import Facts
from pdca.items.journal import record
from pdca.items.lifecycle import Act, Step, Who, step_between
from pdca.items.lookalikes import settle_lookalikes
from pdca.items.models import Follower, Item, ItemLink, Move, Round, Word
from pdca.items.permissions import WHO_MESSAGE, guard, may_step, on_behalf_of, refuse, role_on
from pdca.items.queries import facts_of
from pdca.items.ranking import Place
from pdca.items.terms import (
    ActorKind,
    DecisionState,
    HandoverState,
    ItemLinkKind,
    LookalikeChoice,
    Phase,
    ReopenCause,
    ToldHow,
    WordKind,
)
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
MET_BY = {"reason": "reason", "review_on": "review_on", "cause": "cause", "new_date": "due_on"}
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
    return _go(Going(item, step, facts, answers or {}, by, at, ActorKind.PERSON, _behalf(item, step, by)), place)


def reopen_by_customer(item: Item, cause: ReopenCause, *, at: datetime) -> Move:
    """The closing mail's own link: "it came back" needs no account."""
    facts = facts_of(item, at)
    step = _step(facts, Phase.PLAN)
    if step.name != "reopen":
        raise refuse(NO_STEP, rule="phase", name="no_step", **{"from": facts.phase.value, "to": "plan"})
    return _go(Going(item, step, facts, {"cause": cause}, None, at, ActorKind.CUSTOMER, None), None)


def _step(facts: Facts, to: Phase) -> Step:
    step = step_between(facts.phase, to)
    if step is None:
        raise refuse(NO_STEP, rule="phase", field="to", name="no_step", **{"from": facts.phase.value, "to": to.value})
    return step


def _require_who(item: Item, step: Step, facts: Facts, by: Person) -> None:
    if may_step(by, item, step.who, facts):
        return
    if step.name == "take_up" and role_on(by, item) is not None:
        # R27 by name: what is missing is the decision of somebody who may decide.
        raise NotAllowed([Missing("R27", "decision", WHO_MESSAGE[Who.DECIDER], "decision")])
    raise refuse(WHO_MESSAGE[step.who])


def _behalf(item: Item, step: Step, by: Person) -> int | None:
    return on_behalf_of(by, item) if step.who is Who.OWNER else None


def _go(going: Going, place: Place | None) -> Move:
    item, step = going.item, going.step
    before = snapshot(item)
    _BEFORE.get(step.name, _nothing)(going)
    write(going.writing, _without(going.answers, *_OWN_ANSWERS.get(step.name, ())))
    _AFTER_ANSWERS.get(step.name, _nothing)(going)
    given = frozenset(name for name, answer in MET_BY.items() if going.answers.get(answer))
    if missing := step.missing(facts_of(item, going.at), given):
        raise NotAllowed(missing)
    _EFFECTS[step.name](going)
    return _arrive(going, before, place)


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
    settle_lookalikes(going.item, at=going.at)
    fill_quick_win(going.writing)


def _fill(going: Going) -> None:
    fill_quick_win(going.writing)


def _lesson_from_why(going: Going) -> None:
    """The "why it did not work" of a failed round is its lesson (R14)."""
    why = going.answers.get("why_not", "").strip()
    if why and not going.facts.has_lesson:
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
    promises.first_promise(item, going.facts, by=going.person, at=going.at)
    item.round.started_at = item.round.started_at or going.at
    planning.plan(item, facts_of(item, going.at))


def _finish(going: Going) -> None:
    item = going.item
    planning.schedule(item, facts_of(item, going.at))
    item.waiting_on, item.waiting_until = "", None
    _drop_waiting_date(item, going.at)


def _drop_waiting_date(item: Item, at: datetime) -> None:
    """Done before the leader decided: the date that was asked for is no longer needed."""
    for decision in item.decisions:
        if decision.state is DecisionState.OPEN and decision.promise is not None:
            decision.state, decision.decided_at = DecisionState.MOOT, at
            promises.reject(decision.promise, at=at)


def _close(going: Going) -> None:
    item = going.item
    last = facts_of(item, going.at).last_settled
    assert last is not None
    item.final_verdict = last.verdict
    item.round.verdict = last.verdict
    item.round.frozen_at = going.at
    _end(going, WordKind.CLOSED, item.round.carried_out)


def _back_to_plan(going: Going) -> None:
    planning.cancel_open(going.item)


def _next_round(going: Going) -> None:
    """Round n+1: the old round is frozen as it was, the plan starts from a copy."""
    item = going.item
    old = item.round
    _open_round(item, old, going.at)
    prediction = going.answers.get("adjusted_prediction", "").strip()
    if prediction:
        item.round.prediction = prediction
    if item.round_number >= 3:
        decisions.ask_round_three(item, old.why_not, by=going.person, at=going.at)


def _open_round(item: Item, old: Round, at: datetime) -> None:
    old.frozen_at = old.frozen_at or at
    item.rounds.append(
        Round(
            item_id=item.id,
            number=old.number + 1,
            opened_at=at,
            baseline_on=old.baseline_on,
            baseline_mark=old.baseline_mark,
            baseline_good=old.baseline_good,
            baseline_better=old.baseline_better,
            baseline_change=old.baseline_change,
            baseline_lost=old.baseline_lost,
            root_cause=old.root_cause,
            test_where=old.test_where,
            test_with=old.test_with,
            prediction=old.prediction,
            how_we_know=old.how_we_know,
            carried_out="",
            result="",
            why_not="",
            standard_where="",
        )
    )
    item.round_number = old.number + 1
    # A next round makes a promise of its own.
    item.due_on = None


def _finish_the_rest(going: Going) -> None:
    item = going.item
    due_on = going.answers["due_on"]
    planning.cancel_open(item)
    told = going.answers.get("told") or ToldAnswer(
        ToldHow.MAIL if going.facts.customer_email_known else ToldHow.NOTICE,
        item.customer_name,
        going.facts.today,
        "",
    )
    promises.promise_again(item, due_on, going.answers.get("reason", ""), told, by=going.person, at=going.at)
    item.round.carried_out_on = None
    planning.plan(item, facts_of(item, going.at))


def _decline(going: Going) -> None:
    item = going.item
    item.decided_at = going.at
    twin_id = going.answers.get("twin_id")
    if twin_id is not None:
        _join_twin(item, twin_id)
    _end(going, WordKind.DECLINED, going.answers.get("reason", ""))


def _join_twin(item: Item, twin_id: int) -> None:
    """A duplicate is declined with a link to its twin, whose followers grow."""
    twin = db.session.get(Item, twin_id)
    if twin is None or twin.team_id != item.team_id or twin.id == item.id:
        raise Invalid([FieldError("twin_id", N_("Choose an item of this board."))])
    db.session.add(ItemLink(item_id=item.id, other_id=twin.id, kind=ItemLinkKind.DUPLICATE_OF))
    known = {f.person_id for f in twin.followers}
    for person_id in {f.person_id for f in item.followers} | ({item.proposer_id} if item.proposer_id else set()):
        if person_id not in known:
            twin.followers.append(Follower(item_id=twin.id, person_id=person_id))


def _park(going: Going) -> None:
    item = going.item
    review_on: date = going.answers["review_on"]
    if review_on <= going.facts.today:
        raise Invalid([FieldError("review_on", N_("Choose a day after today."))])
    item.resumes_in, item.review_on, item.end_reason = item.phase, review_on, going.answers.get("reason", "")
    if item.phase is Phase.NEW:
        item.decided_at = item.decided_at or going.at
    _say(going, WordKind.PARKED, item.end_reason)


def _resume(going: Going) -> None:
    going.item.resumes_in, going.item.review_on, going.item.end_reason = None, None, ""


def _stop(going: Going) -> None:
    going.item.round.frozen_at = going.at
    _end(going, WordKind.STOPPED, going.answers.get("reason", ""))


def _end(going: Going, word: WordKind, text: str) -> None:
    """Closed, stopped or declined: what still hung is cancelled, and who asked for it is told."""
    item = going.item
    item.ended_at = going.at
    item.end_reason = going.answers.get("reason", "")
    item.waiting_on, item.waiting_until = "", None
    planning.cancel_open(item)
    for decision in item.decisions:
        if decision.state is DecisionState.OPEN:
            decision.state, decision.decided_at = DecisionState.MOOT, going.at
    for handover in item.handovers:
        if handover.state is HandoverState.OPEN:
            handover.state, handover.answered_at = HandoverState.WITHDRAWN, going.at
    _say(going, word, text)


def _say(going: Going, kind: WordKind, text: str) -> None:
    """Only who can be mailed gets a word; for others it becomes the owner's duty to call."""
    if any(c.may_be_mailed for c in going.item.contacts):
        db.session.add(
            Word(
                item_id=going.item.id,
                kind=kind,
                text=text,
                at=going.at,
                by_id=going.by.id if going.by else None,
            )
        )


def _reopen(going: Going) -> None:
    """Back to Plan as the next round; a second recurrence asks for the root cause (R15)."""
    item = going.item
    _open_round(item, item.round, going.at)
    item.ended_at, item.final_verdict, item.end_reason = None, None, ""
    item.recurrences += 1
    if item.round_number >= 3 and going.by is not None:
        decisions.ask_round_three(item, "", by=going.by, at=going.at)


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


# --- taking back -----------------------------------------------------------------------------------------

_ITEM_COLUMNS = (
    "phase", "phase_since", "rank", "resumes_in", "review_on", "end_reason", "ended_at", "final_verdict", "decided_at",
    "taken_up_at", "due_on", "round_number", "waiting_on", "waiting_until", "recurrences", "times_moved",
)  # fmt: skip
# The other steps opened a round or a promise and go back by a step of their own.
TAKEN_BACK = frozenset({
    (Phase.NEW, Phase.PLAN), (Phase.NEW, Phase.DECLINED), (Phase.NEW, Phase.PARKED), (Phase.PLAN, Phase.PARKED),
    (Phase.PARKED, Phase.NEW), (Phase.PARKED, Phase.PLAN), (Phase.PLAN, Phase.DO), (Phase.DO, Phase.CHECK),
    (Phase.CHECK, Phase.ACT), (Phase.ACT, Phase.CLOSED),
})  # fmt: skip


def snapshot(item: Item) -> dict[str, Any]:
    """What taking back restores, as JSON."""
    return {name: _json(getattr(item, name)) for name in _ITEM_COLUMNS}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else getattr(value, "value", value)


def may_take_back(item: Item, person: Person, at: datetime, minutes: int) -> Move | None:
    """The last step, when this person took it within the time and nothing was sent since; else None."""
    last = item.moves[-1] if item.moves else None
    if last is None or last.taken_back_at is not None or last.by_id != person.id:
        return None
    if (last.from_phase, last.to_phase) not in TAKEN_BACK or (at - last.at).total_seconds() > minutes * 60:
        return None
    if item.last_mailed_at is not None and item.last_mailed_at >= last.at:
        return None
    return last


def take_back(item: Item, *, by: Person, at: datetime) -> None:
    """Undo the last step; the journal keeps both."""
    facts = facts_of(item, at)
    last = may_take_back(item, by, at, facts.settings.take_back_minutes)
    if last is None:
        raise refuse(N_("This can no longer be taken back."), rule="undo", name="take_back")
    for name, value in last.before.items():
        setattr(item, name, _restored(item, name, value))
    _undo_rows(item, last, at)
    last.taken_back_at = at
    record(item, "taken_back", by=by, at=at, field="phase", old=last.to_phase, new=last.from_phase)


def _restored(item: Item, name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in ("phase", "resumes_in"):
        return Phase(value)
    if name.endswith(("_at", "_since")):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name.endswith("_on") or name == "waiting_until" else value


def _undo_rows(item: Item, last: Move, at: datetime) -> None:
    """Rows that the step added: a first promise, planned checks, a word that has not left."""
    if last.to_phase is Phase.DO:
        promises.undo_first(item, last.at)
        planning.cancel_open(item)
        item.round.started_at = None if item.round.started_at == last.at else item.round.started_at
    if last.to_phase is Phase.CHECK:
        planning.unschedule(item)
    if last.to_phase is Phase.CLOSED:
        item.round.frozen_at = item.round.verdict = None
    for word in db.session.query(Word).filter(Word.item_id == item.id, Word.at >= last.at):
        word.withdrawn_at = at
