"""Where the time of a warm board goes, said when a figure misses its bound."""

from __future__ import annotations

import cProfile
import pstats
from io import StringIO

from pdca import create_app
from pdca.config import load_settings
from tools.bench.seeds import KEY, Seeded

TURNS = 20
SHOWN = 14


def of_board(seeded: Seeded, team_id: int) -> list[str]:
    """The dearest functions of twenty warm requests, by their own time."""
    app = create_app(load_settings(instance=seeded.folder, secret_key=KEY))
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": seeded.visitors[0].cookie, "Host": "localhost"}

    def ask() -> None:
        client.get(f"/teams/{team_id}/board", headers=headers, buffered=True)

    ask()
    profiler = cProfile.Profile()
    for _ in range(TURNS):
        profiler.runcall(ask)
    said = StringIO()
    pstats.Stats(profiler, stream=said).sort_stats("tottime").print_stats(SHOWN)
    return [line for line in said.getvalue().splitlines() if line.strip()][-SHOWN - 1 :]
