"""Guessing slowly: tries are counted before they are judged, and each next one waits longer.

An attacker can't use this against the owner of an account: a device they signed in on before is counted on
its own, and the mailed link always works.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import ColumnElement, delete, func, select

from pdca.db import db
from pdca.mail.keys import mac
from pdca.people.models import FailedSignIn

WINDOW = timedelta(hours=1)
NO_WAIT = timedelta(0)


@dataclass(frozen=True)
class Brake:
    """After `free` tries in an hour the next waits `first` seconds, then twice as long, up to `most`."""

    free: int
    first: int
    most: int

    def wait(self, tries: int, last: datetime | None, at: datetime) -> timedelta:
        """How long from `at` until the next try may be judged."""
        if last is None or tries < self.free:
            return NO_WAIT
        doublings = min(tries - self.free, 20)
        pause = timedelta(seconds=min(self.first * 2**doublings, self.most))
        return max(NO_WAIT, last + pause - at)


PER_PLACE = Brake(free=5, first=15, most=900)
PER_ADDRESS = Brake(free=40, first=5, most=300)
PER_ACCOUNT = Brake(free=20, first=5, most=60)
# A whole office behind one address asks for its links on Monday morning.
LINKS_PER_ADDRESS = Brake(free=60, first=5, most=300)


@dataclass(frozen=True)
class Guess:
    """Who is being tried, and from where."""

    account: str
    place: str
    is_known_device: bool = False


def password_guess(email: str, address: str, device: str | None) -> Guess:
    """A try at the password of `email`; `device` names a browser its owner signed in on before."""
    place = f"device:{device}" if device else network_of(address)
    return Guess(mac(f"account:{email.lower()}"), place, is_known_device=device is not None)


def claim_guess(guess: Guess, at: datetime) -> timedelta:
    """Count this try and return no wait, or count nothing and return how long to wait.

    To be committed before anything is compared: a crash or a hundred parallel tries change no count.
    """
    _one_at_a_time(guess.account)
    _one_at_a_time(guess.place)
    wait = _wait(guess, at)
    if not wait:
        _forget_old(at)
        db.session.add(FailedSignIn(account_hash=guess.account, address=guess.place, at=at))
        db.session.flush()
    return wait


def forgive(guess: Guess) -> None:
    """It was the owner: their tries from this place no longer count."""
    db.session.execute(
        delete(FailedSignIn).where(FailedSignIn.account_hash == guess.account, FailedSignIn.address == guess.place)
    )


def claim_link_request(address: str, at: datetime) -> timedelta:
    """The same for asking for a link by mail, per address of the network."""
    place = f"link:{network_of(address)}"
    _one_at_a_time(place)
    wait = _brake(LINKS_PER_ADDRESS, at, FailedSignIn.address == place)
    if not wait:
        _forget_old(at)
        db.session.add(FailedSignIn(account_hash="", address=place, at=at))
        db.session.flush()
    return wait


def network_of(address: str) -> str:
    """The address itself, or the /64 that one household or attacker has to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


# --- below the story -------------------------------------------------------------------------------------


def _wait(guess: Guess, at: datetime) -> timedelta:
    account, place = FailedSignIn.account_hash == guess.account, FailedSignIn.address == guess.place
    here = _brake(PER_PLACE, at, account, place)
    if guess.is_known_device:
        return here
    return max(here, _brake(PER_ADDRESS, at, place), _brake(PER_ACCOUNT, at, account))


def _brake(brake: Brake, at: datetime, *which: ColumnElement[bool]) -> timedelta:
    tries, last = db.session.execute(
        select(func.count(), func.max(FailedSignIn.at)).where(FailedSignIn.at > at - WINDOW, *which)
    ).one()
    return brake.wait(tries, last, at)


def _forget_old(at: datetime) -> None:
    db.session.execute(delete(FailedSignIn).where(FailedSignIn.at <= at - WINDOW))


def _one_at_a_time(key: str) -> None:
    """Count after each other. SQLite's writers queue anyway; PostgreSQL takes a lock until the commit."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
