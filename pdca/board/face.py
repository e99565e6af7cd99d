"""The face of one card: from facts to words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import current_app, url_for
from flask_babel import gettext

from pdca.board import words
from pdca.board.cards import Act, CardView, Flag
from pdca.board.progress import progress
from pdca.items.facts import Facts
from pdca.items.terms import Phase


def item_url(item_id: int) -> str:
    """The page of an item; its acts hang under it."""
    return f"/items/{item_id}"


def card_view(f: Facts, names: Mapping[int, str], old_from: int) -> CardView:
    """One slip in words. `old_from`: the age in days above which it is old."""
    if not f.is_open:
        return _ended_card(f)
    late, note = words.frozen_words(f)
    day = words.next_day(f)
    step = progress(f)
    age, age_long = words.age_words(words.days_here(f))
    return replace(
        _bare(f),
        proposer=_proposer(f) if f.phase is Phase.NEW else "",
        due_words=words.day_words(day, f.today) if day else "",
        due_tone=words.tone(day, f.today) if day else "",
        due_on=day,
        frozen_words=late,
        frozen_note=note,
        acts=_ways_out(f) if late else (),
        done=step.done,
        total=step.total,
        ready_for=step.ready_for,
        age_words=age,
        age_long=age_long,
        aged_why=words.aged_why(f, old_from),
        work_words=words.work_words(f),
        mark=f.last_mark,
        moved_words=words.moved_words(f),
        flags=words.flags(f, names) if f.phase is not Phase.PARKED else _parked_until(f),
    )


def _bare(f: Facts) -> CardView:
    """What every card shows, open or ended."""
    return CardView(
        id=f.id,
        number=f.number,
        version=f.version,
        kind=f.kind.value if f.kind else "",
        title=f.title,
        phase=f.phase.value,
        url=item_url(f.id),
        move_url=f"{item_url(f.id)}/moves",
        owner=f.owner_name,
    )


def _proposer(f: Facts) -> str:
    """A colleague by first name; what an import says stays as it is."""
    return words.first_name(f.proposer_name) if f.proposer_id else f.proposer_name


def _parked_until(f: Facts) -> tuple[Flag, ...]:
    if f.review_on is None:
        return ()
    return (Flag("clock", gettext("look again on %(day)s", day=words.short_day(f.review_on))),)


def _ended_card(f: Facts) -> CardView:
    ends = {
        Phase.STOPPED: Flag("cross", gettext("Stopped")),
        Phase.DECLINED: Flag("cross", gettext("Declined")),
    }
    return replace(
        _bare(f),
        mark=f.last_mark if f.phase is Phase.CLOSED else None,
        flags=(ends[f.phase],) if f.phase in ends else (),
    )


# The three ways out of a frozen card (R8), in the order of the sign.
WAYS_OUT = ("items.done", "items.new_date", "items.help")


def _ways_out(f: Facts) -> tuple[Act, ...]:
    labels = (gettext("Done"), gettext("New date"), gettext("Help"))
    known = current_app.view_functions
    return tuple(
        Act(label, url_for(endpoint, item_id=f.id))
        for label, endpoint in zip(labels, WAYS_OUT, strict=True)
        if endpoint in known
    )
