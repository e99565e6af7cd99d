"""`make screenshots`: every page in light and dark, 1440 and 360 px wide, in Dutch and English, empty and full.

The pictures land in instance/screenshots/{empty,full}/LANGUAGE/PAGE-WIDTH-SCHEME.png. The program runs in a
folder of its own with a demo of 200 cards; the installation of this machine is not touched.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from pdca.config import ROOT
from tests.browser.hands import PASSWORD
from tests.browser.town import Guide, Place, address_of, move_in
from tests.peers import browser as chromium
from tests.peers.product import Product, installed

INTO = ROOT / "instance" / "screenshots"
CARDS = 200
LOCALES = ("nl-NL", "en-GB")
WIDTHS = {1440: 900, 360: 760}
SCHEMES = ("light", "dark")
# A full page, but not an endless one.
TALLEST = 3200


@dataclass(frozen=True)
class Scene:
    """Something to see that is no page of its own: where it begins, and what to do there."""

    name: str
    path: str
    act: Callable[[Page], object]


def main() -> None:
    """Start both installations, walk every page, say where the pictures are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="names of pages, or the beginnings of names")
    parser.add_argument("--light", action="store_true", help="the light scheme only")
    parser.add_argument("--locale", action="append", choices=LOCALES, help="one language only")
    parser.add_argument("--town", action="append", choices=("empty", "full"), help="one of the two only")
    wanted = parser.parse_args()
    began = time.monotonic()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="pdca-screenshots-") as folder:
        camera = Camera(_chromium(playwright), wanted)
        for name in wanted.town or ("empty", "full"):
            with _town(name, Path(folder) / name) as product:
                camera.walk(name, product)
    print(f"{camera.taken} pictures in {INTO} ({time.monotonic() - began:.0f} s)")


def _chromium(playwright: Playwright) -> Browser:
    path = chromium.executable(playwright.chromium.executable_path)
    return playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage", "--no-sandbox"])


# --- two installations -----------------------------------------------------------------------------------


@contextmanager
def _town(name: str, folder: Path) -> Iterator[Product]:
    """Empty: a team that has just begun. Full: the demo, with many cards."""
    with installed(folder, datetime.now(UTC), PDCA_ORGANISATION="Gemeente Lindewaard") as product:
        if name == "full":
            product.run("demo", "--cards", str(CARDS))
            product.followup()
            _let_the_browser_choose_the_language(product)
        else:
            move_in(product)
        yield product.start()


def _let_the_browser_choose_the_language(product: Product) -> None:
    with closing(sqlite3.connect(product.instance / "pdca.db")) as database, database:
        database.execute("UPDATE person SET locale = NULL")


def _sign_in(context: BrowserContext, product: Product, town: str, part: str) -> None:
    page = context.new_page()
    page.goto(f"{product.address}/sign-in")
    if town == "full":
        page.locator(f"form[action$='/sign-in/demo']:has([value={part}]) button").click()
    else:
        page.locator("details.way-in summary").click()
        page.locator("[action$='/sign-in/password'] [type=email]").fill(address_of(part))
        page.locator("[action$='/sign-in/password'] [type=password]").fill(PASSWORD)
        page.locator("[action$='/sign-in/password'] button").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.close()


# --- the camera ------------------------------------------------------------------------------------------


class Camera:
    """Takes every page in every size and scheme; one load per language and page."""

    def __init__(self, browser: Browser, wanted: argparse.Namespace) -> None:
        self.browser, self.wanted, self.taken = browser, wanted, 0

    def walk(self, town: str, product: Product) -> None:
        """Every place and scene of one installation."""
        for locale in self.wanted.locale or LOCALES:
            folder = INTO / town / locale[:2]
            if not self.wanted.only:
                shutil.rmtree(folder, ignore_errors=True)
            with self._windows(product, town, locale) as windows:
                guide = Guide(product, {who: window.request for who, window in windows.items()})
                for place in filter(self._is_wanted, guide.places()):
                    self._places(windows[place.who], product, place, folder)
                for scene in filter(self._is_wanted, scenes(product)):
                    self._scenes(windows["leader"], product, scene, folder)

    def _is_wanted(self, sight: Place | Scene) -> bool:
        only = tuple(self.wanted.only)
        return not only or sight.name.startswith(only)

    @contextmanager
    def _windows(self, product: Product, town: str, locale: str) -> Iterator[dict[str, BrowserContext]]:
        """One per part; "" is nobody."""
        options = {"locale": locale, "timezone_id": "Europe/Amsterdam", "reduced_motion": "reduce"}
        windows = {who: self.browser.new_context(**options) for who in ("", "leader", "administrator")}  # type: ignore[arg-type]
        for who, window in windows.items():
            window.set_default_timeout(8000)
            if who:
                _sign_in(window, product, town, who)
        yield windows
        for window in windows.values():
            window.close()

    def _places(self, context: BrowserContext, product: Product, place: Place, folder: Path) -> None:
        page = context.new_page()
        page.goto(f"{product.address}{place.path}")
        for width, scheme in self._sizes(page):
            self._take(page, folder / f"{place.name}-{width}-{scheme}.png", full=True)
        page.close()

    def _scenes(self, context: BrowserContext, product: Product, scene: Scene, folder: Path) -> None:
        """Acted anew in each size: what is open on a desk is not what is open on a phone."""
        for width, height in WIDTHS.items():
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{product.address}{scene.path}")
            scene.act(page)
            for scheme in self._schemes():
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                self._take(page, folder / f"{scene.name}-{width}-{scheme}.png", full=False)
            page.close()

    def _sizes(self, page: Page) -> Iterator[tuple[int, str]]:
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in self._schemes():
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                yield width, scheme

    def _schemes(self) -> tuple[str, ...]:
        return SCHEMES[:1] if self.wanted.light else SCHEMES

    def _take(self, page: Page, path: Path, *, full: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        page.evaluate("document.fonts.ready.then(() => 1)")
        if full:
            tall = page.evaluate("document.documentElement.scrollHeight")
            wide = page.evaluate("innerWidth")
            page.screenshot(
                path=path, full_page=True, clip={"x": 0, "y": 0, "width": wide, "height": min(tall, TALLEST)}
            )
        else:
            page.screenshot(path=path)
        self.taken += 1


# --- scenes ----------------------------------------------------------------------------------------------


def scenes(product: Product) -> list[Scene]:
    """What opens over a page, and what bad input gets to see."""
    (team,) = product.rows("SELECT min(id) AS id FROM team")
    board = f"/teams/{team['id']}/board"
    alone = [
        Scene("scene-keys", board, lambda page: page.keyboard.press("?")),
        Scene("scene-wrong-capture", board, _capture_nothing),
        Scene("scene-profile-menu", board, lambda page: page.locator(".profile summary").click()),
    ]
    if not product.rows("SELECT id FROM item LIMIT 1"):
        return alone
    phases = ("new", "plan", "do", "check", "act")
    gates = [Scene(f"scene-gate-{phase}", board, _gate_of(phase)) for phase in phases]
    refused = Scene("scene-gate-refused", board, _refused_gate)
    menu = Scene("scene-card-menu", board, _menu)
    return [*alone, *gates, refused, menu]


def _capture_nothing(page: Page) -> None:
    page.locator("#capture-line").evaluate("e => e.removeAttribute('required')")
    page.locator("#capture-line").press("Enter")
    page.locator("[data-error-summary]").wait_for()


def _gate_of(phase: str) -> Callable[[Page], object]:
    def act(page: Page) -> None:
        page.locator(f"#column-{phase} [data-card]:not(.is-frozen) .card-title a").first.focus()
        page.keyboard.press("]")
        page.wait_for_timeout(700)

    return act


def _refused_gate(page: Page) -> None:
    """A card with questions left, sent without answering them."""
    page.locator("#column-new [data-card]:not([data-missing='0']) .card-title a").last.focus()
    page.keyboard.press("]")
    page.locator("[data-sheet] [data-submit]").click()
    page.locator("[data-error-summary]").wait_for()


def _menu(page: Page) -> None:
    page.locator("#column-do [data-card] .card-title a").first.focus()
    page.keyboard.press("m")
    page.locator("[role=menu]").wait_for()


if __name__ == "__main__":
    sys.exit(main())
