"""The customer's page: opening changes nothing, an answer is a POST, and a bad link tells nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from pdca.db import db
from pdca.items.models import Answer, Check, Contact, Entry, Item
from pdca.items.terms import CheckState, Phase, Solved, Verdict
from pdca.mail.links import make_link, revoke_links, token_of
from pdca.mail.models import Link, Message
from tests import stories
from tests.conftest import MONDAY
from tests.stories import walk

HOURS_25 = timedelta(hours=25)


@pytest.fixture
def asked(session):
    """An item whose first check is asked today, by a link that works for thirty days."""
    story = walk(stories.crew(), Phase.CHECK, at=MONDAY).ask()
    link = make_link(
        "aftercare",
        story.check.id,
        at=story.at,
        expires_at=story.at + timedelta(days=30),
        contact_id=story.contact.id,
    )
    session.commit()
    with time_machine.travel(story.at, tick=True) as clock:
        yield story, token_of(link), clock


def form_of(page) -> dict[str, str]:
    """The hidden fields of the answer form."""
    html = page.get_data(as_text=True)
    return dict(re.findall(r'<input type="hidden" name="(form_token|version)" value="([^"]*)">', html))


def state_of(item_id: int) -> tuple[object, ...]:
    """Everything that an opened page might have changed."""
    db.session.rollback()
    item = db.session.get_one(Item, item_id)
    counts = [db.session.scalar(select(func.count()).select_from(t)) for t in (Answer, Entry, Message, Link)]
    checks = [(c.id, c.state, c.verdict) for c in item.checks]
    uses = db.session.scalars(select(Link.uses).order_by(Link.id)).all()
    return (item.version, item.phase, *counts, checks, list(uses))


def test_opening_the_link_changes_nothing(asked, client):
    story, token, _ = asked
    before = state_of(story.item.id)
    for method in ("get", "head", "options"):
        for _ in range(3):
            assert getattr(client, method)(f"/a/{token}").status_code in (200, 204)
    assert state_of(story.item.id) == before


def test_the_page_shows_the_customer_only_what_is_theirs(asked, client):
    story, token, _ = asked
    text = client.get(f"/a/{token}").get_data(as_text=True)
    assert story.item.title in text
    assert story.contact.name in text
    for name in (story.owner.name, story.crew.member.name, story.item.problem):
        assert name not in text


def test_a_title_has_no_capital_within_a_sentence(asked, client, session):
    story, token, _ = asked
    story.contact.name = "Mevrouw B. Hendriks"
    session.commit()
    text = client.get(f"/a/{token}").get_data(as_text=True)
    assert "mevrouw B. Hendriks," in text
    assert "Mevrouw B." not in text


def test_the_address_is_kept_secret(asked, client):
    _, token, _ = asked
    page = client.get(f"/a/{token}")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers


def test_a_post_answers_the_check(asked, client):
    _, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    sent = client.post(f"/a/{token}", data={**hidden, "solved": "yes", "mark": "8", "better": "Top"}, csrf=False)
    assert sent.status_code == 303
    answer = db.session.scalars(select(Answer)).one()
    assert (answer.solved, answer.mark, answer.better, answer.recorded_by_id) == (Solved.YES, 8, "Top", None)
    assert db.session.get_one(Check, answer.check_id).state is CheckState.ANSWERED
    assert "8" in client.get(f"/a/{token}").get_data(as_text=True)


def test_an_answer_is_corrected_for_a_day_by_a_form_of_its_own(asked, client):
    _, token, clock = asked
    hidden = form_of(client.get(f"/a/{token}"))
    client.post(f"/a/{token}", data={**hidden, "solved": "yes", "mark": "8"}, csrf=False)
    assert f"/a/{token}/correction" in client.get(f"/a/{token}").get_data(as_text=True)
    again = form_of(client.get(f"/a/{token}/correction"))
    assert again["version"] == "1"
    client.post(f"/a/{token}/correction", data={**again, "solved": "no", "mark": "3"}, csrf=False)
    answer = db.session.scalars(select(Answer)).one()
    assert (answer.solved, answer.mark, answer.version) == (Solved.NO, 3, 2)
    clock.shift(HOURS_25)
    late = {**again, "version": "2", "solved": "yes", "mark": "10"}
    assert client.post(f"/a/{token}/correction", data=late, csrf=False).status_code == 409
    db.session.expire_all()
    assert db.session.scalars(select(Answer.mark)).one() == 3


def test_a_correction_of_an_older_version_changes_nothing(asked, client):
    _, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    client.post(f"/a/{token}", data={**hidden, "solved": "yes", "mark": "8"}, csrf=False)
    stale = {**hidden, "version": "7", "solved": "no", "mark": "1"}
    assert client.post(f"/a/{token}/correction", data=stale, csrf=False).status_code == 409
    assert db.session.scalars(select(Answer.mark)).one() == 8


def test_a_second_answer_is_told_kindly_that_there_is_one(asked, client):
    _, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    client.post(f"/a/{token}", data={**hidden, "solved": "yes", "mark": "8"}, csrf=False)
    second = client.post(f"/a/{token}", data={**hidden, "solved": "no", "mark": "1"}, csrf=False)
    assert second.status_code == 409
    assert "This question was answered already." in second.get_data(as_text=True) or "al beantwoord" in second.text
    assert db.session.scalars(select(Answer.mark)).one() == 8


def test_the_page_speaks_the_customers_language_until_they_choose_the_other(asked, client):
    _, token, _ = asked
    assert 'lang="nl"' in client.get(f"/a/{token}").text.partition("<body")[0]
    english = client.get(f"/a/{token}?lang=en").text
    assert 'lang="en"' in english.partition("<body")[0]
    assert "Has the problem been solved?" in english
    hidden = form_of(client.get(f"/a/{token}?lang=en"))
    sent = client.post(f"/a/{token}?lang=en", data={**hidden, "solved": "yes", "mark": "8"}, csrf=False)
    assert sent.location.endswith("?lang=en")


@pytest.mark.parametrize(
    ("solved", "words"),
    [
        ("yes", "closes this"),
        ("partly", "decides how to finish it"),
        ("no", "at the latest on 26 March 2026"),
    ],
)
def test_the_thanks_say_what_happens_next(asked, client, solved, words):
    _, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    client.post(f"/a/{token}", data={**hidden, "solved": solved, "mark": "6"}, csrf=False)
    assert words in " ".join(client.get(f"/a/{token}?lang=en").text.split())


def test_what_was_promised_and_done_stands_there_in_two_sentences(asked, client):
    story, token, _ = asked
    text = " ".join(client.get(f"/a/{token}?lang=en").text.split())
    assert f"We promised you: “{story.item.noticeable}” On " in text
    assert f"we carried out: “{story.item.title}”." in text


def test_the_page_says_who_asks_what_is_kept_and_for_whom_it_was_built(asked, client):
    _, token, _ = asked
    html = client.get(f"/a/{token}?lang=en").text
    assert 'href="/privacy?lang=en"' in html
    assert 'href="/accessibility?lang=en"' in html
    assert "removed 365 days after" in client.get("/privacy?lang=en").text
    assert "WCAG 2.2" in client.get("/accessibility?lang=nl").text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"mark": "7", "better": "Bijna <b>goed</b>"}, "solved"),
        ({"solved": "yes", "better": "Bijna goed"}, "mark"),
        ({"solved": "yes", "mark": "11"}, "mark"),
        ({"solved": "maybe", "mark": "7"}, "solved"),
        ({"solved": "yes", "mark": "zeven"}, "mark"),
        ({"solved": "yes", "mark": "7", "better": "x" * 2001}, "better"),
    ],
)
def test_a_bad_answer_is_explained_at_its_field_and_nothing_typed_is_lost(asked, client, typed, field):
    story, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    counted = state_of(story.item.id)[:-1]
    refused = client.post(f"/a/{token}", data={**hidden, **typed}, csrf=False)
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert f'id="{field}-error"' in html
    if "better" in typed and field != "better":
        assert typed["better"].replace("<", "&lt;").replace(">", "&gt;") in html
    assert state_of(story.item.id)[:-1] == counted


def test_an_unknown_field_is_refused(asked, client):
    _, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    sent = client.post(f"/a/{token}", data={**hidden, "solved": "yes", "mark": "8", "verdict": "effective"}, csrf=False)
    assert sent.status_code == 422
    assert db.session.scalars(select(Answer)).all() == []


def test_the_form_is_bound_to_its_link(asked, client):
    _, token, _ = asked
    sent = client.post(f"/a/{token}", data={"form_token": "0" * 64, "solved": "yes", "mark": "8"}, csrf=False)
    assert sent.status_code == 303
    assert db.session.scalars(select(Answer)).all() == []


def test_a_link_takes_no_more_than_ten_posts(asked, client):
    _, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    for _ in range(11):
        client.post(f"/a/{token}", data={**hidden, "solved": "maybe", "mark": "8"}, csrf=False)
    client.post(f"/a/{token}", data={**hidden, "solved": "yes", "mark": "8"}, csrf=False)
    assert db.session.scalars(select(Answer)).all() == []
    assert client.get(f"/a/{token}").status_code == 200


def test_unknown_expired_and_revoked_links_look_the_same(asked, client):
    story, token, _ = asked
    unknown = client.get(f"/a/{'x' * 43}")
    with time_machine.travel(story.at + timedelta(days=31)):
        expired = client.get(f"/a/{token}")
    revoke_links("aftercare", at=story.at, subject_id=story.check.id)
    db.session.commit()
    revoked = client.get(f"/a/{token}")
    pages = [p.get_data(as_text=True).replace(token, "").replace("x" * 43, "") for p in (unknown, expired, revoked)]
    assert {p.status_code for p in (unknown, expired, revoked)} == {404}
    assert len(set(pages)) == 1


def test_a_new_link_goes_only_to_the_stored_address(asked, client):
    story, token, _ = asked
    with time_machine.travel(story.at + timedelta(days=31)):
        assert client.post(f"/a/{token}/new-link", csrf=False).status_code == 200
        assert client.post(f"/a/{token}/new-link", csrf=False).status_code == 200
        assert client.post(f"/a/{'x' * 43}/new-link", csrf=False).status_code == 200
    mails = db.session.scalars(select(Message).where(Message.dedupe_key.like("aftercare-again:%"))).all()
    assert [m.address for m in mails] == [story.contact.email]


def test_somebody_else_says_so(asked, client):
    story, token, _ = asked
    hidden = form_of(client.get(f"/a/{token}"))
    client.post(f"/a/{token}/not-me", data={"form_token": hidden["form_token"]}, csrf=False)
    assert db.session.get_one(Contact, story.contact.id).may_be_mailed is False


def test_no_more_mail_holds_for_every_item_of_this_address(asked, client):
    story, token, _ = asked
    other = walk(story.crew, Phase.PLAN, at=MONDAY, title="Parkeerkaart via internet", problem="De site is stuk.")
    hidden = form_of(client.get(f"/a/{token}"))
    client.post(f"/a/{token}/no-more-mail", data={"form_token": hidden["form_token"]}, csrf=False)
    db.session.expire_all()
    contacts = db.session.scalars(select(Contact).where(Contact.email == story.contact.email)).all()
    assert len(contacts) == 2
    assert [c.may_be_mailed for c in contacts] == [False, False]
    assert other.item.id != story.item.id


def test_a_closed_item_is_reopened_by_its_own_link(session, client):
    story = walk(stories.crew(), Phase.CLOSED, at=MONDAY)
    link = make_link(
        "reopen", story.item.id, at=story.at, expires_at=story.at + timedelta(days=182), contact_id=story.contact.id
    )
    session.commit()
    with time_machine.travel(story.at + timedelta(days=20), tick=True):
        page = client.get(f"/a/{token_of(link)}")
        hidden = form_of(page)
        data = {"form_token": hidden["form_token"], "cause": "back_again"}
        assert client.post(f"/a/{token_of(link)}/reopening", data=data, csrf=False).status_code == 303
    db.session.expire_all()
    item = db.session.get_one(Item, story.item.id)
    assert (item.phase, item.round_number, item.recurrences, item.final_verdict) == (Phase.PLAN, 2, 1, None)
    assert item.rounds[0].verdict is Verdict.EFFECTIVE
