"""The bytes that leave: headers nobody can break, bodies that survive, tokens only at the last moment."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from pdca.db import db
from pdca.mail.composing import compose, quoted_printable
from pdca.mail.finishing import WORD_JOINER, finished_html, finished_text
from pdca.mail.jobs import Delivered
from pdca.mail.links import PLACEHOLDER, find_link, masked
from pdca.mail.models import Link, Message, MessageState
from pdca.mail.operations import queue
from pdca.mail.rendering import Rendered, link_url, register_renderer, render_mail, thread_root
from tests.mail.conftest import set_up

# What a name or a title may bring: each must end up in no header of its own.
EVIL = [
    "a\r\nBcc: all@example.nl",
    "a\nBcc: all@example.nl",
    "a\rBcc: all@example.nl",
    "a\x00b",
    "a\x0bBcc: x",
    "a\x0cBcc: x",
    "a\x85Bcc: x",
    "a\u2028Bcc: x",
    "a\u2029Bcc: x",
    "a\x1cb\x1db\x1e",
    "=?utf-8?q?a=0D=0ABcc:_x?=",
    "a\r\n\r\n<html>",
    "\ud800 alone",
    "\u202ereversed",
    '"quoted" <x@y.nl>, z@y.nl',
    "x" * 1000,
    "é" * 1000,
    "😀" * 200,
    "",
    " ",
]

USUAL = sorted(
    ["Message-ID", "Auto-Submitted", "List-Id", "From", "To", "Subject", "Date", "MIME-Version", "Content-Type"]
)


@pytest.fixture
def message(session, at):
    return queue("letter", address="otten@example.nl", about={}, dedupe_key="letter:1", at=at)


def composed(app, message, at, **changes):
    words = {"subject": "s", "text": "t", "html": "<p>h</p>", **changes}
    return compose(message, Rendered(**words), app.extensions["settings"], at)


def parsed(mime):
    return email.message_from_bytes(mime, policy=email.policy.default)


class TestHeaders:
    def test_every_mail_carries_these(self, app, message, at):
        set_up(
            app,
            mail_from="post@baarn.nl",
            organisation="Gemeente Baarn",
            reply_to="Balie <balie@baarn.nl>",
        )
        mail = parsed(composed(app, message, at))
        assert mail["From"] == "Gemeente Baarn <post@baarn.nl>"
        assert mail["To"] == "otten@example.nl"
        assert mail["Reply-To"] == "Balie <balie@baarn.nl>"
        assert mail["Message-ID"] == message.message_id
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Id"] == "<pdca.baarn.nl>"
        assert mail["Date"].datetime == at
        assert mail["MIME-Version"] == "1.0"
        assert mail.get_content_type() == "multipart/alternative"
        assert "References" not in mail
        assert "List-Unsubscribe" not in mail

    def test_a_senders_own_name_is_kept(self, app, message, at):
        set_up(app, mail_from="Verbeterteam <post@baarn.nl>")
        assert parsed(composed(app, message, at))["From"] == "Verbeterteam <post@baarn.nl>"

    def test_a_thread_and_a_way_to_stop(self, app, message, at, session):
        url = "https://verbeteren.gemeente-met-een-lange-naam.example.nl/a/" + "x" * 43 + "/stop"
        headers = {"References": thread_root("item:12"), "List-Unsubscribe": url}
        mime = composed(app, message, at, headers=headers)
        mail = parsed(mime)
        assert mail["References"] == thread_root("item:12")
        assert mail["List-Unsubscribe"] == f"<{url}>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"List-Unsubscribe: <{url}>\r\n".encode() in mime

    def test_a_thread_is_the_same_every_time(self, app, session):
        assert thread_root("item:12") == thread_root("item:12") != thread_root("item:13")

    def test_no_other_header_is_for_a_renderer(self):
        with pytest.raises(ValueError, match="may not set Bcc"):
            Rendered("s", "t", "h", {"Bcc": "x@y.nl"})

    @pytest.mark.parametrize("url", ["https://x.nl/\r\nBcc: x", "https://x.nl/é", "", "x" * 1000])
    def test_a_header_that_must_stay_whole_is_refused_when_it_cannot(self, app, message, at, url):
        if url:
            with pytest.raises(ValueError, match="can't be sent"):
                composed(app, message, at, headers={"List-Unsubscribe": url})
        else:
            assert "List-Unsubscribe" not in parsed(composed(app, message, at, headers={"List-Unsubscribe": url}))

    @pytest.mark.parametrize("place", ["subject", "organisation", "address"])
    def test_nothing_that_people_type_becomes_a_header(self, app, session, at, place):
        """Threat 26."""
        for evil in EVIL:
            message = Message(message_id="<x@y>", address=evil if place == "address" else "otten@example.nl")
            set_up(app, organisation=evil if place == "organisation" else "Gemeente Baarn")
            words = evil if place == "subject" else "s"
            try:
                mime = composed(app, message, at, subject=words)
            except Exception:
                # An address that is none is refused, and the message held.
                assert place == "address"
                continue
            head = mime.split(b"\r\n\r\n")[0]
            assert sorted(re.findall(r"^([A-Za-z-]+):", head.decode(), re.M)) == USUAL, repr(evil)
            assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]", mime), repr(evil)
            assert max(len(line) for line in head.split(b"\r\n")) <= 998
            assert len(str(parsed(mime)["Subject"])) <= 200

    def test_a_domain_with_letters_of_its_own_travels(self, app, message, at):
        message.address = "info@bücher.nl"
        assert parsed(composed(app, message, at))["To"] == "info@xn--bcher-kva.nl"


class TestBodies:
    def test_both_bodies_arrive_as_they_were_written(self, app, message, at):
        body = "Dag é 😀\n.\n.. punten\nFrom here\n" + "lang " * 300 + "\nsluit af \n= is =3D\t\n"
        mail = parsed(composed(app, message, at, text=body, html=f"<pre>{body}</pre>"))
        assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == body
        assert mail.get_body(("html",)).get_content().replace("\r\n", "\n") == f"<pre>{body}</pre>"

    def test_they_travel_as_seven_bits_on_short_lines(self, app, message, at):
        mime = composed(app, message, at, text="é" * 500, html="😀" * 500)
        assert mime.isascii()
        assert max(len(line) for line in mime.split(b"\r\n")) <= 78

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
    def test_any_text_survives(self, words):
        import quopri

        words = words.replace("\r\n", "\n").replace("\r", "\n")
        quoted = quoted_printable(words)
        assert quopri.decodestring(quoted).decode() == words
        assert all(len(line) <= 76 for line in quoted.split("\n"))

    @given(st.lists(st.text(alphabet="ab =é\t.", max_size=90), min_size=1, max_size=4))
    def test_a_placeholder_is_never_broken(self, around):
        import quopri

        mark = "link-" + "0123456789abcdef" * 2 + "012345"
        words = mark.join([*around, ""])
        quoted = quoted_printable(words)
        assert quoted.count(mark) == len(around)
        assert quopri.decodestring(quoted.replace(mark, "T" * 43)).decode() == words.replace(mark, "T" * 43)
        assert all(len(line) <= 76 for line in quoted.split("\n"))


class TestTokens:
    def test_they_go_in_as_the_bytes_leave(self, mailing, server, app, at):
        ident = mailing.put(at)
        assert mailing.deliver(at) == Delivered(accepted=1)
        mail = server.received[0]
        in_text = re.search(r"http://127\.0\.0\.1:\d+/a/([\w-]{43})\n", mail.text)[1]
        in_html = re.search(r'href="http://127\.0\.0\.1:\d+/a/([\w-]{43})"', mail.html)[1]
        assert in_text == in_html
        with app.app_context():
            assert find_link(in_text, "aftercare", at).subject_id == ident
            stored = db.session.execute(text("SELECT * FROM message")).one()
            assert in_text not in str(tuple(stored))
            assert in_text.encode() not in db.session.get(Message, ident).mime

    def test_a_link_is_good_for_thirty_days(self, mailing, server, app, at):
        mailing.put(at)
        mailing.deliver(at)
        with app.app_context():
            link = db.session.scalars(select(Link)).one()
            assert timedelta(days=30) <= link.expires_at - at < timedelta(days=30, minutes=1)

    def test_a_retry_carries_the_same_token(self, mailing, server, app, at):
        mailing.put(at)
        server.then("dot", "451 later")
        mailing.deliver(at)
        mailing.deliver(at + timedelta(minutes=5))
        first, second = server.received
        assert first.mime == second.mime

    def test_one_mails_text_never_gets_another_mails_token(self, mailing, server, app, at):
        """Somebody who could guess a placeholder still gets no token of somebody else."""
        mailing.put(at, "first@example.nl")
        mailing.deliver(at)
        with app.app_context():
            stolen = PLACEHOLDER.search(db.session.scalars(select(Message)).one().mime.decode())[0]
        register_renderer("letter", lambda *_: Rendered("s", f"see {stolen}", f"<p>{stolen}</p>"))
        mailing.put(at, "second@example.nl")
        mailing.deliver(at)
        assert server.received[1].text.strip() == f"see {stolen}"

    def test_a_way_to_stop_has_its_token_too(self, mailing, server, at):
        def with_stop(message, when):
            url = link_url(message, "aftercare", 1, "/a/{token}/stop", at=when, expires_at=when + timedelta(days=1))
            return Rendered("s", "t", "<p>h</p>", {"List-Unsubscribe": url})

        register_renderer("letter", with_stop)
        mailing.put(at)
        mailing.deliver(at)
        assert re.fullmatch(r"<http://127\.0\.0\.1:\d+/a/[\w-]{43}/stop>", server.received[0].mail["List-Unsubscribe"])
        assert "link-" not in server.received[0].mail["List-Unsubscribe"]

    def test_a_key_that_is_gone_holds_the_mail(self, mailing, server, app, at):
        ident = mailing.put(at)
        server.then("dot", "451 later")
        mailing.deliver(at)
        app.config["SECRET_KEY"] = "another key of which nobody kept the old one, 0123"
        assert mailing.deliver(at + timedelta(minutes=5)) == Delivered(held=1)
        message = mailing.message(ident)
        assert message.state is MessageState.HELD
        assert "key that is gone" in message.last_error

    def test_what_the_app_shows_has_no_token(self, mailing, server, at):
        mailing.put(at)
        mailing.deliver(at)
        assert re.search(r"/a/•••\n", masked(server.received[0].text))


class TestWordsInMail:
    SITE = "https://beter.baarn.nl"

    @pytest.mark.parametrize(
        "words",
        [
            "http://evil.nl/x",
            "HTTPS://EVIL.NL",
            "www.evil.nl",
            "evil.com",
            "sub.evil.co.uk/path",
            "https://beter.baarn.nl.evil.com/a",
            "ftp://evil.nl",
            "see(http://evil.nl)",
        ],
    )
    def test_what_people_type_is_never_linked(self, words):
        for finished in (
            finished_text(f"Titel {words} einde", self.SITE),
            finished_html(f"<p>Titel {words} einde</p>", self.SITE),
        ):
            assert words not in finished
            assert WORD_JOINER in finished
            assert words in finished.replace(WORD_JOINER, "")

    @pytest.mark.parametrize(
        "words",
        [
            "https://beter.baarn.nl/items/7",
            "https://beter.baarn.nl",
            "otten@example.nl",
            "3.5 uur, bijv. morgen",
            "rapport.pdf",
        ],
    )
    def test_our_own_links_and_plain_words_stay(self, words):
        assert words in finished_text(f"Zie {words} hier", self.SITE)
        assert words in finished_html(f"<p>Zie {words} hier</p>", self.SITE)

    def test_links_in_attributes_stay(self):
        html = finished_html('<p><a href="https://elders.nl/x">Lees</a></p>', self.SITE)
        assert 'href="https://elders.nl/x"' in html

    def test_styles_are_inlined_and_the_dark_scheme_is_kept(self):
        html = finished_html(
            "<html><head><style>p{color:#111111}@media (prefers-color-scheme: dark){p{color:#eeeeee!important}}"
            "</style></head><body><p>x</p></body></html>",
            self.SITE,
        )
        assert re.search(r'<p style="color: ?#111111;?">', html)
        assert "@media (prefers-color-scheme: dark)" in html


class TestLayout:
    def test_a_mail_is_written_in_the_readers_language_and_zone(self, app, at):
        with app.app_context():
            subject, words, html = render_mail("test", "en", "Europe/Amsterdam", at=at)
            assert subject == "Test mail from Beterbord"
            assert "Mail from here arrives" in words
            assert "Mon, Mar 2" in html or "Mon 2 Mar" in html
            _, _, html = render_mail("test", "nl", "Pacific/Auckland", at=at.replace(hour=22))
            assert 'lang="nl"' in html
            assert "di 3 mrt" in html

    def test_language_and_zone_are_put_back(self, app, at):
        from flask_babel import get_locale, get_timezone

        with app.test_request_context():
            before = (str(get_locale()), str(get_timezone()))
            render_mail("test", "nl", "Pacific/Auckland", at=at)
            assert (str(get_locale()), str(get_timezone())) == before

    @pytest.mark.parametrize(
        "evil",
        [
            "</a><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{7*7777777}}{% raw %}",
            "<!--",
            "]]>",
            "http://evil.nl",
        ],
    )
    def test_a_name_cannot_break_out(self, app, at, evil):
        """Threats 27 and 44."""
        set_up(app, organisation=evil)
        with app.app_context():
            _, words, html = render_mail("test", "en", "UTC", at=at)
        assert "<script" not in html
        assert "<img" not in html
        assert "54444439" not in words
        assert html.count("<a ") == 1
        assert "</body>" in html

    def test_there_is_one_primary_act_and_a_reason(self, app, at):
        with app.app_context():
            _, words, html = render_mail("test", "en", "UTC", at=at)
        assert html.count('class="btn"') == 1
        assert "You get this mail because" in html
        assert "You get this mail because" in words

    def test_every_template_has_three_parts(self, app):
        folder = app.jinja_env.loader.searchpath[0] if hasattr(app.jinja_env.loader, "searchpath") else None
        from pathlib import Path

        mails = Path(folder or app.template_folder) / "mail"
        kinds = [path for path in mails.iterdir() if path.is_dir()]
        assert kinds
        for kind in kinds:
            names = {path.name for path in kind.iterdir() if not path.name.startswith("_")}
            assert {"subject.txt", "body.txt", "body.html"} <= names, kind.name
