"""Open boards: how soon they hear of a move, and what five hundred of them cost everybody else.

Real sockets on `pdca serve`. A board that hears "changed" asks what changed, as the page does; between the two
the page waits GATHER_S, so that several hints are one question.
"""

from __future__ import annotations

import random
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers import postgresql
from tools.bench import seeds, servers
from tools.bench.load import Ask, Connection
from tools.bench.seeds import Board, Seeded
from tools.bench.servers import Server

# static/js/stream.js
GATHER_S = 0.06
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
    name = f"board p95 with {crowd['open_boards']} open boards < {BOUND_RATIO:g} × idle"
    return [*rows, {"name": name, "value": crowd["ratio"], "met": crowd["ratio"] < BOUND_RATIO}]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for name, f in found["heard"].items():
        yield (
            f"live, {name}: hears p50/p95 {f['hint_p50_ms']}/{f['hint_p95_ms']} ms,"
            f" shows p50/p95 {f['shown_p50_ms']}/{f['shown_p95_ms']} ms (of {f['moves']} moves, {f['missed']} missed)"
        )
    c = found["crowd"]
    yield (
        f"{c['open_boards']} open boards on one process, a move each {c['every_s']} s: board p50/p95"
        f" {c['idle_p50_ms']}/{c['idle_p95_ms']} ms idle, {c['quiet_p50_ms']}/{c['quiet_p95_ms']} ms all open,"
        f" {c['busy_p50_ms']}/{c['busy_p95_ms']} ms with moves ({c['ratio']}×, spread {c['ratio_spread']});"
        f" {c['hints']} hints, {c['fetches']} fetches, {c['lost']} lost; all boards of the team told p95"
        f" {c['told_p95_ms']} ms; {c['pss_mb_idle']} → {c['pss_mb_open']} MB"
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
        asking.send(_changes(board), listens.seeded.visitors[0])
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
        time.sleep(GATHER_S)
        asking.send(_changes(board), listens.seeded.visitors[0])
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


def _changes(board: Board) -> Ask:
    """Without saying what it has, so that it gets everything: no page asks for more."""
    return Ask(f"/teams/{board.team_id}/board/changes")


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


def _crowded(seeded: Seeded, size: Size) -> dict[str, Any]:
    """The board's times with nobody else, with all boards open, and with moves that all of a team ask about."""
    idle, quiet, busy, ratios, crowds = [], [], [], [], []
    with servers.ours(seeded, workers=1) as server:
        for board in (*seeded.boards, seeded.boards[0]):
            _read(server, board, size.seconds / 4)
        pss = server.pss_mb()
        for _ in range(size.rounds):
            idle.append(_read(server, seeded.boards[0], size.seconds))
            with _open_boards(server, size) as crowd:
                quiet.append(_read(server, seeded.boards[0], size.seconds))
                with crowd.moving(server):
                    busy.append(_read(server, seeded.boards[0], size.seconds))
                crowds.append(crowd)
                pss_open = server.pss_mb()
            ratios.append(max(_at(quiet[-1], 0.95), _at(busy[-1], 0.95)) / _at(idle[-1], 0.95))
    return {
        "open_boards": size.open_boards,
        "every_s": Crowd.EVERY_S,
        **{
            f"{name}_p{part}_ms": round(statistics.median(_at(times, part / 100) for times in rounds) * 1000, 1)
            for name, rounds in (("idle", idle), ("quiet", quiet), ("busy", busy))
            for part in (50, 95)
        },
        "ratio": round(statistics.median(ratios), 2),
        "ratio_spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "hints": sum(crowd.hints for crowd in crowds),
        "fetches": sum(crowd.fetches for crowd in crowds),
        "lost": sum(crowd.lost for crowd in crowds),
        "told_p95_ms": _ms([told for crowd in crowds for told in crowd.told], 0.95),
        "pss_mb_idle": round(pss, 1),
        "pss_mb_open": round(pss_open, 1),
    }


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

    def __init__(self, streams: list[Stream]) -> None:
        self.streams = streams
        self.hints = self.fetches = self.lost = 0
        self.told: list[float] = []
        self._moved_at = 0.0
        self._ends = threading.Event()

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
        with selectors.DefaultSelector() as looking, ThreadPoolExecutor(8) as pool:
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
        time.sleep(GATHER_S)
        connection = Connection(server.port)
        status, _ = connection.send(_changes(stream.board), server.seeded.visitors[stream.visitor])
        connection.close()
        self.fetches += status == 200


@contextmanager
def _open_boards(server: Server, size: Size) -> Iterator[Crowd]:
    boards = server.seeded.boards
    streams = [Stream(server, boards[no % len(boards)], no % seeds.PEOPLE) for no in range(size.open_boards)]
    try:
        yield Crowd(streams)
    finally:
        for stream in streams:
            stream.close()


# --- numbers -----------------------------------------------------------------------------------------------


def _at(times: list[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _ms(times: list[float], part: float) -> float:
    return round(_at(times, part) * 1000, 1) if times else 0.0
