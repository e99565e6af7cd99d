"""The benchmark works. What it measures is no business of a test."""

from __future__ import annotations

import json
import subprocess
import sys


def test_the_small_form_measures_both_and_says_what_it_found(tmp_path):
    report = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--small", "--json", str(report)],
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert [
        line["name"] for line in found["lines"] if not line["ours"]["per_s"] or not line["reference"]["per_s"]
    ] == []
    assert [line["name"] for line in found["lines"] if line["failed"]] == []
    assert found["first_load"]["requests"] <= 8
