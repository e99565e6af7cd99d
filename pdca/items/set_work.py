"""Writing down what Do, Check and Act ask: what was done, told, heard, judged, embedded and learned."""

from __future__ import annotations

from typing import Any

from pdca import clock
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import verdicts
from pdca.items.models import Announcement, Call, Lesson
from pdca.items.terms import CallPurpose, Phase
from pdca.items.writing import Writing, round_text
from pdca.people.models import Person


def set_carried_out(w: Writing, answer: Any) -> None:
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


def set_announcement(w: Writing, answer: Any) -> None:
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


def set_call(w: Writing, answer: Any) -> None:
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


def set_prediction_result(w: Writing, answer: Any) -> None:
    row = w.item.round
    old = row.prediction_result
    row.prediction_result, row.result = answer.came_true, answer.result.strip()
    w.note("prediction_result", old, {"came_true": answer.came_true, "result": answer.result})


def set_verdict(w: Writing, answer: Any) -> None:
    assert w.by is not None
    verdicts.give_verdict(w.item, answer, by=w.by, at=w.at)


def set_standard(w: Writing, answer: Any) -> None:
    keeper = db.session.get(Person, answer.keeper_id)
    if not answer.where.strip() or keeper is None or not keeper.is_active:
        raise Invalid([FieldError("standard", N_("Write where it is written down, and choose who keeps it."))])
    row = w.item.round
    old = row.standard_where
    row.standard_where, row.standard_keeper_id = answer.where.strip(), keeper.id
    w.note("standard", old, {"where": answer.where, "keeper": keeper.id})


def set_lesson(w: Writing, answer: Any) -> None:
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


def set_why_not(w: Writing, text: str) -> None:
    """Why it did not work is the lesson of a failed round (R14)."""
    round_text("why_not")(w, text)
