"""One conversation with a mail server at a time, over a line that is kept between letters.

Every conversation ends by its deadline, whatever the server does: looking up its name and each read and write get
only the time that is left, so one byte every twenty seconds helps nobody.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from pdca import clock, failpoints
from pdca.mail.letters import Letter, Outcome, Verdict
from pdca.text import clean_line

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
GOODBYE_S = 2.0
# What had arrived when time was up is still read within this; a lease has more room than that.
LAST_BYTES_S = 0.25
# Not about this message: the server, our account or the order of things.
DOWN_CODES = frozenset({421, 454, 503, 530, 535})
TOO_LARGE = 552
NO_SUCH_ADDRESS = frozenset({550, 551, 553})
# 5.1.7 and 5.1.8 are about the sender, which is ours.
_BAD_ADDRESS = re.compile(r"5\.(1\.(?![78]\b)\d{1,3}|2\.1)\b")
_BAD_SENDER = re.compile(r"5\.1\.[78]\b")

# ValueError: a password that this server's way of signing in can't carry.
BROKEN = (OSError, smtplib.SMTPException, ValueError)

Answer = tuple[int, bytes]


class SmtpTransport:
    """A mail server, as PDCA_MAIL_URL names it."""

    def __init__(self, url: str, helo: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.host = parts.hostname or "localhost"
        self.port = parts.port or PORTS[parts.scheme]
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.name = f"{self.scheme}://{self.host}:{self.port}"
        self.helo = helo
        self.tls = tls
        self._line: _Line | None = None

    def send(self, letter: Letter, deadline: float, still_ours: Callable[[], bool]) -> Outcome:
        """Hand one letter over. A line that went dead while it was idle is dialled once more."""
        idle = self._line is not None
        outcome = self._converse(letter, deadline, still_ours)
        if idle and outcome.verdict is Verdict.DOWN and outcome.code in (None, 421):
            outcome = self._converse(letter, deadline, still_ours)
        return outcome

    def close(self) -> None:
        """Say goodbye, but do not wait for the answer."""
        line, self._line = self._line, None
        if line is not None:
            line.deadline = clock.elapsed() + GOODBYE_S
            try:
                line.quit()
            except BROKEN:
                line.close()

    def _converse(self, letter: Letter, deadline: float, still_ours: Callable[[], bool]) -> Outcome:
        try:
            outcome = _hand_over(self._dialled(deadline), letter, still_ours)
        except BROKEN as error:
            outcome = _broken_off(error)
        if outcome.verdict in (Verdict.DOWN, Verdict.LOST):
            self._hang_up()
        elif outcome.verdict is not Verdict.ACCEPTED:
            self._start_over()
        return outcome

    def _start_over(self) -> None:
        try:
            if self._line is not None:
                self._line.rset()
        except BROKEN:
            # What was said about the letter stands.
            self._hang_up()

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    # --- dialling ----------------------------------------------------------------------------------------

    def _dialled(self, deadline: float) -> _Line:
        if self._line is None:
            self._line = self._dial(deadline)
            failpoints.reached("smtp.connected")
        self._line.deadline = deadline
        return self._line

    def _dial(self, deadline: float) -> _Line:
        line = _Line(self.host, self.helo, deadline, self._context() if self.scheme == "smtps" else None)
        try:
            _expect(line.connect(self.host, self.port), 220)
            _greet(line)
            if self.scheme == "smtp+starttls":
                line.starttls(context=self._context())
                _greet(line)
            if self.user:
                _sign_in(line, self.user, self.password)
        except BaseException:
            line.close()
            raise
        return line

    def _context(self) -> ssl.SSLContext:
        # Names and certificates are checked; SSL_CERT_FILE adds an authority of one's own.
        return self.tls or ssl.create_default_context()


# --- the conversation ------------------------------------------------------------------------------------


def _hand_over(line: _Line, letter: Letter, still_ours: Callable[[], bool]) -> Outcome:
    size = [f"size={len(letter.mime)}"] if line.has_extn("size") else []
    answer = line.mail(letter.sender, size)
    if not _is_yes(answer):
        # A server that refuses our sender refuses everything, unless it is the size.
        return _outcome(Verdict.REFUSED if answer[0] == TOO_LARGE else Verdict.DOWN, answer)
    failpoints.reached("smtp.mail")
    answer = line.rcpt(letter.address)
    if not _is_yes(answer):
        return _outcome(_about_the_address(answer), answer)
    failpoints.reached("smtp.rcpt")
    # Frozen or suspended meanwhile? Then somebody else may have sent it.
    if not still_ours():
        return Outcome(Verdict.NOT_OURS)
    answer = line.docmd("data")
    if answer[0] != 354:
        return _outcome(_about_the_message(answer), answer)
    line.send_text(letter.mime)
    failpoints.reached("smtp.dot")
    try:
        answer = line.getreply()
    except BROKEN as error:
        return Outcome(Verdict.LOST, None, _in_words(error))
    if _is_yes(answer):
        return _outcome(Verdict.ACCEPTED, answer)
    return _outcome(_about_the_message(answer) if answer[0] > 0 else Verdict.LOST, answer)


def says_bad_address(words: str) -> bool:
    """Whether an answer that begins with an enhanced status (RFC 3463) blames the receiver's address."""
    return _BAD_ADDRESS.match(words) is not None


def _is_yes(answer: Answer) -> bool:
    return 200 <= answer[0] < 300


def _about_the_address(answer: Answer) -> Verdict:
    code, words = answer[0], answer[1].decode("utf-8", "replace")
    if code in NO_SUCH_ADDRESS and says_bad_address(words):
        return Verdict.BAD_ADDRESS
    if _BAD_SENDER.match(words):
        return Verdict.DOWN
    return _about_the_message(answer)


def _about_the_message(answer: Answer) -> Verdict:
    code = answer[0]
    if code in DOWN_CODES or not 400 <= code < 600:
        return Verdict.DOWN
    return Verdict.LATER if code < 500 else Verdict.REFUSED


def _outcome(verdict: Verdict, answer: Answer) -> Outcome:
    return Outcome(verdict, answer[0] if answer[0] > 0 else None, _clean(answer[1].decode("utf-8", "replace")))


def _broken_off(error: Exception) -> Outcome:
    """The line broke before the final dot: nothing was taken."""
    code = getattr(error, "smtp_code", None)
    return Outcome(Verdict.DOWN, code if isinstance(code, int) and code > 0 else None, _in_words(error))


def _in_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _clean(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))
    if isinstance(error, TimeoutError) or isinstance(error.__cause__ or error.__context__, TimeoutError):
        return "no answer in time"
    return _clean(str(error) or type(error).__name__)


def _clean(words: str) -> str:
    return clean_line(words)[:500]


def _greet(line: _Line) -> None:
    answer = line.ehlo()
    # Only a server that does not know EHLO is asked the old way.
    _expect(line.helo() if 500 <= answer[0] <= 504 else answer, 250)


def _sign_in(line: _Line, user: str, password: str) -> None:
    """Try what the server offers. When it hangs up after its first no, that no is what went wrong."""
    line.user, line.password = user, password
    ways: dict[str, Any] = {"CRAM-MD5": line.auth_cram_md5, "PLAIN": line.auth_plain, "LOGIN": line.auth_login}
    offered = [name for name in ways if name in line.esmtp_features.get("auth", "").upper().split()]
    refusals: list[Exception] = []
    for name in offered:
        try:
            line.auth(name, ways[name])
            return
        except BROKEN as error:
            refusals.append(error)
    raise refusals[0] if refusals else smtplib.SMTPNotSupportedError("the server has no way of signing in we know")


def _expect(answer: Answer, code: int) -> None:
    if answer[0] != code:
        raise smtplib.SMTPConnectError(answer[0], answer[1])


# --- the line --------------------------------------------------------------------------------------------


class _Line(smtplib.SMTP):
    """smtplib's commands under a deadline."""

    def __init__(self, host: str, helo: str, deadline: float, tls: ssl.SSLContext | None) -> None:
        self.deadline = deadline
        self._tls = tls
        super().__init__(local_hostname=helo)
        # What the certificate must be for; smtplib knows it only when it dials by itself.
        self._host = host

    def time_left(self) -> float:
        """Seconds until the deadline; TimeoutError when it has passed."""
        left = self.deadline - clock.elapsed()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    def send_text(self, mime: bytes) -> None:
        """The mail and the final dot, in one piece."""
        text = re.sub(rb"(?m)^\.", b"..", mime)
        self.send(text + (b"" if text.endswith(b"\r\n") else b"\r\n") + b".\r\n")

    def send(self, s: Any) -> None:
        """Write within the time that is left."""
        if self.sock is not None:
            self.sock.settimeout(self.time_left())
        super().send(s)

    def getreply(self) -> Answer:
        """Read within the time that is left."""
        if self.file is None and self.sock is not None:
            self.file = _Reader(self)
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = self._connected(host, port)
        if self._tls is None:
            return made
        made.settimeout(self.time_left())
        return self._tls.wrap_socket(made, server_hostname=host)

    def _connected(self, host: str, port: int) -> socket.socket:
        """A name may have several addresses, each of which may be silent; the first that answers."""
        refusals: list[OSError] = []
        for address in _looked_up(host, port, self.time_left()):
            try:
                return socket.create_connection((address, port), self.time_left() / 3)
            except OSError as error:
                refusals.append(error)
        raise refusals[0]


def _looked_up(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name. The system's look-up knows no deadline: when time is up its thread is left behind."""
    found: list[list[str]] = []
    failed: list[Exception] = []

    def look() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.append([str(address[0]) for *_, address in entries])
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=look, daemon=True, name=f"look up {host}")
    thread.start()
    thread.join(seconds)
    if failed:
        raise OSError(f"{host}: {failed[0]}")
    if not found:
        raise TimeoutError(f"{host} was not found in time")
    return found[0]


class _Reader:
    """Reads lines from the line's socket; a timeout counts for the whole conversation, not for each byte."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._sock: socket.socket = line.sock  # type: ignore[assignment]
        self._read = b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._read and len(self._read) < limit:
            # What already arrived is read even when time is up: a "250" must not be missed.
            left = self._line.deadline - clock.elapsed()
            if left < -LAST_BYTES_S:
                raise TimeoutError("the deadline has passed")
            self._sock.settimeout(max(left, 0.01))
            piece = self._sock.recv(4096)
            if not piece:
                break
            self._read += piece
        end = self._read.find(b"\n") + 1 or len(self._read)
        end = min(end, limit)
        found, self._read = self._read[:end], self._read[end:]
        return found

    def close(self) -> None:
        """The socket is closed by the line."""
