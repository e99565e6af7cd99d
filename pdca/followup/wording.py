"""Days and sentences in the reader's words. Only the edge uses this: pages, and mails as they are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask_babel import format_date, gettext

from pdca.followup.lines import Urgency
from pdca.followup.news_lines import NewsLine
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
