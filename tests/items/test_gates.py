"""Every pair of phases: allowed, or refused with exactly these criteria. Written by hand from the domain."""

from __future__ import annotations

from itertools import product

import pytest

from pdca.items.answers import Answers
from pdca.items.capture import capture
from pdca.items.criteria import NEVER_WAIVED
from pdca.items.decisions import WAIVABLE
from pdca.items.lifecycle import STEPS, step_between
from pdca.items.moves import move
from pdca.items.terms import Kind, Phase
from tests.conftest import MONDAY
from tests.items.bare import bare
from tests.items.refusals import missing, names

# One letter per cell: what a bare item is asked on the way from the phase of the row to that of the column.
# "." there is no such step: no column can be skipped, and what ended starts only through reopening.
GRID = """
from      new plan do check act closed parked stopped declined
new        .   A   .   .     .    .      H      I       J
plan       .   .   B   .     .    .      H      I       .
do         .   J   .   C     .    .      .      I       .
check      .   F   G   .     D    .      .      I       .
act        .   F   G   .     .    E      .      I       .
closed     .   K   .   .     .    .      .      .       .
parked     L   0   .   .     .    .      .      I       .
stopped    .   .   .   .     .    .      .      .       .
declined   .   .   .   .     .    .      .      .       .
"""
QUICK_WIN = {
    "A": "problem customer noticeable",
    "B": "need purpose promise agreed aftercare",
    "C": "carried_out",
    "D": "answered verdict",
    "E": "checks_settled verdict ends_well lesson",
    "F": "not_effective why_not",
    "G": "partly new_date",
    "H": "reason review_on",
    "I": "reason lesson",
    "J": "reason",
    "K": "cause",
    "L": "resumes",
    "0": "",
}
# A bare action was never asked what Plan asks, like one that was promoted in Do: its next gate asks it.
IMPROVEMENT = QUICK_WIN | {
    "B": "need purpose promise agreed aftercare owner baseline small_test groups touchpoint",
    "C": "carried_out baseline small_test groups touchpoint",
    "D": "answered verdict prediction",
    "E": "checks_settled verdict ends_well lesson standard",
    "F": "not_effective why_not adjusted_prediction",
}
LEGEND = {Kind.QUICK_WIN: QUICK_WIN, Kind.IMPROVEMENT: IMPROVEMENT}
# What the operation answers by itself: taking it up is the decision, no look-alike found is an answer, and who
# takes or starts a quick win owns it.
BY_ITSELF = {
    (Kind.QUICK_WIN, Phase.NEW): {"decision", "lookalikes"},
    (Kind.IMPROVEMENT, Phase.NEW): {"decision", "lookalikes"},
    (Kind.QUICK_WIN, Phase.PLAN): {"owner"},
}

# name · rule · may a leader waive it?
CRITERIA = """
measure              -    no
problem              -    no
customer             R18  yes
noticeable           R23  yes
decision             R27  yes
kind                 -    no
lookalikes           R15  yes
need                 R1   yes
purpose              R2   no
promise              R3   no
agreed               R3   no
owner                -    no
aftercare            R12  no
baseline             R20  yes
small_test           R21  yes
groups               R22  yes
touchpoint           R25  yes
root_cause           R15  yes
still_needed         R9   yes
round_three          -    no
room_owner           R31  yes
room_do              R31  yes
room_check           R31  yes
carried_out          -    no
announced            R4   yes
called               R10  yes
no_handover          R6   no
answered             R11  yes
verdict              R13  yes
verdict_allows       R24  no
later_check          R11  yes
prediction           R21  yes
checks_settled       R12  no
ends_well            R11  yes
standard             -    no
lesson               R14  no
not_effective        R24  no
why_not              R14  no
adjusted_prediction  R21  yes
partly               R24  no
new_date             R8   no
reason               -    no
review_on            R31  no
resumes              -    no
cause                R15  no
in_time              R15  no
"""


def cells():
    """(from, to, letter) for all 81 pairs."""
    head, *rows = (line.split() for line in GRID.strip().splitlines())
    return [(Phase(row[0]), Phase(to), letter) for row in rows for to, letter in zip(head[1:], row[1:], strict=True)]


def test_the_grid_holds_every_pair_once():
    assert sorted((a, b) for a, b, _ in cells()) == sorted(product(Phase, Phase))


@pytest.mark.parametrize("kind", list(Kind))
def test_moving_is_refused_with_exactly_what_is_missing(crew, kind):
    item = capture(crew.team, "Wachtrij korter", by=crew.member, at=MONDAY, answers=Answers(kind=kind))
    found, wanted = {}, {}
    for source, target, letter in cells():
        item.phase = source
        item.resumes_in = Phase.PLAN if source is Phase.PARKED else None
        item.ended_at = MONDAY if source in (Phase.CLOSED, Phase.STOPPED, Phase.DECLINED) else None
        wanted[source, target] = set(LEGEND[kind].get(letter, "no_step").split())
        if letter == "0":
            continue
        found[source, target] = names(lambda to=target: move(item, to, by=crew.leader, at=MONDAY))
    allowed = {pair for pair, asked in wanted.items() if not asked}
    assert found == {pair: asked for pair, asked in wanted.items() if pair not in allowed}
    assert allowed == {(Phase.PARKED, Phase.PLAN)}


@pytest.mark.parametrize("kind", list(Kind))
def test_the_pair_without_conditions_is_allowed(crew, kind):
    item = capture(crew.team, "Wachtrij korter", by=crew.member, at=MONDAY, answers=Answers(kind=kind))
    item.phase, item.resumes_in = Phase.PARKED, Phase.PLAN
    move(item, Phase.PLAN, by=crew.leader, at=MONDAY)
    assert (item.phase, item.resumes_in) == (Phase.PLAN, None)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("source", "target", "letter"), cells())
def test_the_table_and_the_grid_say_the_same(kind, source, target, letter):
    """Every row of the life-cycle table, and every pair that has no row."""
    step = step_between(source, target)
    if letter == ".":
        assert step is None
        return
    assert step is not None
    asked = {m.name for m in step.missing(bare(kind, source))}
    assert asked - BY_ITSELF.get((kind, source), set()) == set(LEGEND[kind][letter].split())


def test_no_step_stands_twice_in_the_table():
    pairs = [(step.source, step.target) for step in STEPS]
    assert len(pairs) == len(set(pairs)) == sum(letter != "." for _, _, letter in cells())


def test_every_criterion_has_a_name_and_its_rule():
    said = {}
    for line in CRITERIA.strip().splitlines():
        name, rule, waivable = line.split()
        said[name] = ("" if rule == "-" else rule, waivable == "yes")
    stated = {c.name: (c.rule, c.is_waivable) for step in STEPS for c in step.needs}
    assert stated == said


def test_a_criterion_without_a_rule_is_named_by_itself(crew):
    item = capture(crew.team, "Wachtrij korter", by=crew.member, at=MONDAY)
    refused = missing(lambda: move(item, Phase.STOPPED, by=crew.leader, at=MONDAY))
    assert (refused["reason"].rule, refused["reason"].field) == ("reason", "reason")
    assert (refused["lesson"].rule, refused["lesson"].field) == ("R14", "lesson")


def test_the_rules_that_nobody_waives():
    assert frozenset({"R2", "R3", "R6", "R8", "R12", "R14", "R24"}) == NEVER_WAIVED
    assert not NEVER_WAIVED & set(WAIVABLE)
    assert "R17" not in WAIVABLE
