"""A database that was put back or copied mails nobody until an administrator chooses (faults 30 and 31)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pdca.db import db
from pdca.installation import Installation
from pdca.mail.accepts import AcceptJournal
from pdca.mail.keys import message_id_for
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue
from pdca.mail.standstill import HELD_BY_RESTORE, RESTORED, Choice, Why, resume, standstill
from pdca.people.models import Person
from pdca.web import settings
from tests.factories import signed_in
from tests.mail.conftest import set_up

HOUR = timedelta(hours=1)


def states(outbox) -> list[MessageState]:
    with outbox.app.app_context():
        return list(db.session.scalars(select(Message.state).order_by(Message.id)))


def why(outbox) -> Why | None:
    with outbox.app.app_context():
        found = standstill()
        return found and found.why


def left(outbox, key: str, at) -> None:
    """What the accept journal knows and an older copy of the database does not: the mail of this key was taken."""
    with outbox.app.app_context():
        line = {"message_id": message_id_for(key), "key": key, "at": at.isoformat(), "code": 250, "words": "2.0.0 Ok"}
        with AcceptJournal(settings().instance).path.open("a") as journal:
            journal.write(json.dumps(line) + "\n")


def change(outbox, ident: int, **values) -> None:
    outbox.change(lambda: db.session.execute(update(Message).where(Message.id == ident).values(**values)))


def choose(outbox, choice: Choice, at) -> int:
    with outbox.app.app_context(), db.writing():
        number = resume(choice, by="test", at=at)
        db.session.commit()
        return number


class TestRestored:
    @pytest.mark.fault(30)
    @pytest.mark.parametrize("ago", [HOUR, 24 * HOUR, 720 * HOUR], ids=["an hour", "a day", "a month"])
    def test_what_left_since_is_not_mailed_again(self, mailing, server, at, ago):
        gone, kept = mailing.put(at - ago), mailing.put(at - ago)
        left(mailing, "letter:1", at - ago)
        assert mailing.deliver(at).accepted == 0
        assert (why(mailing), server.received) == (Why.RESTORED, [])
        assert states(mailing) == [MessageState.ACCEPTED, MessageState.PENDING]
        assert mailing.outcomes(gone) == ["accepted"]
        assert choose(mailing, Choice.SEND, at) == 1
        assert mailing.deliver(at + HOUR).accepted == 1
        assert mailing.message(kept).state is MessageState.ACCEPTED
        assert why(mailing) is None

    @pytest.mark.fault(30)
    def test_a_mail_the_older_database_never_knew_is_never_queued_again(self, mailing, server, at):
        left(mailing, "letter:1", at - HOUR)
        assert mailing.deliver(at).accepted == 0
        assert why(mailing) is Why.RESTORED
        with mailing.app.app_context(), db.writing():
            shell = db.session.scalars(select(Message)).one()
            assert (shell.state, shell.kind, shell.address) == (MessageState.ACCEPTED, "restore", "")
            assert queue("letter", address="a@example.nl", about={}, dedupe_key="letter:1", at=at) is None

    def test_a_crash_between_journal_and_settlement_is_no_restore(self, mailing, server, at):
        ident = mailing.put(at)
        change(mailing, ident, state=MessageState.SENDING, lease_token="gone", lease_until=at + timedelta(minutes=3))
        left(mailing, "letter:1", at)
        mailing.deliver(at + HOUR)
        assert (why(mailing), server.received) == (None, [])
        assert mailing.message(ident).state is MessageState.ACCEPTED

    def test_a_copy_that_another_host_took_over_is_no_restore(self, mailing, server, at):
        ident = mailing.put(at)
        change(mailing, ident, possible_duplicate=True)
        left(mailing, "letter:1", at)
        mailing.deliver(at + HOUR)
        assert (why(mailing), server.received) == (None, [])
        assert mailing.message(ident).state is MessageState.ACCEPTED

    def test_that_somebody_has_to_choose_is_no_illness(self, mailing, server, at):
        left(mailing, "letter:1", at - HOUR)
        mailing.deliver(at)
        assert why(mailing) is Why.RESTORED
        answer = mailing.app.test_client().get("/health")
        assert (answer.status_code, answer.json["mail"]) == (200, {"queued": 0, "dead": 0})

    def test_it_looks_at_the_journals_end_only(self, mailing, server, at, tmp_path: Path):
        mailing.put(at)
        mailing.deliver(at)
        mailing.deliver(at)
        size = (tmp_path / "accepted.jsonl").stat().st_size
        with mailing.app.app_context():
            marks = select(Installation.value).where(Installation.name.startswith("journal_mark"))
            assert db.session.scalars(marks).all() == [str(size)]


class TestCopied:
    @pytest.mark.fault(31)
    @pytest.mark.parametrize(
        "elsewhere", [{"base_url": "https://try.example.org"}, {"instance_id": "rehearsal"}], ids=["address", "name"]
    )
    def test_a_copy_mails_nobody(self, mailing, server, at, elsewhere):
        set_up(mailing.app, base_url="https://pdca.example.org", instance_id="town hall")
        mailing.put(at)
        assert mailing.deliver(at).accepted == 1
        set_up(mailing.app, **elsewhere)
        ident = mailing.put(at)
        assert mailing.deliver(at + HOUR).accepted == 0
        assert (why(mailing), len(server.received)) == (Why.COPIED, 1)
        assert mailing.message(ident).state is MessageState.PENDING

    def test_the_first_address_is_no_copy(self, mailing, server, at):
        mailing.put(at)
        mailing.deliver(at)
        set_up(mailing.app, base_url="https://pdca.example.org")
        mailing.put(at)
        assert mailing.deliver(at + HOUR).accepted == 1

    def test_who_moves_house_says_so_once(self, mailing, server, at):
        set_up(mailing.app, base_url="https://old.example.org")
        mailing.deliver(at)
        set_up(mailing.app, base_url="https://new.example.org")
        mailing.put(at)
        assert mailing.deliver(at).accepted == 0
        choose(mailing, Choice.SEND, at)
        assert mailing.deliver(at).accepted == 1
        assert why(mailing) is None

    def test_files_on_this_machine_are_never_held(self, outbox, at):
        set_up(outbox.app, base_url="http://127.0.0.1:5000", instance_id="one")
        outbox.put(at)
        outbox.deliver(at)
        set_up(outbox.app, base_url="http://127.0.0.1:5001", instance_id="two")
        outbox.put(at)
        assert outbox.deliver(at).accepted == 1


class TestChoosing:
    @pytest.fixture
    def still(self, mailing, at):
        """Three mails wait; one of them was held by `pdca restore`."""
        ids = [mailing.put(at) for _ in range(3)]
        held = {"state": MessageState.HELD, "last_error": HELD_BY_RESTORE}
        mailing.change(lambda: db.session.execute(update(Message).where(Message.id == ids[0]).values(held)))
        mailing.change(lambda: db.session.add(Installation(name=RESTORED, value=at.isoformat())))
        return mailing

    def test_send_lets_everything_go(self, still, server, at):
        assert choose(still, Choice.SEND, at) == 3
        assert still.deliver(at).accepted == 3

    def test_discard_lets_nothing_go_but_what_comes_later(self, still, server, at):
        assert choose(still, Choice.DISCARD, at) == 3
        still.put(at)
        assert still.deliver(at).accepted == 1
        assert states(still) == [MessageState.OBSOLETE] * 3 + [MessageState.ACCEPTED]

    def test_an_administrator_chooses_on_the_outbox_page(self, still, server, at):
        app = still.app
        with app.app_context(), db.writing():
            boss = Person(name="Ada", email="ada@example.nl", created_at=at, is_administrator=True, locale="en")
            db.session.add(boss)
            db.session.commit()
            client = signed_in(app, boss)
        page = client.get("/admin/outbox").text
        assert "No mail leaves now" in page
        assert "3 messages wait." in page
        assert client.post("/admin/outbox/resumption", data={"choice": "nonsense"}).status_code == 422
        assert why(still) is Why.RESTORED
        assert client.post("/admin/outbox/resumption", data={"choice": "digest"}).status_code == 303
        assert why(still) is None
        assert "No mail leaves now" not in client.get("/admin/outbox").text
        assert client.post("/admin/outbox/resumption", data={"choice": "send"}).status_code in (409, 412)

    def test_so_does_the_command_line(self, still, server, at):
        run = still.app.test_cli_runner().invoke
        assert run(args=["mail", "resume", "everything"]).exit_code == 2
        done = run(args=["mail", "resume", "send"])
        assert (done.exit_code, done.output) == (0, "Mail leaves again (send, 3 messages).\n")
        again = run(args=["mail", "resume", "send"])
        assert again.exit_code == 1
        assert "nothing to choose" in again.output
