"""The leader's page over HTTP: who sees it, deciding there, and a constant number of queries."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from pdca.db import db
from pdca.items import decisions
from pdca.items.answers import LookalikeAnswer
from pdca.items.models import Decision
from pdca.items.terms import DecisionState, Kind, LookalikeChoice, Phase
from tests import stories
from tests.conftest import MONDAY
from tests.factories import signed_in
from tests.peers.counting import statements
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


@pytest.fixture
def crew(session):
    with time_machine.travel(MONDAY, tick=True):
        yield stories.crew()


def asked(crew):
    story = walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY)
    decisions.ask_waiver(story.item, "R20", "De meting kost te veel.", by=crew.owner, at=story.at)
    return story


def queries_of(app, client, path):
    with statements(app) as sent:
        assert client.get(path).status_code == 200
    return len(sent)


@pytest.mark.parametrize("who", ["keeper", "leader", "sponsor"])
def test_who_keeps_leads_or_sponsors_sees_it(crew, app, who):
    assert signed_in(app, getattr(crew, who)).get("/review").status_code == 200


@pytest.mark.parametrize("who", ["owner", "viewer", "outsider", "administrator"])
def test_nobody_else_does(crew, app, who):
    assert signed_in(app, getattr(crew, who)).get("/review").status_code == 404


def test_it_shows_only_the_teams_of_this_person(crew, app):
    other = stories.crew("Belastingen")
    mine, theirs = asked(crew), walk(other, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY, title="Aanslag in gewone taal")
    decisions.ask_waiver(theirs.item, "R20", "Kan niet.", by=other.owner, at=theirs.at)
    text = signed_in(app, crew.leader).get("/review").get_data(as_text=True)
    assert mine.item.title in text
    assert theirs.item.title not in text


def test_a_leader_decides_on_the_page(crew, app):
    asked(crew)
    client = signed_in(app, crew.leader)
    page = client.get("/review").get_data(as_text=True)
    action = re.search(r'action="(/items/\d+/decisions/\d+)"', page).group(1)
    sent = client.post(action, data={"granted": "yes", "answer": "Doe maar.", "next": "/review"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/review")
    row = db.session.scalars(select(Decision)).one()
    assert (row.state, row.answer, row.decided_by_id) == (DecisionState.GRANTED, "Doe maar.", crew.leader.id)
    assert action not in client.get("/review").get_data(as_text=True)


def test_every_act_and_box_says_which_card_it_is_about(crew, app):
    for title in ("Stoeptegel", "Fietsenrek"):
        story = walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY, title=title, lookalikes=DIFFERENT)
        decisions.ask_waiver(story.item, "R20", "Te duur.", by=crew.owner, at=story.at)
        new(crew, at=MONDAY, title=f"{title[::-1]} hapert")
    page = signed_in(app, crew.leader).get("/review").get_data(as_text=True)
    acts = re.findall(
        r'<(?:a|button) class="(?:btn|plain)[^>]*>(.*?)</(?:a|button)>',
        page.partition("<main")[2].partition("</main")[0],
    )
    boxes = re.findall(r'<label for="answer-[^>]*>(.*?)</label>', page)
    assert (len(acts), len(boxes)) == (12, 2)
    assert len(set(acts)) == len(acts)
    assert len(set(boxes)) == len(boxes)


def test_an_owner_does_not_decide_about_their_own_item(crew, app):
    story = asked(crew)
    story.item.owner_id = crew.leader.id
    client = signed_in(app, crew.leader)
    assert "/decisions/" not in client.get("/review").get_data(as_text=True)


def test_the_menu_counts_what_the_page_shows(crew, app):
    asked(crew).item.owner_id = crew.leader.id
    new(crew, at=MONDAY)
    page = signed_in(app, crew.leader).get("/review").get_data(as_text=True)
    assert "1 decision waits for you" in page
    assert re.search(r"Decisions <b>(\d+)</b>", page).group(1) == "1"


def test_a_stalled_line_says_why_since_when_and_whose_move(crew, app):
    story = walk(crew, Phase.DO, at=MONDAY, due_on=date(2026, 3, 5))
    client = signed_in(app, crew.leader)
    with time_machine.travel(date(2026, 3, 9)):
        text = client.get("/review", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "The date passed, and there is no new one" in text
    assert '<time datetime="2026-03-05">' in text
    assert crew.owner.name in text
    assert story.item.title in text


def test_the_number_of_queries_does_not_grow(crew, app):
    new(crew, at=MONDAY, title="Eerste")
    asked(crew)
    client = signed_in(app, crew.leader)
    few = queries_of(app, client, "/review")
    for number in range(30):
        story = new(crew, at=MONDAY, title=f"Kaart {number}")
        decisions.ask_help(story.item, "Wie weet dit?", by=crew.owner, at=MONDAY)
    db.session.commit()
    assert queries_of(app, client, "/review") == few
