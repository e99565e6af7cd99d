"""Open boards that listen: one thread and one socket each, however many there are.

The web server's thread answers the first lines of the stream and goes on to other work; the socket is kept here.
That needs the socket itself, which gunicorn (`pdca serve`) hands out. Under another server, over an encrypted
socket or HTTP/1.0 there is no stream, and the page asks now and then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pdca import clock

log = logging.getLogger("pdca.live")

# The page calls again, and is asked again who it is.
LONGEST_S = 600.0
# A proxy or a phone closes what is silent; and it shows who is gone.
PULSE_S = 20.0
LOOK_S = 0.15
MOST = 2000
# The answer has no end of its own: its length is one that is never reached.
ENDLESS = 1 << 50
HELLO = b"retry: 2000\nevent: hello\ndata: 1\n\n"
CHANGED = b"event: changed\ndata: 1\n\n"
# The page listens for it too: a line that was cut without a word is only known by its silence.
PULSE = b"event: here\ndata: 1\n\n"


class Watcher(Protocol):
    """Knows which teams' boards changed, in whichever process."""

    def changed(self) -> set[int]:
        """The teams that changed since the last time it was asked."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass(frozen=True)
class Listener:
    """One open board."""

    team_id: int
    until: float


class Hub:
    """Tells open boards that theirs changed."""

    def __init__(self, watcher: Callable[[], Watcher]) -> None:
        self._make_watcher = watcher
        self._open: dict[socket.socket, Listener] = {}
        self._lock = threading.Lock()
        self._pid = 0

    @property
    def count(self) -> int:
        """How many listen."""
        return len(self._open)

    def adopt(self, server_socket: socket.socket, team_id: int) -> None:
        """Keep this connection when its own thread is done with it."""
        with contextlib.suppress(OSError):
            own = socket.socket(fileno=os.dup(server_socket.fileno()))
            own.setblocking(False)
            with self._lock:
                self._open[own] = Listener(team_id, clock.elapsed() + LONGEST_S)
            self._start()

    def _start(self) -> None:
        # A forked process has no thread of its parent's.
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="open boards", daemon=True).start()

    def _run(self) -> None:
        watcher: Watcher | None = None
        pulse_at = clock.elapsed() + PULSE_S
        while True:
            time.sleep(LOOK_S)
            try:
                watcher = watcher or self._make_watcher()
                teams = watcher.changed()
            except Exception:
                log.exception("cannot see what changed; the boards ask by themselves")
                watcher, teams = None, set()
                time.sleep(2)
            now = clock.elapsed()
            is_pulse = now >= pulse_at
            pulse_at = now + PULSE_S if is_pulse else pulse_at
            self._tell(teams, now, is_pulse)

    def _tell(self, teams: set[int], now: float, is_pulse: bool) -> None:
        for connection, listener in list(self._open.items()):
            words = CHANGED if listener.team_id in teams else PULSE if is_pulse else b""
            if now > listener.until or (words and not _sent(connection, words)):
                self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.pop(connection, None)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


def _sent(connection: socket.socket, words: bytes) -> bool:
    """Whether it went out whole: who does not read is not waited for."""
    try:
        return connection.send(words, socket.MSG_DONTWAIT) == len(words)
    except OSError:
        return False


def adoptable(environ: Mapping[str, Any]) -> socket.socket | None:
    """The connection's own socket, when it can be kept open."""
    found = environ.get("gunicorn.socket")
    if not isinstance(found, socket.socket) or isinstance(found, ssl.SSLSocket):
        return None
    stays = environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "close" not in environ.get("HTTP_CONNECTION", "").lower()
    return found if stays else None
