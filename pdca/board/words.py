"""Dates, ages and notes of a card in the reader's words. Called inside a request or a forced language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from flask_babel import format_date, gettext, ngettext

from pdca import clock
from pdca.board.cards import Flag
from pdca.followup.stalled import age
from pdca.items.facts import CheckFacts, Facts
from pdca.items.terms import CheckState, DecisionKind, Method, Phase

A_WEEK = 7
SOON = "soon"


def day_words(day: date, today: date) -> str:
    """ "today", "tomorrow", "Thursday" within a week, else "17 December", with the year when it is another."""
    away = (day - today).days
    if away == 0:
        return str(gettext("today"))
    if away == 1:
        return str(gettext("tomorrow"))
    if 1 < away < A_WEEK:
        return str(format_date(day, "EEEE"))
    return str(format_date(day, "d MMMM" if day.year == today.year else "d MMMM yyyy"))


def short_day(day: date) -> str:
    """ "Fri 20 Nov": where a date stands beside other words."""
    return str(format_date(day, "EEE d MMM"))


def tone(day: date, today: date) -> str:
    """Amber is for today and tomorrow only."""
    return SOON if 0 <= (day - today).days <= 1 else ""


def next_day(f: Facts) -> date | None:
    """The date a card shows: the promise until it is carried out, then the next aftercare check."""
    if f.phase in (Phase.PLAN, Phase.DO):
        return f.due_on
    check = open_check(f)
    if check is None:
        return None
    asked = check.due_on is not None and check.due_on < f.today
    return check.settle_by if asked else check.due_on


def open_check(f: Facts) -> CheckFacts | None:
    """The aftercare check that is next, once there is a date."""
    if f.phase not in (Phase.CHECK, Phase.ACT):
        return None
    return next((c for c in f.open_checks if c.due_on is not None), None)


def frozen_words(f: Facts) -> tuple[str, str]:
    """("3 days late", "promised Fri 20 Nov"), or two empty strings."""
    since = f.frozen_since
    if since is None:
        return "", ""
    late = (f.today - since).days
    words = ngettext("%(num)s day late", "%(num)s days late", late)
    day = short_day(since)
    note = gettext("promised %(day)s", day=day) if f.phase is Phase.DO else gettext("aftercare %(day)s", day=day)
    return str(words), str(note)


def days_here(f: Facts) -> int:
    """Days in this column."""
    return (f.today - clock.today(f.timezone, f.phase_since)).days


def age_words(days: int) -> tuple[str, str]:
    """("19 d", "19 days in this column")."""
    long = ngettext("%(num)s day in this column", "%(num)s days in this column", days)
    return str(gettext("%(days)s d", days=days)), str(long)


def aged_why(f: Facts, old_from: int) -> str:
    """Why the age is bold, or nothing. `old_from`: above that many days it is older than most."""
    if f.phase is Phase.NEW:
        waited = f.calendar.between(clock.today(f.timezone, f.created_at), f.today)
        limit = f.settings.decide_days
        if waited <= limit:
            return ""
        return str(
            ngettext(
                "Nobody decided on this in %(num)s working day.",
                "Nobody decided on this in %(num)s working days.",
                waited,
            )
        )
    if (days := age(f)) is not None and days > old_from:
        return str(
            gettext(
                "%(age)s days since it started: most are carried out here within %(days)s.", age=days, days=old_from
            )
        )
    still = (f.today - clock.today(f.timezone, f.last_progress_at)).days
    if still > _stalled_from(f) and not _waits_for_a_date(f):
        return str(gettext("No progress for %(days)s days.", days=still))
    return ""


def work_words(f: Facts) -> str:
    """ "51 d since the start", where that is another number than the days in this column."""
    days = age(f)
    if days is None or days == days_here(f):
        return ""
    return str(gettext("%(days)s d", days=days))


def _stalled_from(f: Facts) -> int:
    return f.settings.stalled_action_days if f.is_action else f.settings.stalled_quick_win_days


def _waits_for_a_date(f: Facts) -> bool:
    """The clock stands still while the only thing to do is not due yet."""
    check = open_check(f)
    return check is not None and check.due_on is not None and check.due_on > f.today


def moved_words(f: Facts) -> str:
    """ "moved 2×", or nothing (R8)."""
    return str(gettext("moved %(times)s×", times=f.times_moved)) if f.times_moved else ""


# --- notes: what is going on, at most two ---------------------------------------------------------------


def flags(f: Facts, names: Mapping[int, str]) -> tuple[Flag, ...]:
    """The one or two lines that matter most now. `names`: people by id."""
    return tuple(_notes(f, names))[:2]


def _notes(f: Facts, names: Mapping[int, str]) -> Iterator[Flag]:
    yield from _hands(f, names)
    yield from _waits(f)
    yield from _customer(f)
    if f.round.number > 1:
        yield Flag("turn", gettext("Round %(number)s", number=f.round.number))
    if f.phase in (Phase.DO, Phase.CHECK, Phase.ACT) and not f.has_purpose:
        yield Flag("eye", gettext("why unknown"))


def _hands(f: Facts, names: Mapping[int, str]) -> Iterator[Flag]:
    if f.handover is None:
        return
    receiver = names.get(f.handover.receiver_id or 0, "")
    if receiver:
        yield Flag("hand", gettext("being handed over to %(name)s", name=first_name(receiver)))
    else:
        yield Flag("hand", gettext("waits for a new owner"))


def first_name(name: str) -> str:
    """Colleagues know each other by their first name."""
    return name.split(maxsplit=1)[0] if name.strip() else ""


def _waits(f: Facts) -> Iterator[Flag]:
    asked = {d.kind for d in f.decisions}
    if DecisionKind.HELP in asked:
        yield Flag("buoy", gettext("asks for help"))
    if asked - {DecisionKind.HELP}:
        yield Flag("wait", gettext("waits for the leader"))
    if f.waiting_on and f.waiting_until:
        until = day_words(f.waiting_until, f.today)
        yield Flag("wait", gettext("waits for %(what)s until %(day)s", what=f.waiting_on, day=until))


def _customer(f: Facts) -> Iterator[Flag]:
    check = open_check(f)
    if check is None or check.due_on is None or check.due_on > f.today:
        return
    if check.method is Method.OBSERVATION:
        yield Flag("eye", gettext("somebody else has a look"))
    elif check.method is Method.CALL or check.attempt_days:
        yield Flag("call", gettext("call %(name)s", name=f.customer_name or gettext("the customer")))
    elif check.state is CheckState.ASKED and check.asked_at is not None:
        day = short_day(clock.today(f.timezone, check.asked_at))
        yield Flag("mail", gettext("customer asked on %(day)s", day=day))
