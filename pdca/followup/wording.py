"""Days and sentences in the reader's words. Only the edge uses this: pages, and mails as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from flask_babel import format_date, gettext, ngettext

from pdca.followup.ladder import LADDERS, Base, Step, step_named
from pdca.followup.lines import Urgency
from pdca.followup.news_lines import NewsLine
from pdca.followup.terms import To
from pdca.items import words


def due_words(due_on: date, today: date) -> str:
    """By when, in words: "3 days late", "today", "tomorrow", "Thursday", "Thu 12 Mar"."""
    late = (today - due_on).days
    return words.days_late(late) if late > 0 else words.day(due_on, today)


def urgency_words(urgency: Urgency) -> str:
    """The head of a group of lines."""
    return {
        Urgency.LATE: str(gettext("Late")),
        Urgency.TODAY: str(gettext("Today")),
        Urgency.WEEK: str(gettext("This week")),
        Urgency.LATER: str(gettext("After that")),
    }[urgency]


def news_words(line: NewsLine) -> str:
    """What happened, as one sentence; a customer's mark stands behind the answer."""
    params = {**line.params, **{name: str(gettext(text)) if text else "" for name, text in line.words.items()}}
    if line.mark is not None:
        params["what"] = str(gettext("%(answer)s, mark %(mark)s", answer=params["what"], mark=line.mark))
    params["day"] = str(format_date(line.day, "EEEE d MMMM")) if line.day else ""
    return str(gettext(line.text, **params)).strip()


def sentences(lines: Iterable[NewsLine]) -> str:
    """Everything that happened to one item, one sentence after the other."""
    return " ".join(news_words(line) for line in lines)


# --- the clock's own page --------------------------------------------------------------------------------


def result_words(result: str) -> str:
    """What a pass or a look through everything did: "3 steps reached, 2 mails sent"."""
    counts = _counts(result)
    if counts.get("doubted"):
        return str(gettext("waits: the clock of this machine jumped ahead"))
    said = [
        ngettext("%(num)s item looked at", "%(num)s items looked at", counts.get("items", 0)),
        ngettext("%(num)s item not looked at", "%(num)s items not looked at", counts.get("failed", 0)),
        ngettext("%(num)s duty put right", "%(num)s duties put right", counts.get("drift", 0)),
        ngettext("%(num)s step reached", "%(num)s steps reached", counts.get("notices", 0)),
        ngettext("%(num)s mail made", "%(num)s mails made", counts.get("messages", 0)),
        ngettext("%(num)s mail sent", "%(num)s mails sent", counts.get("accepted", 0)),
        ngettext("%(num)s mail put off", "%(num)s mails put off", counts.get("deferred", 0)),
        ngettext("%(num)s mail given up", "%(num)s mails given up", counts.get("dead", 0)),
    ]
    named = ("items", "failed", "drift", "notices", "messages", "accepted", "deferred", "dead")
    happened = [str(words) for name, words in zip(named, said, strict=True) if counts.get(name)]
    return ", ".join(happened) or str(gettext("nothing was due"))


def broken_words(result: str) -> str:
    """What a look at I1-I6 found, in the words of the invariants."""
    try:
        found = json.loads(result)
    except ValueError:
        return result
    return ", ".join(found) if found else str(gettext("all of it holds"))


def _counts(result: str) -> dict[str, int]:
    # A row of an earlier version may hold a sentence instead.
    try:
        found = json.loads(result)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def step_words(ladder: str, name: str) -> str:
    """A rung of the ladder for who has never seen it: what it does, or whom it reaches."""
    step = step_named(ladder, name) if ladder in LADDERS else None
    if step is None:
        return name
    return _named_step(step) or _circle(step)


def _named_step(step: Step) -> str | None:
    if step.name in ("call", "call-again"):
        return str(gettext("The owner calls") if step.name == "call" else gettext("The owner calls once more"))
    if To.CUSTOMER in step.to:
        return str(gettext("Mail to the customer") if step.name == "ask" else gettext("Reminder to the customer"))
    if step.base is Base.OPENED:
        return str(gettext("Told at once"))
    return str(gettext("Reminder beforehand")) if step.offset < 0 else None


def _circle(step: Step) -> str:
    """The circle widens: the last one named is who hears it for the first time."""
    return {
        To.HOLDER: str(gettext("Reminder")),
        To.KEEPER: str(gettext("The board keeper hears it too")),
        To.LEADER: str(gettext("The leader hears it too")),
        To.SPONSOR: str(gettext("The sponsor hears it too")),
    }[step.to[-1]]
