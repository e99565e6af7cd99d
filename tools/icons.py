"""The icons of an installed board, drawn from static/img/favicon.svg by a real Chromium: `python -m tools.icons`.

Run it when the mark changes, and commit what it wrote. A maskable icon may be cut to a circle by the phone, so
the mark stays within the middle; Apple's may not be transparent.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

from pdca.board.offline import PAPER
from pdca.config import ROOT
from tests.peers import browser as chromium

IMAGES = ROOT / "static/img"


@dataclass(frozen=True)
class Icon:
    """`part`: how much of the width the mark takes."""

    name: str
    size: int
    part: float
    ground: str = "transparent"


ICONS = (
    Icon("icon-192.png", 192, 0.92),
    Icon("icon-512.png", 512, 0.92),
    Icon("icon-maskable-512.png", 512, 0.52, PAPER),
    Icon("apple-touch-icon.png", 180, 0.64, PAPER),
)


def main() -> None:
    """Draw them all."""
    with sync_playwright() as playwright:
        path = chromium.executable(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        for icon in ICONS:
            _draw(page, icon)
        browser.close()


def _draw(page: Page, icon: Icon) -> None:
    page.set_viewport_size({"width": icon.size, "height": icon.size})
    mark = (IMAGES / "favicon.svg").read_text(encoding="utf-8")
    side = round(icon.size * icon.part)
    page.set_content(
        f"<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center; background: {icon.ground} }}"
        f" svg {{ width: {side}px; height: {side}px }}</style>{mark}"
    )
    page.screenshot(path=IMAGES / icon.name, omit_background=True)


if __name__ == "__main__":
    main()
