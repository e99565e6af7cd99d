"""R15's hint: who says the same is shown, and who only talks about the same subject is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pdca.items.capture import capture
from pdca.items.lookalikes import SHOWN, Text, lookalikes, most_alike
from pdca.items.terms import Phase
from tests.conftest import MONDAY
from tests.stories import crew as a_crew
from tests.stories import walk

# Pairs that say the same in other words, written for this test.
SAME = [
    ("Wachtrij aan de balie te lang", "Te lange rij bij het loket"),
    ("Openingstijden staan verkeerd op de website", "Website toont oude openingstijden"),
    ("Parkeerkaart aanvragen duurt te lang", "Parkeervergunning aanvragen kost te veel tijd"),
    ("Terugbelverzoeken blijven liggen", "Niemand werd teruggebeld, verzoek bleef liggen"),
    ("Printer op de gang is kapot", "Printer op de gang  is kapot!"),
]
# The same subject, another problem.
OTHER = [
    ("Koffie in de wachtkamer", "Stoelen in de wachtkamer"),
    ("Wachttijd telefoon korter", "We bellen niet terug"),
    ("Paspoort ophalen zonder afspraak", "Afspraak maken lukt niet op mobiel"),
    ("Bevestigingsmail komt niet aan", "Geen bevestiging na aanvraag paspoort"),
    ("Container vol op het plein", "Containers te zwaar voor ouderen"),
]


def alike(one, other):
    return most_alike(Text(one), {1: Text(other)}) == [1]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_other_words_is_found(one, other):
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_the_same_subject_is_not_the_same_problem(one, other):
    assert not alike(one, other)


def test_the_problem_counts_beside_the_title():
    one = Text("Terugbellen", "Bewoners vroegen drie keer om teruggebeld te worden en hoorden niets.")
    other = Text("Iets doen aan verzoeken", "Wie vroeg om teruggebeld te worden, hoorde niets.")
    assert most_alike(one, {1: other}) == [1]


def test_empty_and_wordless_texts_are_alike_to_nothing():
    assert most_alike(Text("…"), {1: Text("!!!"), 2: Text("de het een")}) == []


def test_at_most_three_are_shown_the_likest_first():
    line = "Wachtrij aan de balie te lang"
    others = {n: Text(f"{line} {extra}") for n, extra in enumerate(("op donderdag in de ochtend", "", "nu", "weer"))}
    found = most_alike(Text(line), others)
    assert (len(found), found[0]) == (SHOWN, 1)


def test_open_and_recently_closed_items_of_the_team_are_looked_at(crew):
    line = "Wachtrij aan de balie te lang"
    closed = walk(crew, Phase.CLOSED, at=MONDAY, title=line)
    item = capture(crew.team, "Te lange rij bij het loket", by=crew.member, at=closed.at)
    assert lookalikes(item, at=closed.at + timedelta(days=182)) == [closed.item]
    assert lookalikes(item, at=closed.at + timedelta(days=183)) == []


def test_what_was_stopped_or_declined_is_not_shown(crew):
    story = walk(crew, Phase.NEW, at=MONDAY, title="Wachtrij aan de balie te lang")
    item = capture(crew.team, "Te lange rij bij het loket", by=crew.member, at=MONDAY)
    assert lookalikes(item, at=MONDAY) == [story.item]
    story.move(Phase.DECLINED, by=crew.keeper, reason="Nee.")
    assert lookalikes(item, at=MONDAY) == []


def test_another_teams_items_are_not_shown(crew):
    other = a_crew("Belastingen")
    capture(other.team, "Wachtrij aan de balie te lang", by=other.member, at=MONDAY)
    item = capture(crew.team, "Te lange rij bij het loket", by=crew.member, at=MONDAY)
    assert lookalikes(item, at=MONDAY) == []
