"""A group without addresses is asked at the counter: one link for many, shown as a QR code while it is open."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import N_
from pdca.items.checks import CheckAnswer, keep, require_known_group, require_mark, require_unsettled
from pdca.items.facts import Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Answer, Call, Check
from pdca.items.permissions import guard, refuse, require_member
from pdca.items.queries import facts_of
from pdca.items.terms import (
    UNSETTLED,
    ActorKind,
    AnswerSource,
    CallPurpose,
    CheckState,
    CustomerType,
    Quote,
)
from pdca.mail.links import make_link
from pdca.mail.models import Link
from pdca.people.models import Person

PURPOSE = "counter"
CHANNEL = "counter"
# However long a check stays open, a poster that is forgotten on a wall ends by itself.
OPEN_FOR = timedelta(days=60)
ONLY_GROUPS = N_("A counter link is for a group; one customer is asked by mail or by phone.")
HAS_ADDRESSES = N_("This group has addresses: they are asked by mail.")


def link_of(check: Check, at: datetime) -> Link | None:
    """The counter of this check while it is open."""
    return db.session.scalars(
        select(Link)
        .where(Link.purpose == PURPOSE, Link.subject_id == check.id, Link.revoked_at.is_(None), Link.expires_at > at)
        .order_by(Link.id.desc())
        .limit(1)
    ).one_or_none()


def open_counter(check: Check, *, by: Person, at: datetime) -> Link:
    """Open it; the same one when it is open already."""
    item = check.item
    facts = facts_of(item, at)
    guard(facts, Act.ANSWER)
    require_member(by, item)
    require_unsettled(check)
    if item.customer_type is not CustomerType.GROUP:
        raise refuse(ONLY_GROUPS, rule="R22", name="group")
    if facts.customer_email_known:
        raise refuse(HAS_ADDRESSES, rule="R22", name="group")
    known = link_of(check, at)
    if known is not None:
        return known
    link = make_link(PURPOSE, check.id, at=at, expires_at=at + OPEN_FOR, person_id=by.id)
    record(item, "counter_opened", by=by, at=at, new={"check": check.number})
    return link


def end_counter(check: Check, *, by: Person, at: datetime) -> None:
    """End it: with answers the check is answered; without, the time it was open counts as the attempts (R19)."""
    item = check.item
    facts = facts_of(item, at)
    guard(facts, Act.ATTEMPT)
    require_member(by, item)
    link = link_of(check, at)
    if link is None:
        return
    link.revoked_at = at
    if check.answers:
        settle(check, at)
    else:
        _count_as_attempts(check, link, facts, by=by)
    record(item, "counter_ended", by=by, at=at, new={"check": check.number, "answers": len(check.answers)})


def answer_at_counter(check: Check, answer: CheckAnswer, *, at: datetime) -> Answer:
    """Somebody of the group answers; the check stays open for the next one until settle-by."""
    facts = facts_of(check.item, at)
    guard(facts, Act.CUSTOMER)
    require_mark(answer)
    if check.verdict is not None or check.due_on is None or check.state not in (*UNSETTLED, CheckState.ANSWERED):
        raise refuse(N_("This check has been settled already."), rule="R12", name="settled")
    anonymous = Quote.ANONYMOUS if answer.may_quote is not Quote.NO else Quote.NO
    require_known_group(answer, facts)
    # The only group of an item need not be chosen.
    group = facts.groups[0] if len(facts.groups) == 1 else answer.group_id
    row = keep(check, facts, answer, at=at, channel=CHANNEL, may_quote=anonymous, group_id=group)
    if check.state in UNSETTLED and check.settle_by is not None and facts.today >= check.settle_by:
        settle(check, at)
    new = {"check": check.number, "solved": answer.solved, "mark": answer.mark, "source": AnswerSource.LINK}
    record(check.item, "answered", by=None, at=at, kind=ActorKind.CUSTOMER, field="solved", new=new, why=row.better)
    return row


def settle(check: Check, at: datetime) -> None:
    """The group has answered."""
    if check.state in UNSETTLED:
        check.state, check.answered_at, check.settled_at = CheckState.ANSWERED, at, at


def _count_as_attempts(check: Check, link: Link, facts: Facts, *, by: Person) -> None:
    opened_on = clock.today(facts.timezone, link.created_at)
    for day in dict.fromkeys((opened_on, facts.today)):
        check.calls.append(
            Call(
                item_id=check.item_id,
                round_number=check.round_number,
                check_id=check.id,
                purpose=CallPurpose.AFTERCARE_ATTEMPT,
                with_whom=check.item.customer_name,
                on=day,
                channel=CHANNEL,
                by_id=by.id,
                recorded_at=facts.at,
            )
        )
