"""Who owes what by when: the table of duties as a pure function of an item's facts. Nothing is read elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pdca import clock
from pdca.followup.terms import DutyKind, Part
from pdca.items.criteria import last_verdict
from pdca.items.facts import CheckFacts, DecisionFacts, Facts
from pdca.items.lifecycle import STEPS
from pdca.items.terms import CheckState, CustomerType, DecisionKind, Importance, Method, Phase, Verdict

START = next(step for step in STEPS if step.name == "start")
CARRIED_BY_PLAN_AND_DO = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.PARKED)
# Gate criteria that somebody else must lift first; the item is planned, it only has to wait.
ROOM = frozenset({"room_owner", "room_do", "room_check"})
HANDOVER_DAYS = 2
HELP_DAYS = 2
DECISION_DAYS = 5
ANNOUNCE_DAYS = 3
TELL_DAYS = 2
WHY_DAYS = 3
CLOSE_DAYS = 5
# The recurrence question is asked two weeks before the watch ends; its answer may reopen until 30 days later.
RECURRENCE_ASKED_BEFORE = timedelta(days=14)
RECURRENCE_ANSWER_UNTIL = timedelta(days=30)


@dataclass(frozen=True)
class DutyNow:
    """One open duty. `occurrence` names it within the item, for ever: a calendar or round name, no timestamp."""

    kind: DutyKind
    occurrence: str
    part: Part
    due_on: date
    ladder: str
    # The very person, where the part alone does not say it (receiver, asker).
    person_id: int | None = None
    # Who may not hold it, where the rules want somebody else (R17).
    not_person_id: int | None = None
    given_by_id: int | None = None
    # The check, decision or handover it is about.
    about_id: int | None = None
    settle_by: date | None = None
    asked_on: date | None = None
    # Its day stays the one that was first observed, as long as the duty is open.
    keeps_due: bool = False


Row = Callable[[Facts], Iterator[DutyNow]]


def duties_of(facts: Facts) -> tuple[DutyNow, ...]:
    """Every duty that is open now. An open item always has at least one (I1)."""
    return tuple(duty for row in ROWS for duty in row(facts))


# --- deciding and planning -------------------------------------------------------------------------------


def _decide(f: Facts) -> Iterator[DutyNow]:
    """R27: decide on a new item."""
    if f.phase is not Phase.NEW:
        return
    visit = f.arrivals.get(Phase.NEW, 0) + 1
    since = f.created_at if visit == 1 else f.phase_since
    yield DutyNow(
        DutyKind.DECIDE,
        f"decide:{visit}",
        Part.KEEPER,
        _working_days_after(f, since, f.settings.decide_days),
        "decide",
    )


def _plan_or_start(f: Facts) -> Iterator[DutyNow]:
    """Plan it; once the gate is met, start it."""
    if f.phase is not Phase.PLAN:
        return
    missing = {m.name for m in START.missing(f)}
    visit = f.arrivals.get(Phase.PLAN, 1)
    if missing - _lifted_by_others(f):
        yield DutyNow(DutyKind.PLAN, f"plan:{visit}", Part.OWNER, _plan_by(f), "plan")
        return
    # Its clock starts when the gate is met: while there is no room, the day moves along.
    due_on = f.calendar.add(f.today, f.settings.start_days)
    yield DutyNow(DutyKind.START, f"start:{visit}", Part.OWNER, due_on, "start", keeps_due=not missing)


def _lifted_by_others(f: Facts) -> frozenset[str]:
    asked = any(d.kind is DecisionKind.ROUND_THREE for d in f.decisions)
    return ROOM | {"round_three"} if asked else ROOM


def _plan_by(f: Facts) -> date:
    """Some working days after it was taken up; an agreed day that passed in Plan is a later beginning."""
    due_on = _working_days_after(f, f.phase_since, f.settings.plan_days)
    passed = f.due_on if f.due_on is not None and f.due_on < f.today else due_on
    return max(due_on, passed)


def _review(f: Facts) -> Iterator[DutyNow]:
    """Look at a parked item again."""
    if f.phase is not Phase.PARKED:
        return
    visit = f.arrivals.get(Phase.PARKED, 1)
    due_on = f.review_on or _working_days_after(f, f.phase_since, f.settings.decide_days)
    yield DutyNow(DutyKind.REVIEW, f"review:{visit}", Part.KEEPER, due_on, "review")


# --- doing -----------------------------------------------------------------------------------------------


def _promise(f: Facts) -> Iterator[DutyNow]:
    """R3, R8: keep the promise. While a leader decides on another date, that decision is what is owed."""
    if f.phase is not Phase.DO or _waits_for_leader(f):
        return
    number = f.promise.number if f.promise else 0
    ladder = "promise_action" if f.is_action else "promise_quick_win"
    yield DutyNow(DutyKind.PROMISE, f"promise:{number}", Part.OWNER, _promised_on(f), ladder)


def _waits_for_leader(f: Facts) -> bool:
    return any(d.kind is DecisionKind.THIRD_DATE for d in f.decisions)


def _promised_on(f: Facts) -> date:
    # The gate lets nothing into Do without a date; without one, today is the only honest answer.
    return f.due_on or _local(f, f.phase_since)


def _waiting(f: Facts) -> Iterator[DutyNow]:
    """The end of waiting on others."""
    if f.phase is Phase.DO and f.waiting_until is not None:
        until = f.waiting_until
        yield DutyNow(DutyKind.WAITING, f"waiting:{until.isoformat()}", Part.OWNER, until, "waiting")


def _announce(f: Facts) -> Iterator[DutyNow]:
    """R4: a change of the catalogue is announced three working days before it goes live."""
    if f.phase is Phase.DO and f.catalogue_changes and f.announcement is None:
        number = f.promise.number if f.promise else 0
        due_on = f.calendar.add(_promised_on(f), -ANNOUNCE_DAYS)
        yield DutyNow(DutyKind.ANNOUNCE, f"announce:{number}", Part.OWNER, due_on, "announce")


def _call(f: Facts) -> Iterator[DutyNow]:
    """R10: an important customer is called at half of Do."""
    if f.phase is not Phase.DO or f.importance is not Importance.HIGH or f.calls_during_work:
        return
    start = _local(f, f.round.started_at or f.phase_since)
    half = start + timedelta(days=max(0, (_promised_on(f) - start).days) // 2)
    yield DutyNow(DutyKind.CALL, f"call:{f.round.number}", Part.OWNER, half, "call")


def _last_useful(f: Facts) -> Iterator[DutyNow]:
    """R9: past the last useful date it is go on or stop."""
    if f.last_useful_on is None or f.phase not in CARRIED_BY_PLAN_AND_DO:
        return
    if f.still_needed_on is None or f.still_needed_on <= f.last_useful_on:
        day = f.last_useful_on
        yield DutyNow(DutyKind.LAST_USEFUL, f"last_useful:{day.isoformat()}", Part.OWNER, day, "last_useful")


# --- asking, judging, closing ----------------------------------------------------------------------------


def _aftercare(f: Facts) -> Iterator[DutyNow]:
    """R11-R13: every planned check is asked on its day and settled by another."""
    if f.phase not in (Phase.CHECK, Phase.ACT):
        return
    for check in f.open_checks:
        if check.due_on is not None:
            yield DutyNow(
                DutyKind.AFTERCARE,
                f"aftercare:{check_name(check)}",
                Part.ASKER,
                check.due_on,
                "aftercare_mail" if asks_by_mail(f, check) else "aftercare_call",
                person_id=f.care_asker_id,
                about_id=check.id,
                settle_by=check.settle_by,
                asked_on=_local(f, check.asked_at) if check.asked_at else None,
            )


def check_name(check: CheckFacts) -> str:
    """A check's name within its item: round and number, then the plan and the move when there were more."""
    again = f"-{check.series}" if check.series > 1 else ""
    moved = f"+{check.times_moved}" if check.times_moved else ""
    return f"{check.round_number}.{check.number}{again}{moved}"


def asks_by_mail(f: Facts, check: CheckFacts) -> bool:
    """Whether the customer is asked by mail: planned so, known, and reachable."""
    known = f.customer_type is not CustomerType.UNKNOWN
    return check.method is Method.MAIL and known and f.customer_email_known


def _judge(f: Facts) -> Iterator[DutyNow]:
    """R13: the verdict on a check that was answered."""
    if f.phase not in (Phase.CHECK, Phase.ACT):
        return
    for check in f.live_checks:
        if check.is_settled and check.verdict is None:
            yield DutyNow(
                DutyKind.JUDGE,
                f"judge:{check_name(check)}",
                Part.LEADER if _wants_somebody_else(f, check) else Part.OWNER,
                _working_days_after(f, _answered_at(f, check), f.settings.judge_days),
                "judge",
                not_person_id=f.responsible_id if _wants_somebody_else(f, check) else None,
                about_id=check.id,
            )


def _wants_somebody_else(f: Facts, check: CheckFacts) -> bool:
    """Not reached, or important without a customer's answer: somebody other than the owner judges."""
    not_reached = check.state is CheckState.NOT_REACHED
    return not_reached or (f.importance is Importance.HIGH and not check.has_customer_answer)


def _answered_at(f: Facts, check: CheckFacts) -> datetime:
    said = [a.recorded_at for a in check.answers]
    return max(said, default=check.answered_at or f.phase_since)


def _tell_next(f: Facts) -> Iterator[DutyNow]:
    """After "not effective" the customer hears what happens next, also when the next round began already."""
    if f.customer_type is CustomerType.UNKNOWN or not f.is_open:
        return
    for check in f.untold:
        if check.verdict_at is not None:
            due_on = _working_days_after(f, check.verdict_at, TELL_DAYS)
            yield DutyNow(
                DutyKind.TELL_NEXT,
                f"tell_next:{check_name(check)}",
                Part.OWNER,
                due_on,
                "tell_next",
                about_id=check.id,
            )


def _next_round(f: Facts) -> Iterator[DutyNow]:
    """R14: say why it did not work; that starts the next round."""
    if f.phase in (Phase.CHECK, Phase.ACT) and last_verdict(f) is Verdict.NOT_EFFECTIVE:
        due_on = _working_days_after(f, _judged_at(f), WHY_DAYS)
        yield DutyNow(DutyKind.NEXT_ROUND, f"next_round:{f.round.number}", Part.OWNER, due_on, "next_round")


def _close(f: Facts) -> Iterator[DutyNow]:
    """R14: after the last verdict, write the lesson and close it."""
    if f.phase not in (Phase.CHECK, Phase.ACT) or _something_else_is_owed(f):
        return
    name = check_name(f.last_settled) if f.last_settled else f"{f.round.number}"
    due_on = _working_days_after(f, _judged_at(f), CLOSE_DAYS)
    yield DutyNow(DutyKind.CLOSE, f"close:{name}", Part.OWNER, due_on, "close")


def _something_else_is_owed(f: Facts) -> bool:
    unjudged = any(c.is_settled and c.verdict is None for c in f.live_checks)
    asked = any(c.due_on is not None for c in f.open_checks)
    return asked or unjudged or last_verdict(f) is Verdict.NOT_EFFECTIVE


def _judged_at(f: Facts) -> datetime:
    last = f.last_settled
    return (last.verdict_at if last else None) or f.phase_since


# --- given by somebody -----------------------------------------------------------------------------------


def _handover(f: Facts) -> Iterator[DutyNow]:
    """R6: answer a handover; without a receiver the caretaker looks for one."""
    if f.handover is None or not f.is_open:
        return
    name = f"{f.handover.id}"
    due_on = _working_days_after(f, f.handover.opened_at, HANDOVER_DAYS)
    if f.handover.receiver_id is None:
        yield DutyNow(DutyKind.ASSIGN, f"assign:{name}", Part.OWNER, due_on, "assign", about_id=f.handover.id)
        return
    yield DutyNow(
        DutyKind.HANDOVER,
        f"handover:{name}",
        Part.RECEIVER,
        due_on,
        "handover",
        person_id=f.handover.receiver_id,
        given_by_id=f.handover.giver_id,
        about_id=f.handover.id,
    )


def _decisions(f: Facts) -> Iterator[DutyNow]:
    """R26: a leader decides on what was asked; need help goes to the board keeper first."""
    if f.is_open:
        for decision in f.decisions:
            yield _help(f, decision) if decision.kind is DecisionKind.HELP else _decision(f, decision)


def _decision(f: Facts, decision: DecisionFacts) -> DutyNow:
    return DutyNow(
        DutyKind.DECISION,
        f"{decision.kind.value}:{decision.id}",
        Part.LEADER,
        _working_days_after(f, decision.asked_at, DECISION_DAYS),
        "decision",
        not_person_id=f.responsible_id,
        given_by_id=decision.asked_by_id,
        about_id=decision.id,
    )


def _help(f: Facts, decision: DecisionFacts) -> DutyNow:
    return DutyNow(
        DutyKind.HELP,
        f"help:{decision.id}",
        Part.KEEPER,
        _working_days_after(f, decision.asked_at, HELP_DAYS),
        "help",
        not_person_id=decision.asked_by_id,
        given_by_id=decision.asked_by_id,
        about_id=decision.id,
    )


# --- after the end ---------------------------------------------------------------------------------------


def _tell_end(f: Facts) -> Iterator[DutyNow]:
    """Closing, stopping and declining are told; without an address somebody has to call."""
    if f.is_open or f.ended_at is None or f.is_end_told or not (_customer_to_call(f) or _proposer_to_call(f)):
        return
    due_on = _working_days_after(f, f.ended_at, TELL_DAYS)
    ending = sum(f.arrivals.get(p, 0) for p in (Phase.CLOSED, Phase.STOPPED, Phase.DECLINED))
    yield DutyNow(DutyKind.TELL_END, f"tell_end:{max(ending, 1)}", Part.OWNER, due_on, "tell_end")


def _customer_to_call(f: Facts) -> bool:
    named = f.customer_type in (CustomerType.EXTERNAL, CustomerType.COLLEAGUE) and bool(f.customer_name)
    return (named or f.has_contacts) and not f.customer_email_known


def _proposer_to_call(f: Facts) -> bool:
    same = f.proposer_name.casefold() == f.customer_name.casefold()
    return f.proposer_id is None and bool(f.proposer_name) and not same


def _recurrence(f: Facts) -> Iterator[DutyNow]:
    """R15: two weeks before the watch ends, one question: did it come back?"""
    if f.phase is not Phase.CLOSED or f.ended_at is None:
        return
    asked_on = _local(f, f.ended_at) + timedelta(days=f.settings.recurrence_days) - RECURRENCE_ASKED_BEFORE
    if f.today > asked_on + RECURRENCE_ANSWER_UNTIL:
        return
    reachable = f.customer_email_known and f.customer_type is not CustomerType.UNKNOWN
    ladder = "recurrence_mail" if reachable else "recurrence_call"
    closing = f.arrivals.get(Phase.CLOSED, 1)
    yield DutyNow(DutyKind.RECURRENCE, f"recurrence:{closing}", Part.OWNER, asked_on, ladder)


# --- days ------------------------------------------------------------------------------------------------


def _working_days_after(f: Facts, moment: datetime, working_days: int) -> date:
    return f.calendar.add(_local(f, moment), working_days)


def _local(f: Facts, moment: datetime) -> date:
    return clock.today(f.timezone, moment)


ROWS: tuple[Row, ...] = (
    _decide,
    _plan_or_start,
    _review,
    _promise,
    _waiting,
    _announce,
    _call,
    _last_useful,
    _aftercare,
    _judge,
    _tell_next,
    _next_round,
    _close,
    _handover,
    _decisions,
    _tell_end,
    _recurrence,
)
