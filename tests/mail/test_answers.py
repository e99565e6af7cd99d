"""The table of answers: what a server says, and what happens. Every row against a real conversation."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.mail import smtp
from pdca.mail.jobs import Delivered
from pdca.mail.models import Message, MessageState, Suppression
from pdca.mail.operations import on_dead, queue
from pdca.mail.pace import Pace
from tests.mail.conftest import set_up
from tests.peers.smtp import DRIP, HANG_UP, SILENCE, serving


def put_many(mailing, count, at):
    """So many mails, in one unit of work."""

    def put():
        for number in range(count):
            queue("letter", address=f"klant{number}@example.nl", about={}, dedupe_key=f"many:{number}", at=at)

    mailing.change(put)


def counted(app):
    """How many messages are in which state, after how many attempts."""
    with app.app_context():
        return Counter(map(tuple, db.session.execute(select(Message.state, Message.attempts))))


MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def suppressed(app):
    with app.app_context():
        return list(db.session.scalars(select(Suppression.address)))


class TestTaken:
    def test_a_mail_is_handed_over_once(self, mailing, server, at):
        ident = mailing.put(at)
        assert mailing.deliver(at) == Delivered(accepted=1)
        assert mailing.deliver(at + HOUR) == Delivered()
        message = mailing.message(ident)
        assert (message.state, message.last_code, message.attempts) == (MessageState.ACCEPTED, 250, 0)
        assert message.accepted_at >= at
        assert [one.address for one in server.received] == ["otten@example.nl"]
        assert server.received[0].sender == "post@baarn.nl"
        assert mailing.outcomes(ident) == ["accepted"]

    def test_many_mails_share_one_line(self, mailing, server, at):
        for number in range(5):
            mailing.put(at, f"klant{number}@example.nl")
        assert mailing.deliver(at) == Delivered(accepted=5)
        assert server.connections == 1

    def test_nothing_leaves_before_its_hour(self, mailing, server, at):
        mailing.put(at, not_before=at + HOUR)
        assert mailing.deliver(at) == Delivered()
        assert mailing.deliver(at + HOUR) == Delivered(accepted=1)

    def test_the_oldest_goes_first(self, mailing, server, at):
        mailing.put(at, "later@example.nl", not_before=at + 2 * MINUTE)
        mailing.put(at, "first@example.nl", not_before=at + MINUTE)
        mailing.deliver(at + HOUR)
        assert [one.address for one in server.received] == ["first@example.nl", "later@example.nl"]


DOWN = {
    "silent": {"banner": SILENCE},
    "drips": {"banner": DRIP},
    "hangs up at once": {"banner": HANG_UP},
    "554 banner": {"banner": "554 no service here"},
    "421 banner": {"banner": "421 too busy"},
    "no ehlo": {"ehlo": "421 4.3.2 shutting down"},
    "530 at mail": {"mail": "530 5.7.0 authentication required"},
    "503 at mail": {"mail": "503 5.5.1 bad sequence"},
    "550 at mail, about our sender": {"mail": "550 5.7.1 we do not take your mail"},
    "silent at mail": {"mail": SILENCE},
    "421 at rcpt": {"rcpt": "421 4.7.0 too many"},
    "454 at rcpt": {"rcpt": "454 4.7.1 relay access denied"},
    "550 at rcpt, about our sender": {"rcpt": "550 5.1.8 sender domain not found"},
    "hangs up at rcpt": {"rcpt": HANG_UP},
    "silent at data": {"data": SILENCE},
    "503 at data": {"data": "503 5.5.1 bad sequence"},
    "421 after the dot": {"dot": "421 4.3.0 closing"},
}


@pytest.mark.fault(16, 20)
@pytest.mark.parametrize("script", DOWN.values(), ids=DOWN.keys())
def test_a_server_that_does_not_work_costs_no_attempt(mailing, server, app, at, script):
    """Released, not counted, and the server is left alone for a minute; then the mail goes."""
    set_up(app, mail_budget=1)
    ident = mailing.put(at)
    server.ever(**script)
    assert mailing.deliver(at) == Delivered(deferred=1)
    message = mailing.message(ident)
    assert (message.state, message.attempts, message.lease_token) == (MessageState.PENDING, 0, None)
    assert mailing.outcomes(ident) == ["down"]
    assert mailing.breaker().failures == 1
    server.ever(**dict.fromkeys(script))
    set_up(app, mail_budget=45)
    assert mailing.deliver(at + timedelta(seconds=50)) == Delivered()
    assert mailing.deliver(at + timedelta(seconds=70)) == Delivered(accepted=1)
    assert len(server.taken) == 1
    assert mailing.breaker().failures == 0


def test_nobody_listens(mailing, app, at):
    set_up(app, mail_url="smtp://localhost:9")
    ident = mailing.put(at)
    assert mailing.deliver(at) == Delivered(deferred=1)
    assert "refused" in mailing.message(ident).last_error.lower()


@pytest.mark.fault(17)
def test_a_whole_conversation_ends_by_its_deadline(mailing, server, app, at):
    """A byte now and then does not count as an answer."""
    set_up(app, mail_budget=1)
    server.drip_s = 0.9
    server.ever(rcpt=DRIP)
    ident = mailing.put(at)
    assert mailing.deliver(at) == Delivered(deferred=1)
    assert mailing.message(ident).last_error == "no answer in time"


@pytest.mark.fault(16)
def test_looking_up_its_name_is_a_part_of_the_conversation(mailing, server, app, at, monkeypatch):
    """The system's look-up may take as long as it likes."""
    set_up(app, mail_budget=1)
    ident, ended = mailing.put(at), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(30) and [])
        assert mailing.deliver(at) == Delivered(deferred=1)
        assert not ended.is_set()
    ended.set()
    set_up(app, mail_budget=45)
    message = mailing.message(ident)
    assert (message.state, message.attempts, message.last_error) == (MessageState.PENDING, 0, "no answer in time")
    assert mailing.deliver(at + timedelta(seconds=70)) == Delivered(accepted=1)


def test_a_name_that_nobody_knows(mailing, app, at):
    set_up(app, mail_url="smtp://mail.invalid:25")
    ident = mailing.put(at)
    assert mailing.deliver(at) == Delivered(deferred=1)
    assert mailing.message(ident).last_error.startswith("mail.invalid: ")


class TestThisMessageLater:
    @pytest.mark.parametrize(
        "script",
        [
            {"rcpt": "450 4.2.1 mailbox busy"},
            {"data": "451 4.3.0 later"},
            {"dot": "452 4.3.1 disk full"},
            {"rcpt": "452 4.2.2 full"},
        ],
    )
    def test_it_is_tried_again_by_the_list(self, mailing, server, at, script):
        ident, other = mailing.put(at), mailing.put(at, "other@example.nl")
        for stage, answer in script.items():
            server.then(stage, answer)
        assert mailing.deliver(at) == Delivered(accepted=1, deferred=1)
        message = mailing.message(ident)
        assert (message.state, message.attempts) == (MessageState.PENDING, 1)
        assert at + 0.79 * MINUTE < message.not_before < at + 1.3 * MINUTE
        assert mailing.message(other).state is MessageState.ACCEPTED
        assert mailing.breaker() is None
        assert mailing.deliver(at + 2 * MINUTE) == Delivered(accepted=1)

    @pytest.mark.fault(18)
    def test_three_hours_of_no_then_once(self, mailing, server, at):
        ident = mailing.put(at)
        server.ever(rcpt="450 4.7.1 greylisted")
        for minutes in range(0, 180, 5):
            mailing.deliver(at + minutes * MINUTE)
        assert mailing.outcomes(ident) == ["later"] * 5
        server.ever(rcpt=None)
        for hours in range(3, 12):
            mailing.deliver(at + hours * HOUR)
        assert len(server.taken) == 1

    def test_after_72_hours_it_is_given_up(self, mailing, server, at):
        told = []
        on_dead(lambda message, _at: told.append(message.id))
        ident = mailing.put(at)
        server.ever(rcpt="450 4.2.2 mailbox full")
        for hours in range(100):
            mailing.deliver(at + hours * HOUR)
        message = mailing.message(ident)
        assert message.state is MessageState.DEAD
        assert "mailbox full" in message.last_error
        assert told == [ident]
        assert 6 <= mailing.outcomes(ident).count("later") <= 10

    @pytest.mark.fault(20)
    def test_an_hour_of_a_broken_server_with_500_due_kills_none(self, mailing, app, at):
        """It gives up at its banner (554), then in mid-conversation (503), then our password is no good (535)."""
        with serving(login=("pdca", "right")) as server:
            right, wrong = server.url, server.url.replace(":right@", ":wrong@")
            put_many(mailing, 500, at)
            down = [({"banner": "554 no service"}, right), ({"mail": "503 5.5.1 bad sequence"}, right), ({}, wrong)]
            for nth, (script, url) in enumerate(down):
                set_up(app, mail_url=url)
                server.ever(**script)
                for minutes in range(20 * nth, 20 * nth + 20, 5):
                    assert mailing.deliver(at + minutes * MINUTE).accepted == 0
                assert ("no service", "bad sequence", "5.7.8")[nth] in mailing.breaker().last_error
                server.ever(**dict.fromkeys(script))
            assert counted(app) == {(MessageState.PENDING, 0): 500}
            set_up(app, mail_url=right)
            assert mailing.deliver(at + 80 * MINUTE, 200) == Delivered(accepted=500)
            assert counted(app) == {(MessageState.ACCEPTED, 0): 500}
            assert len({one.address for one in server.taken}) == len(server.received) == 500

    @pytest.mark.fault(20)
    def test_days_of_a_broken_server_are_not_counted(self, mailing, server, at):
        """0 dead, all sent after."""
        ident = mailing.put(at)
        server.ever(banner="554 no service")
        for hours in range(100):
            mailing.deliver(at + hours * HOUR)
        assert mailing.message(ident).state is MessageState.PENDING
        server.ever(banner=None)
        assert mailing.deliver(at + 101 * HOUR) == Delivered(accepted=1)


class TestNeverThisAddress:
    @pytest.mark.fault(19)
    @pytest.mark.parametrize(
        "answer", ["550 5.1.1 user unknown", "553 5.1.3 bad address", "551 5.1.6 moved", "550 5.2.1 disabled"]
    )
    def test_it_is_dead_and_not_mailed_again(self, mailing, server, app, at, answer):
        told = []
        on_dead(lambda message, _at: told.append((message.id, message.state)))
        ident = mailing.put(at, "Otten@Example.nl")
        server.ever(rcpt=answer)
        assert mailing.deliver(at) == Delivered(dead=1)
        assert told == [(ident, MessageState.DEAD)]
        assert suppressed(app) == ["otten@example.nl"]
        server.ever(rcpt=None)
        second = mailing.put(at, "otten@example.NL")
        assert mailing.deliver(at) == Delivered(dead=1)
        assert server.received == []
        assert mailing.outcomes(second) == ["suppressed"]
        assert told[1] == (second, MessageState.DEAD)

    def test_others_go_on(self, mailing, server, at):
        mailing.put(at, "gone@example.nl")
        mailing.put(at, "here@example.nl")
        server.then("rcpt", "550 5.1.1 user unknown")
        assert mailing.deliver(at) == Delivered(dead=1, accepted=1)


class TestNeverThisMessage:
    @pytest.mark.parametrize(
        "script",
        [
            {"dot": "554 5.7.1 looks like spam"},
            {"data": "554 5.5.1 no"},
            {"rcpt": "554 5.7.1 policy"},
            {"rcpt": "550 5.2.2 full"},
            {"rcpt": "550 no"},
            {"mail": "552 5.3.4 too large"},
        ],
    )
    def test_it_is_dead_with_the_servers_words(self, mailing, server, app, at, script):
        ident = mailing.put(at)
        mailing.put(at, "other@example.nl")
        for stage, answer in script.items():
            server.then(stage, answer)
        assert mailing.deliver(at) == Delivered(dead=1, accepted=1)
        message = mailing.message(ident)
        answer = next(iter(script.values()))
        assert (message.state, message.last_code) == (MessageState.DEAD, int(answer[:3]))
        assert message.last_error == answer[4:]
        assert suppressed(app) == []
        assert mailing.breaker() is None


def waits_a_second(send_text):
    """Only for the answer after the final dot."""

    def sent(line, mime):
        send_text(line, mime)
        line.deadline = clock.elapsed() + 1

    return sent


class TestLostAfterTheDot:
    @pytest.mark.fault(21)
    @pytest.mark.parametrize("act", [HANG_UP, SILENCE, DRIP])
    def test_the_same_copy_goes_again_after_the_lease(self, mailing, server, at, monkeypatch, act):
        """At most one more copy per lost answer, under the same name."""
        server.drip_s = 0.9
        ident = mailing.put(at)
        server.then("dot", act)
        with monkeypatch.context() as hurried:
            hurried.setattr(smtp._Line, "send_text", waits_a_second(smtp._Line.send_text))
            assert mailing.deliver(at) == Delivered(deferred=1)
        message = mailing.message(ident)
        assert (message.state, message.possible_duplicate) == (MessageState.PENDING, True)
        assert message.not_before >= at + Pace().lease
        assert mailing.deliver(at + Pace().lease - timedelta(seconds=30)) == Delivered()
        assert mailing.deliver(at + Pace().lease + MINUTE) == Delivered(accepted=1)
        first, second = server.received
        assert first.mime == second.mime
        assert first.message_id == second.message_id == message.message_id

    def test_a_server_that_never_answers_is_not_mailed_for_ever(self, mailing, server, app, at):
        ident = mailing.put(at)
        server.ever(dot=HANG_UP)
        for hours in range(120):
            mailing.deliver(at + hours * HOUR)
        assert mailing.message(ident).state is MessageState.DEAD
        assert len(server.received) <= 10


class TestBreaker:
    def test_it_rests_longer_each_time(self, mailing, server, at):
        mailing.put(at)
        server.ever(banner="421 too busy")
        moment, rests = at, []
        for _ in range(6):
            assert mailing.deliver(moment) == Delivered(deferred=1)
            rest = mailing.breaker().retry_at - moment
            rests.append(round(rest.total_seconds() / 60))
            assert mailing.deliver(moment + rest - timedelta(seconds=30)) == Delivered()
            moment += rest + timedelta(seconds=5)
        assert rests == [1, 2, 5, 15, 15, 15]
        assert mailing.breaker().down_since >= at
        assert mailing.breaker().down_since < at + MINUTE

    def test_one_letter_tries_and_then_all_go(self, mailing, server, at):
        for number in range(4):
            mailing.put(at, f"klant{number}@example.nl")
        server.ever(banner="421 too busy")
        mailing.deliver(at)
        server.ever(banner=None)
        assert mailing.deliver(at + 2 * MINUTE) == Delivered(accepted=4)
        assert mailing.breaker().retry_at is None

    def test_only_one_of_two_who_want_to_try_may(self, mailing, server, app, at):
        from pdca.mail.claiming import claim_next
        from pdca.mail.jobs import desk_of_this_process

        mailing.put(at)
        mailing.put(at)
        server.ever(banner="421 too busy")
        mailing.deliver(at)
        with app.app_context(), db.writing():
            first = claim_next(desk_of_this_process(), at + 2 * MINUTE)
            db.session.commit()
            second = claim_next(desk_of_this_process(), at + 2 * MINUTE)
        assert first.probing
        assert second is None

    def test_a_clock_that_was_set_back_does_not_stop_mail_for_a_day(self, mailing, server, at):
        """A part of fault 33."""
        mailing.put(at)
        server.then("banner", "421 too busy")
        mailing.deliver(at)
        assert mailing.deliver(at - timedelta(days=1) + HOUR) == Delivered()
        mailing.put(at - timedelta(days=2))
        assert mailing.deliver(at - timedelta(days=1)).accepted == 1

    def test_one_letter_that_breaks_the_line_does_not_hold_up_the_others(self, mailing, server, at):
        bad = mailing.put(at, "breaks@example.nl")
        good = mailing.put(at, "good@example.nl")
        server.then("data", HANG_UP)
        mailing.deliver(at)
        server.then("data", None, HANG_UP, HANG_UP)
        mailing.deliver(at + 2 * MINUTE)
        assert mailing.message(good).state is MessageState.ACCEPTED
        assert mailing.message(bad).state is MessageState.PENDING

    def test_a_line_that_went_dead_while_idle_is_dialled_again(self, mailing, server, at):
        mailing.put(at, "a@example.nl")
        mailing.put(at, "b@example.nl")
        server.then("mail", None, "421 4.4.2 idle too long")
        assert mailing.deliver(at) == Delivered(accepted=2)
        assert server.connections == 2
        assert mailing.breaker() is None
