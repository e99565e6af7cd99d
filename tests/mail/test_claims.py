"""Who has a message: claims, leases, the accept journal, and what happens when somebody dies."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from pdca import clock, create_app
from pdca import db as ground
from pdca.config import SettingsError
from pdca.db import db, touch
from pdca.engines import LockTimeout
from pdca.mail import jobs
from pdca.mail.accepts import FILE, NAME_FILE, AcceptJournal
from pdca.mail.claiming import claim_next
from pdca.mail.jobs import Delivered, desk_of_this_process
from pdca.mail.letters import Outcome, Verdict
from pdca.mail.links import find_link
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import forget_address, on_accepted, on_dead, suppress
from pdca.mail.pace import Pace
from pdca.mail.rendering import register_check, register_renderer
from pdca.mail.settling import settle
from pdca.mail.smtp import LAST_BYTES_S
from tests.conftest import KEY, settings_for
from tests.factories import a_person, signed_in
from tests.mail.conftest import letter

LEASE = Pace().lease
# More than this machine ever stands still: passes count the time they take.
MARGIN = timedelta(minutes=1)


def claim(app, at):
    """Claim as another process would, and die before anything is sent."""
    with app.app_context(), db.writing():
        claimed = claim_next(desk_of_this_process(), at)
        db.session.commit()
        return claimed


class TestLease:
    def test_a_claimed_message_is_nobody_elses(self, mailing, app, server, at):
        mailing.put(at)
        assert claim(app, at).letter is not None
        assert claim(app, at) is None
        assert mailing.deliver(at + LEASE - MARGIN) == Delivered()

    @pytest.mark.fault(4, 5)
    def test_an_abandoned_one_goes_after_the_lease_and_is_marked(self, mailing, app, server, at):
        ident = mailing.put(at)
        abandoned = claim(app, at).letter
        assert mailing.deliver(at + LEASE + MARGIN) == Delivered(accepted=1)
        message = mailing.message(ident)
        assert message.possible_duplicate
        assert mailing.outcomes(ident) == ["reclaimed", "accepted"]
        assert server.received[0].mime == abandoned.mime

    def test_what_another_host_claimed_is_left_to_it_for_a_while(self, mailing, app, server, at, tmp_path):
        """Only its own journal says whether it left; perhaps that host lost the database for some minutes."""
        ident = mailing.put(at)
        elsewhere = AcceptJournal(tmp_path / "elsewhere")
        elsewhere.path.parent.mkdir()
        with app.app_context():
            desk = replace(desk_of_this_process(), journal=elsewhere)
            assert desk.journal.name != desk_of_this_process().journal.name
            with db.writing():
                abandoned = claim_next(desk, at).letter
                db.session.commit()
        assert mailing.deliver(at + LEASE + MARGIN) == Delivered()
        assert mailing.deliver(at + 4 * LEASE - MARGIN) == Delivered()
        # It left, and its host tells so after all.
        elsewhere.add(abandoned, Outcome(Verdict.ACCEPTED, 250, "ok"), at)
        with app.app_context(), db.writing():
            assert claim_next(desk, at + 4 * LEASE - MARGIN).state is MessageState.ACCEPTED
            db.session.commit()
        assert (mailing.message(ident).state, server.received) == (MessageState.ACCEPTED, [])

    def test_what_a_host_that_is_gone_had_claimed_goes_in_the_end(self, mailing, app, server, at, tmp_path):
        ident = mailing.put(at)
        elsewhere = AcceptJournal(tmp_path)
        elsewhere.name = "another"
        with app.app_context(), db.writing():
            claim_next(replace(desk_of_this_process(), journal=elsewhere), at)
            db.session.commit()
        assert mailing.deliver(at + 4 * LEASE + MARGIN) == Delivered(accepted=1)
        assert mailing.message(ident).possible_duplicate

    def test_a_journal_keeps_its_name_and_two_who_begin_together_give_it_one(self, tmp_path):
        with ThreadPoolExecutor(8) as pool:
            names = set(pool.map(lambda _: AcceptJournal(tmp_path).name, range(40)))
        assert len(names) == 1
        assert [path.name for path in tmp_path.iterdir()] == [NAME_FILE]

    def test_a_lease_far_ahead_heals(self, mailing, app, server, at):
        """A part of fault 33: somebody set the clock back."""
        mailing.put(at - timedelta(days=2))
        claim(app, at)
        assert mailing.deliver(at - timedelta(days=1)) == Delivered(accepted=1)

    @pytest.mark.fault(15)
    def test_who_was_frozen_for_ten_minutes_does_not_send_the_text(self, mailing, app, server, at, monkeypatch):
        """The token is looked at again before DATA."""
        ident = mailing.put(at)
        looks = jobs._still_ours

        def frozen(one):
            # Meanwhile the lease ran out and somebody else claims it.
            assert claim(app, at + LEASE + MARGIN).letter is not None
            return looks(one)

        monkeypatch.setattr(jobs, "_still_ours", frozen)
        assert mailing.deliver(at) == Delivered(deferred=1)
        assert server.received == []
        assert mailing.message(ident).state is MessageState.SENDING
        monkeypatch.undo()
        assert mailing.deliver(at + 3 * LEASE) == Delivered(accepted=1)

    @pytest.mark.fault(22)
    @pytest.mark.parametrize(("budget", "lease"), [(90, 90), (90, 30), (200, 180), (90, 91), (91, 181)])
    def test_a_lease_without_room_for_a_conversation_stops_the_start(self, tmp_path, budget, lease):
        with pytest.raises(SettingsError, match="PDCA_MAIL_LEASE: must be at least twice PDCA_MAIL_BUDGET"):
            settings_for(tmp_path, mail_budget=budget, mail_lease=lease)

    @pytest.mark.fault(22)
    def test_whatever_a_server_does_a_conversation_leaves_room_in_the_shortest_lease(self, tmp_path):
        shortest = settings_for(tmp_path, mail_budget=1, mail_lease=2)
        assert shortest.mail_lease - shortest.mail_budget > 2 * LAST_BYTES_S

    def test_a_pace_keeps_its_ratios(self):
        slow, fast = Pace(), Pace().scaled(0.01)
        assert fast.lease / fast.conversation == slow.lease / slow.conversation
        assert fast.back_off[3] == slow.back_off[3] * 0.01
        with pytest.raises(ValueError, match="longer than a conversation"):
            Pace(lease=timedelta(seconds=10))


class TestAcceptJournal:
    def test_what_was_taken_is_written_down(self, mailing, server, tmp_path, at):
        ident = mailing.put(at)
        mailing.deliver(at)
        line = json.loads((tmp_path / FILE).read_text())
        message = mailing.message(ident)
        assert (line["message_id"], line["key"], line["code"]) == (message.message_id, "letter:1", 250)
        assert "otten" not in json.dumps(line)
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600

    @pytest.mark.fault(11, 12)
    def test_who_died_between_journal_and_settlement_costs_no_copy(self, mailing, app, server, tmp_path, at):
        """Exactly one copy."""
        told = []
        on_accepted(lambda message, when: told.append((message.id, when)))
        ident = mailing.put(at)
        taken = claim(app, at).letter
        AcceptJournal(tmp_path).add(taken, Outcome(Verdict.ACCEPTED, 250, "taken"), at + MARGIN)
        assert mailing.deliver(at + LEASE + MARGIN) == Delivered(accepted=1)
        message = mailing.message(ident)
        assert (message.state, message.accepted_at) == (MessageState.ACCEPTED, at + MARGIN)
        assert not message.possible_duplicate
        assert server.received == []
        assert told == [(ident, at + MARGIN)]

    def test_a_line_that_a_crash_cut_off_says_nothing_and_spoils_nothing(self, mailing, app, tmp_path, at):
        mailing.put(at)
        taken = claim(app, at).letter
        journal = AcceptJournal(tmp_path)
        journal.path.write_text(f'{{"message_id": {json.dumps(taken.message_id)}, "key": "let')
        assert journal.find(taken.message_id) is None
        journal.add(taken, Outcome(Verdict.ACCEPTED, 250, "taken"), at)
        assert journal.find(taken.message_id).key == "letter:1"

    def test_a_full_disk_leaves_the_journal_as_it_was(self, mailing, app, tmp_path, at, monkeypatch):
        """A part of fault 27."""
        mailing.put(at)
        taken = claim(app, at).letter
        journal = AcceptJournal(tmp_path)
        journal.path.write_text("{}\n")
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(OSError, match="No space"):
            journal.add(taken, Outcome(Verdict.ACCEPTED, 250, "taken"), at)
        assert journal.path.read_text() == "{}\n"

    def test_no_journal_does_not_undo_what_was_taken(self, mailing, server, at, caplog, monkeypatch):
        """The database knows it; nothing more leaves until the journal does too."""
        first, second = mailing.put(at), mailing.put(at)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
            assert mailing.deliver(at) == Delivered(accepted=1)
            assert mailing.message(first).state is MessageState.ACCEPTED
            assert mailing.deliver(at) == Delivered()
            assert mailing.message(second).state is MessageState.PENDING
        assert "can't be written" in caplog.text
        assert mailing.deliver(at) == Delivered(accepted=1)
        assert len(server.taken) == 2

    def test_without_a_journal_that_opens_nothing_leaves_and_administrators_hear_it(
        self, mailing, server, at, *, app, session, tmp_path, caplog
    ):
        ident = mailing.put(at)
        (tmp_path / FILE).mkdir()
        assert mailing.deliver(at) == Delivered()
        assert server.received == []
        assert mailing.message(ident).state is MessageState.PENDING
        assert "the accept journal does not open: Is a directory" in caplog.text
        (tmp_path / FILE).rmdir()
        assert mailing.deliver(at) == Delivered(accepted=1)
        (tmp_path / FILE).unlink()
        (tmp_path / FILE).mkdir()
        client = signed_in(app, a_person("Ada", is_administrator=True, locale="en"))
        assert "does not open: Is a directory" in client.get("/admin/outbox").text
        assert client.get("/health").status_code == 503
        (tmp_path / FILE).rmdir()
        assert "does not open" not in client.get("/admin/outbox").text

    def test_a_journal_that_fails_while_it_is_read_holds_everything(self, mailing, server, at, monkeypatch, caplog):
        """A restore would not be seen."""
        ident = mailing.put(at)
        monkeypatch.setattr("pdca.mail.jobs.has_news", lambda _: True)
        monkeypatch.setattr("pdca.mail.jobs.look_back", lambda *_: (_ for _ in ()).throw(OSError(5, "I/O error")))
        assert mailing.deliver(at) == Delivered()
        assert (server.received, mailing.message(ident).state) == ([], MessageState.PENDING)
        assert "a restore would not be seen" in caplog.text

    def test_what_the_journal_refused_goes_in_before_the_pass_ends(self, mailing, server, tmp_path, at, monkeypatch):
        """It may be the last pass of this process, as cron's is."""
        fsync, refusals = os.fsync, iter([True])

        def refuse_once(handle):
            if next(refusals, False):
                raise OSError(28, "No space left")
            fsync(handle)

        monkeypatch.setattr(os, "fsync", refuse_once)
        mailing.put(at)
        assert mailing.deliver(at) == Delivered(accepted=1)
        assert len((tmp_path / FILE).read_text().splitlines()) == 1

    @pytest.mark.fault(27)
    @pytest.mark.parametrize("refusals", [2, 1000], ids=["a while", "for good"])
    def test_what_neither_journal_nor_database_takes_is_tried_and_then_said(
        self, mailing, server, at, *, monkeypatch, caplog, refusals
    ):
        """The process ends; the next one mails once more only if the journal never took it."""
        fsync, left = os.fsync, [refusals]

        def refuse(handle):
            left[0] -= 1
            if left[0] >= 0:
                raise OSError(28, "No space left")
            fsync(handle)

        def full(*_, **__):
            raise OperationalError("UPDATE message", {}, Exception("database or disk is full"))

        slept, elapsed = [], clock.elapsed
        ident = mailing.put(at)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            patch.setattr(jobs, "settle", full)
            patch.setattr(jobs, "time", SimpleNamespace(sleep=slept.append))
            patch.setattr(clock, "elapsed", lambda: elapsed() + sum(slept))
            with pytest.raises(OperationalError):
                mailing.deliver(at)
        is_lost = refusals > 2
        assert ("it may be mailed once more" in caplog.text) is is_lost
        # The memory of the process is gone.
        jobs._unwritten.clear()
        assert mailing.deliver(at + LEASE + MARGIN) == Delivered(accepted=1)
        assert len(server.taken) == 1 + is_lost
        assert len({one.message_id for one in server.taken}) == 1
        assert mailing.message(ident).possible_duplicate is is_lost

    def test_many_writers_write_whole_lines(self, app, tmp_path, at, mailing):
        mailing.put(at)
        taken = claim(app, at).letter
        journal = AcceptJournal(tmp_path)

        def write():
            for _ in range(20):
                journal.add(taken, Outcome(Verdict.ACCEPTED, 250, "x" * 150), at)

        threads = [threading.Thread(target=write) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = journal.path.read_text().splitlines()
        assert len(lines) == 100
        assert {json.loads(line)["key"] for line in lines} == {"letter:1"}


class TestSettling:
    def test_accepted_whatever_the_lease_says(self, mailing, app, at):
        ident = mailing.put(at)
        first = claim(app, at)
        second = claim(app, at + LEASE + MARGIN)
        desk = None
        with app.app_context(), db.writing():
            desk = desk_of_this_process()
            assert settle(first, Outcome(Verdict.ACCEPTED, 250), desk, at) is MessageState.ACCEPTED
            db.session.commit()
            assert settle(second, Outcome(Verdict.REFUSED, 554), desk, at) is MessageState.SENDING
            db.session.commit()
        assert mailing.message(ident).state is MessageState.ACCEPTED

    def test_accepted_is_told_once_and_never_goes_back(self, mailing, app, at):
        """I4."""
        told = []
        on_accepted(lambda message, _at: told.append(message.id))
        ident = mailing.put(at)
        first, second = claim(app, at), claim(app, at + LEASE + MARGIN)
        with app.app_context(), db.writing():
            for one in (first, second):
                settle(one, Outcome(Verdict.ACCEPTED, 250), desk_of_this_process(), at)
                db.session.commit()
        assert told == [ident]
        assert mailing.outcomes(ident) == ["reclaimed", "accepted", "accepted"]

    @pytest.mark.fault(26)
    def test_a_busy_database_delays_settling_and_never_resends(self, mailing, server, app, at, monkeypatch):
        """Fault 26, the short form."""
        ident = mailing.put(at)
        tries = []
        settles = jobs.settle

        def busy(*args, **given):
            tries.append(1)
            if len(tries) < 4:
                raise LockTimeout("another writer")
            return settles(*args, **given)

        monkeypatch.setattr(jobs, "settle", busy)
        assert mailing.deliver(at) == Delivered(accepted=1)
        assert len(tries) == 4
        assert len(server.received) == 1
        assert mailing.message(ident).state is MessageState.ACCEPTED

    def test_a_listener_that_fails_does_not_undo_what_the_server_said(self, mailing, server, at, caplog):
        def broken(_message, _at):
            raise ZeroDivisionError

        on_accepted(broken)
        on_dead(broken)
        good, bad = mailing.put(at), mailing.put(at, "gone@example.nl")
        server.then("rcpt", None, "550 5.1.1 user unknown")
        assert mailing.deliver(at) == Delivered(accepted=1, dead=1)
        assert mailing.message(good).state is MessageState.ACCEPTED
        assert mailing.message(bad).state is MessageState.DEAD
        assert "a listener of message" in caplog.text

    def test_what_a_listener_sets_in_motion_cannot_stop_the_outbox(self, mailing, server, at, monkeypatch):
        """A reconciler that raises for one item: its message is held or told otherwise, the others go."""
        monkeypatch.setattr(ground, "_reconcilers", [lambda _touched: 1 / 0])
        on_dead(lambda _message, when: touch("item", 1, when))
        on_accepted(lambda _message, when: touch("item", 1, when))
        mailing.change(lambda: suppress("unwanted@example.nl", "no", at))
        unwanted, good = mailing.put(at, "unwanted@example.nl"), mailing.put(at)
        assert mailing.deliver(at) == Delivered(held=1, accepted=1)
        assert mailing.message(unwanted).last_error == "ZeroDivisionError: division by zero"
        assert mailing.message(good).state is MessageState.ACCEPTED


class TestMakingReady:
    @pytest.mark.fault(14, 29)
    def test_a_kind_that_nobody_writes_is_held_and_the_rest_goes_on(self, mailing, server, at):
        strange, known = mailing.put(at, kind="from_the_future"), mailing.put(at)
        assert mailing.deliver(at) == Delivered(held=1, accepted=1)
        message = mailing.message(strange)
        assert message.state is MessageState.HELD
        assert message.last_error == "Nothing here writes mails of this kind."
        assert mailing.message(known).state is MessageState.ACCEPTED

    @pytest.mark.fault(29)
    def test_a_template_that_fails_holds_only_its_own(self, mailing, server, at):
        def broken(message, _at):
            return letter(message, _at) if message.address.startswith("good") else 1 / 0

        register_renderer("letter", broken)
        bad, good = mailing.put(at, "bad@example.nl"), mailing.put(at, "good@example.nl")
        assert mailing.deliver(at) == Delivered(held=1, accepted=1)
        assert mailing.message(bad).last_error == "ZeroDivisionError: division by zero"
        assert mailing.message(good).state is MessageState.ACCEPTED

    @pytest.mark.fault(29)
    def test_a_row_that_cannot_be_read_is_held(self, mailing, server, app, at):
        bad, good = mailing.put(at), mailing.put(at)
        if app.extensions["settings"].database.startswith("sqlite"):
            poison = text("UPDATE message SET about = '{broken' WHERE id = :id")
        else:
            poison = text("UPDATE message SET address = '' WHERE id = :id")
        mailing.change(lambda: db.session.execute(poison, {"id": bad}))
        assert mailing.deliver(at) == Delivered(held=1, accepted=1)
        assert mailing.outcomes(bad) == ["held"]
        assert mailing.outcomes(good) == ["accepted"]

    def test_what_a_failing_renderer_began_is_undone(self, mailing, server, app, at):
        def broken(message, when):
            letter(message, when)
            raise ValueError

        register_renderer("letter", broken)
        mailing.put(at)
        mailing.deliver(at)
        with app.app_context():
            assert db.session.execute(text("SELECT count(*) FROM link")).scalar() == 0

    def test_nothing_left_to_say_is_obsolete(self, mailing, server, at):
        register_renderer("letter", lambda _message, _at: None)
        ident = mailing.put(at)
        assert mailing.deliver(at) == Delivered(obsolete=1)
        assert mailing.message(ident).state is MessageState.OBSOLETE
        assert server.received == []

    @pytest.mark.fault(40)
    def test_rights_are_looked_at_when_it_leaves(self, mailing, server, at):
        register_check("letter", lambda message, _at: message.address != "left@example.nl")
        gone, here = mailing.put(at, "left@example.nl"), mailing.put(at)
        assert mailing.deliver(at) == Delivered(obsolete=1, accepted=1)
        assert mailing.message(gone).mime is None
        assert mailing.message(here).state is MessageState.ACCEPTED

    def test_rights_are_looked_at_again_on_a_retry(self, mailing, server, at):
        allowed = [True, False]
        register_check("letter", lambda _message, _at: allowed.pop(0))
        ident = mailing.put(at)
        server.then("rcpt", "450 later")
        assert mailing.deliver(at) == Delivered(deferred=1)
        assert mailing.deliver(at + timedelta(minutes=5)) == Delivered(obsolete=1)
        assert mailing.message(ident).state is MessageState.OBSOLETE

    def test_a_check_that_fails_means_no(self, mailing, server, at):
        register_check("letter", lambda _message, _at: 1 / 0)
        mailing.put(at)
        assert mailing.deliver(at) == Delivered(held=1)

    def test_a_check_may_say_not_before(self, mailing, server, at):
        ident = mailing.put(at)
        register_check("letter", lambda _m, when: at + timedelta(hours=3) if when < at + LEASE else True)
        assert mailing.deliver(at) == Delivered(deferred=1)
        assert mailing.message(ident).not_before == at + timedelta(hours=3)
        assert mailing.deliver(at + timedelta(hours=3)) == Delivered(accepted=1)

    def test_a_retry_is_the_same_to_the_byte(self, mailing, server, at):
        texts = iter(["eerst", "later"])

        def changing(message, when):
            return letter(message, when).__class__(next(texts), "t", "<p>h</p>")

        register_renderer("letter", changing)
        mailing.put(at)
        server.then("dot", "451 later", None)
        mailing.deliver(at)
        mailing.deliver(at + timedelta(minutes=5))
        assert server.received[0].mime == server.received[1].mime

    def test_one_whose_link_expired_while_it_waited_is_written_anew(self, mailing, server, app, at):
        """Nobody has seen it; under the same number, and its link works again."""
        ident = mailing.put(at)
        server.ever(banner="421 busy")
        mailing.deliver(at)
        server.ever(banner=None)
        later = at + timedelta(days=40)
        assert mailing.deliver(later) == Delivered(accepted=1)
        (mail,) = server.received
        assert mail.message_id == mailing.message(ident).message_id
        token = re.search(r"/a/([\w-]{43})", mail.text)[1]
        with app.app_context():
            assert find_link(token, "aftercare", later) is not None

    def test_the_pass_stops_when_it_is_asked_to(self, mailing, server, at):
        for _ in range(3):
            mailing.put(at)
        answers = iter([True, True, False])
        assert mailing.deliver(at, go_on=lambda: next(answers)) == Delivered(accepted=2)
        assert mailing.deliver(at, 0.0) == Delivered()


class TestErasing:
    """Somebody is erased while a mail to them is on its way: it may leave, and nothing keeps their address."""

    ADDRESS = "otten@example.nl"
    WORDS = "550 5.1.1 <otten@example.nl> unknown"

    def _settled(self, mailing, app, at, verdict: Verdict) -> int:
        ident = mailing.put(at, self.ADDRESS)
        claimed = claim(app, at)
        mailing.change(lambda: forget_address(self.ADDRESS, -1, at))
        assert claimed.letter.address == self.ADDRESS
        code = 250 if verdict is Verdict.ACCEPTED else 550
        mailing.change(lambda: settle(claimed, Outcome(verdict, code, self.WORDS), desk_of_this_process(), at))
        return ident

    def _kept(self, app) -> list[str]:
        with app.app_context():
            rows = {t.name: str(db.session.execute(select(t)).all()) for t in db.metadata.sorted_tables}
        return [name for name, row in rows.items() if self.ADDRESS in row]

    @pytest.mark.fault(41)
    @pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.NOT_OURS])
    def test_however_it_ends(self, mailing, app, server, at, verdict):
        ident = self._settled(mailing, app, at, verdict)
        ended = MessageState.ACCEPTED if verdict is Verdict.ACCEPTED else MessageState.OBSOLETE
        assert (mailing.message(ident).state, mailing.message(ident).mime) == (ended, None)
        assert self._kept(app) == []
        mailing.deliver(at + LEASE + MARGIN)
        assert server.received == []

    @pytest.mark.fault(41)
    def test_what_servers_said_before(self, mailing, app, server, at):
        mailing.put(at, self.ADDRESS)
        server.then("rcpt", "450 <otten@example.nl> later")
        mailing.deliver(at)
        assert self._kept(app) == ["message"]
        mailing.change(lambda: forget_address(self.ADDRESS, -1, at))
        assert self._kept(app) == []

    @pytest.mark.fault(41)
    def test_when_who_had_it_died(self, mailing, app, server, at):
        ident = mailing.put(at, self.ADDRESS)
        claim(app, at)
        mailing.change(lambda: forget_address(self.ADDRESS, -1, at))
        assert mailing.deliver(at + LEASE + MARGIN) == Delivered(obsolete=1)
        assert mailing.message(ident).state is MessageState.OBSOLETE
        assert (self._kept(app), server.received) == ([], [])


# --- several at once -------------------------------------------------------------------------------------

WORKER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from pdca import create_app
from pdca.config import load_settings
from pdca.mail.jobs import deliver
from pdca.mail.rendering import Rendered, register_renderer
instance, database, url, at = sys.argv[1:5]
app = create_app(load_settings(instance=Path(instance), database_url=database, mail_url=url, secret_key={key!r}))
register_renderer("letter", lambda message, _at: Rendered("s", f"t {{message.id}}", "<p>h</p>"))
print("ready", flush=True)
sys.stdin.readline()
with app.app_context():
    print(deliver(datetime.fromisoformat(at), 300).accepted, flush=True)
"""


def workers(number, tmp_path, database, url, at):
    code = WORKER.format(key=KEY)
    arguments = [sys.executable, "-c", code, str(tmp_path), database, url, at.isoformat()]
    started = [
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(number)
    ]
    for worker in started:
        assert worker.stdout.readline() == "ready\n"
    return started


@pytest.mark.fault(24)
def test_four_processes_deliver_each_mail_once(mailing, server, tmp_path, database, at):
    """Fault 24, the short form."""
    idents = [mailing.put(at, f"klant{number}@example.nl") for number in range(40)]
    started = workers(4, tmp_path, database, server.url, at)
    for worker in started:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    shares = [int(worker.communicate(timeout=300)[0]) for worker in started]
    assert sum(shares) == 40
    assert Counter(one.address for one in server.received).most_common(1)[0][1] == 1
    assert len(server.received) == 40
    assert {mailing.message(ident).state for ident in idents} == {MessageState.ACCEPTED}


@pytest.mark.fault(13)
def test_a_process_that_is_killed_loses_nothing(mailing, server, tmp_path, database, at):
    """A mail it held goes after the lease, at most one more copy."""
    for number in range(30):
        mailing.put(at, f"klant{number}@example.nl")
    (worker,) = workers(1, tmp_path, database, server.url, at)
    worker.stdin.write("go\n")
    worker.stdin.flush()
    deadline = time.monotonic() + 120
    while len(server.received) < 5 and time.monotonic() < deadline:
        time.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    mailing.deliver(at, 300)
    mailing.deliver(at + LEASE + MARGIN, 300)
    copies = Counter(one.message_id for one in server.received)
    assert len(copies) == 30
    assert sum(copies.values()) <= 31


@pytest.mark.fault(26)
def test_two_threads_with_the_lock_held_by_a_third(mailing, server, app, at):
    """A slow writer only delays."""
    for number in range(6):
        mailing.put(at, f"klant{number}@example.nl")
    holding, release = threading.Event(), threading.Event()

    def hold():
        with app.app_context(), db.writing():
            db.session.execute(update(Message).where(Message.id == -1).values(attempts=1))
            holding.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(10)
    done = []
    senders = [threading.Thread(target=lambda: done.append(mailing.deliver(at))) for _ in range(2)]
    for sender in senders:
        sender.start()
    time.sleep(0.5)
    release.set()
    for thread in (*senders, holder):
        thread.join()
    assert sum(one.accepted for one in done) == 6
    assert len(server.received) == 6


@pytest.mark.fault(15, 26)
def test_a_lease_counts_from_when_it_was_our_turn_to_write(mailing, app, at):
    """Whoever waited long for the database would else mail with a lease that has nearly run out."""
    # PostgreSQL has no single writer: nobody waits there.
    waited = 0.6 if app.extensions["settings"].database.startswith("sqlite") else 0.0
    ident = mailing.put(at)
    holding, held, done = threading.Event(), threading.Event(), []

    def hold():
        with app.app_context(), db.writing():
            db.session.execute(update(Message).where(Message.id == -1).values(attempts=1))
            holding.set()
            time.sleep(waited)
            held.set()

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(10)
    with app.app_context():
        desk = desk_of_this_process()
        done.append(jobs._claimed(desk, lambda: at + (LEASE if held.is_set() else timedelta()), None))
    holder.join()
    assert done[0].letter is not None
    if waited:
        assert mailing.message(ident).lease_until == at + 2 * LEASE


@pytest.mark.fault(15, 24)
def test_a_lease_counts_from_when_the_mail_was_written(mailing, app, at):
    """On a machine that crawls, writing takes longer than a lease: then two would mail the same."""
    ident = mailing.put(at)
    written = at + LEASE + MARGIN
    moments = iter((at, written))
    with app.app_context():
        assert jobs._claimed(desk_of_this_process(), lambda: next(moments), None).letter is not None
    assert mailing.message(ident).lease_until == written + LEASE


@pytest.mark.fault(25)
def test_a_web_server_never_delivers(tmp_path, database):
    """Making the application starts nothing."""
    before = threading.active_count()
    create_app(settings_for(tmp_path, database))
    assert threading.active_count() == before


def test_the_clock_of_a_pass_goes_on(mailing, server, app, at):
    """A long pass does not work with the time at which it began."""
    first, second = mailing.put(at), mailing.put(at)
    mailing.deliver(at)
    assert at < mailing.message(first).accepted_at < mailing.message(second).accepted_at
