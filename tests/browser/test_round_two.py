"""It did not work: the customer's "no", read from a mail server, sends a quick win into its second round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.hands import PHONE, Hands, hands
from tests.browser.town import START, address_of, at_ten, move_in
from tests.peers import smtp
from tests.peers.product import Product, installed

pytestmark = pytest.mark.browser

LINE = "Een rode lijn naar de publieksbalie"
CUSTOMER = "sem@devries.example"
WHY = "De lijn begint pas na de draaideur, waar niemand hem ziet."


@pytest.fixture
def server() -> Iterator[smtp.Server]:
    """A mail server on this machine."""
    with smtp.serving() as server:
        yield server


@pytest.fixture
def product(tmp_path: Path, server: smtp.Server) -> Iterator[Product]:
    """The program, sending its mail by SMTP."""
    with installed(tmp_path, START, PDCA_MAIL_URL=server.url) as product:
        move_in(product)
        yield product.start()


def test_a_no_blocks_at_once_and_the_second_round_closes(
    product: Product, server: smtp.Server, browser: Browser
) -> None:
    with hands(browser, product.address) as owner:
        owner.sign_in(address_of("owner"))
        _take_up(owner)
        first = _carry_out(owner, product)
        _says(browser, _is_asked(product, server, first + timedelta(days=14)), "Nee", 3)
        _next_round(owner, product)
        second = _carry_out(owner, product)
        _says(browser, _is_asked(product, server, second + timedelta(days=14)), "Ja", 9)
        _close(owner, product)
        assert owner.complaints == []
    _both_rounds_are_kept(product)


def _take_up(owner: Hands) -> None:
    owner.page.get_by_placeholder("What goes wrong?").fill(LINE)
    owner.page.keyboard.press("Enter")
    owner.card(LINE).get_by_role("link").click()
    owner.fill("What goes wrong", "Ik loop altijd eerst naar de verkeerde balie.")
    owner.fill("Who is the customer?", f"Sem de Vries, {CUSTOMER}")
    owner.fill("What will the customer notice?", "U loopt in één keer goed.").press("Move to Plan")


def _carry_out(owner: Hands, product: Product) -> date:
    """Plan → Do → Check, on the item's page."""
    owner.form.locator("input[name=due_on]").first.check()
    day = date.fromisoformat(str(owner.form.locator("input[name=due_on]:checked").get_attribute("value")))
    owner.press("Move to Do")
    product.at(at_ten(day))
    owner.page.reload()
    owner.tap("Done as planned").press("Move to Check")
    return day


def _is_asked(product: Product, server: smtp.Server, day: date) -> str:
    """The link in the mail that the server took on this day."""
    product.at(at_ten(day))
    product.followup()
    mail = [received for received in server.taken if received.address == CUSTOMER][-1]
    return next(word for word in mail.text.split() if f"{product.address}/a/" in word)


def _says(browser: Browser, link: str, solved: str, mark: int) -> None:
    with hands(browser, "", viewport=PHONE) as customer:
        customer.page.goto(link)
        customer.page.get_by_role("radio", name=solved, exact=True).check()
        customer.page.get_by_role("radio", name=str(mark), exact=True).check()
        customer.page.get_by_role("button", name="Verstuur mijn antwoord").click()
        expect(customer.page.get_by_role("heading", level=1)).to_contain_text("Dank u wel")
        assert customer.complaints == []


def _next_round(owner: Hands, product: Product) -> None:
    """After 24 hours the "no" is final: closing is blocked, and the only way is back, with why."""
    product.at(product.moment + timedelta(hours=25))
    product.followup()
    owner.page.reload()
    expect(owner.page.get_by_role("heading", name="It did not work: on to the next round")).to_be_visible()
    expect(owner.page.get_by_role("button", name="Move to Act")).to_have_count(0)
    owner.fill("Why did it not work?", WHY).press("Start the next round")
    expect(owner.page.locator(".item-kind")).to_contain_text("Round 2")


def _close(owner: Hands, product: Product) -> None:
    product.at(product.moment + timedelta(hours=25))
    product.followup()
    owner.sign_in(address_of("owner")).open("/items/1")
    owner.press("Move to Act")
    owner.fill("What happened?", "Een lijn werkt, als hij buiten begint.").press("Close it")
    expect(owner.page.locator("[data-moment]")).to_contain_text("9")


def _both_rounds_are_kept(product: Product) -> None:
    """The first as it was, frozen; its why is its lesson (R14)."""
    rounds = product.rows("SELECT number, verdict, why_not, frozen_at IS NOT NULL AS frozen FROM round ORDER BY number")
    assert rounds == [
        {"number": 1, "verdict": "not_effective", "why_not": WHY, "frozen": 1},
        {"number": 2, "verdict": "effective", "why_not": "", "frozen": 1},
    ]
    checks = product.rows("SELECT round_number, number, state, verdict FROM aftercare_check ORDER BY id")
    assert checks == [
        {"round_number": 1, "number": 1, "state": "answered", "verdict": "not_effective"},
        {"round_number": 1, "number": 2, "state": "cancelled", "verdict": None},
        {"round_number": 2, "number": 1, "state": "answered", "verdict": "effective"},
        {"round_number": 2, "number": 2, "state": "cancelled", "verdict": None},
    ]
    assert product.row("SELECT what_happened FROM lesson WHERE round_number = 1")["what_happened"] == WHY
