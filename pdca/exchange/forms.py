"""What a board keeper sends: a file to look at, and then the same text to take in."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import FileField, TextAreaField

from pdca.errors import N_, FieldError, Invalid
from pdca.web import Form

# One unit of work: a page takes what fits in one; the command takes more.
LARGEST = 512 * 1024
CHOOSE_A_FILE = N_("Choose a file.")


class FileForm(Form):
    """A CSV file."""

    file: Any = FileField(_l("CSV file"))

    @property
    def content(self) -> bytes:
        """Its bytes; Invalid when there is none or it is too large for a page."""
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise Invalid([FieldError("file", CHOOSE_A_FILE)])
        return _small_enough(upload.stream.read(LARGEST + 1))


class TextForm(Form):
    """What was looked at, sent back as text."""

    text: Any = TextAreaField()

    @property
    def content(self) -> bytes:
        """The same rows again; they are read as strictly as the first time."""
        return _small_enough((self.text.data or "").encode())


def _small_enough(content: bytes) -> bytes:
    if len(content) > LARGEST:
        message = N_("Here a file may be at most %(size)s kB; for more there is the command “pdca import”.")
        raise Invalid([FieldError("file", message, {"size": LARGEST // 1024})])
    return content
