"""Passwords: argon2id, compared in the same time whether or not there is one. Never inside a transaction."""

from __future__ import annotations

from typing import cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from pdca.errors import N_

SHORTEST = 10
LONGEST = 200
FEWEST_DIFFERENT = 5
# What everybody tries first, in our two languages.
WELL_KNOWN = (
    "password",
    "wachtwoord",
    "welkom",
    "welcome",
    "qwerty",
    "azerty",
    "iloveyou",
    "geheim",
    "1234567",
    "beterbord",
)

TOO_SHORT = N_("Use at least 10 characters. A short sentence works well.")
TOO_LONG = N_("Use at most 200 characters.")
TOO_PLAIN = N_("This is easy to guess. Use a few words that have nothing to do with each other.")
TOO_CLOSE = N_("Leave your name and your e-mail address out of your password.")


def default_hasher() -> PasswordHasher:
    """OWASP's smallest argon2id; about 30 ms."""
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(password: str) -> str:
    """The hash to keep."""
    return _hasher().hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; without one a hash of nothing is compared, so that time tells nothing."""
    try:
        matches = _hasher().verify(password_hash or _nobodys_hash(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def is_outdated(password_hash: str | None) -> bool:
    """Whether this hash was made with weaker settings than today's."""
    return password_hash is not None and _hasher().check_needs_rehash(password_hash)


def problem_with(password: str, *, email: str, name: str) -> str | None:
    """Why this may not be a password, or None."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    plain = password.casefold()
    if len(set(plain)) < FEWEST_DIFFERENT or _is_well_known(plain):
        return TOO_PLAIN
    own_words = [email.partition("@")[0], *name.split()]
    if any(len(word) > 3 and word.casefold() in plain for word in own_words):
        return TOO_CLOSE
    return None


def _is_well_known(plain: str) -> bool:
    # A known word with a year or an exclamation mark is still that word.
    return any(plain.replace(word, "").strip("0123456789!?.@#") == "" for word in WELL_KNOWN)


def _hasher() -> PasswordHasher:
    return cast(PasswordHasher, current_app.extensions["hasher"])


def _nobodys_hash() -> str:
    # Made by the hasher in use, so that comparing costs exactly the same.
    known: dict[PasswordHasher, str] = current_app.extensions.setdefault("nobodys_hash", {})
    hasher = _hasher()
    if hasher not in known:
        known[hasher] = hasher.hash("nobody has this password")
    return known[hasher]
