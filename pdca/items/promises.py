"""The promise: a date never moves without a reason and word to the customer (R3, R7, R8, R9)."""

from __future__ import annotations

from datetime import date, datetime

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.items.answers import Answers, ToldAnswer
from pdca.items.facts import Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Decision, Item, Promise
from pdca.items.permissions import guard, refuse, require_owner
from pdca.items.planning import move_check, open_checks
from pdca.items.promotion import MOVED_TWICE, promote
from pdca.items.queries import facts_of
from pdca.items.telling import draft, tell, was_told, words_about
from pdca.items.terms import DecisionKind, DecisionState, Kind, Phase, PromiseState
from pdca.people.models import Person

# The leader approves this move and every later one.
LEADER_APPROVES_FROM = 3
GIVE_REASON = N_("Give the reason, in words the customer understands.")
TELL_CUSTOMER = N_("Tell the customer: nobody can be mailed from here, so log a call, a visit or a notice.")
NOT_NEEDED = N_("No longer needed? Then stop it instead of giving a new date.")
LEADER_STILL_DECIDES = N_("The leader is still deciding on the date you asked for.")
DATE_HAS_PASSED = N_("The date that was asked for has passed: say no, and the owner asks for another.")
FINISH_THE_REST = N_("Finish the rest.")


def promise_on_start(item: Item, facts: Facts, answers: Answers, *, by: Person, at: datetime) -> None:
    """On leaving Plan the agreed date becomes the promise. Another date within the round is a move like any other:
    the reason is why it went back to Plan, and the customer hears of it."""
    assert item.due_on is not None
    standing = _standing(item)
    if standing is None or not _same_round(item, standing):
        _first_promise(item, standing, item.due_on, by=by, at=at)
    elif standing.due_on != item.due_on:
        due_on, item.due_on = item.due_on, standing.due_on
        reason = answers.get("reason", "").strip() or _why_back_in_plan(item)
        _agree(item, facts, due_on, reason, answers.get("told"), by=by, at=at)


def _first_promise(item: Item, standing: Promise | None, due_on: date, *, by: Person, at: datetime) -> None:
    if standing is not None:
        standing.state = PromiseState.REPLACED
    _add(item, due_on, PromiseState.STANDING, "", by=by, at=at)
    item.first_promised_on = item.first_promised_on or due_on
    item.round.due_on = due_on


def _same_round(item: Item, promise: Promise) -> bool:
    """A next round makes a new promise; only within a round a later date is a move."""
    return promise.given_at >= item.round.opened_at


def _why_back_in_plan(item: Item) -> str:
    return next((m.reason for m in reversed(item.moves) if (m.from_phase, m.to_phase) == (Phase.DO, Phase.PLAN)), "")


def change_date(
    item: Item,
    *,
    due_on: date,
    reason: str,
    by: Person,
    at: datetime,
    told: ToldAnswer | None = None,
    still_needed: bool = True,
) -> None:
    """A new date with its reason and word to the customer. In Check and Act it moves the open check.

    Raises NotAllowed naming what is missing (R7 word to the customer, R8 reason, R9 still needed?),
    Invalid when the date is in the past.
    """
    facts = facts_of(item, at)
    guard(facts, Act.DATE)
    behalf = require_owner(by, item, facts)
    if due_on < facts.today:
        raise Invalid([FieldError("due_on", N_("Choose today or a later day."))])
    if due_on == item.due_on and item.phase is Phase.DO:
        raise Invalid([FieldError("due_on", N_("This is the date that stands already."))])
    if item.phase in (Phase.CHECK, Phase.ACT):
        _move_open_check(item, facts, due_on, reason, by=by, at=at, behalf=behalf)
        return
    if item.phase is not Phase.DO:
        raise refuse(N_("Only a promise in Do has a date to move; in Plan you simply agree another day."), rule="R8")
    if not still_needed:
        raise refuse(NOT_NEEDED, rule="R9", field="still_needed", name="still_needed")
    _agree(item, facts, due_on, reason, told, by=by, at=at, behalf=behalf)


def promise_the_rest(item: Item, facts: Facts, answers: Answers, *, by: Person, at: datetime) -> None:
    """Finish the rest after "partly": a new date, and the customer hears of it."""
    reason = answers.get("reason", "").strip() or FINISH_THE_REST
    _agree(item, facts, answers["due_on"], reason, answers.get("told"), by=by, at=at)


def _agree(
    item: Item,
    facts: Facts,
    due_on: date,
    reason: str,
    told: ToldAnswer | None,
    *,
    by: Person,
    at: datetime,
    behalf: int | None = None,
) -> None:
    """The one way in which a promise moves. Two answers suffice: the message is drafted from the reason."""
    word = told or draft(item, facts, reason)
    _require(facts, reason, word)
    assert word is not None
    if item.times_moved + 1 >= LEADER_APPROVES_FROM:
        _wait_for_leader(item, due_on, reason, word, by=by, at=at, behalf=behalf)
    else:
        _stand(item, due_on, reason, word, facts, by=by, at=at, behalf=behalf)


def _require(facts: Facts, reason: str, word: ToldAnswer | None) -> None:
    missing: list[Missing] = []
    if not reason.strip():
        missing.append(Missing("R8", "reason", GIVE_REASON, "reason"))
    if word is None or not was_told(facts, word):
        missing.append(Missing("R7", "customer_told", TELL_CUSTOMER, "customer_told"))
    if facts.waits_for_leader:
        missing.append(Missing("R8", "due_on", LEADER_STILL_DECIDES, "waits_for_leader"))
    if missing:
        raise NotAllowed(missing)


def _stand(
    item: Item,
    due_on: date,
    reason: str,
    word: ToldAnswer,
    facts: Facts,
    *,
    by: Person,
    at: datetime,
    behalf: int | None,
) -> None:
    old = item.due_on
    promise = _replace(item, due_on, PromiseState.STANDING, reason, word, by=by, at=at)
    item.still_needed_on = facts.today
    record(item, "date_moved", by=by, at=at, field="due_on", old=old, new=due_on, why=reason, on_behalf_of=behalf)
    tell(item, promise, word, by=by, at=at, held=False)
    if item.kind is Kind.QUICK_WIN and item.times_moved >= 2:
        promote(item, MOVED_TWICE, at=at)


def _replace(
    item: Item, due_on: date, state: PromiseState, reason: str, word: ToldAnswer, *, by: Person, at: datetime
) -> Promise:
    standing = _standing(item)
    if standing is not None:
        standing.state = PromiseState.REPLACED
    promise = _add(item, due_on, state, reason, by=by, at=at, word=word)
    item.due_on = due_on
    item.round.due_on = due_on
    item.times_moved += 1
    return promise


def _add(
    item: Item,
    due_on: date,
    state: PromiseState,
    reason: str,
    *,
    by: Person,
    at: datetime,
    word: ToldAnswer | None = None,
) -> Promise:
    promise = Promise(
        item_id=item.id,
        number=1 + max((p.number for p in item.promises), default=0),
        due_on=due_on,
        state=state,
        given_at=at,
        given_by_id=by.id,
        reason=reason.strip(),
        told_how=word.how if word else None,
        told_who=word.who if word else "",
        told_on=word.on if word else None,
        told_message=word.message if word else "",
    )
    item.promises.append(promise)
    db.session.flush()
    return promise


def _wait_for_leader(
    item: Item, due_on: date, reason: str, word: ToldAnswer, *, by: Person, at: datetime, behalf: int | None
) -> None:
    """Third move: nothing changes until the leader approves; the word to the customer is held back."""
    promise = _add(item, due_on, PromiseState.WAITING, reason, by=by, at=at, word=word)
    item.decisions.append(
        Decision(
            item_id=item.id,
            kind=DecisionKind.THIRD_DATE,
            state=DecisionState.OPEN,
            asked_at=at,
            asked_by_id=by.id,
            question=reason.strip(),
            promise_id=promise.id,
            round_number=item.round_number,
        )
    )
    tell(item, promise, word, by=by, at=at, held=True)
    record(
        item,
        "date_asked",
        by=by,
        at=at,
        field="due_on",
        old=item.due_on,
        new=due_on,
        why=reason,
        on_behalf_of=behalf,
    )


def undo(item: Item, given_at: datetime, *, at: datetime) -> None:
    """Taking back the start: the promise it made or asked for never was."""
    for promise in [p for p in item.promises if p.given_at == given_at]:
        promise.state = PromiseState.REFUSED
    for decision in [d for d in item.decisions if d.asked_at == given_at and d.state is DecisionState.OPEN]:
        decision.state, decision.decided_at = DecisionState.MOOT, at
    earlier = [p for p in item.promises if p.state is PromiseState.REPLACED]
    if _standing(item) is None and earlier:
        earlier[-1].state = PromiseState.STANDING


def approve(item: Item, promise: Promise, *, by: Person, at: datetime) -> None:
    """The leader says yes: the waiting date stands and the customer hears of it now."""
    today = facts_of(item, at).today
    if promise.due_on < today:
        raise refuse(DATE_HAS_PASSED, rule="R8", field="due_on", name="date_has_passed")
    old = item.due_on
    standing = _standing(item)
    if standing is not None:
        standing.state = PromiseState.REPLACED
    promise.state = PromiseState.STANDING
    item.due_on = promise.due_on
    item.round.due_on = promise.due_on
    item.times_moved += 1
    for word in words_about(promise):
        word.held_since, promise.told_on = None, today
    record(item, "date_moved", by=by, at=at, field="due_on", old=old, new=promise.due_on, why=promise.reason)
    if item.kind is Kind.QUICK_WIN:
        promote(item, MOVED_TWICE, at=at)


def reject(promise: Promise, *, at: datetime) -> None:
    """The leader says no: the old date stands, and the held word is never sent."""
    promise.state = PromiseState.REFUSED
    for word in words_about(promise):
        word.withdrawn_at = at


def _standing(item: Item) -> Promise | None:
    return next((p for p in reversed(item.promises) if p.state is PromiseState.STANDING), None)


def _move_open_check(
    item: Item, facts: Facts, due_on: date, reason: str, *, by: Person, at: datetime, behalf: int | None
) -> None:
    """Not a broken promise: the customer is simply asked on the new day, and hears of it then."""
    dated = [c for c in open_checks(item) if c.due_on is not None]
    if not dated:
        raise refuse(N_("There is no open check whose day could move."), rule="R8", field="due_on", name="no_check")
    if not reason.strip():
        raise NotAllowed([Missing("R8", "reason", GIVE_REASON, "reason")])
    check = min(dated, key=lambda c: (c.due_on or due_on, c.number))
    old = check.due_on
    move_check(item, check, due_on, facts)
    record(
        item,
        "check_moved",
        by=by,
        at=at,
        field="due_on",
        old=old,
        new=check.due_on,
        why=reason,
        on_behalf_of=behalf,
    )
