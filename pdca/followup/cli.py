"""`pdca followup --once`: one pass, for cron and for checks."""

from __future__ import annotations

import json

import click
from flask import Flask
from flask.cli import with_appcontext

from pdca import clock
from pdca.followup.jobs import audit_if_due, followup_once
from pdca.mail.jobs_replies import read_replies


def register_cli(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(command)


@click.command("followup")
@click.option("--once", is_flag=True, help="Do everything that is due now, once.")
@with_appcontext
def command(once: bool) -> None:
    """Remind, gather and send what is due; prints one JSON object. Every five minutes: does all hold that must?"""
    if not once:
        raise click.UsageError("say --once; `pdca scheduler` runs it every minute")
    click.echo(json.dumps(followup_once(clock.now())))
    read_replies(clock.now())
    audit_if_due(clock.now())
