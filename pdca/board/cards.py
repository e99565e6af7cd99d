"""What the board shows, in words. Templates read these views and compute nothing.

A card holds nothing about who looks at it: its HTML is the same for everybody with the same language on the same
day. What differs per viewer is `BoardView.role`, a class on the board's root.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from pdca.board.slips import Slip


@dataclass(frozen=True)
class Flag:
    """One line on a card about what is going on: an icon of static/img/icons.svg and the words."""

    icon: str
    words: str


@dataclass(frozen=True)
class Act:
    """One of the three ways out of a frozen card (R8), or another link on a card."""

    words: str
    url: str


@dataclass(frozen=True)
class CardView:
    """One slip on the board. Empty strings and None are not shown."""

    id: int
    number: int
    version: int
    kind: str
    title: str
    phase: str
    url: str
    move_url: str
    # People. In New there is no owner yet: then `proposer` is shown.
    owner: str = ""
    proposer: str = ""
    # The promise in words ("Thursday"), with tone "" or "soon"; a frozen card shows its sign instead.
    due_words: str = ""
    due_tone: str = ""
    due_on: date | None = None
    frozen_words: str = ""
    frozen_note: str = ""
    acts: tuple[Act, ...] = ()
    # The next step: `done` of `total` answers are there; `ready_for` names its phase once all are.
    done: int = 0
    total: int = 0
    ready_for: str = ""
    # Time in this column; `aged_why` explains a bold age.
    age_words: str = ""
    age_long: str = ""
    aged_why: str = ""
    # The other age: days since the work started, once that is not the same number.
    work_words: str = ""
    mark: int | None = None
    moved_words: str = ""
    flags: tuple[Flag, ...] = ()

    @property
    def is_frozen(self) -> bool:
        """A date passed without a new one (R8)."""
        return bool(self.frozen_words)

    @property
    def missing(self) -> int:
        """How many questions the next gate still asks."""
        return self.total - self.done


@dataclass(frozen=True)
class LaneView:
    """The cards of one column that belong together; the only lane has no name."""

    key: str
    name: str
    slips: tuple[Slip, ...]

    @property
    def place(self) -> Markup:
        """Where the cards come when the page is put together."""
        return Markup(f"<!--cards:{self.key}-->")  # noqa: S704 - our own key, no typed text


@dataclass(frozen=True)
class ColumnView:
    """One column. `limit` 0: no limit, the bar is unbroken."""

    phase: str
    name: str
    hint: str
    lanes: tuple[LaneView, ...]
    # All cards in this phase; the filter may show fewer.
    count: int
    parked: LaneView
    # A name for what the column shows: the page asks again only for columns whose name changed.
    print: str
    limit: int = 0
    jammed_why: str = ""
    empty_title: str = ""
    empty_text: str = ""
    is_praise: bool = False
    # This reader keeps it folded to a strip, with one word per segment of its load.
    is_folded: bool = False
    load: tuple[str, ...] = ()
    # Owners with as many cards here as they may have, in words: said before one more is refused (R31).
    full_owners: str = ""

    @property
    def slips(self) -> tuple[Slip, ...]:
        """The cards that are shown, in order."""
        return tuple(slip for lane in self.lanes for slip in lane.slips)

    @property
    def print_place(self) -> Markup:
        """Where that name comes: it changes with the order of the cards, and the frame does not."""
        return Markup(f"<!--print:{self.phase}-->")  # noqa: S704 - our own key, no typed text

    @property
    def everything(self) -> tuple[LaneView, ...]:
        """What the page has places for: the lanes and what is parked."""
        return (*self.lanes, self.parked)

    @property
    def is_full(self) -> bool:
        """No place is left (R31)."""
        return 0 < self.limit <= self.count

    @property
    def is_nearly_full(self) -> bool:
        """One more, and it is full: said before it hurts."""
        return self.limit > 1 and self.count == self.limit - 1

    @property
    def places(self) -> tuple[str, ...]:
        """One word per segment of the bar: "on", "" (free) or "over" (beyond the limit, by waiver)."""
        if not self.limit:
            return ("on",)
        taken = min(self.count, self.limit)
        over = min(self.count - taken, 4)
        return ("on",) * taken + ("",) * (self.limit - taken) + ("over",) * over


@dataclass(frozen=True)
class ClosedView:
    """The folded column. `load` is one word per segment of its bar, lowest first; `cards` is None while folded."""

    count: int
    note: str
    load: tuple[str, ...]
    load_label: str
    toggle_url: str
    cards: tuple[CardView, ...] | None = None


@dataclass(frozen=True)
class FilterView:
    """One filter above the board: pressed when it is on."""

    key: str
    words: str
    count: int
    url: str
    is_current: bool


@dataclass(frozen=True)
class ChoiceView:
    """A filter with one value out of many (kind, owner, service, label), or the grouping."""

    key: str
    words: str
    options: tuple[FilterView, ...]

    @property
    def chosen(self) -> FilterView | None:
        """The value that is on."""
        return next((option for option in self.options if option.is_current), None)


@dataclass(frozen=True)
class SavedViewView:
    """Filters under a name."""

    id: int
    name: str
    url: str
    is_team: bool
    may_remove: bool


@dataclass(frozen=True)
class SeveralView:
    """What can be done with several cards at once: (id, name) of the labels and the colleagues."""

    url: str
    labels: tuple[tuple[int, str], ...]
    people: tuple[tuple[int, str], ...]
    # The first day on which parked cards can be looked at again.
    tomorrow: date


@dataclass(frozen=True)
class BoardView:
    """The whole page of one team."""

    team_id: int
    team: str
    url: str
    # Where the page asks what changed, and for the cards it lacks.
    changes_url: str
    cards_url: str
    live_url: str
    capture_url: str
    columns: tuple[ColumnView, ...]
    closed: ClosedView
    filters: tuple[FilterView, ...]
    choices: tuple[ChoiceView, ...]
    views: tuple[SavedViewView, ...]
    may_keep_for_team: bool
    # What stands in the address after the question mark, to be kept under a name.
    query: str
    # The address without any filter; "" when none is on.
    clear_url: str
    # "member", "board_keeper", "leader" or "viewer": a class on the board's root.
    role: str
    # Where each phase may go, for the card's menu; the server refuses all else.
    steps: dict[str, list[str]]
    # Cards are being chosen; where that begins and where it ends.
    is_picking: bool
    pick_url: str
    is_compact: bool
    look_url: str
    several: SeveralView | None = None
    # Where a practice board goes away; "" on every other.
    practice_end_url: str = ""
    theme: str = ""
    theme_until: str = ""
    other_teams: tuple[Act, ...] = ()

    @property
    def may_write(self) -> bool:
        """A viewer only looks."""
        return self.role != "viewer"
