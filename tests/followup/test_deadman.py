"""The dead man's switch rings while all is well, and stops when the follow-up or the mail does (fault 44)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pdca.db import db
from pdca.followup.jobs import followup_once
from pdca.mail.models import Breaker
from tests.conftest import MONDAY
from tests.mail.conftest import set_up


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What was asked for; `heard[0]` is the address to ask."""
    paths: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    paths.append(f"http://127.0.0.1:{server.server_port}/alive")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield paths
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.fault(44)
def test_it_rings_after_each_healthy_pass_and_not_when_mail_is_stuck(app, heard):
    set_up(app, ping_url=heard[0])
    with app.app_context():
        followup_once(MONDAY)
        assert heard[1:] == ["/alive"]
        with db.writing():
            since = MONDAY - timedelta(minutes=20)
            db.session.add(
                Breaker(transport="file:", failures=4, down_since=since, retry_at=MONDAY + timedelta(minutes=10))
            )
            db.session.commit()
        followup_once(MONDAY + timedelta(minutes=1))
        assert heard[1:] == ["/alive"]


def test_nobody_listening_stops_nothing(app, heard, caplog):
    set_up(app, ping_url="http://127.0.0.1:9/nobody")
    with app.app_context():
        assert followup_once(MONDAY)["dead"] == 0
    assert "the ping was not heard" in caplog.text
