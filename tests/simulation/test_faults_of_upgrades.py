"""Fault 14: processes come and go, an old and a new version of the program side by side.

The old one knows a kind of mail less. Each is the scheduler command; the first one, an old one, parks what it cannot
write, and all others are stopped by SIGTERM at any moment of theirs. A mother forks them, with the program loaded.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.followup import invariants
from pdca.followup.models import Duty, Notice
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import release
from pdca.people.models import Person
from tests.conftest import KEY
from tests.peers import smtp
from tests.peers.product import Product
from tests.peers.waiting import until
from tests.simulation.nth import LATER, MORNING, Morning

# Of this many starts and stops; the row asks 100 (PDCA_RESTARTS=100).
RESTARTS = int(os.environ.get("PDCA_RESTARTS", "10"))
PATIENCE_S = 60.0
# Says "ready", then for each line of its input forks a scheduler ("new" or "old"), says its number and, when it has
# ended, how.
MOTHER = """
import os, signal, sys
from pdca import create_app, scheduler
from pdca.db import db
from pdca.mail import rendering
app = create_app()
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        # Told to stop before it began to listen for that.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        if line.strip() == "old":
            rendering._renderers.pop("aftercare")
        result = app.test_cli_runner().invoke(args=["scheduler"])
        os._exit(result.exit_code)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


def notices() -> set[tuple[str, str, str]]:
    """Which step of which duty was said to whom."""
    with db.reading():
        asked = select(Duty.occurrence, Notice.step, Notice.recipient).join(Duty, Duty.id == Notice.duty_id)
        return set(map(tuple, db.session.execute(asked)))


def is_parked(app) -> bool:
    """Whether the old one came to the mail that it cannot write."""
    with app.app_context(), db.reading():
        return db.session.scalar(select(Message.id).where(Message.state == MessageState.HELD)) is not None


@pytest.mark.fault(14)
def test_old_and_new_come_and_go_and_everybody_hears_it_once(app, database: str, tmp_path: Path):
    dice = random.Random(14)
    with smtp.serving() as server:
        morning = Morning(app, server)
        with app.app_context():
            wanted, told = morning.wanted(), notices()
            morning.again()
            db.engine.dispose()
        given = {
            "PDCA_INSTANCE": str(tmp_path),
            "PDCA_DATABASE_URL": database,
            "PDCA_MAIL_URL": server.url,
            "PDCA_SECRET_KEY": KEY,
        }
        env = Product(tmp_path / "clock", MORNING)._environment() | given
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        with subprocess.Popen([sys.executable, "-c", MOTHER], env=env, **pipes) as mother:
            assert mother.stdout.readline() == "ready\n"
            for nth in range(RESTARTS):
                mother.stdin.write(("old\n", "new\n")[nth % 2])
                mother.stdin.flush()
                child = int(mother.stdout.readline())
                if nth == 0:
                    assert until(lambda: is_parked(app), PATIENCE_S)
                time.sleep(dice.uniform(0.0, 0.6))
                os.kill(child, signal.SIGTERM)
                assert mother.stdout.readline() == "0\n"
                with app.app_context(), db.reading():
                    assert MessageState.SENDING not in set(db.session.scalars(select(Message.state)))
            mother.stdin.close()
        with app.app_context():
            # What the old one did not know is parked, and shown; an administrator lets it go under the new one.
            with db.writing():
                (held,) = db.session.scalars(select(Message).where(Message.state == MessageState.HELD))
                assert held.kind == "aftercare"
                release(held, by_id=db.session.scalars(select(Person.id)).first(), at=MORNING)
                db.session.commit()
            for wait in LATER:
                assert morning.passes(MORNING + wait)
            assert morning.boxes() == wanted
            assert notices() == told
            with db.reading():
                assert list(invariants.broken(MORNING + LATER[-1])) == []
