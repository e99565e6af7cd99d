"""Fault 27 on a disk that is really full: database and accept journal on it, and the true commands beside it."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.followup import invariants
from pdca.mail.models import Message, MessageState
from tests.conftest import KEY, build, settings_for
from tests.peers import disk, smtp
from tests.peers.product import Product
from tests.peers.smtp import Received
from tests.peers.waiting import until
from tests.simulation.nth import LATER, MORNING, Morning

PATIENCE_S = 60.0
# Longer than several of the pauses in which settling tries again.
FULL_S = 1.5


class Filling(smtp.Server):
    """Between a mail that came in whole and our "250", somebody fills the disk."""

    def __init__(self) -> None:
        super().__init__()
        self.room: disk.Disk | disk.Limit | None = None
        self.has_filled = False

    def take(self, one: Received) -> None:
        """The first one only."""
        if self.room is not None and not self.has_filled:
            self.room.fill()
            self.has_filled = True
        super().take(one)


class House:
    """An installation on a small disk, on a busy morning."""

    def __init__(self, room: disk.Disk | disk.Limit, template: Path, tmp_path: Path, server: Filling) -> None:
        self.room, self.server = room, server
        instance = tmp_path / "arranged"
        instance.mkdir()
        shutil.copyfile(template, instance / "pdca.db")
        self.app = build(settings_for(instance, f"sqlite:///{instance / 'pdca.db'}"))
        with self.app.app_context():
            self.morning = Morning(self.app, server)
            self.wanted = self.morning.wanted()
            self.morning.again()
            db.engine.dispose()
        self.database = instance / "pdca.db"
        shutil.copyfile(self.database, room.inside / "pdca.db")
        self.product = Product(tmp_path / "clock", MORNING)

    def start(self, *arguments: str, at: datetime = MORNING):
        """A command of the product, by the clock of that morning."""
        given = {
            "PDCA_INSTANCE": str(self.room.folder),
            "PDCA_DATABASE_URL": f"sqlite:///{self.room.folder / 'pdca.db'}",
            "PDCA_MAIL_URL": self.server.url,
            "PDCA_SECRET_KEY": KEY,
        }
        self.product.at(at)
        return self.room.start([sys.executable, "-m", "pdca", *arguments], self.product._environment() | given)

    def once(self, at: datetime = MORNING) -> tuple[int, str]:
        """One pass, to its end: how it ended, and what it complained about."""
        process = self.start("followup", "--once", at=at)
        _, errors = process.communicate(timeout=PATIENCE_S)
        return process.returncode, errors

    def judged(self) -> None:
        """Everybody once, every mail of ours known as accepted, and what must hold holds."""
        assert self.morning.boxes() == self.wanted
        for suffix in ("", "-wal"):
            here = self.room.inside / f"pdca.db{suffix}"
            there = Path(f"{self.database}{suffix}")
            there.unlink(missing_ok=True)
            if here.exists():
                shutil.copyfile(here, there)
        with self.app.app_context(), db.reading():
            assert list(invariants.broken(MORNING + LATER[-1])) == []
            states = Counter(db.session.scalars(select(Message.state)))
            assert states == {MessageState.ACCEPTED: len(self.server.received)}
        with self.app.app_context():
            db.engine.dispose()


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """On the nearest to a small disk that this machine allows."""
    with disk.small(tmp_path / "disk") as room, smtp.serving(server=Filling()) as server:
        yield House(room, sqlite_template, tmp_path, server)


@pytest.mark.fault(27)
def test_full_before_a_claim_it_stops_with_words_and_recovers(house: House):
    house.room.fill()
    code, errors = house.once()
    assert code == 1
    assert "disk" in errors
    assert house.server.received == []
    house.room.free()
    assert house.once()[0] == 0
    # After every lease, somebody looks once more.
    assert house.once(MORNING + LATER[-1])[0] == 0
    house.judged()


@pytest.mark.fault(27)
def test_full_between_the_mail_and_its_yes_it_goes_on_without_a_second_copy(house: House):
    """Neither the journal nor the database has room for what the server took; the scheduler waits for it."""
    house.server.room = house.room
    scheduler = house.start("scheduler")
    try:
        assert until(lambda: house.server.has_filled, PATIENCE_S)
        assert not until(lambda: len(house.server.received) > 1, FULL_S)
        assert scheduler.poll() is None
        house.room.free()
        assert until(lambda: house.morning.boxes() == house.wanted, PATIENCE_S)
    finally:
        scheduler.terminate()
        _, errors = scheduler.communicate(timeout=PATIENCE_S)
    assert scheduler.returncode == 0
    assert "the accept journal can't be written" in errors
    # After every lease, somebody looks once more.
    assert house.once(MORNING + LATER[-1])[0] == 0
    house.judged()
