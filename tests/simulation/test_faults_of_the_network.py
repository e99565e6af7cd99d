"""Fault 28 on a PostgreSQL behind a network that goes wrong: silent without a goodbye, or cut in the middle of a word.

Real packets, real timeouts of the kernel (tests/peers/chaos.py); only their lengths are scaled. The engine works as
in the scheduler: each tick in a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text

from pdca import scheduler
from pdca.db import db
from pdca.engines import _postgresql_connect
from pdca.followup import invariants
from pdca.followup.jobs import followup_once
from pdca.followup.watch import Watch
from tests.conftest import _migrated, build, settings_for
from tests.peers import postgresql, smtp
from tests.peers.chaos import CUT, SILENT, SWALLOWED, Network, network
from tests.simulation.nth import LATER, MORNING, Morning

# The same timeouts, as short as the kernel has them.
SHORT = {
    "connect_timeout": "2",
    "keepalives_idle": "1",
    "keepalives_interval": "1",
    "keepalives_count": "1",
    "tcp_user_timeout": "1000",
    "options": "-c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=1 "
    "-c tcp_user_timeout=1000",
}
ENDS_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgresql.Mortal]:
    """A migrated PostgreSQL on TCP."""
    with postgresql.mortal() as server:
        url = server.url.replace("postgresql://", "postgresql+psycopg://")
        _migrated(tmp_path_factory.mktemp("remote"), url)
        yield server


@pytest.fixture
def wire(peer: postgresql.Mortal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The network before it."""
    monkeypatch.setattr("pdca.engines.PATIENCE", SHORT)
    monkeypatch.setattr("pdca.mail.jobs.SETTLE_PAUSES_S", (0.05, 0.5, 1.0, 2.0, 2.0))
    with network(peer.port) as made:
        yield made


@pytest.fixture
def morning(peer: postgresql.Mortal, wire: Network, tmp_path: Path) -> Iterator[Morning]:
    """A busy morning in a database at the other side."""
    postgresql.empty(peer.url)
    url = f"postgresql+psycopg://postgres@127.0.0.1:{wire.port}/postgres?sslmode=disable&gssencmode=disable"
    app = build(settings_for(tmp_path, url))
    with smtp.serving() as server:
        yield Morning(app, server)
    wire.heal()
    with app.app_context():
        db.engine.dispose()


def tick(app: Flask, at) -> float:
    """One tick of the scheduler, to its end, in a thread as APScheduler runs it. How long it took."""

    def once() -> bool:
        followup_once(at)
        return False

    began = time.monotonic()
    thread = threading.Thread(target=scheduler._in_app(app, scheduler.Job("tick", 60, once), Watch()), daemon=True)
    thread.start()
    thread.join(ENDS_WITHIN_S)
    assert not thread.is_alive(), "the tick hangs"
    return time.monotonic() - began


def everybody_once(morning: Morning, wanted: Counter[str]) -> None:
    assert morning.boxes() == wanted
    with morning.app.app_context(), db.reading():
        assert list(invariants.broken(MORNING + LATER[-1])) == []


def wanted(morning: Morning) -> Counter[str]:
    """What the morning brings when nothing fails."""
    with morning.app.app_context():
        found = morning.wanted()
        assert len(found) >= 4
        morning.again()
        return found


@pytest.mark.fault(28)
def test_a_network_that_goes_silent_ends_no_tick_for_ever_and_loses_nothing(morning: Morning, wire: Network):
    """What is open is half open, and who calls anew hears nothing at all."""
    expected = wanted(morning)
    with morning.app.app_context(), db.reading():
        assert db.session.scalar(text("SELECT 1")) == 1
    wire.go_silent()
    assert tick(morning.app, MORNING) >= 2
    assert morning.server.taken == []
    wire.heal()
    for wait in LATER:
        tick(morning.app, MORNING + wait)
    everybody_once(morning, expected)


@pytest.mark.fault(27, 28)
@pytest.mark.parametrize("fate", [CUT, SILENT, SWALLOWED])
def test_a_commit_of_which_nothing_is_heard_loses_and_doubles_nothing(morning: Morning, wire: Network, fate: str):
    """Carried out or not, nobody knows: at several places of the pass, the settling of a mail that was taken too."""
    expected = wanted(morning)
    wire.spoil_commit(0, fate)
    tick(morning.app, MORNING)
    commits = wire.commits
    assert commits > 10
    # Silence costs its timeouts each time; the last but one commit settles a mail that was taken.
    for number in (2, commits // 2, commits - 2)[0 if fate == CUT else 1 :]:
        with morning.app.app_context():
            morning.again()
        wire.spoil_commit(number, fate)
        tick(morning.app, MORNING)
        assert wire.hits == 1
        wire.heal()
        for wait in LATER:
            tick(morning.app, MORNING + wait)
        everybody_once(morning, expected)


@pytest.mark.fault(28)
def test_timeouts_are_set_on_both_ends_and_the_url_of_the_database_counts_first(morning: Morning, wire: Network):
    with morning.app.app_context():
        url = db.engine.url.update_query_dict({"connect_timeout": "7"})
        engine = create_engine(url)
        event.listen(engine, "do_connect", _postgresql_connect)
        with engine.connect() as connection:
            given = connection.connection.driver_connection.info.get_parameters()
            at_the_server = connection.scalar(text("SELECT setting FROM pg_settings WHERE name = 'tcp_user_timeout'"))
        engine.dispose()
    assert given["connect_timeout"] == "7"
    assert {name: given[name] for name in ("keepalives_idle", "tcp_user_timeout")} == {
        "keepalives_idle": "1",
        "tcp_user_timeout": "1000",
    }
    assert at_the_server == "1000"
