"""Dates, names and states of items as words, in the reader's language. Board, list and review use them too."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import format_date, format_time, get_locale, gettext, lazy_gettext, ngettext, to_user_timezone

from pdca.errors import N_
from pdca.items.terms import (
    AnswerSource,
    CallVerdict,
    CustomerType,
    DecisionKind,
    HandoverState,
    Importance,
    ItemLinkKind,
    Kind,
    LookalikeChoice,
    Method,
    Phase,
    PredictionResult,
    Quote,
    ReopenCause,
    Solved,
    ToldHow,
    Verdict,
)

_l = lazy_gettext
# A date further away than this is told with its year.
NEAR = timedelta(days=270)
WEEK = 7

PHASE_NAMES = {
    Phase.NEW: _l("New"),
    Phase.PLAN: _l("Plan"),
    Phase.DO: _l("Do"),
    Phase.CHECK: _l("Check"),
    Phase.ACT: _l("Act"),
    Phase.CLOSED: _l("Closed"),
    Phase.PARKED: _l("Parked"),
    Phase.STOPPED: _l("Stopped"),
    Phase.DECLINED: _l("Declined"),
}
KIND_NAMES = {Kind.QUICK_WIN: _l("Quick win"), Kind.IMPROVEMENT: _l("Improvement action")}
IMPORTANCE_NAMES = {Importance.NORMAL: _l("Normal"), Importance.HIGH: _l("High, so we call during the work")}
CUSTOMER_NAMES = {
    CustomerType.EXTERNAL: _l("customer"),
    CustomerType.COLLEAGUE: _l("a colleague"),
    CustomerType.GROUP: _l("a group"),
    CustomerType.UNKNOWN: _l("unknown"),
}
METHOD_NAMES = {
    Method.MAIL: _l("The customer gets a mail"),
    Method.CALL: _l("We call"),
    Method.OBSERVATION: _l("A colleague goes and looks"),
}
SOLVED_NAMES = {Solved.YES: _l("Solved"), Solved.PARTLY: _l("Partly solved"), Solved.NO: _l("Not solved")}
VERDICT_NAMES = {
    Verdict.EFFECTIVE: _l("effective"),
    Verdict.PARTLY: _l("partly effective"),
    Verdict.NOT_EFFECTIVE: _l("not effective"),
    Verdict.TOO_EARLY: _l("too early to say"),
    Verdict.NOT_REACHED: _l("customer not reached"),
}
SOURCE_NAMES = {
    AnswerSource.LINK: _l("through the mailed link"),
    AnswerSource.CALL: _l("called by the team"),
    AnswerSource.OBSERVATION: _l("seen by a colleague"),
    AnswerSource.OTHER_EVIDENCE: _l("other evidence"),
}
TOLD_NAMES = {
    ToldHow.MAIL: _l("by mail"),
    ToldHow.CALL: _l("by phone"),
    ToldHow.VISIT: _l("in person"),
    ToldHow.NOTICE: _l("by a notice"),
}
PREDICTION_NAMES = {
    PredictionResult.YES: _l("Yes"),
    PredictionResult.NEARLY: _l("Nearly"),
    PredictionResult.NO: _l("No"),
}
CAUSE_NAMES = {
    ReopenCause.BACK_AGAIN: _l("It came back"),
    ReopenCause.NEVER_GONE: _l("It was never gone"),
    ReopenCause.NEW_CAUSE: _l("It has a new cause"),
    ReopenCause.SIDE_EFFECT: _l("It is a side effect"),
}
LINK_NAMES = {
    ItemLinkKind.RELATED: _l("belongs with"),
    ItemLinkKind.DUPLICATE_OF: _l("is the same as"),
    ItemLinkKind.RECURRENCE_OF: _l("is back after"),
}
DECISION_NAMES = {
    DecisionKind.THIRD_DATE: _l("a third date"),
    DecisionKind.NO_SURVEY: _l("going on without a survey"),
    DecisionKind.WAIVER: _l("a waiver"),
    DecisionKind.ROUND_THREE: _l("round 3"),
    DecisionKind.ESCALATION: _l("a decision"),
    DecisionKind.HELP: _l("help"),
}
CALL_NAMES = {CallVerdict.GOING_WELL: _l("It is going well"), CallVerdict.ADJUST: _l("Something has to change")}
QUOTE_NAMES = {Quote.NAMED: _l("Yes, with the name"), Quote.ANONYMOUS: _l("Yes, without a name"), Quote.NO: _l("No")}
HANDOVER_NAMES = {
    HandoverState.OPEN: _l("open"),
    HandoverState.ACCEPTED: _l("accepted"),
    HandoverState.REFUSED: _l("given back"),
    HandoverState.WITHDRAWN: _l("withdrawn"),
}
LOOKALIKE_NAMES = {
    LookalikeChoice.NONE_FOUND: _l("None found"),
    LookalikeChoice.DIFFERENT: _l("Different"),
    LookalikeChoice.SAME: _l("The same"),
    LookalikeChoice.NOT_ASKED_IMPORT: _l("Not asked (import)"),
}
# Texts that the product itself stored as an answer or reason; a reader sees them in their own language.
OF_OURS = frozenset(
    {
        N_("The customer says it is solved."),
        N_("on the board"),
        N_("Done as planned."),
        N_("Finish the rest."),
        N_("The date moved for the second time."),
        N_("The second round failed."),
    }
)


def said(text: str) -> str:
    """A stored text; the ones that the product wrote itself in the reader's language."""
    return gettext(text) if text in OF_OURS else text


def day(on: date, today: date) -> str:
    """A day as people say it: "today", "Thursday", "Thu 5 Nov"."""
    away = (on - today).days
    near = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}
    if away in near:
        return near[away]
    return format_date(on, "EEEE") if 1 < away < WEEK else short_day(on, today)


def short_day(on: date, today: date | None = None) -> str:
    """ "Thu 5 Nov", with the year when it is far away."""
    far = today is not None and abs(on - today) > NEAR
    return format_date(on, "d MMM y" if far else "EEE d MMM")


def long_day(on: date) -> str:
    """ "5 November 2026"."""
    return format_date(on, "d MMMM y")


def instant(at: datetime, now: datetime) -> str:
    """ "today 09:12" or "Wed 18 Nov", in the reader's own zone."""
    here, there = to_user_timezone(at), to_user_timezone(now)
    if here.date() == there.date():
        return gettext("today %(time)s", time=format_time(at, "HH:mm"))
    return f"{short_day(here.date(), there.date())} {format_time(at, 'HH:mm')}"


def days(count: int) -> str:
    """ "1 day", "19 days"."""
    return ngettext("%(num)s day", "%(num)s days", count)


def days_late(count: int) -> str:
    """ "3 days late"."""
    return ngettext("%(num)s day late", "%(num)s days late", count)


def moved(times: int) -> str:
    """ "moved 2×"."""
    return gettext("moved %(times)s×", times=times)


def after(offset_days: int) -> str:
    """ "after 2 weeks"; checks go by whole weeks."""
    weeks, rest = divmod(offset_days, WEEK)
    if rest:
        return ngettext("after %(num)s day", "after %(num)s days", offset_days)
    return ngettext("after %(num)s week", "after %(num)s weeks", weeks)


def size(count: int) -> str:
    """ "812 kB"."""
    if count < 1024 * 1024:
        return gettext("%(number)s kB", number=max(1, round(count / 1024)))
    return gettext("%(number)s MB", number=round(count / 1024 / 1024, 1))


def sentence_case(name: object) -> str:
    """A name that stands on its own, such as on a chip."""
    text = str(name)
    return text[:1].upper() + text[1:]


def joined(parts: list[str]) -> str:
    """ "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    word = gettext("and")
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def language() -> str:
    """The two letters of the reader's language."""
    return str(get_locale())[:2]
