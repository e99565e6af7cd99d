"""`pdca doctor`: is everything as it must be."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from pdca import doctor
from pdca.db import db


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Repair what can be repaired without losing anything.")
@with_appcontext
def command(repair: bool) -> None:
    """Check every invariant; exit 1 and a list when one is broken."""
    if repair:
        with db.writing():
            found = list(doctor.complaints(repair=True))
            db.session.commit()
    else:
        found = list(doctor.complaints(repair=False))
    for complaint in found:
        click.echo(f"- {complaint}")
    click.echo(f"{len(found)} to look at." if found else "All well.")
    sys.exit(1 if found else 0)
