"""The head of the page: why, by when, the last mark, and what stands in red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from pdca import clock
from pdca.items import words
from pdca.items.facts import Facts
from pdca.items.models import Item, Promise
from pdca.items.terms import (
    Phase,
    PromiseState,
)
from pdca.items.views import history
from pdca.items.views.answered import customer_words, is_defaulted
from pdca.items.views.reading import Reading
from pdca.items.views.sheet import Link

QUOTES = " \"'“”„‘’«»"


@dataclass(frozen=True)
class Why:
    """The purpose, and who it is for."""

    text: str
    is_defaulted: bool
    customer: str
    noticeable: str

    @property
    def quoted(self) -> str:
        """In quotation marks, once: people often type them along."""
        return f"“{self.text.strip(QUOTES)}”"


@dataclass(frozen=True)
class Promised:
    """The promise in words."""

    day: str
    iso: str
    tone: str
    state: str
    notes: tuple[str, ...]
    is_defaulted: bool = False


def since(facts: Facts) -> str:
    count = (facts.today - clock.today(facts.timezone, facts.phase_since)).days
    phase = str(words.PHASE_NAMES[facts.phase])
    if not count:
        return gettext("since today in %(phase)s", phase=phase)
    return ngettext("%(num)s day in %(phase)s", "%(num)s days in %(phase)s", count, phase=phase)


def side_state(item: Item, facts: Facts) -> str:
    if item.phase is Phase.PARKED and item.review_on:
        return gettext("Parked. We look at it again: %(day)s.", day=words.day(item.review_on, facts.today))
    ended = words.day(clock.today(facts.timezone, item.ended_at), facts.today) if item.ended_at else ""
    texts = {
        Phase.CLOSED: gettext("Closed: %(day)s.", day=ended),
        Phase.STOPPED: gettext("Stopped: %(day)s.", day=ended),
        Phase.DECLINED: gettext("Declined: %(day)s.", day=ended),
    }
    return texts.get(item.phase, "")


def end_note(item: Item, facts: Facts) -> str:
    if item.phase is Phase.CLOSED and item.final_verdict is not None:
        return gettext("Verdict: %(verdict)s.", verdict=str(words.VERDICT_NAMES[item.final_verdict]))
    return item.end_reason if not facts.is_open or item.phase is Phase.PARKED else ""


def frozen_words(facts: Facts) -> tuple[str, str]:
    """("3 days late", "promised Fri 20 Nov"), or two empty texts."""
    since = facts.frozen_since
    if since is None:
        return "", ""
    day = words.short_day(since, facts.today)
    note = gettext("promised %(day)s", day=day) if facts.phase is Phase.DO else gettext("aftercare %(day)s", day=day)
    return words.days_late((facts.today - since).days), note


def ways_out(r: Reading) -> tuple[Link, ...]:
    """Exactly the three acts of R8, in a row."""
    return (
        (r.url("items.done"), gettext("Done")),
        (r.url("items.new_date"), gettext("New date")),
        (r.url("items.help"), gettext("Need help")),
    )


def why(item: Item) -> Why:
    return Why(
        text=item.purpose or item.problem,
        is_defaulted=is_defaulted(item, "purpose"),
        customer=customer_words(item),
        noticeable=item.noticeable,
    )


def promised(item: Item, facts: Facts) -> Promised | None:
    due = item.due_on
    if due is None:
        wanted = item.proposed_due_on
        if wanted is None:
            return None
        note = gettext("Wanted when it was imported; no promise yet.")
        return Promised(words.short_day(wanted, facts.today), wanted.isoformat(), "", "", (note,))
    soon = facts.phase in (Phase.PLAN, Phase.DO) and 0 <= (due - facts.today).days <= 1
    tone = "frozen" if facts.phase is Phase.DO and facts.is_frozen else "soon" if soon else ""
    return Promised(
        day=words.short_day(due, facts.today),
        iso=due.isoformat(),
        tone=tone,
        state=_promise_state(item, facts),
        notes=tuple(_promise_notes(item, facts)),
        is_defaulted=is_defaulted(item, "due_on"),
    )


def _promise_state(item: Item, facts: Facts) -> str:
    due, done = item.due_on, item.round.carried_out_on
    assert due is not None
    if done is not None:
        early = (due - done).days
        if early > 0:
            return ngettext("Kept, %(num)s day early", "Kept, %(num)s days early", early)
        return gettext("Kept, on the day") if early == 0 else words.days_late(-early)
    if facts.phase is Phase.PLAN:
        return gettext("Agreed, not started yet")
    left = (due - facts.today).days
    if left < 0:
        return words.days_late(-left)
    return words.day(due, facts.today) if left <= 1 else gettext("in %(days)s", days=words.days(left))


def _promise_notes(item: Item, facts: Facts) -> Iterator[str]:
    if item.times_moved:
        yield moved(facts)
    waiting = next((p for p in item.promises if p.state is PromiseState.WAITING), None)
    if waiting is not None:
        yield gettext("Asked: %(day)s. It waits for the leader.", day=words.short_day(waiting.due_on, facts.today))
    standing = _standing(item)
    if standing is not None and standing.told_how is not None:
        yield history.told_words(standing, facts)


def _standing(item: Item) -> Promise | None:
    return next((p for p in reversed(item.promises) if p.state is PromiseState.STANDING), None)


def moved(facts: Facts) -> str:
    """ "moved 2×, first promised Thu 29 Oct"."""
    if not facts.times_moved or facts.first_promised_on is None:
        return ""
    day = words.short_day(facts.first_promised_on, facts.today)
    return gettext("%(moved)s, first promised %(day)s", moved=words.moved(facts.times_moved), day=day)


def mark_note(item: Item, facts: Facts) -> str:
    before = item.round.baseline_mark
    if facts.last_mark is not None and before is not None:
        return gettext("Was a %(mark)s before", mark=before)
    if facts.last_mark is None and item.phase in (Phase.CHECK, Phase.ACT):
        return gettext("No mark yet. Silence is not approval.")
    return gettext("The customer gives it after the work.") if facts.last_mark is None else ""
