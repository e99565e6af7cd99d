"""A real mail server that does what a test tells it: refuse, fall silent, drip, or hang up at any moment."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult

# What it can do instead of answering with words.
HANG_UP = "hang up"
SILENCE = "silence"
DRIP = "drip"
STAGES = ("banner", "ehlo", "mail", "rcpt", "data", "dot")


@dataclass(frozen=True)
class Received:
    """One mail that came in whole, and whether the sender heard that it was taken."""

    sender: str
    address: str
    mime: bytes
    taken: bool
    # What it did instead of saying yes.
    act: str | None = None

    @property
    def mail(self) -> EmailMessage:
        """The mail, read."""
        return email.message_from_bytes(self.mime, policy=email.policy.default)

    @property
    def message_id(self) -> str:
        """Its name."""
        return self.mail["Message-ID"]

    @property
    def text(self) -> str:
        """What is read where no pictures are."""
        return self.mail.get_body(("plain",)).get_content().replace("\r\n", "\n")

    @property
    def html(self) -> str:
        """What most people see."""
        return self.mail.get_body(("html",)).get_content().replace("\r\n", "\n")


@dataclass
class Server:
    """The server as a test sees it."""

    port: int = 0
    scheme: str = "smtp"
    login: tuple[str, str] | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    # Seconds between two bytes of a dripping answer.
    drip_s: float = 0.2
    next_acts: dict[str, deque[str | None]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """For PDCA_MAIL_URL."""
        who = f"{self.login[0]}:{self.login[1]}@" if self.login else ""
        return f"{self.scheme}://{who}localhost:{self.port}"

    @property
    def taken(self) -> list[Received]:
        """The mails it said yes to."""
        return [one for one in self.received if one.taken]

    def then(self, stage: str, *acts: str | None) -> None:
        """At `stage` do this next time, and this the time after; None is its usual answer."""
        assert stage in STAGES
        self.next_acts[stage].extend(acts)

    def ever(self, **acts: str | None) -> None:
        """From now on at each of these stages; None is its usual answer again."""
        for stage, act in acts.items():
            assert stage in STAGES
            if act is None:
                self.always.pop(stage, None)
            else:
                self.always[stage] = act

    def take(self, one: Received) -> None:
        """A mail came in whole."""
        self.received.append(one)

    def act_for(self, stage: str, address: str) -> str | None:
        """What it has to do now with a mail to this address, as far as it knows one."""
        return self.act_at(stage)

    def act_at(self, stage: str) -> str | None:
        """What it has to do now."""
        waiting = self.next_acts[stage]
        return waiting.popleft() if waiting else self.always.get(stage)


@contextmanager
def serving(
    *,
    scheme: str = "smtp",
    login: tuple[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    server: Server | None = None,
    host: str = "127.0.0.1",
) -> Iterator[Server]:
    """A running server, with its own loop in its own thread."""
    server = server or Server(scheme=scheme, login=login)
    ready, loop_of, conversations = threading.Event(), {}, []

    def converse() -> _Conversation:
        conversations.append(_Conversation(server, tls))
        return conversations[-1]

    async def run() -> None:
        loop_of["loop"], loop_of["stop"] = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.get_running_loop().create_server(
            converse, host, 0, ssl=tls if scheme == "smtps" else None
        )
        server.port = listener.sockets[0].getsockname()[1]
        ready.set()
        await loop_of["stop"].wait()
        listener.close()
        for conversation in conversations:
            conversation.leave()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # The loop closes the sockets of what was hung up in its next rounds.
        await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop_of["loop"].call_soon_threadsafe(loop_of["stop"].set)
        thread.join(timeout=10)


class _Conversation(SMTP):
    """aiosmtpd's own conversation, with a script over it."""

    def __init__(self, server: Server, tls: ssl.SSLContext | None) -> None:
        self.peer = server
        self.greeted = False
        server.connections += 1
        starttls = tls if server.scheme == "smtp+starttls" else None
        super().__init__(
            _Sink(self),
            hostname="localhost",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_require_tls=False,
            authenticator=self._knows if server.login else None,
        )

    def _knows(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.peer.login, handled=False)

    def leave(self) -> None:
        """Hang up, whatever was being said."""
        # Under TLS there are two: the one that was upgraded and the one it stands on.
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                # A TLS line that is gone already has nothing to abort; Python 3.11 trips over it.
                with suppress(AttributeError):
                    transport.abort()

    async def push(self, status: str | bytes) -> None:
        """Everything it says passes here; the first words are the banner."""
        if not self.greeted:
            self.greeted = True
            if await self._acted("banner"):
                return
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._scripted("ehlo", super().smtp_EHLO, hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self._scripted("mail", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._scripted("rcpt", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg: str) -> None:
        await self._scripted("data", super().smtp_DATA, arg)

    async def _scripted(self, stage: str, usual, arg) -> None:
        self.peer.commands.append(f"{stage} {arg or ''}".strip())
        if not await self._acted(stage, arg):
            await usual(arg)

    def _address(self, arg: str | None) -> str:
        known = self.envelope.rcpt_tos if self.envelope is not None else []
        named = re.match(r"TO:<([^>]*)>", arg or "", re.IGNORECASE)
        return named[1] if named else (known[0] if known else "")

    async def _acted(self, stage: str, arg: str | None = None) -> bool:
        act = self.peer.act_for(stage, self._address(arg))
        if act is None:
            return False
        if not await self.do(act, "250 OK"):
            await super().push(act)
        return True

    async def do(self, act: str, words: str) -> bool:
        """Whether `act` was something else than words, and done."""
        if act == HANG_UP:
            self.leave()
            await asyncio.sleep(0.2)
        elif act == SILENCE:
            await asyncio.sleep(3600)
        elif act == DRIP:
            for byte in f"{words}\r\n".encode():
                self._writer.write(bytes([byte]))
                await asyncio.sleep(self.peer.drip_s)
        else:
            return False
        return True


class _Sink:
    """What takes the mails of one conversation."""

    def __init__(self, conversation: _Conversation) -> None:
        self.conversation, self.peer = conversation, conversation.peer

    async def handle_DATA(self, _server, _session, envelope) -> str:
        """The final dot has come."""
        act = self.peer.act_for("dot", envelope.rcpt_tos[0])
        taken = act is None or act.startswith("250")
        sender, address = envelope.mail_from, envelope.rcpt_tos[0]
        self.peer.take(Received(sender, address, bytes(envelope.content), taken, act))
        if act is None:
            return "250 2.0.0 taken"
        if not await self.conversation.do(act, "250 2.0.0 taken"):
            return act
        # It was done otherwise; these words reach nobody.
        return "451 gone"
