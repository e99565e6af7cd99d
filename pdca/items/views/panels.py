"""What waits for somebody: the handover, decisions, waivers, the verdict, word to the customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from pdca import clock
from pdca.items import words
from pdca.items.facts import CheckFacts, Facts
from pdca.items.letters import drafts
from pdca.items.models import Handover
from pdca.items.moves import is_asked_whether_it_came_back
from pdca.items.permissions import KEEPERS
from pdca.items.terms import (
    CustomerType,
    DecisionKind,
    DecisionState,
    HandoverState,
    Phase,
)
from pdca.items.views.acts import note_rows
from pdca.items.views.reading import Reading
from pdca.items.views.sheet import Link


@dataclass(frozen=True)
class HandoverView:
    """The open handover."""

    id: int
    title: str
    rows: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]
    withdraw_url: str


@dataclass(frozen=True)
class DecisionView:
    """Something asked of a leader, and what was answered."""

    id: int
    title: str
    question: str
    answer: str
    tag: str
    url: str


@dataclass(frozen=True)
class LetterView:
    """A customer's mail that may be an answer to a check."""

    title: str
    text: str
    record_url: str
    aside_url: str


def letters(r: Reading) -> tuple[LetterView, ...]:
    """Offered to whoever works here: to record, or to put aside. It counts for nothing until then."""
    if not r.works_here:
        return ()
    return tuple(
        LetterView(
            title=gettext("%(name)s answered our mail. Is this the answer to the check?", name=draft.name),
            text=draft.text,
            record_url=r.url("items.check_answer", check_id=draft.check_id, source="call", letter=draft.id),
            aside_url=r.url("items.letter_aside", entry_id=draft.id),
        )
        for draft in drafts(r.item)
    )


def may_hand_over(r: Reading) -> bool:
    owns = r.item.responsible_id == r.person.id
    return r.facts.is_open and r.item.owner_id is not None and (owns or r.role in KEEPERS)


def handover(r: Reading) -> HandoverView | None:
    row = next((h for h in r.item.handovers if h.state is HandoverState.OPEN), None)
    if row is None:
        return None
    receiver = row.receiver.name if row.receiver else ""
    title = gettext("Being handed over to %(name)s", name=receiver) if receiver else gettext("It waits for a new owner")
    may_give = r.item.responsible_id == r.person.id or r.role in KEEPERS
    keeps = may_give and r.item.caretaker_id is None
    return HandoverView(
        id=row.id,
        title=title,
        rows=note_rows(row),
        links=tuple(_handover_links(r, row, may_give)),
        withdraw_url=r.url("items.withdrawal", handover_id=row.id) if keeps else "",
    )


def _handover_links(r: Reading, row: Handover, may_give: bool) -> Iterator[Link]:
    if row.receiver_id == r.person.id:
        yield (r.url("items.acceptance", handover_id=row.id), gettext("Accept"))
        yield (r.url("items.refusal", handover_id=row.id), gettext("Give it back"))
    if may_give:
        yield (r.url("items.assignment", handover_id=row.id), gettext("Choose somebody else"))


def decision(row: Any, r: Reading) -> DecisionView:
    tags = {
        DecisionState.OPEN: gettext("open"),
        DecisionState.GRANTED: gettext("agreed"),
        DecisionState.REFUSED: gettext("not agreed"),
        DecisionState.MOOT: gettext("no longer needed"),
    }
    return DecisionView(
        id=row.id,
        title=_decision_title(row),
        question=row.question,
        answer=f"{row.decided_by.name}: {row.answer}" if row.decided_by and row.answer else row.answer,
        tag=tags[row.state],
        url=r.url("items.decide", decision_id=row.id) if _decides(row, r) else "",
    )


def _decision_title(row: Any) -> str:
    name = row.asked_by.name if row.asked_by else gettext("The follow-up")
    what = str(words.DECISION_NAMES[row.kind])
    if row.kind is DecisionKind.WAIVER:
        what = gettext("a waiver of %(rule)s", rule=row.rule)
    return gettext("%(name)s asks for %(what)s", name=name, what=what)


def _decides(row: Any, r: Reading) -> bool:
    if row.state is not DecisionState.OPEN:
        return False
    return r.role in KEEPERS if row.kind is DecisionKind.HELP else r.decides


def waiver(row: Any, facts: Facts) -> str:
    day = words.day(clock.today(facts.timezone, row.at), facts.today)
    text = gettext(
        "round %(number)s, %(name)s, %(day)s: %(reason)s",
        number=row.round_number,
        name=row.by.name,
        day=day,
        reason=row.reason,
    )
    return f"{text} ({gettext('decided alone')})" if row.decided_alone else text


def verdict_url(r: Reading) -> str:
    """Offered once there is something to judge: an answer, a call in vain, or the day itself."""
    may = r.works_here and r.facts.phase in (Phase.CHECK, Phase.ACT)
    return r.url("items.verdict") if may and any(_is_to_judge(c, r.facts) for c in r.facts.live_checks) else ""


def _is_to_judge(check: CheckFacts, facts: Facts) -> bool:
    if check.verdict is not None or check.due_on is None:
        return False
    return bool(check.answers or check.attempt_days) or check.due_on <= facts.today


def is_to_tell(r: Reading) -> bool:
    """Somebody still has to hear what happens next, or how it ended."""
    if not r.works_here:
        return False
    ended = not r.facts.is_open and not r.facts.is_end_told and not r.facts.customer_email_known
    return bool(r.facts.untold) or (ended and r.item.customer_type not in (None, CustomerType.UNKNOWN))


def recurrence_url(r: Reading) -> str:
    """The answer to the recurrence question, for a customer who gave it by phone."""
    return r.url("items.recurrence") if r.works_here and is_asked_whether_it_came_back(r.facts) else ""
