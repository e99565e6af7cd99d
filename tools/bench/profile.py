"""Where the time of a request goes, said when a figure misses its bound."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from io import StringIO

from pdca import create_app
from pdca.config import load_settings
from tools.bench.load import Ask
from tools.bench.seeds import KEY, Seeded

TURNS = 20
SHOWN = 14


def of(seeded: Seeded, ask: Callable[[int], Ask]) -> list[str]:
    """The dearest functions of twenty warm requests, by their own time."""
    app = create_app(load_settings(instance=seeded.folder, secret_key=KEY))
    client = app.test_client(use_cookies=False)
    visitor = seeded.visitors[0]
    headers = {"Cookie": visitor.cookie, "Host": "localhost"}
    for_writing = {**headers, "HX-Request": "true", "X-CSRFToken": visitor.token}

    def send(turn: int) -> None:
        one = ask(turn)
        if one.is_write:
            client.post(one.path, data=one.form, headers=for_writing, buffered=True)
        else:
            client.get(one.path, headers=headers, buffered=True)

    send(0)
    profiler = cProfile.Profile()
    for turn in range(TURNS):
        profiler.runcall(send, turn + 1)
    said = StringIO()
    pstats.Stats(profiler, stream=said).sort_stats("tottime").print_stats(SHOWN)
    return [line for line in said.getvalue().splitlines() if line.strip()][-SHOWN - 1 :]
