"""Fault 23: reports in the shapes that real servers give them, each written out whole, in our own words.

Every server folds, orders, encodes and forgets in its own way. A `{id}` is the Message-ID of the mail that came back.
"""

from __future__ import annotations

from textwrap import dedent
from typing import NamedTuple

import pytest

from pdca.mail.bounces import Heard
from pdca.mail.models import MessageState
from tests.mail.test_bounces import HOURS, gave_up, hear, sent, suppressed

__all__ = ["gave_up", "sent"]

POSTFIX = """\
    Return-Path: <>
    Received: by mx.gemeente.example (Postfix)
    \tid 4C7D51A2B3; Mon,  2 Mar 2026 13:00:02 +0100 (CET)
    Date: Mon,  2 Mar 2026 13:00:02 +0100 (CET)
    From: MAILER-DAEMON@mx.gemeente.example (Mail Delivery System)
    Subject: Undelivered Mail Returned to Sender
    To: post@baarn.nl
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="4C7D51A2B3.1772452802/mx.gemeente.example"
    Content-Transfer-Encoding: 8bit

    This is a MIME-encapsulated message.

    --4C7D51A2B3.1772452802/mx.gemeente.example
    Content-Description: Notification
    Content-Type: text/plain; charset=utf-8

    The mail could not be brought to somebody. Remove what is not yours.

    --4C7D51A2B3.1772452802/mx.gemeente.example
    Content-Description: Delivery report
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.gemeente.example
    X-Postfix-Queue-ID: 4C7D51A2B3
    X-Postfix-Sender: rfc822; post@baarn.nl
    Arrival-Date: Mon,  2 Mar 2026 10:00:00 +0100 (CET)

    Final-Recipient: rfc822; otten@example.nl
    Original-Recipient: rfc822;otten@example.nl
    Action: {action}
    Status: {status}
    Remote-MTA: dns; mail.example.nl
    Diagnostic-Code: smtp; 550 5.1.1 <otten@example.nl>: Recipient address
        rejected: User unknown in local
        recipient table

    --4C7D51A2B3.1772452802/mx.gemeente.example
    Content-Description: Undelivered Message
    Content-Type: message/rfc822
    Content-Transfer-Encoding: 8bit

    Received: from app (localhost [127.0.0.1])
    \tby mx.gemeente.example (Postfix) with ESMTP id 4C7D51A2B3
    From: Gemeente Baarn <post@baarn.nl>
    To: otten@example.nl
    Message-ID:
     {id}
    Subject: Is het opgelost?

    Dag meneer Otten,

    --4C7D51A2B3.1772452802/mx.gemeente.example--
    """
EXIM = """\
    Envelope-to: post@baarn.nl
    From: Mail Delivery System <Mailer-Daemon@smtp.klant.example>
    X-Failed-Recipients: otten@example.nl
    Auto-Submitted: auto-replied
    Content-Type: multipart/report; report-type=delivery-status; boundary=1772452802-eximdsn-1804289383
    MIME-Version: 1.0
    To: post@baarn.nl
    Subject: Mail delivery failed: returning message to sender

    --1772452802-eximdsn-1804289383
    Content-type: text/plain; charset=us-ascii

    One address could not be reached, and that is final:

      otten@example.nl
        Unrouteable address

    --1772452802-eximdsn-1804289383
    Content-type: message/delivery-status

    Reporting-MTA: dns; smtp.klant.example

    Action: failed
    Final-Recipient: rfc822;otten@example.nl
    Status: {status}

    --1772452802-eximdsn-1804289383
    Content-type: message/rfc822

    Return-path: <post@baarn.nl>
    Message-Id: {id}
    To: otten@example.nl

    Dag
    --1772452802-eximdsn-1804289383--
    """
EXCHANGE = """\
    From: Microsoft Outlook
    \t<MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@klant.example>
    To: <post@baarn.nl>
    Date: Mon, 2 Mar 2026 12:00:04 +0000
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="36ab6ce4-1109"
    X-MS-Exchange-Message-Is-Ndr:
    Content-Language: nl-NL
    Message-ID: <ndr-4f1d@klant.example>
    In-Reply-To: {id}
    References: {id}
    Subject: =?utf-8?B?T25iZXN0ZWxiYWFyOiBJcyBoZXQgb3BnZWxvc3Q/?=
    MIME-Version: 1.0

    --36ab6ce4-1109
    Content-Type: multipart/alternative; differences=Content-Type;
    \tboundary="36ab6ce4-110a"

    --36ab6ce4-110a
    Content-Type: text/plain; charset="windows-1252"
    Content-Transfer-Encoding: quoted-printable

    Uw bericht is niet bezorgd =96 het adres bestaat niet. Co=EBrdinator: n=E9e.

    --36ab6ce4-110a
    Content-Type: text/html; charset="utf-8"
    Content-Transfer-Encoding: base64

    PGh0bWw+PGJvZHk+TmlldCBiZXpvcmdkLjwvYm9keT48L2h0bWw+

    --36ab6ce4-110a--

    --36ab6ce4-1109
    Content-Type: message/delivery-status

    Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.klant.example
    Received-From-MTA: dns;mx.gemeente.example
    Arrival-Date: Mon, 2 Mar 2026 12:00:03 +0000

    Original-Recipient: rfc822;Otten@Example.nl
    Final-Recipient: rfc822;Otten@Example.nl
    Action: failed
    Status: {status}
    Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by
     SMTP address lookup
    X-Display-Name: Piet Otten

    --36ab6ce4-1109
    Content-Type: message/rfc822

    Received: from mx.gemeente.example (192.0.2.4) by
     AM0PR01MB0001.eurprd01.prod.klant.example with Microsoft SMTP Server
    Content-Type: application/ms-tnef; name="winmail.dat"
    Content-Transfer-Encoding: binary
    From: Gemeente Baarn <post@baarn.nl>
    To: <otten@example.nl>
    Message-ID: {id}

    --36ab6ce4-1109--
    """
GMAIL = """\
    Received: by 2002:a05:6402:1a mail; Mon, 02 Mar 2026 04:00:05 -0800 (PST)
    Content-Type: multipart/report; boundary="0000000000aa"; report-type=delivery-status
    To: post@baarn.nl
    Auto-Submitted: auto-replied
    X-Failed-Recipients: otten@example.nl
    From: Mail Delivery Subsystem <mailer-daemon@google.example>
    Subject: Delivery Status Notification (Failure)

    --0000000000aa
    Content-Type: multipart/related; boundary="0000000000ab"

    --0000000000ab
    Content-Type: multipart/alternative; boundary="0000000000ac"

    --0000000000ac
    Content-Type: text/plain; charset="UTF-8"

    ** Adres niet gevonden **
    --0000000000ac
    Content-Type: text/html; charset="UTF-8"

    <html><body>Adres niet gevonden</body></html>
    --0000000000ac--
    --0000000000ab
    Content-Type: image/png; name="icon.png"
    Content-ID: <icon.png>
    Content-Transfer-Encoding: base64

    iVBORw0KGgo=
    --0000000000ab--
    --0000000000aa
    Content-Type: message/delivery-status

    Reporting-MTA: dns; google.example
    Arrival-Date: Mon, 02 Mar 2026 04:00:04 -0800 (PST)
    X-Original-Message-ID: {id}

    Final-Recipient: rfc822; otten@example.nl
    Action: failed
    Status: {status}
    Remote-MTA: dns; mx.example.nl. (192.0.2.27, the server for the domain)
    Diagnostic-Code: smtp; 550-5.1.1 The account that you tried to reach does not exist.
     550-5.1.1 Look for spaces and typing errors.
     550 5.1.1  https://support.example/mail
    Last-Attempt-Date: Mon, 02 Mar 2026 04:00:05 -0800 (PST)

    --0000000000aa
    Content-Type: message/rfc822

    From: Gemeente Baarn <post@baarn.nl>
    To: otten@example.nl
    Message-ID: {id}

    --0000000000aa--
    """
SENDMAIL = """\
    From: Mail Delivery Subsystem <MAILER-DAEMON@host.klant.example>
    To: <post@baarn.nl>
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="6221A0.1772452802/host.klant.example"
    Subject: {subject}
    Auto-Submitted: auto-generated (failure)

    This is a MIME-encapsulated message

    --6221A0.1772452802/host.klant.example

    The original was received from mx.gemeente.example

       ----- Transcript of session follows -----
    550 5.1.1 <otten@example.nl>... User unknown

    --6221A0.1772452802/host.klant.example
    Content-Type: message/delivery-status

    Reporting-MTA: dns; host.klant.example
    Received-From-MTA: DNS; mx.gemeente.example
    Arrival-Date: Mon, 2 Mar 2026 10:00:00 +0100

    Final-Recipient: RFC822; otten@example.nl
    X-Actual-Recipient: RFC822; otten@host.klant.example
    Action: {action}
    Status: {status}
    Diagnostic-Code: SMTP; 550 5.1.1 <otten@example.nl>... User unknown
    Last-Attempt-Date: Mon, 2 Mar 2026 10:00:01 +0100
    Will-Retry-Until: Sat, 7 Mar 2026 10:00:00 +0100

    --6221A0.1772452802/host.klant.example
    Content-Type: text/rfc822-headers

    Return-Path: <post@baarn.nl>
    From: Gemeente Baarn <post@baarn.nl>
    To: otten@example.nl
    Message-ID: {id}

    --6221A0.1772452802/host.klant.example--
    """
QMAIL = """\
    From: MAILER-DAEMON@old.klant.example
    To: post@baarn.nl
    Subject: failure notice

    Hi. This is the qmail-send program at old.klant.example.
    This address failed for good; it is given up.

    <otten@example.nl>:
    Sorry, no mailbox here by that name. (#5.1.1)

    --- Below this line is a copy of the message.

    Message-ID: {id}
    To: otten@example.nl

    Dag
    """
LIST = """\
    From: postmaster@forward.example
    To: post@baarn.nl
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type="delivery-status"; boundary=x

    --x
    Content-Type: text/plain; charset=iso-8859-1
    Content-Transfer-Encoding: 8bit

    D\xe9sol\xe9: une adresse n'existe plus.
    --x
    Content-Type: message/delivery-status

    Reporting-MTA: dns; forward.example

    Final-Recipient: rfc822; somebody@example.nl
    Action: delivered
    Status: 2.1.5

    Final-Recipient: rfc822; otten@example.nl
    Action: failed
    Status: {status}
    Diagnostic-Code: smtp; 550 5.1.1 bo\xeete aux lettres supprim\xe9e

    --x
    Content-Type: text/rfc822-headers; charset=us-ascii

    message-id: {id}
    subject: =?utf-8?q?Is_het_opgelost=3F?=
    --x--
    """
BARE = """\
    From: <>
    To: post@baarn.nl
    Content-Type: multipart/report; boundary=y

    --y
    Content-Type: message/delivery-status

    Final-Recipient: rfc822;otten@example.nl
    {action}Status: {status}

    --y
    Content-Type: text/rfc822-headers

    Message-ID: {id}
    --y--
    """


class Case(NamedTuple):
    """One report, and what it must do."""

    text: str
    heard: Heard
    suppresses: bool
    newline: str = "\n"
    action: str = "failed"
    status: str = "5.1.1"

    def bytes(self, message_id: str) -> bytes:
        """As it comes in; what is not ASCII in raw bytes."""
        given = {"{id}": message_id, "{action}": self.action, "{status}": self.status, "{subject}": "Returned mail"}
        text = dedent(self.text)
        for name, value in given.items():
            text = text.replace(name, value)
        return text.replace("\n", self.newline).encode("latin-1")


GONE, REFUSED, WAITS, NOTHING = (
    (Heard.FAILED, True),
    (Heard.FAILED, False),
    (Heard.NOTHING_YET, False),
    (
        Heard.IGNORED,
        False,
    ),
)
CASES = {
    "Postfix": Case(POSTFIX, *GONE),
    "Postfix, CRLF": Case(POSTFIX, *GONE, newline="\r\n"),
    "Postfix, full": Case(POSTFIX, *REFUSED, status="5.2.2"),
    "Postfix, still trying": Case(POSTFIX, *WAITS, action="delayed", status="4.4.1"),
    "Postfix, relayed to one that reports nothing": Case(POSTFIX, *WAITS, action="relayed", status="2.0.0"),
    "Postfix, expanded to a list": Case(POSTFIX, *WAITS, action="expanded", status="2.0.0"),
    "Exim, with a status": Case(EXIM, *GONE),
    "Exim, without one that says much": Case(EXIM, *REFUSED, status="5.0.0"),
    "Exchange, in Dutch": Case(EXCHANGE, *GONE, newline="\r\n", status="5.1.10"),
    "Exchange, not for us": Case(EXCHANGE, *REFUSED, newline="\r\n", status="5.7.1"),
    "Gmail": Case(GMAIL, *GONE, newline="\r\n"),
    "Gmail, full": Case(GMAIL, *REFUSED, newline="\r\n", status="5.2.2"),
    "Sendmail": Case(SENDMAIL, *GONE),
    "Sendmail, a warning after four hours": Case(SENDMAIL, *WAITS, action="delayed", status="4.4.2"),
    "Sendmail, given up after five days": Case(SENDMAIL, *REFUSED, status="5.4.7"),
    "a list, one of two, raw eight bits": Case(LIST, *GONE),
    "nearly nothing": Case(BARE, *GONE, action="Action: failed\n"),
    "nothing is said to have failed": Case(BARE, *WAITS, action=""),
    # Not RFC 3464: no report is taken from prose.
    "qmail": Case(QMAIL, *NOTHING),
}


@pytest.mark.fault(23)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_report_of_a_real_server_does_what_it_says(mailing, sent, gave_up, at, case):
    """The same report about a mail that is not ours comes first: it changes nothing."""
    assert hear(mailing, case.bytes("<guess@baarn.nl>"), at + HOURS) is Heard.IGNORED
    assert (suppressed(mailing), gave_up) == (False, [])
    raw = case.bytes(mailing.message(sent).message_id)
    assert hear(mailing, raw, at + HOURS) is case.heard
    assert suppressed(mailing) is case.suppresses
    assert gave_up == ([sent] if case.heard is Heard.FAILED else [])
    assert mailing.message(sent).state is MessageState.ACCEPTED
