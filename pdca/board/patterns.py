"""A page with every component in its states: for administrators, and for everybody in the demo."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from flask import current_app, render_template
from flask_login import current_user
from markupsafe import Markup

from pdca.board.cards import Act, CardView, Flag, SeveralView
from pdca.board.peek import Peek
from pdca.errors import NotFound
from pdca.people.queries import demo_people


def page() -> str:
    """The page; NotFound for who has nothing to do with it."""
    if not (current_user.is_administrator or demo_people()):
        raise NotFound
    template = current_app.jinja_env.get_template("board/_card.html")
    # Our own samples through the very template that the board uses.
    cards = {name: Markup(template.render(card=card)) for name, card in samples().items()}  # noqa: S704
    chosen = [Markup(template.render(card=card)) for card in to_choose()]  # noqa: S704
    several = SeveralView("#", ((1, "Balie"),), ((1, "Anouk Jansma"),), date(2026, 11, 23))
    return render_template(
        "dev/patterns.html", cards=cards, chosen=chosen, icons=_icons(), several=several, peek=A_PEEK
    )


A_PEEK = Peek(
    5, "do", "“My neighbour stood before a closed door.”", "Before it can go to Check",
    ("Write when it was carried out and what was really done.",), "Thijs Roelofs wrote: the printer rang.",
    "Tue 17 Nov 09:00", ("16 days in this column", "16 days of work"),
)  # fmt: skip


def samples() -> dict[str, CardView]:
    """Cards in every state."""
    return {
        "new": _card(1, "new", proposer="Anouk", done=0, total=3, age_words="2 d"),
        "plan ready": _card(2, "plan", owner="Thijs Roelofs", due_words="14 December", ready_for="do", age_words="6 d"),
        "do soon": _card(3, "do", owner="Samira Haddou", due_words="tomorrow", due_tone="soon", done=1, total=2),
        "do frozen": _card(
            4, "do", owner="Julian de Graaf", frozen_words="3 days late", frozen_note="promised Fri 20 Nov",
            moved_words="moved 2×", acts=(Act("Done", "#"), Act("New date", "#"), Act("Help", "#")),
        ),
        "check handed over": _card(
            5, "check", owner="Daan Peters", mark=8, done=2, total=4, age_words="34 d",
            aged_why="No progress for 16 days.", work_words="51 d",
            flags=(Flag("hand", "being handed over to Anouk"), Flag("mail", "customer asked on Thu 12 Nov")),
        ),
        "closed": _card(6, "closed", owner="Anouk Jansma", mark=9),
    }  # fmt: skip


def to_choose() -> tuple[CardView, CardView]:
    """Two more, with the box to choose them by."""
    return (
        _card(7, "new", proposer="Anouk", done=0, total=3, age_words="2 d"),
        _card(8, "check", owner="Daan Peters", mark=8, done=2, total=4, age_words="34 d", work_words="51 d"),
    )


def _card(number: int, phase: str, **given: object) -> CardView:
    title = "A title that is long enough to run over two lines of a narrow card"
    # Ids below zero: no real card has them.
    return CardView(-number, number, 1, "quick_win", title, phase, "#", "#", **given)  # type: ignore[arg-type]


def _icons() -> list[str]:
    sprite = Path(str(current_app.static_folder)) / "img" / "icons.svg"
    return re.findall(r'id="([\w-]+)"', sprite.read_text(encoding="utf-8"))
