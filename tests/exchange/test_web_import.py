"""The same import from a page: first a look at every row, then the same rows for real."""

from __future__ import annotations

import csv
import html
import re
from io import BytesIO

import pytest
from sqlalchemy import func, select

from pdca.db import db
from pdca.items.models import Item
from pdca.people.models import Person
from tests.exchange.test_import import ACTIONS, as_row, row, sheet
from tests.factories import signed_in


@pytest.fixture
def keeper(app, team):
    return signed_in(app, team.keeper)


def look(client, team, content, name="lijst.csv"):
    return client.post(f"/teams/{team.id}/import", data={"file": (BytesIO(content), name)})


def text_in(answer):
    found = re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', answer.get_data(as_text=True), re.S)
    # As a browser sends it.
    return html.unescape(found[1]).replace("\n", "\r\n")


def items():
    db.session.rollback()
    return db.session.scalars(select(Item).order_by(Item.number)).all()


def test_all_sixty_rows_pass_through_the_page_without_loss(keeper, team):
    first = look(keeper, team, ACTIONS.read_bytes())
    assert (first.status_code, items()) == (200, [])
    second = keeper.post(f"/teams/{team.id}/imports", data={"text": text_in(first)})
    assert second.status_code == 200
    with ACTIONS.open(encoding="utf-8", newline="") as file:
        assert [as_row(item) for item in items()] == list(csv.DictReader(file))


def test_looking_changes_nothing_and_names_every_row(keeper, team):
    answer = look(keeper, team, sheet(row(), row(title="", problem="x"), row(), bom=True))
    page = answer.get_data(as_text=True)
    assert re.findall(r'class="num">(\d+)<', page) == ["2", "3", "4"]
    assert "Write something here." in page
    assert "Take in 1 row" in page
    assert items() == []


def test_pressed_twice_is_once(keeper, team):
    text = text_in(look(keeper, team, sheet(row(), row(title="Twee"))))
    for _ in range(2):
        assert keeper.post(f"/teams/{team.id}/imports", data={"text": text}).status_code == 200
    assert len(items()) == 2
    assert "There is nothing new in this file." in look(keeper, team, sheet(row())).get_data(as_text=True)


UNREADABLE = {
    "This file is empty.": b"",
    "Line 1, column 4: this column is not known.": sheet(row()).replace(b"kind", b"soort"),
    "Here a file may be at most 512 kB": b"x" * (512 * 1024 + 1),
    "Here at most 500 rows at a time": sheet(*[row(title=f"R {n}") for n in range(501)]),
    "Line 2 is not UTF-8": sheet(row(title="café")).decode().encode("latin-1"),
}


def test_what_cannot_be_read_is_named(keeper, team):
    answers = {reason: look(keeper, team, content) for reason, content in UNREADABLE.items()}
    assert {answer.status_code for answer in answers.values()} == {422}
    assert [why for why, answer in answers.items() if why not in html.unescape(answer.get_data(as_text=True))] == []


def test_without_a_file_it_asks_for_one(keeper, team):
    answer = keeper.post(f"/teams/{team.id}/import", data={})
    assert (answer.status_code, "Choose a file." in answer.get_data(as_text=True)) == (422, True)


def test_text_that_was_changed_on_the_way_is_read_as_strictly(keeper, team):
    answer = keeper.post(f"/teams/{team.id}/imports", data={"text": "title,owner_id\nx,1"})
    assert answer.status_code == 422
    assert items() == []


def test_what_looks_like_html_is_text(keeper, team):
    title = "</textarea><script>alert(1)</script>"
    first = look(keeper, team, sheet(row(title=title)))
    assert "<script>alert" not in first.get_data(as_text=True)
    keeper.post(f"/teams/{team.id}/imports", data={"text": text_in(first)})
    assert [item.title for item in items()] == [title]


@pytest.mark.parametrize(("who", "status"), [("member", 409), ("viewer", 409)])
def test_only_keepers_take_in_a_list(app, team, who, status):
    client = signed_in(app, getattr(team, who))
    assert client.get(f"/teams/{team.id}/import").status_code == status
    assert look(client, team, sheet(row())).status_code == status
    assert client.post(f"/teams/{team.id}/imports", data={"text": "title"}).status_code == status


def test_a_stranger_finds_nothing(app, session, team):
    stranger = Person(email="stranger@example.org", name="Stranger", created_at=team.team.created_at)
    session.add(stranger)
    session.commit()
    client = signed_in(app, stranger)
    assert client.get(f"/teams/{team.id}/import").status_code == 404
    assert client.post(f"/teams/{team.id}/imports", data={"text": "title"}).status_code == 404
    assert session.scalar(select(func.count(Item.id))) == 0
