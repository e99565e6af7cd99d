"""Writing down what Plan asks: who asked for it, the promise, the aftercare, and what an action asks besides."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from pdca.catalogue.models import CustomerGroup
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import decisions, planning
from pdca.items.models import Item, Need
from pdca.items.permissions import MEMBERS
from pdca.items.terms import Kind, Phase
from pdca.items.writing import Writing, column, text_column
from pdca.people.queries import people_with, rules_of

TOO_FAR_FOR_QUICK_WIN = N_(
    "A quick win is done within %(days)s days: choose an earlier day, or make it an improvement action."
)


def set_need(w: Writing, answer: Any) -> None:
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


def set_no_survey(w: Writing, reason: str) -> None:
    """R1: for an action "no survey" needs the leader, who is asked at once."""
    text_column("no_survey_reason", 2000)(w, reason)
    if w.item.kind is Kind.IMPROVEMENT and w.by is not None:
        decisions.ask_no_survey(w.item, reason, by=w.by, at=w.at)


def set_due_on(w: Writing, due_on: date) -> None:
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
    column("due_on")(w, due_on)
    if "agreed" in w.item.defaulted:
        # The default says it was agreed on the day the date was given.
        w.item.agreed_on = w.today


def set_still_needed(w: Writing, still_needed: bool) -> None:
    if still_needed:
        column("still_needed_on")(w, w.today)


def set_agreed(w: Writing, answer: Any) -> None:
    if not answer.with_whom.strip() or not answer.how.strip():
        raise Invalid([FieldError("agreed", N_("Write with whom you agreed it, and how."))])
    if answer.on > w.today:
        raise Invalid([FieldError("agreed", N_("Agreed on a day that is still to come?"))])
    column("agreed_with")(w, answer.with_whom.strip())
    column("agreed_on")(w, answer.on)
    column("agreed_how")(w, answer.how.strip())


def set_aftercare(w: Writing, answer: Any) -> None:
    """R12: how we ask, who asks, and what counts as solved; the dates follow from when the work is done."""
    if not answer.criterion.strip():
        raise Invalid([FieldError("aftercare", N_("Write what counts as solved."))])
    if answer.asker_id is not None and not _works_here(w.item.team_id, answer.asker_id):
        raise Invalid([FieldError("aftercare", N_("Choose somebody who works in this team."))])
    column("care_method")(w, answer.method)
    column("care_asker_id")(w, answer.asker_id)
    column("care_criterion")(w, answer.criterion.strip())
    planning.change_method(w.item, answer.method)


def _works_here(team_id: int, person_id: int) -> bool:
    return any(p.id == person_id for p in people_with(team_id, *MEMBERS))


def set_baseline(w: Writing, answer: Any) -> None:
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


def set_small_test(w: Writing, answer: Any) -> None:
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


def set_groups(w: Writing, group_ids: list[int]) -> None:
    groups = db.session.scalars(
        select(CustomerGroup).where(CustomerGroup.id.in_(group_ids), CustomerGroup.team_id == w.item.team_id)
    ).all()
    if len(groups) != len(set(group_ids)):
        raise Invalid([FieldError("groups", N_("Choose groups from the list."))])
    old = [g.name for g in w.item.groups]
    w.item.groups = list(groups)
    w.note("groups", old, [g.name for g in groups])


def set_touchpoint(w: Writing, answer: Any) -> None:
    text_column("touchpoint", 200)(w, answer.touchpoint)
    text_column("contact_role", 200)(w, answer.role)
