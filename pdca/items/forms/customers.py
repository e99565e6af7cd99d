"""One field says who the customer is: "name, e-mail". The kind of customer follows from the mail's domain."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import CustomerAnswer
from pdca.items.terms import CustomerType

MAIL = re.compile(r"[^\s,;<>()\"]+@[^\s,;<>()\"]+")
# What may stand between a name and its address or number.
BETWEEN = ' ,;<>()"-–—:'
PHONE = re.compile(r"\+?[\d][\d ()/.-]{6,}\d")
NOT_AN_ADDRESS = N_("This is not an e-mail address. Type it like name@example.org.")


@dataclass(frozen=True)
class Contact:
    """What one line says."""

    name: str
    email: str = ""
    phone: str = ""


def read_contact(line: str) -> Contact:
    """Name, address and number from "Mirte Aalbers, mirte@example.org". Raises Invalid for a broken address."""
    found = MAIL.search(line)
    rest = line.replace(found[0], " ") if found else line
    if not found and "@" in line:
        raise _wrong(NOT_AN_ADDRESS)
    number = PHONE.search(rest)
    rest = rest.replace(number[0], " ") if number else rest
    email = _address(found[0].strip(BETWEEN + ".")) if found else ""
    name = " ".join(rest.split()).strip(BETWEEN) or _name_of(email) or (number[0] if number else "")
    return Contact(name[:200], email, number[0].strip()[:40] if number else "")


def read_customer(
    line: str, kind: CustomerType | None, locale: str | None, team_domains: Collection[str]
) -> CustomerAnswer:
    """The answer to R18. Without a tapped kind it is guessed from the address, and marked as guessed."""
    if kind is CustomerType.UNKNOWN and not line.strip():
        return CustomerAnswer(CustomerType.UNKNOWN)
    contact = read_contact(line)
    guessed = kind in (None, CustomerType.UNKNOWN)
    chosen = _guess(contact.email, team_domains) if kind is None or kind is CustomerType.UNKNOWN else kind
    return CustomerAnswer(chosen, contact.name, contact.email, contact.phone, locale or "nl", is_type_guessed=guessed)


def _guess(email: str, team_domains: Collection[str]) -> CustomerType:
    domain = email.rpartition("@")[2]
    return CustomerType.COLLEAGUE if domain and domain in team_domains else CustomerType.EXTERNAL


def _address(typed: str) -> str:
    try:
        return str(validate_email(typed, check_deliverability=False).normalized).lower()
    except EmailNotValidError:
        raise _wrong(NOT_AN_ADDRESS) from None


def _name_of(email: str) -> str:
    """A name to call them by until somebody knows better."""
    return " ".join(part.capitalize() for part in re.split(r"[._-]+", email.partition("@")[0]) if part)


def _wrong(message: str) -> Invalid:
    return Invalid([FieldError("customer", message)])
