"""Handovers: everything known is passed on (R5), and the giver stays responsible until the receiver accepts (R6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed
from pdca.items.facts import Facts
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Handover, Item
from pdca.items.permissions import guard, is_keeper, refuse, require_member, require_owner
from pdca.items.queries import facts_of
from pdca.items.terms import HandoverState
from pdca.people.models import Membership, Person, Role


@dataclass(frozen=True)
class Note:
    """What the receiver must know (R5)."""

    done: str
    open: str
    promised: str
    watch_out: str


NOTE_MESSAGES = {
    "done": N_("Write what has been done."),
    "open": N_("Write what is still open."),
    "promised": N_("Write what was promised, and to whom."),
    "watch_out": N_("Write what to watch out for."),
}


def hand_over(item: Item, receiver_id: int, note: Note, *, by: Person, at: datetime) -> Handover:
    """Open a handover; the owner does not change yet. The owner gives, or a keeper or leader assigns."""
    facts = facts_of(item, at)
    guard(facts, Act.HANDOVER)
    if not is_keeper(by, item):
        require_owner(by, item, facts)
    _require_note(note)
    return open_handover(item, receiver_id, note, by=by, at=at)


def make_owner(item: Item, owner_id: int, *, by: Person, at: datetime) -> None:
    """Taking an item yourself needs no handover; being made owner by somebody else always is one."""
    facts = facts_of(item, at)
    if item.caretaker_id is None and owner_id == item.owner_id:
        return
    require_member(by, item)
    if owner_id == by.id and item.owner_id is None:
        _become(item, by, at)
    elif owner_id == by.id == item.caretaker_id:
        _withdraw_open(item, at)
        _become(item, by, at)
    else:
        _assign_to(item, facts, owner_id, by, at)


def _assign_to(item: Item, facts: Facts, owner_id: int, by: Person, at: datetime) -> None:
    if owner_id == _open_receiver(item):
        return
    if item.owner_id is None:
        # Somebody is responsible from the first minute: who assigns, until it is accepted.
        _become(item, by, at)
    elif not is_keeper(by, item):
        require_owner(by, item, facts)
    open_handover(item, owner_id, note_from(item), by=by, at=at)


def accept(handover: Handover, read_back: str, *, by: Person, at: datetime) -> None:
    """The receiver takes over, and writes the agreement back in their own words (R6). Never blocked by R31."""
    item = handover.item
    _require_receiver(handover, by)
    _require_own_words(handover, read_back)
    handover.state, handover.read_back, handover.answered_at = HandoverState.ACCEPTED, read_back.strip(), at
    old, item.owner_id, item.caretaker_id = item.owner_id, handover.receiver_id, None
    record(
        item,
        "handover_accepted",
        by=by,
        at=at,
        field="owner_id",
        old=old,
        new=handover.receiver_id,
        why=read_back,
    )


def decline(handover: Handover, reason: str, *, by: Person, at: datetime) -> None:
    """The receiver gives it back with a reason; the giver stays responsible."""
    _require_receiver(handover, by)
    if not reason.strip():
        raise NotAllowed([Missing("R6", "reason", N_("Say why you give it back."), "reason")])
    handover.state, handover.refusal_reason, handover.answered_at = HandoverState.REFUSED, reason.strip(), at
    item = handover.item
    record(item, "handover_refused", by=by, at=at, new=handover.receiver_id, why=reason)
    if item.caretaker_id is not None:
        # The owner left: the caretaker goes on looking for somebody.
        open_handover(item, None, note_of(handover), by=None, at=at, giver_id=handover.giver_id)


def assign(handover: Handover, receiver_id: int, *, by: Person, at: datetime) -> Handover:
    """The caretaker, keeper or leader chooses (another) receiver: a new handover with the same note."""
    item = handover.item
    _require_open(handover)
    if not is_keeper(by, item):
        require_owner(by, item, facts_of(item, at))
    return open_handover(item, receiver_id, note_of(handover), by=by, at=at, giver_id=handover.giver_id)


def note_of(handover: Handover) -> Note:
    return Note(handover.done, handover.open, handover.promised, handover.watch_out)


def withdraw(handover: Handover, *, by: Person, at: datetime) -> None:
    """The giver keeps it after all. An item whose owner left waits for somebody: there is nothing to keep."""
    item = handover.item
    _require_open(handover)
    if not is_keeper(by, item):
        require_owner(by, item, facts_of(item, at))
    if item.caretaker_id is not None:
        raise refuse(N_("The owner left: choose a new owner instead."), rule="R6", field="to", name="caretaker")
    handover.state, handover.answered_at = HandoverState.WITHDRAWN, at
    record(item, "handover_withdrawn", by=by, at=at, field="owner_id", old=handover.receiver_id, new=item.owner_id)


def open_handover(
    item: Item,
    receiver_id: int | None,
    note: Note,
    *,
    by: Person | None,
    at: datetime,
    giver_id: int | None = None,
) -> Handover:
    if receiver_id is not None:
        _require_can_receive(item, receiver_id)
    _withdraw_open(item, at)
    handover = Handover(
        item_id=item.id,
        giver_id=giver_id or item.responsible_id,
        receiver_id=receiver_id,
        state=HandoverState.OPEN,
        opened_at=at,
        opened_by_id=by.id if by else None,
        done=note.done.strip(),
        open=note.open.strip(),
        promised=note.promised.strip(),
        watch_out=note.watch_out.strip(),
    )
    item.handovers.append(handover)
    db.session.flush()
    record(
        item,
        "handover_opened",
        by=by,
        at=at,
        field="owner_id",
        old=item.owner_id,
        new=receiver_id,
        why=note.open,
    )
    return handover


def _withdraw_open(item: Item, at: datetime) -> None:
    for earlier in item.handovers:
        if earlier.state is HandoverState.OPEN:
            earlier.state, earlier.answered_at = HandoverState.WITHDRAWN, at


def _become(item: Item, person: Person, at: datetime) -> None:
    old, item.owner_id, item.caretaker_id = item.owner_id, person.id, None
    record(item, "owner", by=person, at=at, field="owner_id", old=old, new=person.id)


def _open_receiver(item: Item) -> int | None:
    return next((h.receiver_id for h in item.handovers if h.state is HandoverState.OPEN), None)


def note_from(item: Item) -> Note:
    """An assignment's note, filled from the item."""
    promised = f"{item.customer_name or '—'}: {item.due_on or item.proposed_due_on or '—'}"
    return Note(item.round.carried_out or "—", item.problem or item.title, promised, item.touchpoint or "—")


def _require_note(note: Note) -> None:
    missing = [
        Missing("R5", name, text, name) for name, text in NOTE_MESSAGES.items() if not getattr(note, name).strip()
    ]
    if missing:
        raise NotAllowed(missing)


def _require_can_receive(item: Item, receiver_id: int) -> None:
    role = db.session.scalar(
        select(Membership.role)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.team_id == item.team_id,
            Membership.person_id == receiver_id,
            Membership.role != Role.VIEWER,
            Person.deactivated_at.is_(None),
        )
    )
    if role is None:
        raise Invalid([FieldError("to", N_("Choose somebody who works in this team."))])
    if item.caretaker_id is None and receiver_id == item.owner_id:
        raise Invalid([FieldError("to", N_("This person is responsible already."))])


def _require_open(handover: Handover) -> None:
    if handover.state is not HandoverState.OPEN:
        raise refuse(N_("This handover has been answered already."), rule="R6", name="answered")


def _require_receiver(handover: Handover, by: Person) -> None:
    _require_open(handover)
    if handover.receiver_id != by.id:
        raise refuse(N_("Only the receiver accepts or gives back."), rule="R6", name="receiver")


def _require_own_words(handover: Handover, read_back: str) -> None:
    told = {_bare(t) for t in (handover.done, handover.open, handover.promised, handover.watch_out)}
    if len(read_back.split()) < 3 or _bare(read_back) in told:
        raise NotAllowed(
            [
                Missing(
                    "R6",
                    "read_back",
                    N_("Write the agreement back in your own words, in one sentence."),
                    "read_back",
                )
            ]
        )


def _bare(text: str) -> str:
    return " ".join(text.casefold().split())
