"""The journal in words: who did what, from what to what, and why. Every fact has a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, ngettext

from pdca.items import words
from pdca.items.models import Entry
from pdca.items.questions import QUESTIONS
from pdca.items.terms import (
    ActorKind,
    AnswerSource,
    CallVerdict,
    CustomerType,
    DecisionKind,
    DecisionState,
    Importance,
    ItemLinkKind,
    Kind,
    LookalikeChoice,
    Method,
    Phase,
    PredictionResult,
    Solved,
    Verdict,
)

# What a changed column is called, where it is no question of its own.
COLUMN_LABELS = {
    "care_method": "aftercare",
    "care_asker_id": "aftercare",
    "care_criterion": "aftercare",
    "agreed_with": "agreed",
    "agreed_on": "agreed",
    "agreed_how": "agreed",
    "contact_role": "touchpoint",
    "no_survey_reason": "no_survey",
    "lookalike_choice": "lookalikes",
    "still_needed_on": "still_needed",
    "prediction": "adjusted_prediction",
}
ENUMS: dict[str, tuple[type[Any], Mapping[Any, Any]]] = {
    "kind": (Kind, words.KIND_NAMES),
    "importance": (Importance, words.IMPORTANCE_NAMES),
    "care_method": (Method, words.METHOD_NAMES),
    "lookalike_choice": (LookalikeChoice, words.LOOKALIKE_NAMES),
    "type": (CustomerType, words.CUSTOMER_NAMES),
    "came_true": (PredictionResult, words.PREDICTION_NAMES),
    "prediction_result": (PredictionResult, words.PREDICTION_NAMES),
    "solved": (Solved, words.SOLVED_NAMES),
    "phase": (Phase, words.PHASE_NAMES),
}
PEOPLE = ("owner_id", "caretaker_id", "care_asker_id", "keeper")
DATES = ("due_on", "last_useful_on", "agreed_on", "still_needed_on", "on", "go_live", "until")
LONG = 160


@dataclass(frozen=True)
class Known:
    """What the sentences look up: people by id, the customer, the reader's day."""

    names: Mapping[int, str]
    customer: str
    today: date

    def name(self, ident: Any) -> str:
        """A person by id."""
        return self.names.get(ident, gettext("nobody")) if isinstance(ident, int) else gettext("nobody")

    def day(self, value: Any) -> str:
        """A stored date in words."""
        try:
            return words.short_day(date.fromisoformat(str(value)), self.today)
        except ValueError:
            return str(value or "")


def who(entry: Entry, known: Known) -> str:
    """The actor, with whom it was done for."""
    if entry.actor_kind is ActorKind.CUSTOMER:
        return known.customer or gettext("The customer")
    if entry.actor_kind is ActorKind.CLOCK and entry.actor_id is None:
        return gettext("The follow-up")
    if entry.actor_kind is ActorKind.IMPORT and entry.actor_id is None:
        return gettext("The import")
    name = known.name(entry.actor_id)
    if entry.on_behalf_of_id is not None:
        return gettext("%(name)s for %(other)s", name=name, other=known.name(entry.on_behalf_of_id))
    return name


def sentence(entry: Entry, known: Known) -> str:
    """What happened, to stand after who."""
    told = SENTENCES.get(entry.what)
    return told(entry, known) if told else _unknown(entry, known)


def _unknown(entry: Entry, _known: Known) -> str:
    return gettext("noted “%(what)s”.", what=entry.what)


# --- values in words -------------------------------------------------------------------------------------


def value_words(field: str, value: Any, known: Known) -> str:
    """A stored value of a field, in the reader's words."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, dict):
        return ", ".join(part for part in (value_words(k, v, known) for k, v in value.items()) if part)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field in PEOPLE:
        return known.name(value)
    if field in ENUMS:
        return _member(field, value)
    if field in DATES:
        return known.day(value)
    return _short(words.said(str(value)))


def _member(field: str, value: Any) -> str:
    kind, names = ENUMS[field]
    try:
        return str(names[kind(value)])
    except (ValueError, KeyError):
        return str(value)


def _short(text: str) -> str:
    return text if len(text) <= LONG else text[: LONG - 1].rstrip() + "…"


def label_of(field: str) -> str:
    """What a field is called on the page."""
    question = QUESTIONS.get(COLUMN_LABELS.get(field, field))
    return gettext(question.label) if question else field


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


# --- sentences -------------------------------------------------------------------------------------------

Tells = Callable[[Entry, Known], str]


def _plain(make: Callable[[], str]) -> Tells:
    return lambda _entry, _known: make()


def _edited(entry: Entry, known: Known) -> str:
    label = label_of(entry.field)
    old, new = value_words(entry.field, entry.old, known), value_words(entry.field, entry.new, known)
    if old and new:
        return gettext("changed “%(what)s” from “%(old)s” to “%(new)s”.", what=label, old=old, new=new)
    if new:
        return gettext("wrote at “%(what)s”: “%(new)s”.", what=label, new=new)
    return gettext("emptied “%(what)s”: it was “%(old)s”.", what=label, old=old)


def _defaulted(entry: Entry, known: Known) -> str:
    new = value_words(entry.field, entry.new, known)
    return gettext("proposed for “%(what)s”: “%(new)s”.", what=label_of(entry.field), new=new or "—")


def _moved(make: Callable[[str, str], str]) -> Tells:
    def tell(entry: Entry, known: Known) -> str:
        return make(value_words("phase", entry.old, known), value_words("phase", entry.new, known))

    return tell


def _dated(make: Callable[[str, str], str]) -> Tells:
    return lambda entry, known: make(known.day(entry.old), known.day(entry.new))


def _checked(make: Callable[[Any], str]) -> Tells:
    return lambda entry, _known: make(_part(entry.new, "check") or _part(entry.old, "check") or "")


def _answered(entry: Entry, _known: Known) -> str:
    new = entry.new if isinstance(entry.new, dict) else {}
    said, mark, number = _member("solved", new.get("solved")), new.get("mark"), new.get("check", "")
    if mark is None:
        return gettext("answered check %(number)s: %(solved)s.", number=number, solved=said.lower())
    if new.get("source") == AnswerSource.CALL:
        return gettext(
            "noted the answer to check %(number)s after a call: %(solved)s, a %(mark)s.",
            number=number, solved=said.lower(), mark=mark,
        )  # fmt: skip
    return gettext("answered check %(number)s: %(solved)s, a %(mark)s.", number=number, solved=said.lower(), mark=mark)


def _observed(entry: Entry, _known: Known) -> str:
    solved = _member("solved", _part(entry.new, "solved")).lower()
    return gettext("went and looked for check %(number)s: %(solved)s.", number=_part(entry.new, "check"), solved=solved)


def _corrected(entry: Entry, _known: Known) -> str:
    solved = _member("solved", _part(entry.new, "solved")).lower()
    return gettext(
        "corrected the answer to check %(number)s: %(solved)s, a %(mark)s.",
        number=_part(entry.new, "check"), solved=solved, mark=_part(entry.new, "mark"),
    )  # fmt: skip


def _verdict(entry: Entry, _known: Known) -> str:
    value = _part(entry.new, "verdict") or entry.new
    name = str(words.VERDICT_NAMES[Verdict(value)]) if value in set(Verdict) else str(value)
    if _part(entry.new, "alone"):
        return gettext(
            "gave the verdict on check %(number)s: %(verdict)s. Nobody else was there to judge.",
            number=entry.old, verdict=name,
        )  # fmt: skip
    return gettext("gave the verdict on check %(number)s: %(verdict)s.", number=entry.old, verdict=name)


def _handover(entry: Entry, known: Known) -> str:
    if entry.new is None:
        return gettext("opened a handover: it waits for a new owner.")
    return gettext("hands it over to %(name)s.", name=known.name(entry.new))


def _asked_decision(entry: Entry, _known: Known) -> str:
    kind = str(words.DECISION_NAMES[DecisionKind(entry.field)])
    if entry.field == DecisionKind.WAIVER:
        return gettext("asked for a waiver of %(rule)s.", rule=entry.new)
    return gettext("asked for %(what)s.", what=kind)


def _decided(entry: Entry, _known: Known) -> str:
    kind = str(words.DECISION_NAMES[DecisionKind(entry.field)])
    state = _part(entry.new, "what") or entry.new
    if entry.field in (DecisionKind.HELP, DecisionKind.ESCALATION):
        text = gettext("answered the request for %(what)s.", what=kind)
    elif state == DecisionState.GRANTED:
        text = gettext("agreed to %(what)s.", what=kind)
    else:
        text = gettext("did not agree to %(what)s.", what=kind)
    return _with_alone(text, entry)


def _waived(entry: Entry, _known: Known) -> str:
    rule = _part(entry.new, "what") or entry.new
    return _with_alone(gettext("let %(rule)s pass for this round.", rule=rule), entry)


def _with_alone(text: str, entry: Entry) -> str:
    if _part(entry.new, "alone"):
        return f"{text} {gettext('Nobody else was there to decide.')}"
    return text


def _waiting(entry: Entry, known: Known) -> str:
    return gettext(
        "waits for %(what)s until %(day)s.",
        what=_part(entry.new, "on") or "",
        day=known.day(_part(entry.new, "until")),
    )


def _announced(entry: Entry, known: Known) -> str:
    days = {"on": known.day(_part(entry.new, "on")), "live": known.day(_part(entry.new, "go_live"))}
    if _part(entry.new, "late"):
        return gettext("announced the change on %(on)s, too late: it changed on %(live)s.", **days)
    return gettext("announced the change on %(on)s; it changes on %(live)s.", **days)


def _called(entry: Entry, known: Known) -> str:
    verdict = _part(entry.new, "verdict")
    said = str(words.CALL_NAMES[CallVerdict(verdict)]).lower() if verdict in set(CallVerdict) else ""
    return gettext(
        "called %(name)s during the work: %(said)s.", name=_part(entry.new, "with") or known.customer, said=said
    )


def _customer_told(entry: Entry, known: Known) -> str:
    name = _part(entry.new, "with")
    if name:
        return gettext("told %(name)s how it goes on.", name=name)
    return gettext("wrote to %(name)s how it goes on.", name=known.customer or gettext("the customer"))


def _labels(entry: Entry, known: Known) -> str:
    new = value_words("labels", entry.new, known)
    return gettext("hung these labels on it: %(labels)s.", labels=new) if new else gettext("took all labels off.")


def _linked(entry: Entry, _known: Known) -> str:
    kind = str(words.LINK_NAMES[ItemLinkKind(entry.field)])
    return gettext("noted: this %(kind)s number %(number)s.", kind=kind, number=entry.new)


def _file(part: str, make: Callable[[str], str]) -> Tells:
    return lambda entry, _known: make(str(_part(getattr(entry, part), "name") or ""))


def _planned(entry: Entry, known: Known) -> str:
    days = entry.new.values() if isinstance(entry.new, dict) else ()
    told = [words.after(day) if isinstance(day, int) else known.day(day) for day in days]
    return gettext("planned the aftercare: %(days)s.", days=words.joined(told))


def _twin(entry: Entry, _known: Known) -> str:
    return gettext(
        "number %(number)s turned out to be the same; its followers follow this.", number=_part(entry.new, "number")
    )


def _captured(entry: Entry, _known: Known) -> str:
    if entry.actor_kind is ActorKind.IMPORT:
        return gettext("imported it: “%(title)s”.", title=entry.new)
    return gettext("wrote it down: “%(title)s”.", title=entry.new)


def _reopened(entry: Entry, _known: Known) -> str:
    return gettext("reopened it: it came back.")


def _customers_added(entry: Entry, _known: Known) -> str:
    count = int(_part(entry.new, "count") or 0)
    return str(ngettext("added %(num)s customer to ask.", "added %(num)s customers to ask.", count))


SENTENCES: dict[str, Tells] = {
    "captured": _captured,
    "edited": _edited,
    "defaulted": _defaulted,
    "taken_up": _plain(lambda: gettext("took it up.")),
    "started": _plain(lambda: gettext("started the work.")),
    "finished": _plain(lambda: gettext("carried it out: from Do to Check.")),
    "embedded": _plain(lambda: gettext("moved it on to Act.")),
    "closed": _plain(lambda: gettext("closed it: really solved.")),
    "declined": _plain(lambda: gettext("declined it.")),
    "parked": _plain(lambda: gettext("parked it.")),
    "resumed": _moved(lambda _old, new: gettext("took it out of the park, back to %(phase)s.", phase=new)),
    "stopped": _plain(lambda: gettext("stopped it.")),
    "reopened": _reopened,
    "back_to_plan": _plain(lambda: gettext("moved it back to Plan.")),
    "next_round": _plain(lambda: gettext("started the next round.")),
    "finish_the_rest": _plain(lambda: gettext("moved it back to Do, to finish the rest.")),
    "taken_back": _moved(
        lambda old, new: gettext("took the last step back: from %(old)s to %(new)s.", old=old, new=new)
    ),
    "aftercare_planned": _planned,
    "date_moved": _dated(lambda old, new: gettext("moved the date from %(old)s to %(new)s.", old=old, new=new)),
    "date_asked": _dated(lambda _old, new: gettext("asked the leader for another date: %(new)s.", new=new)),
    "check_moved": _dated(lambda old, new: gettext("moved the check from %(old)s to %(new)s.", old=old, new=new)),
    "handover_opened": _handover,
    "handover_accepted": _plain(lambda: gettext("accepted the handover and is the owner now.")),
    "handover_refused": _plain(lambda: gettext("gave the handover back.")),
    "handover_withdrawn": _plain(lambda: gettext("withdrew the handover.")),
    "owner": lambda entry, known: gettext("made %(name)s the owner.", name=known.name(entry.new)),
    "caretaker": lambda entry, known: gettext(
        "made %(name)s caretaker: %(other)s left.", name=known.name(entry.new), other=known.name(entry.old)
    ),
    "promoted": _plain(lambda: gettext("made it an improvement action.")),
    "asked_decision": _asked_decision,
    "decided": _decided,
    "waived": _waived,
    "asked": _checked(lambda number: gettext("asked the customer: check %(number)s.", number=number)),
    "reminded": _checked(lambda number: gettext("reminded the customer of check %(number)s.", number=number)),
    "answered": _answered,
    "observed": _observed,
    "corrected": _corrected,
    "settled": _checked(lambda number: gettext("settled check %(number)s: its day has passed.", number=number)),
    "answer_commented": _checked(lambda number: gettext("wrote beside the answer to check %(number)s.", number=number)),
    "attempted": _checked(lambda number: gettext("called in vain for check %(number)s.", number=number)),
    "verdict": _verdict,
    "customer_told": _customer_told,
    "customer_wrote": _plain(lambda: gettext("answered our mail:")),
    "reply_dropped": _plain(lambda: gettext("says that this mail was no answer to the check.")),
    "opted_out": _plain(lambda: gettext("does not want to be mailed again.")),
    "not_the_person": _plain(lambda: gettext("says: I am not the right person.")),
    "customers_added": _customers_added,
    "customer_removed": _plain(lambda: gettext("removed a wrong customer; their link has ended.")),
    "counter_opened": _checked(lambda number: gettext("opened a counter link for check %(number)s.", number=number)),
    "counter_ended": _checked(lambda number: gettext("ended the counter link of check %(number)s.", number=number)),
    "commented": _plain(lambda: gettext("wrote:")),
    "followed": _plain(lambda: gettext("follows this.")),
    "unfollowed": _plain(lambda: gettext("no longer follows this.")),
    "labels": _labels,
    "linked": _linked,
    "unlinked": _plain(lambda: gettext("untied another item from this.")),
    "twin_declined": _twin,
    "file_added": _file("new", lambda name: gettext("added the file %(name)s.", name=name)),
    "file_removed": _file("old", lambda name: gettext("took away the file %(name)s.", name=name)),
    "waiting": _waiting,
    "waiting_over": _plain(lambda: gettext("noted that the wait is over.")),
    "called": _called,
    "announced": _announced,
    "lesson": _plain(lambda: gettext("wrote down a lesson.")),
}
