"""Answers by mail: which are believed, that each counts once, and that all others are left for people."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from pdca.config import SettingsError, load_settings
from pdca.db import db
from pdca.errors import Invalid
from pdca.mail import jobs_replies, postbox, replies
from pdca.mail.models import Message
from pdca.mail.own_words import cut, own_words
from pdca.mail.silence import silence
from pdca.mail.trouble import Kind, trouble_with
from tests.conftest import MONDAY
from tests.mail.conftest import TLS, set_up
from tests.mail.test_bounces import PLAIN, suppressed
from tests.peers import imap

ADDRESS = "otten@example.nl"
HOUR = timedelta(hours=1)
AT = MONDAY


@pytest.fixture
def box(app):
    with imap.serving() as box:
        set_up(app, imap_url=box.url)
        yield box


@pytest.fixture
def heard(monkeypatch):
    """What the room that wrote the mail is given."""
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(
        replies, "_takers", {"letter": lambda message, text, _at: told.append((message.id, text)) or True}
    )
    return told


@pytest.fixture
def sent(mailing, box) -> Message:
    """A mail of ours that a server took."""
    ident = mailing.put(AT, ADDRESS)
    assert mailing.deliver(AT).accepted == 1
    return mailing.message(ident)


def an_answer(to: Message, text: str = "Dank, het werkt.", *, sender: str = f"Jan Otten <{ADDRESS}>", **headers: str):
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = "post@baarn.nl"
    mail["Subject"] = "Re: Is het opgelost?"
    mail["Message-ID"] = "<een@example.nl>"
    mail["In-Reply-To"] = to.message_id
    for given, value in headers.items():
        name = given.replace("_", "-")
        del mail[name]
        if value:
            mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def read(mailing, at) -> jobs_replies.Told:
    with mailing.app.app_context():
        return jobs_replies.read_replies(at)


def test_an_answer_from_the_address_we_mailed_is_given_on_and_marked_read(mailing, box, sent, heard):
    kept = box.put(an_answer(sent))
    assert read(mailing, AT + HOUR) == jobs_replies.Told(taken=1)
    assert heard == [(sent.id, "Dank, het werkt.")]
    assert kept.is_read
    assert mailing.outcomes(sent.id) == ["accepted", "replied"]


def test_it_is_fetched_and_counted_once(mailing, box, sent, heard):
    box.put(an_answer(sent))
    read(mailing, AT + HOUR)
    assert read(mailing, AT + 2 * HOUR) == jobs_replies.Told()
    assert len(heard) == sum("FETCH" in command for command in box.commands) == 1


def test_a_mailbox_that_is_numbered_anew_changes_nothing(mailing, box, sent, heard):
    box.put(an_answer(sent))
    read(mailing, AT + HOUR)
    box.number_anew()
    assert read(mailing, AT + 2 * HOUR) == jobs_replies.Told(taken=1)
    assert len(heard) == 1


def test_a_crash_before_the_place_is_remembered_changes_nothing(mailing, box, sent, heard, monkeypatch):
    box.put(an_answer(sent))

    def crash(*_given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jobs_replies, "remember", crash)
        with pytest.raises(KeyboardInterrupt):
            read(mailing, AT + HOUR)
    assert read(mailing, AT + 2 * HOUR) == jobs_replies.Told(taken=1)
    assert len(heard) == 1


def test_the_same_person_may_answer_twice(mailing, box, sent, heard):
    box.put(an_answer(sent))
    box.put(an_answer(sent, "En nog iets.", Message_ID="<twee@example.nl>"))
    assert read(mailing, AT + HOUR) == jobs_replies.Told(taken=2)
    assert [text for _, text in heard] == ["Dank, het werkt.", "En nog iets."]


def test_references_are_enough_and_the_newest_counts(mailing, box, sent, heard):
    newer = mailing.message(mailing.put(AT, ADDRESS))
    mailing.deliver(AT)
    thread = f"<root@baarn.nl> {sent.message_id} {newer.message_id}"
    box.put(an_answer(sent, In_Reply_To="", References=thread))
    read(mailing, AT + HOUR)
    assert [ident for ident, _ in heard] == [newer.id]


LEFT = {
    "another sender": {"sender": "iemand@example.nl"},
    "two senders": {"sender": f"{ADDRESS}, iemand@example.nl"},
    "nothing of ours": {"In_Reply_To": "<guess@baarn.nl>"},
    "no reply": {"In_Reply_To": ""},
    "away": {"Auto_Submitted": "auto-replied"},
    "away, Exchange": {"X_Auto_Response_Suppress": "All"},
    "bulk": {"Precedence": "bulk"},
    "a list": {"List_Id": "<nieuws.example.nl>"},
    "no return": {"Return_Path": "<>"},
    "our own": {"sender": "Gemeente Baarn <post@baarn.nl>"},
    "only our mail": {"text": "> Is het opgelost?\n"},
    "too large": {"text": "x" * 2_000_000},
}


@pytest.mark.parametrize("given", LEFT.values(), ids=LEFT)
def test_everything_else_stays_unread_for_people(mailing, box, sent, heard, given):
    kept = box.put(an_answer(sent, **given))
    assert read(mailing, AT + HOUR) == jobs_replies.Told(left=1)
    assert (heard, kept.is_read, mailing.outcomes(sent.id)) == ([], False, ["accepted"])
    # It is not fetched again every minute.
    assert read(mailing, AT + 2 * HOUR) == jobs_replies.Told()


@pytest.mark.parametrize("raw", [b"", b"\xff\x00\r\n", b"Subject: =?x?Q?\xed\xa0\x80?=\n\nhoi", b"From: <\n" * 50])
def test_rubbish_stops_nobody(mailing, box, sent, heard, raw):
    box.put(raw)
    box.put(an_answer(sent))
    assert read(mailing, AT + HOUR) == jobs_replies.Told(taken=1, left=1)


@pytest.mark.parametrize("error", [Invalid([]), RuntimeError("broken")])
def test_what_is_refused_or_breaks_is_undone_and_left(mailing, box, sent, monkeypatch, error):
    def refuse(message, _text, _at):
        message.last_error = "half done"
        db.session.flush()
        raise error

    monkeypatch.setattr(replies, "_takers", {"letter": refuse})
    kept = box.put(an_answer(sent))
    assert read(mailing, AT + HOUR) == jobs_replies.Told(left=1)
    assert (kept.is_read, mailing.message(sent.id).last_error) == (False, "")


def test_a_mail_that_came_back_is_heard_here_too(mailing, box, sent, heard):
    kept = box.put(PLAIN.bytes(sent.message_id))
    assert read(mailing, AT + HOUR) == jobs_replies.Told(taken=1)
    assert (suppressed(mailing), kept.is_read) == (True, True)


def test_zero_bytes_and_surrogates_do_not_reach_the_database(mailing, box, sent, heard):
    raw = an_answer(sent, "X").replace(b"\r\n\r\nX", b"\r\n\r\nWerkt \x00 niet \xed\xa0\x80.")
    box.put(raw)
    read(mailing, AT + HOUR)
    ((_, text),) = heard
    assert "\x00" not in text
    assert text.startswith("Werkt")
    text.encode()


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("act", [imap.HANG_UP, imap.SILENCE])
def test_a_server_that_fails_is_asked_again_later(mailing, box, sent, monkeypatch, act):
    box.put(an_answer(sent))
    with monkeypatch.context() as hurried:
        hurried.setattr(postbox, "BUDGET_S", 0.3)
        for stage in ("LOGIN", "SELECT", "UID SEARCH", "UID FETCH"):
            box.acts[stage] = act
            assert read(mailing, AT + HOUR) == jobs_replies.Told()
            del box.acts[stage]
    assert read(mailing, AT + 2 * HOUR) == jobs_replies.Told(taken=1)


def test_the_mailbox_is_read_over_tls(mailing, sent, heard, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "authority.pem"))
    with imap.serving(certificate) as safe:
        set_up(mailing.app, imap_url=safe.url)
        safe.put(an_answer(sent))
        assert read(mailing, AT + HOUR) == jobs_replies.Told(taken=1)


def test_a_certificate_of_somebody_else_hears_no_password(mailing, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "authority.pem"))
    with imap.serving(certificate, host="127.0.0.2") as other:
        set_up(mailing.app, imap_url=other.url.replace("localhost", "127.0.0.2"))
        assert read(mailing, AT) == jobs_replies.Told()
        assert other.commands == []
        with mailing.app.app_context():
            assert "CERTIFICATE_VERIFY_FAILED" in silence().words


def test_a_mailbox_that_nobody_vouches_for_hears_no_password(mailing, sent, certificate):
    with imap.serving(certificate) as strange:
        set_up(mailing.app, imap_url=strange.url)
        assert read(mailing, AT) == jobs_replies.Told()
        assert strange.commands == []
        with mailing.app.app_context():
            assert "CERTIFICATE_VERIFY_FAILED" in silence().words


def test_administrators_are_told_when_no_answer_can_be_read(mailing, box):
    set_up(mailing.app, imap_url=box.url.replace("geheim", "anders"))
    for later in (0, 1, 2):
        read(mailing, AT + later * HOUR)

    def deaf(at):
        with mailing.app.app_context():
            return [one for one in trouble_with(at) if one.kind is Kind.DEAF]

    (soon,), (late,) = deaf(AT + HOUR / 60), deaf(AT + 2 * HOUR)
    assert (soon.is_serious, late.is_serious, late.since) == (False, True, AT)
    assert "anders" not in late.words
    set_up(mailing.app, imap_url=box.url)
    read(mailing, AT + 3 * HOUR)
    assert deaf(AT + 3 * HOUR) == []


def test_a_wrong_password_is_said_without_it(mailing, box, caplog):
    set_up(mailing.app, imap_url=box.url.replace("geheim", "anders"))
    assert read(mailing, AT) == jobs_replies.Told()
    assert "can't be read" in caplog.text
    assert "anders" not in caplog.text


def test_no_mailbox_is_read_when_none_is_set(mailing):
    assert read(mailing, AT) == jobs_replies.Told()


@pytest.mark.parametrize("url", ["imap://a:b@mail.example.nl/", "imaps://mail.example.nl/", "https://a:b@x/", "imaps:"])
def test_a_setting_that_is_unsafe_or_unclear_stops_the_start(tmp_path, url):
    with pytest.raises(SettingsError, match="PDCA_IMAP_URL"):
        load_settings(instance=tmp_path, imap_url=url)


# --- their own words -------------------------------------------------------------------------------------

QUOTES = {
    "gmail-nl": "Op za 21 nov 2026 om 10:00 schreef Gemeente Baarn <post@baarn.nl>:\n\n> Dag",
    "gmail-nl folded": "Op za 21 nov 2026 om 10:00 schreef Gemeente Baarn <\npost@baarn.nl>:\n\n> Dag",
    "gmail-en": "On Sat, Nov 21, 2026 at 10:00 AM Gemeente Baarn <post@baarn.nl> wrote:\n\n> Dag",
    "apple-nl": "Op 21 nov 2026, om 10:00 heeft Gemeente Baarn <post@baarn.nl> het volgende geschreven:\n\n> Dag",
    "thunderbird-nl": "Op 21-11-2026 om 10:00 schreef Gemeente Baarn:\n> Dag",
    "outlook-nl": "Van: Gemeente Baarn <post@baarn.nl>\nVerzonden: zaterdag 21 november 2026 10:00\nAan: Otten\n\nDag",
    "outlook-en": "________________________________\nFrom: Gemeente Baarn\nSent: Saturday\n\nDag",
    "outlook-old": "-----Oorspronkelijk bericht-----\nVan: Gemeente Baarn\n\nDag",
    "signature": "-- \nJan Otten\n06 12345678",
    "phone": "Verstuurd vanaf mijn iPhone\n\nOp 21 nov. 2026 om 10:00 heeft X <a@b.nl> het volgende geschreven:\n> Dag",
}


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
def test_our_mail_below_theirs_is_cut_off(quote):
    assert cut(f"8, ja!\n\nOp donderdag schreef ik al dat het werkt.\n\n{quote}\n") == (
        "8, ja!\n\nOp donderdag schreef ik al dat het werkt."
    )


def test_a_mail_without_plain_text_is_read_too():
    mail = EmailMessage()
    mail.set_content(
        "<html><head><title>no</title></head><body><div>8, ja &amp; dank<br>Jan</div>"
        '<div class="gmail_quote">Op za schreef <p>Dag</p></div></body></html>',
        subtype="html",
    )
    assert own_words(mail) == "8, ja & dank\nJan"
