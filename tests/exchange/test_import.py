"""`pdca import`: every row without loss, into New, once."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select

from pdca.catalogue.models import CustomerGroup, Service
from pdca.cli import in_words
from pdca.db import db
from pdca.errors import FieldError, Invalid
from pdca.exchange import cli, operations
from pdca.exchange.columns import row_of
from pdca.exchange.sheet import read_sheet
from pdca.items.models import Entry, Item, Promise
from pdca.items.terms import ActorKind, CustomerType, Importance, Kind, LookalikeChoice, Phase
from pdca.people.models import Team
from tests.conftest import MONDAY

ACTIONS = Path(__file__).parent / "data" / "actions.csv"
HEADER = [
    "title",
    "problem",
    "noticeable",
    "kind",
    "customer",
    "customer_type",
    "service",
    "touchpoint",
    "importance",
    "due_on",
    "channel",
    "source",
]


def row(**given):
    return dict.fromkeys(HEADER, "") | {"title": "Bordje bij de balie", "source": "balie"} | given


def sheet(*rows, header=HEADER, delimiter=",", bom=False, newline="\n"):
    out = io.StringIO()
    writer = csv.DictWriter(out, header, delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return ("\ufeff" if bom else "").encode() + out.getvalue().encode()


@pytest.fixture
def run(app, team, tmp_path):
    def invoke(content, *options):
        db.session.rollback()
        path = tmp_path / "in.csv"
        path.write_bytes(content)
        with time_machine.travel(MONDAY, tick=False):
            done = app.test_cli_runner().invoke(args=["import", str(path), "--team", "Burgerzaken", *options])
        db.session.rollback()
        return done

    return invoke


def items():
    return db.session.scalars(select(Item).order_by(Item.number)).all()


def as_row(item):
    """An item as the row it came from."""
    return {
        "title": item.title,
        "problem": item.problem,
        "noticeable": item.noticeable,
        "kind": item.kind.value if item.kind else "",
        "customer": item.customer_name,
        "customer_type": item.customer_type.value,
        "service": item.service.name if item.service else "",
        "touchpoint": item.touchpoint,
        "importance": item.importance.value,
        "due_on": item.proposed_due_on.isoformat() if item.proposed_due_on else "",
        "channel": item.channel,
        "source": item.source,
    }


# --- the sixty rows --------------------------------------------------------------------------------------


def test_all_sixty_rows_arrive_without_loss(run):
    done = run(ACTIONS.read_bytes())
    assert done.exit_code == 0, done.output
    with ACTIONS.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    assert [as_row(item) for item in items()] == wanted
    assert len(wanted) == 60


def test_they_stand_in_new_with_todays_date_and_promise_nothing(run):
    run(ACTIONS.read_bytes())
    assert {(i.phase, i.created_at, i.due_on, i.lookalike_choice, i.owner_id) for i in items()} == {
        (Phase.NEW, MONDAY, None, LookalikeChoice.NOT_ASKED_IMPORT, None)
    }
    assert db.session.scalar(select(func.count(Promise.id))) == 0


def test_each_row_is_reported_with_its_line_and_number(run):
    lines = run(ACTIONS.read_bytes()).output.splitlines()
    assert lines[0] == "line 2: new · #1 · Telefoon binnen 20 seconden opnemen"
    # A quoted field of two lines stands on lines 13 and 14.
    assert [line.split(":")[0] for line in lines[11:13]] == ["line 13", "line 15"]
    assert lines[60] == "60 rows: 60 new, 0 known already, 0 refused, 0 empty"


def test_services_and_groups_are_made_once_and_named(run):
    output = run(ACTIONS.read_bytes()).output
    with ACTIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(db.session.scalars(select(Service.name))) == {r["service"] for r in rows}
    assert set(db.session.scalars(select(CustomerGroup.name))) == {
        r["customer"] for r in rows if r["customer_type"] == "group"
    }
    assert "services made: Aanvragen en klachten, " in output
    assert "customer groups made: Aanvragers en klagers, " in output


def test_twice_is_once_and_nothing_is_overwritten(run, session):
    run(ACTIONS.read_bytes())
    changed = items()[3]
    changed.title, changed.problem = "Anders gezegd", "Anders verteld"
    session.commit()
    output = run(ACTIONS.read_bytes()).output
    assert "60 rows: 0 new, 60 known already, 0 refused, 0 empty" in output
    assert "line 5: known already · #4 · Mail beantwoorden binnen vijf werkdagen" in output
    assert len(items()) == 60
    assert (items()[3].title, items()[3].problem) == ("Anders gezegd", "Anders verteld")
    assert db.session.scalar(select(Team.next_number)) == 61


def test_a_dry_run_says_the_same_and_changes_nothing(run):
    dry = run(ACTIONS.read_bytes(), "--dry-run").output
    assert items() == []
    assert db.session.scalar(select(func.count(Service.id))) == 0
    assert db.session.scalar(select(func.count(Entry.id))) == 0
    real = run(ACTIONS.read_bytes()).output
    told = [line.replace(f" · #{n}", "") for n, line in enumerate(real.splitlines()[:60], 1)]
    assert dry.splitlines()[:60] == told
    assert "60 rows: 60 new, 0 known already, 0 refused, 0 empty (nothing was changed)" in dry
    assert real.partition("services made: ")[2].splitlines()[0] in dry.partition("services to make: ")[2]


def test_the_journal_says_who_imported(run, team):
    run(sheet(row()))
    captured = db.session.scalars(select(Entry).where(Entry.what == "captured")).one()
    assert (captured.actor_kind, captured.actor_id, captured.at) == (ActorKind.IMPORT, team.keeper.id, MONDAY)


# --- how a file may look ---------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_spreadsheet_may_write_it_its_own_way(delimiter, bom, newline):
    problem = 'Zij zei: "nee";\n\nen nóg eens, nee ĳ 🎉'
    content = sheet(row(problem=problem, due_on="2026-12-31"), delimiter=delimiter, bom=bom, newline=newline)
    (record,) = read_sheet(content)
    understood = row_of(record.line, record.cells)
    assert (record.line, understood.problem, understood.due_on) == (2, problem, date(2026, 12, 31))


def test_columns_may_stand_in_any_order_and_with_capitals(run):
    content = sheet(row(), header=list(reversed(HEADER))).replace(b"title", b" Title ")
    assert run(content).exit_code == 0
    assert [i.title for i in items()] == ["Bordje bij de balie"]


def test_what_looks_like_a_formula_is_text(run):
    formulas = {"title": "=1+1", "problem": "@SUM(A1)", "noticeable": "+31 20 123", "touchpoint": "-balie"}
    run(sheet(row(**formulas)))
    (item,) = items()
    assert {name: getattr(item, name) for name in formulas} == formulas


def test_empty_cells_ask_later_and_an_empty_customer_is_shown_as_unknown(run):
    run(sheet(row()))
    (item,) = items()
    assert (item.kind, item.problem, item.importance) == (None, "", Importance.NORMAL)
    assert (item.customer_type, item.defaulted) == (CustomerType.UNKNOWN, ["customer"])


def test_what_a_spreadsheet_leaves_behind_is_told_and_skipped(run):
    done = run(sheet(row()) + b"\n\n,,,,,,,,,,,\n")
    assert done.exit_code == 0
    assert "line 5: empty" in done.output
    assert "2 rows: 1 new, 0 known already, 0 refused, 1 empty" in done.output


# --- who is known ----------------------------------------------------------------------------------------


def test_a_key_column_decides_what_is_known(run):
    header = [*HEADER, "key"]
    run(sheet(row(key="A-1"), row(key="A-2"), header=header))
    assert [i.source_key for i in items()] == ["A-1", "A-2"]
    output = run(sheet(row(key="A-1", title="Iets anders"), row(key="A-3"), header=header)).output
    assert "line 2: known already · #1 · Iets anders" in output
    assert [i.source_key for i in items()] == ["A-1", "A-2", "A-3"]


def test_without_a_key_title_and_source_decide(run):
    output = run(sheet(row(), row(), row(source="telefoon"), row(title="Ander bordje"))).output
    assert "line 3: known already · #1 · Bordje bij de balie" in output
    assert len(items()) == 3


def test_another_team_knows_nothing_of_it(run, session, team):
    run(sheet(row()))
    other = Team(name="Griffie", timezone="Europe/Amsterdam", created_at=MONDAY)
    session.add(other)
    session.commit()
    again = run(sheet(row()), "--team", "Griffie")
    assert again.exit_code == 1
    assert "'Griffie' has no board keeper and no leader: say who imports with --as EMAIL" in again.output


def test_names_of_lists_are_matched_without_capitals(run, session, team):
    session.add(Service(team_id=team.id, name="Paspoorten"))
    session.commit()
    output = run(sheet(row(service="PASPOORTEN"), row(title="Twee", service="Rijbewijzen"))).output
    assert "services matched: PASPOORTEN" in output
    assert "services made: Rijbewijzen" in output
    assert [i.service.name for i in items()] == ["Paspoorten", "Rijbewijzen"]


# --- what is refused, never silently ---------------------------------------------------------------------


def test_a_bad_row_is_named_and_the_others_go_on(run):
    rows = [
        row(title=""),
        row(title="x" * 201),
        row(title="Kind", kind="project"),
        row(title="Day", due_on="31-12-2026"),
        row(title="No such day", due_on="2026-02-30"),
        row(title="Type", customer="Inwoner"),
        row(title="Good", problem="p" * 5000),
        row(title="Two at once", importance="urgent", channel="c" * 121),
    ]
    done = run(sheet(*rows))
    assert done.exit_code == 1
    assert done.output.splitlines()[:9] == [
        "line 2: refused (title: Write something here.)",
        f"line 3: refused · {'x' * 80} (title: Use at most 200 characters.)",
        "line 4: refused · Kind (kind: “project” is not one of: quick_win, improvement.)",
        "line 5: refused · Day (due_on: “31-12-2026” is not a day: write it as 2026-12-31.)",
        "line 6: refused · No such day (due_on: “2026-02-30” is not a day: write it as 2026-12-31.)",
        "line 7: refused · Type (customer_type: Say who this is: external, colleague or group.)",
        "line 8: new · #1 · Good",
        "line 9: refused · Two at once (importance: “urgent” is not one of: normal, high.; "
        "channel: Use at most 120 characters.)",
        "8 rows: 1 new, 0 known already, 7 refused, 0 empty",
    ]
    assert [i.title for i in items()] == ["Good"]


def test_quotes_that_do_not_match_break_their_row_only(run):
    lines = sheet(row(title="Een"), row(title="Twee"), row(title="Drie")).splitlines(keepends=True)
    lines[2] = b'"Twee" x' + lines[2][4:]
    output = run(b"".join(lines)).output
    assert "line 3: refused (row: The quotes in this line do not match.)" in output
    assert [i.title for i in items()] == ["Een", "Drie"]


def test_a_quote_that_never_closes_names_the_lines_it_swallowed(run):
    lines = sheet(row(title="Een"), row(title="Twee"), row(title="Drie")).splitlines(keepends=True)
    lines[2] = b'"Twee' + lines[2][4:]
    output = run(b"".join(lines)).output
    assert "line 3: refused (row: The quotes do not match; lines 3 to 4 could not be read.)" in output


def test_a_cell_beyond_all_measure_is_named():
    records = read_sheet(sheet(row(problem="x" * 200_000), row(title="Twee")))
    assert [(r.line, r.error and r.error.message) for r in records] == [
        (2, "A cell in this line is too long."),
        (3, None),
    ]


def test_too_few_cells_are_named(run):
    assert "line 2: refused (row: 2 cells instead of 12.)" in run(sheet() + b"Titel,probleem\n").output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file: This file is empty."),
        (sheet(row()).replace(b"kind", b"soort"), "soort: Line 1, column 4: this column is not known."),
        (sheet(row()).replace(b"kind", b"soort"), "kind: Line 1: this column is missing."),
        (sheet(row()).replace(b"kind", b"title"), "title: Line 1, column 4: this column is there twice."),
        (sheet(row()) + "café".encode("latin-1"), "file: Line 3 is not UTF-8"),
        (sheet(row()).decode().encode("utf-16"), "file: Line 1 is not UTF-8"),
        (b"x" * (10 * 1024 * 1024 + 1), "file: A file may be at most 10 MB."),
        (sheet() + b"a,,,,,,,,,,,\n" * 20_001, "file: At most 20000 rows at a time"),
    ],
    ids=["empty", "unknown", "missing", "twice", "latin-1", "utf-16", "too large", "too many"],
)
def test_a_file_that_cannot_be_read_is_refused_whole(content, reason):
    with pytest.raises(Invalid) as refused:
        read_sheet(content)
    assert reason in in_words(refused.value)


def test_a_file_that_is_refused_changes_nothing(run):
    done = run(sheet(row()).replace(b"kind", b"soort"))
    assert (done.exit_code, "soort: Line 1, column 4" in in_words(done.exception)) == (1, True)
    assert items() == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--team", "Griffie"], "there is no team 'Griffie'"),
        (["--as", "nobody@example.org"], "nobody here has the address nobody@example.org"),
    ],
)
def test_an_unknown_team_or_person_is_named(run, options, reason):
    done = run(sheet(row()), *options)
    assert done.exit_code == 1
    assert reason in done.output


def test_a_viewer_may_not_import(run):
    done = run(sheet(row()), "--as", "viewer@example.org")
    assert "Only members of this team may do this." in in_words(done.exception)
    assert items() == []


def test_a_member_may_and_is_named(run, team):
    run(sheet(row()), "--as", "Member@example.org")
    assert db.session.scalars(select(Entry.actor_id).where(Entry.what == "captured")).all() == [team.member.id]


# --- units -----------------------------------------------------------------------------------------------


def test_after_a_crash_the_next_run_goes_on(run, monkeypatch):
    monkeypatch.setattr(operations, "UNIT", 10)
    rows = [row(title=f"Rij {n}", service=f"Dienst {n % 3}") for n in range(25)]
    real, calls = operations.take_in, []

    def crash_in_the_third_unit(records, taking):
        calls.append(len(records))
        outcomes = real(records, taking)
        if len(calls) == 3:
            raise RuntimeError("power cut")
        return outcomes

    monkeypatch.setattr(cli, "take_in", crash_in_the_third_unit)
    assert isinstance(run(sheet(*rows)).exception, RuntimeError)
    assert (calls, len(items())) == ([10, 10, 5], 20)
    monkeypatch.setattr(cli, "take_in", real)
    assert "25 rows: 5 new, 20 known already, 0 refused, 0 empty" in run(sheet(*rows)).output
    assert [i.number for i in items()] == list(range(1, 26))


def test_a_row_that_is_refused_while_it_is_written_leaves_nothing_behind(run, monkeypatch):
    real = operations._answers

    def refuse_the_second(given, shelf):
        answers = real(given, shelf)
        if given.title == "Twee":
            db.session.flush()
            raise Invalid([FieldError("problem", "No.")])
        return answers

    monkeypatch.setattr(operations, "_answers", refuse_the_second)
    rows = [row(title=t, service=f"Dienst {t}") for t in ("Een", "Twee", "Drie")]
    output = run(sheet(*rows)).output
    assert "line 3: refused · Twee (problem: No.)" in output
    assert "services made: Dienst Drie, Dienst Een\n" in output
    assert [(i.title, i.number) for i in items()] == [("Een", 1), ("Drie", 2)]
    assert set(db.session.scalars(select(Service.name))) == {"Dienst Een", "Dienst Drie"}
    assert set(db.session.scalars(select(Entry.item_id))) == {i.id for i in items()}


def test_kinds_and_importance_arrive_as_typed(run):
    run(sheet(row(kind="improvement", importance="high"), row(title="b", kind="Quick_Win")))
    assert [(i.kind, i.importance) for i in items()] == [
        (Kind.IMPROVEMENT, Importance.HIGH),
        (Kind.QUICK_WIN, Importance.NORMAL),
    ]
