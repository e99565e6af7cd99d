"""A long part in pieces: each in a process with a database of its own; a stopped part goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from typing import Any, NamedTuple

from tests.simulation.figures import Bench


class Piece(NamedTuple):
    """So much of the count, from here on."""

    first: int
    count: int


# Gets the address of a database, its instance folder, and the piece; says what can be written as JSON.
Do = Callable[[str, str, Piece], dict[str, Any]]


def cut(count: int, size: int) -> list[Piece]:
    """The whole count in pieces of this size."""
    return [Piece(first, min(size, count - first)) for first in range(0, count, size)]


def done(bench: Bench, do: Do, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, dict[str, Any]]]:
    """What each piece said, as it is finished: those of an earlier run first. What is not sound is done again.

    A piece says `is_sound`. There are as many processes as processors; each keeps its database.
    """
    known = _known(bench)
    yield from ((piece, known[str(piece.first)]) for piece in pieces if str(piece.first) in known)
    left = [(do, piece) for piece in pieces if str(piece.first) not in known]
    if not left:
        return
    context = get_context("spawn")
    homes = context.SimpleQueue()
    workers = min(os.cpu_count() or 1, len(left))
    for _ in range(workers):
        homes.put(bench.fresh())
    with context.Pool(workers, _move_in, (homes,)) as pool:
        for piece, said in pool.imap_unordered(_done, left):
            if said["is_sound"] and bench.so_far is not None:
                known[str(piece.first)] = said
                bench.so_far.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
            yield piece, said


def _known(bench: Bench) -> dict[str, dict[str, Any]]:
    if bench.so_far is None or not bench.so_far.exists():
        return {}
    known: dict[str, dict[str, Any]] = json.loads(bench.so_far.read_text(encoding="utf-8"))
    return known


# --- in a process of its own ---------------------------------------------------------------------------------

_home: list[str] = []


def _move_in(homes: SimpleQueue[tuple[str, str]]) -> None:
    _home[:] = homes.get()


def _done(work: tuple[Do, Piece]) -> tuple[Piece, dict[str, Any]]:
    do, piece = work
    url, instance = _home
    return piece, do(url, instance, piece)
