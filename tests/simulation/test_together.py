"""Fault 24 with the commands themselves, started as an operator and cron start them, in the same second."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from tests.peers.product import Product
from tests.peers.waiting import until
from tests.simulation.judge import copies_beyond_the_first
from tests.simulation.workers import KEY, MOMENT
from tests.simulation.world import world

PEOPLE, SCHEDULERS, ONCE = 8, 4, 2
STARTS_IN_S, ENDS_WITHIN_S = 4.0, 60.0
# Imports everything, waits for the moment, and is `pdca` from there on.
PASSED = "SELECT count(*) FROM node WHERE name LIKE '%:%' AND last_run_at IS NOT NULL"
WAITS = """
import runpy, sys, time
import pdca.cli, pdca.scheduler, pdca.followup.jobs
time.sleep(max(0.0, float(sys.argv.pop(1)) - time.monotonic()))
runpy.run_module("pdca", run_name="__main__", alter_sys=True)
"""


@pytest.mark.fault(24)
def test_the_true_commands_in_the_same_second(bench, tmp_path):
    with world(bench) as here:
        here.arrive(PEOPLE)
        url, instance = here.mother.where
        product = Product(tmp_path / "clock", MOMENT)
        settings = {"DATABASE_URL": url, "INSTANCE": instance, "MAIL_URL": here.sink.url, "SECRET_KEY": KEY}
        env = product._environment() | {f"PDCA_{name}": value for name, value in settings.items()}
        start = repr(time.monotonic() + STARTS_IN_S)

        def begun(*arguments):
            command = [sys.executable, "-c", WAITS, start, *arguments]
            return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        schedulers = [begun("scheduler") for _ in range(SCHEDULERS)]
        once = [begun("followup", "--once") for _ in range(ONCE)]
        try:
            said = [one.communicate(timeout=ENDS_WITHIN_S) for one in once]
            assert here.finish(ENDS_WITHIN_S)
            # Everybody was there, and somebody who would mail once more gets the time for it. One pass is the
            # rehearsal's own, which warmed up.
            assert until(lambda: here.mother.ask(PASSED) == [[SCHEDULERS + ONCE + 1]], ENDS_WITHIN_S)
            time.sleep(1.0)
        finally:
            for one in schedulers:
                one.terminate()
            ends = [one.communicate(timeout=ENDS_WITHIN_S) for one in schedulers]
        assert [one.returncode for one in (*once, *schedulers)] == [0] * (ONCE + SCHEDULERS)
        for out, _words in said:
            assert {"notices", "accepted"} <= set(json.loads(out.splitlines()[-1]))
        assert not [words for _, words in (*said, *ends) if "Traceback" in words]
        assert here.judged() == []
        assert copies_beyond_the_first(here.sink.events) == 0
        assert here.mother.broken() == []
