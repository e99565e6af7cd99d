"""The table of 44 faults: which of its rows a test carries, by its mark."""

from __future__ import annotations

import re

from tests.policy.sources import ROOT

ALL = set(range(1, 45))
# Nobody proves these yet. The list gets shorter, never longer.
MISSING: set[int] = set()


def carried() -> set[int]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {int(number) for marks in re.findall(r"mark\.fault\(([\d, ]+)\)", text) for number in marks.split(",")}


def test_every_fault_is_carried_by_a_test_or_is_named_as_missing():
    assert carried() | MISSING == ALL
    assert carried() & MISSING == set()
