"""What both are filled with: boards of several sizes, the same texts, twenty people in two languages."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha512
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert

from pdca import clock, create_app
from pdca.config import Settings, load_settings
from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.models import Check, Item, Promise, Round
from pdca.items.terms import CheckState, CustomerType, Kind, LookalikeChoice, Method, Phase, PromiseState
from pdca.people.models import Membership, Person, Role, SignInBy, Team, TeamSetting
from pdca.people.sign_ins import open_session
from tests import stories
from tools.bench import reference

KEY = "bench-only-0123456789-abcdefghijklmnopqrstuv"
COLUMNS = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT)
PEOPLE = 20
AT_ONCE = 500
# A board with more closed cards is there for its size, not to be searched.
SEARCHED = 10_000
WORDS = (
    "wachtrij", "brief", "telefoon", "formulier", "balie", "afspraak", "paspoort", "website", "loket", "garage",
    "verhuizing", "melding", "rijbewijs", "vergunning", "afval", "huwelijk", "geboorte", "subsidie", "parkeren",
    "controle", "uitleg", "vertraging", "bevestiging", "wachttijd", "inloop", "spreekuur", "akte",
)  # fmt: skip


@dataclass(frozen=True)
class Board:
    """One team: how many open and closed cards, and their ids by column in order."""

    team_id: int
    open: int
    closed: int
    columns: dict[str, list[int]] = field(compare=False)


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in: what their browser sends."""

    cookie: str
    token: str


@dataclass(frozen=True)
class Walker:
    """A card in Plan with every answer given, and which visitor owns it: it may go to Do, and back."""

    item_id: int
    visitor: int


@dataclass(frozen=True)
class Seeded:
    """An installation that is ready to be asked."""

    folder: Path
    boards: tuple[Board, ...]
    visitors: tuple[Visitor, ...]
    walkers: tuple[Walker, ...] = ()
    # Not SQLite in the folder, but this one.
    database_url: str = ""


def title_of(number: int) -> str:
    """Three words and a number: alike, never the same."""
    dice = random.Random(number)  # noqa: S311 - the same texts in every run
    return f"{dice.choice(WORDS).capitalize()} bij {dice.choice(WORDS)} en {dice.choice(WORDS)} {number}"


def problem_of(number: int) -> str:
    """Two sentences of ordinary words."""
    dice = random.Random(-number)  # noqa: S311
    return f"Klanten zeggen: {' '.join(dice.choices(WORDS, k=12))}. Dat kost tijd."


# --- ours ------------------------------------------------------------------------------------------------


def ours(folder: Path, sizes: list[tuple[int, int]], *, walkers: int = 0, database_url: str = "") -> Seeded:
    """An installation with one team per (open, closed), and so many cards that may walk."""
    folder.mkdir(parents=True)
    app, at = create_app(settings_of(folder, database_url)), clock.now()
    with app.app_context():
        upgrade()
        with db.writing():
            people = _people(at)
            boards = tuple(_board(f"Team {no}", people, size, at) for no, size in enumerate(sizes, 1))
            ready = _walkers(people, walkers, at) if walkers else ()
            visitors = tuple(_visitor(app, person, at) for person in people)
            db.session.commit()
        db.engine.dispose()
    return Seeded(folder, boards, visitors, ready, database_url)


def settings_of(folder: Path, database_url: str = "") -> Settings:
    """What the program is told, in the same process or another."""
    given = {"database_url": database_url} if database_url else {}
    return load_settings(instance=folder, secret_key=KEY, **given)


def _people(at: datetime) -> list[Person]:
    people = [
        Person(
            name=f"Persoon {no}",
            email=f"p{no}@example.nl",
            locale="nl" if no % 2 else "en",
            created_at=at,
        )
        for no in range(PEOPLE)
    ]
    db.session.add_all(people)
    db.session.flush()
    return people


def _board(name: str, people: list[Person], size: tuple[int, int], at: datetime) -> Board:
    team = Team(name=name, timezone="Europe/Amsterdam", created_at=at, next_number=sum(size) + 1)
    db.session.add(team)
    db.session.flush()
    db.session.add_all(
        Membership(team_id=team.id, person_id=p.id, role=Role.BOARD_KEEPER, joined_at=at) for p in people
    )
    columns: dict[str, list[int]] = {phase.value: [] for phase in COLUMNS}
    for items in _chunks(_open_items(team.id, size[0], people, at)):
        db.session.add_all(items)
        db.session.flush()
        db.session.add_all(row for item in items for row in _under(item, at))
        for item in items:
            columns[item.phase.value].append(item.id)
        db.session.flush()
    _closed(team.id, size, at)
    db.session.commit()
    return Board(team.id, size[0], size[1], columns)


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    some: list[Item] = []
    for item in items:
        some.append(item)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _open_items(team_id: int, count: int, people: list[Person], at: datetime) -> Iterator[Item]:
    for number in range(1, count + 1):
        phase = COLUMNS[number % len(COLUMNS)]
        since = at - timedelta(days=number % 20)
        yield Item(
            **_plain(team_id, number, since),
            phase=phase,
            owner_id=None if phase is Phase.NEW else people[number % PEOPLE].id,
            proposer_id=people[(number + 7) % PEOPLE].id,
            due_on=None if phase is Phase.NEW else (at + timedelta(days=number % 40 - 2)).date(),
        )


def _plain(team_id: int, number: int, since: datetime) -> dict[str, Any]:
    return {
        "team_id": team_id,
        "number": number,
        "rank": number * 1024,
        "kind": Kind.QUICK_WIN,
        "phase_since": since,
        "created_at": since,
        "last_progress_at": since,
        "title": title_of(number),
        "problem": problem_of(number),
        "noticeable": "Het gaat sneller.",
        "purpose": "Minder wachten.",
        "customer_type": CustomerType.EXTERNAL,
        "customer_name": "Karin de Vries",
        "lookalike_choice": LookalikeChoice.NONE_FOUND,
    }


def _under(item: Item, at: datetime) -> Iterator[Any]:
    started = item.phase in (Phase.DO, Phase.CHECK, Phase.ACT)
    yield Round(item_id=item.id, number=1, opened_at=at, started_at=item.phase_since if started else None)
    if item.due_on is not None:
        yield Promise(
            item_id=item.id,
            number=1,
            due_on=item.due_on,
            state=PromiseState.STANDING,
            given_at=at,
            given_by_id=item.owner_id,
        )
    if item.phase in (Phase.CHECK, Phase.ACT):
        due = at.date() + timedelta(days=item.number % 20)
        yield Check(
            item_id=item.id, round_number=1, number=1, offset_days=14, due_on=due, settle_by=due + timedelta(days=14),
            method=Method.MAIL, state=CheckState.PLANNED,
        )  # fmt: skip


def _closed(team_id: int, size: tuple[int, int], at: datetime) -> None:
    """Rows as they are stored: a hundred thousand objects would only cost time."""
    first, count = size[0] + 1, size[1]
    for begin in range(first, first + count, 5000):
        numbers = range(begin, min(begin + 5000, first + count))
        ended = {number: at - timedelta(days=30 + number % 1500) for number in numbers}
        done = [
            {**_plain(team_id, number, ended[number]), "phase": Phase.CLOSED, "ended_at": ended[number]}
            for number in numbers
        ]
        # Those that are searched pass the session, which gives them their words.
        if count <= SEARCHED:
            db.session.add_all(Item(**row) for row in done)
            db.session.flush()
        else:
            db.session.execute(insert(Item), done)
    db.session.flush()


def _walkers(people: list[Person], count: int, at: datetime) -> tuple[Walker, ...]:
    """Cards that really walked to Plan, through the operations themselves."""
    made, began = stories.crew("Lopers"), at - timedelta(days=2)
    made.team.settings.extend(TeamSetting(name=name, value="50") for name in ("wip_owner", "wip_do", "wip_check"))
    db.session.add_all(
        Membership(team_id=made.team.id, person_id=person.id, role=Role.MEMBER, joined_at=at) for person in people
    )
    db.session.flush()
    ready = []
    for number in range(count):
        made.owner = people[number % PEOPLE]
        item = stories.walk(
            made, Phase.PLAN, at=began, title=title_of(number), lookalikes=LookalikeAnswer(LookalikeChoice.DIFFERENT)
        ).item
        item.due_on = (at + timedelta(days=20)).date()
        db.session.commit()
        ready.append(Walker(item.id, number % PEOPLE))
    return tuple(ready)


def _visitor(app: Flask, person: Person, at: datetime) -> Visitor:
    raw = "0" * 40
    token = open_session(person, SignInBy.PASSWORD, at=at)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    # As signing in leaves it: without the browser's own mark Flask-Login would write the cookie anew each time.
    mark = sha512(b"127.0.0.1|None").hexdigest()
    cookie = signer.dumps({"_user_id": token, "_fresh": True, "_id": mark, "csrf_token": raw})
    return Visitor(f"pdca={cookie}", URLSafeTimedSerializer(KEY, salt="wtf-csrf-token").dumps(raw))


# --- the reference ---------------------------------------------------------------------------------------


def theirs(folder: Path, boards: tuple[Board, ...], html: dict[int, str]) -> Seeded:
    """The same cards, each with the HTML that ours made of it, so that both send the same bytes."""
    folder.mkdir(parents=True)
    database = sqlite3.connect(folder / "reference.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(reference.SCHEMA)
    database.executemany("INSERT INTO person VALUES (?, ?)", [(no + 1, f"Persoon {no}") for no in range(PEOPLE)])
    for board in boards:
        _their_board(database, board, html)
    database.commit()
    database.close()
    signer = reference.app.session_interface.get_signing_serializer(reference.app)  # type: ignore[attr-defined]
    visitors = tuple(Visitor(f"session={signer.dumps({'person': no + 1})}", "") for no in range(PEOPLE))
    return Seeded(folder, boards, visitors)


def _their_board(database: sqlite3.Connection, board: Board, html: dict[int, str]) -> None:
    for place, ids in enumerate(board.columns.values()):
        rows = [(item_id, board.team_id, place, no * 1024, "", html[item_id]) for no, item_id in enumerate(ids)]
        database.executemany("INSERT INTO card VALUES (?, ?, ?, ?, ?, ?)", rows)
    closed = ((board.team_id, title_of(board.open + no)) for no in range(1, board.closed + 1))
    database.executemany("INSERT INTO card (team_id, phase, rank, title, html) VALUES (?, 9, 0, ?, '')", closed)
    texts = ((title_of(number), problem_of(number)) for number in range(1, board.open + board.closed + 1))
    database.executemany("INSERT INTO found VALUES (?, ?)", texts)
