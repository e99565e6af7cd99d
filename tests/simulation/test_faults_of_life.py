"""Fault 44 as processes: the mailer dead, the scheduler dead, both. Who looks sees it; the dead man's switch is silent.

The web runs all the time and is asked over HTTP. The engine is the command that cron starts, so that a moment in which
it does not run is one in which it is dead. Each process goes by one clock, which leaps.
"""

from __future__ import annotations

import json
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pdca.db import db
from tests.conftest import KEY, build, settings_for
from tests.peers import smtp
from tests.peers.chaos import network
from tests.peers.product import Product
from tests.simulation.nth import MORNING, Morning

# The engine's death must show within five minutes, a silent mail server's after a quarter of an hour.
ENGINE, MAILER = timedelta(minutes=5), timedelta(minutes=15)
MINUTE = timedelta(minutes=1)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Who would warn when it is no longer called; its address, and the calls."""
    calls: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alive", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def health(product: Product) -> tuple[int, dict]:
    """What a monitor sees."""
    try:
        with urllib.request.urlopen(f"{product.address}/health", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as ill:
        with ill:
            return ill.code, json.load(ill)


@pytest.mark.fault(44)
def test_mailer_dead_both_dead_scheduler_dead_and_alive_again(sqlite_template: Path, tmp_path: Path):
    instance = tmp_path / "product" / "instance"
    with listening() as (ping, calls), smtp.serving() as server, network(server.port) as way:
        product = Product(
            tmp_path / "product",
            MORNING,
            PDCA_MAIL_URL=f"smtp://127.0.0.1:{way.port}",
            PDCA_MAIL_BUDGET="2",
            PDCA_MAIL_LEASE="5",
            PDCA_PING_URL=ping,
            PDCA_SECRET_KEY=KEY,
        )
        shutil.copyfile(sqlite_template, instance / "pdca.db")
        app = build(settings_for(instance, f"sqlite:///{instance / 'pdca.db'}"))
        morning = Morning(app, server)
        with app.app_context():
            db.engine.dispose()
        product.start("--no-followup", "--workers", "1")
        try:
            # The mailer dies before anything left: no packet comes back from it.
            way.go_silent()
            assert product.at(MORNING).followup()["deferred"] >= 1
            assert (health(product)[0], len(calls)) == (200, 1)
            product.at(MORNING + MAILER + MINUTE).followup()
            code, facts = health(product)
            assert (code, facts["status"], facts["scheduler"]["age_s"] < 60) == (503, "ill", True)
            assert (facts["mail"]["queued"] >= 1, len(calls)) == (True, 1)
            # Now the engine too: five minutes later its age says so beside the mail.
            product.at(MORNING + MAILER + MINUTE + ENGINE)
            code, facts = health(product)
            assert (code, facts["scheduler"]["age_s"] >= 280, len(calls)) == (503, True, 1)
            # The mailer comes back; nobody is there to mail.
            way.heal()
            assert (health(product)[0], server.taken, len(calls)) == (503, [], 1)
            # The engine comes back: everything leaves, and the switch is heard again.
            back = MORNING + 2 * MAILER
            assert product.at(back).followup()["accepted"] >= 4
            assert len(morning.boxes()) >= 4
            assert (health(product)[0], len(calls)) == (200, 2)
            # Only the engine dies, with mail as it should be.
            product.at(back + ENGINE)
            assert (health(product)[0], len(calls)) == (503, 2)
        finally:
            product.stop()
