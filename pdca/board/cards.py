"""What the board shows, in words. Templates read these views and compute nothing.

A card holds nothing about who looks at it: its HTML is the same for everybody with the same language on the same
day. What differs per viewer is `BoardView.role`, a class on the board's root.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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
class ColumnView:
    """One column. `limit` 0: no limit, the bar is unbroken."""

    phase: str
    name: str
    hint: str
    cards: tuple[CardView, ...]
    # All cards in this phase; the filter may show fewer.
    count: int
    parked: tuple[CardView, ...] = ()
    limit: int = 0
    jammed_why: str = ""
    empty_title: str = ""
    empty_text: str = ""
    is_praise: bool = False

    @property
    def is_full(self) -> bool:
        """No place is left (R31)."""
        return 0 < self.limit <= self.count

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
    """One filter above the board."""

    key: str
    words: str
    count: int
    url: str
    is_current: bool


@dataclass(frozen=True)
class BoardView:
    """The whole page of one team."""

    team_id: int
    team: str
    url: str
    # Where changed columns are fetched again; "&phases=plan,do" is added.
    columns_url: str
    capture_url: str
    columns: tuple[ColumnView, ...]
    closed: ClosedView
    filters: tuple[FilterView, ...]
    # "member", "board_keeper", "leader" or "viewer": a class on the board's root.
    role: str
    # Where each phase may go, for the card's menu; the server refuses all else.
    steps: dict[str, list[str]]
    theme: str = ""
    theme_until: str = ""
    other_teams: tuple[Act, ...] = ()

    @property
    def may_write(self) -> bool:
        """A viewer only looks."""
        return self.role != "viewer"
