"""A column that somebody folds stays folded for them, on every board, and shows how full it is."""

from __future__ import annotations

import re

import pytest

from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import LookalikeChoice, Phase
from tests import stories
from tests.factories import signed_in

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture
def path(crew, at):
    for number in range(3):
        stories.walk(crew, Phase.DO, at=at, title=f"Kaart {number} in uitvoering", lookalikes=DIFFERENT)
    stories.new(crew, at=at, title="Nieuwe kaart")
    return f"/teams/{crew.team.id}/board"


def _strips(page):
    return re.findall(r'<section class="strip" id="column-(\w+)"', page)


def test_it_is_folded_for_who_folds_it_and_unfolded_by_the_same_press(app, crew, path):
    mine, theirs = signed_in(app, crew.viewer), signed_in(app, crew.owner)
    answer = mine.post(f"{path}/look", data={"fold": "do", "query": "is=mine"})
    assert (answer.status_code, answer.location) == (303, f"{path}?is=mine#fold-do")
    mine.post(f"{path}/look", data={"fold": "act", "query": ""})
    assert (_strips(mine.get(path).text), _strips(theirs.get(path).text)) == (["do", "act", "closed"], ["closed"])
    mine.post(f"{path}/look", data={"fold": "do", "query": ""})
    assert _strips(mine.get(path).text) == ["act", "closed"]
    assert mine.post(f"{path}/look", data={"fold": "closed", "query": ""}).status_code == 422


def test_a_strip_says_how_many_and_how_full_and_shows_no_card(app, crew, path):
    client = signed_in(app, crew.owner)
    client.post(f"{path}/look", data={"fold": "do", "query": ""})
    strip = re.search(r'<section class="strip" id="column-do".*?</section>', client.get(path).text, re.DOTALL)[0]
    assert ("<b>" in strip, "data-card=" in strip) == (False, False)
    assert '<span class="count">3</span>' in strip
    assert "3 of 8 places taken" in strip
    load = re.search(r'class="load".*?</span>', strip, re.DOTALL)[0]
    assert load.count('<i class="on">') == 3


def test_what_changes_in_a_folded_column_is_told_as_a_strip(app, crew, path):
    client = signed_in(app, crew.owner)
    client.post(f"{path}/look", data={"fold": "do", "query": ""})
    columns = client.get(f"{path}/changes").get_json()["columns"]
    assert ("whole" in columns["do"], "whole" in columns["new"]) == (True, False)
    assert 'class="strip"' in columns["do"]["whole"]
