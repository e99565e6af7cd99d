"""The administrator's pages: what waits, what got stuck, and the mailbox of this installation."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.mail import reading
from pdca.mail.jobs import Delivered
from pdca.mail.models import Attempt, Breaker, Message, MessageState, Suppression
from pdca.mail.operations import suppress
from pdca.mail.reading import show_links_when
from pdca.mail.rendering import Rendered, register_renderer
from tests.factories import a_person, signed_in
from tests.mail.conftest import set_up
from tests.peers.counting import statements

TOKEN = re.compile(r"/a/([\w-]{43})(?![\w-])")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(app, session):
    """An administrator."""
    client = signed_in(app, a_person("Ada", is_administrator=True, locale="en", email="ada@example.nl"))
    session.remove()
    return client


@pytest.fixture
def now():
    """Pages read the real clock."""
    return clock.now()


@pytest.fixture
def demo():
    """This is the demo."""
    before = list(reading._is_demo)
    show_links_when(lambda: True)
    yield
    reading._is_demo[:] = before


@pytest.fixture(autouse=True)
def _no_demo():
    before = list(reading._is_demo)
    reading._is_demo[:] = []
    yield
    reading._is_demo[:] = before


def words(answer):
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", answer.text, flags=re.S)
    return " ".join(text.split())


def a_dead_one(outbox, server, now, address="gone@example.nl"):
    ident = outbox.put(now, address)
    server.then("dot", "554 5.7.1 looks like spam")
    assert outbox.deliver(now).dead == 1
    return ident


class TestWhoMaySee:
    PATHS = (
        "/admin/outbox",
        "/admin/outbox/1",
        "/admin/outbox/1/html",
        "/admin/outbox/addresses",
        "/admin/mailbox",
        "/admin/mailbox/x.eml",
        "/admin/mailbox/x.eml/html",
    )
    WRITES = (
        "/admin/outbox/1/release",
        "/admin/outbox/1/discard",
        "/admin/outbox/release",
        "/admin/outbox/test",
        "/admin/outbox/transport/probe",
        "/admin/outbox/addresses/1/removal",
    )

    def test_for_everybody_else_these_pages_do_not_exist(self, app, session, outbox, now):
        somebody = signed_in(app, a_person())
        session.remove()
        outbox.put(now)
        assert {somebody.get(path).status_code for path in self.PATHS} == {404}
        assert {somebody.post(path).status_code for path in self.WRITES} == {404}

    def test_a_stranger_is_sent_to_the_door(self, app):
        stranger = app.test_client()
        assert all(stranger.get(path).location.startswith("/sign-in") for path in self.PATHS)

    def test_a_form_without_its_token_does_nothing(self, client):
        assert {client.post(path, csrf=False).status_code for path in self.WRITES} == {400}

    def test_an_unknown_field_is_refused(self, client, mailing, server, now):
        a_dead_one(mailing, server, now)
        mailing.change(lambda: suppress("x@example.nl", "gone", now))
        for path in self.WRITES:
            assert client.post(path, data={"state": "dead", "by_id": "7"}).status_code == 422, path
        assert mailing.message(1).state is MessageState.DEAD


class TestOutbox:
    def test_an_empty_one_says_so(self, client):
        assert "No messages here." in words(client.get("/admin/outbox"))

    def test_messages_are_counted_and_listed_by_state(self, client, mailing, server, now):
        a_dead_one(mailing, server, now)
        mailing.put(now, "waits@example.nl", not_before=now + timedelta(hours=1))
        page = words(client.get("/admin/outbox"))
        assert "given up 1" in page
        assert "waiting 1" in page
        page = words(client.get("/admin/outbox?state=dead"))
        assert "gone@example.nl" in page
        assert "looks like spam" in page
        assert "waits@example.nl" not in page

    def test_an_address_is_found(self, client, outbox, now):
        outbox.put(now, "otten@example.nl")
        outbox.put(now, "other_1@example.nl")
        page = words(client.get("/admin/outbox?address=OTTEN"))
        assert "otten@example.nl" in page
        assert "other_1@example.nl" not in page
        assert "No message to this address." in words(client.get("/admin/outbox?address=otherX1"))

    def test_a_long_list_has_pages_and_a_constant_number_of_queries(self, app, client, outbox, now):
        def queries(path):
            with statements(app) as sent:
                client.get(path)
                sent.clear()
                assert client.get(path).status_code == 200
            return len(sent)

        outbox.put(now, "klant0@example.nl")
        one = queries("/admin/outbox")
        for number in range(1, 61):
            outbox.put(now, f"klant{number}@example.nl")
        assert queries("/admin/outbox") == one
        first, second = client.get("/admin/outbox"), client.get("/admin/outbox?page=2")
        assert "klant60@example.nl" in words(first)
        assert "klant5@example.nl" not in words(first)
        assert "klant5@example.nl" in words(second)
        assert "51 to 61" in words(second)

    def test_nonsense_in_the_address_bar_breaks_nothing(self, client, outbox, now):
        outbox.put(now)
        for page in ("0", "-1", "x", "9" * 100, "1e3", "²", ""):
            assert "otten@example.nl" in words(client.get("/admin/outbox", query_string={"page": page})), page
        for state in ("nonsense", "DEAD", "dead'--", "\0"):
            assert client.get("/admin/outbox", query_string={"state": state}).status_code == 404, state
        for address in ("%", "_", "'", "\\", "x" * 5000, "<script>", "é"):
            answer = client.get("/admin/outbox", query_string={"address": address})
            assert answer.status_code == 200
            assert "<script>" not in answer.text
            assert "otten@example.nl" not in words(answer), address

    def test_a_test_mail_goes_to_who_asks(self, client, outbox, app):
        answer = client.post("/admin/outbox/test", follow_redirects=True)
        assert "A test mail to ada@example.nl is on its way." in words(answer)
        with app.app_context():
            assert db.session.scalars(select(Message.address)).all() == ["ada@example.nl"]


class TestMessage:
    def test_it_tells_what_was_tried(self, client, mailing, server, now):
        ident = mailing.put(now)
        server.then("rcpt", "450 4.2.1 busy")
        mailing.deliver(now)
        page = words(client.get(f"/admin/outbox/{ident}"))
        assert "put off by the mail server" in page
        assert "450 4.2.1 busy" in page

    def test_one_that_is_not_there(self, client):
        assert client.get("/admin/outbox/1").status_code == 404
        assert client.get("/admin/outbox/1/html").status_code == 404
        assert client.post("/admin/outbox/1/release").status_code == 404

    def test_it_is_not_written_before_it_leaves(self, client, outbox, now):
        ident = outbox.put(now)
        assert "This mail is written when it leaves" in words(client.get(f"/admin/outbox/{ident}"))
        assert client.get(f"/admin/outbox/{ident}/html").status_code == 404

    def test_its_links_are_hidden(self, client, mailing, server, now):
        ident = mailing.put(now)
        mailing.deliver(now)
        token = TOKEN.search(server.received[0].text)[1]
        for path in (f"/admin/outbox/{ident}", f"/admin/outbox/{ident}/html"):
            answer = client.get(path)
            assert token not in answer.text
            assert not TOKEN.search(answer.text)
            assert "link-" not in answer.text
            assert "/a/•••" in answer.text

    def test_in_the_demo_they_work(self, client, mailing, server, now, demo):
        ident = mailing.put(now)
        mailing.deliver(now)
        token = TOKEN.search(server.received[0].text)[1]
        for path in (f"/admin/outbox/{ident}", f"/admin/outbox/{ident}/html"):
            assert f"/a/{token}" in client.get(path).text

    def test_a_mail_is_shown_as_nobodys_page(self, client, mailing, server, now):
        register_renderer(
            "letter", lambda *_: Rendered("s", "t", "<html><head></head><body><script>alert(1)</script></body></html>")
        )
        ident = mailing.put(now)
        mailing.deliver(now)
        answer = client.get(f"/admin/outbox/{ident}/html")
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox allow-popups")
        assert "allow-scripts" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert '<base target="_blank">' in answer.text

    def test_a_subject_cannot_break_the_page(self, client, mailing, server, now):
        register_renderer("letter", lambda *_: Rendered("<img src=x onerror=alert(1)>", "<b>t</b>", "<p>h</p>"))
        ident = mailing.put(now)
        mailing.deliver(now)
        for path in ("/admin/outbox", f"/admin/outbox/{ident}"):
            assert "<img src=x" not in client.get(path).text
            assert "<b>t</b>" not in client.get(path).text


class TestLettingGo:
    def test_a_dead_one_goes_again_from_the_start(self, client, mailing, server, app, now):
        ident = a_dead_one(mailing, server, now)
        answer = client.post(f"/admin/outbox/{ident}/release")
        assert answer.status_code == 303
        message = mailing.message(ident)
        assert (message.state, message.attempts, message.mime) == (MessageState.PENDING, 0, None)
        assert mailing.deliver(clock.now()) == Delivered(accepted=1)
        assert mailing.outcomes(ident) == ["refused", "released", "accepted"]
        assert "person:" in words(client.get(f"/admin/outbox/{ident}"))

    def test_a_held_one_goes_when_somebody_writes_it(self, client, mailing, server, now):
        ident = mailing.put(now, kind="unknown")
        mailing.deliver(now)
        register_renderer("unknown", lambda *_: Rendered("s", "t", "<p>h</p>"))
        client.post(f"/admin/outbox/{ident}/release")
        assert mailing.deliver(clock.now()) == Delivered(accepted=1)

    def test_one_that_may_have_arrived_stays_as_it_was(self, client, mailing, server, now):
        ident = mailing.put(now)
        server.then("dot", "hang up", "554 spam")
        mailing.deliver(now)
        mailing.deliver(now + timedelta(minutes=10))
        assert mailing.message(ident).state is MessageState.DEAD
        client.post(f"/admin/outbox/{ident}/release")
        mailing.deliver(clock.now())
        assert len({one.mime for one in server.received}) == 1

    def test_after_72_hours_and_a_release_it_has_72_hours_again(self, client, mailing, server, now):
        ident = mailing.put(now)
        server.ever(rcpt="450 4.2.1 busy")
        for hours in range(-100, 0):
            mailing.change(lambda: db.session.get(Message, ident).__setattr__("not_before", now - timedelta(days=9)))
            mailing.deliver(now + timedelta(hours=hours))
            if mailing.message(ident).state is MessageState.DEAD:
                break
        client.post(f"/admin/outbox/{ident}/release")
        assert mailing.deliver(clock.now()) == Delivered(deferred=1)
        assert mailing.message(ident).state is MessageState.PENDING

    def test_it_may_be_given_up(self, client, mailing, server, now):
        ident = a_dead_one(mailing, server, now)
        client.post(f"/admin/outbox/{ident}/discard")
        assert mailing.message(ident).state is MessageState.OBSOLETE
        assert mailing.deliver(clock.now()) == Delivered()

    def test_only_what_is_stuck_can_be(self, client, mailing, server, now):
        waiting, sent = mailing.put(now + timedelta(days=1)), mailing.put(now)
        mailing.deliver(now)
        for act in ("release", "discard"):
            assert client.post(f"/admin/outbox/{waiting}/{act}").status_code == 409
            assert client.post(f"/admin/outbox/{sent}/{act}").status_code == 409
        assert mailing.message(sent).state is MessageState.ACCEPTED
        assert mailing.outcomes(sent) == ["accepted"]

    def test_twice_is_once(self, client, mailing, server, now):
        ident = a_dead_one(mailing, server, now)
        assert client.post(f"/admin/outbox/{ident}/release").status_code == 303
        assert client.post(f"/admin/outbox/{ident}/release").status_code == 409
        assert mailing.outcomes(ident) == ["refused", "released"]

    def test_not_while_its_address_is_on_the_list(self, client, mailing, server, now):
        ident = mailing.put(now)
        server.then("rcpt", "550 5.1.1 user unknown")
        mailing.deliver(now)
        answer = client.post(f"/admin/outbox/{ident}/release")
        assert answer.status_code == 409
        assert "take it off that list first" in words(answer)
        assert "Let it go again" not in words(client.get(f"/admin/outbox/{ident}"))

    def test_all_that_are_stuck_go_again(self, client, mailing, server, now):
        for number in range(3):
            a_dead_one(mailing, server, now, f"klant{number}@example.nl")
        unwanted = mailing.put(now, "unwanted@example.nl")
        server.then("rcpt", "550 5.1.1 user unknown")
        mailing.deliver(now)
        answer = client.post("/admin/outbox/release", data={"state": "dead"}, follow_redirects=True)
        assert "3 messages go out again." in words(answer)
        assert mailing.deliver(clock.now()) == Delivered(accepted=3)
        assert mailing.message(unwanted).state is MessageState.DEAD

    def test_only_stuck_states_can_go_again(self, client, mailing, server, now):
        ident = mailing.put(now)
        mailing.deliver(now)
        for data in ({}, *({"state": state} for state in ("", "accepted", "pending", "nonsense"))):
            assert client.post("/admin/outbox/release", data=data).status_code == 422, data
        assert mailing.message(ident).state is MessageState.ACCEPTED

    def test_with_htmx_it_goes_to_the_same_page(self, client, mailing, server, now):
        ident = a_dead_one(mailing, server, now)
        answer = client.post(f"/admin/outbox/{ident}/release", headers=HTMX)
        assert answer.headers["HX-Redirect"] == f"/admin/outbox/{ident}"


class TestAddresses:
    def test_one_can_be_taken_off(self, client, mailing, app, now):
        mailing.change(lambda: suppress("Gone@Example.nl", "550 5.1.1 user unknown", now))
        page = words(client.get("/admin/outbox/addresses"))
        assert "gone@example.nl" in page
        assert "550 5.1.1 user unknown" in page
        with app.app_context():
            ident = db.session.scalars(select(Suppression.id)).one()
        assert client.post(f"/admin/outbox/addresses/{ident}/removal").status_code == 303
        assert client.post(f"/admin/outbox/addresses/{ident}/removal").status_code == 404
        assert "Every address may be mailed." in words(client.get("/admin/outbox/addresses"))
        mailing.put(now, "gone@example.nl")
        assert mailing.deliver(now) == Delivered(accepted=1)


class TestTrouble:
    def test_a_server_that_does_not_work_is_told_at_once_here_and_later_everywhere(self, client, mailing, app, now):
        set_up(app, mail_url="smtp://localhost:9")
        mailing.put(now - timedelta(hours=1))
        mailing.deliver(now)
        assert "smtp://localhost:9 has not worked since" in words(client.get("/admin/outbox"))
        assert "has not worked since" not in words(client.get("/admin/outbox/addresses"))
        mailing.change(
            lambda: db.session.scalars(select(Breaker)).one().__setattr__("down_since", now - timedelta(minutes=16))
        )
        assert "has not worked since" in words(client.get("/admin/outbox/addresses"))
        assert client.get("/health").status_code == 503
        assert client.get("/health").json["mail"] == {"queued": 1, "dead": 0}

    def test_it_can_be_tried_at_once(self, client, mailing, server, now):
        mailing.put(now)
        server.then("banner", "421 busy")
        mailing.deliver(now)
        assert mailing.deliver(clock.now()) == Delivered()
        assert "Try the mail server now" in words(client.get("/admin/outbox"))
        client.post("/admin/outbox/transport/probe")
        assert mailing.deliver(clock.now()) == Delivered(accepted=1)
        assert "Try the mail server now" not in words(client.get("/admin/outbox"))

    def test_files_that_nobody_receives_are_told_once_others_come(self, client, app):
        assert "nobody receives anything" not in words(client.get("/admin/outbox"))
        settings = app.extensions["settings"]
        shown = settings.model_copy(update={"base_url": "https://beter.baarn.nl"})
        shown.__dict__.pop("links", None)
        app.extensions["settings"] = shown
        assert "nobody receives anything" in words(client.get("/admin/outbox"))

    def test_health_counts(self, client, mailing, server, now):
        a_dead_one(mailing, server, now)
        mailing.put(now, not_before=now + timedelta(hours=1))
        answer = client.get("/health")
        assert answer.json["mail"] == {"queued": 1, "dead": 1}
        assert answer.status_code == 200


class TestMailbox:
    def test_mail_that_went_to_files_can_be_read(self, client, outbox, tmp_path, now):
        outbox.put(now)
        outbox.deliver(now)
        (name,) = [path.name for path in (tmp_path / "mail").iterdir()]
        page = client.get("/admin/mailbox")
        assert "Is het opgelost, meneer Otten?" in words(page)
        assert name in page.text
        letter = client.get(f"/admin/mailbox/{name}")
        assert "Geef hier antwoord:" in words(letter)
        assert not TOKEN.search(letter.text)
        frame = client.get(f"/admin/mailbox/{name}/html")
        assert not TOKEN.search(frame.text)
        assert frame.headers["Content-Security-Policy"].startswith("sandbox")

    def test_in_the_demo_its_links_work(self, client, outbox, tmp_path, now, demo):
        outbox.put(now)
        outbox.deliver(now)
        (path,) = (tmp_path / "mail").iterdir()
        token = TOKEN.search(path.read_text().replace("=\n", ""))[1]
        letter = client.get(f"/admin/mailbox/{path.name}")
        assert re.search(rf'<a href="http://127\.0\.0\.1:\d+/a/{token}"', letter.text)
        assert f'/a/{token}"' in client.get(f"/admin/mailbox/{path.name}/html").text

    def test_no_other_file_can_be_read(self, client, outbox, now):
        outbox.put(now)
        outbox.deliver(now)
        names = ("../pdca.db", "..%2fpdca.db", "%2e%2e%2fpdca.db", "x.eml", ".x.eml", "x.txt", "a%00.eml", "x" * 300)
        for name in names:
            assert client.get(f"/admin/mailbox/{name}").status_code == 404, name

    def test_a_link_in_the_folder_leads_nowhere(self, client, outbox, tmp_path, now):
        outbox.put(now)
        outbox.deliver(now)
        (tmp_path / "mail" / "link.eml").symlink_to(tmp_path / "pdca.db")
        assert client.get("/admin/mailbox/link.eml").status_code == 404
        assert client.get("/admin/mailbox").status_code == 200

    def test_there_is_none_when_a_server_takes_the_mail(self, client, mailing):
        assert client.get("/admin/mailbox").status_code == 404
        assert "Mailbox of this installation" not in words(client.get("/admin/outbox"))

    def test_an_empty_one_says_so(self, client):
        assert "No mail yet." in words(client.get("/admin/mailbox"))

    def test_a_file_that_is_no_mail_does_not_break_it(self, client, outbox, tmp_path, now):
        (tmp_path / "mail").mkdir()
        (tmp_path / "mail" / "x.eml").write_bytes(b"\xff\xfe\x00 no mail at all")
        (tmp_path / "mail" / "y.eml").write_bytes(b"Content-Type: text/html; charset=nonsense\r\nDate: x\r\n\r\n\xff")
        assert client.get("/admin/mailbox").status_code == 200
        assert client.get("/admin/mailbox/x.eml").status_code == 200
        assert client.get("/admin/mailbox/y.eml").status_code == 200


def test_attempts_are_only_added(app, mailing, server, now):
    ident = mailing.put(now)
    server.then("rcpt", "450 later")
    mailing.deliver(now)
    with app.app_context():
        first = db.session.scalars(select(Attempt.id)).all()
    mailing.deliver(now + timedelta(minutes=5))
    with app.app_context():
        rows = db.session.scalars(select(Attempt).where(Attempt.message_id == ident).order_by(Attempt.id)).all()
        assert [row.id for row in rows][: len(first)] == first
        assert [(row.outcome, row.code) for row in rows] == [("later", 450), ("accepted", 250)]
