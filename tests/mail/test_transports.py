"""Where mail goes: a server with or without TLS and a password, or files."""

from __future__ import annotations

import email
import email.policy
import re
import stat

import pytest

from pdca.mail.files import folder_of
from pdca.mail.jobs import Delivered, desk_of_this_process
from pdca.mail.models import MessageState
from pdca.mail.transports import transport_of
from tests.conftest import settings_for
from tests.mail.conftest import TLS, Outbox, set_up
from tests.mail.test_claims import LEASE, MARGIN, claim
from tests.peers import smtp


@pytest.fixture
def trusted(monkeypatch):
    """The authority of the tests is one of this machine's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "authority.pem"))


class TestServers:
    @pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
    def test_mail_goes_over_tls_with_a_password(self, app, at, certificate, trusted, scheme):
        with smtp.serving(scheme=scheme, tls=certificate, login=("ada", "s%40fe")) as server:
            server.login = ("ada", "s@fe")
            set_up(app, mail_url=f"{scheme}://ada:s%40fe@localhost:{server.port}")
            outbox = Outbox(app)
            outbox.put(at)
            outbox.put(at)
            assert outbox.deliver(at) == Delivered(accepted=2)
            assert server.connections == 1

    @pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
    def test_a_certificate_that_nobody_vouches_for_gets_nothing(self, app, at, certificate, scheme):
        with smtp.serving(scheme=scheme, tls=certificate) as server:
            set_up(app, mail_url=server.url)
            outbox = Outbox(app)
            ident = outbox.put(at)
            assert outbox.deliver(at) == Delivered(deferred=1)
            assert "CERTIFICATE_VERIFY_FAILED" in outbox.message(ident).last_error
            assert server.received == []

    def test_a_certificate_for_somebody_else_gets_nothing(self, app, at, certificate, trusted):
        with smtp.serving(scheme="smtps", tls=certificate, host="127.0.0.2") as server:
            set_up(app, mail_url=f"smtps://127.0.0.2:{server.port}")
            outbox = Outbox(app)
            ident = outbox.put(at)
            assert outbox.deliver(at).accepted == 0
            assert "CERTIFICATE_VERIFY_FAILED" in outbox.message(ident).last_error
            assert server.received == []

    def test_without_tls_nothing_goes_where_tls_was_asked_for(self, mailing, server, app, at):
        set_up(app, mail_url=f"smtp+starttls://localhost:{server.port}")
        ident = mailing.put(at)
        assert mailing.deliver(at) == Delivered(deferred=1)
        assert "STARTTLS" in mailing.message(ident).last_error
        assert server.received == []

    @pytest.mark.fault(20)
    def test_a_wrong_password_costs_no_attempt(self, app, at):
        """535."""
        with smtp.serving(login=("ada", "right")) as server:
            set_up(app, mail_url=f"smtp://ada:wrong@localhost:{server.port}")
            outbox = Outbox(app)
            ident = outbox.put(at)
            assert outbox.deliver(at) == Delivered(deferred=1)
            message = outbox.message(ident)
            assert (message.state, message.attempts, message.last_code) == (MessageState.PENDING, 0, 535)
            assert "wrong" not in message.last_error
            assert "wrong" not in outbox.breaker().transport

    def test_a_password_that_cannot_travel_is_reported_and_no_crash(self, app, at):
        with smtp.serving(login=("ada", "right")) as server:
            set_up(app, mail_url=f"smtp://ada:%C3%A9%E2%82%AC@localhost:{server.port}")
            outbox = Outbox(app)
            outbox.put(at)
            assert outbox.deliver(at) == Delivered(deferred=1)

    def test_a_server_that_only_knows_helo_is_greeted_the_old_way(self, mailing, server, at):
        server.ever(ehlo="502 what")
        mailing.put(at)
        assert mailing.deliver(at) == Delivered(accepted=1)

    def test_a_name_says_no_password(self, tmp_path):
        settings = settings_for(tmp_path, mail_url="smtp+starttls://ada:secret@mail.example.nl")
        assert transport_of(settings).name == "smtp+starttls://mail.example.nl:587"
        assert folder_of(settings) is None


class TestFiles:
    def test_a_mail_is_one_private_file_with_working_links(self, outbox, app, tmp_path, at):
        outbox.put(at, "Otten+x@Example.nl")
        assert outbox.deliver(at) == Delivered(accepted=1)
        (path,) = (tmp_path / "mail").iterdir()
        assert re.fullmatch(r"20260302T090000Z-Otten\+x@Example\.nl-[0-9a-f]{10}\.eml", path.name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert re.search(r"/a/[\w-]{43}", mail.get_body(("plain",)).get_content())
        assert "link-" not in path.read_text()

    def test_names_sort_by_when_they_were_written(self, outbox, tmp_path, at):
        for days in (3, 1, 2):
            outbox.put(at, f"day{days}@example.nl")
            outbox.deliver(at.replace(day=2 + days))
        names = sorted(path.name for path in (tmp_path / "mail").iterdir())
        assert [re.search(r"day\d", name)[0] for name in names] == ["day1", "day2", "day3"]

    def test_a_name_cannot_lead_out_of_the_folder(self, outbox, tmp_path, at):
        for address in ("../../x@example.nl", "a/b@example.nl", f"{'x' * 60}@{'y' * 180}.nl", "..@example.nl"):
            outbox.put(at, address)
        outbox.deliver(at)
        assert all(path.parent == tmp_path / "mail" for path in tmp_path.rglob("*.eml"))

    def test_who_was_killed_after_writing_leaves_one_file(self, outbox, app, tmp_path, at):
        """Twice the same letter is the same file: here there is no second copy at all."""
        outbox.put(at)
        first = claim(app, at).letter
        with app.app_context():
            transport = transport_of(desk_of_this_process().settings)
        assert transport.send(first, 0, lambda: True).code == 250
        assert outbox.deliver(at + LEASE + MARGIN) == Delivered(accepted=1)
        assert len(list((tmp_path / "mail").iterdir())) == 1

    def test_a_folder_that_cannot_be_written_costs_no_attempt(self, outbox, tmp_path, at):
        """Delay, no loss."""
        (tmp_path / "mail").write_text("in the way")
        ident = outbox.put(at)
        assert outbox.deliver(at) == Delivered(deferred=1)
        assert (outbox.message(ident).state, outbox.message(ident).attempts) == (MessageState.PENDING, 0)
        (tmp_path / "mail").unlink()
        assert outbox.deliver(at.replace(minute=5)) == Delivered(accepted=1)

    def test_half_a_file_is_never_seen(self, outbox, tmp_path, at, monkeypatch):
        import os

        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
        outbox.put(at)
        assert outbox.deliver(at) == Delivered(deferred=1)
        assert list((tmp_path / "mail").iterdir()) == []

    def test_another_folder_may_be_named(self, outbox, app, tmp_path, at):
        set_up(app, mail_url=f"file:{tmp_path}/post%20box")
        outbox.put(at)
        outbox.deliver(at)
        assert len(list((tmp_path / "post box").iterdir())) == 1


class TestCommand:
    def run(self, app, *arguments):
        return app.test_cli_runner().invoke(args=["mail", "test", *arguments])

    def test_it_says_that_a_server_took_it(self, mailing, server, app):
        done = self.run(app, "ada@example.nl")
        assert (done.exit_code, done.output) == (
            0,
            f"smtp://localhost:{server.port} took the mail to ada@example.nl.\n",
        )
        assert server.received[0].mail["Subject"] == "Test mail from Beterbord"

    def test_it_says_what_went_wrong(self, mailing, server, app):
        server.then("rcpt", "550 5.1.1 user unknown")
        done = self.run(app, "gone@example.nl")
        assert done.exit_code == 1
        assert "did not take the mail to gone@example.nl (dead): 550 5.1.1 user unknown" in done.output

    def test_it_tries_a_server_that_rests_and_nothing_else(self, mailing, server, app, at):
        waiting = mailing.put(at)
        server.then("banner", "421 busy")
        mailing.deliver(at)
        assert self.run(app, "ada@example.nl").exit_code == 0
        assert mailing.message(waiting).state is MessageState.PENDING
        assert [one.address for one in server.received] == ["ada@example.nl"]

    @pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a b@example.nl", "x@example.nl\nBcc: y@example.nl"])
    def test_an_address_that_is_none_is_refused(self, app, address):
        done = self.run(app, address)
        assert done.exit_code == 2
        assert "Invalid value" in done.output

    def test_to_files_it_works_as_well(self, app, tmp_path):
        done = self.run(app, "ada@example.nl")
        assert done.output == "file: took the mail to ada@example.nl.\n"
        assert len(list((tmp_path / "mail").iterdir())) == 1
