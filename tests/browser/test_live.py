"""Two people look at one board: what one does, the other sees, and nothing is taken out of a hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.hands import PHONE, Hands
from tests.browser.town import address_of
from tests.peers.product import Product

pytestmark = pytest.mark.browser


# Sooner than the slow poll would tell; how soon it is as a rule, `make bench` says.
SOON = 10_000
OTHERS = {"desk": {}, "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True}}


@pytest.fixture(params=OTHERS)
def two(request, product: Product, page: Page, browser: Browser, browser_context_args: dict):
    """Anke at a desk, and somebody else at a desk or with a phone, each at the board."""
    other = browser.new_context(**browser_context_args | OTHERS[request.param])
    both = Hands(page, product.address), Hands(other.new_page(), product.address)
    for hands, part in zip(both, ("keeper", "owner"), strict=True):
        hands.sign_in(address_of(part))
        # The stream stands once a fresh page has asked what it missed.
        with hands.page.expect_response(lambda answer: "/board/changes" in answer.url):
            hands.open("/")
        expect(hands.page.locator("#capture-line")).to_be_visible()
    yield both
    other.close()


def _capture(hands: Hands, words: str) -> None:
    hands.page.locator("#capture-line").fill(words)
    hands.page.locator("#capture-line").press("Enter")


def test_one_sees_what_the_other_does_and_keeps_what_they_type(two):
    one, other = two
    other.page.locator("#capture-line").fill("Half a sen")
    _capture(one, "The bell is broken")
    expect(other.card("The bell is broken")).to_be_visible(timeout=SOON)
    _capture(one, "The lamp is broken")
    expect(other.page.locator("#column-new [data-card]").first).to_contain_text("The lamp is broken", timeout=SOON)
    one.card("The lamp is broken").get_by_role("link").focus()
    one.page.keyboard.press("Alt+ArrowDown")
    expect(other.page.locator("#column-new [data-card]").first).to_contain_text("The bell is broken", timeout=SOON)
    assert other.page.locator("#capture-line").input_value() == "Half a sen"
    assert other.page.evaluate("document.activeElement.id") == "capture-line"


def test_a_lost_connection_is_said_and_comes_back_by_itself(two):
    one, other = two
    other.page.context.set_offline(True)
    expect(other.page.locator("[data-lost]")).to_be_visible(timeout=30_000)
    _capture(one, "Meanwhile")
    expect(one.card("Meanwhile")).to_be_visible()
    other.page.context.set_offline(False)
    expect(other.card("Meanwhile")).to_be_visible(timeout=30_000)
    expect(other.page.locator("[data-lost]")).to_be_hidden()
