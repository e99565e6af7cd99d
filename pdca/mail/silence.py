"""Since when the mailbox of answers can't be read, and what it says: kept, because no answer looks like no trouble."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pdca.installation import forget, recall, remember

# "INSTANT WORDS"; there is none while it can be read.
NAME = "mail.replies.silence"
LONGEST = 150


class Silence(NamedTuple):
    """Since when, and the last words."""

    since: datetime
    words: str


def silence() -> Silence | None:
    """What is known now; None while the mailbox can be read."""
    since, _, words = recall(NAME).get(NAME, "").partition(" ")
    return Silence(datetime.fromisoformat(since), words) if since else None


def is_news(words: str) -> bool:
    """Whether this is not what is known already. `words` say why it can't be read, "" that it can."""
    known = silence()
    return (known.words if known else "") != words[:LONGEST]


def note_silence(words: str, at: datetime) -> None:
    """From now on this is what is known; since when stays, while it lasts."""
    if not words:
        return forget(NAME)
    known = silence()
    since = known.since if known else at
    return remember(NAME, f"{since.isoformat()} {words[:LONGEST]}")
