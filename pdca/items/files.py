"""Files: stored under random names, checked by what they are, never run in the reader's browser."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import IO

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items.frozen import Act
from pdca.items.journal import record
from pdca.items.models import File, Item
from pdca.items.permissions import guard, require_member
from pdca.items.queries import facts_of
from pdca.people.models import Person
from pdca.text import clean_line

SIZE_LIMIT = 10 * 1024 * 1024
FILES_PER_ITEM = 50
NAME_LIMIT = 200
NOT_KEPT = N_("This kind of file is not kept here: use PDF, pictures, Office documents or text.")
# What a file must begin with, by its ending. Text kinds are checked by decoding instead.
SIGNATURES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK\x03\x04",)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",)),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", (b"PK\x03\x04",)),
    "odt": ("application/vnd.oasis.opendocument.text", (b"PK\x03\x04",)),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", (b"PK\x03\x04",)),
    "msg": ("application/vnd.ms-outlook", (b"\xd0\xcf\x11\xe0",)),
}
TEXTS = {"txt": "text/plain", "csv": "text/csv", "md": "text/markdown", "eml": "message/rfc822"}


def add_file(item: Item, name: str, stream: IO[bytes], folder: Path, *, by: Person, at: datetime) -> File:
    """Keep an uploaded file. Raises Invalid when it is too large, empty or not what its name says."""
    guard(facts_of(item, at), Act.FILE)
    require_member(by, item)
    if len(item.files) >= FILES_PER_ITEM:
        raise _wrong(N_("An item holds at most %(count)s files."), count=FILES_PER_ITEM)
    content = stream.read(SIZE_LIMIT + 1)
    content_type = _checked_type(name, content)
    row = File(
        item_id=item.id,
        name=_shown_name(name),
        stored_name=secrets.token_hex(24),
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        at=at,
        by_id=by.id,
    )
    _write(folder, row.stored_name, content)
    item.files.append(row)
    db.session.flush()
    record(item, "file_added", by=by, at=at, new={"file": row.id, "name": row.name})
    return row


def remove_file(item: Item, file_id: int, folder: Path, *, by: Person, at: datetime) -> None:
    """Take a file away; the journal keeps that it was there."""
    guard(facts_of(item, at), Act.EDIT)
    require_member(by, item)
    row = file_of(item, file_id)
    record(item, "file_removed", by=by, at=at, old={"file": row.id, "name": row.name})
    item.files.remove(row)
    db.session.delete(row)
    path_of(folder, row).unlink(missing_ok=True)


def file_of(item: Item, file_id: int) -> File:
    """A file through its item; NotFound otherwise."""
    row = next((f for f in item.files if f.id == file_id), None)
    if row is None:
        raise NotFound()
    return row


def path_of(folder: Path, row: File) -> Path:
    """Where the file lies; a stored name that points elsewhere is not followed."""
    root = folder.resolve()
    path = (root / row.stored_name).resolve()
    if path.parent != root:
        raise NotFound()
    return path


def _shown_name(name: str) -> str:
    """The name without its folders; a very long one is shortened in the middle, its ending stays."""
    base = clean_line(name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")
    stem, dot, ending = base.rpartition(".")
    return (base if len(base) <= NAME_LIMIT else stem[: NAME_LIMIT - len(dot + ending)] + dot + ending) or "file"


def _checked_type(name: str, content: bytes) -> str:
    if not content:
        raise _wrong(N_("This file is empty."))
    if len(content) > SIZE_LIMIT:
        raise _wrong(N_("A file may be at most %(size)s MB."), size=SIZE_LIMIT // 1024 // 1024)
    _, dot, ending = _shown_name(name).lower().rpartition(".")
    if not dot:
        raise _wrong(NOT_KEPT)
    if ending in TEXTS and _is_text(content):
        return TEXTS[ending]
    if ending in SIGNATURES and content.startswith(SIGNATURES[ending][1]) and _is_webp_or_other(ending, content):
        return SIGNATURES[ending][0]
    raise _wrong(NOT_KEPT)


def _is_webp_or_other(ending: str, content: bytes) -> bool:
    """RIFF holds sound and film too; a picture says so in its ninth byte."""
    return ending != "webp" or content[8:12] == b"WEBP"


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wrong(message: str, **params: object) -> Invalid:
    return Invalid([FieldError("file", message, params)])


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
