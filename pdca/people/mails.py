"""The mails about accounts. Each is written when it leaves, and not at all when it no longer serves anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import select

from pdca.db import db
from pdca.mail.models import Message
from pdca.mail.rendering import Rendered, link_url, register_check, register_renderer, render_mail
from pdca.people.accounts import ACCOUNT_CHANGED, INVITATION, INVITED_FOR, NEW_ADDRESS, PASSWORD_RESET, SIGN_IN
from pdca.people.models import Person, SignIn
from pdca.web import own_path, settings

SIGN_IN_WORKS = timedelta(minutes=15)
RESET_WORKS = timedelta(minutes=30)
ADDRESS_WORKS = timedelta(hours=24)
# Somebody who waits for a link asks again; after this nobody waits for the old one.
NOBODY_WAITS = timedelta(hours=1)


def install() -> None:
    """Say who writes which mail."""
    register_renderer(SIGN_IN, write_sign_in)
    register_renderer(PASSWORD_RESET, write_reset)
    register_renderer(INVITATION, write_invitation)
    register_renderer(NEW_ADDRESS, write_new_address)
    register_renderer(ACCOUNT_CHANGED, write_account_changed)
    for kind in (SIGN_IN, PASSWORD_RESET, INVITATION, NEW_ADDRESS):
        register_check(kind, still_has_an_account)


def still_has_an_account(message: Message, at: datetime) -> bool:
    """Looked at each time a mail is about to leave: no way in for who was switched off, nor in an old mailbox."""
    person = _receiver(message)
    return person is not None and (message.kind == NEW_ADDRESS or message.address == person.email)


def write_sign_in(message: Message, at: datetime) -> Rendered | None:
    """The link that signs in, good for a quarter of an hour from now."""
    person = _receiver(message)
    if person is None or _nobody_waits(message, at):
        return None
    next_path = own_path(message.about.get("next"))
    path = "/sign-in/{token}" + ("" if next_path == "/" else "?" + urlencode({"next": next_path}))
    url = _link(message, person, path, at=at, until=at + SIGN_IN_WORKS)
    return _written(message, person, at, url=url)


def write_reset(message: Message, at: datetime) -> Rendered | None:
    """The link that sets a new password. Somebody who signed in meanwhile does not need it any more."""
    person = _receiver(message)
    if person is None or _nobody_waits(message, at) or _came_in_since(person, message.created_at):
        return None
    url = _link(message, person, "/reset/{token}", at=at, until=at + RESET_WORKS)
    return _written(message, person, at, url=url)


def write_invitation(message: Message, at: datetime) -> Rendered | None:
    """The first way in, until somebody took one."""
    person = _receiver(message)
    if person is None or person.has_come_in:
        return None
    by = db.session.get(Person, message.about.get("by_id"))
    url = _link(message, person, "/invitation/{token}", at=at, until=at + INVITED_FOR)
    teams = sorted(membership.team.name for membership in person.memberships)
    return _written(message, person, at, url=url, inviter=by.name if by else "", teams=teams)


def write_new_address(message: Message, at: datetime) -> Rendered | None:
    """The link that shows that somebody reads this address."""
    person = _receiver(message)
    if person is None or person.email == message.address or at - message.created_at > ADDRESS_WORKS:
        return None
    url = _link(message, person, "/new-address/{token}", at=at, until=at + ADDRESS_WORKS)
    return _written(message, person, at, url=url, new=message.address)


def write_account_changed(message: Message, at: datetime) -> Rendered | None:
    """Tell the owner, at the address they had, that what proves who they are has changed."""
    person = db.session.get(Person, message.about["person_id"])
    if person is None:
        return None
    return _written(message, person, at, what=message.about["what"], new=person.email)


def language_of(person: Person, otherwise: str | None = None) -> str:
    """The language somebody reads: their choice, else the installation's, else `otherwise`, else Dutch."""
    return person.locale or settings().locale or otherwise or "nl"


def zone_of(person: Person) -> str:
    """The time zone somebody lives in: their choice, else the installation's."""
    return person.timezone or settings().timezone


# --- below the story -------------------------------------------------------------------------------------


def _receiver(message: Message) -> Person | None:
    person = db.session.get(Person, message.about["person_id"])
    return person if person is not None and person.is_active else None


def _nobody_waits(message: Message, at: datetime) -> bool:
    return at - message.created_at > NOBODY_WAITS


def _came_in_since(person: Person, since: datetime) -> bool:
    newer = select(SignIn.id).where(SignIn.person_id == person.id, SignIn.created_at >= since)
    return db.session.scalar(newer.limit(1)) is not None


def _link(message: Message, person: Person, path: str, *, at: datetime, until: datetime) -> str:
    # The kind of the mail is the purpose of the link in it.
    return link_url(message, message.kind, person.id, path, at=at, expires_at=until, person_id=person.id)


def _written(message: Message, person: Person, at: datetime, **words: object) -> Rendered:
    locale = language_of(person, message.about.get("locale"))
    subject, text, html = render_mail(message.kind, locale, zone_of(person), person=person, at=at, **words)
    return Rendered(subject, text, html)
