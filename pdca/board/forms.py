"""What the board's forms and addresses may say."""

from __future__ import annotations

from collections.abc import Mapping

from wtforms import StringField

from pdca.board.views import SIGHT_KEYS, Wanted
from pdca.items.terms import COLUMNS, Phase
from pdca.web import Form


class CaptureForm(Form):
    """One line and Enter. Whether it is a good line is the operation's to say."""

    title = StringField()


def wanted_from(args: Mapping[str, str]) -> Wanted:
    """What the address asks to see; what it does not know is left out."""
    show = args.get("show", "all")
    return Wanted(show if show in SIGHT_KEYS else "all", args.get("closed") == "1")


def phases_from(args: Mapping[str, str]) -> set[Phase]:
    """The columns that `phases=plan,do` names; all of them when it names none."""
    known = {phase.value: phase for phase in (*COLUMNS, Phase.CLOSED)}
    named = {known[word] for word in args.get("phases", "").split(",") if word in known}
    return named or set(known.values())
