"""Erasing a person: the identity goes, the row and its number stay, so that the journal stays true.

Nobody can be erased around what they still owe: first everything is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import delete, update

from pdca.db import db
from pdca.errors import N_, Missing, NotAllowed
from pdca.mail.operations import forget_address, forget_name
from pdca.people.models import Absence, Membership, Person, SignIn, Sponsorship
from pdca.people.operations import require_administrator

# fn(person): one line for each thing that still has to be handed over, by name and number.
Owing = Callable[[Person], Iterable[str]]
_still_owing: list[Owing] = []

SWITCH_OFF_FIRST = N_("Switch this account off first: then what it holds finds a caretaker.")
STILL_OWES = N_("Not handed over yet: %(what)s")


def when_erasing(fn: Owing) -> Owing:
    """Ask `fn(person)` what this person still holds; anything at all stops the erasing."""
    # An application may be made more than once in one process.
    if fn not in _still_owing:
        _still_owing.append(fn)
    return fn


def still_owed(person: Person) -> list[str]:
    """What has to be handed over before this person can be erased."""
    return [line for fn in _still_owing for line in fn(person)]


def erase(person: Person, *, by: Person | None, at: datetime) -> str:
    """Replace the identity by a pseudonym that never changes; gives it. `by` None is the machine's command line.

    Raises NotAllowed while the account is on, and names everything that is still theirs.
    """
    require_administrator(by)
    if person.is_active:
        raise NotAllowed([Missing("role", "", SWITCH_OFF_FIRST)])
    if owed := still_owed(person):
        raise NotAllowed([Missing("duty", "", STILL_OWES, params={"what": line}) for line in owed])
    forget_address(person.email, person.id, at)
    forget_name(person.name)
    _forget_rows(person)
    person.name, person.email = pseudonym(person), f"erased-{person.id}@erased.invalid"
    person.password_hash = person.locale = person.timezone = person.deputy_id = None
    person.days_off, person.has_come_in = "", False
    return person.name


def pseudonym(person: Person) -> str:
    """How the journal names somebody who was erased: the same for ever, and of no use elsewhere."""
    return f"#{person.id}"


def _forget_rows(person: Person) -> None:
    for table in (Absence, Membership, Sponsorship, SignIn):
        db.session.execute(delete(table).where(table.person_id == person.id))
    db.session.execute(update(Person).where(Person.deputy_id == person.id).values(deputy_id=None))
    db.session.expire(person)
