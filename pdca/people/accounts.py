"""Accounts: coming in, proving who you are, changing what proves it, and leaving."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, Missing, NotAllowed, NotFound
from pdca.installation import Installation
from pdca.mail.links import make_link, revoke_links, spend_link, token_of
from pdca.mail.models import Link, Message
from pdca.mail.operations import queue, readdress, unwrite_for
from pdca.people.models import Person
from pdca.people.operations import leave_every_team, require_administrator, touch_teams
from pdca.people.queries import nobody_yet, person_by_email
from pdca.people.sign_ins import end_sessions

SIGN_IN, INVITATION, PASSWORD_RESET = "sign_in", "invitation", "password_reset"
NEW_ADDRESS, ACCOUNT_CHANGED, SET_UP = "new_address", "account_changed", "set_up"
# Each of these was meant for one address, and for no other one.
ABOUT_THE_ACCOUNT = (SIGN_IN, INVITATION, PASSWORD_RESET, NEW_ADDRESS, ACCOUNT_CHANGED)

INVITED_FOR = timedelta(days=7)
# Mails that somebody may ask for without having signed in: this many in an hour for one person.
MAILS_AN_HOUR = 5
AN_HOUR = timedelta(hours=1)

TAKEN = N_("Somebody has this e-mail address already.")
SOMEBODY_IS_THERE = N_("This installation has its first administrator already. Sign in instead.")
LAST_ADMINISTRATOR = N_("This is the last administrator. Make somebody else administrator first.")

# Gets the person and the moment.
Changing = Callable[[Person, datetime], None]
_when_administrators_change: list[Changing] = []


def when_administrators_change(fn: Changing) -> Changing:
    """Call `fn(person, at)` just after somebody became administrator, or was one until now."""
    # An application may be made more than once in one process.
    if fn not in _when_administrators_change:
        _when_administrators_change.append(fn)
    return fn


# --- coming in -------------------------------------------------------------------------------------------


def add_person(
    email: str,
    name: str,
    *,
    at: datetime,
    locale: str | None = None,
    password_hash: str | None = None,
    is_administrator: bool = False,
) -> Person:
    """A new account; Invalid when the address is in use."""
    if person_by_email(email) is not None:
        raise Invalid([FieldError("email", TAKEN)])
    person = Person(
        email=email.lower(),
        name=name,
        locale=locale,
        password_hash=password_hash,
        is_administrator=is_administrator,
        created_at=at,
    )
    _insert(person, FieldError("email", TAKEN))
    return person


def invite(email: str, name: str, *, by: Person, at: datetime) -> Person:
    """The person with this address, made when there is none yet, and mailed a way in until they took one."""
    person = person_by_email(email)
    if person is not None and not person.is_active:
        raise Invalid([FieldError("email", N_("This account is switched off. An administrator can switch it on."))])
    person = person or add_person(email, name, at=at)
    if not person.has_come_in:
        send_invitation(person, by=by, at=at)
    return person


def send_invitation(person: Person, *, by: Person, at: datetime) -> Message | None:
    """Mail the invitation (again); not more than once a minute."""
    return queue(
        INVITATION,
        address=person.email,
        about={"person_id": person.id, "by_id": by.id},
        dedupe_key=f"{INVITATION}:{person.id}:{at:%Y%m%d%H%M}",
        at=at,
        person_id=person.id,
    )


def accept_invitation(link: Link, *, name: str, locale: str | None, password_hash: str | None, at: datetime) -> Person:
    """Take up an invitation once: the name as the person writes it, and a password if they want one."""
    person = _spend(link, at)
    revoke_links(INVITATION, at=at, person_id=person.id)
    person.name, person.locale = name, locale
    person.password_hash = password_hash
    return person


def set_up_link(at: datetime) -> str | None:
    """The path that makes the first administrator, or None when somebody is there. A new one ends the old."""
    if not nobody_yet():
        return None
    revoke_links(SET_UP, at=at, subject_id=0)
    link = make_link(SET_UP, 0, at=at, expires_at=at + INVITED_FOR)
    return f"/set-up/{token_of(link)}"


def create_first_administrator(
    link: Link, *, email: str, name: str, locale: str | None, password_hash: str, at: datetime
) -> Person:
    """Make the first administrator; of two people who try at once the database lets one through."""
    if not nobody_yet():
        raise NotAllowed([Missing("set_up", "", SOMEBODY_IS_THERE)])
    if not spend_link(link, at):
        raise NotFound
    taken = Installation(name="first_administrator", value=email.lower()[:200])
    try:
        with db.session.begin_nested():
            db.session.add(taken)
    except IntegrityError:
        raise NotAllowed([Missing("set_up", "", SOMEBODY_IS_THERE)]) from None
    return add_person(email, name, at=at, locale=locale, password_hash=password_hash, is_administrator=True)


# --- proving who you are ---------------------------------------------------------------------------------


def ask_for_link(email: str, *, kind: str, locale: str, at: datetime, next_path: str = "/") -> None:
    """Mail a sign-in or a reset link, if there is such an account. Whoever asks can't tell.

    `locale` is the language of the page it was asked on, for somebody who chose none.
    """
    person = person_by_email(email)
    if person is None or not person.is_active or _asked_often(person, kind, at):
        return
    queue(
        kind,
        address=person.email,
        about={"person_id": person.id, "next": next_path, "locale": locale},
        dedupe_key=f"{kind}:{person.id}:{at:%Y%m%d%H%M}",
        at=at,
        person_id=person.id,
    )


def enter_by_link(link: Link, at: datetime) -> Person:
    """Use up a mailed sign-in link; NotFound when it was used, has expired or its owner has left."""
    person = _spend(link, at)
    revoke_links(SIGN_IN, at=at, person_id=person.id)
    return person


def reset_password(link: Link, password_hash: str, at: datetime) -> Person:
    """Set a password through a reset link, once; every session ends."""
    person = _spend(link, at)
    change_password(person, password_hash, at)
    return person


def change_password(person: Person, password_hash: str | None, at: datetime) -> None:
    """Set or take away the password, end every session and every link that was mailed, and tell the owner."""
    person.password_hash = password_hash
    _nothing_old_works(person, at)
    _tell_owner(person, "password", person.email, at)


def ask_for_new_address(person: Person, email: str, at: datetime) -> None:
    """Mail a link to the new address; nothing changes until it is opened there."""
    email = email.lower()
    if email == person.email:
        raise Invalid([FieldError("email", N_("This is your address already."))])
    # Whose address it is already is not for others to find out: no mail, the same answer.
    if person_by_email(email) is not None or _asked_often(person, NEW_ADDRESS, at):
        return
    revoke_links(NEW_ADDRESS, at=at, person_id=person.id)
    queue(
        NEW_ADDRESS,
        address=email,
        about={"person_id": person.id},
        dedupe_key=f"{NEW_ADDRESS}:{person.id}:{at:%Y%m%d%H%M%S}",
        at=at,
        person_id=person.id,
    )


def confirm_new_address(link: Link, at: datetime) -> Person:
    """The new address answered: it is theirs. Sessions end, and the old address is told."""
    # The link travelled in one message, to the address that it confirms.
    address = link.message.address if link.message else ""
    person = _spend(link, at)
    if not address or person_by_email(address) is not None:
        raise NotFound
    old, person.email = person.email, address
    readdress(person.id, address, at, but=ABOUT_THE_ACCOUNT)
    _nothing_old_works(person, at)
    _tell_owner(person, "email", old, at)
    return person


# --- leaving, and who looks after the installation -------------------------------------------------------


def deactivate(person: Person, *, by: Person, at: datetime) -> None:
    """Switch an account off: nothing of it works any more, and its duties find a caretaker."""
    require_administrator(by)
    if not person.is_active:
        return
    if person.is_administrator:
        _not_the_last_administrator(person)
    leave_every_team(person, by=by, at=at)
    person.deactivated_at = at
    if person.is_administrator:
        _switch_keys(person, False, at)
    unwrite_for(person.id)
    _nothing_old_works(person, at)
    touch_teams(person, at)


def reactivate(person: Person, *, by: Person, at: datetime) -> None:
    """Switch an account on again, with the roles it had in its teams."""
    require_administrator(by)
    person.deactivated_at = None
    touch_teams(person, at)


def make_administrator(person: Person, *, by: Person, at: datetime) -> None:
    """Give the keys of the installation; the person signs in anew with them."""
    require_administrator(by)
    if not person.is_active:
        raise NotAllowed([Missing("role", "", N_("Switch this account on first."))])
    if not person.is_administrator:
        _switch_keys(person, True, at)
        _nothing_old_works(person, at)


def no_longer_administrator(person: Person, *, by: Person, at: datetime) -> None:
    """Take the keys back, never the last ones."""
    require_administrator(by)
    if person.is_administrator:
        _not_the_last_administrator(person)
        _switch_keys(person, False, at)
        unwrite_for(person.id)
        _nothing_old_works(person, at)


# --- below the story -------------------------------------------------------------------------------------


def _insert(row: Person, error: FieldError) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        raise Invalid([error]) from None


def _spend(link: Link, at: datetime) -> Person:
    person = db.session.get(Person, link.person_id) if link.person_id else None
    if person is None or not person.is_active or not spend_link(link, at):
        raise NotFound
    return person


def _asked_often(person: Person, kind: str, at: datetime) -> bool:
    asked = db.session.scalar(
        select(func.count()).where(
            Message.person_id == person.id, Message.kind == kind, Message.created_at > at - AN_HOUR
        )
    )
    return (asked or 0) >= MAILS_AN_HOUR


def _nothing_old_works(person: Person, at: datetime) -> None:
    end_sessions(person, at)
    for purpose in (SIGN_IN, INVITATION, PASSWORD_RESET, NEW_ADDRESS):
        revoke_links(purpose, at=at, person_id=person.id)


def _tell_owner(person: Person, what: str, address: str, at: datetime) -> None:
    queue(
        ACCOUNT_CHANGED,
        address=address,
        about={"person_id": person.id, "what": what},
        dedupe_key=f"{ACCOUNT_CHANGED}:{person.id}:{what}:{at:%Y%m%d%H%M%S}",
        at=at,
        person_id=person.id,
    )


def _switch_keys(person: Person, given: bool, at: datetime) -> None:
    person.is_administrator = given
    for fn in _when_administrators_change:
        fn(person, at)


def _not_the_last_administrator(person: Person) -> None:
    if not _others(_locked_administrators(), person):
        raise NotAllowed([Missing("role", "", LAST_ADMINISTRATOR)])


def _locked_administrators() -> list[Person]:
    # Locked in one order: two administrators who take each other's keys at once can't both succeed.
    return list(
        db.session.scalars(
            select(Person)
            .where(Person.is_administrator, Person.deactivated_at.is_(None))
            .order_by(Person.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _others(people: Collection[Person], person: Person) -> list[Person]:
    return [one for one in people if one.id != person.id]
