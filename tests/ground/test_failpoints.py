"""Failpoints: asleep in every installation, awake only by the environment, named where they are described."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter

import pytest

from pdca import failpoints
from pdca.config import SettingsError, load_settings
from tests.policy.sources import ROOT, python

REACH = (
    "from pdca import failpoints as f; [f.reached(n) for n in ('smtp.mail', 'smtp.dot', 'smtp.dot')]; print('lived')"
)


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", REACH], env=env, capture_output=True, text=True, check=False)


def test_asleep_nothing_happens():
    assert failpoints._armed is None
    assert run().stdout == "lived\n"


def test_the_environment_kills_at_the_counted_time():
    assert run(PDCA_FAILPOINT="smtp.dot:2:kill").returncode == -signal.SIGKILL
    assert run(PDCA_FAILPOINT="smtp.dot:3:kill").stdout == "lived\n"


@pytest.mark.parametrize(
    "asked", ["smtp.dot", "nowhere:1:kill", "smtp.dot:0:kill", "smtp.dot:1:explode", "smtp.dot:x:kill"]
)
def test_a_typing_error_stops_the_start(asked):
    done = run(PDCA_FAILPOINT=asked)
    assert done.returncode == 1
    assert "use name:count:action" in done.stderr


def test_no_file_can_set_it(tmp_path):
    (tmp_path / "config.toml").write_text('failpoint = "smtp.dot:1:kill"\n')
    with pytest.raises(SettingsError, match="PDCA_FAILPOINT: no such setting"):
        load_settings(instance=tmp_path)


def test_each_stands_in_the_engine_and_in_the_book():
    code = "".join(path.read_text() for path in python() if path.name != "failpoints.py")
    places = Counter(re.findall(r'failpoints\.reached\("([a-z_.]+)"\)', code))
    assert set(places) == set(failpoints.NAMES)
    # A settlement and the next claim share a commit, or go by themselves.
    shared = {"settle.before_commit", "claim.before_commit", "claim.after_commit"}
    assert {name for name, count in places.items() if count > 1} == shared
    book = (ROOT / "docs/reliability.md").read_text()
    assert [name for name in failpoints.NAMES if f"`{name}`" not in book] == []
