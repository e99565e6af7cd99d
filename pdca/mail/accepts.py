"""The accept journal: what a server took, on disk before the database knows it.

One JSON object per line, only ever added to, beside the database. A claim whose owner died is looked up here
before it is sent again; after a restore it says what has already left. It holds no address and no text.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from secrets import token_hex

from pdca.mail.letters import Letter, Outcome

FILE = "accepted.jsonl"
# Beside it: a word that tells this journal from the one of another host.
NAME_FILE = "accepted.name"


@dataclass(frozen=True)
class Accept:
    """One line: this mail was taken."""

    message_id: str
    key: str
    at: datetime
    code: int | None
    words: str


class AcceptJournal:
    """The file, shared by every process of this installation on this machine."""

    def __init__(self, instance: Path) -> None:
        self.path = instance / FILE

    def trouble(self) -> str:
        """Why it can't be opened for reading and adding; "" when it can, or when it was never written."""
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))
        except FileNotFoundError:
            return ""
        except OSError as error:
            return error.strerror or str(error)
        return ""

    @cached_property
    def name(self) -> str:
        """What tells it from the journal of another host; OSError when that can't be written down."""
        named = self.path.with_name(NAME_FILE)
        if not named.exists():
            # Whole at once, and once only: of two who begin together one is first.
            mine = named.with_name(f".{NAME_FILE}.{token_hex(4)}")
            mine.write_text(token_hex(16), encoding="ascii")
            with suppress(FileExistsError):
                os.link(mine, named)
            mine.unlink()
        return named.read_text(encoding="ascii")[:32]

    def add(self, letter: Letter, outcome: Outcome, at: datetime) -> None:
        """On disk, whole, before this returns. OSError when it could not be written; then nothing was."""
        line = {
            "message_id": letter.message_id,
            "key": letter.key,
            "at": at.astimezone(UTC).isoformat(),
            "code": outcome.code,
            "words": outcome.words[:200],
        }
        with self._locked() as handle:
            _append(handle, json.dumps(line).encode() + b"\n")

    def forget(self, before: datetime) -> int:
        """Drop the lines from before that instant; how many. What nobody could send again need not be kept."""
        with self._locked():
            lines = self.path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if (accept := read(line)) is None or accept.at >= before]
            if len(kept) < len(lines):
                _replace(self.path, b"".join(kept))
        return len(lines) - len(kept)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open for adding, while nobody else writes."""
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # While we waited it may have been replaced by a shorter one.
                if self.path.exists() and os.path.samestat(os.fstat(handle), self.path.stat()):
                    yield handle
                    return
            finally:
                os.close(handle)

    def find(self, message_id: str) -> Accept | None:
        """The line of this mail, or None."""
        needle = json.dumps(message_id).encode()
        return next((accept for accept in self._lines(0, needle) if accept.message_id == message_id), None)

    def since(self, start: int) -> Iterator[Accept]:
        """Every line that begins at byte `start` or later."""
        return self._lines(start)

    def size(self) -> int:
        """How long the file is, in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _lines(self, start: int, needle: bytes = b"") -> Iterator[Accept]:
        """The whole lines that hold `needle`. A line that a crash cut off says nothing."""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            lines.seek(start)
            yield from (accept for line in lines if needle in line and (accept := read(line)))


def _append(handle: int, line: bytes) -> None:
    end = os.fstat(handle).st_size
    if end and os.pread(handle, 1, end - 1) != b"\n":
        # Somebody died while writing; what they wrote stays, on a line of its own.
        line = b"\n" + line
    try:
        while line:
            line = line[os.write(handle, line) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, end)
        raise


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def read(line: bytes | str) -> Accept | None:
    """One line of the journal; None when a crash cut it off."""
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields["at"])
        return Accept(fields["message_id"], fields["key"], at, fields["code"], fields["words"])
    except (ValueError, KeyError, TypeError):
        return None
