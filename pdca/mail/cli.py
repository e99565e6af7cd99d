"""`pdca mail …`: does mail leave this installation, shall it go on, and what came back."""

from __future__ import annotations

from typing import BinaryIO

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask
from flask.cli import AppGroup

from pdca import clock
from pdca.db import db
from pdca.mail import bounces
from pdca.mail.jobs import deliver, desk_of_this_process
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import queue_test
from pdca.mail.standstill import Choice, resume, standstill
from pdca.web import settings

group = AppGroup("mail", help="Mail that leaves this installation.")


def register_cli(app: Flask) -> None:
    """Add `pdca mail …`."""
    app.cli.add_command(group)


@group.command("test")
@click.argument("address")
def test(address: str) -> None:
    """Send a test mail to ADDRESS now and say what happened; exit 1 when it was not accepted."""
    message_id = _queued(_checked(address))
    deliver(clock.now(), only=message_id)
    found = db.session.get_one(Message, message_id, populate_existing=True)
    said = " ".join(str(word) for word in (found.last_code, found.last_error) if word)
    transport = desk_of_this_process().transport
    if found.state is MessageState.ACCEPTED:
        click.echo(f"{transport} took the mail to {found.address}.")
        return
    raise click.ClickException(f"{transport} did not take the mail to {found.address} ({found.state}): {said}")


def _checked(address: str) -> str:
    try:
        return validate_email(address, check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError as error:
        raise click.BadParameter(str(error)) from None


def _queued(address: str) -> int:
    with db.writing():
        message = queue_test(address, locale=settings().locale or "en", at=clock.now())
        db.session.commit()
        return message.id


@group.command("resume")
@click.argument("choice", type=click.Choice([choice.value for choice in Choice]))
def resume_command(choice: str) -> None:
    """After a restore or on a copy: send what waits, send one digest each, or discard it; mail leaves again."""
    with db.writing():
        if standstill() is None:
            raise click.ClickException("mail leaves as usual; there is nothing to choose.")
        number = resume(Choice(choice), by="command line", at=clock.now())
        db.session.commit()
    click.echo(f"Mail leaves again ({choice}, {number} messages).")


@group.command("bounce")
@click.argument("file", type=click.File("rb"), default="-")
def bounce(file: BinaryIO) -> None:
    """Take in a mail that came back (from standard input, or FILE): who was not reached is asked otherwise."""
    raw = file.read(bounces.LARGEST + 1)
    with db.writing():
        heard = bounces.hear(raw, clock.now())
        db.session.commit()
    click.echo(str(heard))
