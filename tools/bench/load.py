"""Asking: a few clients on kept-alive connections, each the next request as soon as the last is answered."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tools.bench.seeds import Visitor
from tools.bench.servers import Server

BUFFER = 1 << 18


@dataclass(frozen=True)
class Ask:
    """One request. A write has `form`."""

    path: str
    form: dict[str, str] | None = None
    # Whose turn it is, when not anybody's.
    visitor: int | None = None

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.form is not None


# Which request a client makes next: its number, how manieth, and its dice.
Script = Callable[[int, int, random.Random], Ask]


@dataclass
class Result:
    """What one run of one script came to."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    failed: int = 0
    bytes: int = 0
    cpu_s: float = 0.0

    @property
    def count(self) -> int:
        """All requests."""
        return len(self.times) + len(self.writes)


class Connection:
    """One kept-alive connection that reads answers to their end and looks at the status only."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._buffer = memoryview(bytearray(BUFFER))

    def send(self, ask: Ask, visitor: Visitor) -> tuple[int, int]:
        """(status, bytes of the body)."""
        try:
            return self._once(ask, visitor)
        except (ConnectionError, IndexError):
            # A kept connection may be closed between two requests.
            self.close()
            return self._once(ask, visitor)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _once(self, ask: Ask, visitor: Visitor) -> tuple[int, int]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_bytes(ask, visitor))
        head = b""
        while b"\r\n\r\n" not in head:
            got = self._socket.recv(BUFFER)
            if not got:
                raise ConnectionError("closed")
            head += got
        head, _, body = head.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        left = length - len(body)
        while left > 0:
            left -= self._socket.recv_into(self._buffer, min(BUFFER, left))
        if b"connection: close" in lines:
            self.close()
        return int(lines[0].split()[1]), length


def _bytes(ask: Ask, visitor: Visitor) -> bytes:
    body = urlencode(ask.form).encode() if ask.form is not None else b""
    lines = [f"{'POST' if ask.is_write else 'GET'} {ask.path} HTTP/1.1", "Host: localhost", f"Cookie: {visitor.cookie}"]
    if ask.is_write:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/x-www-form-urlencoded", "HX-Request: true"]
        lines += [f"X-CSRFToken: {visitor.token}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(server: Server, script: Script, clients: int, seconds: float) -> Result:
    """So many clients for so long."""
    results = [Result() for _ in range(clients)]
    deadline = time.perf_counter() + seconds
    cpu, began = server.cpu_s(), time.perf_counter()
    threads = [
        threading.Thread(target=_client, args=(server, script, no, deadline, results[no])) for no in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Result(time.perf_counter() - began, cpu_s=server.cpu_s() - cpu)
    for one in results:
        whole.times += one.times
        whole.writes += one.writes
        whole.failed += one.failed
        whole.bytes += one.bytes
    return whole


def _client(server: Server, script: Script, number: int, deadline: float, result: Result) -> None:
    dice, connection, turn = random.Random(number), Connection(server.port), 0  # noqa: S311
    while time.perf_counter() < deadline or turn == 0:
        ask = script(number, turn, dice)
        visitors = server.seeded.visitors
        visitor = visitors[(number * 7 + turn if ask.visitor is None else ask.visitor) % len(visitors)]
        began = time.perf_counter()
        status, length = connection.send(ask, visitor)
        took = time.perf_counter() - began
        (result.writes if ask.is_write else result.times).append(took)
        result.failed += status >= 300
        result.bytes += length
        turn += 1
    connection.close()


def text(server: Server, path: str, visitor: int = 0) -> str:
    """One page, read to its end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path, headers={"Cookie": server.seeded.visitors[visitor].cookie})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: {body[:300]}")
    return body
