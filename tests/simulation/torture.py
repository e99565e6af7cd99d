"""`make torture`: every part at full count on both databases, resumable part by part, and the table at the end.

    make torture ARGS="kills_named chaos --database sqlite --share 0.1 --again"

A finished part is kept under instance/torture and not run again; `--again` forgets it. A figure that misses its
bound is printed as missed, and the exit code says so.
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
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pdca import clock
from tests.simulation import benches, pacing
from tests.simulation.figures import Bench, Figure
from tests.simulation.workers import ROOT

# In the order of the table. A part that is not written yet is not in the list.
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
PASSED, MISSED = "met", "**missed**"


def main() -> int:
    """Run what was asked for, print the table; 1 when anything missed its bound."""
    asked = _arguments()
    if asked.inside:
        return _inside(asked.inside, asked.database or benches.KINDS[0], asked.share)
    parts = asked.parts or [part for part in PARTS if find_spec(f"tests.simulation.{part}")]
    kinds = [asked.database] if asked.database else list(benches.KINDS)
    KEPT.mkdir(parents=True, exist_ok=True)
    # Told to stop, it takes along what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{', '.join(parts)} on {' and '.join(kinds)}, share {asked.share:g}; {pacing.in_words()}", flush=True)
    for kind in kinds:
        for part in parts:
            _run(part, kind, asked.share, again=asked.again)
    rows = {(part, kind): _kept(part, kind, asked.share) for part in parts for kind in kinds}
    table = _table(rows, kinds, asked.share)
    print(f"\n{table}", flush=True)
    if asked.share == 1 and not asked.parts and not asked.database:
        _write_down(table)
    return 0 if all(figures and all(f.is_met for f in figures) for figures in rows.values()) else 1


def _arguments() -> argparse.Namespace:
    known = argparse.ArgumentParser(prog="make torture", description=__doc__)
    known.add_argument("parts", nargs="*", help=f"which parts; all when none is named: {', '.join(PARTS)}")
    known.add_argument("--database", choices=benches.KINDS, help="one kind only")
    known.add_argument("--share", type=float, default=1.0, help="how much of the full count, such as 0.1")
    known.add_argument("--again", action="store_true", help="forget what was finished before")
    known.add_argument("--inside", help=argparse.SUPPRESS)
    asked = known.parse_args()
    if strange := [part for part in asked.parts if not find_spec(f"tests.simulation.{part}")]:
        known.error(f"no such part: {', '.join(strange)}")
    if not 0 < asked.share <= 1:
        known.error("a share is more than 0 and at most 1")
    return asked


# --- one part --------------------------------------------------------------------------------------------


def _run(part: str, kind: str, share: float, *, again: bool) -> None:
    """In a process of its own: what it patches and what it leaves in memory goes with it."""
    if again:
        _path(part, kind).unlink(missing_ok=True)
    if _kept(part, kind, share):
        print(f"{part} on {kind}: finished before", flush=True)
        return
    command = [sys.executable, "-m", "tests.simulation.torture", "--inside", part]
    command += ["--database", kind, "--share", repr(share)]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        process.wait(PART_TAKES_AT_MOST_S)
    except subprocess.TimeoutExpired:
        print(f"{part} on {kind}: not finished within {PART_TAKES_AT_MOST_S:.0f} s", flush=True)
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
    shutil.rmtree(work, ignore_errors=True)

    def say(line: str) -> None:
        print(f"{part} on {kind} {time.monotonic() - began:6.0f} s: {line}", flush=True)

    try:
        with benches.opened(kind, work) as fresh:
            figures = import_module(f"tests.simulation.{part}").run(Bench(kind, fresh, share, say))
    except KeyboardInterrupt:
        say("stopped")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    seconds = round(time.monotonic() - began)
    kept = {
        "share": share,
        "seconds": seconds,
        "day": clock.now().date().isoformat(),
        "figures": [asdict(figure) for figure in figures],
    }
    _path(part, kind).write_text(json.dumps(kept, indent=1, ensure_ascii=False))
    for figure in figures:
        say(f"{figure.name}: {figure.seen} ({'met' if figure.is_met else 'MISSED'})")
    return 0


def _path(part: str, kind: str) -> Path:
    return KEPT / f"{part}-{kind}.json"


def _kept(part: str, kind: str, share: float) -> list[Figure]:
    """The figures of a part that was finished at this share; none when it was not."""
    path = _path(part, kind)
    if not path.exists():
        return []
    kept = json.loads(path.read_text())
    return [Figure(**figure) for figure in kept["figures"]] if kept["share"] == share else []


# --- the table -------------------------------------------------------------------------------------------


def _table(rows: dict[tuple[str, str], list[Figure]], kinds: list[str], share: float) -> str:
    lines = [_words_above(share), ""]
    for kind in kinds:
        lines += [f"**{kind}**", "", "| figure | bound | seen | |", "|---|---|---|---|"]
        for (part, on), figures in rows.items():
            if on == kind:
                lines += [_row(figure) for figure in figures] or [f"| {part} | finishes | it did not | {MISSED} |"]
        lines.append("")
    return "\n".join(lines)


def _row(figure: Figure) -> str:
    return f"| {figure.name} | {figure.bound} | {figure.seen} | {PASSED if figure.is_met else MISSED} |"


def _words_above(share: float) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"`make torture`, {clock.now().date().isoformat()}, share {share:g}; {os.cpu_count()} processors, "
        f"{memory:.0f} GB, {platform.system()}, Python {platform.python_version()}; {pacing.in_words()}."
    )


def _write_down(table: str) -> None:
    """Into the book, between the two marks."""
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print(f"written into {DOCS.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
