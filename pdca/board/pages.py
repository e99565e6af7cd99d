"""Putting a page together: the frame is rendered, or remembered; the cards are joined in.

The frame of a board is everything but its cards. One person's frame is remembered for as long as nothing was
written anywhere (see pdca.web.kept) and the same cards stand on the board; their order, and the form token of this
request, come in last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from flask import Response, session
from flask_wtf.csrf import generate_csrf

from pdca.board.filters import Wanted
from pdca.board.views import Filling
from pdca.web.kept import kept

# Typed text is escaped, so nobody can write a place into the frame.
_PLACE = re.compile(rb"<!--(cards|print|token):([a-z0-9:]*)-->")
_TOKEN = b"<!--token:-->"


class Viewing(NamedTuple):
    """What a frame depends on beside the facts: who looks, in which language, and how."""

    person_id: int
    team_id: int
    language: str
    wanted: Wanted


def page(viewing: Viewing, filling: Filling, render: Callable[[], str], at: datetime) -> Response:
    """The answer of a whole page."""
    return Response(_joined(_frame(viewing, render, at), filling, generate_csrf().encode()))


def _frame(viewing: Viewing, render: Callable[[], str], at: datetime) -> bytes:
    def make() -> bytes:
        return render().encode().replace(generate_csrf().encode(), _TOKEN)

    # What was just said to this reader is said once.
    return make() if "_flashes" in session else kept(("frame", viewing), at, make)


def filled(frame: str, filling: Filling) -> str:
    """A fragment with its cards."""
    return _joined(frame.encode(), filling, b"").decode()


def _joined(frame: bytes, filling: Filling, token: bytes) -> bytes:
    """In bytes: a large board is encoded once, card by card."""
    return b"".join(_pieces(_PLACE.split(frame), filling, token))


def _pieces(split: list[bytes], filling: Filling, token: bytes) -> Iterator[bytes]:
    for at in range(0, len(split) - 1, 3):
        text, kind, key = split[at : at + 3]
        yield text
        if kind == b"cards":
            yield from (slip.html for slip in filling.slips[key.decode()])
        else:
            yield filling.prints[key.decode()].encode() if kind == b"print" else token
    yield split[-1]
