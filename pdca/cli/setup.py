"""`pdca setup`: everything an installation needs before its first start. Twice is as good as once."""

from __future__ import annotations

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext

from pdca import clock
from pdca.config import Settings
from pdca.db import db

FOLDERS = ("files", "mail")


@click.command("setup")
@click.option("--demo", is_flag=True, help="Fill an empty installation with the demo team.")
@with_appcontext
def command(demo: bool) -> None:
    """Make the key, the folders and the tables; on an empty database print a link to begin with."""
    settings: Settings = current_app.extensions["settings"]
    for name in FOLDERS:
        (settings.instance / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    flask_migrate.upgrade()
    click.echo(f"Ready: {settings.instance}")
    if not nobody_yet():
        return
    if demo and (fill := current_app.cli.commands.get("demo")):
        click.get_current_context().invoke(fill)
    else:
        _print_link()


def nobody_yet() -> bool:
    """Whether this installation is still without people; the people room knows."""
    ask = current_app.extensions.get("nobody_yet")
    return bool(ask and ask())


def _print_link() -> None:
    make = current_app.extensions.get("set_up_link")
    if make is None:
        return
    with db.writing():
        link = make(clock.now())
        db.session.commit()
    click.echo(f"Nobody is here yet. Make the first administrator, once, at:\n\n  {link}\n")
