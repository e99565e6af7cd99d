"""Every page there is, seen in both languages: accessible in light and dark, no complaint, nothing jumps while it
comes, no sideways scroll, sound HTML."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.hands import jumped, listen, watch_for_jumps
from tests.browser.town import START, Guide, Place
from tests.peers.product import Product, installed

pytestmark = pytest.mark.browser

ALL: dict[str, object] = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS: dict[str, object] = {"type": "rule", "values": ["color-contrast"]}
WHO = ("", "leader", "administrator")
WIDTHS = {1440: 900, 360: 760}
# The share of the window that may move.
STEADY = 0.02
# The page once more, as over a slow line: whoever looks sees every stage of it.
IN_PIECES = """async () => {
  const drawn = () => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)));
  const html = await (await fetch(location.href)).text();
  const body = html.indexOf("<body");
  document.open();
  document.write(html.slice(0, body));
  while (document.querySelector("link[rel=stylesheet]")?.sheet === null) await drawn();
  window.jumped = 0;
  for (let from = body; from < html.length; from += 2000) {
    document.write(html.slice(from, from + 2000));
    await drawn();
  }
  document.close();
}"""
Found = dict[str, list[str]]


@dataclass
class Seen:
    """What was seen, page by page; only what is wrong is written down."""

    places: list[Place]
    routes: set[str]
    barriers: Found = field(default_factory=dict)
    complaints: Found = field(default_factory=dict)
    jumps: Found = field(default_factory=dict)
    too_wide: Found = field(default_factory=dict)
    unsound: Found = field(default_factory=dict)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demo: items in every phase, some frozen, some being handed over, customers asked."""
    folder = tmp_path_factory.mktemp("town")
    with installed(folder, START, PDCA_ORGANISATION="Gemeente Lindewaard") as product:
        product.run("demo")
        product.followup()
        _let_the_browser_choose_the_language(product)
        yield product.start()


def _let_the_browser_choose_the_language(product: Product) -> None:
    with closing(sqlite3.connect(product.instance / "pdca.db")) as database, database:
        database.execute("UPDATE person SET locale = NULL")


@pytest.fixture(scope="module")
def seen(town: Product, browser: Browser) -> Iterator[Seen]:
    """One walk past all of them, in Dutch with all widths and schemes, in English once more in the dark."""
    windows = {(who, locale): _window(browser, town, who, locale) for who in WHO for locale in ("nl-NL", "en-GB")}
    guide = Guide(town, {who: windows[who, "nl-NL"].request for who in WHO})
    seen = Seen(guide.places(), {rule.endpoint for rule in guide.rules()})
    pages = {key: window.new_page() for key, window in windows.items()}
    for page in pages.values():
        watch_for_jumps(page)
    for place in seen.places:
        _visit(pages[place.who, "nl-NL"], town, place, seen)
        _visit_in_english(pages[place.who, "en-GB"], town, place, seen)
    yield seen
    for window in windows.values():
        window.close()


def _window(browser: Browser, town: Product, who: str, locale: str) -> BrowserContext:
    window = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale=locale)
    if who:
        page = window.new_page()
        page.goto(f"{town.address}/sign-in")
        page.locator(f"form[action$='/sign-in/demo']:has([value={who}]) button").click()
        page.wait_for_url(re.compile("/board"))
        page.close()
    return window


def _visit(page: Page, town: Product, place: Place, seen: Seen) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    html, seen.complaints[place.name] = _open(page, town, place)
    seen.unsound[place.name] = _unsound(html)
    # Before its size is changed, after which it may well move.
    moved = jumped(page)
    seen.jumps[place.name] = [f"{moved:.3f}"] if moved >= STEADY else []
    seen.too_wide[place.name] = [f"{width}: {over} px" for width, over in _overflow(page)]
    # Last: what looks for barriers brings styles of its own, which the policy refuses.
    seen.barriers[place.name] = [*_barriers(page, "light", ALL), *_barriers(page, "dark", COLOURS)]


def _visit_in_english(page: Page, town: Product, place: Place, seen: Seen) -> None:
    page.emulate_media(color_scheme="dark")
    _, complaints = _open(page, town, place)
    seen.complaints[place.name] += complaints
    seen.barriers[place.name] += _barriers(page, "dark", ALL)
    # A customer reads their own language, whatever their browser says.
    if place.who and (language := page.locator("html").get_attribute("lang")) != "en":
        seen.complaints[place.name].append(f"in {language}, not in English")
    page.evaluate(IN_PIECES)
    seen.jumps[place.name] += [f"over a slow line {moved:.3f}"] if (moved := jumped(page)) >= STEADY else []


def _open(page: Page, town: Product, place: Place) -> tuple[str, list[str]]:
    """What was sent, and what the browser complained about."""
    complaints: list[str] = []
    # What the page before still has to say is not said of this one.
    page.goto("about:blank")
    listen(page, complaints)
    answer = page.goto(f"{town.address}{place.path}")
    assert answer is not None
    # A page that is not there says so with its status, which the browser repeats.
    return answer.text(), [text for text in complaints if answer.status < 400 or "status of 404" not in text]


def _barriers(page: Page, scheme: Literal["light", "dark"], rules: dict[str, object]) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    results = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"], "preload": False})
    return [f"{scheme} {v['id']}: {v['nodes'][0]['html'][:120]}" for v in results.response["violations"]]


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


def test_a_page_that_jumps_is_noticed(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 600})
    watch_for_jumps(page)
    page.goto("data:text/html,<p id=late></p><h1>Still here</h1><p>And this</p>")
    # What moves before the first paint, nobody sees jump.
    page.wait_for_function("() => performance.getEntriesByType('paint').length > 0")
    page.evaluate("requestAnimationFrame(() => (document.getElementById('late').style.height = '300px'))")
    page.wait_for_function("() => window.jumped > 0")
    assert jumped(page) >= STEADY
    page.close()


# --- the facts -------------------------------------------------------------------------------------------


def test_every_page_is_open_to_everybody_quiet_narrow_and_sound(seen: Seen) -> None:
    # One test, because its walk past every page is made once.
    names = {place.name for place in seen.places} | {"items.show"}
    assert seen.routes - names == set()
    assert {
        "barriers in light or dark": _wrong(seen.barriers),
        "what the browser complained about": _wrong(seen.complaints),
        "jumps while it comes": _wrong(seen.jumps),
        "sideways scroll": _wrong(seen.too_wide),
        "unsound HTML": _wrong(seen.unsound),
    } == {
        "barriers in light or dark": {},
        "what the browser complained about": {},
        "jumps while it comes": {},
        "sideways scroll": {},
        "unsound HTML": {},
    }
