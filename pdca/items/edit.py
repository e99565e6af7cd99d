"""Writing answers down: each question has one setter, each change one row in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import select

from pdca import clock
from pdca.catalogue.models import CustomerGroup, Service
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import decisions, handovers, planning, promotion, verdicts
from pdca.items.answers import Answers
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import Announcement, Call, Contact, Item, ItemLink, Lesson, Need
from pdca.items.permissions import MEMBERS, guard, may_edit, refuse
from pdca.items.queries import facts_of
from pdca.items.terms import (
    ActorKind,
    CallPurpose,
    CustomerType,
    Importance,
    ItemLinkKind,
    Kind,
    LookalikeChoice,
    Phase,
)
from pdca.people.models import Person
from pdca.people.queries import people_with, rules_of

TOO_FAR_FOR_QUICK_WIN = N_(
    "A quick win is done within %(days)s days: choose an earlier day, or make it an improvement action."
)
MAY_NOT_EDIT = N_("Only the owner, the board keeper or a leader may change this.")


@dataclass(frozen=True)
class Writing:
    """Who writes what down when; handed to every setter."""

    item: Item
    by: Person | None
    at: datetime
    kind: ActorKind = ActorKind.PERSON
    # Nobody gave these answers: stored defaults, never silent.
    is_default: bool = False

    @property
    def today(self) -> date:
        """Today in the team's zone."""
        return clock.today(self.item.team.timezone, self.at)

    def note(self, field: str, old: Any, new: Any, what: str = "edited") -> None:
        """One fact for the journal."""
        what = "defaulted" if self.is_default and what == "edited" else what
        record(self.item, what, by=self.by, at=self.at, kind=self.kind, field=field, old=old, new=new)


def edit(item: Item, answers: Answers, *, by: Person, at: datetime) -> None:
    """Change answers without a step. Refused on frozen and ended items and to who may not edit."""
    facts = facts_of(item, at)
    guard(facts, Act.EDIT)
    if not may_edit(by, item, at):
        raise refuse(MAY_NOT_EDIT)
    write(Writing(item, by, at), answers)


def write(writing: Writing, answers: Answers) -> None:
    """Write down what was answered; raises Invalid with every field that cannot be so."""
    errors: list[FieldError] = []
    # In the order of the table: the kind is known before the date that depends on it.
    for name in (name for name in _SETTERS if name in answers):
        try:
            _SETTERS[name](writing, answers[name])  # type: ignore[literal-required]
        except Invalid as invalid:
            errors += invalid.errors
    if errors:
        raise Invalid(errors)
    given = [name for name in writing.item.defaulted if name not in answers]
    if given != writing.item.defaulted:
        writing.item.defaulted = given


def write_default(writing: Writing, name: str, value: Any) -> None:
    """Store an answer nobody gave, marked as such: never silent."""
    _SETTERS[name](replace(writing, is_default=True), value)
    if name not in writing.item.defaulted:
        writing.item.defaulted = [*writing.item.defaulted, name]


def _column(name: str) -> Callable[[Writing, Any], None]:
    """A setter for one plain column of the item."""

    def set_column(w: Writing, value: Any) -> None:
        old = getattr(w.item, name)
        if old != value:
            setattr(w.item, name, value)
            w.note(name, old, value)

    return set_column


def _text(name: str, limit: int) -> Callable[[Writing, Any], None]:
    """A setter for a text that may not be emptied."""
    plain = _column(name)

    def set_text(w: Writing, value: Any) -> None:
        text = " ".join(value.split()) if limit <= 300 else value.strip()
        if not text:
            raise Invalid([FieldError(name, N_("Write something here."))])
        if len(text) > limit:
            raise Invalid([FieldError(name, N_("Use at most %(limit)s characters."), {"limit": limit})])
        plain(w, text)

    return set_text


def _round_text(name: str) -> Callable[[Writing, Any], None]:
    def set_text(w: Writing, value: Any) -> None:
        text = value.strip()
        if not text:
            raise Invalid([FieldError(name, N_("Write something here."))])
        old = getattr(w.item.round, name)
        if old != text:
            setattr(w.item.round, name, text)
            w.note(name, old, text)

    return set_text


def _set_kind(w: Writing, kind: Kind) -> None:
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


def _set_importance(w: Writing, importance: Importance) -> None:
    """More importance asks for more aftercare; what was promised to the customer is not made less afterwards."""
    if w.item.phase in (Phase.CHECK, Phase.ACT) and importance is Importance.NORMAL is not w.item.importance:
        raise Invalid([FieldError("importance", N_("The work is done: its importance can no longer be lowered."))])
    _column("importance")(w, importance)
    if planning.open_checks(w.item):
        planning.replan(w.item, facts_of(w.item, w.at))


def _set_service(w: Writing, service_id: int | None) -> None:
    if service_id is not None:
        service = db.session.get(Service, service_id)
        if service is None or service.team_id != w.item.team_id:
            raise Invalid([FieldError("service_id", N_("Choose a service from the list."))])
    _column("service_id")(w, service_id)


def _set_customer(w: Writing, answer: Any) -> None:
    """One customer, or one more contact of a group; "unknown" needs no name."""
    item = w.item
    if answer.type is not CustomerType.UNKNOWN and not answer.name.strip():
        raise Invalid([FieldError("customer", N_("Write the customer's name, or choose “unknown”."))])
    old = {"type": item.customer_type, "name": item.customer_name}
    item.customer_type = answer.type
    item.customer_name = answer.name.strip()
    if answer.type is CustomerType.UNKNOWN:
        _forget_contacts(item)
    elif answer.email or answer.phone or answer.type is not CustomerType.GROUP:
        _set_contact(item, answer)
    _mark_guess(item, answer.is_type_guessed)
    w.note("customer", old, {"type": answer.type, "name": item.customer_name})


def _mark_guess(item: Item, is_guessed: bool) -> None:
    others = [name for name in item.defaulted if name != "customer_type"]
    item.defaulted = [*others, "customer_type"] if is_guessed else others


def _set_contact(item: Item, answer: Any) -> None:
    known = next((c for c in item.contacts if c.email == answer.email and c.name == answer.name), None)
    if answer.type is not CustomerType.GROUP:
        _forget_contacts(item, known)
    if known is not None:
        known.phone = answer.phone or known.phone
        return
    contact = Contact(item_id=item.id, name=answer.name, email=answer.email, phone=answer.phone, locale=answer.locale)
    item.contacts.append(contact)


def _forget_contacts(item: Item, kept: Contact | None = None) -> None:
    """Contacts that answered stay as who they were; the others go."""
    answered = {a.contact_id for c in item.checks for a in c.answers}
    for contact in list(item.contacts):
        if contact is not kept and contact.id not in answered:
            item.contacts.remove(contact)
            db.session.delete(contact)


def _set_lookalikes(w: Writing, answer: Any) -> None:
    if answer.choice is LookalikeChoice.SAME:
        _link_same(w, answer.same_as_id)
    _column("lookalike_choice")(w, answer.choice)


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


def _set_need(w: Writing, answer: Any) -> None:
    if not answer.who.strip():
        raise Invalid([FieldError("need", N_("Write who asked for this."))])
    if answer.how_many < 1:
        raise Invalid([FieldError("need", N_("At least one person asked for it."))])
    row = _need_row(w.item)
    row.who, row.how_many, row.channel, row.quote = answer.who, answer.how_many, answer.channel, answer.quote
    w.note("need", None, {"who": answer.who, "how_many": answer.how_many, "channel": answer.channel})


def _need_row(item: Item) -> Need:
    """A default is corrected in place; what somebody told us stays beside what the next one tells."""
    if "need" in item.defaulted and item.needs:
        return item.needs[-1]
    row = Need(item_id=item.id)
    item.needs.append(row)
    return row


def _set_no_survey(w: Writing, reason: str) -> None:
    """R1: for an action "no survey" needs the leader, who is asked at once."""
    _text("no_survey_reason", 2000)(w, reason)
    if w.item.kind is Kind.IMPROVEMENT and w.by is not None:
        decisions.ask_no_survey(w.item, reason, by=w.by, at=w.at)


def _set_due_on(w: Writing, due_on: date) -> None:
    """A date in New and Plan is being agreed; in Do it is a promise and moves only by promises.change_date."""
    if w.item.phase not in (Phase.NEW, Phase.PLAN):
        raise Invalid([FieldError("due_on", N_("A promise moves with a new date, a reason and word to the customer."))])
    if due_on < w.today:
        raise Invalid([FieldError("due_on", N_("Choose today or a later day."))])
    limit = rules_of([w.item.team_id])[w.item.team_id].settings.quick_win_days
    if w.item.kind is Kind.QUICK_WIN and (due_on - w.today).days > limit:
        raise Invalid(
            [
                FieldError(
                    "due_on",
                    TOO_FAR_FOR_QUICK_WIN,
                    {"days": limit},
                )
            ]
        )
    _column("due_on")(w, due_on)
    if "agreed" in w.item.defaulted:
        # The default says it was agreed on the day the date was given.
        w.item.agreed_on = w.today


def _set_still_needed(w: Writing, still_needed: bool) -> None:
    if still_needed:
        _column("still_needed_on")(w, w.today)


def _set_agreed(w: Writing, answer: Any) -> None:
    if not answer.with_whom.strip() or not answer.how.strip():
        raise Invalid([FieldError("agreed", N_("Write with whom you agreed it, and how."))])
    if answer.on > w.today:
        raise Invalid([FieldError("agreed", N_("Agreed on a day that is still to come?"))])
    _column("agreed_with")(w, answer.with_whom.strip())
    _column("agreed_on")(w, answer.on)
    _column("agreed_how")(w, answer.how.strip())


def _set_aftercare(w: Writing, answer: Any) -> None:
    """R12: how we ask, who asks, and what counts as solved; the dates follow from when the work is done."""
    if not answer.criterion.strip():
        raise Invalid([FieldError("aftercare", N_("Write what counts as solved."))])
    if answer.asker_id is not None and not _works_here(w.item.team_id, answer.asker_id):
        raise Invalid([FieldError("aftercare", N_("Choose somebody who works in this team."))])
    _column("care_method")(w, answer.method)
    _column("care_asker_id")(w, answer.asker_id)
    _column("care_criterion")(w, answer.criterion.strip())
    planning.change_method(w.item, answer.method)


def _works_here(team_id: int, person_id: int) -> bool:
    return any(p.id == person_id for p in people_with(team_id, *MEMBERS))


def _set_baseline(w: Writing, answer: Any) -> None:
    whole = all((answer.good.strip(), answer.better.strip(), answer.change.strip()))
    if answer.mark is None and not whole:
        raise Invalid(
            [
                FieldError(
                    "baseline",
                    N_("Give a mark, or write all three: what is good, what can be better, what must change."),
                )
            ]
        )
    if answer.mark is not None and not 1 <= answer.mark <= 10:
        raise Invalid([FieldError("baseline", N_("A mark is a whole number from 1 to 10."))])
    if answer.on > w.today:
        raise Invalid([FieldError("baseline", N_("A baseline was taken today or earlier."))])
    row = w.item.round
    old = {"on": row.baseline_on, "mark": row.baseline_mark, "good": row.baseline_good} if row.baseline_on else None
    row.baseline_on, row.baseline_mark = answer.on, answer.mark
    row.baseline_good, row.baseline_better, row.baseline_change = answer.good, answer.better, answer.change
    w.note("baseline", old, {"on": answer.on, "mark": answer.mark, "good": answer.good})


def _set_small_test(w: Writing, answer: Any) -> None:
    empty = [n for n in ("where", "with_whom", "prediction", "how_we_know") if not getattr(answer, n).strip()]
    if empty:
        raise Invalid(
            [
                FieldError(
                    "small_test",
                    N_("A small test needs where, with whom, a prediction and how you will know."),
                )
            ]
        )
    if answer.until < w.today:
        raise Invalid([FieldError("small_test", N_("Choose today or a later day."))])
    row = w.item.round
    old = {"prediction": row.prediction, "where": row.test_where}
    row.test_where, row.test_with, row.test_until = answer.where, answer.with_whom, answer.until
    row.prediction, row.how_we_know = answer.prediction, answer.how_we_know
    w.note("small_test", old, {"prediction": answer.prediction, "where": answer.where})


def _set_groups(w: Writing, group_ids: list[int]) -> None:
    groups = db.session.scalars(
        select(CustomerGroup).where(CustomerGroup.id.in_(group_ids), CustomerGroup.team_id == w.item.team_id)
    ).all()
    if len(groups) != len(set(group_ids)):
        raise Invalid([FieldError("groups", N_("Choose groups from the list."))])
    old = [g.name for g in w.item.groups]
    w.item.groups = list(groups)
    w.note("groups", old, [g.name for g in groups])


def _set_touchpoint(w: Writing, answer: Any) -> None:
    _text("touchpoint", 200)(w, answer.touchpoint)
    _text("contact_role", 200)(w, answer.role)


def _set_carried_out(w: Writing, answer: Any) -> None:
    """Carried out lies within the round's Do and not in the future."""
    row = w.item.round
    if w.item.phase is not Phase.DO:
        raise Invalid([FieldError("carried_out", N_("What was carried out is written down in Do."))])
    if not answer.what.strip():
        raise Invalid([FieldError("carried_out", N_("Write what was really done."))])
    if answer.on > w.today:
        raise Invalid([FieldError("carried_out", N_("Carried out on a day that is still to come?"))])
    if answer.on < clock.today(w.item.team.timezone, w.item.phase_since):
        raise Invalid([FieldError("carried_out", N_("The work of this round had not started on that day."))])
    old = {"on": row.carried_out_on, "what": row.carried_out} if row.carried_out_on else None
    row.carried_out_on, row.carried_out, row.carried_out_recorded_on = answer.on, answer.what.strip(), w.today
    w.note("carried_out", old, {"on": answer.on, "what": answer.what})


def _set_announcement(w: Writing, answer: Any) -> None:
    """R4: a late announcement is recorded as a breach, never refused."""
    if not answer.audience.strip() or not answer.text.strip():
        raise Invalid([FieldError("announcement", N_("Write who hears it and what you tell them."))])
    if answer.announced_on > w.today:
        raise Invalid([FieldError("announcement", N_("Announced on a day that is still to come?"))])
    assert w.by is not None
    row = Announcement(
        item_id=w.item.id,
        round_number=w.item.round_number,
        announced_on=answer.announced_on,
        go_live_on=answer.go_live_on,
        audience=answer.audience.strip(),
        text=answer.text.strip(),
        is_late=answer.announced_on > answer.go_live_on,
        by_id=w.by.id,
    )
    w.item.announcements.append(row)
    w.note(
        "announcement",
        None,
        {"on": answer.announced_on, "go_live": answer.go_live_on, "late": row.is_late},
        "announced",
    )


def _set_call(w: Writing, answer: Any) -> None:
    """R10: who was called, when, how it goes, what was adjusted."""
    if not answer.with_whom.strip() or answer.verdict is None:
        raise Invalid([FieldError("call", N_("Write whom you called and how it goes."))])
    if w.item.phase is not Phase.DO or answer.on < clock.today(w.item.team.timezone, w.item.phase_since):
        raise Invalid([FieldError("call", N_("A call during the work is made in Do."))])
    if answer.on > w.today:
        raise Invalid([FieldError("call", N_("Called on a day that is still to come?"))])
    assert w.by is not None
    w.item.calls.append(
        Call(
            item_id=w.item.id,
            round_number=w.item.round_number,
            purpose=CallPurpose.DURING_WORK,
            with_whom=answer.with_whom.strip(),
            on=answer.on,
            channel=answer.channel,
            verdict=answer.verdict,
            notes=answer.notes,
            by_id=w.by.id,
            recorded_at=w.at,
        )
    )
    w.note("call", None, {"with": answer.with_whom, "on": answer.on, "verdict": answer.verdict}, "called")


def _set_prediction_result(w: Writing, answer: Any) -> None:
    row = w.item.round
    old = row.prediction_result
    row.prediction_result, row.result = answer.came_true, answer.result.strip()
    w.note("prediction_result", old, {"came_true": answer.came_true, "result": answer.result})


def _set_verdict(w: Writing, answer: Any) -> None:
    assert w.by is not None
    verdicts.give_verdict(w.item, answer, by=w.by, at=w.at)


def _set_standard(w: Writing, answer: Any) -> None:
    keeper = db.session.get(Person, answer.keeper_id)
    if not answer.where.strip() or keeper is None or not keeper.is_active:
        raise Invalid([FieldError("standard", N_("Write where it is written down, and choose who keeps it."))])
    row = w.item.round
    old = row.standard_where
    row.standard_where, row.standard_keeper_id = answer.where.strip(), keeper.id
    w.note("standard", old, {"where": answer.where, "keeper": keeper.id})


def _set_lesson(w: Writing, answer: Any) -> None:
    if not answer.what_happened.strip():
        raise Invalid([FieldError("lesson", N_("Write what happened."))])
    assert w.by is not None
    w.item.lessons.append(
        Lesson(
            item_id=w.item.id,
            round_number=w.item.round_number,
            what_happened=answer.what_happened.strip(),
            why=answer.why.strip(),
            differently=answer.differently.strip(),
            for_whom=answer.for_whom.strip(),
            by_id=w.by.id,
            at=w.at,
        )
    )
    w.note("lesson", None, answer.what_happened, "lesson")


def _set_why_not(w: Writing, text: str) -> None:
    """Why it did not work is the lesson of a failed round (R14)."""
    _round_text("why_not")(w, text)


def _set_owner(w: Writing, owner_id: int) -> None:
    assert w.by is not None
    handovers.make_owner(w.item, owner_id, by=w.by, at=w.at)


def _nothing(_w: Writing, _value: Any) -> None:
    """Answers that belong to the step itself; moves.py reads them."""


_SETTERS: dict[str, Callable[[Writing, Any], None]] = {
    "title": _text("title", 200),
    "problem": _text("problem", 5000),
    "noticeable": _text("noticeable", 2000),
    "kind": _set_kind,
    "importance": _set_importance,
    "service_id": _set_service,
    "channel": _column("channel"),
    "customer": _set_customer,
    "lookalikes": _set_lookalikes,
    "owner_id": _set_owner,
    "need": _set_need,
    "no_survey": _set_no_survey,
    "purpose": _text("purpose", 2000),
    "due_on": _set_due_on,
    "last_useful_on": _column("last_useful_on"),
    "still_needed": _set_still_needed,
    "agreed": _set_agreed,
    "aftercare": _set_aftercare,
    "catalogue_changes": _column("catalogue_changes"),
    "baseline": _set_baseline,
    "root_cause": _round_text("root_cause"),
    "small_test": _set_small_test,
    "groups": _set_groups,
    "touchpoint": _set_touchpoint,
    "carried_out": _set_carried_out,
    "announcement": _set_announcement,
    "call": _set_call,
    "prediction_result": _set_prediction_result,
    "verdict": _set_verdict,
    "standard": _set_standard,
    "lesson": _set_lesson,
    "why_not": _set_why_not,
    "share": _column("share"),
    "adjusted_prediction": _nothing,
    "reason": _nothing,
    "review_on": _nothing,
    "cause": _nothing,
    "twin_id": _nothing,
    "told": _nothing,
}

# A form may ask which answers exist; nothing else is accepted anywhere.
ANSWER_NAMES = frozenset(_SETTERS)


def as_answers(**values: Any) -> Answers:
    """Answers from keyword values, for callers that build them one by one."""
    unknown = values.keys() - ANSWER_NAMES
    if unknown:
        raise Invalid([FieldError(name, N_("This field is not known here.")) for name in sorted(unknown)])
    return cast("Answers", values)
