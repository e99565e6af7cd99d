"""The file of a backup: a zip with the database, the uploaded files, the accept journal, and a manifest of it all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.jsonl"
JOURNAL = "accepted.jsonl"
FILES = "files/"
# Names that this product gives; nothing else is taken out of an archive.
MEMBER = re.compile(rf"{re.escape(DATABASE)}|{re.escape(JOURNAL)}|{FILES}[0-9A-Za-z]{{1,64}}")
LARGEST_MANIFEST = 64 * 1024 * 1024
CHUNK = 1024 * 1024


class NotABackup(Exception):
    """The file is not a backup, or no longer the one that was made; the text says what is wrong, in one line."""


@dataclass(frozen=True)
class Member:
    """One file in the archive, as it must be found."""

    size: int
    sha256: str


@dataclass
class Manifest:
    """What is in a backup, and of what it was made."""

    made_at: str
    revision: str
    instance_id: str
    # Says whether the key of now is the key of then; nothing can be signed with it.
    key_fingerprint: str
    database: str
    rows: dict[str, int] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    # Rows whose file was gone when the backup was made.
    missing_files: list[str] = field(default_factory=list)
    format: int = FORMAT


# --- writing ---------------------------------------------------------------------------------------------


@contextmanager
def writing(path: Path, at: datetime) -> Iterator[Writer]:
    """Write an archive that is there whole and readable by its owner only, or not at all."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                yield Writer(archive, at)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Writer:
    """Puts members in and remembers what they were."""

    def __init__(self, archive: ZipFile, at: datetime) -> None:
        self.archive, self.at = archive, at
        self.members: dict[str, Member] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """One member, streamed."""
        size, digest = 0, hashlib.sha256()
        with self._open(name) as out:
            for chunk in chunks:
                out.write(chunk)
                size += len(chunk)
                digest.update(chunk)
        self.members[name] = Member(size, digest.hexdigest())

    def close_with(self, manifest: Manifest) -> None:
        """The manifest goes in last: it names all the others."""
        manifest.members = self.members
        with self._open(MANIFEST) as out:
            out.write(json.dumps(asdict(manifest), indent=1, sort_keys=True).encode())

    def _open(self, name: str) -> IO[bytes]:
        entry = ZipInfo(name, self.at.timetuple()[:6])
        entry.external_attr = 0o600 << 16
        entry.compress_type = ZIP_DEFLATED
        return self.archive.open(entry, "w", force_zip64=True)


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces."""
    while chunk := stream.read(CHUNK):
        yield chunk


# --- reading ---------------------------------------------------------------------------------------------


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open an archive whose every member was found as its manifest says; NotABackup otherwise."""
    try:
        with ZipFile(path) as archive:
            reader = Reader(archive, _manifest(archive))
            reader.verify()
            yield reader
    except (BadZipFile, EOFError) as error:
        raise NotABackup(f"{path} is not a whole backup: {error}") from None


def _manifest(archive: ZipFile) -> Manifest:
    try:
        with archive.open(MANIFEST) as stream:
            fields = json.loads(stream.read(LARGEST_MANIFEST))
        if fields["format"] != FORMAT:
            raise NotABackup(f"this backup has format {fields['format']}; this version reads format {FORMAT}")
        members = {name: Member(**member) for name, member in fields.pop("members").items()}
        return Manifest(**fields, members=members)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotABackup("this is not a backup: it has no manifest that can be read") from None


@dataclass(frozen=True)
class Reader:
    """An archive and what it promises to hold."""

    archive: ZipFile
    manifest: Manifest

    def verify(self) -> None:
        """Every member is there, is what it was, and nothing else came along."""
        found = [name for name in self.archive.namelist() if name != MANIFEST]
        if sorted(found) != sorted(self.manifest.members) or DATABASE not in found:
            raise NotABackup("the files in this backup are not the ones in its manifest")
        for name, member in self.manifest.members.items():
            if not MEMBER.fullmatch(name):
                raise NotABackup(f"{name!r} does not belong in a backup")
            self._verify_one(name, member)

    def _verify_one(self, name: str, member: Member) -> None:
        size, digest = 0, hashlib.sha256()
        for chunk in self.chunks(name):
            size += len(chunk)
            digest.update(chunk)
            if size > member.size:
                break
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            raise NotABackup(f"{name} is damaged: it is no longer what it was when the backup was made")

    def chunks(self, name: str) -> Iterator[bytes]:
        """A member in pieces."""
        with self.archive.open(name) as stream:
            yield from chunks_of(stream)

    def lines(self, name: str) -> Iterator[str]:
        """A member of text, line by line."""
        with self.archive.open(name) as stream:
            for line in stream:
                yield line.decode("utf-8")

    def names(self, folder: str) -> list[str]:
        """The members in a folder, without it."""
        return [name.removeprefix(folder) for name in self.manifest.members if name.startswith(folder)]
