"""From facts to the board in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from flask_babel import gettext, ngettext

from pdca.board import queries
from pdca.board.cards import (
    Act,
    BoardView,
    CardView,
    ChoiceView,
    ClosedView,
    ColumnView,
    FilterView,
    LaneView,
    SavedViewView,
    SeveralView,
)
from pdca.board.face import card_view
from pdca.board.filters import KINDS, SIGHTS, Reader, Wanted, wanted_from
from pdca.board.slips import Slip, Snapshot, print_of, snapshot
from pdca.board.traits import Traits
from pdca.catalogue.models import Label, Service
from pdca.followup.mine import items_due_for
from pdca.items.lifecycle import STEPS, Who
from pdca.items.terms import COLUMNS, Phase
from pdca.people.models import Person, Role
from pdca.people.queries import TeamRules, rules_of, team_for, teams_of
from pdca.people.settings import TeamSettings
from pdca.web.kept import kept

# So many more must have come in than gone out before a column is said to jam.
JAM_FROM = 3
BOARD_STEPS = (*COLUMNS, Phase.CLOSED)


@dataclass(frozen=True)
class Scene:
    """Everything on one board, and who looks at it how."""

    team_id: int
    snap: Snapshot
    wanted: Wanted
    me: Reader
    services: dict[int, str]
    labels: dict[int, str]
    at: datetime
    is_compact: bool = False
    # Columns that this reader keeps folded.
    folded: frozenset[str] = frozenset()

    @property
    def settings(self) -> TeamSettings:
        """The team's numbers."""
        return self.snap.ground.rules.settings

    def cards(self) -> Iterable[Traits]:
        """What stands in the columns."""
        return (slip.traits for phase in COLUMNS for slip in self.snap.at(phase.value))

    def shown(self, place: str) -> Sequence[Slip]:
        """The cards of a place that the filters keep."""
        slips = self.snap.at(place)
        if self.wanted.is_everything:
            return slips
        return [slip for slip in slips if self.wanted.keeps(slip.traits, self.me)]


@dataclass(frozen=True)
class Seen:
    """A team as one person sees it: no row, so it can be remembered."""

    id: int
    name: str
    role: str
    others: tuple[tuple[int, str], ...]
    # A practice board, seen by who may remove it.
    ends_practice: bool = False


def seen_by(me: Person, team_id: int, at: datetime) -> Seen:
    """The team and how this person stands to it; NotFound when it is not theirs to see."""

    def look() -> Seen:
        team, standing = team_for(me, team_id)
        others = tuple((other.id, other.name) for other in teams_of(me) if other.id != team_id)
        return Seen(team.id, team.name, standing.role or "viewer", others, team.is_practice and me.is_administrator)

    return kept(("seen", me.id, team_id), at, look)


def board_view(team: Seen, scene: Scene) -> BoardView:
    """The whole board for one reader."""
    wanted = scene.wanted
    return BoardView(
        team_id=team.id,
        team=team.name,
        url=wanted.url(team.id),
        changes_url=url_for("board.changes", team_id=team.id, **wanted.args()),
        cards_url=url_for("board.cards", team_id=team.id),
        live_url=url_for("board.live", team_id=team.id),
        capture_url=f"/teams/{team.id}/items",
        columns=_columns(scene),
        closed=_closed(scene),
        filters=_filters(scene),
        choices=_choices(scene),
        views=_views(team, scene),
        may_keep_for_team=team.role in (Role.BOARD_KEEPER, Role.LEADER),
        query=urlencode(wanted.args()),
        clear_url="" if wanted.is_everything else wanted.without_filters().url(team.id),
        role=team.role,
        steps=_steps(),
        practice_end_url=url_for("board.end_practice", team_id=team.id) if team.ends_practice else "",
        is_picking=wanted.pick,
        pick_url=replace(wanted, pick=not wanted.pick).url(team.id),
        is_compact=scene.is_compact,
        look_url=url_for("board.look", team_id=team.id),
        several=several_view(scene) if team.role != "viewer" else None,
        other_teams=tuple(Act(name, url_for("board.show", team_id=other)) for other, name in team.others),
    )


def _views(team: Seen, scene: Scene) -> tuple[SavedViewView, ...]:
    keeps = team.role in (Role.BOARD_KEEPER, Role.LEADER)
    return tuple(
        SavedViewView(
            view_id, name, wanted_from(dict(parse_qsl(query))).url(team.id), is_team, keeps if is_team else True
        )
        for view_id, name, query, is_team in queries.saved_views(team.id, scene.me.id)
    )


def several_view(scene: Scene) -> SeveralView:
    """What the bar below the board offers."""
    team_id = scene.team_id
    people = kept(("colleagues", team_id), scene.at, lambda: queries.colleagues_of(team_id))
    return SeveralView(
        url=url_for("board.several", team_id=team_id),
        labels=tuple(scene.labels.items()),
        people=people,
        tomorrow=scene.snap.ground.today + timedelta(days=1),
    )


def scene_of(team_id: int, me: Person, wanted: Wanted, at: datetime) -> Scene:
    """Fetch everything once; the cards come from what is kept."""
    who = me.id
    return Scene(
        team_id,
        snapshot(team_id, rules_for(team_id, at), at),
        wanted,
        Reader(who, kept(("owes", who), at, lambda: items_due_for(me, at))),
        kept(("services", team_id), at, lambda: dict(queries.chosen_from(Service, team_id))),
        kept(("labels", team_id), at, lambda: dict(queries.chosen_from(Label, team_id))),
        at,
        me.board_is_compact,
        frozenset(me.board_folded.split(",")),
    )


def rules_for(team_id: int, at: datetime) -> TeamRules:
    """The team's rules, as remembered."""
    return kept(("rules", team_id), at, lambda: rules_of([team_id])[team_id])


# --- columns ---------------------------------------------------------------------------------------------


def _columns(scene: Scene) -> tuple[ColumnView, ...]:
    limits = {Phase.DO: scene.settings.wip_do, Phase.CHECK: scene.settings.wip_check}
    jammed = _jam(scene)
    used = bool(scene.snap.rows) or queries.has_items(scene.team_id)
    return tuple(_column(scene, phase, limits.get(phase, 0), jammed.get(phase, ""), used) for phase in COLUMNS)


@dataclass(frozen=True)
class Filling:
    """What goes into a board's frame at the last moment: cards by place, and a name for what each column shows."""

    slips: dict[str, Sequence[Slip]]
    prints: dict[str, str]


def filling_of(scene: Scene) -> Filling:
    """The cards in their present order."""
    slips: dict[str, Sequence[Slip]] = {}
    prints = {}
    for phase in COLUMNS:
        place = phase.value
        shown, parked = scene.shown(place), scene.shown(f"parked:{place}")
        slips |= {lane.key: lane.slips for lane in _lanes(scene, place, shown)}
        slips[f"parked:{place}"] = parked
        prints[place] = _print(scene, place, (*shown, *parked))
    return Filling(slips, prints)


def _column(scene: Scene, phase: Phase, limit: int, jammed: str, used: bool) -> ColumnView:
    here = scene.snap.at(phase.value)
    shown, parked = scene.shown(phase.value), scene.shown(f"parked:{phase.value}")
    title, text, praise = _empty_words(phase, limit, used)
    return ColumnView(
        phase=phase.value,
        name=phase_name(phase),
        hint=_hint(phase),
        lanes=_lanes(scene, phase.value, shown),
        parked=LaneView(f"parked:{phase.value}", "", tuple(parked)),
        count=len(here),
        print=_print(scene, phase.value, (*shown, *parked)),
        limit=limit,
        jammed_why=jammed,
        empty_title=gettext("Nothing here in this view.") if here else title,
        empty_text="" if here else text,
        is_praise=praise and not here,
        full_owners=_full_owners(scene) if phase is Phase.DO else "",
        is_folded=phase.value in scene.folded,
        load=_fullness(scene, phase, limit),
    )


LOAD_SEGMENTS = 8


def _fullness(scene: Scene, phase: Phase, limit: int) -> tuple[str, ...]:
    """How full a folded column is: of its places, else beside the fullest column; lowest segment first."""
    here = len(scene.snap.at(phase.value))
    most = limit or max(len(scene.snap.at(one.value)) for one in COLUMNS)
    taken = min(LOAD_SEGMENTS, -(-here * LOAD_SEGMENTS // most)) if most else 0
    return _load(taken, LOAD_SEGMENTS)


def _print(scene: Scene, place: str, slips: Sequence[Slip]) -> str:
    if scene.wanted.is_everything and not scene.wanted.lanes:
        return str(scene.snap.remember(("print", place), lambda: print_of(slips)))
    return print_of(slips)


def _full_owners(scene: Scene) -> str:
    """Who has as many cards in Do as one owner may have (R31)."""
    owned = Counter(row.owner_id for row in scene.snap.rows if row.phase == Phase.DO.value)
    names = scene.snap.ground.names
    full = sorted(names.get(who or 0, "") for who, count in owned.items() if count >= scene.settings.wip_owner)
    return ", ".join(filter(None, full))


def _lanes(scene: Scene, place: str, slips: Sequence[Slip]) -> tuple[LaneView, ...]:
    if not scene.wanted.lanes:
        return (LaneView(place, "", tuple(slips)),)
    names = _lane_names(scene)
    value = LANE_OF[scene.wanted.lanes]
    grouped: dict[Any, list[Slip]] = {}
    for slip in slips:
        grouped.setdefault(value(slip.traits), []).append(slip)
    none = gettext("Nobody yet") if scene.wanted.lanes == "owner" else gettext("None")
    order = sorted(grouped, key=lambda key: (key in (None, ""), names.get(key, none).casefold()))
    lanes = [LaneView(f"{place}:{no}", names.get(key, none), tuple(grouped[key])) for no, key in enumerate(order)]
    # An empty column keeps one place to drop on.
    return tuple(lanes) or (LaneView(place, "", ()),)


LANE_OF: dict[str, Callable[[Traits], Any]] = {
    "owner": lambda t: t.responsible_id,
    "service": lambda t: t.service_id,
    "kind": lambda t: t.kind,
}


def _lane_names(scene: Scene) -> dict[Any, str]:
    names: dict[str, dict[Any, str]] = {
        "owner": dict(scene.snap.ground.names),
        "service": dict(scene.services),
        "kind": {key: gettext(said) for key, said in KINDS.items()},
    }
    return names[scene.wanted.lanes]


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


def _jam(scene: Scene) -> dict[Phase, str]:
    """The column where most more came in than went out over six weeks, with the numbers."""
    arrivals, departures = kept(("flow", scene.team_id), scene.at, lambda: queries.flow(scene.team_id, scene.at))
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


# --- filters ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """How many cards each filter would keep, whoever looks."""

    all: int
    sights: dict[str, int]
    kind: Counter[Any]
    owner: Counter[Any]
    service: Counter[Any]
    label: Counter[Any]


def _tally(scene: Scene) -> Tally:
    return cast(Tally, scene.snap.remember("tally", lambda: _counted(list(scene.cards()))))


def _counted(cards: list[Traits]) -> Tally:
    nobody = Reader(0)
    return Tally(
        len(cards),
        {sight.key: sum(sight.keeps(card, nobody) for card in cards) for sight in SIGHTS},
        Counter(card.kind for card in cards),
        Counter(card.responsible_id for card in cards),
        Counter(card.service_id for card in cards),
        Counter(label for card in cards for label in card.labels),
    )


def _filters(scene: Scene) -> tuple[FilterView, ...]:
    tally, wanted = _tally(scene), scene.wanted
    if not tally.all:
        return ()
    mine = {"mine": tally.owner[scene.me.id], "for_me": sum(item in scene.snap.slips for item in scene.me.owes)}
    counts = {**tally.sights, **mine}
    url = wanted.without_filters().url(scene.team_id)
    return (
        FilterView("all", gettext("All"), tally.all, url, wanted.is_everything),
        *(
            FilterView(
                key=sight.key,
                words=gettext(sight.words),
                count=counts[sight.key],
                url=wanted.toggled(sight.key).url(scene.team_id),
                is_current=sight.key in wanted.sights,
            )
            for sight in SIGHTS
            # What keeps nothing is no way to look; unless it is on, and has to be turned off.
            if counts[sight.key] or sight.key in wanted.sights
        ),
    )


def _choices(scene: Scene) -> tuple[ChoiceView, ...]:
    """Filters with one value out of many; only values that some card has."""
    tally = _tally(scene)
    kinds = {key: gettext(said) for key, said in KINDS.items()}
    found = (
        _choice(scene, "kind", gettext("Kind"), tally.kind, kinds),
        _choice(scene, "owner", gettext("Owner"), tally.owner, dict(scene.snap.ground.names)),
        _choice(scene, "service", gettext("Service"), tally.service, scene.services),
        _choice(scene, "label", gettext("Label"), tally.label, scene.labels),
        _grouping(scene),
    )
    return tuple(choice for choice in found if choice.options)


def _choice(scene: Scene, key: str, said: str, counts: Counter[Any], names: dict[Any, str]) -> ChoiceView:
    chosen = getattr(scene.wanted, key)
    values = sorted((names[value].casefold(), value) for value in {*counts, chosen} if value and value in names)
    return ChoiceView(
        key,
        said,
        tuple(
            FilterView(
                str(value),
                names[value],
                counts[value],
                replace(scene.wanted, **{key: type(chosen)() if value == chosen else value}).url(scene.team_id),
                value == chosen,
            )
            for _, value in values
        ),
    )


def _grouping(scene: Scene) -> ChoiceView:
    ways = {"": gettext("One list"), "owner": gettext("By owner"), "kind": gettext("By kind")}
    if scene.services:
        ways["service"] = gettext("By service")
    options = (
        FilterView(way, said, 0, replace(scene.wanted, lanes=way).url(scene.team_id), way == scene.wanted.lanes)
        for way, said in ways.items()
    )
    return ChoiceView("lanes", gettext("Group"), tuple(options))


# --- what is closed --------------------------------------------------------------------------------------


def _closed(scene: Scene) -> ClosedView:
    team_id = scene.team_id
    weeks = kept(("closed weeks", team_id), scene.at, lambda: queries.closed_per_week(team_id, scene.at))
    count = kept(("closed", team_id), scene.at, lambda: queries.closed_count(team_id))
    busy = sum(bool(closed) for closed in weeks)
    return ClosedView(
        count=count,
        note=ngettext("%(num)s this quarter", "%(num)s this quarter", sum(weeks)) if sum(weeks) else "",
        load=_load(busy, len(weeks)),
        load_label=gettext("Something was closed in %(busy)s of the last %(all)s weeks", busy=busy, all=len(weeks)),
        toggle_url=replace(scene.wanted, closed=not scene.wanted.closed).url(scene.team_id),
        cards=_ended(scene) if scene.wanted.closed else None,
    )


def _load(busy: int, weeks: int) -> tuple[str, ...]:
    return ("on",) * busy + ("",) * (weeks - busy)


def _ended(scene: Scene) -> tuple[CardView, ...]:
    old_from = scene.snap.ground.ages.old_from
    return tuple(card_view(f, {}, old_from(f)) for f in queries.ended_facts(scene.team_id, scene.at))
