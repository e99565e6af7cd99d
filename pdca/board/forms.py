"""What the board's addresses may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, HiddenField, StringField

from pdca.items.terms import COLUMNS
from pdca.web import Form

# A page lacks a handful of cards; who lacks more asks for the rest after.
MOST_CARDS = 200


class ViewForm(Form):
    """Filters to keep under a name."""

    name: Any = StringField()
    query: Any = HiddenField()
    for_team: Any = BooleanField()


def prints_from(args: Mapping[str, str]) -> dict[str, str]:
    """Per column the name of what the page shows of it: "have=new:1f…,plan:9a…"."""
    pairs = (word.partition(":") for word in args.get("have", "").split(","))
    known = {phase.value for phase in COLUMNS}
    return {phase: print_ for phase, _, print_ in pairs if phase in known}


def ids_from(text: str) -> list[int]:
    """The ids in "12,15"; what is none is left out."""
    return [int(word) for word in text.split(",") if word.isascii() and word.isdigit() and len(word) < 10][:MOST_CARDS]
