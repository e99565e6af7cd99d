"""Who works here: two teams, one leader, somebody on the other side of the ocean and somebody on leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from sqlalchemy import select

from pdca.catalogue.models import CustomerGroup, Label, Service
from pdca.catalogue.operations import add_entry
from pdca.db import db
from pdca.demo.days import Days
from pdca.people.accounts import add_person
from pdca.people.models import Person, Role, Team
from pdca.people.operations import add_member, add_sponsor, create_team, mark_demo
from pdca.people.profile import add_absence, name_deputy, save_availability

FOUNDED = -400
DESK, STREETS = "balie", "wijk"
TEAMS = {DESK: "Burgerzaken en balie", STREETS: "Meldingen en wijkbeheer"}


@dataclass(frozen=True)
class Somebody:
    """A colleague, and what they do where."""

    name: str
    roles: dict[str, Role]
    # Who looks around in the demo reads it in the language of their own browser.
    locale: str | None = None
    timezone: str | None = None


PEOPLE = {
    "ilse": Somebody("Ilse Vermeulen", {DESK: Role.LEADER, STREETS: Role.LEADER}),
    "gerrit": Somebody("Gerrit Koopman", {DESK: Role.BOARD_KEEPER, STREETS: Role.VIEWER}),
    "samira": Somebody("Samira Haddou", {DESK: Role.MEMBER, STREETS: Role.MEMBER}),
    "thijs": Somebody("Thijs Roelofs", {DESK: Role.MEMBER}),
    "anouk": Somebody("Anouk Jansma", {DESK: Role.MEMBER}),
    "dewi": Somebody("Dewi Pranoto", {DESK: Role.MEMBER}),
    # Helps with registrations from the islands, and works from Willemstad.
    "julian": Somebody("Julian Croes", {DESK: Role.MEMBER}, timezone="America/Curacao"),
    "karel": Somebody("Karel Stam", {DESK: Role.VIEWER}),
    "noor": Somebody("Noor Bakkali", {STREETS: Role.BOARD_KEEPER}),
    "pieter": Somebody("Pieter Zwart", {STREETS: Role.MEMBER}),
    "emma": Somebody("Emma Lindqvist", {STREETS: Role.MEMBER}, locale="en"),
    "wilma": Somebody("Wilma Oosterhuis", {}),
    "ruben": Somebody("Ruben Tak", {}),
}
SPONSOR, ADMINISTRATOR = "wilma", "ruben"
ONE_CLICK = {"member": "samira", "board_keeper": "gerrit", "leader": "ilse", "administrator": ADMINISTRATOR}

SERVICES = {
    DESK: (
        "Paspoort en identiteitskaart", "Rijbewijs", "Verhuizing doorgeven", "Uittreksel", "Geboorteaangifte",
        "Trouwen en partnerschap", "Overlijden", "Afspraak maken",
    ),
    STREETS: ("Melding openbare ruimte", "Spelen", "Gladheid"),
}  # fmt: skip
GROUPS = {
    DESK: (
        "Ouders van een pasgeboren kind", "Nieuwe inwoners", "Nabestaanden", "Aanstaande echtparen",
        "Inwoners zonder computer", "Bezoekers van de publiekshal",
    ),
    STREETS: ("Bewoners van de Berkenhof", "Melders"),
}  # fmt: skip
LABELS = {DESK: ("hal", "brieven", "website", "telefoon", "toegankelijk"), STREETS: ("buiten", "website")}


@dataclass(frozen=True)
class Stage:
    """The teams and their people, ready to work."""

    days: Days
    teams: dict[str, Team]
    people: dict[str, Person]
    lists: dict[tuple[str, str], int]
    files: Path


def set_stage(days: Days, files: Path) -> Stage:
    """Make the teams, their people and their lists, long before the first item."""
    at = days.morning(days.working(FOUNDED))
    teams = {key: create_team(name, timezone=days.zone, by=None, at=at) for key, name in TEAMS.items()}
    people = {key: _arrive(somebody, key, teams, at) for key, somebody in PEOPLE.items()}
    for team in teams.values():
        add_sponsor(team, people[SPONSOR], by=people[ADMINISTRATOR], at=at)
    _arrange_absences(people, days)
    mark_demo({part: people[key] for part, key in ONE_CLICK.items()})
    return Stage(days, teams, people, _lists(teams, at), files)


def find_stage(days: Days, files: Path) -> Stage:
    """The teams and people of a demo that was made before."""
    teams = {key: db.session.scalars(select(Team).where(Team.name == name)).one() for key, name in TEAMS.items()}
    people = {key: db.session.scalars(select(Person).where(Person.email == email_of(key))).one() for key in PEOPLE}
    return Stage(days, teams, people, {}, files)


def email_of(key: str) -> str:
    """The address of somebody."""
    return f"{PEOPLE[key].name.lower().replace(' ', '.')}@example.org"


def _arrive(somebody: Somebody, key: str, teams: dict[str, Team], at: datetime) -> Person:
    person = add_person(
        email_of(key), somebody.name, at=at, locale=somebody.locale, is_administrator=key == ADMINISTRATOR
    )
    person.timezone, person.has_come_in = somebody.timezone, True
    for team, role in somebody.roles.items():
        add_member(teams[team].id, person, role, by=None, at=at)
    return person


def _arrange_absences(people: dict[str, Person], days: Days) -> None:
    """Dewi is on leave and Samira stands in; Anouk never works on Wednesdays."""
    db.session.flush()
    for person in people.values():
        db.session.refresh(person, ["memberships"])
    booked = days.morning(days.working(-30))
    name_deputy(people["dewi"], people["samira"].id, booked)
    name_deputy(people["ilse"], people["gerrit"].id, booked)
    add_absence(people["dewi"], days.day(-2), days.day(9), today=days.working(-30), at=booked)
    save_availability(people["anouk"], mail_from=time(7), mail_until=time(19), days_off=[3], at=booked)


def _lists(teams: dict[str, Team], at: datetime) -> dict[tuple[str, str], int]:
    made = {}
    for kind, names_by_team in ((Service, SERVICES), (CustomerGroup, GROUPS), (Label, LABELS)):
        for key, names in names_by_team.items():
            for name in names:
                made[key, name] = add_entry(kind, teams[key].id, name, by=None, at=at).id
    return made
