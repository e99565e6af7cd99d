"""How long things may take and how long we wait: one value, so that a rehearsal can scale all of it at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pdca.config import Settings

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Pace:
    """The engine's times. A lease outlives the longest conversation, or two processes would mail the same."""

    # Who claims a message has it this long.
    lease: timedelta = timedelta(seconds=180)
    # A whole conversation with the server, from dialling to its last word.
    conversation: timedelta = timedelta(seconds=90)
    # "This message, later": the wait after the first, second … refusal, then each time the last one.
    back_off: tuple[timedelta, ...] = (
        MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        HOUR,
        3 * HOUR,
        6 * HOUR,
        12 * HOUR,
        24 * HOUR,
    )
    # And this long after the first refusal we give up.
    give_up: timedelta = timedelta(hours=72)
    # "The server does not work": the wait before one message may try again.
    breaker: tuple[timedelta, ...] = (MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
    # From here on administrators see a banner.
    trouble: timedelta = 15 * MINUTE

    def __post_init__(self) -> None:
        """A lease shorter than a conversation is a mail bomb."""
        if self.lease <= self.conversation:
            raise ValueError("the lease must be longer than a conversation")

    def scaled(self, factor: float) -> Pace:
        """The same ratios in less (or more) time."""
        return replace(
            self,
            lease=self.lease * factor,
            conversation=self.conversation * factor,
            back_off=tuple(wait * factor for wait in self.back_off),
            give_up=self.give_up * factor,
            breaker=tuple(wait * factor for wait in self.breaker),
            trouble=self.trouble * factor,
        )

    def next_try(self, key: str, attempts: int, at: datetime) -> datetime:
        """When to try again after so many refusals: the list, give or take 20 %, always the same for one key."""
        wait = self.back_off[min(attempts, len(self.back_off)) - 1]
        dice = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
        return at + wait * (0.8 + 0.4 * int.from_bytes(dice[:4]) / 0xFFFFFFFF)

    def breaker_wait(self, failures: int) -> timedelta:
        """How long the transport rests after so many failures in a row."""
        return self.breaker[min(failures, len(self.breaker)) - 1]


def pace_of(settings: Settings) -> Pace:
    """The pace an operator set."""
    return Pace(lease=timedelta(seconds=settings.mail_lease), conversation=timedelta(seconds=settings.mail_budget))
