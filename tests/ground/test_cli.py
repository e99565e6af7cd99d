"""The command: what it makes, what it refuses, and that it stops cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

from tests.peers.waiting import free_port


def environment(tmp_path, **given):
    own = {name: value for name, value in os.environ.items() if not name.startswith("PDCA_")}
    return own | {"PDCA_INSTANCE": str(tmp_path / "instance"), **given}


def pdca(tmp_path, *arguments, **given):
    command = [sys.executable, "-m", "pdca", *arguments]
    return subprocess.run(
        command,
        env=environment(tmp_path, **given),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def running(tmp_path, *arguments, **given):
    command = [sys.executable, "-m", "pdca", *arguments]
    with subprocess.Popen(
        command,
        env=environment(tmp_path, **given),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def health(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("no answer within 60 seconds")


def children(pid):
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return {int(row[0]): row[2] for row in rows if int(row[1]) == pid}


def test_setup_makes_everything_and_twice_is_as_good_as_once(tmp_path):
    first, second = pdca(tmp_path, "setup"), pdca(tmp_path, "setup")
    instance = tmp_path / "instance"
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert {path.name for path in instance.iterdir()} >= {"pdca.db", "secret.key", "files", "mail"}
    assert stat.S_IMODE((instance / "secret.key").stat().st_mode) == 0o600
    assert pdca(tmp_path, "doctor").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["nonsense"], {}, "No such command 'nonsense'"),
        (["doctor", "--nonsense"], {}, "No such option"),
        (["doctor"], {"PDCA_TIMEZONE": "Mars"}, "pdca: PDCA_TIMEZONE: 'Mars' is not a time zone"),
        (["doctor"], {"PDCA_SECRET_KEY": "dev"}, "pdca: PDCA_SECRET_KEY: is too weak"),
        (["serve", "--host", "0.0.0.0"], {}, "PDCA_BASE_URL is required"),
        (["serve", "--port", "99999"], {}, "--port"),
        (["serve"], {}, "run `pdca setup`"),
    ],
)
def test_bad_use_is_said_in_one_line_with_exit_code_2(tmp_path, arguments, settings, said):
    done = pdca(tmp_path, *arguments, **settings)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_doctor_names_what_is_wrong_and_repairs_what_it_can(tmp_path):
    assert "run `pdca setup`" in pdca(tmp_path, "doctor").stdout
    pdca(tmp_path, "setup")
    (tmp_path / "instance" / "secret.key").chmod(0o644)
    told = pdca(tmp_path, "doctor")
    assert (told.returncode, "can be read by others" in told.stdout) == (1, True)
    assert pdca(tmp_path, "doctor", "--repair").returncode == 0
    assert stat.S_IMODE((tmp_path / "instance" / "secret.key").stat().st_mode) == 0o600


def test_doctor_says_that_mail_to_files_reaches_nobody(tmp_path):
    pdca(tmp_path, "setup")
    told = pdca(tmp_path, "doctor", PDCA_BASE_URL="https://pdca.example.org")
    assert (told.returncode, "PDCA_MAIL_URL" in told.stdout) == (1, True)


@pytest.mark.fault(25)
def test_serve_runs_web_and_one_followup_and_stops_both(tmp_path):
    pdca(tmp_path, "setup")
    port = free_port()
    with running(tmp_path, "serve", "--port", str(port)) as parent:
        assert health(port)["database"] == "ok"
        began = children(parent.pid)
        assert sorted(line.split(" -m pdca ")[1].split()[0] for line in began.values()) == ["scheduler", "serve"]
        # It is started again when it dies.
        os.kill(next(pid for pid, line in began.items() if line.endswith("scheduler")), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while len(set(children(parent.pid)) - set(began)) < 1 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert [line for pid, line in children(parent.pid).items() if pid not in began and "scheduler" in line]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_serve_says_when_the_port_is_taken(tmp_path):
    pdca(tmp_path, "setup")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = pdca(tmp_path, "serve", "--port", str(other.getsockname()[1]))
    assert (done.returncode, "try --port" in done.stderr) == (1, True)


def test_a_web_server_of_ones_own_never_schedules(tmp_path):
    pdca(tmp_path, "setup")
    port = free_port()
    with running(tmp_path, "serve", "--no-followup", "--port", str(port)) as web:
        health(port)
        assert not [line for line in children(web.pid).values() if "scheduler" in line]
