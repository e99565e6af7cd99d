"""Signing in and the profile, with a real browser, a real mail in a file, and once without any script."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pdca import clock
from pdca.db import db
from pdca.mail.jobs import deliver
from pdca.people.models import Role
from pdca.people.operations import mark_demo
from pdca.people.passwords import hash_password
from tests.factories import a_member, a_person, a_team

pytestmark = pytest.mark.browser

PASSWORD = "four quiet green ladders"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture(autouse=True)
def monday():
    """A browser keeps its own time, so here the server keeps it too."""
    return


@pytest.fixture
def sanne(session):
    """A board keeper with a password and a colleague."""
    team = a_team("Burgerzaken")
    a_member(team, name="Yasmina El Amrani", has_come_in=True)
    person = a_person("Sanne Hofstra", email="sanne@example.org", password_hash=hash_password(PASSWORD))
    a_member(team, Role.BOARD_KEEPER, person)
    session.commit()
    return person


@pytest.fixture
def live(live, page):
    """The running application; anything the page complains about fails the test."""
    complaints = []

    def listen(said):
        # A page under inspection complains about the inspector's own styles.
        if said.type == "error" and "status of 4" not in said.text and not page.under_inspection:
            complaints.append(said.text)

    page.under_inspection = False
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("framenavigated", lambda _frame: setattr(page, "under_inspection", False))
    yield live
    assert complaints == []


def newest_mail(app):
    """The text of the newest mail that left, after letting everything leave."""
    with app.app_context():
        deliver(clock.now())
    folder = app.extensions["settings"].instance / "mail"
    newest = max(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    mail = message_from_bytes(newest.read_bytes(), policy=policy.default)
    return mail.get_body(("plain",)).get_content()


def link_in(text):
    return re.search(r"https?://\S+/(?:sign-in|reset|invitation|new-address)/\S{43}\S*", text)[0]


def accessible(page):
    page.under_inspection = True
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []


def sign_in(page, live, email="sanne@example.org"):
    page.goto(f"{live}/sign-in?next=/me")
    page.get_by_text("Sign in with a password").click()
    form = page.locator("form[action='/sign-in/password']")
    form.get_by_label("Your e-mail address at work").fill(email)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign in").click()


def test_signing_in_by_a_mailed_link(app, live, page, session, sanne):
    page.goto(f"{live}/me")
    expect(page).to_have_url(f"{live}/sign-in?next=%2Fme")
    accessible(page)
    page.get_by_label("Your e-mail address at work").first.fill("sanne@example.org")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Look in your mailbox")).to_be_visible()
    accessible(page)
    page.goto(link_in(newest_mail(app)))
    expect(page.get_by_text("Sanne Hofstra")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live}/me")
    expect(page.get_by_role("heading", name="Sanne Hofstra")).to_be_visible()


def test_the_profile_is_kept_and_a_mistake_is_said_where_it_is(app, live, page, session, sanne):
    sign_in(page, live)
    expect(page).to_have_url(f"{live}/me")
    accessible(page)
    page.get_by_label("First day").fill("2030-05-10")
    page.get_by_label("Last day").fill("2030-05-01")
    page.get_by_role("button", name="Add absence").click()
    expect(page.locator("#until_on-error")).to_have_text("The last day lies before the first.")
    expect(page.get_by_label("First day")).to_have_value("2030-05-10")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    accessible(page)
    page.get_by_label("Last day").fill("2030-05-20")
    page.get_by_role("button", name="Add absence").click()
    expect(page.get_by_role("status")).to_contain_text(["Saved."])
    page.get_by_label("Deputy").select_option(label="Yasmina El Amrani")
    page.locator("#deputy form").first.get_by_role("button", name="Save").click()
    page.get_by_role("radio", name="Nederlands").check()
    page.locator("#profile").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Als ik er niet ben")).to_be_visible()
    expect(page.get_by_text("10 mei 2030")).to_be_visible()
    db.session.expire_all()
    assert (sanne.locale, sanne.deputy.name, len(sanne.absences)) == ("nl", "Yasmina El Amrani", 1)


def test_without_a_script_everything_still_works(app, live, browser, session, sanne):
    context = browser.new_context(java_script_enabled=False, locale="en-GB", viewport={"width": 360, "height": 740})
    page = context.new_page()
    sign_in(page, live)
    expect(page).to_have_url(f"{live}/me")
    page.get_by_label("Mail may arrive from").fill("08:00")
    page.get_by_role("checkbox", name="Wednesday").check()
    page.locator("#availability").get_by_role("button", name="Save").click()
    expect(page.get_by_label("Mail may arrive from")).to_have_value("08:00")
    context.close()
    db.session.expire_all()
    assert (sanne.mail_from.hour, sanne.weekdays_off) == (8, {3})


def test_after_signing_out_the_back_button_shows_nothing(app, live, page, session, sanne):
    """Threat 16."""
    sign_in(page, live)
    expect(page.get_by_role("heading", name="Sanne Hofstra")).to_be_visible()
    page.locator(".profile summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{live}/sign-in")
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("sanne@example.org")).not_to_be_visible()


def test_a_new_password_by_mail(app, live, page, session, sanne):
    page.goto(f"{live}/sign-in")
    page.get_by_text("Sign in with a password").click()
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill("sanne@example.org")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Look in your mailbox")).to_be_visible()
    page.goto(link_in(newest_mail(app)))
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.locator("#new_password-error")).to_be_visible()
    accessible(page)
    page.get_by_label("New password").fill("seven slow purple kettles")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("status").first).to_contain_text("Your password has been changed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(live, page, session, sanne, scheme):
    boss = a_person("Berend Baas", is_administrator=True, has_come_in=True)
    team = sanne.memberships[0].team
    mark_demo(dict.fromkeys(("member", "board_keeper", "leader"), sanne) | {"administrator": boss})
    session.commit()
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live}/sign-in")
    accessible(page)
    page.get_by_role("button", name="Berend Baas").click()
    page.wait_for_load_state()
    for path in (
        "/me",
        "/admin/people",
        "/admin/teams",
        f"/teams/{team.id}/members",
        f"/teams/{team.id}/settings",
        f"/teams/{team.id}/lists",
    ):
        page.goto(f"{live}{path}")
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 800})
            accessible(page)
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, path
