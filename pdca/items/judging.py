"""What the answers to a check allow: pure questions, asked before anything is judged (R22, R24)."""

from __future__ import annotations

from pdca.items.checks import CORRECTION
from pdca.items.facts import CheckFacts, Facts
from pdca.items.terms import CheckState, CustomerType, Importance, Solved, Verdict

# From bad to good; a verdict may not be better than what the customer said (R24).
ORDER = (Verdict.NOT_EFFECTIVE, Verdict.PARTLY, Verdict.EFFECTIVE)


def best_verdict(facts: Facts, check: CheckFacts) -> Verdict:
    """The best verdict that the customer's answers allow (R24) and the groups that answered (R22).

    Where no customer answered, what somebody observed stands in (R18).
    """
    said = [a.solved for a in check.answers if a.is_by_customer] or [a.solved for a in check.answers]
    best = _best_of(said, is_group=facts.customer_type is CustomerType.GROUP)
    return min(best, Verdict.PARTLY, key=ORDER.index) if _misses_a_group(facts) else best


def _misses_a_group(facts: Facts) -> bool:
    """R22; a single group is the customer, and their answer needs no group's name."""
    several = facts.is_action and len(facts.groups) > 1 and "R22" not in facts.waived
    return several and bool(set(facts.groups) - set(facts.groups_answered))


def _best_of(said: list[Solved], *, is_group: bool) -> Verdict:
    noes = said.count(Solved.NO)
    if noes and (not is_group or noes * 2 > len(said)):
        return Verdict.NOT_EFFECTIVE
    if noes or (Solved.PARTLY in said and not is_group):
        return Verdict.PARTLY
    return _group_middle(said) if is_group else Verdict.EFFECTIVE


def _group_middle(said: list[Solved]) -> Verdict:
    """A group without a "no": effective when more said yes than partly."""
    return Verdict.PARTLY if said.count(Solved.PARTLY) > said.count(Solved.YES) else Verdict.EFFECTIVE


def follows_customer(facts: Facts, check: CheckFacts) -> bool:
    """Whether the verdict on this check needs nobody: 24 hours passed since the customer's answer."""
    if check.state is not CheckState.ANSWERED or check.verdict is not None or not check.has_customer_answer:
        return False
    if check.answered_at is None or facts.at - check.answered_at < CORRECTION:
        return False
    return not facts.is_action or best_verdict(facts, check) is Verdict.NOT_EFFECTIVE


def wants_other(facts: Facts, check: CheckFacts) -> bool:
    return facts.importance is Importance.HIGH and not check.has_customer_answer and bool(check.answers)
