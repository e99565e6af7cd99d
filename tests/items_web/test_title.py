"""The title, changed where it stands; nobody replaces unseen what a colleague just wrote."""

from __future__ import annotations

from html import unescape

from pdca.db import db
from pdca.items.models import Entry
from tests.items_web.conftest import HTMX, everything


def _title_of(item):
    db.session.commit()
    db.session.refresh(item)
    return item.title


def test_it_is_changed_and_the_journal_says_from_what(owner, story):
    item = story(title="De wachrij").take_up().item
    db.session.commit()
    answer = owner.post(f"/items/{item.id}/title", data={"title": "  De  wachtrij ", "was": "De wachrij"}, headers=HTMX)
    assert (answer.status_code, _title_of(item)) == (200, "De wachtrij")
    assert f'"item": {item.id}' in answer.headers["HX-Trigger"]
    entry = db.session.query(Entry).filter_by(item_id=item.id, field="title").one()
    assert (entry.old, entry.new) == ("De wachrij", "De wachtrij")


def test_without_a_script_it_is_a_page_that_leads_back(owner, story):
    item = story(title="De wachrij").take_up().item
    page = owner.get(f"/items/{item.id}/title").text
    assert 'value="De wachrij"' in page
    assert f'action="/items/{item.id}/title"' in page
    answer = owner.post(f"/items/{item.id}/title", data={"title": "De wachtrij", "was": "De wachrij"})
    assert (answer.status_code, answer.location) == (303, f"/items/{item.id}")


def test_what_a_colleague_wrote_meanwhile_is_shown_and_not_replaced(owner, story):
    item = story(title="De wachrij").take_up().item
    path = f"/items/{item.id}/title"
    owner.post(path, data={"title": "De rij bij balie 2", "was": "De wachrij"})
    before = everything()
    refused = owner.post(path, data={"title": "De wachtrij", "was": "De wachrij"}, headers=HTMX)
    assert (refused.status_code, everything() == before) == (422, True)
    assert "De rij bij balie 2" in unescape(refused.text)
    assert 'value="De wachtrij"' in refused.text
    # Seen now: the second try is meant.
    assert 'name="was" value="De rij bij balie 2"' in refused.text
    assert owner.post(path, data={"title": "De wachtrij", "was": "De rij bij balie 2"}, headers=HTMX).status_code == 200
    assert _title_of(item) == "De wachtrij"


def test_an_empty_line_and_a_frozen_card_are_refused(owner, story, frozen):
    item = story(title="De wachrij").take_up().item
    for one, title, status in ((item, "  ", 422), (item, "x" * 201, 422), (frozen, "Anders", 409)):
        before = everything()
        answer = owner.post(f"/items/{one.id}/title", data={"title": title}, headers=HTMX)
        assert (title[:3], answer.status_code, everything() == before) == (title[:3], status, True)


def test_who_may_not_edit_may_not_and_sees_no_pencil(client_of, crew, story):
    item = story(title="De wachrij").take_up().item
    path = f"/items/{item.id}"
    viewer, outsider = client_of(crew.viewer), client_of(crew.outsider)
    assert viewer.post(f"{path}/title", data={"title": "Anders"}, headers=HTMX).status_code == 409
    assert outsider.post(f"{path}/title", data={"title": "Anders"}, headers=HTMX).status_code == 404
    assert [f"{path}/title" in client.get(path).text for client in (viewer, client_of(crew.owner))] == [False, True]
    assert _title_of(item) == "De wachrij"
