"""Reading the post: .eml files as they left, and what their lines say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

# How a sentence of a mail begins → what it is about. Written by hand, in English: the readers here chose it.
SAYS = {
    "Decide: take it up": "decide",
    "Plan it": "plan",
    "Everything is there": "start",
    "Keep the promise": "promise comes",
    "The promised date has passed": "promise passed",
    "Accept the handover": "handover",
    "The handover waits": "handover waits",
    "It has no owner": "assign",
    "It stands still": "decide how it goes on",
    "Approve a third date": "third date",
    "Let it pass rule": "waiver",
    "Round 3": "round 3",
    "Aftercare: we ask": "aftercare comes",
    "Aftercare: call Karin Smit and": "call",
    "Aftercare: call Piet Otten and": "call",
    "Aftercare is late": "aftercare late",
    "Give the verdict": "judge",
    "Tell Karin Smit": "tell what happens next",
    "It did not work": "say why",
    "Write the lesson": "close",
    "Announce the change": "announce",
    "Call Karin Smit during": "call during the work",
    "After this day it may": "still needed",
    "It was parked until now": "review",
    "Waiting on": "waiting ends",
}
SAYS_AMONG = {
    "did not answer our mail": "call",
    "once more, on another day": "call again",
    "asks for help": "help",
    "took it up": "taken up",
    "promised it for": "promised",
    "took it over": "taken over",
    "mentions you": "mention",
    "decided:": "decided",
    "answered:": "answered",
    "The verdict:": "verdict",
    "was not taken up": "declined",
    "It was stopped": "stopped",
    "It is closed": "closed",
    "New date:": "new date",
    "could not be delivered": "mail failed",
    "It became an improvement action": "promoted",
    "wrote:": "comment",
    "gave it back": "given back",
    "You are caretaker": "caretaker",
    "came back and is planned": "reopened",
}
# Parts of the weekly overview: what stands there is tested apart.
OVERVIEW = (
    "Decisions that wait for you",
    "Still undecided",
    "Promises broken, customers not told yet",
    "Aftercare, due and overdue",
    "Stalled",
)
ROW = re.compile(r"^- (?:(\d+) )?(.+)$")


@dataclass(frozen=True)
class Mail:
    """One .eml file."""

    name: str
    message: EmailMessage

    @property
    def to(self) -> str:
        """The address."""
        return self.message["To"].addresses[0].addr_spec

    @property
    def subject(self) -> str:
        """The subject."""
        # A long one is folded after its name, which leaves a blank.
        return str(self.message["Subject"]).strip()

    @property
    def text(self) -> str:
        """The plain text."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return part.get_content().replace("\r\n", "\n")

    @property
    def links(self) -> list[str]:
        """Every address in the text."""
        return re.findall(r"https?://\S+", self.text)

    @property
    def lines(self) -> list[str]:
        """What it says, in short: "1 plan", or "overview" first when it is the week's; else the subject."""
        found = ["overview"] if self.subject.startswith("Week overview") else []
        return found + [f"{number} {_said(words)}".strip() for number, words in _rows(self.text)]


def _rows(text: str) -> list[tuple[str, str]]:
    """(item's number, sentences) of each row that is not in a part of the overview."""
    rows: list[list[str]] = []
    inside, lines = False, text.splitlines()
    for n, line in enumerate(lines):
        if n + 1 < len(lines) and set(lines[n + 1]) == {"-"} and lines[n + 1] != "--":
            inside = line in OVERVIEW
        found = ROW.match(line)
        if found and not inside:
            rows.append([found[1] or "", ""])
        elif line.startswith("  ") and rows and not inside:
            rows[-1][1] += " " + line.strip()
    return [(number, words) for number, words in rows]


def _said(words: str) -> str:
    said = [short for begin, short in SAYS.items() if begin in words]
    said += [short for among, short in SAYS_AMONG.items() if among in words]
    return " + ".join(said) or f"?? {words}"


class Mailbox:
    """The folder that is the delivery."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: set[str] = set()

    def new(self) -> list[Mail]:
        """What arrived since it was last asked."""
        files = sorted(p for p in self.folder.glob("*.eml") if p.name not in self.seen)
        self.seen |= {p.name for p in files}
        return [Mail(p.name, message_from_bytes(p.read_bytes(), policy=policy.default)) for p in files]
