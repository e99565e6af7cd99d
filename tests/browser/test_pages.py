"""Every page there is, seen once: accessible in light and dark, no complaint, no sideways scroll, sound HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.hands import listen
from tests.browser.town import START, Guide, Place
from tests.peers.product import Product, installed

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = {1440: 900, 360: 760}
Found = dict[str, list[str]]


@dataclass
class Seen:
    """What was seen, page by page; only what is wrong is written down."""

    places: list[Place]
    routes: set[str]
    barriers: Found = field(default_factory=dict)
    complaints: Found = field(default_factory=dict)
    too_wide: Found = field(default_factory=dict)
    unsound: Found = field(default_factory=dict)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demo: items in every phase, some frozen, some being handed over, customers asked."""
    folder = tmp_path_factory.mktemp("town")
    with installed(folder, START, PDCA_ORGANISATION="Gemeente Lindewaard") as product:
        product.run("demo")
        product.followup()
        yield product.start()


@pytest.fixture(scope="module")
def seen(town: Product, browser: Browser) -> Iterator[Seen]:
    """One walk past all of them."""
    windows = {who: _window(browser, town, who) for who in ("", "leader", "administrator")}
    guide = Guide(town, {who: window.request for who, window in windows.items()})
    seen = Seen(guide.places(), {rule.endpoint for rule in guide.rules()})
    pages = {who: window.new_page() for who, window in windows.items()}
    for place in seen.places:
        _visit(pages[place.who], town, place, seen)
    yield seen
    for window in windows.values():
        window.close()


def _window(browser: Browser, town: Product, who: str) -> BrowserContext:
    window = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    if who:
        page = window.new_page()
        page.goto(f"{town.address}/sign-in")
        page.locator(f"form[action$='/sign-in/demo']:has([value={who}]) button").click()
        page.wait_for_url(re.compile("/board"))
        page.close()
    return window


def _visit(page: Page, town: Product, place: Place, seen: Seen) -> None:
    complaints: list[str] = []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    listen(page, complaints)
    answer = page.goto(f"{town.address}{place.path}")
    assert answer is not None
    seen.unsound[place.name] = _unsound(answer.text())
    seen.too_wide[place.name] = [f"{width}: {over} px" for width, over in _overflow(page)]
    # A page that is not there says so with its status, which the browser repeats.
    seen.complaints[place.name] = [text for text in complaints if answer.status < 400 or "status of 404" not in text]
    # Last: what looks for barriers brings styles of its own, which the policy refuses.
    seen.barriers[place.name] = _barriers(page)


def _barriers(page: Page) -> list[str]:
    """Everything in light; in dark the colours again."""
    found = []
    for scheme, rules in (
        ("light", {"type": "tag", "values": RULES}),
        ("dark", {"type": "rule", "values": ["color-contrast"]}),
    ):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        results = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"], "preload": False})
        found += [f"{scheme} {v['id']}: {v['nodes'][0]['html'][:120]}" for v in results.response["violations"]]
    return found


def _overflow(page: Page) -> Iterator[tuple[int, int]]:
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            yield width, over


def _unsound(html: str) -> list[str]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(html)
    errors = [f"{position}: {code} {data}" for position, code, data in parser.errors]
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    return [*errors, *(f"id {name} stands there {count} times" for name, count in ids.items() if count > 1)]


def _wrong(found: Found) -> Found:
    return {name: problems for name, problems in found.items() if problems}


# --- the facts -------------------------------------------------------------------------------------------


def test_every_page_is_open_to_everybody_quiet_narrow_and_sound(seen: Seen) -> None:
    # One test, because its walk past every page is made once.
    names = {place.name for place in seen.places} | {"items.show"}
    assert seen.routes - names == set()
    assert {
        "barriers in light or dark": _wrong(seen.barriers),
        "what the browser complained about": _wrong(seen.complaints),
        "sideways scroll": _wrong(seen.too_wide),
        "unsound HTML": _wrong(seen.unsound),
    } == {
        "barriers in light or dark": {},
        "what the browser complained about": {},
        "sideways scroll": {},
        "unsound HTML": {},
    }
