"""Faults that need a real process: killed as the true command, stopped politely, frozen and thawed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.peers.product import Product
from tests.peers.waiting import until
from tests.simulation.judge import UNSEEN, Event, What, copies_beyond_the_first
from tests.simulation.pacing import LEASE_S
from tests.simulation.sink import Sink
from tests.simulation.workers import KEY, MOMENT
from tests.simulation.world import world

STARTS_WITHIN_S = 60.0


# --- the true command ------------------------------------------------------------------------------------


@contextmanager
def scheduler(product, url, instance, mail_url):
    """`pdca scheduler` as an operator starts it, by the product's own clock; dead at the end."""
    settings = {
        "PDCA_DATABASE_URL": url,
        "PDCA_INSTANCE": instance,
        "PDCA_MAIL_URL": mail_url,
        "PDCA_SECRET_KEY": KEY,
        "PDCA_MAIL_LEASE": "2",
        "PDCA_MAIL_BUDGET": "1",
    }
    command = [sys.executable, "-m", "pdca", "scheduler"]
    process = subprocess.Popen(command, env=product._environment() | settings, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Deadly(Sink):
    """Who mails here is dead before the answer to the second mail."""

    victim: subprocess.Popen | None = None

    def take(self, one):
        """Kill."""
        super().take(one)
        if self.accepted == 2 and self.victim is not None:
            self.victim.kill()


@pytest.mark.fault(13)
def test_the_true_scheduler_is_killed_and_another_one_goes_on(bench, tmp_path):
    with world(bench, Deadly()) as here:
        here.arrive(8)
        url, instance = here.mother.where
        product = Product(tmp_path / "clock", MOMENT)
        with scheduler(product, url, instance, here.sink.url) as first:
            here.sink.victim = first
            assert first.wait(STARTS_WITHIN_S) == -signal.SIGKILL
        here.kills.append(Event(What.KILL, here.mother.now(), who="scheduler", words=UNSEEN))
        assert here.sink.accepted == 2
        with scheduler(product, url, instance, here.sink.url):
            assert here.finish(STARTS_WITHIN_S)
        # Nobody wrote down its claims: only what was planned and what arrived is judged.
        assert here.judged() == []
        assert here.mother.broken() == []


@pytest.mark.fault(14)
def test_a_rolling_restart_finishes_what_is_being_sent(bench):
    dice = random.Random(14)
    with world(bench) as here:
        for _ in range(8):
            here.arrive(2)
            one = here.fork(what="command")
            time.sleep(dice.uniform(0.0, 0.5))
            one.send(signal.SIGTERM)
            assert one.wait(30)
            assert here.mother.ask("SELECT count(*) FROM message WHERE state = 'sending'") == [[0]]
        here.passes()
        assert here.judged() == []
        assert copies_beyond_the_first(here.sink.events) == 0
        assert list(here.failed()) == []


# --- frozen ----------------------------------------------------------------------------------------------


def is_frozen(worker):
    """What `ps` says: T."""
    with open(f"/proc/{worker.pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - not a path, a question
        return stat.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.fault(15)
def test_frozen_beyond_its_lease_and_thawed(bench):
    """Before the text the claim is looked at once more; after it, one more copy at most, under the same name."""
    with world(bench) as here:
        for place, copies in (("claim.after_commit", 1), ("smtp.rcpt", 1), ("smtp.dot", 2)):
            before = here.sink.accepted
            here.arrive(1)
            frozen = here.fork(failpoint=f"{place}:1:stop")
            assert until(lambda worker=frozen: is_frozen(worker), 20)
            here.passes(ahead=2 * LEASE_S)
            assert here.waiting() == set()
            frozen.send(signal.SIGCONT)
            assert frozen.wait(20)
            arrived = here.sink.events[before:]
            assert 1 <= len(arrived) <= copies, place
            assert len({event.message for event in arrived}) == 1, place
        assert here.mother.ask("SELECT DISTINCT state FROM message") == [["accepted"]]
