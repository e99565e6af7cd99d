"""A folded column is a strip: it counts along, takes a card, and gives the focus back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from pdca import clock
from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import LookalikeChoice, Phase
from tests import stories
from tests.browser.hands import Hands, hands
from tests.factories import signed_in
from tests.stories import Crew

pytestmark = pytest.mark.browser

CARD = "Fietsenrek bij de zijingang"


@pytest.fixture
def crew(session) -> Crew:
    return stories.crew()


@pytest.fixture
def owner(app, live, crew: Crew, browser: Browser) -> Iterator[Hands]:
    """The owner, at a board with one card in Do, whose date has not passed by the browser's clock."""
    at = clock.now() - timedelta(days=2)
    different = LookalikeAnswer(LookalikeChoice.DIFFERENT)
    stories.walk(crew, Phase.DO, at=at, title=CARD, lookalikes=different)
    cookie, path = signed_in(app, crew.owner).get_cookie("pdca"), f"/teams/{crew.team.id}/board"
    db.session.commit()
    with hands(browser, live) as owner:
        owner.page.context.add_cookies([{"name": "pdca", "value": cookie.value, "url": live}])
        owner.open(path).page.wait_for_function("() => window.htmx && window.Sortable")
        yield owner


def test_it_takes_a_card_and_opens_again(owner):
    plan, do = owner.column("plan"), owner.column("do")
    owner.page.get_by_role("button", name="Fold Plan").click()
    expect(plan.get_by_role("button")).to_be_focused()
    expect(plan).to_have_class("strip")
    owner.page.wait_for_function("() => window.htmx && window.Sortable")
    owner.card(CARD).get_by_role("link", name=CARD).focus()
    owner.page.keyboard.press("[")
    expect(owner.sheet).to_be_visible()
    owner.sheet.locator("[name=reason]").fill("Het kan beter anders.")
    owner.sheet.locator("[data-submit]").click()
    expect(owner.sheet).to_have_count(0)
    expect(plan.locator(".count")).to_have_text("1")
    expect(do.locator("[data-card]")).to_have_count(0)
    expect(plan.locator("[data-card]")).to_have_count(0)
    plan.get_by_role("button").click()
    expect(owner.page.get_by_role("button", name="Fold Plan")).to_be_focused()
    expect(plan.locator("[data-card]")).to_have_count(1)
    assert owner.complaints == []
