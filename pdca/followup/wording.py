"""Days and names in the reader's words. Only the edge uses this: pages, and mails as they are written."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, gettext, ngettext

from pdca.followup.lines import Urgency

WEEK = 7


def due_words(due_on: date, today: date) -> str:
    """By when, in words: "3 days late", "today", "tomorrow", "Thursday", "12 March"."""
    days = (due_on - today).days
    if days < 0:
        return str(ngettext("%(num)s day late", "%(num)s days late", -days))
    if days == 0:
        return str(gettext("today"))
    if days == 1:
        return str(gettext("tomorrow"))
    return _weekday(due_on) if days < WEEK else day_words(due_on, today)


def day_words(day: date, today: date) -> str:
    """A day without the weekday; the year only when it is another one."""
    return str(format_date(day, "d MMMM" if day.year == today.year else "d MMMM y"))


def _weekday(day: date) -> str:
    return str(format_date(day, "EEEE"))


def urgency_words(urgency: Urgency) -> str:
    """The head of a group of lines."""
    return {
        Urgency.LATE: str(gettext("Late")),
        Urgency.TODAY: str(gettext("Today")),
        Urgency.WEEK: str(gettext("This week")),
        Urgency.LATER: str(gettext("Later")),
    }[urgency]
