"""Both servers under the same gunicorn: two workers with threads, on a port of their own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.seeds import KEY, Seeded

TICKS = os.sysconf("SC_CLK_TCK")
STARTS_WITHIN_S = 60


@dataclass(frozen=True)
class Server:
    """A running one."""

    name: str
    port: int
    seeded: Seeded
    process: subprocess.Popen[bytes]
    # From exec to the first 200.
    cold_start_s: float

    @property
    def pids(self) -> list[int]:
        """Its processes: the parent and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu_s(self) -> float:
        """What all its processes used so far."""
        return sum(_cpu_of(pid) for pid in self.pids)

    def pss_mb(self) -> float:
        """Memory, with what is shared counted once."""
        return sum(_pss_of(pid) for pid in self.pids) / 1024


@contextmanager
def ours(seeded: Seeded, workers: int = 2) -> Iterator[Server]:
    """`pdca serve`, as anybody runs it."""
    port = _free_port()
    command = [sys.executable, "-m", "pdca", "serve", "--port", str(port), "--no-followup", "--workers", str(workers)]
    extra = {"PDCA_INSTANCE": str(seeded.folder), "PDCA_SECRET_KEY": KEY, "PDCA_PORT": str(port)}
    if seeded.database_url:
        extra["PDCA_DATABASE_URL"] = seeded.database_url
    with _running("ours", command, extra, port, seeded) as server:
        yield server


@contextmanager
def theirs(seeded: Seeded) -> Iterator[Server]:
    """The reference under the same kind of server."""
    port = _free_port()
    command = [
        sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "256", "--preload",
        "--keep-alive", "15", "-b", f"127.0.0.1:{port}", "tools.bench.reference:app",
    ]  # fmt: skip
    extra = {"REFERENCE_DATABASE": str(seeded.folder / "reference.db")}
    with _running("reference", command, extra, port, seeded) as server:
        yield server


@contextmanager
def _running(name: str, command: list[str], extra: dict[str, str], port: int, seeded: Seeded) -> Iterator[Server]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PDCA_")} | extra
    began = time.perf_counter()
    log = (seeded.folder / "server.log").open("ab")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait(process, port)
        yield Server(name, port, seeded, process, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                probe.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                # Ours says 503 while no follow-up runs beside it; it answers all the same.
                if re.match(rb"HTTP/1\.1 (200|503)", probe.recv(64)):
                    return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("a server did not start: see its server.log")


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _pss_of(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
