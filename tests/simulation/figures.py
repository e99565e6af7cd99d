"""What a part of the torture reports: figures beside their bounds. A missed one is said, never defined anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One row of the table in docs/reliability.md."""

    name: str
    bound: str
    seen: str
    is_met: bool


@dataclass(frozen=True)
class Bench:
    """What a part gets: the kind of database, a fresh migrated database for the asking, and how much to do."""

    # "sqlite" or "postgresql"
    kind: str
    # A new, empty, migrated database each time: its URL and the instance folder that goes with it.
    fresh: Callable[[], tuple[str, str]]
    # 1.0 is the full count of the table; the short form in `make test` asks for less.
    share: float
    # One line of progress.
    say: Callable[[str], None]
    # Where a long part notes how far it came; the next run goes on from there. Nothing is noted without it.
    so_far: Path | None = None
