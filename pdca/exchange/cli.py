"""The commands of this room: `pdca import`, `pdca backup`, `pdca restore`."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import inspect

from pdca import clock
from pdca.catalogue.models import CustomerGroup, Service
from pdca.config import Settings
from pdca.db import db
from pdca.errors import FieldError
from pdca.exchange.archive import NotABackup, reading
from pdca.exchange.backup import NothingToKeep, make_backup
from pdca.exchange.operations import (
    Outcome,
    State,
    Taking,
    look_through,
    require_importer,
    take_in,
    units,
)
from pdca.exchange.restore import NotRestored, Restored, restore
from pdca.exchange.sheet import LARGEST, Record, read_sheet
from pdca.exchange.shelf import ListOf, Shelf, shelf_of
from pdca.installation import Installation
from pdca.people.models import Person, Role, Team
from pdca.people.queries import people_with, person_by_email, team_by_name

SAID = {State.NEW: "new", State.KNOWN: "known already", State.REFUSED: "refused", State.EMPTY: "empty"}
LISTS: dict[ListOf, str] = {Service: "services", CustomerGroup: "customer groups"}
LONGEST_NUMBER = 10
INSTANCE_ID = "instance_id"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register_cli(app: Flask) -> None:
    """Add this room's commands to the app."""
    for command in (import_, backup, restore_):
        app.cli.add_command(command)


# --- import ----------------------------------------------------------------------------------------------


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--team", "team_name", required=True, metavar="T", help="Name or number of the team.")
@click.option("--as", "email", metavar="EMAIL", help="Who imports. Default: the team's first board keeper or leader.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, change nothing.")
@with_appcontext
def import_(file: Path, team_name: str, email: str | None, dry_run: bool) -> None:
    """Take the rows of a CSV file into New, with today's date. Twice is as good as once.

    \b
    Columns: title, problem, noticeable, kind, customer, customer_type, service, touchpoint,
    importance, due_on, channel, source, and if you like key (what a row is known by).
    """
    records = read_sheet(_content(file))
    team_id, by_id, shelf = _who_and_where(team_name, email)
    run = _look if dry_run else _write
    outcomes = [outcome for unit in run(records, team_id, by_id, shelf) for outcome in _told(unit)]
    _sum_up(outcomes, shelf, dry_run)
    sys.exit(1 if any(outcome.state is State.REFUSED for outcome in outcomes) else 0)


def _content(file: Path) -> bytes:
    with file.open("rb") as stream:
        # One byte more than is allowed says enough.
        return stream.read(LARGEST + 1)


def _who_and_where(team_name: str, email: str | None) -> tuple[int, int, Shelf]:
    with db.reading():
        team = _team(team_name)
        by = _person(email) if email else _first_keeper(team)
        require_importer(team, by)
        return team.id, by.id, shelf_of(team.id)


def _team(name: str) -> Team:
    team = team_by_name(name)
    if team is None and name.isdecimal() and len(name) < LONGEST_NUMBER:
        team = db.session.get(Team, int(name))
    if team is None:
        raise click.ClickException(f"there is no team {name!r}; `pdca team add NAME` makes one")
    return team


def _person(email: str) -> Person:
    person = person_by_email(email)
    if person is None or not person.is_active:
        raise click.ClickException(f"nobody here has the address {email}; `pdca user add` makes an account")
    return person


def _first_keeper(team: Team) -> Person:
    able = [*people_with(team.id, Role.BOARD_KEEPER), *people_with(team.id, Role.LEADER)]
    if not able:
        raise click.ClickException(f"{team.name!r} has no board keeper and no leader: say who imports with --as EMAIL")
    return able[0]


def _look(records: Sequence[Record], team_id: int, _by_id: int, shelf: Shelf) -> Iterable[list[Outcome]]:
    with db.reading():
        yield look_through(records, team_id, shelf)


def _write(records: Sequence[Record], team_id: int, by_id: int, shelf: Shelf) -> Iterable[list[Outcome]]:
    """Commit unit by unit; what was told has been kept."""
    for unit in units(records):
        with db.writing():
            team, by = db.session.get_one(Team, team_id), db.session.get_one(Person, by_id)
            outcomes = take_in(unit, Taking(team, by, clock.now(), shelf))
            db.session.commit()
        yield outcomes


def _told(outcomes: list[Outcome]) -> list[Outcome]:
    for outcome in outcomes:
        click.echo(in_words(outcome))
    return outcomes


def in_words(outcome: Outcome) -> str:
    """One row of the report on one line, in English."""
    parts = [f"line {outcome.line}: {SAID[outcome.state]}"]
    if outcome.number:
        parts.append(f"#{outcome.number}")
    if outcome.title:
        parts.append(outcome.title)
    told = "; ".join(map(_reason, outcome.errors))
    return " · ".join(parts) + (f" ({told})" if told else "")


def _reason(error: FieldError) -> str:
    message = error.message % dict(error.params) if error.params else error.message
    return f"{error.field}: {message}"


def _sum_up(outcomes: Sequence[Outcome], shelf: Shelf, dry_run: bool) -> None:
    counts = ", ".join(f"{sum(o.state is state for o in outcomes)} {said}" for state, said in SAID.items())
    click.echo(f"{len(outcomes)} rows: {counts}{' (nothing was changed)' if dry_run else ''}")
    for kind, what in LISTS.items():
        _name_list(f"{what} matched", shelf.matched[kind])
        _name_list(f"{what} {'to make' if dry_run else 'made'}", shelf.made[kind])


def _name_list(what: str, names: set[str]) -> None:
    if names:
        click.echo(f"{what}: {', '.join(sorted(names, key=str.casefold))}")


# --- backup and restore ----------------------------------------------------------------------------------


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Copy a live installation into FILE: database, uploaded files, accept journal.

    Nobody has to stop working. Only you can read the file. The key (secret.key) and config.toml stay out: keep
    them somewhere else.
    """
    try:
        manifest = make_backup(file, _settings(), instance_id=_instance_id(), at=clock.now())
    except (NothingToKeep, OSError) as error:
        raise click.ClickException(str(error)) from None
    files = sum(name.startswith("files/") for name in manifest.members)
    click.echo(f"{file}: {sum(manifest.rows.values())} rows of {len(manifest.rows)} tables, {files} files")
    for name in manifest.missing_files:
        click.echo(f"- the file {name} is in the database, but not on disk", err=True)


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace an installation in which somebody works already.")
@with_appcontext
def restore_(file: Path, force: bool) -> None:
    """Put back what FILE holds: all of it or, on a refusal, nothing. No mail leaves a second time."""
    try:
        with reading(file) as reader:
            done = restore(reader, _settings(), force=force, at=clock.now())
    except (NotABackup, NotRestored, OSError) as error:
        raise click.ClickException(str(error)) from None
    _tell(done)


def _tell(done: Restored) -> None:
    rows, mail = sum(done.manifest.rows.values()), done.aftermath
    click.echo(f"Restored: {rows} rows as they were on {done.manifest.made_at}.")
    click.echo(f"Mail: {mail.held} waiting messages are held, {mail.known_accepted} more are known to have left.")
    click.echo(f"Everybody signs in again ({mail.sessions_ended} sessions ended).")
    if not done.same_key:
        click.echo("The key is not the one of then: mailed links keep working, waiting mail is written anew.")


def _instance_id() -> str:
    """What this installation is called, made at its first backup."""
    if not inspect(db.engine).has_table(Installation.__tablename__):
        raise NothingToKeep
    with db.writing():
        row = db.session.get(Installation, INSTANCE_ID)
        if row is None:
            row = Installation(name=INSTANCE_ID, value=secrets.token_hex(16))
            db.session.add(row)
            db.session.commit()
        return row.value


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
