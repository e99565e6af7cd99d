"""What the board's addresses may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, HiddenField, StringField

from pdca.board.several import Several, Wish
from pdca.items.terms import COLUMNS
from pdca.web import Form
from pdca.web.fields import Choice, Day, Ident, Idents, line, text

# A page lacks a handful of cards; who lacks more asks for the rest after.
MOST_CARDS = 200


class ViewForm(Form):
    """Filters to keep under a name."""

    name: Any = StringField()
    query: Any = HiddenField()
    for_team: Any = BooleanField()


class LookForm(Form):
    """How somebody likes a board: each button changes one thing."""

    lanes: Any = line(10)
    compact: Any = line(1)
    fold: Any = line(10)
    query: Any = HiddenField()


class SeveralForm(Form):
    """One act on several cards."""

    item: Any = Idents()
    act: Any = Choice(Several)
    label: Any = Ident()
    owner: Any = Ident()
    reason: Any = text(2000)
    review_on: Any = Day()
    query: Any = HiddenField()

    @property
    def wish(self) -> Wish:
        """What is asked of each card."""
        reason = (self.reason.data or "").strip()
        return Wish(self.act.data, self.label.data, self.owner.data, reason, self.review_on.data)


def prints_from(args: Mapping[str, str]) -> dict[str, str]:
    """Per column the name of what the page shows of it: "have=new:1f…,plan:9a…"."""
    pairs = (word.partition(":") for word in args.get("have", "").split(","))
    known = {phase.value for phase in COLUMNS}
    return {phase: print_ for phase, _, print_ in pairs if phase in known}


def ids_from(text: str) -> list[int]:
    """The ids in "12,15"; what is none is left out."""
    return [int(word) for word in text.split(",") if word.isascii() and word.isdigit() and len(word) < 10][:MOST_CARDS]
