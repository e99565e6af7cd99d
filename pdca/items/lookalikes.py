"""Not the same mistake again (R15): items that say the same in their own words, and what was said about them.

Two texts are compared by the words they share, rare ones first; words that mean the same count as one
(see kindred.py). Measured on 60 real actions with four known pairs: three pairs found, no false hint.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from rapidfuzz import fuzz, utils
from sqlalchemy import or_, select

from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.edit import write_default
from pdca.items.kindred import EMPTY, MEANINGS
from pdca.items.models import Item
from pdca.items.terms import OPEN_PHASES, LookalikeChoice, Phase
from pdca.items.writing import Writing
from pdca.people.queries import rules_of

# On the measured actions the weakest true pair scores 0.38, the strongest false one 0.23.
ALIKE_FROM = 0.3
# One shared word is a shared subject, not the same problem.
SHARED_WORDS = 2
# Nearly the same line, typing mistakes apart.
SAME_LINE_FROM = 90.0
SHOWN = 3
# So that the words of a small board are not all equally rare.
IMAGINED_ITEMS = 50
STEM = 6
_EMPTY = frozenset(EMPTY.split())


def lookalikes(item: Item, *, at: datetime) -> list[Item]:
    """Up to three open or recently closed items of the team that say the same, most alike first."""
    return alike_in(item.team_id, Text(item.title, item.problem), at=at, but=item.id)


def alike_in(team_id: int, said: Text, *, at: datetime, but: int = 0) -> list[Item]:
    """The same for a text that is no item yet."""
    days = rules_of([team_id])[team_id].settings.lookalike_days
    rows = db.session.execute(
        select(Item.id, Item.title, Item.problem).where(
            Item.team_id == team_id,
            Item.id != but,
            or_(
                Item.phase.in_(OPEN_PHASES),
                (Item.phase == Phase.CLOSED) & (Item.ended_at >= at - timedelta(days=days)),
            ),
        )
    )
    others = {other_id: Text(title, problem) for other_id, title, problem in rows}
    found = most_alike(said, others)
    return [db.session.get_one(Item, other_id) for other_id in found]


@dataclass(frozen=True)
class Text:
    """What an item says."""

    title: str
    problem: str = ""


def most_alike(text: Text, others: dict[int, Text]) -> list[int]:
    """The keys of the texts that say the same, most alike first."""
    rarity = _rarity([text, *others.values()])
    scored = [(_likeness(text, other, rarity), -key) for key, other in others.items()]
    return [-key for score, key in sorted(scored, reverse=True) if score >= ALIKE_FROM][:SHOWN]


def _rarity(texts: Sequence[Text]) -> dict[str, float]:
    """How much each word tells: the fewer items use it, the more."""
    used = Counter(word for text in texts for word in _said(text).counts)
    return {word: math.log((IMAGINED_ITEMS + len(texts)) / (1 + count)) for word, count in used.items()}


def _likeness(one: Text, other: Text, rarity: dict[str, float]) -> float:
    """From 0 to 1: the cosine of the two texts' weighted words."""
    a, b = _said(one), _said(other)
    if a.meanings and fuzz.ratio(one.title, other.title, processor=utils.default_process) >= SAME_LINE_FROM:
        return 1.0
    if len(a.meanings & b.meanings) < SHARED_WORDS:
        return 0.0
    shared = sum(_weight(a, word, rarity) * _weight(b, word, rarity) for word in a.counts if word in b.counts)
    return shared / (_length(a, rarity) * _length(b, rarity))


@dataclass(frozen=True)
class _Said:
    """The stems and meanings of a text with how often, and each word once by what it means."""

    counts: Counter[str]
    meanings: frozenset[str]


def _weight(said: _Said, word: str, rarity: dict[str, float]) -> float:
    return (1 + math.log(said.counts[word])) * rarity[word]


def _length(said: _Said, rarity: dict[str, float]) -> float:
    return math.sqrt(sum(_weight(said, word, rarity) ** 2 for word in said.counts))


@lru_cache(maxsize=4096)
def _said(text: Text) -> _Said:
    counts: Counter[str] = Counter()
    meanings = set()
    for word in _words(f"{text.title} {text.problem}"):
        stem, meaning = word[:STEM], _meaning(word)
        counts.update([stem, meaning] if meaning else [stem])
        meanings.add(meaning or stem)
    return _Said(counts, frozenset(meanings))


def _words(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [word for word in re.findall(r"[a-z]+", plain) if len(word) > 2 and word not in _EMPTY]


# Beginning → meaning, the longest first: "terugbel" before "telefo".
_BEGINNINGS = sorted(
    ((beginning, f"#{number}") for number, line in enumerate(MEANINGS.split("\n")) for beginning in line.split()),
    key=lambda pair: -len(pair[0]),
)
_INSIDE_FROM = 5


@lru_cache(maxsize=16384)
def _meaning(word: str) -> str | None:
    return next((meaning for beginning, meaning in _BEGINNINGS if _is_of(word, beginning)), None)


def _is_of(word: str, beginning: str) -> bool:
    if beginning.endswith("."):
        return word == beginning[:-1]
    # "terugvinden" is finding, "terugmelden" is telling.
    return (
        word.removeprefix("terug").startswith(beginning)
        or word.startswith(beginning)
        or (len(beginning) >= _INSIDE_FROM and beginning in word)
    )


def settle_lookalikes(writing: Writing) -> None:
    """When nobody answered and nothing looks alike, that is the answer."""
    item = writing.item
    open_choice = item.lookalike_choice in (None, LookalikeChoice.NOT_ASKED_IMPORT)
    if open_choice and not lookalikes(item, at=writing.at):
        write_default(writing, "lookalikes", LookalikeAnswer(LookalikeChoice.NONE_FOUND))
