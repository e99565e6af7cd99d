"""What waits for a leader (or, for help, the board keeper): waivers, third dates, round 3, escalations (R17, R26)."""

from __future__ import annotations

from datetime import datetime

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import promises
from pdca.items.criteria import LEADER_DECIDES_FROM_ROUND
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.lifecycle import STEPS, Who
from pdca.items.models import Decision, Item, Waiver
from pdca.items.permissions import (
    SOMEBODY_ELSE_MESSAGE,
    WHO_MESSAGE,
    deciders,
    guard,
    is_keeper,
    refuse,
    require_member,
    require_owner,
)
from pdca.items.queries import facts_of
from pdca.items.terms import ActorKind, DecisionKind, DecisionState
from pdca.people.models import Person

WAIVABLE = tuple(sorted({c.rule for s in STEPS for c in s.needs if c.is_waivable}, key=lambda r: int(r[1:])))


def ask_help(item: Item, question: str, *, by: Person, at: datetime) -> Decision:
    """Need help: the board keeper answers within two working days. Always open, also on a frozen card."""
    facts = facts_of(item, at)
    guard(facts, Act.HELP)
    require_member(by, item)
    return _ask(item, DecisionKind.HELP, _required(question, "question"), by=by, at=at)


def ask_waiver(item: Item, rule: str, reason: str, *, by: Person, at: datetime) -> Decision:
    """The owner asks the leader to let the item pass a rule once."""
    guard(facts_of(item, at), Act.ASK_DECISION)
    require_owner(by, item, facts_of(item, at))
    _require_waivable(rule)
    return _ask(item, DecisionKind.WAIVER, _required(reason, "reason"), by=by, at=at, rule=rule)


def ask_no_survey(item: Item, reason: str, *, by: Person, at: datetime) -> None:
    """R1: an action without a survey needs the leader."""
    _ask(item, DecisionKind.NO_SURVEY, reason, by=by, at=at, rule="R1")


def ask_round_three(item: Item, why: str, *, by: Person | None, at: datetime) -> None:
    """From round 3 the leader decides: go on, change or stop. `by` None: the customer reopened it."""
    _ask(item, DecisionKind.ROUND_THREE, why, by=by, at=at)


def ask_to_go_on(item: Item, why: str, *, by: Person, at: datetime) -> Decision:
    """After "no, change it first": the owner changed the plan and asks for this round again."""
    facts = facts_of(item, at)
    guard(facts, Act.ASK_DECISION)
    require_owner(by, item, facts)
    if facts.round.number < LEADER_DECIDES_FROM_ROUND or facts.round_three_granted:
        raise refuse(N_("This round needs no decision of the leader."), name="round_three")
    return _ask(item, DecisionKind.ROUND_THREE, _required(why, "reason"), by=by, at=at)


def escalate(item: Item, occasion: str, *, at: datetime) -> None:
    """By the clock: a duty passed E3, a decision is required (R26). Once per duty."""
    if any(d.kind is DecisionKind.ESCALATION and d.occasion == occasion for d in item.decisions):
        return
    _ask(item, DecisionKind.ESCALATION, "", by=None, at=at, occasion=occasion)


def _ask(
    item: Item,
    kind: DecisionKind,
    question: str,
    *,
    by: Person | None,
    at: datetime,
    rule: str = "",
    occasion: str = "",
) -> Decision:
    for earlier in item.decisions:
        if earlier.state is DecisionState.OPEN and (earlier.kind, earlier.rule, earlier.occasion) == (
            kind,
            rule,
            occasion,
        ):
            earlier.question = question or earlier.question
            return earlier
    decision = Decision(
        item_id=item.id,
        kind=kind,
        state=DecisionState.OPEN,
        asked_at=at,
        asked_by_id=by.id if by else None,
        question=question,
        rule=rule,
        occasion=occasion,
        round_number=item.round_number,
    )
    item.decisions.append(decision)
    db.session.flush()
    actor = ActorKind.PERSON if by else ActorKind.CLOCK
    record(
        item,
        "asked_decision",
        by=by,
        at=at,
        kind=actor,
        field=kind.value,
        new=rule or occasion or None,
        why=question,
    )
    return decision


def decide(decision: Decision, granted: bool, answer: str, *, by: Person, at: datetime) -> None:
    """A leader's (for help: keeper's) word on what was asked; "no" needs a reason. Never by the owner (R17)."""
    item = decision.item
    guard(facts_of(item, at), Act.DECIDE)
    if decision.state is not DecisionState.OPEN:
        raise refuse(N_("This has been decided already."), rule="R26", name="decided")
    alone = _require_decider(decision, by, at)
    if not granted or decision.kind in (DecisionKind.HELP, DecisionKind.ESCALATION):
        _required(answer, "answer")
    decision.state = DecisionState.GRANTED if granted else DecisionState.REFUSED
    decision.answer, decision.decided_by_id, decision.decided_at = answer.strip(), by.id, at
    decision.decided_alone = alone
    record(
        item, "decided", by=by, at=at, field=decision.kind.value, new=_alone(decision.state.value, alone), why=answer
    )
    _carry_out(decision, by=by, at=at)


def _require_decider(decision: Decision, by: Person, at: datetime) -> bool:
    """Whether the decision is taken alone, because nobody else is there; refuses who may not decide."""
    item = decision.item
    if decision.kind is DecisionKind.HELP:
        if not is_keeper(by, item):
            raise refuse(WHO_MESSAGE[Who.KEEPER])
        return False
    return _decides(item, by, at)


def _decides(item: Item, by: Person, at: datetime) -> bool:
    able = deciders(item, at)
    if by.id not in {p.id for p in able}:
        raise refuse(SOMEBODY_ELSE_MESSAGE, rule="R17", name="someone_else")
    return by.id == item.responsible_id


def _carry_out(decision: Decision, *, by: Person, at: datetime) -> None:
    item = decision.item
    granted = decision.state is DecisionState.GRANTED
    if decision.kind is DecisionKind.THIRD_DATE and decision.promise is not None:
        if granted:
            promises.approve(item, decision.promise, by=by, at=at)
        else:
            promises.reject(decision.promise, at=at)
    if decision.kind is DecisionKind.WAIVER and granted:
        _keep_waiver(item, decision.rule, decision.question, decision.decided_alone, by=by, at=at)


def waive(item: Item, rule: str, reason: str, *, by: Person, at: datetime) -> Waiver:
    """A leader waives a rule for this round, with a reason (R17). Some rules never."""
    guard(facts_of(item, at), Act.WAIVE)
    _require_waivable(rule)
    _required(reason, "reason")
    alone = _decides(item, by, at)
    for decision in item.decisions:
        if decision.state is DecisionState.OPEN and decision.kind is DecisionKind.WAIVER and decision.rule == rule:
            decision.state, decision.decided_by_id, decision.decided_at = DecisionState.GRANTED, by.id, at
            decision.answer = reason.strip()
    return _keep_waiver(item, rule, reason.strip(), alone, by=by, at=at)


def _keep_waiver(item: Item, rule: str, reason: str, alone: bool, *, by: Person, at: datetime) -> Waiver:
    known = [w for w in item.waivers if w.rule == rule and w.round_number == item.round_number]
    if known:
        return known[0]
    waiver = Waiver(
        item_id=item.id,
        round_number=item.round_number,
        rule=rule,
        reason=reason,
        by_id=by.id,
        at=at,
        decided_alone=alone,
    )
    item.waivers.append(waiver)
    record(item, "waived", by=by, at=at, field=rule, new=_alone(rule, alone), why=reason)
    return waiver


def _alone(what: str, alone: bool) -> object:
    """Nobody else was there to decide: the journal says so."""
    return {"what": what, "alone": True} if alone else what


def _require_waivable(rule: str) -> None:
    if rule not in WAIVABLE:
        raise refuse(
            N_("Rule %(asked)s can never be waived."),
            rule="R17",
            field="rule",
            name="never_waived",
            asked=rule,
        )


def _required(text: str, field: str) -> str:
    if not text.strip():
        raise Invalid([FieldError(field, N_("Write something here."))])
    return text.strip()
