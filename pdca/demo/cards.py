"""More cards than a team would have: for screenshots of a full board, and for the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice, product

from pdca.config import Settings
from pdca.db import db
from pdca.demo.build import FILES_FOLDER
from pdca.demo.days import Days
from pdca.demo.past import nobody_was_mailed
from pdca.demo.people import DESK, find_stage
from pdca.demo.walk import Walk, external
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import LookalikeChoice, Phase, Solved
from pdca.people.operations import save_settings

CHUNK = 50
# Do and Check hold at most this many cards, whatever the team sets (R31).
FULL = 80
ROOM = {"wip_do": 100, "wip_check": 100, "wip_owner": 50}
OWNERS = ("samira", "thijs", "anouk", "dewi", "julian", "gerrit")
WHAT = (
    "Brief", "Formulier", "Bordje", "Webpagina", "Mail", "Kaart", "Afspraak", "Wachtrij", "Balie", "Folder", "Lijst",
    "Scherm", "Deur", "Stoel", "Bericht", "Antwoord", "Termijn", "Herinnering", "Foto", "Handtekening",
)  # fmt: skip
ABOUT = (
    "het paspoort", "het rijbewijs", "de verhuizing", "het uittreksel", "de geboorte", "het huwelijk", "het overlijden",
    "de parkeervergunning", "de naam", "het adres", "de nationaliteit", "de verkiezingen", "de hal", "de telefoon",
)  # fmt: skip
HOW = ("in gewone taal", "een dag eerder", "zonder omweg", "ook op papier", "met één klik", "voor wie slecht ziet")
DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


def deal(settings: Settings, days: Days, count: int) -> Iterator[int]:
    """Add cards to the demo's first team, chunk by chunk: the caller commits after each, and is told how many."""
    titles = cycle(f"{what} over {about} {how}" for how, about, what in product(HOW, ABOUT, WHAT))
    plan = list(islice(zip(_columns(count), titles, cycle(OWNERS), strict=False), count))
    for start in range(0, count, CHUNK):
        stage = find_stage(days, settings.instance / FILES_FOLDER)
        if start == 0:
            save_settings(stage.teams[DESK], ROOM, by=None, at=days.now)
        chunk = plan[start : start + CHUNK]
        for number, (until, title, owner) in enumerate(chunk, start):
            walk = Walk(stage)
            _walk(walk, until, f"{title} ({number + 1})", owner, number)
            walk.arrive()
        yield len(chunk)
        # The identity map would grow with every card.
        db.session.expire_all()
    nobody_was_mailed(days)
    yield 0


def _columns(count: int) -> Iterator[Phase]:
    """A quarter in each of the first three columns, the rest on the way out."""
    wanted = {Phase.DO: min(count // 4, FULL), Phase.CHECK: min(count // 6, FULL), Phase.ACT: count // 10}
    for phase, number in wanted.items():
        yield from [phase] * number
    yield from cycle((Phase.NEW, Phase.PLAN))


def _walk(w: Walk, until: Phase, title: str, owner: str, number: int) -> None:
    days = w.stage.days
    w.on(-30).capture(
        owner,
        title,
        problem=f"“Bij nummer {number + 1} moest ik nog een keer terugkomen.”",
        noticeable="U bent in één keer klaar.",
        customer=external(f"Klant {number + 1}", f"klant{number + 1}@example.net"),
    )
    steps: tuple[tuple[Phase, Callable[[], object]], ...] = (
        (Phase.PLAN, lambda: w.on(-28).move(owner, Phase.PLAN, lookalikes=DIFFERENT)),
        (
            Phase.DO,
            lambda: w.on(-26).start(owner, days.workday(number % 15 - 3) if until is Phase.DO else days.day(-2)),
        ),
        (Phase.CHECK, lambda: w.on(-20).finish(owner, "Gedaan zoals afgesproken.")),
        (Phase.ACT, lambda: w.asked().answered(Solved.YES, 6 + number % 5).followed().embed(owner)),
    )
    for phase, step in steps:
        if until is Phase.NEW:
            return
        step()
        if phase is until:
            return
