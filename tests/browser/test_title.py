"""A title is changed where it stands: on the card and on its own page, by key and by button."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Route, expect

from pdca.db import db
from tests import stories
from tests.browser.hands import Hands, hands
from tests.factories import signed_in
from tests.stories import Crew

pytestmark = pytest.mark.browser

WAS = "De wachrij"


@pytest.fixture
def crew(session) -> Crew:
    return stories.crew()


@pytest.fixture
def owner(app, live, crew: Crew, at: datetime, browser: Browser) -> Iterator[Hands]:
    """The board keeper, at a board with one card."""
    stories.new(crew, at=at, title=WAS)
    cookie, path = signed_in(app, crew.keeper).get_cookie("pdca"), f"/teams/{crew.team.id}/board"
    db.session.commit()
    with hands(browser, live) as owner:
        owner.page.context.add_cookies([{"name": "pdca", "value": cookie.value, "url": live}])
        owner.open(path).page.wait_for_function("() => window.htmx && window.Sortable")
        yield owner


def test_on_the_card_by_key_and_by_menu(owner):
    field = owner.column("new").locator(".title-field")
    owner.card(WAS).get_by_role("link", name=WAS).focus()
    owner.page.keyboard.press("e")
    expect(field).to_be_focused()
    owner.page.keyboard.type("Niets ervan")
    owner.page.keyboard.press("Escape")
    expect(owner.card(WAS).get_by_role("link", name=WAS)).to_be_focused()
    owner.page.keyboard.press("e")
    owner.page.keyboard.type("De wachtrij")
    owner.page.keyboard.press("Enter")
    expect(owner.card("De wachtrij").get_by_role("link", name="De wachtrij")).to_be_focused()
    owner.card("De wachtrij").locator("[data-menu]").click()
    owner.page.get_by_role("menuitem", name="Change the title").click()
    field.fill("De rij")
    # Who clicks elsewhere means to keep it.
    owner.page.locator("h1").click()
    expect(owner.card("De rij")).to_be_visible()
    owner.page.reload()
    expect(owner.card("De rij")).to_be_visible()
    assert owner.complaints == []


def test_on_its_page_by_button_and_by_key(owner):
    owner.card(WAS).get_by_role("link", name=WAS).click()
    head, field = owner.page.locator("#item-page h1"), owner.page.locator("#item-page .title-field")
    owner.page.get_by_role("link", name="Change the title").click()
    expect(field).to_have_value(WAS)
    owner.page.keyboard.press("Escape")
    expect(head).to_have_text(WAS)
    expect(owner.page.locator("[data-title-edit]")).to_be_focused()
    owner.page.keyboard.press("e")
    field.fill("De wachtrij")
    field.press("Enter")
    expect(head).to_have_text("De wachtrij")
    expect(owner.page.locator("[data-title-edit]")).to_be_focused()
    assert owner.complaints == []


def test_a_colleague_who_was_first_is_not_overwritten_unseen(owner):
    def be_second(route: Route) -> None:
        owner.page.context.request.post(
            route.request.url,
            form={"title": "De rij bij balie 2", "was": WAS},
            headers={"X-CSRFToken": route.request.headers["x-csrftoken"], "HX-Request": "true"},
        )
        route.continue_()

    owner.page.route("**/title", be_second, times=1)
    owner.card(WAS).get_by_role("link", name=WAS).focus()
    owner.page.keyboard.press("e")
    owner.page.keyboard.type("De wachtrij")
    owner.page.keyboard.press("Enter")
    expect(owner.sheet).to_contain_text("De rij bij balie 2")
    expect(owner.sheet.locator("[name=title]")).to_have_value("De wachtrij")
    owner.press("Keep")
    expect(owner.card("De wachtrij")).to_be_visible()
