"""Written down without a connection: kept in this browser, sent when there is one again, and never twice."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.hands import PHONE, Hands, hands
from tests.browser.town import address_of
from tests.peers.product import Product

pytestmark = pytest.mark.browser

WINDOWS = {"desktop": {}, "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True}}


@pytest.fixture
def window() -> str:
    """A desk, unless the test says otherwise."""
    return "desktop"


@pytest.fixture
def owner(window: str, product: Product, browser: Browser) -> Iterator[Hands]:
    """Somebody at the board."""
    with hands(browser, product.address, **WINDOWS[window]) as owner:
        owner.sign_in(address_of("owner")).open("/")
        expect(owner.page.locator("#capture-line")).to_be_visible()
        owner.page.wait_for_function("() => window.htmx && window.Sortable")
        yield owner


def _write(owner: Hands, words: str) -> None:
    owner.page.locator("#capture-line").fill(words)
    owner.page.locator("#capture-line").press("Enter")


def _waiting(owner: Hands):
    return owner.page.locator("[data-waiting] li")


def _stored(product: Product, words: str) -> list[dict[str, object]]:
    return product.rows("SELECT number FROM item WHERE title = ?", words)


@pytest.mark.parametrize("window", WINDOWS)
def test_lines_wait_for_the_connection_and_are_sent_once(owner, product):
    owner.page.context.set_offline(True)
    _write(owner, "The bell is broken")
    expect(_waiting(owner)).to_have_count(1)
    expect(owner.page.locator("#capture-line")).to_have_value("")
    _write(owner, "The lamp is broken")
    expect(_waiting(owner)).to_have_count(2)
    assert _stored(product, "The bell is broken") == []
    owner.page.context.set_offline(False)
    for words in ("The bell is broken", "The lamp is broken"):
        expect(owner.card(words)).to_be_visible()
    expect(_waiting(owner)).to_have_count(0)
    owner.open("/")
    for words in ("The bell is broken", "The lamp is broken"):
        expect(owner.card(words)).to_have_count(1)
        assert len(_stored(product, words)) == 1


def test_a_line_whose_answer_was_lost_is_not_written_twice(owner, product):
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    owner.page.route("**/teams/*/items", lose)
    _write(owner, "The bell is broken")
    expect(_waiting(owner)).to_have_count(1)
    assert len(_stored(product, "The bell is broken")) == 1
    owner.page.unroute("**/teams/*/items", lose)
    owner.page.evaluate("dispatchEvent(new Event('online'))")
    expect(_waiting(owner)).to_have_count(0)
    expect(owner.card("The bell is broken")).to_be_visible()
    assert len(_stored(product, "The bell is broken")) == 1


def test_a_line_can_be_taken_back_before_it_is_sent(owner):
    owner.page.context.set_offline(True)
    _write(owner, "The bell is brokn")
    _waiting(owner).get_by_role("button", name="Back to the line").click()
    expect(owner.page.locator("#capture-line")).to_have_value("The bell is brokn")
    expect(owner.page.locator("#capture-line")).to_be_focused()
    expect(_waiting(owner)).to_have_count(0)


def test_what_somebody_else_wrote_on_this_computer_is_not_sent(owner, product):
    others = [{"once": "1f", "title": "Of somebody else", "url": "/teams/1/items", "who": "999"}]
    owner.page.evaluate("kept => localStorage.setItem('captures', kept)", json.dumps(others))
    with owner.page.expect_response(lambda answer: "/board/live" in answer.url):
        owner.open("/")
    _write(owner, "Of mine")
    expect(owner.card("Of mine")).to_be_visible()
    assert _stored(product, "Of somebody else") == []
    expect(_waiting(owner)).to_have_count(0)


def test_the_page_without_a_connection_puts_a_line_ready(owner, product):
    owner.open("/offline")
    owner.page.get_by_label("What goes wrong, or what will we do?").fill("From the train")
    owner.page.get_by_role("button", name="Keep it").click()
    expect(owner.page.locator("[data-draft-said]")).to_contain_text("Kept.")
    owner.open("/")
    expect(owner.page.locator("#capture-line")).to_have_value("From the train")
    assert _stored(product, "From the train") == []
    owner.page.locator("#capture-line").press("Enter")
    expect(owner.card("From the train")).to_be_visible()
    assert owner.complaints == []
