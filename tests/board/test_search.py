"""Finding: by words in both languages, by what an item is, and never beyond one's own teams."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from pdca.board.asking import read
from pdca.board.searching import search
from pdca.board.stems import stem
from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.talk import comment
from pdca.items.terms import LookalikeChoice, Phase
from tests import stories
from tests.factories import signed_in
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture(autouse=True)
def monday(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def find(crew, at):
    """The titles that the owner finds."""

    def look(line):
        db.session.flush()
        asked = read(line, crew.owner.id, stories.day_of(at))
        assert asked.errors == ()
        return [found.title for found in search(asked, [crew.team.id])]

    return look


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("brieven", "brief"), ("telefonen", "telefoon"), ("wachtrijen", "wachtrij"), ("balies", "balie"),
        ("waiting", "wait"), ("letters", "letter"), ("queries", "query"), ("bakken", "bak"),
        ("rijbewijzen", "rijbewijs"),
    ],
)  # fmt: skip
def test_a_word_is_found_by_its_other_forms(one, other):
    assert stem(one) == stem(other)


class TestWords:
    def test_find_an_item_by_a_word_of_its_title(self, crew, at, find):
        new(crew, at=at, title="De brieven zijn onleesbaar")
        new(crew, at=at, title="De deur klemt")
        assert find("brief") == ["De brieven zijn onleesbaar"]

    def test_find_an_item_by_its_comments(self, crew, at, find):
        item = new(crew, at=at, title="De deur klemt").item
        comment(item, "De **scharnieren** zijn geolied.", by=crew.member, at=at)
        assert find("scharnier") == ["De deur klemt"]

    def test_find_by_the_beginning_of_the_last_word(self, crew, at, find):
        new(crew, at=at, title="De parkeergarage is vol")
        assert find("vol parkeerg") == ["De parkeergarage is vol"]

    def test_follow_a_changed_title(self, crew, at, find):
        item = new(crew, at=at, title="De deur klemt").item
        item.title = "Het raam klemt"
        assert (find("deur"), find("raam")) == ([], ["Het raam klemt"])

    def test_in_quotes_are_found_exactly_so(self, crew, at, find):
        new(crew, at=at, title="Het raam van de balie")
        new(crew, at=at, title="De balie van het raam", lookalikes=DIFFERENT)
        assert find('"raam van de"') == ["Het raam van de balie"]

    @pytest.mark.parametrize("line", ['"', "'; DROP TABLE item --", "a AND (", "NEAR(", "*", "% _", ":", "é -- &|!"])
    def test_are_never_a_query_of_their_own(self, crew, at, line):
        new(crew, at=at)
        assert isinstance(search(read(line, crew.owner.id, stories.day_of(at)), [crew.team.id]), list)


class TestFilters:
    def test_combine(self, crew, at, find):
        mine = walk(crew, Phase.DO, at=at, title="Lantaarn kapot")
        walk(crew, Phase.PLAN, at=at, title="Lantaarn scheef", lookalikes=DIFFERENT)
        assert find("lantaarn phase:do owner:me") == [mine.item.title]
        assert find("phase:do due:<1d") == []
        late = (mine.item.due_on - stories.day_of(at)) + timedelta(days=1)
        assert find(f"phase:do due:<{late.days}d") == [mine.item.title]

    def test_know_how_often_a_date_moved(self, crew, at, find):
        item = walk(crew, Phase.DO, at=at).item
        assert find("moved:>0") == []
        item.times_moved = 3
        assert find("moved:>2") == [item.title]

    def test_find_a_number(self, crew, at, find):
        item = new(crew, at=at).item
        assert find(f"#{item.number}") == [item.title]

    def test_say_what_they_do_not_know(self, crew, at):
        asked = read("ownr:me due:soon lantaarn", crew.owner.id, stories.day_of(at))
        assert [error.params["word"] for error in asked.errors] == ["ownr", "due:soon"]
        assert asked.stems == (stem("lantaarn"),)


class TestPage:
    def test_finds_in_ones_own_teams_only(self, app, crew, at):
        new(crew, at=at, title="Geheim plan")
        other = stories.crew("Elders")
        assert "Geheim plan" in signed_in(app, crew.viewer).get("/search?q=geheim").text
        theirs = signed_in(app, other.owner).get(f"/search?q=geheim&team={crew.team.id}").text
        assert "Geheim plan" not in theirs

    def test_speaks_its_errors(self, app, crew):
        page = signed_in(app, crew.owner).get("/search?q=ownr:me").text
        assert 'role="alert"' in page
        assert "ownr:" in page
