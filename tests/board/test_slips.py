"""Cards that are kept ready are the cards that would be made now, whatever happened in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask_babel import force_locale
from sqlalchemy import select

from pdca.board.slips import snapshot
from pdca.db import db
from pdca.items import decisions, handovers, talk, work
from pdca.items.answers import LookalikeAnswer
from pdca.items.edit import edit
from pdca.items.ranking import Place
from pdca.items.terms import Kind, LookalikeChoice, Phase
from pdca.people.models import Membership, TeamSetting
from pdca.people.queries import rules_of
from tests import stories
from tests.factories import signed_in
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)
LANES = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT)


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture(autouse=True)
def clock(at):
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def board(app, crew):
    """The cards as they are kept, and as they would be made if nothing were kept."""

    def look(at, language="nl"):
        db.session.flush()
        with app.test_request_context(), force_locale(language):
            rules = rules_of([crew.team.id])[crew.team.id]
            kept = snapshot(crew.team.id, rules, at)
            app.extensions["shelves"].clear()
            fresh = snapshot(crew.team.id, rules, at)
        return kept, fresh

    return look


def _same(pair):
    kept, fresh = pair
    shown = [{place: [slip.html for slip in slips] for place, slips in one.places.items()} for one in pair]
    assert shown[0] == shown[1]
    assert [kept.slips[item_id].traits for item_id in kept.slips] == [
        fresh.slips[item_id].traits for item_id in kept.slips
    ]


NOTE = handovers.Note("Gemeten.", "Nog bellen.", "Karin: volgende week.", "De printer.")

# What can happen to an item in Do, each of which shows on its card.
HAPPENINGS = {
    "a handover": lambda s, c: handovers.hand_over(s.item, c.member.id, NOTE, by=c.owner, at=s.at),
    "help": lambda s, c: decisions.ask_help(s.item, "Wie weet dit?", by=c.owner, at=s.at),
    "waiting": lambda s, c: work.wait_on(s.item, "de leverancier", s.today + timedelta(3), by=c.owner, at=s.at),
    "a comment": lambda s, c: talk.comment(s.item, "Gebeld.", by=c.member, at=s.at),
    "another place": lambda s, c: work.reorder(s.item, Place(), by=c.member, at=s.at),
    "another title": lambda s, c: edit(s.item, {"title": "Heel anders"}, by=c.owner, at=s.at),
    "another name": lambda s, c: setattr(c.owner, "name", "Olga Anders"),
    "a smaller limit": lambda s, c: c.team.settings.append(TeamSetting(name="wip_do", value="1")),
}


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_a_card_shows_what_happened(crew, at, board, happening):
    story = walk(crew, Phase.DO, at=at)
    walk(crew, Phase.PLAN, at=at, title="Lantaarn", lookalikes=DIFFERENT)
    board(story.at)
    db.session.flush()
    HAPPENINGS[happening](story, crew)
    _same(board(story.at))


def test_a_card_grows_older_by_the_day(crew, at, board):
    stories_ = [walk(crew, lane, at=at, title=f"Ding {lane.value}", lookalikes=DIFFERENT) for lane in LANES]
    moment = max(story.at for story in stories_)
    for days in (0, 1, 5, 20, 60):
        _same(board(moment + timedelta(days=days)))


def test_a_card_in_plan_knows_when_do_is_full(crew, at, board):
    """R31 is the one thing on a card that depends on other cards."""
    crew.team.settings.append(TeamSetting(name="wip_do", value="1"))
    plan = walk(crew, Phase.PLAN, at=at, title="Lantaarn", lookalikes=DIFFERENT)
    before = board(plan.at)[0].slips[plan.item.id].html
    walk(crew, Phase.DO, at=at, title="Fietsenrek", lookalikes=DIFFERENT)
    pair = board(plan.at)
    _same(pair)
    assert pair[0].slips[plan.item.id].html != before


def test_each_language_has_its_own(crew, at, board):
    new(crew, at=at)
    dutch, english = board(at, "nl")[0], board(at, "en")[0]
    assert {slip.html for slip in dutch.slips.values()} != {slip.html for slip in english.slips.values()}


def test_the_page_of_one_is_never_the_page_of_another(app, crew, at):
    new(crew, Kind.IMPROVEMENT, at=at, title="Iets")
    url = f"/teams/{crew.team.id}/board"
    owner, viewer = signed_in(app, crew.owner), signed_in(app, crew.viewer)
    for _ in range(2):
        assert crew.owner.email in owner.get(url).text
        page = viewer.get(url).text
        assert crew.viewer.email in page
        assert crew.owner.email not in page
        assert "capture-line" not in page
    stranger = signed_in(app, crew.outsider)
    assert [stranger.get(f"{url}{path}").status_code for path in ("", "/changes", "/cards?ids=1", "/live")] == [404] * 4


def test_who_leaves_the_team_sees_it_no_more(app, crew, at):
    url, client = f"/teams/{crew.team.id}/board", signed_in(app, crew.viewer)
    assert client.get(url).status_code == 200
    db.session.delete(db.session.scalars(select(Membership).where(Membership.person_id == crew.viewer.id)).one())
    db.session.commit()
    assert client.get(url).status_code == 404


def test_the_form_token_is_this_browsers_own(app, crew):
    """Two browsers of one person share a frame, never a token."""
    url = f"/teams/{crew.team.id}/board"
    pages = []
    for raw in ("1" * 40, "2" * 40):
        client = signed_in(app, crew.owner)
        with client.session_transaction() as cookie:
            cookie["csrf_token"] = raw
        pages.append(client.get(url).text)
        assert "<!--token" not in pages[-1]
    tokens = [page.split('"X-CSRFToken": "')[1].split('"')[0] for page in pages]
    assert tokens[0] != tokens[1]
    assert tokens[0] not in pages[1]


def test_a_kept_view_is_ones_own_or_the_teams(app, crew, at):
    new(crew, at=at)
    url = f"/teams/{crew.team.id}/views"
    keeper, member = signed_in(app, crew.keeper), signed_in(app, crew.member)
    form = {"name": "Deze week", "query": "is=this_week"}
    assert member.post(url, data=form).status_code == 303
    assert member.post(url, data={**form, "for_team": "1"}).status_code == 409
    assert keeper.post(url, data={**form, "name": "Van ons", "for_team": "1"}).status_code == 303
    board = f"/teams/{crew.team.id}/board"
    assert ("Deze week" in member.get(board).text, "Van ons" in member.get(board).text) == (True, True)
    assert "Deze week" not in keeper.get(board).text
