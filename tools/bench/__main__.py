"""Measure, print the ratios, write them as JSON. Bounds that are missed are said so, with where the time goes."""

from __future__ import annotations

import argparse
import json
import platform
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tools.bench import profile, seeds, servers
from tools.bench.load import Ask, Connection, Result, Script, run
from tools.bench.seeds import Board
from tools.bench.servers import Server

READS_PER_WRITE = 20
DICE = random.Random(1)  # noqa: S311 - the same in every run
WORDS = ("wachtrij", "paspoort brief", "formulier", "rijbewijs telefoon", "vergunning")
# Of one team: how many open and closed cards.
SIZES = [(100, 0), (1000, 0), (5000, 0), (100, 100_000), (100, 9_900)]
SMALL = [(20, 0), (40, 0), (60, 0), (20, 100), (20, 80)]
# Both are asked in turns, so that whatever else the machine does meets both.
ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """One thing to measure. `bound`: requests/s of ours, at least this part of the reference's."""

    name: str
    ours: Script
    theirs: Script | None
    clients: int
    bound: float | None = None


@dataclass
class Figures:
    """One case, every round."""

    case: Case
    ours: list[Result] = field(default_factory=list)
    theirs: list[Result] = field(default_factory=list)


def main() -> None:
    """The whole run, under ten minutes; `--small` in seconds, to see that it works."""
    options = _options()
    if options.growth:
        from tools.bench import growth

        return growth.main()
    with ExitStack() as stack:
        bench = _prepare(stack, SMALL if options.small else SIZES)
        figures = _measure(bench, _cases(bench), options)
        report = _report(bench, figures, options)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1), encoding="utf-8")
    _print(report)
    return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="tiny boards and short rounds: does it work?")
    parser.add_argument("--growth", action="store_true", help="how pages and the follow-up grow, without a server")
    parser.add_argument("--seconds", type=float, default=1.5, help="per case, side and round")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="only cases with this in their name")
    parser.add_argument("--json", default="", help="write everything to this file")
    return parser.parse_args()


@dataclass(frozen=True)
class Bench:
    """Both servers, filled with the same."""

    ours: Server
    theirs: Server
    boards: tuple[Board, ...]
    commit_ms: float


def _prepare(stack: ExitStack, sizes: list[tuple[int, int]]) -> Bench:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pdca-bench-")))
    _say(f"Filling boards of {', '.join(f'{opened}+{closed}' for opened, closed in sizes)} open+closed cards …")
    seeded = seeds.ours(folder / "ours", sizes)
    mine = stack.enter_context(servers.ours(seeded))
    html: dict[int, str] = {}
    for board in seeded.boards:
        html |= _cards_of(mine, board)
    other = stack.enter_context(servers.theirs(seeds.theirs(folder / "theirs", seeded.boards, html)))
    return Bench(mine, other, seeded.boards, _single_commit_ms(folder))


def _cards_of(server: Server, board: Board) -> dict[int, str]:
    """Our own cards as they are sent: the reference stores and sends the same bytes."""
    page = _text(server, f"/teams/{board.team_id}/board")
    found = {int(card[1]): card[0] for card in re.finditer(r'<li [^>]*?id="card-(\d+)".*?</li>\n?', page, re.DOTALL)}
    if len(found) != board.open:
        raise SystemExit(f"board {board.team_id} shows {len(found)} of {board.open} cards")
    return found


def _text(server: Server, path: str) -> str:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path, headers={"Cookie": server.seeded.visitors[0].cookie})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: {answer.read()[:300]!r}")
    return answer.read().decode()


def _single_commit_ms(folder: Path) -> float:
    """The median of one update with its commit, on this disk, alone."""
    database = sqlite3.connect(folder / "commit.db", isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0);"
    )
    times = []
    for _ in range(50):
        began = time.perf_counter()
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE t SET n = n + 1")
        database.execute("COMMIT")
        times.append((time.perf_counter() - began) * 1000)
    database.close()
    return statistics.median(times)


# --- what is asked ---------------------------------------------------------------------------------------


def _cases(bench: Bench) -> list[Case]:
    small, middle, large, old, known = bench.boards
    cases = [
        Case(
            f"board of {board.open}, {clients} clients",
            _reads(_our_board, _our_move, board),
            _reads(_their_board, _their_move, board),
            clients,
            bound,
        )
        for board, bound in ((small, None), (middle, 0.5), (large, 0.5))
        for clients in (1, 8)
    ]
    cases += [
        Case(
            f"board of {old.open} with {old.closed} closed, 1 clients",
            _reads(_our_board, _our_move, old),
            _reads(_their_board, _their_move, old),
            1,
        )
    ]
    cases += [
        Case(
            f"move on {board.open}, {clients} clients",
            _writes(_our_move, board),
            _writes(_their_move, board),
            clients,
            0.33,
        )
        for board in (small, large)
        for clients in (1, 8)
    ]
    cases += [
        Case(f"capture, {clients} clients", _writes(_our_capture, known), _writes(_their_capture, known), clients, 0.33)
        for clients in (1, 8)
    ]
    return [
        *cases,
        Case(
            f"search in {known.open + known.closed}, 8 clients",
            _reads(_our_search, None, known),
            _reads(_their_search, None, known),
            8,
            0.4,
        ),
    ]


Asking = Callable[[Board, int, random.Random], Ask]


def _reads(read: Asking, write: Asking | None, board: Board) -> Script:
    """Twenty reads, then one write."""

    def script(_client: int, turn: int, dice: random.Random) -> Ask:
        if write is not None and turn % (READS_PER_WRITE + 1) == READS_PER_WRITE:
            return write(board, turn, dice)
        return read(board, turn, dice)

    return script


def _writes(write: Asking, board: Board) -> Script:
    return lambda _client, turn, dice: write(board, turn, dice)


def _our_board(board: Board, _turn: int, _dice: random.Random) -> Ask:
    return Ask(f"/teams/{board.team_id}/board")


def _their_board(board: Board, _turn: int, _dice: random.Random) -> Ask:
    return Ask(f"/board/{board.team_id}")


def _our_move(board: Board, _turn: int, dice: random.Random) -> Ask:
    phase = dice.choice(list(board.columns))
    card, after = dice.sample(board.columns[phase], 2)
    return Ask(f"/items/{card}/moves", {"to": phase, "after": str(after), "before": ""})


def _their_move(board: Board, _turn: int, dice: random.Random) -> Ask:
    phase = dice.choice(list(board.columns))
    card, after = dice.sample(board.columns[phase], 2)
    return Ask(f"/cards/{card}/moves", {"rank": str(after * 1024 + 512)})


def _our_capture(board: Board, turn: int, dice: random.Random) -> Ask:
    return Ask(f"/teams/{board.team_id}/items", {"title": seeds.title_of(dice.randrange(1 << 30))})


def _their_capture(board: Board, turn: int, dice: random.Random) -> Ask:
    return Ask(f"/teams/{board.team_id}/cards", {"title": seeds.title_of(dice.randrange(1 << 30))})


def _our_search(_board: Board, turn: int, dice: random.Random) -> Ask:
    return Ask(f"/search?team={_board.team_id}&q={dice.choice(WORDS).replace(' ', '+')}")


def _their_search(_board: Board, turn: int, dice: random.Random) -> Ask:
    return Ask(f"/search?q={dice.choice(WORDS).replace(' ', '+')}")


# --- measuring -------------------------------------------------------------------------------------------


def _measure(bench: Bench, cases: list[Case], options: argparse.Namespace) -> list[Figures]:
    seconds, rounds = (0.2, 1) if options.small else (options.seconds, options.rounds)
    figures = [Figures(case) for case in cases if options.only in case.name]
    for number in range(rounds):
        _say(f"Round {number + 1} of {rounds} …")
        for one in figures:
            _warm(bench)
            one.ours.append(run(bench.ours, one.case.ours, one.case.clients, seconds))
            if one.case.theirs is not None:
                one.theirs.append(run(bench.theirs, one.case.theirs, one.case.clients, seconds))
    return figures


def _warm(bench: Bench) -> None:
    """The figures are of a warm board: what the last case wrote has been seen once by every worker."""
    for server, read in ((bench.ours, _our_board), (bench.theirs, _their_board)):
        for board in bench.boards:
            run(server, _reads(read, None, board), 8, 0.15)


# --- telling ---------------------------------------------------------------------------------------------


def _report(bench: Bench, figures: list[Figures], options: argparse.Namespace) -> dict[str, Any]:
    lines = [_line(one) for one in figures]
    by_name = {line["name"]: line for line in lines}
    checks = [
        {
            "name": f"{line['name']}: ≥ {line['bound']} × the reference",
            "value": line["ratio"],
            "met": line["ratio"] >= line["bound"],
        }
        for line in lines
        if line["bound"]
    ]
    checks += [
        {"name": f"{line['name']}: none failed", "value": line["failed"], "met": not line["failed"]} for line in lines
    ]
    checks += list(_more_checks(bench, by_name))
    missed = [check["name"] for check in checks if not check["met"]]
    for server in (bench.ours, bench.theirs):
        for turn in range(200 if not options.small else 20):
            ask = _our_board if server is bench.ours else _their_board
            Connection(server.port).send(ask(bench.boards[0], turn, DICE), server.seeded.visitors[turn % 20])
    return {
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "single_commit_ms": round(bench.commit_ms, 3),
        },
        "lines": lines,
        "checks": checks,
        "memory_mb": {server.name: round(server.pss_mb(), 1) for server in (bench.ours, bench.theirs)},
        "cold_start_s": {server.name: round(server.cold_start_s, 2) for server in (bench.ours, bench.theirs)},
        "first_load": _first_load(bench),
        "missed": missed,
        "profiles": _profiles(bench, missed) if not options.small else {},
    }


def _profiles(bench: Bench, missed: list[str]) -> dict[str, list[str]]:
    """Of each kind of request that missed a bound."""
    _, _, large, _, known = bench.boards
    asked = {"board": (_our_board, large), "move": (_our_move, large), "capture": (_our_capture, known)}
    return {
        kind: profile.of(bench.ours.seeded, partial(_ask_turn, ask, board))
        for kind, (ask, board) in asked.items()
        if any(name.startswith(kind) for name in missed)
    }


def _ask_turn(ask: Asking, board: Board, turn: int) -> Ask:
    return ask(board, turn, DICE)


def _line(one: Figures) -> dict[str, Any]:
    mine, other = _side(one.ours), _side(one.theirs)
    return {
        "name": one.case.name,
        "bound": one.case.bound,
        "ours": mine,
        "reference": other,
        "ratio": round(mine["per_s"] / other["per_s"], 2),
        "ratio_spread": _spread(
            [a.count / a.seconds / (b.count / b.seconds) for a, b in zip(one.ours, one.theirs, strict=True)]
        ),
        "failed": sum(result.failed for result in one.ours),
    }


def _side(results: list[Result]) -> dict[str, Any]:
    rates = [result.count / result.seconds for result in results]
    return {
        "per_s": round(statistics.median(rates), 1),
        "spread": _spread(rates),
        "p50_ms": _median_of(results, 0.5),
        "p99_ms": _median_of(results, 0.99),
        "cpu_ms": round(statistics.median(result.cpu_s / result.count * 1000 for result in results), 2),
        "bytes": round(statistics.mean(result.bytes / result.count for result in results)),
    }


def _median_of(results: list[Result], part: float) -> float:
    return round(statistics.median(_quantile(result.times or result.writes, part) for result in results) * 1000, 2)


def _quantile(times: list[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _spread(values: list[float]) -> list[float]:
    return [round(min(values), 2), round(max(values), 2)]


def _more_checks(bench: Bench, lines: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    small, _, large, old, _ = bench.boards
    found = []
    first, last = lines.get(f"move on {small.open}, 1 clients"), lines.get(f"move on {large.open}, 1 clients")
    if first and last:
        ratio = last["ours"]["p50_ms"] / first["ours"]["p50_ms"]
        found.append(
            {
                "name": f"a move on {large.open} costs ≤ 1.15 × one on {small.open}",
                "value": round(ratio, 2),
                "met": ratio <= 1.15,
            }
        )
    busy = lines.get(f"move on {large.open}, 8 clients")
    if busy:
        ratio = busy["ours"]["p99_ms"] / bench.commit_ms
        found.append({"name": "p99 of 8 movers ≤ 20 × a single commit", "value": round(ratio, 1), "met": ratio <= 20})
    plain, with_past = (
        lines.get(f"board of {small.open}, 1 clients"),
        lines.get(f"board of {old.open} with {old.closed} closed, 1 clients"),
    )
    if plain and with_past:
        ratio = with_past["ours"]["p50_ms"] / plain["ours"]["p50_ms"]
        found.append(
            {
                "name": f"board p50 with {old.closed} closed ≤ 1.15 × without",
                "value": round(ratio, 2),
                "met": ratio <= 1.15,
            }
        )
    load = _first_load(bench)
    found.append({"name": "first load ≤ 8 requests", "value": load["requests"], "met": load["requests"] <= 8})
    found.append({"name": "first load ≤ 130 kB", "value": load["kb"], "met": load["kb"] <= 130})
    return found


def _first_load(bench: Bench) -> dict[str, Any]:
    """What a browser fetches for a board of 100 with nothing kept: the page and what it names, compressed."""
    path = f"/teams/{bench.boards[0].team_id}/board"
    page = _text(bench.ours, path)
    named = {found.partition("#")[0] for found in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    addresses = [path, *sorted(named)]
    sizes = {address: _packed_size(bench.ours, address) for address in addresses}
    # The stream of hints is the last request.
    return {"requests": len(sizes) + 1, "kb": round(sum(sizes.values()) / 1000, 1), "sizes": sizes}


def _packed_size(server: Server, path: str) -> int:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers={"Cookie": server.seeded.visitors[0].cookie, "Accept-Encoding": "gzip"})
    return len(connection.getresponse().read())


def _print(report: dict[str, Any]) -> None:
    width = max(len(line["name"]) for line in report["lines"])
    _say(f"\n{'':{width}}  ours/s (spread)            reference/s (spread)       ratio        p50/p99 ms    CPU ms")
    for line in report["lines"]:
        mine, other = line["ours"], line["reference"]
        _say(
            f"{line['name']:{width}}  {mine['per_s']:>7} {mine['spread']!s:<19} "
            f"{other['per_s']:>7} {other['spread']!s:<19} "
            f"{line['ratio']:>5}×  {mine['p50_ms']:>7}/{mine['p99_ms']:<8} {mine['cpu_ms']}/{other['cpu_ms']}"
        )
    for key in ("memory_mb", "cold_start_s"):
        mine, other = report[key]["ours"], report[key]["reference"]
        _say(f"{key}: {mine} to {other} ({mine / other:.1f}×)")
    load = report["first_load"]
    _say(f"first load: {load['requests']} requests, {load['kb']} kB")
    _say(f"single commit: {report['machine']['single_commit_ms']} ms")
    for check in report["checks"]:
        if not check["name"].endswith("none failed") or not check["met"]:
            _say(f"{'met   ' if check['met'] else 'MISSED'} {check['name']}: {check['value']}")
    for kind, rows in report["profiles"].items():
        _say(f"\nwhere the time of a {kind} goes:")
        for row in rows:
            _say(f"    {row}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
