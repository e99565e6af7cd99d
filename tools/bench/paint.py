"""What a person waits for: the first paint of a board of two hundred cards in a real Chromium, and what jumps then."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.peers import browser as chromium
from tools.bench import seeds, servers
from tools.bench.servers import Server

CARDS = 200
CLS_BOUND = 0.02
WINDOWS = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 360, "height": 760}}
# Everything the page does by itself after it came has been done: the fonts, the scripts, the first question.
QUIET_MS = 4000
LOOK = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts.push(e.value);
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    window.largest = list.getEntries().at(-1).startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
}"""
READ = """() => {
  const [page] = performance.getEntriesByType("navigation");
  return {
    first_byte: page.responseStart,
    first_paint: performance.getEntriesByType("paint").find((e) => e.name === "first-contentful-paint")?.startTime,
    largest_paint: window.largest ?? 0,
    loaded: page.loadEventEnd,
    cls: window.shifts.reduce((sum, value) => sum + value, 0),
    cards: document.querySelectorAll("[data-card]").length,
  };
}"""


def measure(folder: Path, *, is_small: bool) -> dict[str, Any]:
    """Per window the medians of some first visits, nothing kept from the visit before."""
    seeded = seeds.ours(folder / "paint", [(CARDS, 0)])
    found = {}
    with servers.ours(seeded) as server, sync_playwright() as playwright:
        path = chromium.executable(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage", "--no-sandbox"])
        for name, viewport in WINDOWS.items():
            # The first is for the server to warm up.
            visits = [_visit(browser, server, viewport) for _ in range(2 if is_small else 6)][1:]
            found[name] = _medians(visits)
        browser.close()
    return found


def _visit(browser: Browser, server: Server, viewport: dict[str, int]) -> dict[str, float]:
    window = browser.new_context(viewport=viewport, locale="nl-NL")  # type: ignore[arg-type]
    address = f"http://127.0.0.1:{server.port}"
    name, _, value = server.seeded.visitors[0].cookie.partition("=")
    window.add_cookies([{"name": name, "value": value, "url": address}])
    page = window.new_page()
    page.add_init_script(f"({LOOK})()")
    page.goto(f"{address}/teams/{server.seeded.boards[0].team_id}/board", wait_until="load")
    page.wait_for_timeout(QUIET_MS)
    seen: dict[str, float] = page.evaluate(READ)
    window.close()
    return seen


def _medians(visits: list[dict[str, float]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        f"{name}_ms": round(statistics.median(visit[name] for visit in visits))
        for name in ("first_byte", "first_paint", "largest_paint", "loaded")
    }
    first = [round(visit["first_paint"]) for visit in visits]
    # The worst, not the middle: a jump is a jump.
    cls = round(max(visit["cls"] for visit in visits), 4)
    return found | {"first_paint_spread_ms": [min(first), max(first)], "cls": cls, "cards": visits[0]["cards"]}


def checks(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What the issue bounds."""
    return [
        {"name": f"nothing jumps on load (CLS < {CLS_BOUND}), {name}", "value": f["cls"], "met": f["cls"] < CLS_BOUND}
        for name, f in found.items()
    ]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for name, f in found.items():
        yield (
            f"first paint of {f['cards']} cards, {name}: {f['first_paint_ms']} ms"
            f" (spread {f['first_paint_spread_ms']}), first byte {f['first_byte_ms']},"
            f" largest {f['largest_paint_ms']}, loaded {f['loaded_ms']} ms; CLS {f['cls']}"
        )
