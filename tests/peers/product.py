"""The program itself, as its users meet it: processes on a port, mails in a folder, and a clock on the wall.

Nothing in the program knows that it is tested. Its clock is set from outside (see shifted/sitecustomize.py),
for the web processes and for every command alike.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from pdca.config import Settings, load_settings
from tests.peers.waiting import free_port

SHIFTED = Path(__file__).parent / "shifted"
STARTS_WITHIN_S = 60
STOPS_WITHIN_S = 30
# Commands and web, without the machine's own settings.
OWN = {name: value for name, value in os.environ.items() if not name.startswith("PDCA_")}


@dataclass(frozen=True)
class Mail:
    """A mail as somebody found it in their mailbox."""

    mime: EmailMessage

    @property
    def to(self) -> str:
        """Whose mailbox."""
        return str(self.mime["To"].addresses[0].addr_spec)

    @property
    def subject(self) -> str:
        """What stands in the list of mails."""
        return str(self.mime["Subject"])

    @property
    def text(self) -> str:
        """What is read where no pictures are."""
        return self.mime.get_body(("plain",)).get_content()

    @property
    def html(self) -> str:
        """The same, dressed."""
        return self.mime.get_body(("html",)).get_content()

    @property
    def links(self) -> list[str]:
        """Every address in the plain text, in order, once."""
        found = re.findall(r"https?://[^\s<>()\"]+", self.text)
        return list(dict.fromkeys(link.rstrip(".,;") for link in found))

    def link(self, path: str) -> str:
        """The one address that begins with this path."""
        (found,) = [link for link in self.links if re.sub(r"^https?://[^/]+", "", link).startswith(path)]
        return found


class Product:
    """One installation in a folder of its own. `at()` sets its clock; it runs on."""

    def __init__(self, folder: Path, at: datetime, **settings: str) -> None:
        self.instance = folder / "instance"
        self.instance.mkdir(parents=True)
        self.clock = folder / "clock"
        self.log = folder / "product.log"
        self.port = free_port()
        self.settings = settings
        self._web: subprocess.Popen[bytes] | None = None
        self.at(at)

    @property
    def address(self) -> str:
        """What people type."""
        return f"http://127.0.0.1:{self.port}"

    # --- the clock ---------------------------------------------------------------------------------------

    def at(self, moment: datetime) -> Product:
        """Set the clock of every process, those that run and those to come."""
        seconds = round((moment - datetime.now(UTC)).total_seconds())
        # In place and in one write: running processes have this very file mapped.
        handle = os.open(self.clock, os.O_WRONLY | os.O_CREAT)
        os.pwrite(handle, struct.pack("<q", seconds), 0)
        os.close(handle)
        self.moment = moment
        return self

    # --- the program -------------------------------------------------------------------------------------

    def run(self, *arguments: str, typed: str = "") -> str:
        """One command to its end; what it printed. Raises with what it complained about."""
        done = subprocess.run(
            self._command(*arguments), env=self._environment(), input=typed, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AssertionError(
                f"pdca {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def followup(self) -> dict[str, int]:
        """One look at the clock: what became due is mailed. The counts it printed."""
        counts: dict[str, int] = json.loads(self.run("followup", "--once").splitlines()[-1])
        return counts

    def start(self, *arguments: str) -> Product:
        """Serve the web. The follow-up looks at the clock only when a test says so, unless `arguments` are given."""
        command = self._command("serve", "--port", str(self.port), *(arguments or ("--no-followup",)))
        with self.log.open("ab") as log:
            self._web = subprocess.Popen(command, env=self._environment(), cwd=self.instance, stdout=log, stderr=log)
        self._wait()
        return self

    def stop(self) -> None:
        """Stop what `start` started, and nothing else."""
        if self._web is None:
            return
        self._web.terminate()
        try:
            self._web.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._web.kill()
            self._web.wait()
        self._web = None

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pdca", *arguments]

    def _environment(self) -> dict[str, str]:
        paths = [str(SHIFTED), *filter(None, [OWN.get("PYTHONPATH")])]
        shifted = {"PYTHONPATH": os.pathsep.join(paths), "SHIFTED_BY": str(self.clock)}
        own = {"PDCA_INSTANCE": str(self.instance), "PDCA_PORT": str(self.port)}
        return OWN | shifted | own | self.settings

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            if self._web is None or self._web.poll() is not None:
                break
            if _answers(f"{self.address}/health"):
                return
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"the program did not start:\n{self.log.read_text()}")

    # --- what it left behind -----------------------------------------------------------------------------

    @property
    def configuration(self) -> Settings:
        """Its settings, to arrange people with before it starts."""
        given = {name.removeprefix("PDCA_").lower(): value for name, value in self.settings.items()}
        return load_settings(instance=self.instance, port=self.port, **given)

    def mails(self, to: str = "") -> list[Mail]:
        """Every mail that was written, oldest first; those in one mailbox when it is named."""
        # The name of a file begins with the moment it was written.
        paths = sorted((self.instance / "mail").glob("*.eml"))
        found = [Mail(email.message_from_bytes(path.read_bytes(), policy=email.policy.default)) for path in paths]
        return [mail for mail in found if to in ("", mail.to)]

    def rows(self, question: str, *values: object) -> list[dict[str, object]]:
        """Rows of its database, as they are stored."""
        with closing(sqlite3.connect(f"file:{self.instance / 'pdca.db'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(question, values)]

    def row(self, question: str, *values: object) -> dict[str, object]:
        """The only row."""
        (found,) = self.rows(question, *values)
        return found


@contextmanager
def installed(folder: Path, at: datetime, **settings: str) -> Iterator[Product]:
    """A fresh installation, set up by its own command; stopped at the end."""
    product = Product(folder, at, **settings)
    product.run("setup")
    try:
        yield product
    finally:
        product.stop()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        # 503: it is there, and says that nobody looks at the clock.
        return True
    except OSError:
        return False
