"""Mail written to files: `instance/mail/*.eml`. This is the delivery, so the links in them work."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pdca.config import Settings
from pdca.mail.letters import Letter, Outcome, Verdict

WRITTEN = "written to a file"


def folder_of(settings: Settings) -> Path | None:
    """Where mails are written; None when they go to a server."""
    parts = urlsplit(settings.mail_url)
    if parts.scheme != "file":
        return None
    return Path(unquote(parts.path)) if parts.path.strip("/") else settings.instance / "mail"


class FileTransport:
    """Writes each letter to one file, readable by this user only. Twice the same letter is the same file."""

    name = "file:"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter, deadline: float, still_ours: Callable[[], bool]) -> Outcome:
        """Write it whole or not at all."""
        try:
            self._write(letter)
        except OSError as error:
            return Outcome(Verdict.DOWN, None, f"{self.folder}: {error.strerror or error}")
        return Outcome(Verdict.ACCEPTED, 250, WRITTEN)

    def close(self) -> None:
        """Nothing is left open."""

    def _write(self, letter: Letter) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / file_name(letter)
        aside = path.with_name(f".{path.name}.{letter.lease_token}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(letter.mime)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        _sync(self.folder)


def file_name(letter: Letter) -> str:
    """When it was written, to whom, and which mail it is: the same name on every retry."""
    when = f"{letter.written_at:%Y%m%dT%H%M%SZ}"
    whom = re.sub(r"[^A-Za-z0-9@+._-]", "_", letter.address)[:120]
    return f"{when}-{whom}-{sha256(letter.message_id.encode()).hexdigest()[:10]}.eml"


def _sync(folder: Path) -> None:
    # The name must survive a power cut as well.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
