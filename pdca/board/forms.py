"""What the board's addresses may say."""

from __future__ import annotations

from collections.abc import Mapping

from pdca.board.views import SIGHT_KEYS, Wanted
from pdca.items.terms import COLUMNS, Phase


def wanted_from(args: Mapping[str, str]) -> Wanted:
    """What the address asks to see; what it does not know is left out."""
    show = args.get("show", "all")
    return Wanted(show if show in SIGHT_KEYS else "all", args.get("closed") == "1")


def phases_from(args: Mapping[str, str]) -> set[Phase]:
    """The columns that `phases=plan,do` names; all of them when it names none."""
    known = {phase.value: phase for phase in (*COLUMNS, Phase.CLOSED)}
    named = {known[word] for word in args.get("phases", "").split(",") if word in known}
    return named or set(known.values())
