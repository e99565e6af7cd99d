"""What an administrator must know about mail before anybody asks: shown on every page of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pdca.db import db
from pdca.mail.accepts import AcceptJournal
from pdca.mail.files import folder_of
from pdca.mail.pace import pace_of
from pdca.mail.queries import resting
from pdca.mail.silence import silence
from pdca.mail.standstill import standstill
from pdca.mail.transports import transport_of
from pdca.web import settings


class Kind(StrEnum):
    """What is the matter."""

    # The server does not answer.
    DOWN = "down"
    # The mailbox of answers can't be read.
    DEAF = "deaf"
    # Others use this installation, and their mail goes to files.
    FILES_ONLY = "files only"
    # Nothing leaves until somebody chooses: the database went back in time, or is a copy.
    RESTORED = "restored"
    COPIED = "copied"
    # Nothing leaves: what was mailed can't be written down or looked up on this machine.
    JOURNAL = "journal"


@dataclass(frozen=True)
class Trouble:
    """One thing that is the matter with mail."""

    kind: Kind
    transport: str
    since: datetime | None = None
    retry_at: datetime | None = None
    words: str = ""
    # Of a copy: the name or address that mail left from until now, and the one it would leave from. Of the journal:
    # which file it is.
    known: str = ""
    here: str = ""
    # Long enough to need somebody.
    is_serious: bool = True


def trouble_with(at: datetime) -> list[Trouble]:
    """Everything that is the matter now, in three queries at most."""
    given, found = settings(), []
    still = standstill()
    if still is not None:
        found.append(Trouble(Kind(still.why), transport_of(given).name, known=still.known, here=still.here))
    journal = AcceptJournal(given.instance)
    if words := journal.trouble():
        found.append(Trouble(Kind.JOURNAL, transport_of(given).name, words=words, here=str(journal.path)))
    if folder_of(given) is not None and given.beyond_loopback:
        found.append(Trouble(Kind.FILES_ONLY, "file:"))
    quiet = silence() if given.imap_url else None
    if quiet is not None:
        lasts = at - quiet.since >= pace_of(given).trouble
        found.append(Trouble(Kind.DEAF, "", quiet.since, words=quiet.words, is_serious=lasts))
    name = transport_of(given).name
    for row in db.session.scalars(resting()):
        # A server that is no longer set is nobody's trouble.
        if row.transport == name and row.down_since is not None:
            lasts = at - row.down_since >= pace_of(given).trouble
            found.append(Trouble(Kind.DOWN, name, row.down_since, row.retry_at, row.last_error, is_serious=lasts))
    return found
