"""Asking and answering an aftercare check: by the link, after a call, by an observation (R11, R13, R18, R19)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import CallAnswer
from pdca.items.criteria import needs_observation
from pdca.items.facts import Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Answer, Call, Check, Contact, Item
from pdca.items.permissions import guard, refuse, require_member, require_owner, somebody_else
from pdca.items.queries import facts_of
from pdca.items.terms import (
    UNSETTLED,
    ActorKind,
    AnswerSource,
    CallPurpose,
    CheckState,
    CustomerType,
    Quote,
    Solved,
)
from pdca.people.models import Person

# An answer can be corrected this long; a verdict that follows the customer is final after it.
CORRECTION = timedelta(hours=24)
# Calls in vain, on different days, before a customer counts as not reached.
ATTEMPTS = 2
WRITE_EVIDENCE = N_("Write the other evidence that shows whether it works.")
UNKNOWN_CUSTOMER = N_("The customer is unknown: somebody other than the owner observes.")
ASK_FIRST = N_("This customer is known: ask them. Only after two attempts on different days other evidence counts.")
SOMEBODY_ELSE_OBSERVES = N_("Somebody other than the owner observes.")


def ask(check: Check, *, at: datetime) -> None:
    """The customer's mail is on its way."""
    if check.state is CheckState.PLANNED:
        check.state, check.asked_at = CheckState.ASKED, at
        record(check.item, "asked", by=None, at=at, kind=ActorKind.CLOCK, new={"check": check.number})


def remind(check: Check, *, at: datetime) -> None:
    """The one reminder."""
    if check.reminded_at is None:
        check.reminded_at = at
        record(check.item, "reminded", by=None, at=at, kind=ActorKind.CLOCK, new={"check": check.number})


@dataclass(frozen=True)
class CheckAnswer:
    """The fixed questions of a check (R13): solved?, a mark 1–10, what could be better?, may we quote you?"""

    solved: Solved
    mark: int | None
    better: str = ""
    may_quote: Quote = Quote.NO
    channel: str = ""
    answered_by: str = ""
    on: date | None = None
    source: AnswerSource = AnswerSource.CALL
    other_evidence: str = ""
    group_id: int | None = None


def answer_by_link(check: Check, contact: Contact, answer: CheckAnswer, *, at: datetime) -> Answer:
    """The customer answers through the mailed link; within 24 hours the same link corrects it."""
    item = check.item
    facts = facts_of(item, at)
    guard(facts, Act.CUSTOMER)
    require_mark(answer)
    earlier = next((a for a in check.answers if a.contact_id == contact.id), None)
    if earlier is not None:
        return _correct(check, earlier, answer, contact, at=at)
    if not _is_group_unjudged(check):
        require_unsettled(check)
    row = _keep(check, facts, answer, contact=contact, by=None, at=at, source=AnswerSource.LINK)
    record(
        item,
        "answered",
        by=None,
        at=at,
        kind=ActorKind.CUSTOMER,
        field="solved",
        new=_told(check, replace(answer, source=AnswerSource.LINK)),
        why=answer.better,
    )
    return row


def may_correct(answer: Answer, check: Check, at: datetime) -> bool:
    """Until the verdict, for at most 24 hours."""
    return check.verdict is None and at - answer.recorded_at < CORRECTION


def _is_group_unjudged(check: Check) -> bool:
    """Of a group everybody may still answer until the verdict, also after settle-by."""
    is_group = check.item.customer_type is CustomerType.GROUP
    return is_group and check.state is CheckState.ANSWERED and check.verdict is None


def _correct(check: Check, row: Answer, answer: CheckAnswer, contact: Contact, *, at: datetime) -> Answer:
    """The customer's own words replace theirs, or what somebody wrote down for them after a call (R24)."""
    if not may_correct(row, check, at):
        raise refuse(N_("This answer can no longer be changed."), rule="R24", name="final")
    old = {"solved": row.solved, "mark": row.mark, "source": row.source}
    row.solved, row.mark, row.better, row.may_quote = (
        answer.solved,
        answer.mark,
        answer.better.strip(),
        answer.may_quote,
    )
    if row.source is not AnswerSource.LINK:
        row.source, row.channel, row.answered_by = AnswerSource.LINK, "mail", contact.name
        row.recorded_by_id, row.recorded_at = None, at
    row.version += 1
    new = _told(check, replace(answer, source=AnswerSource.LINK))
    record(check.item, "corrected", by=None, at=at, kind=ActorKind.CUSTOMER, old=old, new=new)
    return row


def record_answer(check: Check, answer: CheckAnswer, *, by: Person, at: datetime) -> Answer:
    """An answer after a call, or an observation by somebody other than the owner (R11, R18).

    For an unknown customer the observation settles the check. For a known one who was not reached it is other
    evidence: kept beside the check, counted apart, and settling nothing by itself.
    """
    item = check.item
    facts = facts_of(item, at)
    guard(facts, Act.ANSWER)
    require_member(by, item)
    require_unsettled(check)
    _check_answer(check, facts, answer)
    alone = _require_witness(check, facts, answer, by=by, at=at)
    contact = _contact_named(item, answer)
    _refuse_second(check, contact)
    row = _keep(check, facts, answer, contact=contact, by=by, at=at, source=answer.source)
    what = "answered" if answer.source is AnswerSource.CALL else "observed"
    record(item, what, by=by, at=at, field="solved", new=_told(check, answer, alone=alone), why=row.better)
    return row


def _require_witness(check: Check, facts: Facts, answer: CheckAnswer, *, by: Person, at: datetime) -> bool:
    """Who may say this: the customer on the phone, or somebody other than the owner who saw it; tells "alone"."""
    if answer.source is AnswerSource.LINK:
        raise refuse(N_("Only the customer answers through the link."), rule="R24", field="answer", name="link")
    if answer.source is AnswerSource.CALL:
        if needs_observation(facts):
            raise refuse(UNKNOWN_CUSTOMER, rule="R18", field="answer", name="observation")
        return False
    mine = next(c for c in facts.checks if c.id == check.id)
    if not needs_observation(facts) and len(mine.attempt_days) < ATTEMPTS:
        raise refuse(ASK_FIRST, rule="R11", field="answer", name="answered")
    return somebody_else(check.item, by, at, message=SOMEBODY_ELSE_OBSERVES, name="answered")


def _refuse_second(check: Check, contact: Contact | None) -> None:
    if contact is not None and any(a.contact_id == contact.id for a in check.answers):
        raise refuse(
            N_("This customer answered already, and their own answer stands."),
            rule="R24",
            field="answered_by",
            name="answered_already",
        )


def _contact_named(item: Item, answer: CheckAnswer) -> Contact | None:
    if answer.source is not AnswerSource.CALL:
        return None
    known = item.customers
    named = [c for c in known if c.name.casefold() == answer.answered_by.strip().casefold()]
    if not named and len(known) == 1 and item.customer_type is not CustomerType.GROUP:
        named = known
    return named[0] if named else None


def _keep(
    check: Check,
    facts: Facts,
    answer: CheckAnswer,
    *,
    contact: Contact | None,
    by: Person | None,
    at: datetime,
    source: AnswerSource,
) -> Answer:
    row = Answer(
        check_id=check.id,
        contact_id=contact.id if contact else None,
        source=source,
        solved=answer.solved,
        mark=answer.mark,
        better=answer.better.strip(),
        may_quote=answer.may_quote,
        channel=answer.channel or ("mail" if source is AnswerSource.LINK else ""),
        answered_by=answer.answered_by.strip() or (contact.name if contact else ""),
        answered_on=answer.on or facts.today,
        recorded_at=at,
        recorded_by_id=by.id if by else None,
        other_evidence=answer.other_evidence.strip(),
        group_id=answer.group_id,
    )
    check.answers.append(row)
    if check.state in UNSETTLED and _is_complete(check, row, facts):
        check.state, check.answered_at, check.settled_at = CheckState.ANSWERED, at, at
    return row


def keep(
    check: Check,
    facts: Facts,
    answer: CheckAnswer,
    *,
    at: datetime,
    channel: str,
    may_quote: Quote,
    group_id: int | None,
) -> Answer:
    """Write down what somebody of a group said without a name; it settles nothing by itself."""
    row = Answer(
        check_id=check.id,
        source=AnswerSource.LINK,
        solved=answer.solved,
        mark=answer.mark,
        better=answer.better.strip(),
        may_quote=may_quote,
        channel=channel,
        answered_by="",
        answered_on=facts.today,
        recorded_at=at,
        group_id=group_id,
    )
    check.answers.append(row)
    return row


def _is_complete(check: Check, row: Answer, facts: Facts) -> bool:
    """Groups: everyone asked replied, or at least one by settle-by. Everybody else: one answer."""
    item = check.item
    if row.source not in (AnswerSource.LINK, AnswerSource.CALL) and not needs_observation(facts):
        return False
    asked = [c for c in item.contacts if c.may_be_mailed]
    if item.customer_type is not CustomerType.GROUP or len(asked) < 2:
        return True
    replied = {a.contact_id for a in check.answers}
    past = check.settle_by is not None and facts.today >= check.settle_by
    return past or all(c.id in replied for c in asked)


def settle_group(check: Check, *, at: datetime) -> None:
    """By the clock on settle-by: a group with at least one customer's answer counts as answered."""
    by_customer = any(a.source in (AnswerSource.LINK, AnswerSource.CALL) for a in check.answers)
    if check.state in UNSETTLED and by_customer:
        check.state, check.answered_at, check.settled_at = CheckState.ANSWERED, at, at
        record(check.item, "settled", by=None, at=at, kind=ActorKind.CLOCK, new={"check": check.number})


def require_unsettled(check: Check) -> None:
    """A check is answered once, and not before the work was carried out."""
    if check.state not in UNSETTLED:
        raise refuse(N_("This check has been settled already."), rule="R12", name="settled")
    if check.due_on is None:
        raise refuse(N_("The work was not carried out yet."), rule="R11", name="not_carried_out")


def require_mark(answer: CheckAnswer) -> None:
    """A mark from 1 to 10 (R13)."""
    if answer.mark is None or not 1 <= answer.mark <= 10:
        raise Invalid([FieldError("mark", N_("Give a mark from 1 to 10."))])


def require_known_group(answer: CheckAnswer, facts: Facts) -> None:
    """A group is one of the item's own."""
    if answer.group_id is not None and answer.group_id not in facts.groups:
        raise Invalid([FieldError("group_id", N_("Choose groups from the list."))])


def _check_answer(check: Check, facts: Facts, answer: CheckAnswer) -> None:
    """R13: free text alone is no answer; the last check may not be answered long before its day."""
    if answer.source is AnswerSource.OTHER_EVIDENCE and not answer.other_evidence.strip():
        raise Invalid([FieldError("other_evidence", WRITE_EVIDENCE)])
    if answer.source is AnswerSource.CALL:
        require_mark(answer)
        if not answer.answered_by.strip():
            raise Invalid([FieldError("answered_by", N_("Write who answered."))])
    on = answer.on or facts.today
    if on > facts.today:
        raise Invalid([FieldError("on", N_("Answered on a day that is still to come?"))])
    if facts.round.carried_out_on is not None and on < facts.round.carried_out_on:
        raise Invalid([FieldError("on", N_("The work had not been carried out on that day."))])
    require_known_group(answer, facts)
    last = facts.live_checks[-1]
    early = facts.settings.early_answer_days
    if check.id == last.id and check.due_on is not None and facts.today < check.due_on - timedelta(days=early):
        raise refuse(
            N_("The last check may be answered at most %(days)s days early."),
            rule="R12",
            field="on",
            days=early,
        )


def _told(check: Check, answer: CheckAnswer, *, alone: bool = False) -> dict[str, object]:
    told: dict[str, object] = {
        "check": check.number,
        "solved": answer.solved.value,
        "mark": answer.mark,
        "source": answer.source.value,
    }
    return told | {"alone": True} if alone else told


def comment_on(answer: Answer, text: str, *, by: Person, at: datetime) -> None:
    """The owner may comment on an answer, never overwrite it (R24)."""
    item = answer.check.item
    require_owner(by, item, facts_of(item, at))
    answer.owner_comment = text.strip()
    record(item, "answer_commented", by=by, at=at, new={"check": answer.check.number}, why=text)


def attempt(check: Check, call: CallAnswer, *, by: Person, at: datetime) -> None:
    """A call that nobody answered; two on different days may become "customer not reached"."""
    item = check.item
    facts = facts_of(item, at)
    guard(facts, Act.ATTEMPT)
    require_member(by, item)
    require_unsettled(check)
    if call.on > facts.today:
        raise Invalid([FieldError("on", N_("Called on a day that is still to come?"))])
    if facts.round.carried_out_on is not None and call.on < facts.round.carried_out_on:
        raise Invalid([FieldError("on", N_("The work had not been carried out on that day."))])
    check.calls.append(
        Call(
            item_id=item.id,
            round_number=item.round_number,
            check_id=check.id,
            purpose=CallPurpose.AFTERCARE_ATTEMPT,
            with_whom=call.with_whom or item.customer_name,
            on=call.on,
            channel=call.channel,
            notes=call.notes,
            by_id=by.id,
            recorded_at=at,
        )
    )
    record(
        item,
        "attempted",
        by=by,
        at=at,
        new={"check": check.number, "on": call.on.isoformat()},
        why=call.notes,
    )
