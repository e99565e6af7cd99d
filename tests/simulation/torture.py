"""`make torture`: every part at full count on both databases, resumable part by part, and the table at the end.

    make torture ARGS="kills_named chaos --database sqlite --share 0.1 --again"

A finished part is kept under instance/torture and not run again; `--again` forgets it. A figure that misses its
bound is printed as missed, one of a smaller share never as met, and the exit code says both. `--table` runs
nothing: it writes down what is kept, each row with its day and its share.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pdca import clock
from tests.simulation import benches, pacing
from tests.simulation.figures import Bench, Figure
from tests.simulation.workers import ROOT

# In the order of the table.
PARTS = (
    "kills_named",
    "kills_random",
    "chaos",
    "nth",
    "years",
    "machine",
    "defects",
    "together",
    "load",
    "dead_engine",
    "dispatch",
)
KEPT = ROOT / "instance/torture"
DOCS = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- torture: written by `make torture` -->\n", "<!-- /torture -->\n"
# No part may take longer; together they are bounded.
PART_TAKES_AT_MOST_S = 1_800.0
# Of a smaller share nothing more can be said than that what was done of it did not miss.
PASSED, PART, MISSED = "met", "**part**", "**missed**"


def main() -> int:
    """Run what was asked for, print the table; 1 when anything missed its bound."""
    asked = _arguments()
    if asked.inside:
        return _inside(asked.inside, asked.database or benches.KINDS[0], asked.share)
    parts = asked.parts or list(PARTS)
    kinds = [asked.database] if asked.database else list(benches.KINDS)
    KEPT.mkdir(parents=True, exist_ok=True)
    # Told to stop, it takes along what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{', '.join(parts)} on {' and '.join(kinds)}, share {asked.share:g}; {pacing.in_words()}", flush=True)
    if asked.table:
        rows = {(part, kind): _best(part, kind) for part in parts for kind in kinds}
    else:
        for kind in kinds:
            for part in parts:
                _run(part, kind, asked.share, again=asked.again)
        rows = {(part, kind): _kept(part, kind, asked.share) for part in parts for kind in kinds}
    table = _table(rows, kinds)
    print(f"\n{table}", flush=True)
    if asked.share == 1 and not asked.parts and not asked.database:
        _write_down(table)
    return 0 if all(result is not None and result.is_met for result in rows.values()) else 1


def _arguments() -> argparse.Namespace:
    known = argparse.ArgumentParser(prog="make torture", description=__doc__)
    known.add_argument("parts", nargs="*", help=f"which parts; all when none is named: {', '.join(PARTS)}")
    known.add_argument("--database", choices=benches.KINDS, help="one kind only")
    known.add_argument("--share", type=float, default=1.0, help="how much of the full count, such as 0.1")
    known.add_argument("--again", action="store_true", help="forget what was finished before")
    known.add_argument("--table", action="store_true", help="run nothing; the table of what is kept")
    known.add_argument("--inside", help=argparse.SUPPRESS)
    asked = known.parse_args()
    if strange := [part for part in asked.parts if part not in PARTS]:
        known.error(f"no such part: {', '.join(strange)}")
    if not 0 < asked.share <= 1:
        known.error("a share is more than 0 and at most 1")
    return asked


# --- one part --------------------------------------------------------------------------------------------


def _run(part: str, kind: str, share: float, *, again: bool) -> None:
    """In a process of its own: what it patches and what it leaves in memory goes with it."""
    if again:
        _path(part, kind, share).unlink(missing_ok=True)
        _so_far(part, kind, share).unlink(missing_ok=True)
    result = _kept(part, kind, share)
    if result is not None and result.figures:
        print(f"{part} on {kind}: finished before", flush=True)
        return
    command = [sys.executable, "-m", "tests.simulation.torture", "--inside", part]
    command += ["--database", kind, "--share", repr(share)]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        process.wait(PART_TAKES_AT_MOST_S)
    except subprocess.TimeoutExpired:
        print(f"{part} on {kind}: not finished within {PART_TAKES_AT_MOST_S:.0f} s", flush=True)
        _keep(part, kind, share, [], PART_TAKES_AT_MOST_S)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Politely first: it stops PostgreSQL and the workers itself. Then it and everything it started."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _inside(part: str, kind: str, share: float) -> int:
    work, began = KEPT / f"work-{kind}-{part}", time.monotonic()
    so_far = _so_far(part, kind, share)
    # Started in the background, a shell would have it ignore being told to stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    shutil.rmtree(work, ignore_errors=True)

    def say(line: str) -> None:
        print(f"{part} on {kind} {time.monotonic() - began:6.0f} s: {line}", flush=True)

    try:
        with benches.opened(kind, work) as fresh:
            figures = import_module(f"tests.simulation.{part}").run(Bench(kind, fresh, share, say, so_far))
    except KeyboardInterrupt:
        say("stopped")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _keep(part, kind, share, figures, time.monotonic() - began)
    so_far.unlink(missing_ok=True)
    for figure in figures:
        say(f"{figure.name}: {figure.seen} ({'met' if figure.is_met else 'MISSED'})")
    return 0


# --- what is kept ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What one part said, and when; without figures it was stopped at the longest a part may take."""

    share: float
    seconds: int
    day: str
    # The machine it ran on, and the factor it hurried by.
    where: str
    figures: list[Figure]

    @property
    def is_met(self) -> bool:
        """At the full count, and no figure missed its bound."""
        return self.share == 1 and bool(self.figures) and all(figure.is_met for figure in self.figures)

    @property
    def in_words(self) -> str:
        """When, how much of it, and how long it took."""
        share = "" if self.share == 1 else f", **share {self.share:g}**"
        return f"{self.day}{share}, {self.seconds / 60:.1f} min"


def _path(part: str, kind: str, share: float) -> Path:
    """A smaller share does not erase the whole."""
    return KEPT / (f"{part}-{kind}.json" if share == 1 else f"{part}-{kind}-{share:g}.json")


def _so_far(part: str, kind: str, share: float) -> Path:
    """Where a long part notes how far it came."""
    return _path(part, kind, share).with_suffix(".so-far")


def _keep(part: str, kind: str, share: float, figures: list[Figure], seconds: float) -> None:
    """What it said; a part that went on where it was stopped took the time before that, too."""
    day = clock.now().date().isoformat()
    if (stopped := _kept(part, kind, share)) and not stopped.figures and _so_far(part, kind, share).exists():
        seconds += stopped.seconds
    result = Result(share, round(seconds), day, f"{_machine()}; {pacing.in_words()}", figures)
    _path(part, kind, share).write_text(json.dumps(asdict(result), indent=1, ensure_ascii=False), encoding="utf-8")


def _kept(part: str, kind: str, share: float) -> Result | None:
    """What a part said at this share; nothing when it never ran."""
    path = _path(part, kind, share)
    return _read(path) if path.exists() else None


def _best(part: str, kind: str) -> Result | None:
    """What a part said at the largest share at which it came to its end."""
    found = [_read(path) for path in KEPT.glob(f"{part}-{kind}*.json")]
    return max(found, key=lambda result: (bool(result.figures), result.share), default=None)


def _read(path: Path) -> Result:
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Result(
        **kept | {"where": kept.get("where", ""), "figures": [Figure(**figure) for figure in kept["figures"]]}
    )


# --- the table -------------------------------------------------------------------------------------------


def _table(rows: dict[tuple[str, str], Result | None], kinds: list[str]) -> str:
    lines = [_words_above(rows.values()), ""]
    for kind in kinds:
        lines += [f"**{kind}**", "", "| figure | bound | seen | | run |", "|---|---|---|---|---|"]
        for (part, on), result in rows.items():
            if on == kind:
                lines += _rows(part, result)
        lines.append("")
    return "\n".join(lines)


def _rows(part: str, result: Result | None) -> list[str]:
    if result is None:
        return [f"| {part} | finishes | not run | {MISSED} | |"]
    if not result.figures:
        return [f"| {part} | finishes | it did not | {MISSED} | {result.in_words} |"]
    return [_row(figure, result) for figure in result.figures]


def _row(figure: Figure, result: Result) -> str:
    ended = MISSED if not figure.is_met else PASSED if result.share == 1 else PART
    return f"| {figure.name} | {figure.bound} | {figure.seen} | {ended} | {result.in_words} |"


def _words_above(results: Iterable[Result | None]) -> str:
    """On what it ran. A smaller share says so in its own row."""
    places = sorted({result.where for result in results if result is not None and result.where})
    return f"`make torture`, {clock.now().date().isoformat()}; {' · '.join(places) or 'nothing was run'}."


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def _write_down(table: str) -> None:
    """Into the book, between the two marks."""
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print(f"written into {DOCS.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
