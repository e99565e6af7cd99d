"""What is kept and for how long: texts of mails, lines of the accept journal."""

from __future__ import annotations

import threading
from datetime import timedelta

from pdca.mail.accepts import AcceptJournal
from pdca.mail.jobs import Delivered, tidy
from pdca.mail.letters import Letter, Outcome, Verdict
from pdca.mail.models import MessageState
from tests.factories import a_person, signed_in
from tests.mail.test_claims import claim

DAY = timedelta(days=1)
TAKEN = Outcome(Verdict.ACCEPTED, 250, "taken")


def tidied(outbox, at) -> None:
    with outbox.app.app_context():
        tidy(at)


def letter(name: str, at) -> Letter:
    return Letter(
        id=1,
        key=name,
        message_id=f"<{name}@baarn.nl>",
        sender="post@baarn.nl",
        address="otten@example.nl",
        mime=b"",
        written_at=at,
        lease_token="t",
    )


def test_texts_go_after_thirty_days_and_what_happened_stays(mailing, server, session, app, at):
    sent, waiting = mailing.put(at), mailing.put(at + 31 * DAY)
    mailing.deliver(at)
    tidied(mailing, at + 30 * DAY)
    assert mailing.message(sent).mime is not None
    tidied(mailing, at + 30 * DAY + timedelta(seconds=1))
    message = mailing.message(sent)
    assert (message.mime, message.subject, message.state) == (None, "", MessageState.ACCEPTED)
    assert mailing.outcomes(sent) == ["accepted"]
    assert mailing.message(waiting).state is MessageState.PENDING
    admin = a_person("Ada", is_administrator=True, locale="en")
    page = signed_in(app, admin).get(f"/admin/outbox/{sent}").text
    assert "texts of mails are kept for 30 days" in page


def test_lines_of_the_journal_go_after_ninety_days(mailing, server, at, tmp_path):
    journal = AcceptJournal(tmp_path)
    journal.add(letter("old", at), TAKEN, at)
    journal.add(letter("new", at), TAKEN, at + DAY)
    with journal.path.open("ab") as file:
        file.write(b'{"cut off\n')
    tidied(mailing, at + 90 * DAY + timedelta(hours=1))
    assert [accept.key for accept in journal.since(0)] == ["new"]
    assert journal.path.read_bytes().splitlines()[-1] == b'{"cut off'
    assert journal.path.stat().st_mode & 0o777 == 0o600
    journal.add(letter("newest", at), TAKEN, at + 90 * DAY)
    assert [accept.key for accept in journal.since(0)] == ["new", "newest"]


def test_nothing_is_forgotten_while_somebody_died_over_a_mail(mailing, server, app, at, tmp_path):
    """The machine is off for three months, with a mail that was taken and not settled."""
    ident = mailing.put(at)
    journal, taken = AcceptJournal(tmp_path), claim(app, at).letter
    journal.add(taken, TAKEN, at)
    later = at + 91 * DAY
    tidied(mailing, later)
    assert mailing.deliver(later) == Delivered(accepted=1)
    assert (server.received, mailing.message(ident).possible_duplicate) == ([], False)
    tidied(mailing, later + DAY)
    assert list(journal.since(0)) == []


def test_who_writes_while_it_is_shortened_loses_no_line(at, tmp_path):
    journal = AcceptJournal(tmp_path)
    for number in range(50):
        journal.add(letter(f"old {number}", at), TAKEN, at)

    def write(who: int) -> None:
        for number in range(100):
            AcceptJournal(tmp_path).add(letter(f"{who} {number}", at), TAKEN, at + DAY)

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        journal.forget(at + timedelta(hours=1))
    journal.forget(at + timedelta(hours=1))
    assert sorted(accept.key for accept in journal.since(0)) == sorted(f"{w} {n}" for w in range(4) for n in range(100))
