"""Open boards: how soon they hear of a move, and what five hundred of them cost everybody else.

Real sockets on `pdca serve`. A board that hears "changed" asks what changed, as the page does, a moment later: so
that several hints are one question, and not all boards ask at once.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.peers import postgresql
from tools.bench import seeds, servers
from tools.bench.load import Ask, Connection, text
from tools.bench.seeds import Board, Seeded
from tools.bench.servers import Server

# The same as in static/js/stream.js.
GATHER_S = (0.04, 0.16)
HEARS_WITHIN_S = 10.0
WARM_UPS = 5
BOUND_MS = 1000.0
BOUND_RATIO = 2.0
HELLO, CHANGED = b"event: hello", b"event: changed"
DICE = random.Random(2)  # noqa: S311 - pauses between moves


@dataclass(frozen=True)
class Size:
    """How much of it."""

    moves: int
    open_boards: int
    teams: int
    cards: int
    seconds: float
    rounds: int


WHOLE = Size(moves=40, open_boards=500, teams=25, cards=40, seconds=4.0, rounds=3)
SMALL = Size(moves=3, open_boards=20, teams=2, cards=20, seconds=0.3, rounds=1)


def measure(folder: Path, *, is_small: bool) -> dict[str, Any]:
    """Everything: what an open board hears on both databases, and how many may be open."""
    size = SMALL if is_small else WHOLE
    heard = {}
    with ExitStack() as stack:
        sizes = [(size.cards, 0)] * size.teams
        sqlite = seeds.ours(folder / "alive", sizes)
        heard |= _heard(sqlite, "SQLite", size)
        crowd = _crowded(sqlite, size)
        url = stack.enter_context(postgresql.server())
        own = postgresql.named(url, "bench")
        postgresql.execute(url, 'CREATE DATABASE "bench"')
        heard |= _heard(seeds.ours(folder / "alive_pg", sizes[:1], database_url=own), "PostgreSQL", size)
    return {"heard": heard, "crowd": crowd}


def checks(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What the issue bounds."""
    rows = [
        {"name": f"an open board shows a move ≤ 1 s (p95): {name}", "value": f["shown_p95_ms"], "met": f["is_soon"]}
        for name, f in found["heard"].items()
    ]
    crowd = found["crowd"]
    return [
        *rows,
        *(
            {
                "name": f"board p95 with {crowd['open_boards']} open boards < {BOUND_RATIO:g} × without, {when}",
                "value": crowd[key][0],
                "met": crowd[key][0] < BOUND_RATIO,
            }
            for key, when in (("open_to_idle", "idle"), ("both_to_moves", "with moves"))
        ),
    ]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for name, f in found["heard"].items():
        yield (
            f"live, {name}: hears p50/p95 {f['hint_p50_ms']}/{f['hint_p95_ms']} ms,"
            f" shows p50/p95 {f['shown_p50_ms']}/{f['shown_p95_ms']} ms (of {f['moves']} moves, {f['missed']} missed)"
        )
    c = found["crowd"]
    yield (
        f"{c['open_boards']} open boards on one process, board p50/p95: nothing else"
        f" {c['idle_p50_ms']}/{c['idle_p95_ms']} ms, a move each {c['every_s']} s"
        f" {c['moves_p50_ms']}/{c['moves_p95_ms']} ms, all open {c['open_p50_ms']}/{c['open_p95_ms']} ms"
        f" ({c['open_to_idle'][0]}×, spread {c['open_to_idle'][1:]}), both {c['both_p50_ms']}/{c['both_p95_ms']} ms"
        f" ({c['both_to_moves'][0]}× moves alone, spread {c['both_to_moves'][1:]})"
    )
    yield (
        f"    {c['hints']} hints, {c['fetches']} questions, {c['lost']} lost; the last of a team told p95"
        f" {c['told_p95_ms']} ms; memory {c['pss_mb_idle']} → {c['pss_mb_open']} MB"
    )


# --- one board that listens --------------------------------------------------------------------------------


def _heard(seeded: Seeded, database: str, size: Size) -> dict[str, Any]:
    """A move through the process that keeps the stream, and through another one on the same database."""
    with servers.ours(seeded, workers=1) as here, servers.ours(seeded, workers=1) as there:
        return {
            f"{database}, same process": _told(here, here, size),
            f"{database}, another process": _told(here, there, size),
        }


def _told(listens: Server, writes: Server, size: Size) -> dict[str, Any]:
    board, hints, shown, missed = listens.seeded.boards[0], [], [], 0
    stream = Stream(listens, board, 0)
    asking, writing = Connection(listens.port), Connection(writes.port)
    for turn in range(WARM_UPS):
        writing.send(a_move(board, DICE), listens.seeded.visitors[turn])
        question = what_changed(listens, board, 0)
    for _ in range(size.moves):
        # Not in step with the look every 150 ms.
        time.sleep(0.2 + DICE.random() * 0.2)
        stream.forget()
        began = time.perf_counter()
        status, _ = writing.send(a_move(board, DICE), listens.seeded.visitors[1])
        if status >= 300 or not stream.hears(HEARS_WITHIN_S):
            missed += 1
            continue
        hints.append(time.perf_counter() - began)
        time.sleep(DICE.uniform(*GATHER_S))
        asking.send(Ask(question), listens.seeded.visitors[0])
        shown.append(time.perf_counter() - began)
    stream.close()
    return {
        "moves": size.moves,
        "missed": missed,
        "hint_p50_ms": _ms(hints, 0.5),
        "hint_p95_ms": _ms(hints, 0.95),
        "shown_p50_ms": _ms(shown, 0.5),
        "shown_p95_ms": _ms(shown, 0.95),
        "is_soon": not missed and _ms(shown, 0.95) <= BOUND_MS,
    }


def a_move(board: Board, dice: random.Random) -> Ask:
    """Another place in the same column."""
    phase = dice.choice(list(board.columns))
    card, after = dice.sample(board.columns[phase], 2)
    return Ask(f"/items/{card}/moves", {"to": phase, "after": str(after), "before": ""})


def what_changed(server: Server, board: Board, visitor: int) -> str:
    """Where an open page asks what differs from what it shows now."""
    address = f"/teams/{board.team_id}/board/changes"
    found = json.loads(text(server, address, visitor))
    have = ",".join(f"{phase}:{column['print']}" for phase, column in found["columns"].items())
    return f"{address}?have={have}&head={found['print']}"


class Stream:
    """One open board: a socket that hears hints."""

    def __init__(self, server: Server, board: Board, visitor: int) -> None:
        self.board, self.visitor = board, visitor
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        cookie = server.seeded.visitors[visitor].cookie
        head = f"GET /teams/{board.team_id}/board/live HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
        self.socket.sendall(head.encode())
        got = b""
        while HELLO not in got:
            more = self.socket.recv(4096)
            if not more or b" 204 " in got[:20]:
                raise SystemExit(f"no stream of hints: {got[:200]!r}")
            got += more

    @property
    def reader(self) -> tuple[Board, int]:
        """Who has which board open: what their pages show is the same."""
        return self.board, self.visitor

    def forget(self) -> None:
        """What was said before does not count."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(4096):
                pass
        except BlockingIOError:
            pass

    def hears(self, within_s: float) -> bool:
        """Wait for a hint."""
        deadline, got = time.perf_counter() + within_s, b""
        while CHANGED not in got and (left := deadline - time.perf_counter()) > 0:
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(4096)
            except TimeoutError:
                return False
            if not more:
                return False
            got += more
        return CHANGED in got

    def close(self) -> None:
        """The board is closed."""
        self.socket.close()


# --- many boards that listen -------------------------------------------------------------------------------


SERIES = ("idle", "moves", "open", "both")


def _crowded(seeded: Seeded, size: Size) -> dict[str, Any]:
    """The board's times: nothing else happens; moves; all boards open; and both, so that a whole team asks at once."""
    times: dict[str, list[list[float]]] = {name: [] for name in SERIES}
    crowds = []
    with servers.ours(seeded, workers=1) as server:
        read = partial(_read, server, seeded.boards[0], size.seconds)
        _read(server, seeded.boards[0], size.seconds)
        pss = server.pss_mb()
        for _ in range(size.rounds):
            times["idle"].append(read())
            with Crowd().moving(server):
                times["moves"].append(read())
            with _open_boards(server, size) as crowd:
                times["open"].append(read())
                with crowd.moving(server):
                    times["both"].append(read())
                crowds.append(crowd)
                pss_open = server.pss_mb()
    return {
        "open_boards": size.open_boards,
        "every_s": Crowd.EVERY_S,
        **{
            f"{name}_p{part}_ms": round(statistics.median(_at(one, part / 100) for one in times[name]) * 1000, 1)
            for name in SERIES
            for part in (50, 95)
        },
        "open_to_idle": _ratio(times["open"], times["idle"]),
        "both_to_moves": _ratio(times["both"], times["moves"]),
        "hints": sum(crowd.hints for crowd in crowds),
        "fetches": sum(crowd.fetches for crowd in crowds),
        "lost": sum(crowd.lost for crowd in crowds),
        "told_p95_ms": _ms([told for crowd in crowds for told in crowd.told], 0.95),
        "pss_mb_idle": round(pss, 1),
        "pss_mb_open": round(pss_open, 1),
    }


def _ratio(these: list[list[float]], those: list[list[float]]) -> list[float]:
    """Of the p95, round by round: the median, the lowest, the highest."""
    found = sorted(_at(a, 0.95) / _at(b, 0.95) for a, b in zip(these, those, strict=True))
    return [round(value, 2) for value in (statistics.median(found), found[0], found[-1])]


def _read(server: Server, board: Board, seconds: float) -> list[float]:
    """One reader of the board, the next time as soon as the last was answered."""
    times, connection, turn = [], Connection(server.port), 0
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        began = time.perf_counter()
        status, _ = connection.send(Ask(f"/teams/{board.team_id}/board"), server.seeded.visitors[turn % seeds.PEOPLE])
        times.append(time.perf_counter() - began)
        if status != 200:
            raise SystemExit(f"the board answered {status}")
        turn += 1
    connection.close()
    return times


class Crowd:
    """All open boards: they hear, and ask what changed."""

    EVERY_S = 1.0

    def __init__(
        self, streams: Sequence[Stream] = (), questions: Mapping[tuple[Board, int], str] | None = None
    ) -> None:
        self.streams, self.questions = streams, questions or {}
        self.hints = self.fetches = self.lost = 0
        self.told: list[float] = []
        self._moved_at = 0.0
        self._ends = threading.Event()
        self._dice = random.Random(3)  # noqa: S311 - pauses

    @contextmanager
    def moving(self, server: Server) -> Iterator[None]:
        """A move each second on one team's board after the other; the team's boards ask what changed."""
        mover = threading.Thread(target=self._move, args=(server,))
        listener = threading.Thread(target=self._listen, args=(server,))
        self._ends.clear()
        for thread in (listener, mover):
            thread.start()
        try:
            yield
        finally:
            self._ends.set()
            for thread in (mover, listener):
                thread.join()

    def _move(self, server: Server) -> None:
        writing, turn = Connection(server.port), 1
        while not self._ends.is_set():
            board = server.seeded.boards[turn % len(server.seeded.boards)]
            self._moved_at = time.perf_counter()
            writing.send(a_move(board, DICE), server.seeded.visitors[turn % seeds.PEOPLE])
            turn += 1
            self._ends.wait(self.EVERY_S)
        writing.close()

    def _listen(self, server: Server) -> None:
        with selectors.DefaultSelector() as looking, ThreadPoolExecutor(20) as pool:
            for stream in self.streams:
                stream.socket.setblocking(False)
                looking.register(stream.socket, selectors.EVENT_READ, stream)
            while not self._ends.is_set():
                for key, _ in looking.select(0.1):
                    if self._hears(key.data):
                        pool.submit(self._fetch, server, key.data)
                    elif key.data.socket.fileno() < 0:
                        looking.unregister(key.fileobj)

    def _hears(self, stream: Stream) -> bool:
        got = stream.socket.recv(4096)
        if not got:
            self.lost += 1
            stream.close()
        if CHANGED not in got:
            return False
        self.hints += 1
        self.told.append(time.perf_counter() - self._moved_at)
        return True

    def _fetch(self, server: Server, stream: Stream) -> None:
        time.sleep(self._dice.uniform(*GATHER_S))
        connection = Connection(server.port)
        status, _ = connection.send(Ask(self.questions[stream.reader]), server.seeded.visitors[stream.visitor])
        connection.close()
        self.fetches += status == 200


@contextmanager
def _open_boards(server: Server, size: Size) -> Iterator[Crowd]:
    boards = server.seeded.boards
    streams = [Stream(server, boards[no % len(boards)], no % seeds.PEOPLE) for no in range(size.open_boards)]
    try:
        yield Crowd(streams, {each: what_changed(server, *each) for each in {stream.reader for stream in streams}})
    finally:
        for stream in streams:
            stream.close()


# --- numbers -----------------------------------------------------------------------------------------------


def _at(times: list[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _ms(times: list[float], part: float) -> float:
    return round(_at(times, part) * 1000, 1) if times else 0.0
