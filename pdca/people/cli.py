"""`pdca user` and `pdca team`: people and teams from the machine's own command line."""

from __future__ import annotations

import sys
from typing import Any

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import NotAllowed
from pdca.people.accounts import add_person
from pdca.people.erasing import erase
from pdca.people.models import Membership, Person, Role, Team
from pdca.people.operations import add_member, change_role, create_team
from pdca.people.passwords import hash_password, problem_with
from pdca.people.queries import person_by_email, team_by_name
from pdca.text import clean_line
from pdca.web import settings

user_cli = AppGroup("user", help="People of this installation.")
team_cli = AppGroup("team", help="Teams and who is in them.")


def register_cli(app: Flask) -> None:
    """Add both groups."""
    app.cli.add_command(user_cli)
    app.cli.add_command(team_cli)


class Email(click.ParamType[str]):
    """An e-mail address, in small letters."""

    name = "email"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Refuse what is no address."""
        try:
            return validate_email(str(value), check_deliverability=False).normalized.lower()
        except EmailNotValidError as error:
            self.fail(f"{value!r} is not an e-mail address: {error}", param, ctx)


class Name(click.ParamType[str]):
    """A name on one line, at most 120 characters."""

    name = "name"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Refuse what is empty or too long."""
        try:
            name = clean_line(str(value), 120)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return name or self.fail("may not be empty", param, ctx)


@user_cli.command("add")
@click.argument("email", type=Email())
@click.option("--name", required=True, type=Name(), help="As colleagues know them.")
@click.option("--admin", is_flag=True, help="Looks after people, teams and mail.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
def add_user(email: str, name: str, admin: bool, password_stdin: bool) -> None:
    """Make an account. Without a password it signs in by a mailed link."""
    password_hash = _hashed(_read_password(email, name)) if password_stdin else None
    with db.writing():
        person = add_person(email, name, at=clock.now(), password_hash=password_hash, is_administrator=admin)
        db.session.commit()
        click.echo(f"{person.name} <{person.email}> can sign in at {settings().links}/sign-in")


@user_cli.command("erase")
@click.argument("email", type=Email())
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
def erase_user(email: str, yes: bool) -> None:
    """Replace a person's name and address by a number, for good. First switch the account off and hand all over."""
    if not yes:
        click.confirm(f"Name, address and mails of {email} are gone for good. Go on?", abort=True)
    with db.writing():
        person = person_by_email(email)
        if person is None:
            raise click.ClickException(f"nobody has the address {email}")
        try:
            name = erase(person, by=None, at=clock.now())
        except NotAllowed as refusal:
            raise click.ClickException("\n".join(m.message % m.params for m in refusal.missing)) from None
        db.session.commit()
        click.echo(f"{email} was erased and is {name} from now on.")


@team_cli.command("add")
@click.argument("name", type=Name())
def add_team(name: str) -> None:
    """Make a team."""
    with db.writing():
        team = create_team(name, timezone=settings().timezone, by=None, at=clock.now())
        db.session.commit()
        click.echo(f"Team {team.name} has number {team.id}.")


@team_cli.command("member")
@click.argument("team")
@click.argument("email", type=Email())
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
def member(team: str, email: str, role: str) -> None:
    """Put somebody in TEAM (its name or number), or give them another role there."""
    at = clock.now()
    with db.writing():
        found, person = _team(team), _person(email)
        there = db.session.scalar(
            select(Membership).where(Membership.team_id == found.id, Membership.person_id == person.id)
        )
        if there is None:
            add_member(found.id, person, Role(role), by=None, at=at)
        else:
            change_role(there, Role(role), by=None, at=at)
        db.session.commit()
        click.echo(f"{person.name} is {role} of {found.name}.")


# --- below the story -------------------------------------------------------------------------------------


def _read_password(email: str, name: str) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    problem = problem_with(password, email=email, name=name)
    if problem:
        raise click.ClickException(problem)
    return password


def _hashed(password: str) -> str:
    # Before any transaction: hashing takes its time on purpose.
    return hash_password(password)


def _team(name_or_number: str) -> Team:
    team = team_by_name(name_or_number)
    if team is None and name_or_number.isdecimal() and len(name_or_number) < 10:
        team = db.session.get(Team, int(name_or_number))
    if team is None:
        raise click.ClickException(f"there is no team {name_or_number!r}; `pdca team add NAME` makes one")
    return team


def _person(email: str) -> Person:
    person = person_by_email(email)
    if person is None:
        raise click.ClickException(f"nobody has the address {email}; `pdca user add` makes an account")
    if not person.is_active:
        raise click.ClickException(f"the account {email} is switched off")
    return person
