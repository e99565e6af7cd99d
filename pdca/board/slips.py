"""Cards as they stand in the page, kept ready: a board of thousands is joined, not rendered.

A slip is the HTML of one card in one language. It is made anew when something it shows may have changed: the
item's version (every fact raises it), whether there is room for it (R31), the team's day, its rules, or a
name. Nothing of the reader is in it: who may see the board is asked before, on every request.

Kept per process. Each request reads the board's rows (id, version, place) anew, so a change by another
process is seen at once, and what is kept can only be unused, never wrong.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any

from flask import current_app
from flask_babel import get_locale

from pdca import clock
from pdca.board import queries
from pdca.board.face import card_view
from pdca.board.queries import Row
from pdca.board.traits import Traits, place_of, traits_of
from pdca.followup.ages import ClosedAges, closed_ages
from pdca.items.facts import Facts
from pdca.items.queries import facts_for
from pdca.items.terms import Phase
from pdca.people.queries import TeamRules
from pdca.web.kept import kept

# Boards × languages that one process keeps ready.
KEPT = 32
# So many cards are put together at a time: a large board does not fill the memory while it is made.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Slip:
    """One card: its HTML, a name of that HTML, and what filters ask of it."""

    id: int
    etag: str
    html: bytes
    traits: Traits


# What an item's slip was made from, beside the ground: its version, and what room there is for it.
Key = tuple[int, tuple[bool, ...]]


@dataclass(frozen=True)
class Ground:
    """What all cards of a board have in common."""

    today: date
    rules: TeamRules
    names: Mapping[int, str]
    # From what age its cards are old.
    ages: ClosedAges


@dataclass(frozen=True)
class Snapshot:
    """A whole board in one language at one moment. Never changed once it is made."""

    ground: Ground
    rows: Sequence[Row]
    keys: Mapping[int, Key]
    slips: Mapping[int, Slip]
    places: Mapping[str, Sequence[Slip]]
    # What others work out from it and want to find again.
    memo: dict[Any, Any] = field(default_factory=dict)

    def at(self, place: str) -> Sequence[Slip]:
        """The cards of a place, in order."""
        return self.places.get(place, ())

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        """Worked out once for this snapshot."""
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]


@dataclass
class Shelf:
    """Where the last snapshot of one board in one language lies."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    last: Snapshot | None = None


def snapshot(team_id: int, rules: TeamRules, at: datetime) -> Snapshot:
    """The board as it is now."""
    ground = Ground(
        clock.today(rules.timezone, at),
        rules,
        kept("names", at, queries.all_names),
        kept(("ages", team_id), at, lambda: closed_ages([team_id])),
    )
    rows = kept(("rows", team_id, queries.order_number(team_id)), at, lambda: queries.rows_of(team_id))
    shelf = _shelf(team_id)
    if (found := _still_right(shelf, ground, rows)) is not None:
        return found
    # One thread makes it; the others would only do the same work beside it.
    with shelf.lock:
        found = _still_right(shelf, ground, rows)
        if found is None:
            found = shelf.last = _made(shelf.last, ground, rows, at)
    return found


def _still_right(shelf: Shelf, ground: Ground, rows: Sequence[Row]) -> Snapshot | None:
    last = shelf.last
    is_same = (
        last is not None
        and (last.rows is rows or last.rows == rows)
        and (last.ground is ground or last.ground == ground)
    )
    return last if is_same else None


_handing_out = threading.Lock()


def _shelf(team_id: int) -> Shelf:
    shelves: dict[tuple[int, str], Shelf] = current_app.extensions["shelves"]
    key = (team_id, str(get_locale()))
    with _handing_out:
        # Used last stands last; what was not used for longest goes first.
        shelf = shelves.pop(key) if key in shelves else Shelf()
        shelves[key] = shelf
        while len(shelves) > KEPT:
            del shelves[next(iter(shelves))]
    return shelf


def _made(last: Snapshot | None, ground: Ground, rows: Sequence[Row], at: datetime) -> Snapshot:
    keys = _keys(rows, ground.rules)
    usable = last if last is not None and last.ground == ground else None
    old_keys, slips = (usable.keys, dict(usable.slips)) if usable else ({}, {})
    stale = [row for row in rows if old_keys.get(row.id) != keys[row.id]]
    for slip in _render(stale, ground, at):
        slips[slip.id] = slip
    places: dict[str, list[Slip]] = defaultdict(list)
    for row in rows:
        places[place_of(row.phase, row.resumes_in)].append(slips[row.id])
    return Snapshot(ground, rows, keys, {row.id: slips[row.id] for row in rows}, _tuples(places))


def _tuples(places: Mapping[str, list[Slip]]) -> dict[str, tuple[Slip, ...]]:
    return {place: tuple(slips) for place, slips in places.items()}


def _keys(rows: Sequence[Row], rules: TeamRules) -> dict[int, Key]:
    """R31 is asked of a card that wants to leave Plan only: only there does it depend on other cards."""
    column = Counter(row.phase for row in rows)
    owned = Counter(row.owner_id for row in rows if row.phase == Phase.DO.value)
    do_has, check_has = (
        column[Phase.DO.value] < rules.settings.wip_do,
        column[Phase.CHECK.value] < rules.settings.wip_check,
    )
    keys: dict[int, Key] = {}
    for row in rows:
        is_asked = row.phase == Phase.PLAN.value
        room = (do_has, check_has, owned[row.owner_id] < rules.settings.wip_owner) if is_asked else ()
        keys[row.id] = (row.version, room)
    return keys


def _render(rows: Iterable[Row], ground: Ground, at: datetime) -> Iterator[Slip]:
    template = current_app.jinja_env.get_template("board/_card.html")
    left = iter(rows)
    while some := {row.id: row for row in islice(left, AT_ONCE)}:
        labels = queries.labels_of(some)
        for item_id, facts in facts_for(list(some), at).items():
            html = template.render(card=card_view(facts, ground.names, ground.ages.old_from(facts))).encode()
            row, marked = some[item_id], labels.get(item_id, frozenset())
            yield _slip(facts, html, traits_of(facts, row.service_id, marked, ground.ages.old_from(facts)))


def _slip(facts: Facts, html: bytes, traits: Traits) -> Slip:
    etag = blake2b(html, digest_size=5).hexdigest()
    named = html.replace(b"<li", b'<li data-etag="' + etag.encode() + b'"', 1)
    return Slip(facts.id, etag, named, traits)


def print_of(slips: Iterable[Slip]) -> str:
    """A name for these cards in this order: two pages that have the same show the same."""
    return blake2b("".join(slip.etag for slip in slips).encode(), digest_size=8).hexdigest()
