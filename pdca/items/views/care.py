"""The sheets of aftercare from the owner's side, and of a question that a gate asks too."""

from __future__ import annotations

from collections.abc import Callable

from flask import request, url_for
from flask_babel import gettext

from pdca import clock
from pdca.items import letters, words
from pdca.items.criteria import needs_observation
from pdca.items.models import Check
from pdca.items.queries import answer_of, check_of
from pdca.items.terms import AnswerSource, Quote, ToldHow
from pdca.items.views.acts import ActSheet, Ask, act_sheet, gate_question
from pdca.items.views.gate import Asking
from pdca.items.views.offers import Offers
from pdca.items.views.sheet import SheetView


def gate_sheet(
    question: str, endpoint: str, title: Callable[[], str], submit: Callable[[], str]
) -> Callable[[Asking], SheetView]:
    """A question that a gate asks too, asked on its own."""

    def build(asking: Asking) -> SheetView:
        offers = Offers(asking.item, asking.facts, asking.person)
        return act_sheet(
            asking,
            ActSheet(
                title=title(),
                action=url_for(endpoint, item_id=asking.item.id),
                submit=submit(),
                asks=(gate_question(asking, question, offers),),
            ),
        )

    return build


def answer_sheet(asking: Asking, check_id: int) -> SheetView:
    """What a customer said on the phone or by mail, or what somebody saw."""
    check = check_of(asking.item, check_id)
    source = _wanted_source(asking)
    item, today = asking.item, asking.facts.today
    action = url_for("items.check_answer", item_id=item.id, check_id=check.id)
    if source is AnswerSource.OBSERVATION:
        asks: tuple[Ask, ...] = (Ask("solved", facts={"is_seen": True}), Ask("observed", {"on": today.isoformat()}))
    else:
        groups = [("", gettext("none")), *((g.id, g.name) for g in item.groups)] if item.groups else []
        said = _said_by_mail(asking, check)
        who = {"answered_by": item.customer_name, "on": today.isoformat(), **said}
        asks = (
            Ask("who_answered", who, {"group_id": groups}),
            Ask("solved", said),
            Ask("mark", said),
            Ask("better", {"may_quote": "no", **said}, {"may_quote": [(q.value, words.QUOTE_NAMES[q]) for q in Quote]}),
        )
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("What the customer said") if source is AnswerSource.CALL else gettext("What was seen"),
            action=action,
            submit=gettext("Note the answer"),
            asks=asks,
            hidden={"source": source.value},
            note=_answer_note(source, is_mailed=request.args.get("letter") is not None),
            facts=_check_facts(asking, check),
            ways=_answer_ways(asking, check, source),
        ),
    )


def _said_by_mail(asking: Asking, check: Check) -> dict[str, str]:
    """What a customer's mail said, to be filled in beforehand; whoever records it has read it."""
    wanted = request.args.get("letter", type=int)
    draft = next((d for d in letters.drafts(asking.item) if d.id == wanted and d.check_id == check.id), None)
    if draft is None:
        return {}
    return {
        "answered_by": draft.name,
        "on": clock.today(asking.facts.timezone, draft.at).isoformat(),
        "channel": gettext("by mail"),
        "solved": draft.solved.value if draft.solved else "",
        "mark": str(draft.mark or ""),
        "better": draft.text,
    }


def _wanted_source(asking: Asking) -> AnswerSource:
    wanted = request.values.get("source", "")
    if wanted in (AnswerSource.CALL, AnswerSource.OBSERVATION):
        return AnswerSource(wanted)
    return AnswerSource.OBSERVATION if needs_observation(asking.facts) else AnswerSource.CALL


def _answer_note(source: AnswerSource, *, is_mailed: bool = False) -> str:
    if is_mailed and source is AnswerSource.CALL:
        return gettext("This was filled in from the customer’s mail. Read it, put right what is not so, and record it.")
    if source is AnswerSource.OBSERVATION:
        return gettext("Somebody other than the owner goes and looks. It is counted apart from what customers say.")
    return gettext("Write down what was said, in the customer’s words. It is marked as called by the team.")


def _check_facts(asking: Asking, check: Check) -> tuple[tuple[str, str], ...]:
    due = words.short_day(check.due_on, asking.facts.today) if check.due_on else ""
    contact = next((c for c in asking.item.customers if c.phone or c.email), None)
    reach = ", ".join(part for part in (contact.phone, contact.email) if part) if contact else ""
    rows = (
        (gettext("Check"), f"{check.number}, {due}" if due else str(check.number)),
        (gettext("Solved when"), words.said(check.criterion)),
        (gettext("Reach the customer"), reach),
    )
    return tuple((label, text) for label, text in rows if text)


def _answer_ways(asking: Asking, check: Check, source: AnswerSource) -> tuple[tuple[str, str], ...]:
    item_id = asking.item.id
    ways = []
    if source is AnswerSource.CALL:
        tried = url_for("items.attempt", item_id=item_id, check_id=check.id)
        ways.append((tried, gettext("Nobody answered the phone")))
        seen = url_for("items.check_answer", item_id=item_id, check_id=check.id, source="observation")
        ways.append((seen, gettext("Somebody went and looked")))
    elif not needs_observation(asking.facts):
        said = url_for("items.check_answer", item_id=item_id, check_id=check.id, source="call")
        ways.append((said, gettext("The customer was called")))
    return tuple(ways)


def attempt_sheet(asking: Asking, check_id: int) -> SheetView:
    """A call that nobody answered."""
    check = check_of(asking.item, check_id)
    proposal = {"call_with": asking.item.customer_name, "call_on": asking.facts.today.isoformat()}
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Nobody answered"),
            action=url_for("items.attempt", item_id=asking.item.id, check_id=check.id),
            submit=gettext("Note the attempt"),
            asks=(Ask("attempt", proposal),),
            note=gettext("After two attempts on different days you may say: customer not reached."),
            facts=_check_facts(asking, check),
        ),
    )


def comment_sheet(asking: Asking, check_id: int, answer_id: int) -> SheetView:
    """The owner's word beside the customer's."""
    answer = answer_of(asking.item, check_id, answer_id)
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Beside the answer"),
            action=url_for("items.answer_comment", item_id=asking.item.id, check_id=check_id, answer_id=answer_id),
            submit=gettext("Keep"),
            asks=(Ask("comment_on", {"comment": answer.owner_comment}),),
            note=gettext("The answer itself stays as the customer gave it."),
            facts=((str(words.SOLVED_NAMES[answer.solved]), answer.better),),
        ),
    )


def recurrence_sheet(asking: Asking) -> SheetView:
    """ "It came back"."""
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("The customer says it came back"),
            action=url_for("items.recurrence", item_id=asking.item.id),
            submit=gettext("Take it up again"),
            asks=(gate_question(asking, "cause", Offers(asking.item, asking.facts, asking.person)),),
            note=gettext("Half a year after closing the customer is asked once. “No, it stayed away” needs nothing."),
        ),
    )


def told_sheet(asking: Asking) -> SheetView:
    """What the customer hears, and how."""
    offers = Offers(asking.item, asking.facts, asking.person)
    told_ = gate_question(asking, "told", offers)
    options = dict(told_.options)
    if not asking.facts.untold:
        options["told_how"] = [way for way in options["told_how"] if way[0] != ToldHow.MAIL]
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Tell the customer"),
            action=url_for("items.told", item_id=asking.item.id),
            submit=gettext("The customer is told"),
            asks=(Ask("tell", told_.proposal, options, told_.facts),),
        ),
    )
