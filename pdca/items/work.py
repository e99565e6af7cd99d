"""Acts on the way: waiting on others, calls, announcements, order on the board."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Select, bindparam, select

from pdca.db import db, table_of
from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import AnnouncementAnswer, Answers, CallAnswer
from pdca.items.edit import write
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Check, Item, Promise
from pdca.items.permissions import guard, refuse, require_member, require_owner
from pdca.items.queries import facts_of
from pdca.items.ranking import Place, put, queue_for, rank_for
from pdca.items.terms import OPEN_PHASES, Phase, PromiseState
from pdca.items.writing import Writing
from pdca.people.models import Person


def wait_on(item: Item, what: str, until: date, *, by: Person, at: datetime) -> None:
    """Waiting on others, in Do only; the clock runs on."""
    facts = facts_of(item, at)
    guard(facts, Act.WAIT)
    require_owner(by, item, facts)
    if item.phase is not Phase.DO:
        raise refuse(N_("Only work in Do can wait on others."), rule="phase", name="phase")
    errors = []
    if not what.strip():
        errors.append(FieldError("what", N_("Write what or whom you wait for.")))
    if until < facts.today:
        errors.append(FieldError("until", N_("Choose today or a later day.")))
    if errors:
        raise Invalid(errors)
    old = item.waiting_on
    item.waiting_on, item.waiting_until = what.strip()[:200], until
    record(
        item,
        "waiting",
        by=by,
        at=at,
        field="waiting_on",
        old=old,
        new={"on": what, "until": until.isoformat()},
    )


def wait_no_longer(item: Item, *, by: Person, at: datetime) -> None:
    """The wait is over."""
    facts = facts_of(item, at)
    guard(facts, Act.WAIT)
    require_owner(by, item, facts)
    old, item.waiting_on, item.waiting_until = item.waiting_on, "", None
    record(item, "waiting_over", by=by, at=at, field="waiting_on", old=old)


def log_call(item: Item, call: CallAnswer, *, by: Person, at: datetime) -> None:
    """R10: a call during the work."""
    facts = facts_of(item, at)
    guard(facts, Act.CALL)
    require_owner(by, item, facts)
    if item.phase is not Phase.DO:
        raise refuse(N_("A call during the work belongs to Do."), rule="R10", name="phase")
    write(Writing(item, by, at), {"call": call})


def announce(item: Item, announcement: AnnouncementAnswer, *, by: Person, at: datetime) -> None:
    """R4: tell the change beforehand, with the reason."""
    facts = facts_of(item, at)
    guard(facts, Act.ANNOUNCE)
    require_owner(by, item, facts)
    answers: Answers = {"announcement": announcement}
    if not item.catalogue_changes:
        answers["catalogue_changes"] = True
    write(Writing(item, by, at), answers)


def reorder(item: Item, place: Place, *, by: Person, at: datetime) -> None:
    """Another place in the same column. Touches nothing: an order is no fact of the work."""
    queue_for(item)
    # The facts are dear, and only a day that passed or a date that waits can freeze a card.
    if item.phase not in OPEN_PHASES or _may_be_frozen(item, at):
        guard(facts_of(item, at), Act.REORDER)
    require_member(by, item)
    put(item, rank_for(item, place, item.phase))


def _may_be_frozen(item: Item, at: datetime) -> bool:
    """False only when it surely is not (R8), in whatever zone the team is."""
    # Further east it may be tomorrow already.
    tomorrow = at.date() + timedelta(days=1)
    if item.phase is Phase.DO:
        return (item.due_on is not None and item.due_on < tomorrow) or _is_there(_WAITS, item=item.id)
    if item.phase in (Phase.CHECK, Phase.ACT):
        return _is_there(_PASSED, item=item.id, day=tomorrow)
    return False


def _is_there(statement: Select[int], **values: object) -> bool:
    db.session.flush()
    return db.session.scalar(statement, values) is not None


_PROMISE, _CHECK = table_of(Promise).c, table_of(Check).c
_WAITS = select(_PROMISE.id).where(_PROMISE.item_id == bindparam("item"), _PROMISE.state == PromiseState.WAITING)
_PASSED = select(_CHECK.id).where(_CHECK.item_id == bindparam("item"), _CHECK.settle_by < bindparam("day")).limit(1)
