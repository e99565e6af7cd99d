"""What people say about themselves: language, mail window, free days, deputy and absences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.people.models import Absence, Person
from pdca.people.operations import touch_teams
from pdca.people.queries import colleagues_of

LONGEST_ABSENCE = 366
AT_MOST_ABSENCES = 50


def save_profile(person: Person, *, name: str, locale: str | None, timezone: str | None) -> None:
    """Name, language and time zone; None leaves the choice to the installation."""
    person.name, person.locale, person.timezone = name, locale, timezone


def choose_language(person: Person, locale: str) -> None:
    """Read everything in this language from now on."""
    person.locale = locale


def save_availability(
    person: Person, *, mail_from: time, mail_until: time, days_off: Collection[int], at: datetime
) -> None:
    """When mail may arrive, and on which weekdays this person never works (1 = Monday)."""
    if mail_from >= mail_until:
        raise Invalid([FieldError("mail_until", N_("Choose a time after the first one."))])
    if len(set(days_off)) == 7:
        raise Invalid([FieldError("days_off", N_("Keep at least one day on which you work."))])
    person.mail_from, person.mail_until = mail_from, mail_until
    person.days_off = ",".join(str(day) for day in sorted(set(days_off)))
    touch_teams(person, at)


def stop_mail(person: Person, *, at: datetime) -> None:
    """No reminders any more: what they owe stays theirs, and who is next in line is told instead."""
    if person.mail_off_at is None:
        person.mail_off_at = at
        touch_teams(person, at)


def start_mail(person: Person, *, at: datetime) -> None:
    """Mail them again."""
    person.mail_off_at = None
    touch_teams(person, at)


def name_deputy(person: Person, deputy_id: int | None, at: datetime) -> None:
    """Who takes over during absences: a colleague from one of the person's teams, or nobody."""
    if deputy_id is not None and deputy_id not in {colleague.id for colleague in colleagues_of(person)}:
        raise Invalid([FieldError("deputy_id", N_("Choose a colleague from one of your teams."))])
    person.deputy_id = deputy_id
    touch_teams(person, at)


def add_absence(person: Person, from_on: date, until_on: date, *, today: date, at: datetime) -> Absence:
    """A stretch of days away, the first and the last included."""
    if until_on < from_on:
        raise Invalid([FieldError("until_on", N_("The last day lies before the first."))])
    if until_on < today:
        raise Invalid([FieldError("until_on", N_("These days have passed."))])
    if (until_on - from_on).days > LONGEST_ABSENCE:
        raise Invalid([FieldError("until_on", N_("Choose at most a year."))])
    if len(person.absences) >= AT_MOST_ABSENCES:
        raise Invalid([FieldError("from_on", N_("Take away absences that have passed first."))])
    if any(other.from_on == from_on and other.until_on == until_on for other in person.absences):
        raise Invalid([FieldError("from_on", N_("These days are in the list already."))])
    absence = Absence(person_id=person.id, from_on=from_on, until_on=until_on)
    person.absences.append(absence)
    db.session.flush()
    touch_teams(person, at)
    return absence


def remove_absence(person: Person, absence: Absence, at: datetime) -> None:
    """The person is there after all."""
    person.absences.remove(absence)
    touch_teams(person, at)
