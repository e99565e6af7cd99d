"""What a link stands up to: a hundred at once, one place knocking on, and somebody who guesses."""

from __future__ import annotations

import re
import statistics
import threading
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from pdca import clock
from pdca.db import db
from pdca.items.models import Answer, Contact, Entry, Item
from pdca.items.terms import Phase
from pdca.mail.links import make_link, revoke_links, token_of
from pdca.mail.models import Link
from tests import stories
from tests.conftest import MONDAY
from tests.stories import walk

AT_ONCE = 100


@pytest.fixture
def asked(session):
    """An item whose first check is asked today, with two links to its customer: the mail's and the reminder's."""
    story = walk(stories.crew(), Phase.CHECK, at=MONDAY).ask()
    until = story.at + timedelta(days=30)
    links = [
        make_link("aftercare", story.check.id, at=story.at, expires_at=until, contact_id=story.contact.id)
        for _ in range(2)
    ]
    session.commit()
    with time_machine.travel(story.at, tick=True):
        yield story, [token_of(link) for link in links]


def hidden(client, token: str) -> dict[str, str]:
    return dict(re.findall(r'name="(form_token|version)" value="([^"]*)">', client.get(f"/a/{token}").text))


def at_once(app, posts: list[tuple[str, dict[str, str], str]]) -> list[tuple[int, str]]:
    """Post all of these in the same moment, each from its address; status and page of each."""
    found: list[tuple[int, str]] = []
    gate = threading.Barrier(len(posts))

    def post(path: str, data: dict[str, str], address: str) -> None:
        client = app.test_client()
        gate.wait()
        answer = client.post(path, data=data, environ_base={"REMOTE_ADDR": address})
        found.append((answer.status_code, answer.text))

    threads = [threading.Thread(target=post, args=one) for one in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=100)
    return found


@pytest.mark.parametrize("addresses", [1, AT_ONCE])
def test_of_a_hundred_answers_at_once_one_counts_and_the_others_are_told_kindly(app, client, asked, addresses):
    _, (token, _) = asked
    form = hidden(client, token)
    posts = [
        (f"/a/{token}", {**form, "solved": "yes", "mark": str(n % 10 + 1)}, f"192.0.2.{n % addresses}")
        for n in range(AT_ONCE)
    ]
    found = at_once(app, posts)
    statuses = Counter(status for status, _ in found)
    assert statuses[303] == 1
    assert set(statuses) <= {303, 409, 429}
    assert sum(statuses.values()) == AT_ONCE
    late = [page for status, page in found if status != 303]
    # Whoever came before the first answer was written is asked to come back; all others see the answer.
    assert all("Karin Smit" in page and "Traceback" not in page for page in late)
    assert db.session.scalar(select(func.count()).select_from(Answer)) == 1
    assert db.session.scalar(select(Answer.version)) == 1
    assert client.get(f"/a/{token}").status_code == 200


def test_two_links_of_one_customer_give_one_answer(app, client, asked):
    _, tokens = asked
    posts = [
        (f"/a/{t}", {**hidden(client, t), "solved": "yes", "mark": "7"}, f"192.0.2.{n}") for n, t in enumerate(tokens)
    ]
    assert sorted(status for status, _ in at_once(app, posts)) == [303, 409]
    assert db.session.scalar(select(func.count()).select_from(Answer)) == 1


def test_twenty_posts_a_minute_from_one_address_then_the_same_kind_page(client, asked):
    _, (token, other) = asked
    form = hidden(client, other)
    for _ in range(20):
        client.post(f"/a/{'x' * 43}", data=form, csrf=False)
    held = client.post(f"/a/{other}", data={**form, "solved": "yes", "mark": "8"}, csrf=False)
    assert held.status_code == 429
    assert 'name="solved"' in held.text
    assert client.get(f"/a/{token}").status_code == 200
    elsewhere = client.post(
        f"/a/{other}",
        data={**form, "solved": "yes", "mark": "8"},
        csrf=False,
        environ_base={"REMOTE_ADDR": "192.0.2.9"},
    )
    assert elsewhere.status_code == 303


def test_a_link_over_its_ten_posts_still_shows_the_page(client, asked):
    _, (token, _) = asked
    form = hidden(client, token)
    statuses = [
        client.post(f"/a/{token}", data={**form, "solved": "maybe", "mark": "8"}, csrf=False).status_code
        for _ in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2


def test_unknown_expired_and_revoked_take_as_long_and_weigh_as_much(client, asked):
    story, (token, other) = asked
    expired = db.session.scalars(select(Link).order_by(Link.id)).first()
    expired.expires_at = story.at - timedelta(days=1)
    second = db.session.scalars(select(Link).order_by(Link.id.desc())).first()
    second.revoked_at = story.at
    db.session.commit()
    kinds = {"unknown": "x" * 43, "expired": token, "revoked": other}
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    sizes = set()
    for _ in range(30):
        for kind, one in kinds.items():
            began = clock.elapsed()
            answer = client.get(f"/a/{one}")
            took[kind].append(clock.elapsed() - began)
            sizes.add((answer.status_code, len(answer.data), tuple(sorted(answer.headers.keys()))))
    assert len(sizes) == 1
    middles = [statistics.median(times) for times in took.values()]
    assert max(middles) < 2 * min(middles)


def test_a_wrong_address_is_undone(client, asked):
    """ "Not me", then the right customer: the old links are dead, their mail is withdrawn, the right one is asked."""
    story, (token, _) = asked
    form = hidden(client, token)
    client.post(f"/a/{token}/not-me", data={"form_token": form["form_token"]}, csrf=False)
    contact = db.session.get_one(Contact, story.contact.id)
    assert contact.not_the_person_at is not None
    assert [e.what for e in db.session.scalars(select(Entry).order_by(Entry.id.desc()).limit(1))] == ["not_the_person"]
    assert db.session.get_one(Item, story.item.id).phase is Phase.CHECK
    revoke_links("aftercare", at=story.at, subject_id=story.check.id)
    db.session.commit()
    assert client.get(f"/a/{token}").status_code == 404
