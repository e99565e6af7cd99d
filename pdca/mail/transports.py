"""Which way mail leaves this installation."""

from __future__ import annotations

from urllib.parse import urlsplit

from pdca.config import Settings
from pdca.mail.files import FileTransport, folder_of
from pdca.mail.letters import Transport
from pdca.mail.smtp import SmtpTransport


def transport_of(settings: Settings) -> Transport:
    """The transport that PDCA_MAIL_URL names; nothing is opened yet."""
    folder = folder_of(settings)
    if folder is not None:
        return FileTransport(folder)
    return SmtpTransport(settings.mail_url, helo=urlsplit(settings.links).hostname or "localhost")
