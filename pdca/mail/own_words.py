"""What somebody wrote themselves in an answer: without our mail below it, and without a signature."""

from __future__ import annotations

import re
from email.message import EmailMessage, MIMEPart
from html.parser import HTMLParser

from pdca.text import clean

# What mail programs put above the mail that is answered. One line, or two when it was folded.
_WROTE = re.compile(
    r"^(?:Op|On|Am|Le)\b.{6,300}\b(?:schreef|wrote|schrieb|écrit)\b.{0,200}:\s*$"
    r"|^Op\b.{6,300}\bheeft\b.{1,200}\bhet volgende geschreven:\s*$"
    r"|^.{1,200}(?:schreef op|wrote on) .{4,80}:\s*$",
    re.IGNORECASE | re.DOTALL,
)
_LINE = re.compile(
    r"^\s*-{3,}\s*(?:Original Message|Oorspronkelijk bericht|Origineel bericht|Forwarded message|Doorgestuurd bericht)"
    r"\s*-{3,}\s*$|^_{10,}\s*$|^-- ?$",
    re.IGNORECASE,
)
_FROM, _SENT = re.compile(r"^\W*(?:Van|From):\s"), re.compile(r"^\W*(?:Verzonden|Sent|Datum|Date|Aan|To):\s")
_PHONE = re.compile(r"^(?:Verstuurd vanaf|Verzonden vanaf|Verzonden met|Sent from|Get Outlook for|Outlook voor)\b")


def own_words(mail: EmailMessage) -> str:
    """The text above the quote, cleaned; empty when there is none."""
    part = mail.get_body(("plain",)) or mail.get_body(("html",))
    if part is None:
        return ""
    text = _decoded(part)
    return cut(_as_text(text) if part.get_content_type() == "text/html" else text)


def cut(text: str) -> str:
    """Everything from the quote on is ours, not theirs."""
    lines = clean(text).split("\n")
    end = next((n for n in range(len(lines)) if _ends_at(lines, n)), len(lines))
    return clean("\n".join(line for line in lines[:end] if not line.startswith(">")))


def _ends_at(lines: list[str], n: int) -> bool:
    line = lines[n].strip()
    if _LINE.match(lines[n]) or _PHONE.match(line) or _WROTE.match(line):
        return True
    if _FROM.match(line) and any(_SENT.match(each.strip()) for each in lines[n + 1 : n + 4]):
        return True
    below = lines[n + 1].strip() if n + 1 < len(lines) else ""
    return bool(below and _WROTE.match(f"{line} {below}"))


def _decoded(part: MIMEPart) -> str:
    raw = part.get_payload(decode=True)
    raw = raw if isinstance(raw, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        # A character set that nobody knows.
        return raw.decode("utf-8", "replace")


# --- from html -------------------------------------------------------------------------------------------

_BREAKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "hr"}
_SILENT = {"script", "style", "head", "title", "blockquote"}
_EMPTY = {"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "embed", "source", "track"}


class _Reader(HTMLParser):
    """Keeps what is read; what stands in a quote is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.said.append("\n")
        quotes = "gmail_quote" in (dict(attrs).get("class") or "")
        if tag not in _EMPTY and (self.silent or quotes or tag in _SILENT):
            self.silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self.silent:
            if self.silent.pop() == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(" ".join(data.split("\n")))


def _as_text(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.said)
