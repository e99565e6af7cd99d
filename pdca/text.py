"""One cleaner for all that people type or send: both databases store the same, and names can't trick."""

from __future__ import annotations

import unicodedata

# They reorder what is read (U+202E hides a file's real ending) or are there and not seen.
# The zero-width joiners stay: emoji and several scripts are made of them.
_INVISIBLE = dict.fromkeys(
    [
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *(0x200B, 0x200E, 0x200F, 0x061C, 0x2060, 0xFEFF),
        *(code for code in [*range(0x20), 0x7F, *range(0x80, 0xA0)] if code not in (0x09, 0x0A)),
    ]
)
_LINE_ENDS = {0x85: "\n", 0x2028: "\n", 0x2029: "\n"}


def clean(text: str, limit: int | None = None) -> str:
    """NFC, one kind of line end, without NUL, lone surrogates, control and bidi characters, trimmed.

    Raises ValueError when more than `limit` characters remain: nothing is ever cut off in silence.
    """
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS).translate(_INVISIBLE)
    text = unicodedata.normalize("NFC", text).strip()
    if limit is not None and len(text) > limit:
        raise ValueError(f"longer than {limit} characters")
    return text


def clean_line(text: str, limit: int | None = None) -> str:
    """The same for what stands on one line: names, titles, subjects."""
    return clean(" ".join(clean(text).split()), limit)


# --- names -----------------------------------------------------------------------------------------------

_TITLES = ("De heer ", "Mevrouw ", "Meneer ", "De familie ")


def in_a_sentence(name: str) -> str:
    """ "De heer Bos" becomes "de heer Bos" where a sentence has begun already."""
    return name[:1].lower() + name[1:] if name.startswith(_TITLES) else name
