"""The `pdca` command. Rooms add theirs in their own cli.py; the ground's stand in this folder."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import FlaskGroup

from pdca.config import SettingsError, load_settings
from pdca.engines import LockTimeout
from pdca.errors import DomainError, FieldError, Invalid, Missing, NotAllowed

BAD_USE = 2


def register_cli(app: Flask) -> None:
    """Add the ground's commands to the app; `flask --app wsgi …` has them too."""
    from pdca import scheduler
    from pdca.cli import doctor, serve, setup

    for module in (setup, serve, doctor, scheduler):
        app.cli.add_command(module.command)


def group() -> FlaskGroup:
    """All commands under one name."""
    from pdca import create_app

    made = FlaskGroup(
        name="pdca",
        create_app=create_app,
        add_default_commands=False,
        add_version_option=False,
        load_dotenv=False,
        set_debug_flag=False,
        help="Improvement actions that are followed up to the end.",
    )
    # Flask's own options (--app, --debug, --env-file) have nothing to choose here.
    made.params = []
    return made


def main() -> None:
    """Run one command: 0 done, 1 refused or failed, 2 used wrongly or set up wrongly."""
    try:
        # Before anything else, so that a bad setting is one line and never a trace.
        load_settings()
        group().main(prog_name="pdca")
    except SettingsError as error:
        _stop(str(error), BAD_USE)
    except DomainError as error:
        _stop(in_words(error), 1)
    except LockTimeout as error:
        _stop(str(error), 1)


def in_words(error: DomainError) -> str:
    """A refusal on one line, in English: commands are for operators and scripts."""
    reasons: tuple[Missing | FieldError, ...] = ()
    if isinstance(error, NotAllowed):
        reasons = error.missing
    if isinstance(error, Invalid):
        reasons = error.errors
    said = "; ".join(f"{r.field}: {r.message % dict(r.params) if r.params else r.message}" for r in reasons)
    return said or type(error).__name__


def _stop(reason: str, code: int) -> None:
    click.echo(f"pdca: {reason}", err=True)
    sys.exit(code)
