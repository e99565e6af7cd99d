"""The table of 44 faults: how each row is proven, on what, and where that is less than the row asks.

The table is written by hand; what it says of a test is compared with that test. Whoever takes a mark away, or lets a
process or a database go, has to write here what has become weaker.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.policy.sources import ROOT

ALL = set(range(1, 45))
TESTS = ROOT / "tests"

# How it is proven, the strongest first: the true command, run as a process; processes of our own (killed, stopped or
# frozen); a real peer that does wrong (mail server, network, disk, database); the engine by itself, or a rule of it.
COMMAND, PROCESS, PEER, ENGINE = "command", "process", "peer", "engine"
# On which databases; NO: what is proven asks none.
BOTH, SQLITE, POSTGRESQL, NO = "both", "SQLite", "PostgreSQL", "none"


class Proof(NamedTuple):
    """The strongest test of one row."""

    kind: str
    on: str
    # File in tests/, and the test's name.
    test: str
    # What the row asks and no test of `make test` does.
    weaker: str = ""


NAMED = Proof(PROCESS, BOTH, "simulation/test_short.py::test_kill_at_every_named_place", "x 50 in `make torture`")
TIME, WATCH = "followup/test_faults_of_time.py", "followup/test_watch.py"
ANSWERS, LIFE = "mail/test_answers.py", "simulation/test_faults_of_life.py"
DATABASE, DISK = "simulation/test_faults_of_the_database.py", "simulation/test_faults_of_the_disk.py"
NETWORK, WEB = "simulation/test_faults_of_the_network.py", "ground/test_web_server.py"

TABLE = {
    **dict.fromkeys(range(1, 13), NAMED),
    13: Proof(
        COMMAND,
        BOTH,
        "simulation/test_faults.py::test_the_true_scheduler_is_killed_and_another_one_goes_on",
        "1,000 kills in `make torture`",
    ),
    14: Proof(
        PROCESS,
        BOTH,
        "simulation/test_faults_of_upgrades.py::test_old_and_new_come_and_go_and_everybody_hears_it_once",
        "10 restarts, 100 by PDCA_RESTARTS",
    ),
    15: Proof(PROCESS, BOTH, "simulation/test_faults.py::test_frozen_beyond_its_lease_and_thawed"),
    16: Proof(PEER, BOTH, f"{ANSWERS}::test_a_server_that_does_not_work_costs_no_attempt", "a budget of 1 s, not 90"),
    17: Proof(PEER, BOTH, f"{ANSWERS}::test_a_whole_conversation_ends_by_its_deadline", "a byte each 0.3 s, not 20"),
    18: Proof(PEER, BOTH, f"{ANSWERS}::test_three_hours_of_no_then_once"),
    19: Proof(PEER, BOTH, "followup/test_refused_address.py::test_the_keeper_is_mailed_the_same_day"),
    20: Proof(PEER, BOTH, f"{ANSWERS}::test_an_hour_of_a_broken_server_with_500_due_kills_none"),
    21: Proof(PEER, BOTH, f"{ANSWERS}::test_the_same_copy_goes_again_after_the_lease"),
    22: Proof(ENGINE, NO, "mail/test_claims.py::test_a_lease_without_room_for_a_conversation_stops_the_start"),
    23: Proof(
        ENGINE,
        BOTH,
        "mail/test_reports.py::test_a_report_of_a_real_server_does_what_it_says",
        "19 shapes written after real ones, beside 30 variants of one; none is a capture. Prose (qmail) is not read",
    ),
    24: Proof(
        PROCESS,
        BOTH,
        "simulation/test_short.py::test_many_schedulers_in_the_same_second",
        "forked passes, not the two commands; 200 rounds in `make torture`",
    ),
    25: Proof(COMMAND, BOTH, f"{WEB}::test_eight_workers_of_gunicorn_leave_every_due_duty_alone"),
    26: Proof(
        COMMAND,
        BOTH,
        f"{DATABASE}::test_fault_26_a_holder_beyond_our_own_patience_ends_no_scheduler",
        "our patience is scaled to 0.3 s instead of a lock of 60 s; PostgreSQL waits without an end",
    ),
    27: Proof(
        COMMAND,
        SQLITE,
        f"{DISK}::test_full_between_the_mail_and_its_yes_it_goes_on_without_a_second_copy",
        "the Nth write fails by hand, not by the kernel; a full disk of PostgreSQL's own only so",
    ),
    28: Proof(
        PEER,
        POSTGRESQL,
        f"{NETWORK}::test_a_commit_of_which_nothing_is_heard_loses_and_doubles_nothing",
        "no failover to a second server; timeouts are scaled; a server that is frozen is not timed out",
    ),
    29: Proof(
        ENGINE, BOTH, "mail/test_claims.py::test_a_row_that_cannot_be_read_is_held", "no poison in what plans the mails"
    ),
    30: Proof(ENGINE, BOTH, "followup/test_restored.py::test_nothing_leaves_twice_and_what_comes_is_told"),
    31: Proof(ENGINE, BOTH, "mail/test_standstill.py::test_a_copy_mails_nobody"),
    32: Proof(
        PROCESS,
        BOTH,
        f"{WATCH}::test_a_process_whose_clock_jumps_ahead_and_back_sends_nothing_early",
        "one size in a process, by a shim and not by libfaketime; four on a stub",
    ),
    33: Proof(
        PROCESS,
        BOTH,
        f"{WATCH}::test_a_process_whose_clock_goes_back_a_day_goes_on_for_an_hour",
        "by a shim, not libfaketime",
    ),
    34: Proof(ENGINE, BOTH, f"{TIME}::test_fault_34_three_days_asleep_are_one_mail_each", "no machine sleeps"),
    35: Proof(ENGINE, NO, f"{TIME}::test_fault_35_a_day_begins_once_and_in_order"),
    36: Proof(ENGINE, BOTH, f"{TIME}::test_fault_36_zones_that_were_drawn_anew"),
    37: Proof(ENGINE, BOTH, f"{TIME}::test_fault_37_thirty_days_down_with_400_due_is_one_digest"),
    38: Proof(ENGINE, BOTH, f"{TIME}::test_fault_38_twelve_days_without_a_window_drop_nothing"),
    39: Proof(
        ENGINE,
        BOTH,
        f"{TIME}::test_fault_39_who_took_it_over_meanwhile_hears_it",
        "the product deletes no item and moves none to another board",
    ),
    40: Proof(
        ENGINE,
        BOTH,
        "followup/test_mail_that_never_leaves.py::test_who_is_next_in_line_is_told",
    ),
    41: Proof(ENGINE, BOTH, f"{TIME}::test_fault_41_nobody_is_erased_around_what_they_owe"),
    42: Proof(
        ENGINE,
        BOTH,
        f"{TIME}::test_fault_42_a_rule_that_changes_while_a_thousand_are_planned",
        "between two batches of a pass",
    ),
    43: Proof(
        PROCESS,
        BOTH,
        "simulation/test_short_load.py::test_a_thousand_duties_at_once_are_all_noticed",
        "1,000 and memory only; 100,000 and the times in `make torture`",
    ),
    44: Proof(
        COMMAND,
        SQLITE,
        f"{LIFE}::test_mailer_dead_both_dead_scheduler_dead_and_alive_again",
        "a dead mailer is red after 15 minutes, as docs/operating.md says; a dead engine after five",
    ),
}


def carried() -> set[int]:
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    return {int(number) for marks in re.findall(r"mark\.fault\(([\d, ]+)\)", text) for number in marks.split(",")}


def test_every_fault_is_carried_by_a_test_and_stands_in_the_table():
    assert carried() == ALL
    assert set(TABLE) == ALL


@pytest.mark.parametrize("number", sorted(ALL))
def test_what_the_table_says_of_a_fault_is_so(number: int):
    proof = TABLE[number]
    path = TESTS / proof.test.partition("::")[0]
    test, marks = _test(path, proof.test.partition("::")[2])
    assert number in marks
    assert _databases(path, test) == proof.on
    if proof.kind in (COMMAND, PROCESS):
        assert any(re.search(r"subprocess\.|os\.fork\(", module.read_text()) for module in _closure(path))


# --- reading a test ------------------------------------------------------------------------------------------


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _test(path: Path, name: str) -> tuple[ast.FunctionDef, set[int]]:
    """The test of this name, with its marks."""
    (found,) = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef) and node.name == name]
    calls = [mark for mark in found.decorator_list if isinstance(mark, ast.Call)]
    faults = [mark for mark in calls if ast.unparse(mark.func) == "pytest.mark.fault"]
    return found, {ast.literal_eval(argument) for mark in faults for argument in mark.args}


def _databases(path: Path, test: ast.FunctionDef) -> str:
    """On which databases it runs, from the fixtures that it asks for and that those ask for."""
    fixtures = _fixtures(path)
    asked, todo = set(), _arguments(test)
    while todo:
        name = todo.pop()
        asked.add(name)
        todo |= fixtures.get(name, set()) - asked
    if asked & {"database", "bench"}:
        return BOTH
    if "peer" in asked or "mortal" in asked:
        return POSTGRESQL
    return SQLITE if "sqlite_template" in asked else NO


def _fixtures(path: Path) -> dict[str, set[str]]:
    """What each fixture asks for: those of the house, of the folder, of the file."""
    files = [TESTS / "conftest.py", path.parent / "conftest.py", path]
    nodes = [node for file in files if file.exists() for node in _tree(file).body if isinstance(node, ast.FunctionDef)]
    return {node.name: _arguments(node) for node in nodes if "fixture" in map(_mark, node.decorator_list)}


def _mark(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator).rpartition(".")[2]


def _arguments(node: ast.FunctionDef) -> set[str]:
    return {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}


def _closure(path: Path) -> set[Path]:
    """The file, and what it uses of tests/, directly and through others."""
    found, todo = set(), {path}
    while todo:
        file = todo.pop()
        found.add(file)
        modules = re.findall(r"from (tests[\w.]*) import ([\w, ]+)", file.read_text(encoding="utf-8"))
        names = {f"{module}.{name.strip()}" for module, names in modules for name in names.split(",")}
        names |= {module for module, _ in modules}
        paths = {ROOT / f"{name.replace('.', '/')}.py" for name in names}
        todo |= {path for path in paths if path.exists()} - found
    return found
