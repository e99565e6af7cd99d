"""An improvement action from one line to closed: four people, a customer, half a year of clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.hands import PHONE, Hands, hands
from tests.browser.town import START, address_of, at_ten
from tests.peers.product import Mail, Product

pytestmark = pytest.mark.browser

LINE = "Aanvragers weten niet wanneer hun vergunning klaar is"
CUSTOMER = "karin@smit.example"
PROMISED = date(2031, 9, 29)
LATER = date(2031, 10, 6)
CHECKS = tuple(LATER + timedelta(days=n) for n in (14, 42, 91, 182))
REASON = "De brief moet nog een keer langs de juristen."


@dataclass
class House:
    """The program, and a browser for whoever comes in."""

    product: Product
    browser: Browser

    @contextmanager
    def somebody(self, part: str, path: str = "/items/1") -> Iterator[Hands]:
        """Signed in, on the item's page; at the end nothing was complained about."""
        with hands(self.browser, self.product.address) as person:
            yield person.sign_in(address_of(part)).open(path)
            assert person.complaints == []

    def on(self, day: date) -> House:
        """Ten o'clock on this day, and one look at the clock."""
        self.product.at(at_ten(day))
        self.product.followup()
        return self

    def customer_says(self, solved: str, mark: int, better: str = "") -> None:
        """Through the link of the newest mail."""
        with hands(self.browser, self.product.address, viewport=PHONE) as customer:
            customer.page.goto(self.mail_to_customer().link("/a/"))
            customer.page.get_by_role("radio", name=solved, exact=True).check()
            customer.page.get_by_role("radio", name=str(mark), exact=True).check()
            customer.page.get_by_label("Wat kan er beter?").fill(better)
            customer.page.get_by_role("button", name="Verstuur mijn antwoord").click()
            expect(customer.page.get_by_role("heading", level=1)).to_contain_text("Dank u wel")
            assert customer.complaints == []

    def mail_to_customer(self) -> Mail:
        """The newest."""
        return self.product.mails(CUSTOMER)[-1]

    def item(self, *columns: str) -> tuple[object, ...]:
        """What is stored of it."""
        row = self.product.row("SELECT * FROM item JOIN round ON item_id = item.id WHERE round.number = round_number")
        return tuple(row[name] for name in columns)


def test_an_action_lives_its_whole_life(product: Product, browser: Browser) -> None:
    house = House(product, browser)
    _take_up(house)
    _plan(house)
    _announce(house)
    _call(house.on(date(2031, 9, 16)))
    _give_a_new_date(house.on(date(2031, 9, 22)))
    _hand_over(house)
    _carry_out(house.on(LATER))
    _first_check(house.on(CHECKS[0]))
    _silent_customer(house.on(CHECKS[1]))
    _later_check(house.on(CHECKS[2]), mark=9)
    _later_check(house.on(CHECKS[3]), mark=9)
    _close(house)
    _is_all_kept(house)
    assert "All well." in product.run("doctor")


# --- New and Plan ----------------------------------------------------------------------------------------


def _take_up(house: House) -> None:
    """A member writes it down; the leader says that it is an important action, from the card's menu."""
    with house.somebody("member", "/") as member:
        member.page.get_by_placeholder("What goes wrong?").fill(LINE)
        member.page.get_by_role("button", name="Add to New").click()
        expect(member.card(LINE)).to_be_visible()
    with house.somebody("leader", "/") as leader:
        leader.card(LINE).hover()
        leader.card(LINE).get_by_role("button", name="move and more").click()
        leader.page.get_by_role("menuitem", name="Plan").click()
        expect(leader.sheet).to_be_visible()
        leader.unfold("kind").tap("Improvement action")
        leader.unfold("importance").tap("High")
        leader.fill("What goes wrong", "Ik bel elke week en niemand weet het.")
        leader.fill("Who is the customer?", f"Karin Smit, {CUSTOMER}")
        leader.fill("What will the customer notice?", "U krijgt vooraf te horen op welke dag de vergunning er is.")
        leader.press("Move to Plan")
        expect(leader.column("plan").locator("[data-card]")).to_have_count(1)
    assert house.item("kind", "importance", "phase") == ("improvement", "high", "plan")


def _plan(house: House) -> None:
    """On the item's page, in place: refused until everything is there, then it starts."""
    with house.somebody("owner") as owner:
        needs = str(owner.page.locator("#next").get_attribute("data-missing-names")).split()
        assert {"purpose", "promise", "owner", "aftercare", "baseline", "small_test", "groups", "touchpoint"} <= set(
            needs
        )
        owner.form.get_by_role("button", name="Move to Do").click()
        expect(owner.page.locator("#next [data-error-summary]")).to_be_visible()
        owner.fill("Who asked for it?", "Karin Smit").fill("How many people?", "40").fill(
            "How did you hear it?", "telefoon"
        )
        owner.fill("What is it for?", "Zodat ik weet wanneer ik mag gaan bouwen.")
        owner.tap("Mon 29 Sep")
        owner.fill("With whom did you agree the date?", "Karin Smit").fill("How?", "aan de telefoon")
        owner.tap("The customer gets a mail").fill("When is it solved?", "Karin zegt dat zij de dag vooraf wist.")
        owner.fill("How good is it now", "4")
        owner.fill("Where do you try it small first?", "Alleen dakkapellen").fill("With whom?", "Mila en de balie")
        owner.fill("Until when?", "2031-09-19").fill("What do you expect to happen?", "De helft belt niet meer.")
        owner.fill("How will you know?", "We turven een week lang.")
        owner.tap("Inwoners aan de balie")
        owner.fill("At which moment does the customer meet this?", "De ontvangstbevestiging")
        owner.fill("And which part do you play in it?", "Wij schrijven hem")
        owner.unfold("catalogue_changes").tap("Yes", within="Does the service catalogue change?")
        owner.press("Move to Do")
    assert house.item("phase", "due_on", "catalogue_changes") == ("do", PROMISED.isoformat(), 1)


# --- Do --------------------------------------------------------------------------------------------------


def _announce(house: House) -> None:
    """R4: beforehand, with the reason."""
    with house.somebody("owner") as owner:
        owner.act("Announce the change")
        owner.fill("What do you announce, and why?", "Voortaan staat de dag in de brief, omdat u dat vroeg.")
        owner.fill("Who hears it?", "Alle aanvragers").fill("It changes on", PROMISED.isoformat())
        owner.press("Note the announcement")
    assert house.product.row("SELECT is_late FROM announcement") == {"is_late": 0}


def _call(house: House) -> None:
    """R10: it is important, so the day after half-way the mail of the follow-up asks to call."""
    mail = house.product.mails(address_of("owner"))[-1]
    assert LINE in mail.text
    with house.somebody("owner") as owner:
        owner.act("Call during the work")
        owner.tap("Something has to change")
        owner.fill("What was said, and what do you adjust?", "Ook per sms.").press("Note the call")
    assert house.product.row("SELECT purpose, verdict, with_whom FROM call") == {
        "purpose": "during_work",
        "verdict": "adjust",
        "with_whom": "Karin Smit",
    }


def _give_a_new_date(house: House) -> None:
    """R7, R8: two answers; the customer reads the reason in a mail."""
    with house.somebody("owner") as owner:
        owner.act("New date")
        owner.tap("Mon 6 Oct").fill("Why is it later?", REASON).press("Give this date")
        expect(owner.page.locator(".promise").first).to_contain_text("moved 1×, first promised Mon 29 Sep")
    house.product.followup()
    assert REASON in house.mail_to_customer().text
    assert "6 oktober" in house.mail_to_customer().text


def _hand_over(house: House) -> None:
    """R5, R6: until the receiver has read it back, the giver stays responsible and nothing moves on."""
    with house.somebody("owner") as owner:
        owner.act("Hand over to a colleague")
        owner.choose("Who takes it over?", "Mila Jansen").fill("What has been done?", "De proef met dakkapellen.")
        owner.fill("What is still open?", "De brief ligt bij de juristen.")
        owner.fill("What should they watch out for?", "Karin wil gebeld worden.").press("Hand it over")
        expect(owner.page.locator("#handover")).to_contain_text("Being handed over to Mila Jansen")
        assert "no_handover" in str(owner.page.locator("#next [data-missing]").last.get_attribute("data-missing"))
    assert _owner(house) == "Omar Bakker"
    with house.somebody("member") as member:
        member.act("Accept")
        member.fill("What do you take over", "Ik haal de brief bij de juristen en bel Karin.").press("I take it over")
    assert _owner(house) == "Mila Jansen"


def _owner(house: House) -> object:
    return house.product.row("SELECT person.name FROM item JOIN person ON person.id = owner_id")["name"]


def _carry_out(house: House) -> None:
    with house.somebody("member") as member:
        member.tap("Different from planned")
        member.form.get_by_label("What was really done?").last.fill("In de brief en per sms.")
        member.press("Move to Check")
    assert house.item("phase", "carried_out_on", "carried_out") == (
        "check",
        LATER.isoformat(),
        "In de brief en per sms.",
    )


# --- aftercare -------------------------------------------------------------------------------------------


def _first_check(house: House) -> None:
    """The customer's own answer opens Act; the prediction is held against what came of it."""
    house.customer_says("Ja", 7, "Het sms'je kwam laat.")
    with house.somebody("member") as member:
        member.tap("effective", within="What is the verdict?")
        member.tap("Nearly", within="Was your prediction right?").fill(
            "What came of it?", "Vier op de tien bellen nog."
        )
        member.press("Move to Act")
    assert house.item("phase", "prediction_result", "result") == ("act", "nearly", "Vier op de tien bellen nog.")


def _silent_customer(house: House) -> None:
    """R19: asked, reminded after five working days, called in vain on the seventh, reached on the ninth."""
    product, before = house.product, len(house.product.mails(CUSTOMER))
    house.on(date(2031, 11, 24))
    assert len(product.mails(CUSTOMER)) == before + 1, "one reminder"
    house.on(date(2031, 11, 26))
    assert "Karin Smit" in product.mails(address_of("member"))[-1].text
    with house.somebody("member") as member:
        member.act("Nobody answered").press("Note the attempt")
    house.on(date(2031, 11, 28))
    with house.somebody("member") as member:
        member.act("Note an answer")
        member.fill("How?", "telefoon").tap("Yes", within="Is it solved").tap("8", within="Which mark")
        member.fill("What could be better?", "Niets, ik wist het precies.").press("Note the answer")
        _judge(member)
    assert product.row("SELECT source, mark FROM answer ORDER BY id DESC LIMIT 1") == {"source": "call", "mark": 8}
    assert len(product.mails(CUSTOMER)) == before + 1


def _later_check(house: House, *, mark: int) -> None:
    house.customer_says("Ja", mark)
    with house.somebody("member") as member:
        _judge(member)


def _judge(member: Hands) -> None:
    member.act("Give the verdict")
    member.tap("effective", within="What is the verdict?").press("Give the verdict")


# --- the end ---------------------------------------------------------------------------------------------


def _close(house: House) -> None:
    """The new standard and the lesson; then it is closed, and the customer's mark is shown."""
    with house.somebody("member") as member:
        member.fill("Where is the new way of working written down?", "Werkafspraak 12, ontvangstbrief")
        member.choose("Who keeps it?", "Bo Kuipers")
        member.fill("What happened?", "Een dag in de brief scheelt de helft van de telefoontjes.")
        member.press("Close it")
        expect(member.page.locator("[data-moment]")).to_contain_text("9")
    house.product.followup()
    assert house.mail_to_customer().link("/a/")


def _is_all_kept(house: House) -> None:
    """Every station of its life, as it is stored."""
    product = house.product
    assert house.item("phase", "final_verdict", "times_moved", "standard_where") == (
        *("closed", "effective", 1),
        "Werkafspraak 12, ontvangstbrief",
    )
    checks = product.rows("SELECT due_on, state, verdict FROM aftercare_check ORDER BY number")
    assert checks == [{"due_on": day.isoformat(), "state": "answered", "verdict": "effective"} for day in CHECKS]
    moves = [row["to_phase"] for row in product.rows("SELECT to_phase FROM move ORDER BY id")]
    assert moves == ["plan", "do", "check", "act", "closed"]
    days = [mail.mime["Date"].datetime.date() for mail in product.mails(address_of("member"))]
    assert len(days) == len(set(days)), "one grouped mail per person per day"
    assert START.date() not in days
