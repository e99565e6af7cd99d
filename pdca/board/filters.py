"""What the reader asked to see: filters that combine, said in the address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import url_for

from pdca.board.traits import Traits
from pdca.errors import N_
from pdca.items.terms import Kind

A_WEEK = timedelta(days=7)
KINDS = {Kind.QUICK_WIN.value: N_("Quick wins"), Kind.IMPROVEMENT.value: N_("Actions")}
LANES = ("owner", "service", "kind")


@dataclass(frozen=True)
class Reader:
    """What a filter has to know of who looks: who it is, and which items wait for them."""

    id: int
    owes: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Sight:
    """A filter that is on or off: its words and the cards it keeps."""

    key: str
    words: str
    keeps: Callable[[Traits, Reader], bool]


SIGHTS = (
    Sight("mine", N_("Mine"), lambda t, me: t.responsible_id == me.id),
    Sight("for_me", N_("Waits for me"), lambda t, me: t.id in me.owes),
    Sight("frozen", N_("Frozen"), lambda t, me: t.is_frozen),
    Sight("this_week", N_("Due this week"), lambda t, me: t.due_on is not None and t.due_on - t.today < A_WEEK),
    Sight("aftercare", N_("Aftercare due"), lambda t, me: t.aftercare_is_due),
    Sight("customer", N_("Waits for customer"), lambda t, me: t.waits_for_customer),
    Sight("stalled", N_("Stalled"), lambda t, me: t.is_stalled),
)
SIGHT = {sight.key: sight for sight in SIGHTS}


@dataclass(frozen=True)
class Wanted:
    """The filters that are on, how the cards are grouped, and whether the closed column is open."""

    sights: frozenset[str] = frozenset()
    kind: str = ""
    owner: int = 0
    service: int = 0
    label: int = 0
    lanes: str = ""
    closed: bool = False
    # Cards are being chosen, to do one thing with several of them.
    pick: bool = False

    @property
    def is_everything(self) -> bool:
        """No card is left out."""
        return not (self.sights or self.kind or self.owner or self.service or self.label)

    def keeps(self, card: Traits, me: Reader) -> bool:
        """Whether this card passes every filter that is on."""
        return (
            all(SIGHT[key].keeps(card, me) for key in self.sights)
            and (not self.kind or card.kind == self.kind)
            and (not self.owner or card.responsible_id == self.owner)
            and (not self.service or card.service_id == self.service)
            and (not self.label or self.label in card.labels)
        )

    def toggled(self, key: str) -> Wanted:
        """With this sight on when it was off, and off when it was on."""
        return replace(self, sights=self.sights ^ {key})

    def without_filters(self) -> Wanted:
        """Every card, grouped as before."""
        return Wanted(lanes=self.lanes, closed=self.closed, pick=self.pick)

    def args(self) -> dict[str, Any]:
        """As it stands in an address; what is not asked is left out."""
        said = {
            "is": ",".join(key for key in SIGHT if key in self.sights),
            "kind": self.kind,
            "owner": self.owner,
            "service": self.service,
            "label": self.label,
            "lanes": self.lanes,
            "closed": int(self.closed),
            "pick": int(self.pick),
        }
        return {name: value for name, value in said.items() if value}

    def url(self, team_id: int) -> str:
        """The board's address with these filters."""
        return url_for("board.show", team_id=team_id, **self.args())


def wanted_from(args: Mapping[str, str], lanes: str = "") -> Wanted:
    """What the address asks to see; what it does not know is left out. `lanes`: how this reader likes it grouped."""
    return Wanted(
        frozenset(key for key in args.get("is", "").split(",") if key in SIGHT),
        _one_of(args.get("kind", ""), KINDS),
        _number(args.get("owner", "")),
        _number(args.get("service", "")),
        _number(args.get("label", "")),
        _one_of(args.get("lanes", lanes), LANES),
        args.get("closed") == "1",
        args.get("pick") == "1",
    )


def _one_of(value: str, known: Collection[str]) -> str:
    return value if value in known else ""


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
