"""The runner of the torture: it goes on where it stopped; a missed figure is said, also by the exit code."""

from __future__ import annotations

import json
import signal
import sys

import pytest

from tests.simulation import torture
from tests.simulation.figures import Figure

MET = {"name": "kills", "bound": "0 lost", "seen": "0 lost", "is_met": True}
ELSE = {**MET, "seen": "3 lost", "is_met": False}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(torture, "KEPT", tmp_path)
    monkeypatch.setattr(torture, "DOCS", tmp_path / "reliability.md")
    monkeypatch.setattr(torture, "ROOT", tmp_path)
    (tmp_path / "reliability.md").write_text(f"Before.\n\n{torture.BEGIN}{torture.END}\nAfter.\n")


def keep(part, kind, figure, share=1.0):
    figures = [figure] if figure else []
    kept = {"share": share, "seconds": 90, "day": "2026-03-02", "where": "2 processors", "figures": figures}
    torture._path(part, kind, share).write_text(json.dumps(kept))


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["torture", *arguments])
    before = signal.getsignal(signal.SIGTERM)
    try:
        return torture.main()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_was_finished_is_not_run_again(monkeypatch, capsys):
    keep("chaos", "sqlite", MET)
    assert run(monkeypatch, "chaos", "--database", "sqlite") == 0
    said = capsys.readouterr().out
    assert "chaos on sqlite: finished before" in said
    assert "| kills | 0 lost | 0 lost | met | 2026-03-02, 1.5 min |" in said
    assert "factor 1/180: lease 1 s, conversation 0.5 s" in said


@pytest.mark.parametrize(("goes_on", "minutes"), [(True, "2.0 min"), (False, "0.5 min")])
def test_a_part_that_goes_on_where_it_was_stopped_took_the_time_before_that_too(goes_on, minutes):
    keep("machine", "sqlite", None)
    if goes_on:
        torture._so_far("machine", "sqlite", 1.0).touch()
    torture._keep("machine", "sqlite", 1.0, [Figure(**MET)], 30)
    assert torture._kept("machine", "sqlite", 1.0).in_words.endswith(f", {minutes}")


def test_a_missed_figure_is_said(monkeypatch, capsys):
    keep("chaos", "sqlite", ELSE)
    assert run(monkeypatch, "chaos", "--database", "sqlite") == 1
    assert "| kills | 0 lost | 3 lost | **missed** |" in capsys.readouterr().out


def test_a_smaller_share_does_not_count_for_the_whole():
    keep("chaos", "sqlite", MET, share=0.1)
    assert torture._kept("chaos", "sqlite", 1.0) is None
    kept = torture._kept("chaos", "sqlite", 0.1)
    assert [figure.name for figure in kept.figures] == ["kills"]
    assert not kept.is_met


@pytest.mark.parametrize(("figure", "said"), [(MET, "**part**"), (ELSE, "**missed**")])
def test_a_smaller_share_never_says_met(monkeypatch, capsys, figure, said):
    keep("chaos", "sqlite", figure, share=0.9)
    assert run(monkeypatch, "chaos", "--database", "sqlite", "--share", "0.9") == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| kills |"))
    assert f"| {said} |" in row
    assert "| met |" not in row


def test_a_smaller_share_does_not_erase_the_whole():
    keep("chaos", "sqlite", MET)
    keep("chaos", "sqlite", ELSE, share=0.1)
    assert torture._best("chaos", "sqlite").is_met


def test_a_part_that_did_not_finish_or_did_not_run_is_missed():
    keep("chaos", "sqlite", None)
    rows = {("chaos", "sqlite"): torture._kept("chaos", "sqlite", 1.0), ("nth", "sqlite"): None}
    table = torture._table(rows, ["sqlite"])
    assert "| chaos | finishes | it did not | **missed** | 2026-03-02, 1.5 min |" in table
    assert "| nth | finishes | not run | **missed** | |" in table


def test_the_table_can_be_written_from_what_is_kept(monkeypatch, capsys):
    keep("chaos", "sqlite", MET)
    keep("years", "sqlite", MET, share=0.4)
    assert run(monkeypatch, "--table") == 1
    book = torture.DOCS.read_text()
    assert "| kills | 0 lost | 0 lost | met | 2026-03-02, 1.5 min |" in book
    assert "| kills | 0 lost | 0 lost | **part** | 2026-03-02, **share 0.4**, 1.5 min |" in book
    assert "| machine | finishes | not run |" in book
    assert "2 processors" in book
    assert book.endswith("After.\n")


def test_the_book_gets_the_table_of_a_whole_run_in_the_place_of_the_last(monkeypatch):
    for part in torture.PARTS:
        for kind in ("sqlite", "postgresql"):
            keep(part, kind, MET)
    for _ in range(2):
        assert run(monkeypatch) == 0
    book = torture.DOCS.read_text()
    assert book.startswith("Before.")
    assert book.endswith("After.\n")
    assert book.count("**sqlite**") == book.count("**postgresql**") == 1
    assert "`make torture`, 2" in book


def test_part_of_a_run_does_not_touch_the_book(monkeypatch):
    keep("chaos", "sqlite", MET)
    before = torture.DOCS.read_text()
    run(monkeypatch, "chaos", "--database", "sqlite")
    assert torture.DOCS.read_text() == before


@pytest.mark.parametrize("arguments", [["nothing"], ["--share", "0"], ["--share", "2"], ["--database", "mysql"]])
def test_used_wrongly_it_says_so(monkeypatch, arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *arguments)
    assert ended.value.code == 2
    assert "usage: make torture" in capsys.readouterr().err
