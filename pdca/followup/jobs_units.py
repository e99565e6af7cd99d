"""Units of work of the clock's jobs: many together, and when that fails apart. A poisoned row stops only itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pdca.db import db
from pdca.engines import AWAY

log = logging.getLogger("pdca.followup")

GoOn = Callable[[], bool]
Found = TypeVar("Found")


def always() -> bool:
    """Until everything is done."""
    return True


@dataclass
class Place:
    """Where a round through everything was cut short: the next pass goes on there, and not at its beginning again.

    Or poisoned rows at the beginning, each tried anew, could take all the time there is for those behind them.
    """

    last: int = 0


def in_batches(
    find: Callable[[int], Sequence[int]],
    do: Callable[[Sequence[int]], int],
    go_on: GoOn = always,
    place: Place | None = None,
) -> int:
    """Find and do, batch after batch in the order of ids, until nothing is left. The sum of what was done."""
    done, place = 0, place or Place()
    while go_on():
        with db.reading():
            ids = find(place.last)
        if not ids:
            place.last = 0
            return done
        done += in_units(ids, do)
        place.last = ids[-1]
    return done


def in_units(ids: Sequence[int], do: Callable[[Sequence[int]], int], failed: list[int] | None = None) -> int:
    """Do all in one unit of work; when that fails one by one. What was left for a next pass is added to `failed`."""
    if not ids:
        return 0
    try:
        with db.writing():
            done = do(ids)
            db.session.commit()
    except AWAY:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("left for the next pass: %s", ids[0])
            if failed is not None:
                failed.append(ids[0])
            return 0
        return sum(in_units([one], do, failed) for one in ids)
    return done


def in_savepoints(ids: Sequence[int], do: Callable[[Sequence[int]], int]) -> None:
    """Do all within the unit of work that is under way; when that fails one by one."""
    try:
        with db.session.begin_nested():
            do(ids)
    except AWAY:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("left for the next pass: %s", ids[0])
            return
        for one in ids:
            in_savepoints([one], do)


def found_among(ids: Sequence[int], find: Callable[[Sequence[int]], list[Found]]) -> list[Found]:
    """Find among all of these; when that fails among each half, so that a poisoned row hides only itself."""
    if not ids:
        return []
    try:
        with db.reading():
            return find(ids)
    except AWAY:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("left for the next pass: %s", ids[0])
            return []
        half = len(ids) // 2
        return [*found_among(ids[:half], find), *found_among(ids[half:], find)]


def alone(do: Callable[[], object]) -> None:
    """Do it; when it fails, it stops only itself."""
    try:
        do()
    except AWAY:
        raise
    except Exception:
        log.exception("left for another time")
