"""The board by mouse, by key and by finger, under the strict policy."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pdca import clock
from pdca.db import db
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import Kind, LookalikeChoice, Phase
from tests import stories
from tests.factories import signed_in

pytestmark = pytest.mark.browser

# Its preloading would write style sheets into the page, which the policy forbids.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}
DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 760}


@pytest.fixture
def crew(session):
    return stories.crew()


@pytest.fixture
def at():
    """The browser's own day: its clock is the machine's."""
    return clock.now() - timedelta(days=2)


@pytest.fixture
def cards(crew, at):
    """Ids: a quick win that may start, one that has a question left, an action, one on its way."""

    def quick(to, title, **answers):
        return stories.walk(crew, to, at=at, title=title, lookalikes=DIFFERENT, **answers).item

    ready = quick(Phase.PLAN, "Stoeptegel")
    ready.due_on = stories.day_of(at) + timedelta(days=20)
    asked = quick(Phase.PLAN, "Pasfoto")
    action = stories.walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=at, title="Wachtrij", lookalikes=DIFFERENT).item
    return SimpleNamespace(ready=ready.id, asked=asked.id, action=action.id, doing=quick(Phase.DO, "Fietsenrek").id)


@pytest.fixture
def address(app, live, page, crew, cards):
    """The board's address, with the owner signed in; the test's own unit of work holds nothing any more."""
    enter(app, page, live, crew.owner)
    found = f"{live}/teams/{crew.team.id}/board"
    db.session.commit()
    return found


@pytest.fixture
def complaints(page):
    """What the browser complains about; a refusal that a page expects is none."""
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda m: said.append(m.text) if m.type == "error" and "status of 4" not in m.text else None,
    )
    yield said
    assert said == []


@pytest.fixture
def board(page, address, complaints):
    """The owner looks at the board."""
    page.goto(address)
    page.wait_for_function("() => window.htmx && window.Sortable")
    return page


@pytest.fixture
def as_keeper(app, live, crew):
    """The same board, for who keeps it."""

    def change(page):
        enter(app, page, live, crew.keeper)
        page.reload()
        page.wait_for_function("() => window.htmx && window.Sortable")
        return page

    return change


def enter(app, page, live, person):
    """Sign in without the door: the browser gets the cookie of a session."""
    cookie = signed_in(app, person).get_cookie("pdca")
    page.context.add_cookies([{"name": "pdca", "value": cookie.value, "url": live}])


def drag(page, card, target):
    """By hand: down, along, up."""
    start, end = page.locator(f"#card-{card} .card-title").bounding_box(), page.locator(target).bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 40, steps=25)


def in_column(page, phase):
    """The ids of its cards, in order."""
    return page.locator(f"#column-{phase} .cards [data-card]").evaluate_all("all => all.map(c => +c.dataset.card)")


def focused_card(page):
    return page.evaluate("() => +(document.activeElement.closest('[data-card]')?.dataset.card ?? 0)")


class TestSeveral:
    def test_are_chosen_parked_and_what_moved_is_taken_back(self, board, cards, as_keeper):
        """One visit: `x`, shift-click, the bar, the peek with Escape, and `u` after a move."""
        page = as_keeper(board)
        title = lambda card: page.locator(f"#card-{card} .card-title a")  # noqa: E731 - one line says it
        title(cards.asked).focus()
        page.keyboard.press("x")
        title(cards.action).click(modifiers=["Shift"])
        count = page.locator("#column-plan .card-pick:checked").count()
        expect(page.locator("[data-several-count]")).to_have_text(f"{count} chosen")
        page.keyboard.press("Escape")
        expect(page.locator("[data-several]")).to_be_hidden()
        title(cards.asked).hover()
        expect(page.locator("#peek")).to_contain_text("Before it can go to Do")
        page.keyboard.press("Escape")
        expect(page.locator("#peek")).to_have_count(0)
        title(cards.asked).focus()
        page.keyboard.press("x")
        page.locator(".several-act summary", has_text="Park").click()
        page.get_by_label("Why?").fill("Na de zomer")
        page.get_by_label("Look again on").fill((clock.now() + timedelta(days=40)).date().isoformat())
        page.locator("[name=act][value=park]").click()
        expect(page.locator("#flash")).to_contain_text("Done for 1 card.")
        expect(page.locator(f"#column-plan .parked #card-{cards.asked}")).to_have_count(1)
        title(cards.ready).focus()
        page.keyboard.press("]")
        expect(page.locator(f"#column-do #card-{cards.ready}")).to_be_visible()
        expect(page.locator("[data-undo]")).to_be_visible()
        page.keyboard.press("u")
        expect(page.locator(f"#column-plan #card-{cards.ready}")).to_be_visible()


class TestByMouse:
    def test_a_card_that_may_go_moves_to_where_it_is_dropped(self, board, cards):
        drag(board, cards.ready, "#column-do .cards")
        board.mouse.up()
        expect(board.locator(f"#column-do #card-{cards.ready}")).to_have_attribute("data-phase", "do")
        expect(board.locator("#live")).to_contain_text("Do")

    def test_a_card_with_questions_goes_back_and_asks_them(self, board, cards):
        drag(board, cards.asked, "#column-do .cards")
        board.mouse.up()
        expect(board.locator("dialog[open]")).to_be_visible()
        assert cards.asked in in_column(board, "plan")
        expect(board.locator(f"#card-{cards.asked}")).to_have_class("card is-asked")
        expect(board.locator("[data-dots-words]")).to_have_text("1 of 1")

    def test_answering_moves_the_card_and_closes_the_sheet(self, board, cards):
        drag(board, cards.asked, "#column-do .cards")
        board.mouse.up()
        board.get_by_label("Other…").check()
        expect(board.locator("[data-submit]")).to_contain_text("1 answer to go")
        board.locator("dialog[open] [name=due_on]").first.check()
        expect(board.locator("[data-submit]")).not_to_contain_text("to go")
        board.locator("[data-submit]").click()
        expect(board.locator(f"#column-do #card-{cards.asked}")).to_be_visible()
        expect(board.locator("dialog")).to_have_count(0)

    def test_escape_puts_a_card_back_in_the_middle_of_a_drag(self, board, cards):
        drag(board, cards.ready, "#column-do .cards")
        board.keyboard.press("Escape")
        board.mouse.up()
        expect(board.locator("#live")).to_contain_text("back where it was")
        assert cards.ready in in_column(board, "plan")

    def test_another_place_in_the_same_column_is_kept(self, board, cards):
        before = in_column(board, "plan")
        drag(board, cards.ready, f"#card-{before[0]}")
        board.mouse.up()
        expect(board.locator("#live")).to_contain_text("place")
        after = in_column(board, "plan")
        board.reload()
        assert in_column(board, "plan") == after != before


class TestByKey:
    def test_arrows_walk_from_card_to_card(self, board):
        board.keyboard.press("ArrowDown")
        first = focused_card(board)
        board.keyboard.press("ArrowDown")
        assert first
        assert focused_card(board) not in (0, first)

    def test_brackets_take_the_step_and_keep_the_focus(self, board, cards):
        board.locator(f"#card-{cards.ready} .card-title a").focus()
        board.keyboard.press("]")
        moved = board.locator(f"#column-do #card-{cards.ready} .card-title a")
        # At once, so that the next key finds the card; and still when the answer has come.
        expect(moved).to_be_focused()
        expect(board.locator("#live")).to_contain_text("now stands in Do")
        expect(moved).to_be_focused()

    def test_escape_closes_the_sheet_and_gives_the_focus_back(self, board, cards):
        board.locator(f"#card-{cards.asked} .card-title a").focus()
        board.keyboard.press("]")
        expect(board.locator("dialog[open]")).to_be_visible()
        board.keyboard.press("Escape")
        expect(board.locator(f"#card-{cards.asked} .card-title a")).to_be_focused()

    def test_what_was_typed_in_a_sheet_outlives_escape(self, board, cards):
        title = board.locator(f"#card-{cards.action} .card-title a")
        title.focus()
        board.keyboard.press("]")
        box = board.locator("dialog[open] textarea").first
        box.fill("Driekwart van het verhaal")
        board.keyboard.press("Escape")
        expect(title).to_be_focused()
        board.keyboard.press("]")
        expect(box).to_have_value("Driekwart van het verhaal")

    def test_the_menu_offers_every_move(self, board, cards):
        board.locator(f"#card-{cards.ready} .card-title a").focus()
        board.keyboard.press("m")
        board.get_by_role("menuitem", name="Do", exact=True).click()
        expect(board.locator(f"#column-do #card-{cards.ready}")).to_be_visible()

    def test_c_writes_one_line_down_and_is_ready_for_the_next(self, board):
        board.keyboard.press("c")
        board.keyboard.type("De klok loopt voor")
        board.keyboard.press("Enter")
        expect(board.locator("#column-new .card-title")).to_have_text("De klok loopt voor")
        expect(board.locator("#capture-line")).to_be_focused()
        expect(board.locator("#capture-line")).to_have_value("")

    def test_space_takes_a_card_up_and_puts_it_down_elsewhere(self, board, cards):
        title = board.locator(f"#card-{cards.ready} .card-title a")
        title.focus()
        board.keyboard.press("Space")
        expect(board.locator("#live")).to_contain_text("in your hand")
        board.keyboard.press("ArrowRight")
        expect(board.locator(f"#column-do #card-{cards.ready} .card-title a")).to_be_focused()
        board.keyboard.press("Space")
        expect(board.locator("#live")).to_contain_text("now stands in Do")
        expect(title).to_be_focused()

    def test_escape_puts_a_card_in_the_hand_back(self, board, cards):
        before = in_column(board, "plan")
        board.locator(f"#card-{cards.ready} .card-title a").focus()
        for key in ("Space", "ArrowRight", "ArrowRight", "Escape"):
            board.keyboard.press(key)
        expect(board.locator("#live")).to_contain_text("back where it was")
        assert in_column(board, "plan") == before
        assert focused_card(board) == cards.ready

    def test_escape_leaves_the_line_for_the_card_one_came_from(self, board, cards):
        title = board.locator(f"#card-{cards.action} .card-title a")
        title.focus()
        board.keyboard.press("c")
        board.keyboard.type("Half af")
        board.keyboard.press("Escape")
        expect(title).to_be_focused()
        expect(board.locator("#capture-line")).to_have_value("Half af")

    def test_b_goes_to_the_bar_and_escape_comes_back(self, board, cards):
        title = board.locator(f"#card-{cards.asked} .card-title a")
        title.focus()
        board.keyboard.press("x")
        board.keyboard.press("b")
        expect(board.locator("[data-several] :focus")).to_have_count(1)
        board.keyboard.press("Escape")
        expect(title).to_be_focused()

    def test_home_and_end_stay_in_the_column(self, board, cards):
        in_plan = in_column(board, "plan")
        board.locator(f"#card-{in_plan[1]} .card-title a").focus()
        board.keyboard.press("End")
        assert focused_card(board) == in_plan[-1]
        board.keyboard.press("Home")
        assert focused_card(board) == in_plan[0]

    def test_a_filter_keeps_the_focus_where_the_next_one_is_chosen(self, board):
        mine = board.locator("[data-filters] a", has_text="Mine")
        mine.focus()
        board.keyboard.press("Enter")
        board.wait_for_url("**?is=mine")
        expect(mine).to_be_focused()

    def test_single_keys_can_be_turned_off(self, board):
        board.keyboard.press("?")
        board.get_by_label("Use these single keys").uncheck()
        board.keyboard.press("Escape")
        board.keyboard.press("?")
        expect(board.locator("dialog")).to_have_count(0)


class TestOneItemByKey:
    @pytest.fixture
    def item(self, board, cards, address):
        board.goto(address.split("/teams")[0] + f"/items/{cards.asked}")
        board.wait_for_load_state()
        return board

    def test_a_phase_that_was_looked_at_is_not_where_the_card_stands(self, item):
        item.locator(".phase-line :checked").focus()
        item.keyboard.press("ArrowRight")
        expect(item.locator("dialog[open]")).to_be_visible()
        item.keyboard.press("Escape")
        expect(item.locator("dialog")).to_have_count(0)
        expect(item.locator(".phase-line :checked")).to_have_value("plan")
        expect(item.locator(".phase-line :checked")).to_be_focused()

    def test_the_focus_outlives_a_comment_and_goes_to_what_was_refused(self, item):
        item.locator("#f-body").fill("Morgen bellen")
        item.locator("#say button").focus()
        item.keyboard.press("Enter")
        expect(item.locator("#journal .said")).to_have_text("Morgen bellen")
        expect(item.locator("#live")).to_contain_text("in the journal")
        expect(item.locator("#say button")).to_be_focused()
        item.keyboard.press("Enter")
        expect(item.locator("#f-body[aria-invalid]")).to_be_focused()

    def test_the_focus_outlives_an_act_and_what_happened_is_said_in_the_same_region(self, item):
        region = item.locator("#flash").element_handle()
        item.get_by_role("button", name="Follow", exact=True).focus()
        item.keyboard.press("Enter")
        expect(item.locator("#flash")).to_contain_text("You follow this now.")
        assert region.evaluate("e => e.isConnected")
        expect(item.locator("#following button")).to_be_focused()


class TestOnASmallScreen:
    def test_what_has_the_focus_is_never_under_the_bar(self, board, cards, address):
        board.set_viewport_size(PHONE)
        board.goto(address.split("/teams")[0] + f"/items/{cards.asked}")
        below = """() => {
            if (document.activeElement === document.body) return "";
            const at = document.activeElement.getBoundingClientRect();
            return at.height && at.bottom > document.querySelector(".dock").getBoundingClientRect().top + 1
                && !document.activeElement.closest(".dock") ? document.activeElement.outerHTML : "";
        }"""
        hidden = set()
        for _ in range(40):
            board.keyboard.press("Tab")
            hidden.add(board.evaluate(below))
        assert hidden == {""}

    def test_a_low_window_leaves_room_for_the_question(self, board, cards):
        board.set_viewport_size({"width": 360, "height": 390})
        board.locator(f"#card-{cards.asked} .card-title a").focus()
        board.keyboard.press("]")
        field = board.locator("dialog[open] [name=due_on]").first
        field.focus()
        expect(field).to_be_in_viewport(ratio=1)
        foot = board.locator("dialog[open] .sheet-foot").bounding_box()
        assert foot["height"] < 390 / 4

    @pytest.mark.parametrize("path", ["/teams/{team}/board", "/items/{item}", "/me", "/me/list"])
    def test_twice_as_large_letters_need_no_sideways_scroll(self, board, cards, crew, address, path):
        board.set_viewport_size(PHONE)
        team = address.split("/teams/")[1].split("/")[0]
        board.goto(address.split("/teams")[0] + path.format(team=team, item=cards.asked))
        board.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        assert board.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


class TestForEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
    def test_breaks_no_rule_and_needs_no_sideways_scroll(self, board, size, scheme):
        board.set_viewport_size(size)
        # At once: halfway from light to dark no two colours are those of the house.
        board.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(board, options=RULES).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
        assert board.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0

    def test_works_without_a_script(self, page, address, browser, cards):
        cookies = page.context.cookies()
        plain = browser.new_context(java_script_enabled=False, locale="en-GB")
        plain.add_cookies(cookies)
        seen = plain.new_page()
        seen.goto(address)
        seen.get_by_label("What goes wrong, or what will we do?").fill("Zonder script")
        seen.keyboard.press("Enter")
        expect(seen.locator("#column-new .card-title")).to_have_text("Zonder script")
        seen.goto(address.split("/teams")[0] + f"/items/{cards.asked}/steps/do")
        expect(seen.locator("section.sheet")).to_be_visible()
        plain.close()

    def test_a_phone_keeps_its_tabs_in_reach(self, board):
        board.set_viewport_size(PHONE)
        board.locator("[data-tabs] a[href='#column-plan']").click()
        expect(board.locator("[data-tabs] a[href='#column-plan']")).to_have_attribute("aria-current", "true")
        expect(board.locator("#column-plan")).to_be_in_viewport()
