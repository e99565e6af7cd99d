"""One line becomes a card, and the card goes to Plan: by mouse, finger, key, menu and radio, at a desk and on a phone.

Each way meets the same gate: escaped, nothing has changed; answered, the card has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from pdca.db import db
from pdca.items.terms import Kind
from tests import stories
from tests.browser.hands import PHONE, Hands, hands
from tests.factories import signed_in
from tests.stories import Crew

pytestmark = pytest.mark.browser

LINE = "Bordje met de wachttijd"
TOUCH = {"has_touch": True, "is_mobile": True}
WINDOWS = {
    "desk": {},
    "tablet": {"viewport": {"width": 1180, "height": 820}, **TOUCH},
    "phone": {"viewport": PHONE, **TOUCH},
}


# --- the ways --------------------------------------------------------------------------------------------


def by_mouse(on: Hands) -> None:
    """Drag and drop."""
    on.drag(on.card(LINE), on.column("plan").locator(".cards"))


def by_finger(on: Hands) -> None:
    """Hold the card until it comes loose, take it along, let go."""
    card, there = on.card(LINE), on.column("plan").locator(".cards").bounding_box()
    here = card.locator(".card-title").bounding_box()
    assert here is not None
    assert there is not None
    finger = on.page.context.new_cdp_session(on.page)

    def touch(kind: str, *point: float) -> None:
        points = [{"x": point[0], "y": point[1]}] if point else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    begin, end = (here["x"] + 20, here["y"] + 8), (there["x"] + 60, there["y"] + 40)
    touch("touchStart", *begin)
    expect(card).to_have_class("card sortable-chosen")
    for step in range(1, 26):
        touch("touchMove", *(a + (b - a) * step / 25 for a, b in zip(begin, end, strict=True)))
    expect(on.column("plan").locator(".is-ghost")).to_have_count(1)
    touch("touchEnd")


def by_key(on: Hands) -> None:
    """The card has the focus; one key."""
    on.card(LINE).get_by_role("link", name=LINE).focus()
    on.page.keyboard.press("]")


def by_menu(on: Hands) -> None:
    """Every drag has a button."""
    on.card(LINE).locator("[data-menu]").click()
    on.page.get_by_role("menuitem", name="Plan", exact=True).click()


def by_radio(on: Hands) -> None:
    """On the page of the card."""
    if on.page.locator("#item-page").count() == 0:
        on.card(LINE).get_by_role("link", name=LINE).click()
    line = on.page.locator(".phase-line")
    expect(line.locator("[value=new]")).to_be_checked()
    line.locator("[value=plan]").check()


WAYS = [
    ("desk", by_mouse),
    ("tablet", by_finger),
    ("desk", by_key),
    ("phone", by_menu),
    ("desk", by_radio),
    ("phone", by_radio),
]


# --- the journey -----------------------------------------------------------------------------------------


@pytest.fixture
def crew(session) -> Crew:
    """A team that has just begun."""
    return stories.crew()


@pytest.fixture
def owner(app, live, crew: Crew, browser: Browser, window: str) -> Iterator[Hands]:
    """Its owner, at the board."""
    cookie = signed_in(app, crew.owner).get_cookie("pdca")
    path = f"/teams/{crew.team.id}/board"
    db.session.commit()
    with hands(browser, live, **WINDOWS[window]) as owner:
        owner.page.context.add_cookies([{"name": "pdca", "value": cookie.value, "url": live}])
        _ready(owner.open(path).page)
        yield owner


def _ready(page: Page) -> None:
    page.wait_for_function("() => window.htmx && window.Sortable")


@pytest.mark.parametrize(("window", "way"), WAYS, ids=[f"{way.__name__}-{window}" for window, way in WAYS])
def test_a_line_goes_to_plan_once_its_questions_are_answered(owner: Hands, way: Callable[[Hands], None]) -> None:
    owner.page.locator("#capture-line").fill(LINE)
    owner.page.locator("#capture-line").press("Enter")
    expect(owner.column("new").locator("[data-card]")).to_have_count(1)

    way(owner)
    expect(owner.sheet).to_be_visible()
    owner.page.keyboard.press("Escape")
    expect(owner.sheet).to_have_count(0)
    _stands_in(owner, "new")

    way(owner)
    expect(owner.sheet).to_be_visible()
    owner.fill("What goes wrong", "Niemand weet hoe lang het duurt.")
    owner.fill("Who is the customer?", "Karin Smit, karin@klant.example")
    owner.fill("What will the customer notice?", "U ziet hoe lang het duurt.")
    owner.press("Move to Plan")
    _stands_in(owner, "plan")
    owner.page.reload()
    _stands_in(owner, "plan")
    assert owner.complaints == []


def _stands_in(owner: Hands, phase: str) -> None:
    """On the board, or on the card's own page."""
    if owner.page.locator("#item-page").count():
        expect(owner.page.locator("#item-page")).to_have_attribute("data-phase", phase)
    else:
        expect(owner.column(phase).locator("[data-card]")).to_have_count(1)


@pytest.fixture
def five(crew: Crew, at: datetime) -> list[str]:
    """Cards in New, in order; every second one is an improvement action."""
    names = [f"Kaart {word}" for word in ("een", "twee", "drie", "vier", "vijf")]
    for number, name in reversed(list(enumerate(names))):
        stories.new(crew, Kind.IMPROVEMENT if number % 2 else Kind.QUICK_WIN, at=at, title=name)
    return names


@pytest.mark.parametrize("window", ["desk", "tablet"])
def test_a_drop_between_filtered_cards_means_the_same_without_the_filter(five: list[str], owner: Hands) -> None:
    """What is dropped behind a card stands right behind that card, whatever the filter hides."""
    assert _order(owner) == five
    owner.page.get_by_text("Kind", exact=True).click()
    owner.page.get_by_role("link", name="Quick wins").click()
    expect(owner.column("new").locator("[data-card]")).to_have_count(3)
    assert _order(owner) == [five[0], five[2], five[4]]
    _ready(owner.page)
    owner.card(five[4]).get_by_role("link", name=five[4]).focus()
    with owner.page.expect_response(lambda answer: answer.url.endswith("/moves")):
        owner.page.keyboard.press("Alt+ArrowUp")
    assert _order(owner) == [five[0], five[4], five[2]]
    with owner.page.expect_response(lambda answer: answer.url.endswith("/moves")):
        owner.drag(owner.card(five[2]), owner.card(five[0]))
    assert _order(owner) == [five[2], five[0], five[4]]
    owner.page.get_by_role("link", name="Clear filters").click()
    expect(owner.column("new").locator("[data-card]")).to_have_count(5)
    assert _order(owner) == [five[2], five[0], five[4], five[1], five[3]]
    assert owner.complaints == []


def _order(owner: Hands) -> list[str]:
    return owner.column("new").locator(".card-title").all_inner_texts()
