"""The sheets of everything that is not a step: a new date, a handover, a call, an answer, a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from pdca.errors import N_
from pdca.items.models import Handover
from pdca.items.questions import QUESTIONS, Question
from pdca.items.views.gate import Asking, facts_for, frozen_words
from pdca.items.views.offers import Offers, Option
from pdca.items.views.sheet import Link, QuestionView, SheetView, summary_of


def _q(name: str, label: str, *fields: str, core: tuple[str, ...] = ()) -> Question:
    return Question(name, label, fields or (name,), core or fields or (name,))


# Questions that only acts ask; the gates' own are in items/questions.py.
ACT_QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        _q("new_date", N_("New date"), "due_on", "due_on_other"),
        _q("delay_reason", N_("Reason"), "reason"),
        _q("help", N_("Help"), "question"),
        _q("waiting", N_("Waiting"), "what", "until", "until_other"),
        _q("receiver", N_("Receiver"), "to"),
        _q("note_done", N_("Done"), "done"),
        _q("note_open", N_("Still open"), "open"),
        _q("note_promised", N_("Promised"), "promised"),
        _q("note_watch_out", N_("Watch out"), "watch_out"),
        _q("read_back", N_("In your own words")),
        _q("solved", N_("Solved")),
        _q("mark", N_("Mark")),
        _q("better", N_("What could be better"), "better", "may_quote", core=("better",)),
        _q("who_answered", N_("Who answered"), "answered_by", "on", "channel", "group_id", core=("answered_by",)),
        _q("observed", N_("Seen"), "better", "on", core=("better",)),
        _q("attempt", N_("Attempt"), "call_with", "call_on", "call_channel", "call_notes", core=("call_with",)),
        _q("tell", N_("What happens next"), "told_how", "told_message", "told_who", "told_on", core=("told_how",)),
        _q("rule", N_("Rule")),
        _q("waiver_reason", N_("Reason"), "reason"),
        _q("granted", N_("Decision"), "granted", "answer", core=("granted",)),
        _q("helped", N_("Answer"), "answer"),
        _q("labels", N_("Labels")),
        _q("link", N_("Other item"), "other", "kind", core=("other",)),
        _q("comment_on", N_("Comment"), "comment"),
        _q("people", N_("Customers"), "people", "locale", core=("people",)),
        _q("line", N_("Improvement"), "title"),
    )
}


@dataclass(frozen=True)
class Ask:
    """One question of an act, with what it offers and what is filled in beforehand."""

    name: str
    proposal: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, list[Option]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ActSheet:
    """What makes one act's sheet: where it posts, what it says and what it asks."""

    title: str
    action: str
    submit: str
    asks: tuple[Ask, ...]
    lead: str = ""
    note: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    ways: tuple[Link, ...] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)


def act_sheet(asking: Asking, act: ActSheet) -> SheetView:
    """The sheet, empty or as it was refused."""
    questions = tuple(_view(asking, ask, no) for no, ask in enumerate(act.asks, 1))
    return SheetView(
        item_id=asking.item.id,
        title=act.title,
        lead=act.lead or f"{asking.item.number} {asking.item.title}",
        action=act.action,
        submit=act.submit,
        back=url_for("items.show", item_id=asking.item.id),
        questions=questions,
        summary=summary_of(asking.refused, questions),
        refused=asking.refused.names,
        frozen=frozen_words(asking.facts),
        note=act.note,
        facts=act.facts,
        ways=act.ways,
        hidden=act.hidden,
    )


def gate_question(asking: Asking, name: str, offers: Offers) -> Ask:
    """A question of a gate, asked by an act."""
    facts = facts_for(name, asking, offers)
    return Ask(name, offers.proposal(name), offers.options(name), facts)


def _view(asking: Asking, ask: Ask, no: int) -> QuestionView:
    question = ACT_QUESTIONS.get(ask.name) or QUESTIONS[ask.name]
    filled = {key: _texts(value) for key, value in ask.proposal.items() if value not in (None, "", [])}
    filled |= {key: [value] for key, value in asking.preset.items() if key in question.fields}
    values = typed_over(filled, asking.typed, question)
    errors = {name: asking.refused.errors[name] for name in question.fields if name in asking.refused.errors}
    return QuestionView(
        name=ask.name,
        label=gettext(question.label),
        no=no,
        prefix=asking.prefix,
        is_answered=any(any(values.get(name, [])) for name in question.core) and not errors,
        values=values,
        proposed={key: held[-1] for key, held in filled.items()},
        errors=errors,
        options=ask.options,
        facts=ask.facts,
    )


def typed_over(
    filled: Mapping[str, list[str]], typed: MultiDict[str, str] | None, question: Question
) -> dict[str, list[str]]:
    """What was typed wins from what was filled in."""
    held = dict(filled)
    if typed is not None:
        held.update({name: typed.getlist(name) for name in question.fields if name in typed})
    return held


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def note_rows(row: Handover) -> tuple[tuple[str, str], ...]:
    """What the giver passed on."""
    rows = (
        (gettext("From"), row.giver.name if row.giver else ""),
        (gettext("Done"), row.done),
        (gettext("Still open"), row.open),
        (gettext("Promised"), row.promised),
        (gettext("Watch out"), row.watch_out),
    )
    return tuple((label, text) for label, text in rows if text)
