"""The town hall that browser tests play in: who works there, when it begins, and every page there is to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product as every
from zoneinfo import ZoneInfo

from flask import Flask
from playwright.sync_api import APIRequestContext
from werkzeug.routing import Rule

from pdca import create_app
from pdca.db import db
from pdca.mail.links import make_link, token_of
from pdca.people.passwords import hash_password
from tests import stories
from tests.browser.hands import PASSWORD
from tests.peers.product import Product

# Monday 1 September 2031, ten o'clock in Amsterdam: far ahead, so that cookies never lie in the past, and with
# thirteen weeks before the next public holiday.
START = datetime(2031, 9, 1, 8, 0, tzinfo=UTC)
PEOPLE = ("owner", "member", "keeper", "leader", "viewer", "administrator")


def at_ten(day: date) -> datetime:
    """Ten o'clock on this day in Amsterdam."""
    return datetime.combine(day, time(10), ZoneInfo("Europe/Amsterdam")).astimezone(UTC)


def address_of(part: str) -> str:
    """Where the person with this part in the team gets mail."""
    return f"{part}@lindewaard.example"


def move_in(product: Product) -> None:
    """A team with people in all roles, who sign in with one password."""
    app = create_app(product.configuration)
    with app.app_context(), db.writing():
        crew, password_hash = stories.crew("Burgerzaken"), hash_password(PASSWORD)
        crew.group("Inwoners aan de balie")
        for part in PEOPLE:
            person = getattr(crew, part)
            person.email, person.password_hash, person.has_come_in = address_of(part), password_hash, True
        db.session.commit()
        db.engine.dispose()


# --- every page ------------------------------------------------------------------------------------------

# What a GET route answers with, when that is no page.
NO_PAGE = {
    "static": "files of the product",
    "health.show": "for machines",
    "board.changes": "parts of a page, as data",
    "board.cards": "parts of a page, as data",
    "board.live": "a stream",
    "offline.manifest": "for the browser",
    "offline.worker": "for the browser",
    "board.alike": "a part of a page",
    "board.peek": "a part of a page",
    "board.home": "leads to the board",
    "items.steps": "leads to the sheet of one step",
    "items.file": "a file that somebody added",
    "admin.letter_html": "a mail, dressed for mail programs",
    "admin.preview_html": "a mail, dressed for mail programs",
    "admin.message_html": "a mail, dressed for mail programs",
}
# Where the rows of an address are found: (table, the column that names its item or team).
ROWS = {
    "item_id": ("item", None),
    "team_id": ("team", None),
    "person_id": ("person", None),
    "check_id": ("aftercare_check", "item_id"),
    "handover_id": ("handover", "item_id"),
    "decision_id": ("decision", "item_id"),
    "answer_id": ("answer", None),
    "file_id": ("file", "item_id"),
    "comment_id": ("comment", "item_id"),
    "message_id": ("message", None),
}
PHASES = ("plan", "do", "check", "act", "closed")
# Pages behind a mailed link: purpose, and the rows it is about (subject, contact, person).
A_PERSON = "SELECT max(id) AS subject_id, NULL AS contact_id, max(id) AS person_id FROM person"
TOKENS = {
    "people.open_sign_in_link": ("sign_in", A_PERSON),
    "people.open_invitation": ("invitation", A_PERSON),
    "people.open_reset": ("password_reset", A_PERSON),
    "aftercare.show": (
        "aftercare",
        "SELECT k.id AS subject_id, c.id AS contact_id, NULL AS person_id FROM aftercare_check k"
        " JOIN contact c ON c.item_id = k.item_id WHERE k.state = 'asked' ORDER BY k.id LIMIT 1",
    ),
    "aftercare.came_back": (
        "reopen",
        "SELECT i.id AS subject_id, c.id AS contact_id, NULL AS person_id FROM item i"
        " JOIN contact c ON c.item_id = i.id WHERE i.phase = 'closed' ORDER BY i.id LIMIT 1",
    ),
}
WAYS_IN = {
    "sign_in": "/sign-in/",
    "invitation": "/invitation/",
    "password_reset": "/reset/",
    "aftercare": "/a/",
    "reopen": "/a/",
}
ELSEWHERE = {
    "aftercare.ask_unsubscribe": "stands in a header of mails: tests/followup/test_unsubscribing.py opens it",
    "followup.act": "its link is for a duty: tests/followup/test_acts.py opens it",
    "aftercare.correction": "the same page with an answer in it: test_customer.py looks at it",
    "people.open_set_up": "only while nobody is there yet",
    "people.open_new_address": "its link holds an address that somebody asked for",
}


@dataclass(frozen=True)
class Place:
    """One page. `name` tells what is to be seen, also as a file name."""

    name: str
    path: str
    # The part of who sees it; empty: everybody, without signing in.
    who: str = "leader"


class Guide:
    """Knows every page of an installation: each GET route with rows that are there."""

    def __init__(self, product: Product, asks: dict[str, APIRequestContext]) -> None:
        """`asks`: per part in the team, the browser of somebody who is signed in."""
        self.product, self.asks = product, asks
        self.app: Flask = create_app(product.configuration)

    def places(self) -> list[Place]:
        """One place per route, the item page in each of its guises, and what a link by mail opens."""
        found = [place for rule in self.rules() for place in self._of(rule)]
        gone = Place("aftercare.gone", f"/a/{'x' * 43}", who="")
        return [*found, *self._behind_links(), gone, Place("error-404", "/items/999999")]

    def rules(self) -> list[Rule]:
        """Every route that answers with a page."""
        rules = sorted(self.app.url_map.iter_rules(), key=lambda rule: rule.rule)
        return [rule for rule in rules if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGE | ELSEWHERE]

    def _of(self, rule: Rule) -> Iterator[Place]:
        if rule.endpoint == "items.show":
            yield from self._items()
        elif rule.endpoint not in TOKENS:
            who = _who(rule)
            yield from [Place(rule.endpoint, path, who) for path in self._paths(rule, who)]

    def _items(self) -> Iterator[Place]:
        """An item of each kind in each phase, and whatever is special about one."""
        guises = self.product.rows(
            "SELECT phase || '-' || coalesce(kind, 'no_kind') AS name, max(id) AS id FROM item GROUP BY 1 ORDER BY 1"
        )
        yield from (Place(f"item-{guise['name']}", f"/items/{guise['id']}") for guise in guises)
        today = self.product.moment.date().isoformat()
        special = {
            "frozen": f"SELECT max(id) AS id FROM item WHERE phase = 'do' AND due_on < '{today}'",
            "handover": "SELECT max(item_id) AS id FROM handover WHERE state = 'open'",
            "rounds": "SELECT max(id) AS id FROM item WHERE round_number > 1",
            "decision": "SELECT max(item_id) AS id FROM decision WHERE state = 'open'",
        }
        for name, question in special.items():
            if item_id := self.product.row(question)["id"]:
                yield Place(f"item-{name}", f"/items/{item_id}")

    def _paths(self, rule: Rule, who: str) -> Iterator[str]:
        """The first address of this route that answers with a page; the rows are tried one after the other."""
        names = sorted(rule.arguments)
        adapter = self.app.url_map.bind("localhost")
        for values in self._values(names):
            path = adapter.build(rule.endpoint, values, method="GET")
            answer = self.asks[who].get(f"{self.product.address}{path}", max_redirects=0)
            if answer.status == 200 and "text/html" in answer.headers.get("content-type", ""):
                yield path
                return

    def _values(self, names: list[str]) -> Iterator[dict[str, object]]:
        if not names:
            yield {}
            return
        child = next((name for name in names if ROWS.get(name, (None, None))[1]), None)
        if child:
            table, parent = ROWS[child]
            for row in self.product.rows(f"SELECT id, {parent} AS parent FROM {table} ORDER BY id DESC LIMIT 200"):
                yield {child: row["id"], **{name: row["parent"] for name in names if name != child}}
            return
        yield from (dict(zip(names, chosen, strict=True)) for chosen in every(*(self._column(name) for name in names)))

    def _column(self, name: str) -> list[object]:
        if name == "to":
            return list(PHASES)
        if name == "name":
            return [path.name for path in sorted((self.product.instance / "mail").glob("*.eml"))]
        table, _ = ROWS[name]
        # The first team is the one with the most in it; of everything else the newest.
        order = "ASC" if name == "team_id" else "DESC"
        return [row["id"] for row in self.product.rows(f"SELECT id FROM {table} ORDER BY id {order} LIMIT 200")]

    def _behind_links(self) -> Iterator[Place]:
        """Links that work, as mails carry them."""
        with self.app.app_context(), db.writing():
            for name, (purpose, question) in TOKENS.items():
                for row in self.product.rows(question):
                    at = self.product.moment
                    link = make_link(purpose, **row, at=at, expires_at=at + timedelta(days=3))  # type: ignore[arg-type]
                    yield Place(name, f"{WAYS_IN[purpose]}{token_of(link)}", who="")
            db.session.commit()
            db.engine.dispose()


def _who(rule: Rule) -> str:
    if rule.rule.startswith(("/sign-in", "/password-reset")):
        return ""
    return "administrator" if rule.rule.startswith("/admin") else "leader"
