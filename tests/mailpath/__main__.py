"""`make mailpath`: every kind of mail out over SMTP, back over IMAP, looked at; and one answer the other way."""

from __future__ import annotations

import imaplib
import signal
import smtplib
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import time_machine
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

from pdca import create_app
from pdca.config import load_settings
from pdca.db import db
from pdca.followup.jobs import followup_once
from pdca.followup.previews import TEXTS, names, preview
from pdca.items.models import Entry, Item
from pdca.items.terms import Phase
from pdca.mail.jobs import deliver
from pdca.mail.jobs_replies import read_replies
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue
from pdca.mail.rendering import Rendered, register_renderer, thread_root, unsubscribe_url
from tests.mailpath.servers import PASSWORD, CannotRun, Servers, ready_to_run, running
from tests.stories import crew, on, walk

SENDER = "pdca@beterbord.example"
KARIN, ALL_KINDS, OWNER = "karin@klant.example", "alle.soorten@klant.example", "eigenaar@klant.example"
# What mail servers and programs stumble over: accents, ĳ, emoji, a word that fits on no line.
HARD = "Één ĳsje 🍦 voor de meervoudigepersoonlijkheidsstoornisbehandelingscoördinatiecommissie"
KIND = "mailpath"
ARRIVES_S = 30


def main() -> int:
    """0 when all holds; 1 and a list when not; 2 and one line when it can't run here."""
    # Told to stop, the servers end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        ready_to_run()
        # Short: names of sockets have to fit into a hundred characters.
        with tempfile.TemporaryDirectory(prefix="pdca-mailpath-", dir="/tmp") as folder:
            home = Path(folder)
            with running(home) as servers:
                wrong = _walk(servers)
    except CannotRun as reason:
        print(f"mailpath cannot run: {reason}", file=sys.stderr)
        return 2
    for line in wrong:
        print(f"✗ {line}")
    print("mailpath: " + (f"{len(wrong)} things are wrong" if wrong else "all holds"))
    return 1 if wrong else 0


def _walk(servers: Servers) -> list[str]:
    app = _installation(servers)
    wrong: list[str] = []
    with app.app_context():
        expected = _send_all_kinds(app)
        wrong += _look_at_all_kinds(servers, expected)
        item_id = _ask_a_customer()
        wrong += _look_at_a_thread(servers, item_id)
        wrong += _answer(servers)
        wrong += _look_at_the_owners_thread(servers, item_id)
        db.session.remove()
        db.engine.dispose()
    return wrong


def _installation(servers: Servers) -> Flask:
    instance = servers.home / "instance"
    instance.mkdir()
    app = create_app(
        load_settings(
            instance=instance,
            mail_url=f"smtp://127.0.0.1:{servers.smtp}",
            imap_url=f"imap://{SENDER.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{servers.imap}/INBOX",
            mail_from=f"Beterbord <{SENDER}>",
        )
    )
    with app.app_context():
        upgrade()
    return app


# --- every kind ------------------------------------------------------------------------------------------


def _send_all_kinds(_app: Flask) -> dict[str, tuple[str, Rendered]]:
    """All kinds in both languages, and one with all that is hard; by Message-ID what should arrive."""

    def written(message: Message, at) -> Rendered:
        made = _made(message.about["name"], message.about["lang"])
        headers = {
            "References": thread_root("item:1"),
            "List-Unsubscribe": unsubscribe_url(message, at=at, contact_id=1),
        }
        return Rendered(made.subject, made.text, made.html, headers)

    register_renderer(KIND, written)
    at = on(_monday(), 10)
    expected = {}
    with db.writing():
        for lang in TEXTS:
            for name in (*names(), "hard"):
                about, key = {"name": name, "lang": lang}, f"{name}:{lang}"
                message = queue(KIND, address=ALL_KINDS, about=about, dedupe_key=key, at=at)
                assert message is not None
                expected[message.message_id] = (key, _made(name, lang))
        db.session.commit()
    deliver(at)
    return expected


def _made(name: str, lang: str) -> Rendered:
    if name != "hard":
        return preview(name, lang)
    body = f"{HARD}\n\n.\nFrom hier af\n{HARD * 30}"
    return Rendered(HARD, body, f"<html><body><p>{body}</p></body></html>")


def _look_at_all_kinds(servers: Servers, expected: dict[str, tuple[str, Rendered]]) -> list[str]:
    found = _arrived(servers, ALL_KINDS, len(expected))
    by_id = {mail["Message-ID"]: (raw, mail) for raw, mail in found}
    wrong = [f"{key} did not arrive" for ident, (key, _) in expected.items() if ident not in by_id]
    for ident, (raw, mail) in by_id.items():
        key, made = expected[ident]
        wrong += [f"{key}: {what}" for what, holds in FACTS.items() if not holds(raw, mail, made)]
    print(f"{len(by_id)} mails of {len(names())} kinds and one hard one, in {len(TEXTS)} languages")
    return wrong


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return part.get_content().replace("\r\n", "\n").rstrip("\n") if part is not None else ""


def _is_as_written(mail: EmailMessage, made: Rendered) -> bool:
    # Tokens are put in as it leaves; these made-up mails have none of ours.
    texts = (_body(mail, "plain"), _body(mail, "html"))
    return texts == (made.text.rstrip("\n"), made.html.rstrip("\n"))


Fact = Callable[[bytes, EmailMessage, Rendered], bool]
FACTS: dict[str, Fact] = {
    "the subject is as written": lambda _raw, mail, made: str(mail["Subject"]) == made.subject,
    "both texts are as written": lambda _raw, mail, made: _is_as_written(mail, made),
    "From never changes": lambda _raw, mail, _made: str(mail["From"]) == f"Beterbord <{SENDER}>",
    "Auto-Submitted is said": lambda _raw, mail, _made: mail["Auto-Submitted"] == "auto-generated",
    "List-Id is said": lambda _raw, mail, _made: mail["List-Id"] == "<pdca.beterbord.example>",
    "one click ends it (RFC 8058)": lambda _raw, mail, _made: (
        mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        and "/unsub/" in str(mail["List-Unsubscribe"])
        and str(mail["List-Unsubscribe"]).startswith("<http")
    ),
    "one Message-ID and one Date": lambda _raw, mail, _made: (
        len(mail.get_all("Message-ID", [])) == len(mail.get_all("Date", [])) == 1
    ),
    "no line is longer than 998, and no body's longer than 76": lambda raw, _mail, _made: _lines_fit(raw),
    "7 bits": lambda raw, _mail, _made: raw.isascii(),
    "no placeholder is left": lambda raw, _mail, _made: b"\x00" not in raw and b"{token}" not in raw,
}


def _lines_fit(raw: bytes) -> bool:
    head, _, body = raw.partition(b"\r\n\r\n")
    return all(len(line) <= 998 for line in head.split(b"\r\n")) and all(
        len(line) <= 76 for line in body.split(b"\r\n") if not line.startswith((b"Content-", b"--"))
    )


# --- a thread, and an answer -----------------------------------------------------------------------------


def _ask_a_customer() -> int:
    """A quick win whose customer is asked and reminded by the engine itself; gives the item."""
    with db.writing():
        made = crew()
        made.owner.email = OWNER
        story = walk(made, Phase.CHECK, at=on(_monday(), 9))
        ident = story.item.id
        db.session.commit()
    _days_pass(21, 26, 28, 29)
    return ident


def _days_pass(*days: int) -> None:
    """The follow-up on each of these days after the Monday on which it all began."""
    for day in days:
        moment = on(_monday() + timedelta(days=day), 10)
        with time_machine.travel(moment, tick=True):
            followup_once(moment)


def _look_at_a_thread(servers: Servers, item_id: int) -> list[str]:
    mails = [mail for _, mail in _arrived(servers, KARIN, 2)]
    threads = {str(mail["References"]) for mail in mails}
    wrong = []
    if len(mails) < 2:
        wrong.append(f"the customer got {len(mails)} mails, not the question and its reminder")
    if threads != {thread_root(f"item:{item_id}")}:
        wrong.append(f"the mails about one item are not one thread: {threads}")
    if len({mail["Message-ID"] for mail in mails}) != len(mails):
        wrong.append("two mails have one Message-ID")
    with db.reading():
        lost = db.session.scalar(
            select(func.count()).where(Message.state.in_((MessageState.DEAD, MessageState.HELD))).select_from(Message)
        )
    print(f"{len(mails)} mails to a customer in one thread")
    return wrong + ([f"{lost} mails were given up or held"] if lost else [])


def _look_at_the_owners_thread(servers: Servers, item_id: int) -> list[str]:
    """What waits for a colleague comes day after day in one thread of theirs."""
    _days_pass(31, 36, 43, 50)
    with db.reading():
        owner = db.session.get_one(Item, item_id).owner
        assert owner is not None
        root, address = thread_root(f"person:{owner.id}"), owner.email
    mails = [mail for _, mail in _arrived(servers, address, 2)]
    print(f"{len(mails)} mails to a colleague in one thread")
    wrong = [] if len(mails) > 1 else [f"{address} got {len(mails)} mails, and two would show a thread"]
    if threads := {str(mail["References"]) for mail in mails} - {root}:
        wrong.append(f"the mails to one colleague are not one thread: {threads}")
    return wrong + ([] if len({mail["Message-ID"] for mail in mails}) == len(mails) else ["a Message-ID came twice"])


def _answer(servers: Servers) -> list[str]:
    """The customer presses Reply; the engine reads it from the mailbox once."""
    (_, question) = _arrived(servers, KARIN, 1)[-1]
    with smtplib.SMTP("127.0.0.1", servers.smtp, timeout=20) as line:
        line.send_message(_reply_to(question, "8, ja!\r\n\r\nOp ma 23 mrt 2026 schreef Beterbord:\r\n> Dag"))
        line.send_message(_reply_to(question, "Ik ben er niet.", **{"Auto-Submitted": "auto-replied"}))
    _arrived(servers, SENDER, 2)
    # Dovecot's own days are today's.
    moment = on(_monday() + timedelta(days=29), 11)
    told = [read_replies(moment) for _ in range(2)]
    with db.reading():
        wrote = [row.why for row in db.session.scalars(select(Entry).where(Entry.what == "customer_wrote"))]
        items = db.session.scalar(select(func.count()).select_from(Item))
    print(f"answers by mail: {told[0]}, then {told[1]}")
    unread = _unread(servers, SENDER)
    wrong = [] if wrote == ["8, ja!"] and items else [f"the answer is not on the item once: {wrote}"]
    return wrong + ([] if unread == 1 else [f"{unread} mails are unread, and only the automatic one should be"])


def _reply_to(mail: EmailMessage, text: str, **headers: str) -> EmailMessage:
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = KARIN, SENDER, f"Re: {mail['Subject']}".strip()
    reply["Message-ID"] = f"<{time.monotonic_ns()}@klant.example>"
    reply["In-Reply-To"], reply["References"] = mail["Message-ID"], f"{mail['References']} {mail['Message-ID']}"
    for name, value in headers.items():
        reply[name] = value
    reply.set_content(text)
    return reply


# --- reading it back -------------------------------------------------------------------------------------


def _arrived(servers: Servers, address: str, wanted: int) -> list[tuple[bytes, EmailMessage]]:
    """What lies in somebody's mailbox, once as many as wanted are there or time is over."""
    ends = time.monotonic() + ARRIVES_S
    while len(found := _in_mailbox(servers, address)) < wanted and time.monotonic() < ends:
        time.sleep(0.3)
    return [(raw, message_from_bytes(raw, policy=policy.default)) for raw in found]


def _in_mailbox(servers: Servers, address: str) -> list[bytes]:
    with _signed_in(servers, address) as imap:
        _, (numbers, *_rest) = imap.search(None, "ALL")
        parts = [imap.fetch(number, "(BODY.PEEK[])")[1][0] for number in numbers.split()]
        return [part[1] for part in parts if isinstance(part, tuple)]


def _unread(servers: Servers, address: str) -> int:
    with _signed_in(servers, address) as imap:
        return len(imap.search(None, "UNSEEN")[1][0].split())


def _signed_in(servers: Servers, address: str) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", servers.imap, timeout=20)
    imap.login(address, PASSWORD)
    imap.select("INBOX")
    return imap


def _monday() -> date:
    return date(2026, 3, 2)


if __name__ == "__main__":
    sys.exit(main())
