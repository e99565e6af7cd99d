"""A mail that comes back hours later: who was not reached is asked otherwise, a forged report changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from pdca.db import db
from pdca.mail import bounces, operations
from pdca.mail.bounces import Heard
from pdca.mail.models import MessageState
from pdca.mail.queries import is_suppressed

ADDRESS = "otten@example.nl"
POSTFIX = "This is the mail system at host mx.example.nl.\n\nI'm sorry to have to inform you ..."
EXIM = "A message that you sent could not be delivered to one or more of its recipients."
EXCHANGE = "Delivery has failed to these recipients or groups:\r\n\r\nOtten"
DUTCH = "Uw bericht kon niet worden bezorgd. Het adres bestaat niet (meer) — controleer de spelling: ĳ, é."


@dataclass(frozen=True)
class Dsn:
    """One notification, as one server or another writes it."""

    words: str = POSTFIX
    final: str = f"rfc822; {ADDRESS}"
    original: str = ""
    action: str = "failed"
    status: str = "5.1.1"
    diagnostic: str = "smtp; 550 5.1.1 <otten@example.nl>: Recipient address rejected: User unknown"
    # "message": the whole mail comes back; "headers": only its header; "none".
    returned: str = "message"
    message_id: str = "{id}"
    content_type: str = "multipart/report; report-type=delivery-status"
    newline: str = "\n"
    more: str = ""

    def bytes(self, message_id: str) -> bytes:
        """As it comes in, about this mail."""
        original = f"\nOriginal-Recipient: {self.original}" if self.original else ""
        diagnostic = f"\nDiagnostic-Code: {self.diagnostic}" if self.diagnostic else ""
        header = (
            f"From: post@baarn.nl\nTo: {ADDRESS}\nMessage-ID: {self.message_id.format(id=message_id)}\nSubject: Vraag\n"
        )
        kinds = {"message": "message/rfc822", "headers": "text/rfc822-headers"}
        back = f"--b\nContent-Type: {kinds[self.returned]}\n\n{header}\nDag,\n" if self.returned in kinds else ""
        text = (
            f"From: MAILER-DAEMON@mx.example.nl\nTo: post@baarn.nl\nSubject: Undelivered Mail Returned to Sender\n"
            f"Auto-Submitted: auto-replied\nMIME-Version: 1.0\nContent-Type: {self.content_type}; boundary=b\n\n"
            f"--b\nContent-Type: text/plain; charset=utf-8\n\n{self.words}\n\n"
            f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.nl\n"
            f"Arrival-Date: Mon, 2 Mar 2026 10:00:00 +0100\n\nFinal-Recipient: {self.final}{original}\n"
            f"Action: {self.action}\nStatus: {self.status}{diagnostic}\n{self.more}\n{back}--b--\n"
        )
        return text.replace("\n", self.newline).encode()


PLAIN = Dsn()
GONE = {
    "postfix": PLAIN,
    "postfix, header only": replace(PLAIN, returned="headers"),
    "exim": replace(PLAIN, words=EXIM, diagnostic="smtp; 550 no such user here", returned="headers"),
    "exchange": replace(
        PLAIN, words=EXCHANGE, newline="\r\n", status="5.1.10", diagnostic="smtp;550 5.1.10 RESOLVER.ADR"
    ),
    "in Dutch": replace(PLAIN, words=DUTCH),
    "capitals in the address": replace(PLAIN, final="RFC822; Otten@Example.NL"),
    "brackets": replace(PLAIN, final=f"rfc822;<{ADDRESS}>"),
    "no diagnostic": replace(PLAIN, diagnostic=""),
    "after forwarding": replace(PLAIN, final="rfc822; otten@elsewhere.example", original=f"rfc822;{ADDRESS}"),
    "smtputf8": replace(PLAIN, final=f"utf-8; {ADDRESS}"),
    "status with words": replace(PLAIN, status="5.1.1 (bad destination mailbox address)"),
    "account switched off": replace(PLAIN, status="5.2.1", diagnostic="smtp; 550 5.2.1 account disabled"),
    "domain gone": replace(PLAIN, status="5.1.2", diagnostic="dns; host not found"),
    "capital action": replace(PLAIN, action="Failed"),
    "folded number": replace(PLAIN, message_id="\n {id}"),
}
REFUSED = {
    "mailbox full": replace(PLAIN, status="5.2.2", diagnostic="smtp; 552 5.2.2 over quota"),
    "policy": replace(PLAIN, status="5.7.1", diagnostic="smtp; 554 5.7.1 spam"),
    "given up": replace(PLAIN, status="5.4.7", diagnostic="smtp; delivery time expired"),
    "too large": replace(PLAIN, status="5.3.4"),
    "our sender": replace(PLAIN, status="5.1.8", diagnostic="smtp; 550 5.1.8 sender rejected"),
}
NOT_YET = {
    "delayed": replace(PLAIN, action="delayed", status="4.4.7"),
    "brought": replace(PLAIN, action="delivered", status="2.1.5"),
    "relayed": replace(PLAIN, action="relayed", status="2.0.0"),
    "a four that says failed": replace(PLAIN, status="4.2.2"),
}
FORGED = {
    "a number of nobody": replace(PLAIN, message_id="<guess@baarn.nl>"),
    "another address": replace(PLAIN, final="rfc822; somebody@example.nl"),
    "no mail in it": replace(PLAIN, returned="none"),
    "no report": replace(PLAIN, content_type="multipart/mixed"),
    "no address": replace(PLAIN, final="x400; c=nl"),
    "no status": replace(PLAIN, status="broken"),
}


@pytest.fixture
def sent(mailing, server, at) -> int:
    """A mail that a server took."""
    ident = mailing.put(at, ADDRESS)
    assert mailing.deliver(at).accepted == 1
    return ident


@pytest.fixture
def gave_up(monkeypatch) -> list[int]:
    """Which mails the rooms above were told of."""
    told: list[int] = []
    monkeypatch.setattr(operations, "_when_dead", [lambda message, _at: told.append(message.id)])
    return told


def hear(mailing, raw: bytes, at) -> Heard:
    with mailing.app.app_context(), db.writing():
        heard = bounces.hear(raw, at)
        db.session.commit()
        return heard


def suppressed(mailing) -> bool:
    with mailing.app.app_context():
        return is_suppressed(ADDRESS)


HOURS = timedelta(hours=3)


@pytest.mark.fault(23)
@pytest.mark.parametrize("dsn", GONE.values(), ids=GONE)
def test_an_address_that_is_gone_is_not_mailed_again(mailing, sent, gave_up, at, dsn):
    raw = dsn.bytes(mailing.message(sent).message_id)
    assert hear(mailing, raw, at + HOURS) is Heard.FAILED
    assert (suppressed(mailing), gave_up) == (True, [sent])
    assert (mailing.message(sent).state, mailing.outcomes(sent)) == (MessageState.ACCEPTED, ["accepted", "bounced"])
    assert hear(mailing, raw, at + 2 * HOURS) is Heard.KNOWN
    assert gave_up == [sent]


@pytest.mark.fault(23)
@pytest.mark.parametrize("dsn", REFUSED.values(), ids=REFUSED)
def test_what_was_refused_later_is_said_to_the_next_in_line(mailing, sent, gave_up, at, dsn):
    assert hear(mailing, dsn.bytes(mailing.message(sent).message_id), at + HOURS) is Heard.FAILED
    assert (suppressed(mailing), gave_up) == (False, [sent])


@pytest.mark.fault(23)
@pytest.mark.parametrize("dsn", NOT_YET.values(), ids=NOT_YET)
def test_a_server_that_still_tries_changes_nothing(mailing, sent, gave_up, at, dsn):
    assert hear(mailing, dsn.bytes(mailing.message(sent).message_id), at + HOURS) is Heard.NOTHING_YET
    assert (suppressed(mailing), gave_up, mailing.outcomes(sent)) == (False, [], ["accepted"])


@pytest.mark.fault(23)
@pytest.mark.parametrize("dsn", FORGED.values(), ids=FORGED)
def test_a_forged_or_broken_one_changes_nothing(mailing, sent, gave_up, at, dsn):
    assert hear(mailing, dsn.bytes(mailing.message(sent).message_id), at + HOURS) is Heard.IGNORED
    assert (suppressed(mailing), gave_up, mailing.outcomes(sent)) == (False, [], ["accepted"])


@pytest.mark.parametrize("raw", [b"", b"\xff\x00\n", b"Subject: I am away\n\nback on Monday", b"x" * 2_000_000])
def test_anything_else_is_ignored(mailing, sent, gave_up, at, raw):
    assert hear(mailing, raw, at) is Heard.IGNORED


def test_a_mail_server_hands_it_over_on_the_command_line(mailing, sent, at):
    raw = PLAIN.bytes(mailing.message(sent).message_id)
    done = mailing.app.test_cli_runner().invoke(args=["mail", "bounce"], input=raw)
    assert (done.exit_code, done.output) == (0, "failed\n")
    assert suppressed(mailing)
