"""The follow-up dies: how long until /health says so. A real process, a real SIGKILL; four minutes pass at once."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.peers.waiting import free_port, until
from tests.simulation.figures import Bench, Figure

SHIM = Path(__file__).parents[1] / "peers" / "shifted"
KEY = "a-key-for-the-torture-0123456789-abcdefghijklmnop"
BOUND_S, LEAP_S, SHORT_LEAP_S, PATIENCE_S = 300, 240, 266, 90.0


def run(bench: Bench) -> list[Figure]:
    """Web and follow-up beside each other; the follow-up is killed, and nobody starts it again."""
    url, instance = bench.fresh()
    clock, port = Path(instance) / "clock", free_port()
    _set(clock, 0)
    given = {"PDCA_INSTANCE": instance, "PDCA_DATABASE_URL": url, "PDCA_SECRET_KEY": KEY, "PDCA_PORT": str(port)}
    env = {**os.environ, **given, "SHIFTED_BY": str(clock), "PYTHONPATH": str(SHIM)}
    health = f"http://127.0.0.1:{port}/health"
    with _running(env, "serve", "--no-followup", "--workers", "1"), _running(env, "scheduler") as engine:
        assert until(lambda: _health(health) == (200, True), PATIENCE_S), "the first pass did not come"
        engine.kill()
        engine.wait()
        died = time.monotonic()
        leap = LEAP_S if bench.share >= 1 else SHORT_LEAP_S
        _set(clock, leap)
        assert until(lambda: _health(health)[0] == 503, PATIENCE_S), "503 did not come"
        took = leap + time.monotonic() - died
    bench.say(f"dead engine: /health said 503 after {took:.0f} s")
    return [Figure("dead engine", "/health is 503 within 5 minutes", f"{took:.0f} s", took <= BOUND_S)]


def _set(clock: Path, ahead_s: int) -> None:
    handle = os.open(clock, os.O_WRONLY | os.O_CREAT)
    os.pwrite(handle, struct.pack("<q", ahead_s), 0)
    os.close(handle)


@contextmanager
def _running(env: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-m", "pdca", *arguments], env=env, **quiet)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _health(url: str) -> tuple[int, bool]:
    """The status, and whether any pass ended yet."""
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status, json.load(answer)["scheduler"]["last_run"] is not None
    except HTTPError as refused:
        return refused.code, True
    except OSError:
        return 0, False
