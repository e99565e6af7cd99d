"""Writing down what New asks: kind, importance, customer, look-alikes, owner."""

from __future__ import annotations

from typing import Any

from pdca.catalogue.models import Service
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import contacts, handovers, planning, promotion
from pdca.items.models import Contact, Item, ItemLink
from pdca.items.queries import facts_of
from pdca.items.terms import CustomerType, Importance, ItemLinkKind, Kind, LookalikeChoice, Phase
from pdca.items.writing import Writing, column


def set_kind(w: Writing, kind: Kind) -> None:
    if w.item.kind is kind:
        return
    started = any(r.started_at is not None for r in w.item.rounds)
    if started and w.item.kind is Kind.IMPROVEMENT:
        raise Invalid([FieldError("kind", N_("An improvement action stays one once its work has started."))])
    if started:
        promotion.promote(w.item, N_("It is more than a quick win."), at=w.at, by=w.by)
        return
    old, w.item.kind = w.item.kind, kind
    w.note("kind", old, kind)


def set_importance(w: Writing, importance: Importance) -> None:
    """More importance asks for more aftercare; what was promised to the customer is not made less afterwards."""
    if w.item.phase in (Phase.CHECK, Phase.ACT) and importance is Importance.NORMAL is not w.item.importance:
        raise Invalid([FieldError("importance", N_("The work is done: its importance can no longer be lowered."))])
    column("importance")(w, importance)
    if planning.open_checks(w.item):
        planning.replan(w.item, facts_of(w.item, w.at))


def set_service(w: Writing, service_id: int | None) -> None:
    if service_id is not None:
        service = db.session.get(Service, service_id)
        if service is None or service.team_id != w.item.team_id:
            raise Invalid([FieldError("service_id", N_("Choose a service from the list."))])
    column("service_id")(w, service_id)


def set_customer(w: Writing, answer: Any) -> None:
    """One customer, or one more contact of a group; "unknown" needs no name."""
    item = w.item
    if answer.type is not CustomerType.UNKNOWN and not answer.name.strip():
        raise Invalid([FieldError("customer", N_("Write the customer's name, or choose “unknown”."))])
    old = {"type": item.customer_type, "name": item.customer_name}
    item.customer_type = answer.type
    item.customer_name = answer.name.strip()
    if answer.type is CustomerType.UNKNOWN:
        _replace_all(w)
    elif answer.email or answer.phone or answer.type is not CustomerType.GROUP:
        _set_contact(w, answer)
        contacts.ask_by_mail_now(item)
    _mark_guess(item, answer.is_type_guessed)
    w.note("customer", old, {"type": answer.type, "name": item.customer_name})


def _mark_guess(item: Item, is_guessed: bool) -> None:
    others = [name for name in item.defaulted if name != "customer_type"]
    item.defaulted = [*others, "customer_type"] if is_guessed else others


def _set_contact(w: Writing, answer: Any) -> None:
    item = w.item
    known = next((c for c in item.contacts if c.email == answer.email and c.name == answer.name), None)
    if answer.type is not CustomerType.GROUP:
        _replace_all(w, known)
    if known is not None:
        known.phone = answer.phone or known.phone
        # Named once more by who knows them: they are the right person after all.
        known.not_the_person_at = None
        return
    contact = Contact(item_id=item.id, name=answer.name, email=answer.email, phone=answer.phone, locale=answer.locale)
    item.contacts.append(contact)


def _replace_all(w: Writing, kept: Contact | None = None) -> None:
    for contact in list(w.item.contacts):
        if contact is not kept:
            contacts.replace(contact, at=w.at)


def set_lookalikes(w: Writing, answer: Any) -> None:
    if answer.choice is LookalikeChoice.SAME:
        _link_same(w, answer.same_as_id)
    column("lookalike_choice")(w, answer.choice)


def _link_same(w: Writing, other_id: int | None) -> None:
    """R15: the same as a closed one is a recurrence, the same as an open one a duplicate; either way it is linked."""
    other = db.session.get(Item, other_id) if other_id else None
    if other is None or other.team_id != w.item.team_id or other.id == w.item.id:
        raise Invalid([FieldError("lookalikes", N_("Choose the item that this is the same as."))])
    kind = ItemLinkKind.RECURRENCE_OF if other.phase is Phase.CLOSED else ItemLinkKind.DUPLICATE_OF
    key = {"item_id": w.item.id, "other_id": other.id, "kind": kind}
    if db.session.query(ItemLink).filter_by(**key).first() is None:
        db.session.add(ItemLink(**key))
        w.note(kind.value, None, other.number, "linked")


def set_owner(w: Writing, owner_id: int) -> None:
    assert w.by is not None
    handovers.make_owner(w.item, owner_id, by=w.by, at=w.at)
