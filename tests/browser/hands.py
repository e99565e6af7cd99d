"""Somebody at a browser: signs in, moves cards, fills in sheets. Counts what was filled in and tapped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

PASSWORD = "vier gele fietsen bij de brug"
PHONE = {"width": 360, "height": 760}


@dataclass
class Hands:
    """One person, one window. `answers` are the fields filled and the choices tapped, in order."""

    page: Page
    address: str
    answers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    # --- coming in ---------------------------------------------------------------------------------------

    def sign_in(self, email: str) -> Hands:
        """By password, through the door."""
        self.page.goto(f"{self.address}/sign-in")
        self.page.get_by_text("Sign in with a password").click()
        form = self.page.locator("form[action$='/sign-in/password']")
        form.locator("input[type=email]").fill(email)
        form.locator("input[type=password]").fill(PASSWORD)
        form.get_by_role("button", name="Sign in").click()
        expect(self.page).not_to_have_url(re.compile("/sign-in"))
        # The address changes before the scripts are there, and a key pressed by then is lost.
        self.page.wait_for_load_state()
        return self

    def open(self, path: str) -> Hands:
        """A page of the product."""
        self.page.goto(f"{self.address}{path}")
        return self

    # --- the board ---------------------------------------------------------------------------------------

    def card(self, words: str) -> Locator:
        """The card with these words in its title."""
        return self.page.locator("[data-card]", has=self.page.get_by_role("link", name=words, exact=True))

    def column(self, phase: str) -> Locator:
        """A column of the board."""
        return self.page.locator(f"#column-{phase}")

    def drag(self, card: Locator, onto: Locator) -> None:
        """With the mouse, as a hand does it."""
        start, end = card.locator(".card-title").bounding_box(), onto.bounding_box()
        assert start is not None
        assert end is not None
        mouse = self.page.mouse
        mouse.move(start["x"] + 20, start["y"] + start["height"] / 2)
        mouse.down()
        mouse.move(end["x"] + end["width"] / 2, end["y"] + min(40, end["height"] / 2), steps=18)
        mouse.move(end["x"] + end["width"] / 2 + 2, end["y"] + min(42, end["height"] / 2), steps=3)
        mouse.up()

    # --- the sheet ---------------------------------------------------------------------------------------

    @property
    def sheet(self) -> Locator:
        """The side sheet, or the page that stands in for it without a script."""
        return self.page.locator("[data-sheet]")

    @property
    def asked(self) -> list[str]:
        """What the sheet still asks: the names of the criteria."""
        return [str(q.get_attribute("data-missing")) for q in self.sheet.locator("[data-question][data-missing]").all()]

    @property
    def form(self) -> Locator:
        """Where questions are answered now: the sheet that is open, else "what is next" on the item's page."""
        return self.sheet if self.sheet.count() else self.page.locator("#next")

    def fill(self, label: str, words: str, *, as_: str = "") -> Hands:
        """One field."""
        self.answers.append(as_ or label)
        self.form.get_by_label(label).fill(words)
        return self

    def choose(self, label: str, words: str) -> Hands:
        """One line of a list."""
        self.answers.append(label)
        self.form.get_by_label(label).select_option(label=words)
        return self

    def tap(self, words: str, *, within: str = "", as_: str = "") -> Hands:
        """One choice; `within` names the question when several have such a choice."""
        self.answers.append(as_ or words)
        where = self.form.get_by_role("group", name=within) if within else self.form
        where.get_by_role("radio", name=words).or_(where.get_by_role("checkbox", name=words)).first.check()
        return self

    def unfold(self, answer: str) -> Hands:
        """An answer that is there already: opened, to change it."""
        folded = self.form.locator("details.settled")
        if not folded.evaluate("e => e.open"):
            folded.locator("> summary").click()
        row = self.form.locator(f"[data-answer={answer}]")
        if not row.evaluate("e => e.open"):
            row.locator("> summary").click()
        return self

    def act(self, words: str) -> Hands:
        """One of the acts on the item's page: its sheet opens."""
        self.page.locator("#main").get_by_role("link", name=words, exact=True).first.click()
        expect(self.sheet).to_be_visible()
        return self

    def press(self, words: str) -> Hands:
        """The button; that was enough, and the sheet is gone."""
        button = self.form.get_by_role("button", name=words)
        with self.page.expect_response(lambda answer: answer.request.method == "POST") as heard:
            button.click()
        if heard.value.status >= 400:
            raise AssertionError(f"{words}: {heard.value.status} {_complaint(heard.value.text())}")
        expect(self.sheet).to_have_count(0)
        return self

    # --- without a mouse ---------------------------------------------------------------------------------

    def tab_to(self, target: Locator, *, or_its_group: bool = False) -> None:
        """Tab until the focus is there; in a group of choices Tab stops once, at the chosen one."""
        is_there = "(e, group) => e === document.activeElement || (group && e.name === document.activeElement.name)"
        for _ in range(60):
            if target.evaluate(is_there, or_its_group):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {target}")

    def type(self, label: str, words: str, *, as_: str = "") -> Hands:
        """One field of the sheet, by keyboard."""
        self.answers.append(as_ or label)
        self.tab_to(self.sheet.get_by_label(label))
        self.page.keyboard.type(words)
        return self

    def enter(self, words: str) -> Hands:
        """The button of the sheet, by keyboard; it closes when that was enough."""
        self.tab_to(self.sheet.get_by_role("button", name=words))
        self.page.keyboard.press("Enter")
        expect(self.sheet).to_have_count(0)
        return self


def _complaint(refusal: str) -> str:
    """What a refused form says is wrong, in plain text."""
    summary = re.search(r"<ul>(.*?)</ul>", refusal, re.S)
    return " ".join(re.sub("<[^>]+>", " ", summary[1] if summary else refusal).split())


def listen(page: Page, complaints: list[str]) -> None:
    """Collect what the browser complains about: the policy, a script, something that is not there."""

    def hear(message: ConsoleMessage) -> None:
        # A gate that is not met and an answer that is not right are how the product talks, not failures.
        if message.type == "error" and not re.search(r"status of (409|422)", message.text):
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))


@contextmanager
def hands(browser: Browser, address: str, **context: object) -> Iterator[Hands]:
    """A window of their own, with what the browser complained about."""
    given = {
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Europe/Amsterdam",
        **context,
    }
    window = browser.new_context(**given)
    page = window.new_page()
    page.set_default_timeout(8000)
    made = Hands(page, address)
    listen(page, made.complaints)
    try:
        yield made
    finally:
        window.close()


# What the browser counts against a page that jumps while it comes (cumulative layout shift), from its first byte on.
JUMPS = """() => {
  window.jumped = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.jumped += shift.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


def watch_for_jumps(page: Page) -> None:
    """From the next page on."""
    page.add_init_script(f"({JUMPS})()")


def jumped(page: Page) -> float:
    """What was counted, once letters and parts that come later are there."""
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    return float(
        page.evaluate(
            "() => document.fonts.ready.then(() => new Promise((seen) =>"
            " requestAnimationFrame(() => requestAnimationFrame(() => seen(window.jumped)))))"
        )
    )
