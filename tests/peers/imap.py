"""A small real IMAP server for one mailbox: what imaplib says to it is answered as RFC 3501 wants, or as told."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

HANG_UP, SILENCE = "hang up", "silence"
_PARTIAL = re.compile(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>")


@dataclass
class Kept:
    """One mail in the mailbox."""

    uid: int
    raw: bytes
    day: datetime
    flags: set[str] = field(default_factory=set)

    @property
    def is_read(self) -> bool:
        """Whether somebody, or we, looked at it."""
        return r"\Seen" in self.flags


@dataclass
class Mailbox:
    """The server as a test sees it."""

    port: int = 0
    validity: int = 7
    login: tuple[str, str] = ("post", "geheim")
    scheme: str = "imap"
    mails: list[Kept] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    # What it does at a command instead of answering: HANG_UP or SILENCE.
    acts: dict[str, str] = field(default_factory=dict)
    next_uid: int = 1

    @property
    def url(self) -> str:
        """For PDCA_IMAP_URL."""
        return f"{self.scheme}://{self.login[0]}:{self.login[1]}@localhost:{self.port}/INBOX"

    def put(self, raw: bytes, day: datetime | None = None) -> Kept:
        """A mail comes in."""
        kept = Kept(self.next_uid, raw, day or datetime(2026, 3, 2, tzinfo=UTC))
        self.next_uid += 1
        self.mails.append(kept)
        return kept

    def number_anew(self) -> None:
        """As after a server was moved: other numbers for the same mails."""
        self.validity += 1
        for n, kept in enumerate(self.mails, 1):
            kept.uid = n + 100
        self.next_uid = 101 + len(self.mails)


@contextmanager
def serving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Mailbox]:
    """A running server, with its own loop in its own thread; over TLS when it has something to show."""
    box, ready, held = Mailbox(scheme="imaps" if tls else "imap"), threading.Event(), {}

    async def run() -> None:
        held["loop"], held["stop"] = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_server(lambda r, w: _converse(box, r, w), host, 0, ssl=tls)
        box.port = listener.sockets[0].getsockname()[1]
        ready.set()
        await held["stop"].wait()
        listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield box
    finally:
        held["loop"].call_soon_threadsafe(held["stop"].set)
        thread.join(timeout=10)


async def _converse(box: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            box.commands.append("LOGIN" if command.startswith("LOGIN") else command)
            word = " ".join(command.split()[:2]) if command.startswith("UID") else command.split()[0]
            act = box.acts.get(word)
            if act == HANG_UP:
                return
            if act == SILENCE:
                await asyncio.sleep(60)
            for answer in _answers(box, command):
                writer.write(answer + b"\r\n")
            said = "NO wrong" if command.startswith("LOGIN") and not _knows(box, command) else "OK done"
            writer.write(f"{tag} {said}\r\n".encode())
            await writer.drain()
            if command == "LOGOUT":
                return
    except ConnectionError:
        pass
    finally:
        writer.close()


def _knows(box: Mailbox, command: str) -> bool:
    return tuple(word.strip('"') for word in command.split()[1:]) == box.login


def _answers(box: Mailbox, command: str) -> Iterator[bytes]:
    for begin, say in _SAYS.items():
        if command.startswith(begin):
            yield from say(box, command)


def _found(box: Mailbox, command: str) -> list[int]:
    if since := re.search(r"SINCE (\S+)", command):
        day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC)
        return [kept.uid for kept in box.mails if kept.day >= day]
    start = int(re.search(r"UID (\d+):\*", command)[1])
    found = [kept.uid for kept in box.mails if kept.uid >= start]
    # RFC 3501: "*" is the last one, also when that comes before the first of the range.
    return found or [kept.uid for kept in box.mails[-1:]]


def _fetched(box: Mailbox, command: str) -> Iterator[bytes]:
    begin, most = (int(number) for number in _PARTIAL.search(command).groups())
    for n, kept in enumerate(box.mails, 1):
        if str(kept.uid) == command.split()[2]:
            raw = kept.raw[begin : begin + most]
            yield f"* {n} FETCH (UID {kept.uid} BODY[]<{begin}> {{{len(raw)}}}".encode() + b"\r\n" + raw + b")"


def _selected(box: Mailbox, _command: str) -> Iterator[bytes]:
    yield f"* {len(box.mails)} EXISTS".encode()
    yield f"* OK [UIDVALIDITY {box.validity}] numbers".encode()


def _searched(box: Mailbox, command: str) -> Iterator[bytes]:
    yield b" ".join([b"* SEARCH", *(str(uid).encode() for uid in _found(box, command))])


def _stored(box: Mailbox, command: str) -> Iterator[bytes]:
    for kept in box.mails:
        if str(kept.uid) == command.split()[2]:
            kept.flags |= set(re.findall(r"\\\w+", command))
            yield f"* {kept.uid} FETCH (FLAGS ({' '.join(kept.flags)}))".encode()


_SAYS: dict[str, Callable[[Mailbox, str], Iterable[bytes]]] = {
    "CAPABILITY": lambda _box, _command: [b"* CAPABILITY IMAP4rev1"],
    "SELECT": _selected,
    "UID SEARCH": _searched,
    "UID FETCH": _fetched,
    "UID STORE": _stored,
    "LOGOUT": lambda _box, _command: [b"* BYE"],
}
