"""`pdca demo`: a team to look around in, for an installation where nobody is yet."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from pdca import clock
from pdca.config import Settings
from pdca.db import db
from pdca.demo.build import build
from pdca.demo.cards import deal
from pdca.demo.days import Days
from pdca.followup.jobs import followup_once
from pdca.people.queries import demo_people, nobody_yet

# Everybody's window is open, and the customers' too.
MAIL_LEAVES = time(10, 5)


def register_cli(app: Flask) -> None:
    """Add the command to the app."""
    app.cli.add_command(demo)


@click.command("demo")
@click.option("--cards", type=click.IntRange(1, 5000), metavar="N", help="Add N made-up cards, for a very full board.")
@with_appcontext
def demo(cards: int | None) -> None:
    """Fill an empty installation with two Dutch teams and about forty items, as of today."""
    settings: Settings = current_app.extensions["settings"]
    _fill(settings)
    if cards:
        _add_cards(settings, cards)


def _fill(settings: Settings) -> None:
    with db.writing():
        if not nobody_yet():
            _there_already()
            return
        now = clock.now()
        count = build(settings, now)
        db.session.commit()
    mail_of_the_last_working_day(Days(now, settings.timezone))
    click.echo(f"The demo is ready: {count} items in two teams. Sign in with one click at {settings.links}/sign-in")


def mail_of_the_last_working_day(days: Days) -> None:
    """In a weekend nobody is mailed, and there would be no mail to look at: what Friday had to say leaves now."""
    morning = datetime.combine(days.working(0), MAIL_LEAVES, ZoneInfo(days.zone)).astimezone(UTC)
    if morning < days.now:
        followup_once(morning)


def _there_already() -> None:
    """Twice is once; and where people work the demo has no place."""
    if not demo_people():
        raise click.ClickException("somebody works here already; the demo is for an empty installation (PDCA_INSTANCE)")
    click.echo("The demo is here already.")


def _add_cards(settings: Settings, count: int) -> None:
    with db.writing():
        for _ in deal(settings, Days(clock.now(), settings.timezone), count):
            db.session.commit()
    click.echo(f"{count} cards were added.")
