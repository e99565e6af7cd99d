"""A long part in pieces: all of it is done once, in databases apart, and a stopped part goes on where it was."""

from __future__ import annotations

import os
from dataclasses import replace

from tests.simulation import pieces


def look(url: str, instance: str, piece: pieces.Piece) -> dict:
    """Says who did it and where; the last piece always fails."""
    return {"is_sound": piece.first < 4, "count": piece.count, "url": url, "by": os.getpid()}


def test_every_piece_is_done_once_and_what_failed_is_done_again(bench, tmp_path):
    bench = replace(bench, so_far=tmp_path / "so-far")
    cut = pieces.cut(5, 2)
    assert cut == [(0, 2), (2, 2), (4, 1)]

    first = dict(pieces.done(bench, look, cut))
    assert sorted(first) == cut
    assert sum(said["count"] for said in first.values()) == 5
    assert len({said["url"] for said in first.values()}) == len({said["by"] for said in first.values()})

    again = dict(pieces.done(bench, look, cut))
    assert [again[piece] == first[piece] for piece in cut] == [True, True, False]
