"""Judging: the customer's judgement goes first (R24), and "not effective" is never the end (R11, R22)."""

from __future__ import annotations

from datetime import datetime, timedelta

from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import VerdictAnswer
from pdca.items.checks import ATTEMPTS, WRITE_EVIDENCE
from pdca.items.facts import CheckFacts, Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.judging import ORDER, best_verdict, follows_customer, wants_other
from pdca.items.models import Check, Item
from pdca.items.permissions import SOMEBODY_ELSE_MESSAGE, guard, is_member, may_decide, refuse, require_owner
from pdca.items.planning import ask_again, cancel_open
from pdca.items.promotion import FAILED_TWICE, promote
from pdca.items.queries import facts_of
from pdca.items.terms import UNSETTLED, ActorKind, CheckState, Importance, Kind, Verdict
from pdca.people.models import Person

TOO_EARLY_AT_MOST = timedelta(days=42)
SAID_NO = N_("The customer said “no”: it is not too early to say.")


def give_verdict(item: Item, answer: VerdictAnswer, *, by: Person, at: datetime) -> Check:
    """Judge the latest check. The customer's judgement goes first: theirs can be worse made, never better (R24)."""
    facts = facts_of(item, at)
    guard(facts, Act.VERDICT)
    check = _to_judge(item, facts, answer.verdict)
    mine = check_facts(check, facts)
    if answer.verdict is Verdict.TOO_EARLY:
        return _too_early(check, facts, answer, by=by, at=at)
    if answer.verdict is Verdict.NOT_REACHED:
        _not_reached(check, mine, answer.evidence, by=by, at=at)
    else:
        _require_judge(item, facts, mine, by=by, at=at)
        _require_within(facts, mine, answer.verdict)
    return _settle(check, facts, answer.verdict, answer.evidence, by=by, at=at)


def check_facts(check: Check, facts: Facts) -> CheckFacts:
    return next(c for c in facts.checks if c.id == check.id)


def _to_judge(item: Item, facts: Facts, verdict: Verdict) -> Check:
    live = [c for c in item.checks if c.round_number == item.round_number and c.state is not CheckState.CANCELLED]
    answered = [c for c in live if c.state is CheckState.ANSWERED and c.verdict is None]
    if answered:
        return answered[-1]
    waiting = [c for c in live if c.state in UNSETTLED and c.due_on is not None]
    if verdict in (Verdict.NOT_REACHED, Verdict.TOO_EARLY) and waiting:
        return waiting[0]
    judged = [c for c in live if c.verdict is not None]
    if judged:
        raise refuse(N_("The verdict on the latest check has been given."), rule="R13", field="verdict", name="judged")
    raise refuse(
        N_("Wait for the customer's answer; for an unknown customer somebody other than the owner observes."),
        rule="R11",
        field="answer",
        name="answered",
    )


def _require_judge(item: Item, facts: Facts, check: CheckFacts, *, by: Person, at: datetime) -> None:
    """Importance high and no customer's answer: somebody other than the owner judges."""
    if wants_other(facts, check):
        if not may_decide(by, item, at):
            raise refuse(SOMEBODY_ELSE_MESSAGE, rule="R11", field="verdict", name="someone_else")
        return
    if may_decide(by, item, at) and is_member(by, item):
        return
    require_owner(by, item, facts)


def _require_within(facts: Facts, check: CheckFacts, verdict: Verdict) -> None:
    best = best_verdict(facts, check)
    if ORDER.index(verdict) > ORDER.index(best):
        raise refuse(
            N_("The customer's judgement goes first: the verdict cannot be better than theirs."),
            rule="R24",
            field="verdict",
            name="verdict",
            best=best.value,
        )


def _too_early(check: Check, facts: Facts, answer: VerdictAnswer, *, by: Person, at: datetime) -> Check:
    """Once per round, with a reason and a new day within 42 days: a check of its own asks again then."""
    _require_judge(check.item, facts, check_facts(check, facts), by=by, at=at)
    if check_facts(check, facts).has_unjudged_no:
        raise refuse(SAID_NO, rule="R24", field="verdict", name="verdict")
    if any(c.verdict is Verdict.TOO_EARLY for c in facts.checks):
        raise refuse(N_("“Too early to say” is possible once."), rule="R13", field="verdict", name="once")
    if not answer.evidence.strip():
        raise Invalid([FieldError("evidence", N_("Write why it is too early to say."))])
    again = answer.check_again_on
    if again is None or not facts.today < again <= facts.today + TOO_EARLY_AT_MOST:
        raise Invalid([FieldError("check_again_on", N_("Choose a day within 42 days."))])
    check.verdict, check.verdict_at, check.verdict_by_id = Verdict.TOO_EARLY, at, by.id
    check.evidence = answer.evidence.strip()
    if check.state in UNSETTLED:
        check.state, check.settled_at = CheckState.CANCELLED, at
    ask_again(check, again, facts)
    record(
        check.item,
        "verdict",
        by=by,
        at=at,
        field="verdict",
        new=Verdict.TOO_EARLY,
        old=check.number,
        why=answer.evidence,
    )
    return check


def settle_verdict(check: Check, *, at: datetime) -> None:
    """By the clock, 24 hours after the customer's answer: the verdict follows the customer.

    For an action only a "no" settles by itself; there the owner compares prediction and result.
    """
    facts = facts_of(check.item, at)
    if not facts.is_open or check.round_number != facts.round.number:
        # Stopped, or a next round runs: nobody waits for this verdict, and a frozen round keeps what it has.
        return
    mine = check_facts(check, facts)
    if not follows_customer(facts, mine):
        return
    _settle(check, facts, best_verdict(facts, mine), "", by=None, at=at)


def _settle(check: Check, facts: Facts, verdict: Verdict, evidence: str, *, by: Person | None, at: datetime) -> Check:
    item = check.item
    check.verdict, check.verdict_at, check.evidence = verdict, at, evidence.strip()
    check.verdict_by_id = by.id if by else None
    record(
        item,
        "verdict",
        by=by,
        at=at,
        kind=ActorKind.PERSON if by else ActorKind.CLOCK,
        field="verdict",
        old=check.number,
        new={"verdict": verdict, "alone": True} if _is_alone(check, facts, verdict, by) else verdict,
        why=evidence,
    )
    mine = check_facts(check, facts)
    if verdict is Verdict.NOT_EFFECTIVE:
        _fail_round(item, at=at)
    elif _is_enough(facts, mine, verdict):
        cancel_open(item, at)
    return check


def _is_alone(check: Check, facts: Facts, verdict: Verdict, by: Person | None) -> bool:
    """Whether the owner judged where the rules want somebody else, because nobody else is there."""
    is_for_others = verdict is Verdict.NOT_REACHED or wants_other(facts, check_facts(check, facts))
    return is_for_others and by is not None and by.id == facts.responsible_id


def _is_enough(facts: Facts, check: CheckFacts, verdict: Verdict) -> bool:
    """A normal quick win that is plainly effective with a customer's answer needs no second check."""
    plain = facts.kind is Kind.QUICK_WIN and facts.importance is Importance.NORMAL
    return plain and verdict is Verdict.EFFECTIVE and check.has_customer_answer


def _fail_round(item: Item, *, at: datetime) -> None:
    """Not effective blocks closing at once; the remaining checks are cancelled (kept as cancelled)."""
    cancel_open(item, at)
    item.round.verdict = Verdict.NOT_EFFECTIVE
    failed = sum(r.verdict is Verdict.NOT_EFFECTIVE for r in item.rounds)
    if item.kind is Kind.QUICK_WIN and failed >= 2:
        promote(item, FAILED_TWICE, at=at)


def _not_reached(check: Check, mine: CheckFacts, evidence: str, *, by: Person, at: datetime) -> None:
    """Two attempts on different days, other evidence, judged by somebody else; counted apart."""
    if mine.has_customer_answer:
        raise refuse(N_("A customer answered: judge their answer."), rule="R24", field="verdict", name="verdict")
    if len(mine.attempt_days) < ATTEMPTS:
        raise refuse(
            N_("Try at least twice, on different days, before you say the customer was not reached."),
            rule="R11",
            field="verdict",
            name="attempts",
        )
    if not evidence.strip():
        raise Invalid([FieldError("evidence", WRITE_EVIDENCE)])
    if not may_decide(by, check.item, at):
        raise refuse(SOMEBODY_ELSE_MESSAGE, rule="R11", field="verdict", name="someone_else")
    check.state, check.settled_at = CheckState.NOT_REACHED, at
