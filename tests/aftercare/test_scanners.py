"""Mail scanners open every link, many times: no row changes. The whole database is compared, row by row."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Row, Table, select
from sqlalchemy.orm import Session

from pdca.db import Base, db
from pdca.items.handovers import Note, hand_over
from pdca.items.terms import Phase
from pdca.mail.links import PLACEHOLDER
from tests.factories import signed_in
from tests.followup.conftest import Stage, day, mailbox, run_once, stage  # noqa: F401 - fixtures
from tests.followup.post import Mail
from tests.stories import walk

TIMES = 100
# What a look may count: nothing of it decides anything.
COUNTERS = {("link", "uses"), ("sign_in", "last_seen_at")}
LINK = re.compile(r"https?://[^\s<>\"'()]+")
PREFETCH = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "User-Agent": "SafeLinks/1.0"}
WALKED = 21


def everything() -> dict[str, list[tuple[str, ...]]]:
    """Every row of every table, without the counters."""
    with Session(db.engine) as session:
        return {
            table.name: sorted(
                (
                    tuple(
                        repr(v) for c, v in zip(table.columns, row, strict=True) if (table.name, c.name) not in COUNTERS
                    )
                )
                for row in session.execute(select(table))
            )
            for table in Base.metadata.sorted_tables
        }


def _compared(table: Table, row: Row) -> tuple[str, ...]:
    pairs = zip(table.columns, row, strict=True)
    return tuple(repr(value) for column, value in pairs if (table.name, column.name) not in COUNTERS)


def links_of(mails: list[Mail]) -> set[str]:
    """Every address in text, HTML and headers of these mails, as a path."""
    found: set[str] = set()
    for mail in mails:
        html = mail.message.get_body(("html",))
        assert html is not None
        parts = (mail.text, html.get_content(), str(mail.message["List-Unsubscribe"] or ""))
        found |= {link.rstrip(".,;") for part in parts for link in LINK.findall(part)}
    return {re.sub(r"^https?://[^/]+", "", link) or "/" for link in found}


@pytest.fixture
def posted(stage: Stage) -> list[Mail]:  # noqa: F811 - the fixture
    """Mails of every kind that carries a link, really sent."""
    with stage.work() as made:
        walk(made, Phase.CHECK, at=day(0, 9))
        walk(made, Phase.CLOSED, at=day(-60, 9), title="Parkeerkaart via internet")
        promised = walk(made, Phase.DO, at=day(0, 9), title="Folder in gewone taal").item
        given = walk(made, Phase.DO, at=day(1, 9), title="Bankje bij de ingang").item
        note = Note("Besteld", "Ophangen", "Voor eind maart", "Sleutel bij Bo")
        hand_over(given, made.member.id, note, by=made.owner, at=day(WALKED))
        assert promised.phase is Phase.DO
    mails = list(stage.passes(day(WALKED)).post)
    with time_machine.travel(day(WALKED, 11), tick=True), stage.work() as made:
        addresses = [made.owner.email, made.member.email]
        owner = signed_in(stage.app, made.owner)
    with time_machine.travel(day(WALKED, 11), tick=True):
        owner.post("/me/address", data={"email": "omar.nieuw@example.org"})
        for path, address in zip(("/sign-in/link", "/password-reset"), addresses, strict=True):
            stage.app.test_client().post(path, data={"email": address})
    # Soon: after an hour nobody waits for a link to sign in any more, and it is not sent.
    return (
        mails
        + list(stage.passes(day(WALKED, 11) + timedelta(minutes=10)).post)
        + list(stage.passes(day(WALKED + 7)).post)
    )


def test_a_scanner_changes_no_row(stage: Stage, posted: list[Mail]) -> None:  # noqa: F811 - the fixture
    links = links_of(posted)
    kinds = {link.split("/")[1] for link in links if re.search(r"/[A-Za-z0-9_-]{43}$", link)}
    assert {"a", "act", "unsub", "sign-in", "reset"} <= kinds
    assert not [link for link in links if PLACEHOLDER.search(link)]
    with time_machine.travel(day(WALKED + 7, 12) + timedelta(minutes=1), tick=True):
        # Somebody's scanner, and a browser that is signed in: both look ahead.
        with stage.work() as made:
            clients = [stage.app.test_client(), signed_in(stage.app, made.owner)]
        with stage.look():
            before = everything()
        for link in sorted(links):
            _open_often(clients, link)
    with stage.look():
        assert everything() == before


def _open_often(clients: list, link: str) -> None:
    for n in range(TIMES):
        # Now and then the browser, which loads whole pages.
        client = clients[n % 10 == 9]
        headers = PREFETCH if n % 3 == 0 else {}
        answer = client.head(link, headers=headers) if n % 2 else client.get(link, headers=headers)
        assert answer.status_code < 500, link
