"""what grows, and how much. Ratios against a baseline of the same run, so that machines compare.

Each line measures a small and a large case in turns and compares their medians. Nothing here passes or fails;
a ratio that grew since the last release is a question to ask.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from pdca import clock, create_app
from pdca.config import load_settings
from pdca.db import db
from pdca.followup.jobs import followup_once
from pdca.followup.models import Duty
from pdca.items.answers import LookalikeAnswer
from pdca.items.capture import capture
from pdca.items.talk import comment
from pdca.items.terms import LookalikeChoice, Phase
from pdca.people.models import Person, Role, SignInBy, Team, TeamSetting
from pdca.people.sign_ins import open_session
from tests.factories import a_member
from tests.stories import Crew, crew, walk

ROUNDS = 15
LANES = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT)
CARDS = 200
JOURNAL = 100
FEW, MANY = 100, 10_000
ROOMY = {"wip_owner": "50", "wip_do": "100", "wip_check": "100"}
WORDS = ("Wachtrij", "Brief", "Telefoon", "Formulier", "Balie", "Afspraak", "Paspoort", "Website", "Loket", "Garage")
KEY = "bench-only-0123456789-abcdefghijklmnopqrstuv"


@dataclass(frozen=True)
class Case:
    """Two things to do: the small one is the baseline of the large one."""

    name: str
    small: Callable[[], object]
    large: Callable[[], object]


def main() -> None:
    """Fill an installation in a temporary folder, measure, print the table."""
    with ExitStack() as stack:
        print("Filling …", flush=True)
        cases = [*_pages(_installation(stack)), _ticks(stack)]
        print("Measuring …", flush=True)
        measured = [(case.name, *_medians(case)) for case in cases]
    _print(measured)


# --- measuring -------------------------------------------------------------------------------------------


def _medians(case: Case) -> tuple[float, float]:
    """Of the small and of the large one, in milliseconds."""
    for warm_up in (case.small, case.large) * 2:
        warm_up()
    # In turns: whatever else the machine does meets both.
    times = [(_time(case.small), _time(case.large)) for _ in range(ROUNDS)]
    return statistics.median(small for small, _ in times), statistics.median(large for _, large in times)


def _time(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000


def _print(measured: list[tuple[str, float, float]]) -> None:
    width = max(len(name) for name, _, _ in measured)
    print(f"\n{'':{width}}     baseline     measured   ratio")
    for name, small, large in measured:
        print(f"{name:{width}}  {small:>8.1f} ms  {large:>8.1f} ms  {large / small:>5.1f}×")
    print(f"\nMedians of {ROUNDS}; {sys.platform}, Python {sys.version.split()[0]}, SQLite.")


# --- what is measured ------------------------------------------------------------------------------------


def _pages(app: Flask) -> list[Case]:
    at = clock.now()
    empty, full = _house(app, "Leeg", 0, at), _house(app, "Vol", CARDS, at)
    short, long = full.talked_about(1, at), full.talked_about(JOURNAL, at)
    return [
        Case(f"board with {CARDS} cards, to one without", empty.get(empty.board), full.get(full.board)),
        Case(f"board with {CARDS} cards, to the profile page", full.get("/me"), full.get(full.board)),
        Case("one column again, to the whole board", full.get(full.board), full.column("plan")),
        Case(f"item with {JOURNAL} journal rows, to one with 1", full.get(short), full.get(long)),
        Case(f"my list over {CARDS} items, to over none", empty.get("/me/list"), full.get("/me/list")),
        Case(f"review of {CARDS} items, to of none", empty.get("/review"), full.get("/review")),
    ]


def _ticks(stack: ExitStack) -> Case:
    few, many = (_ticking(_installation(stack), duties) for duties in (FEW, MANY))
    return Case(f"follow-up with {MANY} duties not due, to {FEW}", few, many)


def _ticking(app: Flask, duties: int) -> Callable[[], object]:
    """One pass of the follow-up over so many duties that are not due yet."""
    at = clock.now()
    house = _house(app, "Stil", 1, at)

    def tick() -> None:
        with app.app_context():
            followup_once(clock.now())

    # First today's look through everything, and what is due at once.
    tick()
    with app.app_context(), db.writing():
        db.session.add_all(_not_due(house, number, at) for number in range(duties))
        db.session.commit()
    return tick


def _not_due(house: House, number: int, at: datetime) -> Duty:
    later = at + timedelta(days=30 + number % 300)
    return Duty(
        subject_kind="item",
        subject_id=1,
        team_id=house.team_id,
        kind="promise",
        occurrence=f"bench:{number}",
        part="owner",
        holder_id=house.person_id,
        ladder="promise",
        due_on=later.date(),
        due_at=later,
        opened_at=at,
        next_step="E0",
        next_step_at=later,
    )


# --- what it is measured on ------------------------------------------------------------------------------


def _installation(stack: ExitStack) -> Flask:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pdca-bench-")))
    app = create_app(load_settings(instance=folder, secret_key=KEY))
    with app.app_context():
        upgrade()
        stack.callback(db.engine.dispose)
    return app


@dataclass(frozen=True)
class House:
    """A team, and somebody in it who may see everything."""

    app: Flask
    team_id: int
    person_id: int
    client: FlaskClient

    @property
    def board(self) -> str:
        """The address of the team's board."""
        return f"/teams/{self.team_id}/board"

    def get(self, path: str, **headers: str) -> Callable[[], object]:
        """Ask for a page and read it to its end."""

        def ask() -> None:
            answer = self.client.get(path, headers=headers, buffered=True)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status}")

        return ask

    def column(self, phase: str) -> Callable[[], object]:
        """Ask for one column as a fragment."""
        return self.get(f"{self.board}/columns?phases={phase}", **{"HX-Request": "true"})

    def talked_about(self, rows: int, at: datetime) -> str:
        """The address of an item whose journal has so many rows."""
        with self.app.app_context(), db.writing():
            person, team = db.session.get_one(Person, self.person_id), db.session.get_one(Team, self.team_id)
            item = capture(team, f"Gesprek van {rows} regels", by=person, at=at)
            for number in range(1, rows):
                comment(item, f"Regel {number}: gebeld, het gaat de **goede** kant op.", by=person, at=at)
            db.session.commit()
            return f"/items/{item.id}"


def _house(app: Flask, name: str, cards: int, at: datetime) -> House:
    """A team with so many cards, each of which really walked to its column."""
    with app.app_context(), db.writing():
        made = crew(name)
        made.team.settings.extend(TeamSetting(name=key, value=value) for key, value in ROOMY.items())
        db.session.commit()
        for number in range(cards):
            _walk(made, number, at)
            db.session.commit()
        return House(app, made.team.id, made.leader.id, _signed_in(app, made.leader, at))


def _walk(made: Crew, number: int, at: datetime) -> None:
    # Nobody has more in Do than fits: every hundred cards another owner.
    if number % 100 == 0:
        made.owner = a_member(made.team, Role.MEMBER)
    to = LANES[number % len(LANES)]
    began = at - timedelta(days=10 if to in (Phase.NEW, Phase.PLAN, Phase.DO) else 40)
    due_on = (began + timedelta(days=30 + number % 10)).date()
    different = LookalikeAnswer(LookalikeChoice.DIFFERENT)
    walk(made, to, at=began, title=_title(number), lookalikes=different, due_on=due_on)


def _title(number: int) -> str:
    return f"{WORDS[number % 10]} bij {WORDS[(number // 10) % 10].lower()} {number}"


def _signed_in(app: Flask, person: Person, at: datetime) -> FlaskClient:
    token = open_session(person, SignInBy.PASSWORD, at=at)
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return client


if __name__ == "__main__":
    main()
