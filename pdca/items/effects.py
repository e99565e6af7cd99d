"""What each step does, beside moving the card: before its answers, after them, and once the gate is met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pdca.errors import N_, FieldError, Invalid
from pdca.items import planning, promises
from pdca.items.answers import Answers, LessonAnswer
from pdca.items.defaults import fill_quick_win
from pdca.items.edit import write
from pdca.items.ending import drop_waiting_date, end, join_twin, say
from pdca.items.facts import Facts
from pdca.items.journal import record
from pdca.items.lifecycle import Step
from pdca.items.lookalikes import settle_lookalikes
from pdca.items.models import Item
from pdca.items.permissions import refuse, require_step
from pdca.items.queries import facts_of
from pdca.items.rounds import open_round
from pdca.items.terms import ActorKind, LookalikeChoice, Phase, WordKind
from pdca.items.writing import Writing
from pdca.people.models import Person


@dataclass(frozen=True)
class Going:
    """One step on its way: what every effect may look at."""

    item: Item
    step: Step
    facts: Facts
    answers: Answers
    by: Person | None
    at: datetime
    kind: ActorKind
    behalf: int | None

    @property
    def writing(self) -> Writing:
        """For answers that are written down on the way."""
        return Writing(self.item, self.by, self.at, self.kind)

    @property
    def person(self) -> Person:
        """The actor of a step that only people take."""
        assert self.by is not None
        return self.by


def nothing(_going: Going) -> None:
    """A step without anything of its own here."""


# --- before the answers ----------------------------------------------------------------------------------


def _decide(going: Going) -> None:
    """Taking it up is the decision (R27)."""
    item = going.item
    item.decided_at = item.decided_at or going.at
    item.taken_up_at = going.at


def _check_new_date(going: Going) -> None:
    """Partly: same plan, a new date."""
    due_on = going.answers.get("due_on")
    if due_on is None:
        return
    if due_on < going.facts.today:
        raise Invalid([FieldError("due_on", N_("Choose today or a later day."))])


# --- after the answers, before the gate ------------------------------------------------------------------


def _fill_and_look(going: Going) -> None:
    """The answers may have changed the kind: a member takes up a quick win only."""
    require_step(going.person, going.item, going.step, going.facts)
    settle_lookalikes(going.writing)
    fill_quick_win(going.writing)


def _fill(going: Going) -> None:
    fill_quick_win(going.writing)


def _lesson_from_why(going: Going) -> None:
    """The "why it did not work" of a failed round is its lesson (R14)."""
    why = going.item.round.why_not.strip()
    if why and not facts_of(going.item, going.at).has_lesson:
        write(going.writing, {"lesson": LessonAnswer(what_happened=why, why=why)})


# --- what a step does ------------------------------------------------------------------------------------


def _take_up(going: Going) -> None:
    if going.item.lookalike_choice is LookalikeChoice.SAME:
        raise refuse(
            N_("This is the same as another item: reopen that one, or decline this as its twin."),
            rule="R15",
            field="lookalikes",
            name="lookalikes",
        )


def _start(going: Going) -> None:
    item = going.item
    item.round.started_at = item.round.started_at or going.at
    promises.promise_on_start(item, facts_of(item, going.at), going.answers, by=going.person, at=going.at)
    planning.plan(item, facts_of(item, going.at))
    _note_checks(going)


def _finish(going: Going) -> None:
    item = going.item
    planning.schedule(item, facts_of(item, going.at))
    _note_checks(going)
    item.waiting_on, item.waiting_until = "", None
    drop_waiting_date(item, at=going.at)


def _note_checks(going: Going) -> None:
    """The journal knows when each check is: days after the work at first, a date once it was carried out."""
    days = {f"{c.number}": c.due_on or c.offset_days for c in planning.open_checks(going.item)}
    record(going.item, "aftercare_planned", by=going.by, at=going.at, field="aftercare", new=days)


def _close(going: Going) -> None:
    item = going.item
    last = facts_of(item, going.at).last_settled
    assert last is not None
    item.final_verdict = last.verdict
    item.round.verdict = last.verdict
    item.round.frozen_at = going.at
    _end(going, WordKind.CLOSED, item.round.carried_out)


def _back_to_plan(going: Going) -> None:
    """The work is not done after all; a date that waits for the leader is void."""
    item = going.item
    planning.cancel_open(item, going.at)
    drop_waiting_date(item, at=going.at)
    item.round.carried_out_on = None


def _next_round(going: Going) -> None:
    item = going.item
    open_round(item, item.round.why_not, by=going.by, at=going.at)
    prediction = going.answers.get("adjusted_prediction", "").strip()
    if prediction:
        record(
            item,
            "edited",
            by=going.by,
            at=going.at,
            field="prediction",
            old=item.round.prediction,
            new=prediction,
        )
        item.round.prediction = prediction


def _finish_the_rest(going: Going) -> None:
    """The same plan, a new date; the checks are planned anew and count from when the rest is done."""
    item = going.item
    planning.cancel_open(item, going.at)
    promises.promise_the_rest(item, going.facts, going.answers, by=going.person, at=going.at)
    item.round.carried_out_on = None
    planning.plan(item, facts_of(item, going.at))
    _note_checks(going)


def _decline(going: Going) -> None:
    item = going.item
    item.decided_at = going.at
    twin_id = going.answers.get("twin_id")
    if twin_id is not None:
        join_twin(item, twin_id, by=going.person, at=going.at)
    _end(going, WordKind.DECLINED, going.answers.get("reason", ""))


def _park(going: Going) -> None:
    item = going.item
    review_on: date = going.answers["review_on"]
    if review_on <= going.facts.today:
        raise Invalid([FieldError("review_on", N_("Choose a day after today."))])
    item.resumes_in, item.review_on, item.end_reason = item.phase, review_on, going.answers.get("reason", "")
    if item.phase is Phase.NEW:
        item.decided_at = item.decided_at or going.at
    say(item, WordKind.PARKED, item.end_reason, by=going.by, at=going.at)


def _resume(going: Going) -> None:
    going.item.resumes_in, going.item.review_on, going.item.end_reason = None, None, ""


def _stop(going: Going) -> None:
    going.item.round.frozen_at = going.at
    _end(going, WordKind.STOPPED, going.answers.get("reason", ""))


def _end(going: Going, word: WordKind, text: str) -> None:
    end(going.item, word, text, going.answers.get("reason", ""), by=going.by, at=going.at)


def _reopen(going: Going) -> None:
    """Back to Plan as the next round; a second recurrence asks for the root cause (R15)."""
    item = going.item
    open_round(item, "", by=going.by, at=going.at)
    item.ended_at, item.final_verdict, item.end_reason = None, None, ""
    item.recurrences += 1


# The promise of "finish the rest" is made by its effect, with its reason and word to the customer.
OWN_ANSWERS = {"finish_the_rest": ("due_on",)}
BEFORE: dict[str, Callable[[Going], None]] = {"take_up": _decide, "finish_the_rest": _check_new_date}
AFTER_ANSWERS: dict[str, Callable[[Going], None]] = {
    "take_up": _fill_and_look,
    "start": _fill,
    "next_round": _lesson_from_why,
}
EFFECTS: dict[str, Callable[[Going], None]] = {
    "take_up": _take_up,
    "start": _start,
    "finish": _finish,
    "embed": nothing,
    "close": _close,
    "back_to_plan": _back_to_plan,
    "next_round": _next_round,
    "finish_the_rest": _finish_the_rest,
    "decline": _decline,
    "park": _park,
    "resume": _resume,
    "stop": _stop,
    "reopen": _reopen,
}
