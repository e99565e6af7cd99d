"""What a mail says: written when it leaves, from what is still true, by the renderer of its kind.

A room registers `register_renderer("word", write_word)` from its wiring. The renderer runs in the claim's
transaction; it may read and make links, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytz  # type: ignore[import-untyped]  # what Flask-Babel itself works with
from flask import current_app, g
from flask_babel import force_locale, get_timezone

from pdca.mail.finishing import finished_html, finished_text
from pdca.mail.keys import message_id_for
from pdca.mail.links import make_link, placeholder
from pdca.mail.models import Message
from pdca.text import clean_line
from pdca.web import settings

# The purpose of links that end mail.
UNSUBSCRIBES = "unsubscribe"
UNSUBSCRIBE_WORKS_FOR = timedelta(days=365)
# Headers a renderer may set. From, To, Date and Message-ID are nobody's to choose.
OWN_HEADERS = ("References", "List-Unsubscribe")
PARTS = ("subject.txt", "body.txt", "body.html")


@dataclass(frozen=True)
class Rendered:
    """What one mail says. `headers`: "References" (see `thread_root`) and "List-Unsubscribe" (a URL) only."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a header that is not the renderer's to set."""
        if strange := set(self.headers) - set(OWN_HEADERS):
            raise ValueError(f"a renderer may not set {', '.join(sorted(strange))}")


# None: there is nothing left to say, the message is obsolete.
Renderer = Callable[[Message, datetime], Rendered | None]
# True: it may leave. False: its receiver may not read it any more. An instant: not before then.
Check = Callable[[Message, datetime], bool | datetime]

_renderers: dict[str, Renderer] = {}
_checks: dict[str, Check] = {}


def register_renderer(kind: str, fn: Renderer) -> None:
    """Say who writes mails of this kind. A kind nobody writes is held, never lost."""
    _renderers[kind] = fn


def register_check(kind: str, fn: Check) -> None:
    """Say who looks once more, each time a message of this kind is about to leave, whether it still may."""
    _checks[kind] = fn


def renderer_of(kind: str) -> Renderer | None:
    """The renderer of this kind, if anybody registered one."""
    return _renderers.get(kind)


def may_leave(message: Message, at: datetime) -> bool | datetime:
    """Ask the check of this kind; a kind without one may always leave."""
    check = _checks.get(message.kind)
    return True if check is None else check(message, at)


def thread_root(name: str) -> str:
    """The Message-ID that a thread's mails refer to: `thread_root("item:12")`, `thread_root("person:3")`."""
    return message_id_for(f"thread:{name}")


def link_url(
    message: Message,
    purpose: str,
    subject_id: int,
    path: str = "/a/{token}",
    *,
    at: datetime,
    expires_at: datetime,
    contact_id: int | None = None,
    person_id: int | None = None,
) -> str:
    """The URL of a link in this message, with a placeholder for its token."""
    link = make_link(
        purpose,
        subject_id,
        at=at,
        expires_at=expires_at,
        message_id=message.id,
        contact_id=contact_id,
        person_id=person_id,
    )
    return settings().links + path.replace("{token}", placeholder(link))


def unsubscribe_url(
    message: Message, *, at: datetime, contact_id: int | None = None, person_id: int | None = None
) -> str:
    """The address that ends mail to this receiver with one click; for the header "List-Unsubscribe" only."""
    return link_url(
        message,
        UNSUBSCRIBES,
        contact_id or person_id or 0,
        "/unsub/{token}",
        at=at,
        expires_at=at + UNSUBSCRIBE_WORKS_FOR,
        contact_id=contact_id,
        person_id=person_id,
    )


def render_mail(kind: str, locale: str, tz: str, **context: Any) -> tuple[str, str, str]:
    """(subject, text, html) from templates/mail/<kind>/, in the reader's language ("nl") and time zone.

    Works outside a request. Besides `context` the templates have `organisation`, `product` and `site` (our
    base URL). Names and titles go in as they are: html is escaped, what looks like a link is made plain.
    """
    given = settings()
    words = {
        "organisation": given.organisation,
        "product": current_app.config["PRODUCT_NAME"],
        "site": given.links,
        **context,
    }
    with force_locale(locale), _in_zone(tz):
        subject, text, html = (_written(f"mail/{kind}/{part}", words) for part in PARTS)
    return clean_line(subject), finished_text(text, given.links), finished_html(html, given.links)


def _written(template: str, words: Mapping[str, Any]) -> str:
    # Not Flask's render_template: whoever happens to be signed in has no place in a mail.
    return current_app.jinja_env.get_template(template).render(words)


@contextmanager
def _in_zone(tz: str) -> Iterator[None]:
    """Flask-Babel can force a language but not a time zone: this is where it keeps the one it chose."""
    before = get_timezone()
    g._flask_babel.babel_tzinfo = pytz.timezone(tz)
    try:
        yield
    finally:
        g._flask_babel.babel_tzinfo = before
