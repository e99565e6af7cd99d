"""A network between a program and a server that goes wrong: silent without a goodbye, or cut in mid-answer.

Silent is meant literally: a filter in the kernel drops every packet that reaches our end of a line, before TCP sees
it. Nothing is acknowledged, no keepalive is answered and nobody is told, as when a cable is pulled.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# One instruction of the classic packet filter: keep 0 bytes.
_DROP = struct.pack("HBBI", 0x06, 0, 0, 0)
_ATTACH_FILTER, _DETACH_FILTER = 26, 27
# How PostgreSQL is told to commit, in its own protocol.
COMMIT = b"COMMIT\x00"

# What becomes of it: carried out, and the answer is cut after its first bytes; carried out, and silence; it never
# arrives, and the server holds what that transaction held.
CUT, SILENT, SWALLOWED = "cut", "silent", "swallowed"


@dataclass(eq=False)
class Line:
    """One connection through the network, with its two ends."""

    client: socket.socket
    server: socket.socket
    # What becomes of the commit that is on its way, and of its answer.
    fate: str = ""
    ends: threading.Event = field(default_factory=threading.Event)

    def go_silent(self) -> None:
        """From here on nothing is heard on either side, and nothing is said."""
        self.ends.set()
        for end in (self.client, self.server):
            _drop_everything(end)

    def cut(self) -> None:
        """Reset both."""
        self.ends.set()
        for end in (self.client, self.server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Network:
    """A port that leads to another one."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.lines: list[Line] = []
        # What becomes of which commit from now on, counted from 1.
        self.fate, self.number, self.commits = "", 0, 0
        self.hits = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def spoil_commit(self, number: int, fate: str) -> None:
        """That one, counted from now on; whoever asked for it never hears."""
        self.fate, self.number, self.commits, self.hits = fate, number, 0, 0

    def go_silent(self) -> None:
        """Every line that is open now, and whoever calls after this."""
        _drop_everything(self._listener)
        for line in self.lines:
            line.go_silent()

    def heal(self) -> None:
        """New calls come through again; what was silent stays so."""
        self.fate = ""
        # Without a filter there is none to take away.
        with suppress(OSError):
            self._listener.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)

    def close(self) -> None:
        """At the end."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self.lines:
            line.cut()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            line = Line(client, server)
            self.lines.append(line)
            threading.Thread(target=self._up, args=(line,), daemon=True).start()
            threading.Thread(target=self._down, args=(line,), daemon=True).start()

    def _up(self, line: Line) -> None:
        with suppress(OSError):
            while (said := line.client.recv(65536)) and not line.ends.is_set():
                if COMMIT in said:
                    self._count(line)
                if line.fate == SWALLOWED:
                    return line.go_silent()
                line.server.sendall(said)
        return self._hang_up(line)

    def _count(self, line: Line) -> None:
        with self._lock:
            self.commits += 1
            if self.fate and self.commits == self.number:
                line.fate, self.hits = self.fate, self.hits + 1

    def _down(self, line: Line) -> None:
        with suppress(OSError):
            while (said := line.server.recv(65536)) and not line.ends.is_set():
                if line.fate == CUT:
                    # The first bytes of the answer still arrive.
                    line.client.sendall(said[:3])
                    return line.cut()
                if line.fate == SILENT:
                    return line.go_silent()
                line.client.sendall(said)
        return self._hang_up(line)

    @staticmethod
    def _hang_up(line: Line) -> None:
        """One side said goodbye, so does the other. What is silent says nothing."""
        if not line.ends.is_set():
            line.ends.set()
            for end in (line.client, line.server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _drop_everything(end: socket.socket) -> None:
    program = ctypes.create_string_buffer(_DROP)
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


@contextmanager
def network(port: int) -> Iterator[Network]:
    """A network that leads to this port."""
    made = Network(port)
    try:
        yield made
    finally:
        made.close()
