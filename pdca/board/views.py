"""From facts to the board in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, url_for
from flask_babel import gettext, ngettext

from pdca.board import queries, words
from pdca.board.cards import Act, BoardView, CardView, ClosedView, ColumnView, FilterView, Flag
from pdca.board.progress import progress
from pdca.items.facts import Facts
from pdca.items.lifecycle import STEPS, Who
from pdca.items.terms import COLUMNS, CheckState, Kind, Phase
from pdca.people.models import Person, Team
from pdca.people.permissions import Standing
from pdca.people.queries import rules_of, teams_of
from pdca.people.settings import TeamSettings

# So many more must have come in than gone out before a column is said to jam.
JAM_FROM = 3
BOARD_STEPS = (*COLUMNS, Phase.CLOSED)


@dataclass(frozen=True)
class Wanted:
    """What the reader asked to see: one filter, and whether the closed column is open."""

    show: str = "all"
    closed: bool = False

    def url(self, team_id: int, **other: object) -> str:
        """The board's address with this, or with something else of it."""
        said = {"show": self.show, "closed": self.closed, **other}
        return url_for(
            "board.show",
            team_id=team_id,
            show=None if said["show"] == "all" else said["show"],
            closed=1 if said["closed"] else None,
        )


@dataclass(frozen=True)
class Sight:
    """A filter: what it is called and which cards it keeps."""

    key: str
    words: Callable[[], str]
    keeps: Callable[[Facts, int], bool]


def _waits_for_customer(f: Facts, _me: int) -> bool:
    return any(c.state is CheckState.ASKED for c in f.open_checks)


SIGHTS = (
    Sight("all", lambda: gettext("All"), lambda f, me: True),
    Sight("mine", lambda: gettext("Mine"), lambda f, me: f.responsible_id == me),
    Sight("frozen", lambda: gettext("Frozen"), lambda f, me: f.is_frozen),
    Sight("customer", lambda: gettext("Waits for customer"), _waits_for_customer),
    Sight("quick_wins", lambda: gettext("Quick wins"), lambda f, me: f.kind is Kind.QUICK_WIN),
    Sight("actions", lambda: gettext("Actions"), lambda f, me: f.is_action),
)
SIGHT_KEYS = tuple(sight.key for sight in SIGHTS)


@dataclass(frozen=True)
class Scene:
    """Everything on one board, fetched once. `shown`: ids of the cards that the filter keeps."""

    team_id: int
    everything: Sequence[Facts]
    shown: frozenset[int]
    names: dict[int, str]
    settings: TeamSettings
    at: datetime

    @property
    def cards(self) -> list[Facts]:
        """What stands in the columns."""
        return [f for f in self.everything if f.phase is not Phase.PARKED]


def board_view(
    team: Team,
    standing: Standing,
    me: Person,
    wanted: Wanted,
    *,
    at: datetime,
) -> BoardView:
    """The whole board for one reader."""
    scene = _scene(team.id, me.id, wanted, at)
    return BoardView(
        team_id=team.id,
        team=team.name,
        url=wanted.url(team.id),
        columns_url=url_for("board.columns", team_id=team.id, show=wanted.show, closed=int(wanted.closed)),
        capture_url=f"/teams/{team.id}/items",
        columns=_columns(scene),
        closed=_closed(team.id, wanted, at),
        filters=_filters(scene, me.id, wanted),
        role=standing.role or "viewer",
        steps=_steps(),
        other_teams=tuple(
            Act(other.name, url_for("board.show", team_id=other.id)) for other in teams_of(me) if other.id != team.id
        ),
    )


def _scene(team_id: int, me: int, wanted: Wanted, at: datetime) -> Scene:
    everything = queries.open_facts(team_id, at)
    receivers = {f.handover.receiver_id for f in everything if f.handover and f.handover.receiver_id}
    sight = next(s for s in SIGHTS if s.key == wanted.show)
    return Scene(
        team_id,
        everything,
        frozenset(f.id for f in everything if sight.keeps(f, me)),
        queries.names_of(receivers),
        rules_of([team_id])[team_id].settings,
        at,
    )


# --- columns ---------------------------------------------------------------------------------------------


def _columns(scene: Scene) -> tuple[ColumnView, ...]:
    limits = {Phase.DO: scene.settings.wip_do, Phase.CHECK: scene.settings.wip_check}
    jammed = _jam(scene.team_id, scene.at)
    used = bool(scene.everything) or queries.has_items(scene.team_id)
    return tuple(_column(scene, phase, limits.get(phase, 0), jammed.get(phase, ""), used) for phase in COLUMNS)


def _column(scene: Scene, phase: Phase, limit: int, jammed: str, used: bool) -> ColumnView:
    here = [f for f in scene.everything if f.phase is phase]
    parked = [f for f in scene.everything if f.phase is Phase.PARKED and f.resumes_in is phase]
    title, text, praise = _empty_words(phase, limit, used)
    return ColumnView(
        phase=phase.value,
        name=phase_name(phase),
        hint=_hint(phase),
        cards=tuple(card_view(f, scene.names) for f in here if f.id in scene.shown),
        parked=tuple(card_view(f, scene.names) for f in parked if f.id in scene.shown),
        count=len(here),
        limit=limit,
        jammed_why=jammed,
        empty_title=gettext("Nothing here in this view.") if here else title,
        empty_text="" if here else text,
        is_praise=praise and not here,
    )


def phase_name(phase: Phase) -> str:
    """What a phase is called on the board."""
    names = {
        Phase.NEW: gettext("New"),
        Phase.PLAN: gettext("Plan"),
        Phase.DO: gettext("Do"),
        Phase.CHECK: gettext("Check"),
        Phase.ACT: gettext("Act"),
    }
    return str(names[phase])


def _hint(phase: Phase) -> str:
    hints = {
        Phase.NEW: gettext("decide"),
        Phase.PLAN: gettext("agree"),
        Phase.DO: gettext("carry out"),
        Phase.CHECK: gettext("does it help?"),
        Phase.ACT: gettext("make it last"),
    }
    return str(hints[phase])


def _empty_words(phase: Phase, limit: int, used: bool) -> tuple[str, str, bool]:
    """(title, text, is praise): praise where it is an achievement, else what this column is for."""
    if phase is Phase.NEW and used:
        text = gettext("All proposals were taken up, parked or declined with a reason.")
        return gettext("Everybody has an answer."), text, True
    title, text = {
        Phase.NEW: (
            gettext("Where does somebody get stuck?"),
            gettext("Write it in one line. Within five working days the proposer hears what happens with it."),
        ),
        Phase.PLAN: (
            gettext("Here you agree what and when."),
            gettext("And who will ask the customer whether it helped."),
        ),
        Phase.DO: (
            ngettext("%(num)s place, no more.", "%(num)s places, no more.", limit),
            gettext("That way a promise stays a promise."),
        ),
        Phase.CHECK: (
            gettext("Carried out is not solved yet."),
            gettext("Here a card waits for the customer’s answer."),
        ),
        Phase.ACT: (
            gettext("Does it work? Make it last."),
            gettext("Write down the new way of working and the lesson."),
        ),
    }[phase]
    return title, text, False


def _jam(team_id: int, at: datetime) -> dict[Phase, str]:
    """The column where most more came in than went out over six weeks, with the numbers."""
    arrivals, departures = queries.flow(team_id, at)
    surplus = Counter({phase: arrivals[phase] - departures[phase] for phase in COLUMNS[1:]})
    phase, most = surplus.most_common(1)[0]
    if most < JAM_FROM:
        return {}
    return {
        phase: gettext(
            "In six weeks %(came)s came in here and %(went)s went out.", came=arrivals[phase], went=departures[phase]
        )
    }


def _steps() -> dict[str, list[str]]:
    """Where a card may go from each phase: one more reader of the life-cycle table."""
    names = [phase.value for phase in BOARD_STEPS]
    ways: dict[str, list[str]] = {name: [] for name in names}
    for step in STEPS:
        if step.who is not Who.MEMBER and step.source.value in ways and step.target.value in ways:
            ways[step.source.value].append(step.target.value)
    return {source: sorted(targets, key=names.index) for source, targets in ways.items()}


def item_url(item_id: int) -> str:
    """The page of an item; its acts hang under it."""
    return f"/items/{item_id}"


# --- one card --------------------------------------------------------------------------------------------


def card_view(f: Facts, names: dict[int, str]) -> CardView:
    """One slip in words."""
    if not f.is_open:
        return _ended_card(f)
    late, note = words.frozen_words(f)
    day = words.next_day(f)
    step = progress(f)
    age, age_long = words.age_words(words.days_here(f))
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
        aged_why=words.aged_why(f),
        mark=f.last_mark,
        moved_words=words.moved_words(f),
        flags=words.flags(f, names) if f.phase is not Phase.PARKED else _parked_until(f),
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


# --- around the columns ----------------------------------------------------------------------------------


def _filters(scene: Scene, me: int, wanted: Wanted) -> tuple[FilterView, ...]:
    cards = scene.cards
    return (
        ()
        if not cards
        else tuple(
            FilterView(
                key=sight.key,
                words=sight.words(),
                count=sum(sight.keeps(f, me) for f in cards),
                url=wanted.url(scene.team_id, show=sight.key),
                is_current=sight.key == wanted.show,
            )
            for sight in SIGHTS
        )
    )


def _closed(team_id: int, wanted: Wanted, at: datetime) -> ClosedView:
    weeks = queries.closed_per_week(team_id, at)
    busy = sum(bool(count) for count in weeks)
    return ClosedView(
        count=queries.closed_count(team_id),
        note=ngettext("%(num)s this quarter", "%(num)s this quarter", sum(weeks)) if sum(weeks) else "",
        load=_load(busy, len(weeks)),
        load_label=gettext("Something was closed in %(busy)s of the last %(all)s weeks", busy=busy, all=len(weeks)),
        toggle_url=wanted.url(team_id, closed=not wanted.closed),
        cards=_ended(team_id, at) if wanted.closed else None,
    )


def _load(busy: int, weeks: int) -> tuple[str, ...]:
    return ("on",) * busy + ("",) * (weeks - busy)


def _ended(team_id: int, at: datetime) -> tuple[CardView, ...]:
    return tuple(_each(queries.ended_facts(team_id, at)))


def _each(facts: Iterable[Facts]) -> Iterable[CardView]:
    return (card_view(f, {}) for f in facts)
