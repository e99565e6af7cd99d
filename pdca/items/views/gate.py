"""A gate as a conversation: exactly the questions that are open, numbered, and the rest folded in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from pdca.errors import N_, Missing
from pdca.items import words
from pdca.items.facts import Facts
from pdca.items.gates import still_asked
from pdca.items.lifecycle import Step
from pdca.items.models import Item
from pdca.items.permissions import is_member
from pdca.items.questions import ALSO_ASKED, ANSWERED_BY, FOLDED, QUESTIONS
from pdca.items.terms import CheckState, CustomerType, Phase
from pdca.items.views.answered import is_defaulted, stored, words_of
from pdca.items.views.offers import Offers
from pdca.items.views.refused import NOT_REFUSED, Refused
from pdca.items.views.sheet import NOTE, Link, QuestionView, SheetView, summary_of
from pdca.people.models import Person
from pdca.web import say

# Steps that are resources of their own; the others are posted to /moves with where they go.
RESOURCES = {
    "close": "items.closure",
    "stop": "items.stop",
    "park": "items.parking",
    "decline": "items.declination",
    "reopen": "items.reopening",
    "next_round": "items.next_round",
}
# These may stay away without stopping the step.
OPTIONAL = ("twin_id", "told", "share")


@dataclass(frozen=True)
class Asking:
    """Everything a gate is built from."""

    item: Item
    facts: Facts
    person: Person
    typed: MultiDict[str, str] | None = None
    refused: Refused = NOT_REFUSED
    prefix: str = "f"
    # Filled in by the link that opened the sheet.
    preset: Mapping[str, str] = field(default_factory=dict)


def gate(asking: Asking, step: Step, *, action: str, hidden: Mapping[str, str] | None = None) -> SheetView:
    """The sheet for `step`. After a refusal it holds what was typed, with the sentences at the inputs."""
    asking = replace(asking, refused=asking.refused.of_gate())
    item, facts = asking.item, asking.facts
    offers = Offers(item, facts, asking.person)
    missing = _missing(asking, step)
    if _is_waiting(asking, missing):
        return _running(asking, step, missing, offers, hidden or {})
    asked = _asked(asking, step, missing, offers)
    settled = _settled(asking, step, {q.name for q in asked}, offers)
    second = _second(asked)
    return SheetView(
        item_id=item.id,
        title=item.title,
        lead=_lead(step, item, sum(q.name != NOTE and q.name not in OPTIONAL for q in asked)),
        from_phase=step.source.value,
        to_phase=step.target.value,
        action=action,
        later=url_for("items.answers", item_id=item.id) if any(q.name in STORABLE for q in asked) else "",
        back=url_for("items.show", item_id=item.id),
        submit=_other_words(step) if second else submit_words(step),
        hidden=dict(hidden or {}),
        questions=asked,
        settled=settled,
        summary=summary_of(asking.refused, (*asked, *settled)),
        refused=asking.refused.names,
        second=second,
        frozen=frozen_words(facts),
        note=_note(step, facts),
        facts=tuple(_room_left(step, facts)),
    )


# From so few places left on, the gate says it before it refuses (R31).
TELL_FROM_LEFT = 1


def _room_left(step: Step, facts: Facts) -> Iterable[tuple[str, str]]:
    """Who and what is nearly full once this card is in Do."""
    if step.name != "start":
        return
    settings, phases = facts.settings, words.PHASE_NAMES
    for label, others, limit in (
        (facts.owner_name, facts.owner_in_do, settings.wip_owner),
        (str(phases[Phase.DO]), facts.in_do, settings.wip_do),
    ):
        if label and 0 <= limit - others - 1 <= TELL_FROM_LEFT:
            yield label, gettext("with this one %(count)s of %(limit)s in Do", count=others + 1, limit=limit)


def _is_waiting(asking: Asking, missing: tuple[Missing, ...]) -> bool:
    """Whether closing has to wait for a check. Who pressed all the same is told everything that is missing."""
    return not asking.refused.missing and any(m.name == "checks_settled" for m in missing)


# Of these nothing can be said before the last check is answered.
AT_THE_END = ("verdict", "ends_well")


def _running(
    asking: Asking, step: Step, missing: tuple[Missing, ...], offers: Offers, hidden: Mapping[str, str]
) -> SheetView:
    """The closing gate while aftercare runs (R12): no button to close, only what may be written down already."""
    asked = _asked(asking, step, tuple(m for m in missing if m.name not in AT_THE_END), offers)
    early = tuple(q for q in asked if q.name != NOTE)
    runs = _runs(asking.facts)
    return SheetView(
        item_id=asking.item.id,
        title=asking.item.title,
        lead=runs,
        from_phase=step.source.value,
        to_phase=step.target.value,
        action=url_for("items.answers", item_id=asking.item.id),
        back=url_for("items.show", item_id=asking.item.id),
        submit=gettext("Keep for later") if early else "",
        hidden=hidden,
        questions=tuple(q for q in asked if q.name == NOTE),
        early=early,
        settled=_settled(asking, step, {q.name for q in asked}, offers),
        summary=summary_of(asking.refused, asked),
        frozen=frozen_words(asking.facts),
        runs=runs,
    )


def _runs(facts: Facts) -> str:
    coming = next((c.due_on for c in facts.open_checks if c.due_on is not None), None)
    if coming is None:
        return gettext("Aftercare runs")
    day = words.short_day(coming, facts.today)
    if coming > facts.today:
        return gettext("Aftercare runs: next check %(day)s", day=day)
    return gettext("Aftercare runs: the check of %(day)s is still open", day=day)


def action_of(asking: Asking, step: Step) -> str:
    """Where the step is posted."""
    return url_for(RESOURCES.get(step.name, "items.move"), item_id=asking.item.id)


def _missing(asking: Asking, step: Step) -> tuple[Missing, ...]:
    """What the refusal named; else what the step would still refuse for."""
    criteria = {c.name for c in step.needs}
    refused = tuple(m for m in asking.refused.missing if m.name in criteria or m.name in ANSWERED_BY)
    return refused or still_asked(asking.item, asking.facts, step, by=asking.person, at=asking.facts.at)


def _asked(asking: Asking, step: Step, missing: tuple[Missing, ...], offers: Offers) -> tuple[QuestionView, ...]:
    """Open questions in the order of the table, each once; those that were answered just now stay in sight."""
    by_question: dict[str, list[Missing]] = {}
    notes = [m for m in missing if m.name not in ANSWERED_BY]
    for m in missing:
        if m.name in ANSWERED_BY:
            by_question.setdefault(ANSWERED_BY[m.name], []).append(m)
    folded = FOLDED.get(step.name, ())
    order = [ANSWERED_BY[c.name] for c in step.needs if c.name in ANSWERED_BY]
    order += [name for name in by_question if name not in order]
    also = [name for name in ALSO_ASKED.get(step.name, ()) if name not in order]
    known = stored(asking.item)
    names = [
        name
        for name in dict.fromkeys([*order, *also])
        if name in by_question or name in also or (_was_typed(asking, name) and not (name in folded and name in known))
    ]
    views = [_question(asking, name, by_question.get(name, []), offers) for name in names]
    return (
        *(replace(view, no=no) for no, view in enumerate(views, 1)),
        *(_note_view(asking, m) for m in notes),
    )


def _was_typed(asking: Asking, name: str) -> bool:
    """Sent along in the refused form: it must not vanish with what was typed in it."""
    typed = asking.typed
    return typed is not None and any(typed.get(one) for one in QUESTIONS[name].core)


def _question(asking: Asking, name: str, missing: list[Missing], offers: Offers) -> QuestionView:
    question = QUESTIONS[name]
    proposed = {**offers.proposal(name), **{k: v for k, v in asking.preset.items() if k in question.fields}}
    known = {**{key: [value] for key, value in proposed.items()}, **stored(asking.item).get(name, {})}
    values = _with_typed(known, asking.typed, question.fields)
    is_blank = not any(any(values.get(one, [])) for one in question.core)
    errors = {one: asking.refused.errors[one] for one in question.fields if one in asking.refused.errors}
    if missing and not errors and _was_sent(asking.typed, question.fields):
        errors = {question.core[0]: say(missing[0])}
    return QuestionView(
        name=name,
        label=gettext(question.label),
        prefix=asking.prefix,
        missing=missing[0].name if missing else "",
        is_answered=not is_blank and not errors,
        values=values,
        proposed=proposed,
        errors=errors,
        options=offers.options(name),
        facts=facts_for(name, asking, offers),
    )


def _was_sent(typed: MultiDict[str, str] | None, names: Iterable[str]) -> bool:
    """Whether the form that was refused asked this."""
    return typed is not None and any(name in typed for name in names)


def _with_typed(
    known: Mapping[str, list[str]], typed: MultiDict[str, str] | None, names: Iterable[str]
) -> dict[str, list[str]]:
    """What was typed wins from what is stored or proposed, to the letter."""
    held = dict(known)
    if typed is not None:
        held.update({name: typed.getlist(name) for name in names if name in typed})
    return held


def _settled(asking: Asking, step: Step, asked: set[str], offers: Offers) -> tuple[QuestionView, ...]:
    known = stored(asking.item)
    names = [name for name in FOLDED.get(step.name, ()) if name in known and name not in asked]
    return tuple(folded(asking, name, offers) for name in names if _concerns(asking, name))


def _concerns(asking: Asking, name: str) -> bool:
    """Questions of actions are not shown for a quick win."""
    action_only = ("baseline", "root_cause", "small_test", "groups", "touchpoint", "standard", "prediction_result")
    return asking.facts.is_action or name not in action_only


def folded(asking: Asking, name: str, offers: Offers) -> QuestionView:
    """An answer that is there: its words, whether it is a default, and the inputs to change it."""
    view = _question(asking, name, [], offers)
    words_ = words_of(asking.item, name, asking.facts.today)
    return replace(view, words=words_, is_defaulted=is_defaulted(asking.item, name), proposed={})


STORABLE = frozenset(ANSWERED_BY.values()) - {
    *("lookalikes", "verdict", "reason", "review_on", "cause", "why_not", "adjusted_prediction", "carried_out"),
    *("call", "announcement", "told"),
}


def facts_for(name: str, asking: Asking, offers: Offers) -> dict[str, Any]:
    """What a question says about the item beside its inputs."""
    item = asking.item
    if name == "lookalikes":
        return {"items": [_lookalike(other) for other in offers.lookalikes], "ways": _same_ways(asking, offers)}
    if name == "prediction_result":
        return {"prediction": item.round.prediction}
    if name == "customer":
        return {"is_known": item.customer_type is not None}
    if name == "told":
        return {"has_mail": asking.facts.customer_email_known, "customer": item.customer_name}
    if name == "verdict":
        return {"has_answer": offers.has_customer_answer, "customer": item.customer_name}
    return {}


def _same_ways(asking: Asking, offers: Offers) -> list[Link]:
    """Said "the same": that one is reopened, or this one declined as its twin (R15)."""
    typed = asking.typed
    if typed is None or (typed.getlist("lookalikes") or [""])[-1] != "same":
        return []
    chosen = [other for other in offers.lookalikes if str(other.id) == typed.get("same_as")]
    ways = [
        (
            url_for("items.declination", item_id=asking.item.id, twin_id=other.id),
            gettext("Decline this as the twin of %(number)s", number=other.number),
        )
        for other in chosen
    ]
    ways += [
        (url_for("items.reopening", item_id=other.id), gettext("Reopen %(number)s", number=other.number))
        for other in chosen
        if other.phase is Phase.CLOSED
    ]
    return ways


def _lookalike(other: Item) -> dict[str, Any]:
    return {
        "id": other.id,
        "number": other.number,
        "title": other.title,
        "phase": str(words.PHASE_NAMES[other.phase]),
        "url": url_for("items.show", item_id=other.id),
    }


def _second(asked: tuple[QuestionView, ...]) -> dict[str, str] | None:
    """Look-alikes are answered by the button itself."""
    if any(q.name == "lookalikes" for q in asked):
        return {"name": "lookalikes", "value": "same", "label": gettext("It is the same")}
    return None


# --- not for this reader ---------------------------------------------------------------------------------


def or_not_yours(view: SheetView, asking: Asking, refused: Iterable[Missing]) -> SheetView:
    """The sheet; but refused for who somebody is, it asks nothing and shows the way to who may do it."""
    who = next((m for m in refused if m.rule == "role" or (m.rule, m.field) == ("R27", "decision")), None)
    if who is None:
        return view
    return SheetView(
        item_id=view.item_id,
        title=gettext("This is not yours to do"),
        lead=say(who),
        from_phase=view.from_phase,
        to_phase=view.to_phase,
        action="",
        submit="",
        back=view.back,
        refused=tuple(m.name or m.rule for m in refused),
        away=tuple(_ask_owner(asking)),
    )


def _ask_owner(asking: Asking) -> list[Link]:
    """Writing to the owner is open to everybody who works on the board."""
    owner = asking.item.owner
    if owner is None or owner.id == asking.person.id or not is_member(asking.person, asking.item):
        return []
    return [(url_for("items.show", item_id=asking.item.id, _anchor="say"), gettext("Ask %(name)s", name=owner.name))]


# --- words -----------------------------------------------------------------------------------------------


def submit_words(step: Step) -> str:
    """What the button says."""
    own = {
        "close": gettext("Close it"),
        "stop": gettext("Stop it"),
        "park": gettext("Park it"),
        "decline": gettext("Decline it"),
        "reopen": gettext("Reopen it"),
        "next_round": gettext("Start the next round"),
    }
    return own.get(step.name) or gettext("Move to %(phase)s", phase=str(words.PHASE_NAMES[step.target]))


def _other_words(step: Step) -> str:
    """Beside "it is the same" this button is the answer that it is not (R15)."""
    return gettext("Something else: move to %(phase)s", phase=str(words.PHASE_NAMES[step.target]))


def _lead(step: Step, item: Item, count: int) -> str:
    if not count:
        return gettext("Number %(number)s can go on.", number=item.number)
    texts = {
        "take_up": lambda: ngettext(
            "%(num)s more question, then number %(number)s is taken up.",
            "%(num)s more questions, then number %(number)s is taken up.",
            count,
            number=item.number,
        ),
        "start": lambda: ngettext(
            "%(num)s more question, then number %(number)s can begin.",
            "%(num)s more questions, then number %(number)s can begin.",
            count,
            number=item.number,
        ),
    }
    return texts.get(step.name, lambda: _plain_lead(item, count))()


def _plain_lead(item: Item, count: int) -> str:
    return ngettext(
        "%(num)s more question about number %(number)s.",
        "%(num)s more questions about number %(number)s.",
        count,
        number=item.number,
    )


def _note(step: Step, facts: Facts) -> str:
    """What taking the step means, where that must not come as a surprise."""
    if step.name == "take_up" and facts.kind is not None and not facts.is_action:
        return gettext(
            "By taking it up as a quick win you say: done within %(days)s days, our own decision, no budget, "
            "and it can be undone.",
            days=facts.settings.quick_win_days,
        )
    if step.name == "start" and facts.customer_type is CustomerType.UNKNOWN:
        return gettext(
            "The customer is unknown, so this asks a little more, and a colleague goes and looks afterwards."
        )
    if step.name == "reopen":
        return gettext("It goes back to Plan as the next round. Everything of the earlier round stays.")
    return ""


def frozen_words(facts: Facts) -> str:
    """ "3 days late", when the card is frozen."""
    return words.days_late((facts.today - facts.frozen_since).days) if facts.frozen_since else ""


# --- what no field can answer ----------------------------------------------------------------------------


def _note_view(asking: Asking, missing: Missing) -> QuestionView:
    return QuestionView(
        name=NOTE,
        label=say(missing),
        prefix=asking.prefix,
        missing=missing.name,
        links=tuple(_WAYS_OUT.get(missing.name, _no_way)(asking)),
    )


def _no_way(_asking: Asking) -> list[Link]:
    return []


def _way(endpoint: str, label: str, **values: Any) -> Callable[[Asking], list[Link]]:
    return lambda asking: [(url_for(endpoint, item_id=asking.item.id, **values), gettext(label))]


def _waiver(rule: str) -> Callable[[Asking], list[Link]]:
    return lambda asking: [
        (
            url_for("items.waivers", item_id=asking.item.id, rule=rule),
            gettext("Ask for a waiver of %(rule)s", rule=rule),
        )
    ]


def answer_links(asking: Asking) -> list[Link]:
    """Where the open checks are answered."""
    return [
        (
            url_for("items.check_answer", item_id=asking.item.id, check_id=check.id),
            gettext("Record the answer of check %(number)s", number=check.number),
        )
        for check in asking.facts.open_checks
        if check.due_on is not None and check.state is not CheckState.CANCELLED
    ]


def _verdict_ways(asking: Asking) -> list[Link]:
    """Where the verdict leads instead (R24)."""
    item_id = asking.item.id
    ways = {
        "not_effective": [(url_for("items.next_round", item_id=item_id), gettext("Start the next round"))],
        "partly": [(url_for("items.step", item_id=item_id, to=Phase.DO.value), gettext("Finish the rest"))],
    }
    last = asking.facts.last_settled
    verdict = last.verdict.value if last and last.verdict else ""
    return ways.get(verdict, [])


_WAYS_OUT: dict[str, Callable[[Asking], list[Link]]] = {
    "answered": answer_links,
    "checks_settled": answer_links,
    "verdict_allows": _verdict_ways,
    "later_check": _verdict_ways,
    "ends_well": lambda asking: [*_verdict_ways(asking), *([] if asking.facts.open_checks else _waiver("R11")(asking))],
    "round_three": _way("items.go_on", N_("Ask the leader to go on")),
    "room_owner": _waiver("R31"),
    "room_do": _waiver("R31"),
    "room_check": _waiver("R31"),
}
