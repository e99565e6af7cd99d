"""The bytes of a mail, as they are stored: everything but the tokens of its links.

They are 7-bit and never change again, so that every server takes them and every retry is identical. A
placeholder always stands on a line of its own within the transfer encoding, so that putting a token in its
place (equally long) can't break it. Header values that must stay whole are written as they are.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from pdca.config import Settings
from pdca.mail.keys import sender_domain
from pdca.mail.links import PLACEHOLDER
from pdca.mail.models import Message
from pdca.mail.rendering import Rendered
from pdca.text import clean_line

SUBJECT_LENGTH = 200
NAME_LENGTH = 80
HEADER_LENGTH = 78
_WHOLE = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_LINE_LENGTH = 76


def compose(message: Message, rendered: Rendered, settings: Settings, at: datetime) -> bytes:
    """The mail as bytes with CRLF line ends; ValueError when a header value can't be sent as it is."""
    # Both bodies are quoted-printable, in which no "=" is followed by a "_": this line is in neither.
    boundary = "=_" + hashlib.sha256(message.message_id.encode()).hexdigest()[:24]
    headers = [
        _folded("From", sender(settings)),
        _folded("To", _address("", message.address)),
        _folded("Subject", subject(rendered.subject)),
        _folded("Date", format_datetime(at)),
    ]
    if settings.reply_to:
        headers.append(_folded("Reply-To", _address(*parseaddr(settings.reply_to))))
    headers.append(f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n')
    parts = (_part("plain", rendered.text), _part("html", rendered.html))
    body = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts) + f"\r\n--{boundary}--\r\n"
    return f"{_whole_headers(message, rendered)}{''.join(headers)}{body}".encode("ascii")


def sender(settings: Settings) -> Address:
    """From, always the same: the address that is set, under its own name or the organisation's."""
    name, address = parseaddr(settings.mail_from)
    return _address(name or settings.organisation, address)


def subject(text: str) -> str:
    """One clean line that is not too long to read."""
    line = _as_read(text)
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1].rstrip() + "…"


def envelope(address: str) -> str:
    """An address as the server hears it."""
    return _address("", address).addr_spec


@lru_cache(maxsize=256)
def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("an address with letters before the @ that mail servers do not all understand")
    return Address(display_name=_as_read(name)[:NAME_LENGTH], addr_spec=f"{local}@{ascii_domain(domain)}")


def _as_read(text: str) -> str:
    """One clean line. What looks encoded is broken up: decoding it would bring back line ends we cleaned away."""
    return clean_line(text).replace("=?", "= ?")


def ascii_domain(domain: str) -> str:
    """A domain as it travels: "bücher.nl" as "xn--bcher-kva.nl"."""
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _folded(name: str, value: str | Address) -> str:
    """A header as it travels. Plain and short it goes as it is; else by the rules of the library."""
    line = f"{name}: {value}"
    if _WHOLE.fullmatch(line) and len(line) <= HEADER_LENGTH:
        return f"{line}\r\n"
    return str(SMTP.fold(name, SMTP.header_store_parse(name, value)[1]))


def _whole_headers(message: Message, rendered: Rendered) -> str:
    # Folding would encode a long link that has no blank in it, and nobody reads it encoded.
    headers = {
        "Message-ID": message.message_id,
        "Auto-Submitted": "auto-generated",
        "List-Id": f"<pdca.{ascii_domain(sender_domain())}>",
    }
    if thread := rendered.headers.get("References"):
        headers["References"] = thread
    if url := rendered.headers.get("List-Unsubscribe"):
        headers["List-Unsubscribe"] = f"<{url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return "".join(f"{name}: {_whole(name, value)}\r\n" for name, value in headers.items())


def _whole(name: str, value: str) -> str:
    if not _WHOLE.fullmatch(value) or len(value) > 900:
        raise ValueError(f"{name} can't be sent as it is")
    return value


# --- bodies ----------------------------------------------------------------------------------------------


def _part(kind: str, text: str) -> str:
    body = quoted_printable(text).replace("\n", "\r\n")
    return f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{body}'


def quoted_printable(text: str) -> str:
    """RFC 2045, in which a placeholder is never broken over two lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_with_placeholders(line) if PLACEHOLDER.search(line) else _quoted(line) for line in lines)


def _with_placeholders(line: str) -> str:
    pieces: list[str] = []
    end = 0
    for found in PLACEHOLDER.finditer(line):
        pieces += [_quoted(line[end : found.start()]), found[0]]
        end = found.end()
    pieces.append(_quoted(line[end:]))
    # A soft line break ("=" at the end) before and after each placeholder.
    return "=\n".join(piece for piece in pieces if piece)


def _quoted(text: str) -> str:
    # One character shorter than allowed leaves room for the soft break that may follow.
    quoted = binascii.b2a_qp(text.encode(), istext=False).decode("ascii")
    *whole, last = quoted.split("\n")
    if len(last) >= _LINE_LENGTH:
        cut = _cut(last)
        last = f"{last[:cut]}=\n{last[cut:]}"
    return "\n".join([*whole, last])


def _cut(line: str) -> int:
    """A place near the end where no =XX is broken."""
    cut = _LINE_LENGTH - 4
    escape = line.rfind("=", cut - 2, cut)
    return cut if escape == -1 else escape
