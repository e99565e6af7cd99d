"""Putting a page together: the frame is rendered, the cards are joined in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flask import Response

from pdca.board.cards import BoardView, LaneView

# Typed text is escaped, so nobody can write a place into the frame.
_PLACE = re.compile(rb"<!--cards:([a-z0-9:]+)-->")


def page(frame: str, board: BoardView) -> Response:
    """The answer of a whole page."""
    return Response(filled(frame, [lane for column in board.columns for lane in column.everything]))


def filled(frame: str, lanes: Iterable[LaneView]) -> bytes:
    """The frame with the cards where their places are. In bytes: a large board is encoded once, card by card."""
    by_key = {lane.key.encode(): lane for lane in lanes}
    return b"".join(_pieces(_PLACE.split(frame.encode()), by_key))


def _pieces(split: list[bytes], lanes: dict[bytes, LaneView]) -> Iterator[bytes]:
    for number, piece in enumerate(split):
        if number % 2 == 0:
            yield piece
        else:
            yield from (slip.html for slip in lanes[piece].slips)
