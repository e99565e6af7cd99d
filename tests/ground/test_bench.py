"""The benchmark works. What it measures is no business of a test."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tools.bench.paint import CLS_BOUND


def _small(tmp_path, *parts):
    report = tmp_path / "bench.json"
    chosen = [word for part in parts for word in ("--part", part)]
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--small", *chosen, "--json", str(report)],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(report.read_text(encoding="utf-8"))


def test_open_boards_hear_of_every_move_on_both_databases(tmp_path):
    found = _small(tmp_path, "alive")["alive"]
    assert [(name, one["missed"]) for name, one in found["heard"].items()] == [
        ("SQLite, same process", 0),
        ("SQLite, another process", 0),
        ("PostgreSQL, same process", 0),
        ("PostgreSQL, another process", 0),
    ]
    assert found["crowd"]["hints"]
    assert found["crowd"]["lost"] == 0


@pytest.mark.browser
def test_the_first_paint_is_measured_and_nothing_jumps(tmp_path):
    found = _small(tmp_path, "paint")["paint"]
    assert [(name, one["cards"]) for name, one in found.items()] == [("desktop", 200), ("phone", 200)]
    assert [name for name, one in found.items() if not one["first_paint_ms"] or one["cls"] >= CLS_BOUND] == []


def test_the_small_form_measures_both_and_says_what_it_found(tmp_path):
    found = _small(tmp_path, "compare")
    assert [
        line["name"] for line in found["lines"] if not line["ours"]["per_s"] or not line["reference"]["per_s"]
    ] == []
    assert [line["name"] for line in found["lines"] if line["failed"]] == []
    assert found["first_load"]["requests"] <= 8
