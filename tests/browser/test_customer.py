"""The customer's page: four taps on a phone, one page without a script, readable for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pdca import create_app
from pdca.db import db
from pdca.items.terms import Phase
from pdca.mail.links import make_link, token_of
from tests import stories
from tests.browser.hands import PHONE, hands
from tests.browser.town import START
from tests.peers.product import Product, installed

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LINKS = 4


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The program, with customers who have been asked."""
    with installed(tmp_path, START, PDCA_ORGANISATION="Gemeente Lindewaard") as product:
        yield product


@pytest.fixture
def tokens(product: Product) -> list[str]:
    """Links that ask, each to a customer of its own; the program runs on the day they are asked."""
    app = create_app(product.configuration)
    with app.app_context(), db.writing():
        asked = [stories.walk(stories.crew(f"Team {n}"), Phase.CHECK, at=START).ask() for n in range(LINKS)]
        made = [
            make_link("aftercare", s.check.id, at=s.at, expires_at=s.at + timedelta(days=30), contact_id=s.contact.id)
            for s in asked
        ]
        found = [token_of(link) for link in made]
        db.session.commit()
        db.engine.dispose()
    product.at(asked[0].at).start()
    return found


def test_a_full_answer_without_text_takes_four_taps_on_a_phone(
    product: Product, browser: Browser, tokens: list[str]
) -> None:
    with hands(browser, product.address, viewport=PHONE, has_touch=True, locale="nl-NL") as customer:
        page, taps = customer.open(f"/a/{tokens[0]}").page, 0
        for words in ("Ja", "8", "Ja, zonder naam"):
            only = page.locator("[data-step]:visible")
            expect(only).to_have_count(1)
            expect(only.get_by_role("radio", name=words, exact=True)).to_be_in_viewport()
            only.get_by_role("radio", name=words, exact=True).tap()
            taps += 1
            if taps < 3:
                expect(page.locator(".step-count")).to_contain_text(str(taps + 1))
        page.get_by_role("button", name="Verstuur mijn antwoord").tap()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Karin Smit")
        assert taps + 1 == 4
        assert customer.complaints == []
    assert product.row("SELECT solved, mark, may_quote, better FROM answer") == {
        "solved": "yes",
        "mark": 8,
        "may_quote": "anonymous",
        "better": "",
    }


def test_the_keyboard_goes_on_when_it_says_so_and_not_with_every_arrow(
    product: Product, browser: Browser, tokens: list[str]
) -> None:
    with hands(browser, product.address, viewport=PHONE) as customer:
        page = customer.open(f"/a/{tokens[0]}?lang=en").page
        page.get_by_role("button", name="Next question").click()
        expect(page.locator(".step-need:visible")).to_have_text("Choose yes, partly or no.")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Partly")).to_be_checked()
        page.wait_for_timeout(400)
        expect(page.get_by_role("group", name="Has the problem been solved?")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("group", name="Which mark do you give?")).to_be_visible()
        expect(page.get_by_role("radio", name="1", exact=True)).to_be_focused()
        page.get_by_role("button", name="Back").click()
        expect(page.get_by_role("radio", name="Partly")).to_be_checked()


def test_without_a_script_all_of_it_stands_on_one_page(product: Product, browser: Browser, tokens: list[str]) -> None:
    with hands(browser, product.address, viewport=PHONE, java_script_enabled=False, locale="nl-NL") as customer:
        page = customer.open(f"/a/{tokens[0]}").page
        for words in ("Nee", "3"):
            page.get_by_role("radio", name=words, exact=True).check()
        page.get_by_label("Wat kan er beter?").fill("De rij was net zo lang.")
        page.get_by_role("button", name="Verstuur mijn antwoord").click()
        page.get_by_role("link", name="Pas mijn antwoord aan").click()
        assert _too_wide(page) == []
        page.get_by_role("radio", name="4", exact=True).check()
        page.get_by_role("button", name="Pas mijn antwoord aan").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Karin Smit")
    assert product.row("SELECT solved, mark, version, better FROM answer") == {
        "solved": "no",
        "mark": 4,
        "version": 2,
        "better": "De rij was net zo lang.",
    }


def test_it_is_open_to_everybody_in_both_languages_small_large_and_dark(
    product: Product, browser: Browser, tokens: list[str]
) -> None:
    found = []
    # 640 is a desktop at 200 %, 320 a small phone (or a desktop at 400 %).
    for width, scheme, lang in [(w, s, g) for w in (1280, 640, 320) for s in ("light", "dark") for g in ("nl", "en")]:
        with hands(browser, product.address, viewport={"width": width, "height": 640}, color_scheme=scheme) as customer:
            for path in (f"/a/{tokens[0]}", f"/a/{'x' * 43}", "/privacy", "/accessibility"):
                page = customer.open(f"{path}?lang={lang}").page
                where = f"{path[:9]} {width} {scheme} {lang}"
                found += [f"{where}: {problem}" for problem in (*_too_wide(page), *_barriers(page))]
    assert found == []


def _too_wide(page: Page) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{over} px too wide"] if over > 0 else []


def _barriers(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"], "preload": False}
    return [f"{v['id']} {v['nodes'][0]['html'][:90]}" for v in Axe().run(page, options=options).response["violations"]]
