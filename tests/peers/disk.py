"""A disk that is really full, and has room again: a small one of its own, or where nobody may mount, a limit.

The disk is a tmpfs that only we and our own processes see (a mount namespace): it is gone with its keeper, also when
a test is killed. Containers that allow no namespaces get files that may not be written: a refusal of the kernel too, in
other words (EFBIG).
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE_KB = 8192


class Disk:
    """A disk of eight megabytes at this folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._keeper = _keeper(folder)
        # The same place, as it is seen from outside.
        self.inside = Path(f"/proc/{self._keeper.pid}/root{folder}")
        self._filler = self.inside / "filler"

    def start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
        """A program that lives on it."""
        enter = ["nsenter", f"--target={self._keeper.pid}", "--mount"]
        if os.geteuid():
            enter += ["--user", "--preserve-credentials"]
        return subprocess.Popen([*enter, "--", *command], env=env, stderr=subprocess.PIPE, text=True)

    def fill(self) -> None:
        """To the last byte."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                with suppress(OSError):
                    while filler.write(b"\0" * size):
                        pass

    def free(self) -> None:
        """Somebody tidied up."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Gone, with all that was on it."""
        self._keeper.terminate()
        self._keeper.communicate()


class Limit:
    """No file of these programs may be written while it is full."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = self.inside = folder
        self._is_full = False
        self._started: list[subprocess.Popen[str]] = []

    def start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
        """A program under the limit, when there is one."""
        narrow = self._narrow if self._is_full else None
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, preexec_fn=narrow)  # noqa: PLW1509
        self._started.append(process)
        return process

    def fill(self) -> None:
        """From now on, for those that run too."""
        self._is_full = True
        self._limit(0)

    def free(self) -> None:
        """No more."""
        self._is_full = False
        self._limit(resource.RLIM_INFINITY)

    def close(self) -> None:
        """Nothing is left behind."""

    def _limit(self, size: int) -> None:
        for process in self._started:
            if process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def _narrow(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _keeper(folder: Path) -> subprocess.Popen[str]:
    """A process that holds the disk; it ends when nobody listens to it any more."""
    mount = f'mount -t tmpfs -o size={SIZE_KB}k pdca-test "$0" && echo ready && exec cat'
    whose = ["--map-root-user"] if os.geteuid() else []
    keeper = subprocess.Popen(
        ["unshare", "--mount", *whose, "sh", "-c", mount, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert keeper.stdout is not None
    if keeper.stdout.readline() != "ready\n":
        keeper.communicate()
        raise PermissionError("this machine lets nobody mount")
    return keeper


@contextmanager
def small(folder: Path) -> Iterator[Disk | Limit]:
    """The nearest to a small disk that this machine allows."""
    try:
        made: Disk | Limit = Disk(folder)
    except OSError:
        made = Limit(folder)
    try:
        yield made
    finally:
        made.close()
