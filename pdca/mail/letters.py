"""What goes to a transport and what comes back: plain values, so that no transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What an answer means (the table of answers)."""

    # A server took it.
    ACCEPTED = "accepted"
    # This message, later.
    LATER = "later"
    # This message never.
    REFUSED = "refused"
    # This address never.
    BAD_ADDRESS = "bad address"
    # The server does not work: nobody's fault but its own.
    DOWN = "down"
    # No answer after the final dot: it may have been taken.
    LOST = "lost"
    # Our claim ran out before the text was sent: somebody else has it now.
    NOT_OURS = "not ours"


@dataclass(frozen=True)
class Outcome:
    """How one conversation ended, in the server's words."""

    verdict: Verdict
    code: int | None = None
    words: str = ""


@dataclass(frozen=True)
class Letter:
    """One claimed mail, complete with its tokens. Kept in memory only."""

    id: int
    key: str
    message_id: str
    sender: str
    address: str
    mime: bytes
    written_at: datetime
    lease_token: str


class Transport(Protocol):
    """Something that takes letters. One conversation after the other, never two at once."""

    # For people and for the breaker: without user name and password.
    name: str

    def send(self, letter: Letter, deadline: float, still_ours: Callable[[], bool]) -> Outcome:
        """Hand one letter over before `deadline` (`clock.elapsed()`); asks `still_ours` before the text goes."""

    def close(self) -> None:
        """Say goodbye."""
