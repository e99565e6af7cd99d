"""Words as they are searched: Dutch and English endings taken off, the same on both databases.

A light stemmer on purpose: "brieven" finds "brief", "telefonen" "telefoon", "waiting" "wait". Two words that
become one by it are found together, which does no harm in a search.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[a-z0-9]+")
# Longest first; what is left must still be a word.
_ENDINGS = (
    ("heden", "heid"), ("ingen", ""), ("ings", ""), ("tjes", ""), ("ies", "i"), ("ing", ""), ("tje", ""), ("ed", ""),
    ("en", ""), ("er", ""), ("es", ""), ("je", ""), ("ie", "i"), ("y", "i"), ("s", ""), ("e", ""),
)  # fmt: skip
_SHORTEST = 3
_DOUBLE = re.compile(r"([a-z])\1")
_LAST = {"v": "f", "z": "s", "d": "t"}


def stems_of(text: str) -> list[str]:
    """Every word of the text by its stem, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [stem(word) for word in _WORD.findall(plain)]


@lru_cache(maxsize=32768)
def stem(word: str) -> str:
    """One word without its ending; numbers and short words stay as they are."""
    if len(word) <= _SHORTEST or not word.isalpha():
        return word
    # Twice: "letters", "waitings"; what is a word of its own loses an ending too, and so meets its other forms.
    for _ in range(2):
        word = _shorter(word)
    word = _DOUBLE.sub(r"\1", word)
    word = word[:-1] + _LAST.get(word[-1], word[-1])
    # "prijzen" and "prijs": the s of the one is no ending, but both lose it.
    return word[:-1] if word.endswith("s") and len(word) > _SHORTEST else word


def _shorter(word: str) -> str:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            return word[: -len(ending)] + instead
    return word
