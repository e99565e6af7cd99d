"""What happened to an item: aftercare, rounds, promises, journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup

from pdca import clock
from pdca.items import words
from pdca.items.counter import CHANNEL as COUNTER
from pdca.items.facts import Facts
from pdca.items.models import Answer, Call, Check, Comment, Entry, Item, Promise, Round
from pdca.items.sentences import Known, sentence, who
from pdca.items.terms import UNSETTLED, AnswerSource, CheckState, CustomerType, Method, Phase, PromiseState
from pdca.items.views.answered import baseline_words
from pdca.items.views.sheet import Link
from pdca.markdown import markdown

NEXT = "next"


# --- aftercare -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AnswerView:
    """What one customer said."""

    who: str
    solved: str
    source: str
    better: str
    mark: int | None
    owner_comment: str
    comment_url: str


@dataclass(frozen=True)
class CheckView:
    """One station of the aftercare line."""

    id: int
    day: str
    iso: str
    when: str
    title: str
    text: str
    state: str
    answers: tuple[AnswerView, ...]
    attempts: tuple[str, ...]
    verdict: str
    evidence: str
    mark: int | None
    links: tuple[Link, ...]
    papers: tuple[Link, ...] = ()


def timeline(item: Item, facts: Facts, *, may_act: bool) -> tuple[CheckView, ...]:
    """Every check of every round, in the order of their days; the next one stands out."""
    rows = sorted(item.checks, key=lambda c: (c.round_number, c.series, c.due_on or date.max, c.number))
    coming = next((c.id for c in facts.open_checks), None)
    return tuple(_check(check, item, facts, is_next=check.id == coming, may_act=may_act) for check in rows)


def _check(check: Check, item: Item, facts: Facts, *, is_next: bool, may_act: bool) -> CheckView:
    marks = [a.mark for a in check.answers if a.mark is not None]
    return CheckView(
        id=check.id,
        day=words.short_day(check.due_on, facts.today) if check.due_on else gettext("no day yet"),
        iso=check.due_on.isoformat() if check.due_on else "",
        when=_when(check, item),
        title=_title(check, facts),
        text=_text(check),
        state=_state(check, facts, is_next),
        answers=tuple(_answer(answer, check, item, may_act) for answer in check.answers),
        attempts=tuple(_attempt(call, facts) for call in check.calls),
        verdict=_verdict(check),
        evidence=check.evidence,
        mark=marks[-1] if marks else None,
        links=_links(check, item, facts) if may_act and (is_next or _is_due(check, facts)) else (),
        papers=_papers(check, item, facts) if may_act and _is_due(check, facts) else (),
    )


def _is_due(check: Check, facts: Facts) -> bool:
    return check.due_on is not None and check.due_on <= facts.today


def _when(check: Check, item: Item) -> str:
    after = words.after(check.offset_days)
    if item.round_number == 1:
        return after
    return gettext("round %(number)s, %(after)s", number=check.round_number, after=after)


def _state(check: Check, facts: Facts, is_next: bool) -> str:
    if check.state is CheckState.CANCELLED:
        return "cancelled"
    if check.state not in UNSETTLED:
        return "done"
    if check.settle_by is not None and check.settle_by < facts.today:
        return "late"
    return NEXT if is_next else ""


def _title(check: Check, facts: Facts) -> str:
    if check.state is CheckState.CANCELLED:
        return gettext("Cancelled")
    if check.state is CheckState.NOT_REACHED:
        return gettext("Customer not reached")
    if check.answers:
        if len(check.answers) > 1:
            return ngettext("%(num)s answer", "%(num)s answers", len(check.answers))
        return str(words.SOLVED_NAMES[check.answers[-1].solved])
    if check.settle_by is not None and check.settle_by < facts.today:
        return words.days_late((facts.today - check.settle_by).days)
    return _open_title(check, facts)


def _open_title(check: Check, facts: Facts) -> str:
    if check.due_on is None:
        return gettext("Planned, from the day it is carried out")
    if check.asked_at is not None:
        day = words.day(clock.today(facts.timezone, check.asked_at), facts.today)
        return gettext("Asked: %(day)s. No answer yet", day=day)
    if check.due_on <= facts.today:
        return gettext("Now is the time to ask")
    return gettext("We ask in %(days)s", days=words.days((check.due_on - facts.today).days))


def _text(check: Check) -> str:
    if check.state is CheckState.CANCELLED or check.answers:
        return ""
    texts = {
        Method.MAIL: gettext("The customer gets a mail with one question. No answer means a call."),
        Method.CALL: gettext("Somebody of the team calls."),
        Method.OBSERVATION: gettext("Somebody other than the owner goes and looks."),
    }
    return texts[check.method]


def _answer(answer: Answer, check: Check, item: Item, may_act: bool) -> AnswerView:
    url = url_for("items.answer_comment", item_id=item.id, check_id=check.id, answer_id=answer.id)
    by = answer.answered_by or (answer.recorded_by.name if answer.recorded_by else "")
    if answer.source is AnswerSource.OBSERVATION and answer.recorded_by:
        by = answer.recorded_by.name
    return AnswerView(
        who=by or gettext("The customer"),
        solved=str(words.SOLVED_NAMES[answer.solved]).lower(),
        source=_source(answer),
        better=answer.better or answer.other_evidence,
        mark=answer.mark,
        owner_comment=answer.owner_comment,
        comment_url=url if may_act else "",
    )


def _source(answer: Answer) -> str:
    if answer.source is AnswerSource.CALL and answer.recorded_by:
        return gettext("called by %(name)s", name=answer.recorded_by.name)
    return str(words.SOURCE_NAMES[answer.source])


def _attempt(call: Call, facts: Facts) -> str:
    day = words.day(call.on, facts.today)
    if call.channel == COUNTER:
        return gettext("Asked at the counter, nobody answered: %(day)s.", day=day)
    return gettext("%(name)s called in vain: %(day)s.", name=call.by.name, day=day)


def _verdict(check: Check) -> str:
    if check.verdict is None:
        return ""
    name = str(words.VERDICT_NAMES[check.verdict])
    if check.verdict_by is None:
        return gettext("Verdict: %(verdict)s, follows the customer", verdict=name)
    return gettext("Verdict: %(verdict)s, by %(name)s", verdict=name, name=check.verdict_by.name)


def _links(check: Check, item: Item, facts: Facts) -> tuple[Link, ...]:
    """What can be done about an open check of this round, once it has a day."""
    here = check.round_number == item.round_number and facts.phase in (Phase.CHECK, Phase.ACT)
    if check.state not in UNSETTLED or check.due_on is None or not here:
        return ()
    ids: dict[str, Any] = {"item_id": item.id, "check_id": check.id}
    if check.method is Method.OBSERVATION:
        return ((url_for("items.check_answer", **ids), gettext("Note what was seen")),)
    return (
        (url_for("items.check_answer", **ids), gettext("Note an answer")),
        (url_for("items.attempt", **ids), gettext("Nobody answered")),
    )


def _papers(check: Check, item: Item, facts: Facts) -> tuple[Link, ...]:
    """Pages about an open check that are printed: who to call, and the counter for who has no address."""
    if check.state not in UNSETTLED or check.due_on is None or check.method is Method.OBSERVATION:
        return ()
    ids: dict[str, Any] = {"item_id": item.id, "check_id": check.id}
    call = (url_for("items.call_sheet", **ids), gettext("Call sheet"))
    if item.customer_type is not CustomerType.GROUP or facts.customer_email_known:
        return (call,)
    return (call, (url_for("items.show_counter", **ids), gettext("Ask at the counter")))


# --- rounds ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoundView:
    """One attempt, side by side with the others."""

    number: int
    is_now: bool
    tag: str
    rows: tuple[tuple[str, str], ...]


def rounds(item: Item, facts: Facts) -> tuple[RoundView, ...]:
    """The rounds, newest first; a frozen one as it was."""
    return tuple(_round(row, item, facts) for row in reversed(item.rounds))


def _round(row: Round, item: Item, facts: Facts) -> RoundView:
    is_now = row.number == item.round_number
    tag = str(words.VERDICT_NAMES[row.verdict]) if row.verdict else gettext("running") if is_now else ""
    lesson = next((x for x in reversed(item.lessons) if x.round_number == row.number), None)
    result = str(words.PREDICTION_NAMES[row.prediction_result]) if row.prediction_result else ""
    test = ", ".join(part for part in (row.test_where, row.test_with) if part)
    done = f"{words.long_day(row.carried_out_on)}: {words.said(row.carried_out)}" if row.carried_out_on else ""
    rows = (
        (gettext("Baseline"), baseline_words(item, facts.today) if is_now else _baseline(row)),
        (gettext("Root cause"), row.root_cause),
        (gettext("Small test"), test),
        (gettext("Prediction"), row.prediction),
        (gettext("Promised"), words.long_day(row.due_on) if row.due_on else ""),
        (gettext("Carried out"), done),
        (gettext("Prediction right"), result),
        (gettext("Result"), row.result),
        (gettext("Why it did not work"), row.why_not),
        (gettext("New standard"), row.standard_where),
        (gettext("Kept by"), row.standard_keeper.name if row.standard_keeper else ""),
        (gettext("Lesson"), lesson.what_happened if lesson and lesson.what_happened != row.why_not else ""),
        (gettext("Differently"), lesson.differently if lesson else ""),
    )
    return RoundView(row.number, is_now, tag, tuple((label, text) for label, text in rows if text))


def _baseline(row: Round) -> str:
    if row.baseline_mark is not None:
        return gettext("mark %(mark)s", mark=row.baseline_mark)
    return row.baseline_change


# --- promises --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PromiseRow:
    """One date that was given."""

    day: str
    given: str
    reason: str
    told: str
    tag: str


def promises(item: Item, facts: Facts) -> tuple[PromiseRow, ...]:
    """The dates, the newest first."""
    return tuple(_promise(row, _round_of(row, item), facts) for row in reversed(item.promises))


def _round_of(row: Promise, item: Item) -> str:
    """ "round 1", once there are more of them."""
    if len(item.rounds) < 2:
        return ""
    began = [one.number for one in item.rounds if one.opened_at <= row.given_at]
    return gettext("round %(number)s", number=max(began, default=1))


def _promise(row: Promise, round_: str, facts: Facts) -> PromiseRow:
    tags = {
        PromiseState.STANDING: "",
        PromiseState.WAITING: gettext("waits for the leader"),
        PromiseState.REPLACED: gettext("replaced"),
        PromiseState.REFUSED: gettext("not agreed"),
    }
    on = words.day(clock.today(facts.timezone, row.given_at), facts.today)
    given = gettext("%(name)s, %(day)s", name=row.given_by.name, day=on)
    return PromiseRow(
        day=words.short_day(row.due_on, facts.today),
        given=f"{round_}, {given}" if round_ else given,
        reason=words.said(row.reason),
        told=told_words(row, facts),
        tag=tags[row.state],
    )


def told_words(row: Promise, facts: Facts) -> str:
    """How the customer heard of a new date."""
    if row.told_how is None:
        return ""
    if row.state is PromiseState.WAITING:
        return gettext("the customer hears it once the leader agrees")
    parts = [row.told_who, str(words.TOLD_NAMES[row.told_how])]
    if row.told_on is not None:
        parts.append(words.day(row.told_on, facts.today))
    return gettext("told: %(how)s", how=", ".join(part for part in parts if part))


# --- journal ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactView:
    """One line of the journal."""

    id: int
    at: str
    iso: str
    who: str
    text: str
    why: str
    html: Markup | None
    # Said in the same breath as the line above it: neither time nor name is repeated.
    is_same: bool = False
    # Small facts of one act, folded under one line.
    more: tuple[FactView, ...] = ()


def journal(entries: Iterable[Entry], comments: dict[int, Comment], known: Known, facts: Facts) -> tuple[FactView, ...]:
    """The lines of one page of the journal."""
    lines = list(_folded([(entry.what, _fact(entry, comments, known, facts)) for entry in entries]))
    earlier = [None, *lines]
    return tuple(
        replace(line, is_same=above is not None and (above.at, above.who) == (line.at, line.who))
        for above, line in zip(earlier, lines, strict=False)
    )


# What one act writes down in passing; from this many on they share a line.
SMALL = ("edited", "defaulted", "owner")
FOLD_FROM = 3


def _folded(lines: list[tuple[str, FactView]]) -> Iterator[FactView]:
    for key, group in groupby(lines, key=lambda line: (line[0] in SMALL, line[1].at, line[1].who)):
        views = [view for _, view in group]
        if not key[0] or len(views) < FOLD_FROM:
            yield from views
            continue
        text = ngettext("wrote down %(num)s answer.", "wrote down %(num)s answers.", len(views))
        yield replace(views[0], text=text, why="", more=tuple(views))


def _fact(entry: Entry, comments: dict[int, Comment], known: Known, facts: Facts) -> FactView:
    comment = comments.get(comment_id(entry) or 0)
    return FactView(
        id=entry.id,
        at=words.instant(entry.at, facts.at),
        iso=entry.at.isoformat(),
        who=who(entry, known),
        text=sentence(entry, known),
        why=words.said(entry.why),
        html=markdown(comment.body) if comment else None,
    )


def comment_id(entry: Entry) -> int | None:
    """The comment that an entry is about."""
    new: Any = entry.new
    return new.get("comment") if entry.what == "commented" and isinstance(new, dict) else None


def people_in(entries: Iterable[Entry]) -> set[int]:
    """Everybody that these entries name, as actor or in old and new."""
    found: set[int] = set()
    for entry in entries:
        found |= {ident for ident in (entry.actor_id, entry.on_behalf_of_id) if ident is not None}
        if entry.field in ("owner_id", "caretaker_id", "care_asker_id") or entry.what.startswith("handover"):
            found |= {value for value in (entry.old, entry.new) if isinstance(value, int)}
        keeper = entry.new.get("keeper") if isinstance(entry.new, dict) else None
        found |= {keeper} if isinstance(keeper, int) else set()
    return found
