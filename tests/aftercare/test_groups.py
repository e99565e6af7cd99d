"""A group of customers: many addresses in one go, a counter for who has none, and the verdict of all together."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from pdca.catalogue.models import CustomerGroup
from pdca.db import db
from pdca.errors import NotAllowed
from pdca.items.answers import CustomerAnswer, VerdictAnswer
from pdca.items.models import Answer, Check, Contact, Item
from pdca.items.terms import CheckState, CustomerType, Method, Phase, Verdict
from pdca.items.verdicts import give_verdict
from pdca.mail.models import Link
from tests import stories
from tests.conftest import MONDAY
from tests.factories import signed_in
from tests.stories import walk

GROUP = CustomerAnswer(CustomerType.GROUP, "Ouders van groep 7")
MANY = "Mirte Aalbers, mirte@ouders.example\nSem de Vries sem@ouders.example\n\nOpa Jan, 06 12345678\n"


@pytest.fixture
def group(session):
    """A group without addresses whose check is due today."""
    story = walk(stories.crew(), Phase.CHECK, at=MONDAY, customer=GROUP)
    assert story.check.due_on is not None
    story.until(story.check.due_on)
    session.commit()
    with time_machine.travel(story.at, tick=True):
        yield story


def hidden(client, path: str) -> dict[str, str]:
    return dict(re.findall(r'name="(form_token|version)" value="([^"]*)">', client.get(path).text))


# --- addresses -------------------------------------------------------------------------------------------


def test_several_customers_are_added_in_one_go(app, group):
    owner = signed_in(app, group.owner)
    path = f"/items/{group.item.id}/customers"
    assert 'name="people"' in owner.get(path).text
    assert owner.post(path, data={"people": MANY, "locale": "nl"}).status_code == 303
    assert owner.post(path, data={"people": MANY, "locale": "nl"}).status_code == 303
    rows = [(c.name, c.email, c.phone) for c in db.session.scalars(select(Contact).order_by(Contact.id))]
    assert rows == [
        ("Mirte Aalbers", "mirte@ouders.example", ""),
        ("Sem de Vries", "sem@ouders.example", ""),
        ("Opa Jan", "", "06 12345678"),
    ]


def test_a_wrong_line_is_named_and_nothing_is_lost(app, group):
    owner = signed_in(app, group.owner)
    refused = owner.post(
        f"/items/{group.item.id}/customers", data={"people": "Mirte, mirte@x.nl\nSem, sem@", "locale": "nl"}
    )
    assert refused.status_code == 422
    assert "Sem, sem@" in refused.text
    assert db.session.scalars(select(Contact)).all() == []


def test_one_wrong_customer_is_taken_out(app, group):
    owner = signed_in(app, group.owner)
    owner.post(f"/items/{group.item.id}/customers", data={"people": MANY, "locale": "nl"})
    first = db.session.scalars(select(Contact).order_by(Contact.id)).first()
    assert owner.post(f"/items/{group.item.id}/customers/{first.id}/removal").status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Contact, first.id).may_be_mailed is False
    stranger = signed_in(app, group.crew.outsider)
    assert stranger.post(f"/items/{group.item.id}/customers/{first.id}/removal").status_code == 404


def test_one_customer_alone_is_no_group(app, session):
    story = walk(stories.crew(), Phase.DO, at=MONDAY)
    session.commit()
    with time_machine.travel(story.at, tick=True):
        owner = signed_in(app, story.owner)
        assert owner.post(f"/items/{story.item.id}/customers", data={"people": MANY, "locale": "nl"}).status_code == 409


def test_who_got_an_address_is_asked_by_mail_unless_somebody_chose_to_call(app, group):
    owner = signed_in(app, group.owner)
    assert [c.method for c in db.session.get_one(Item, group.item.id).checks] == [Method.CALL, Method.CALL]
    owner.post(f"/items/{group.item.id}/customers", data={"people": MANY, "locale": "nl"})
    db.session.expire_all()
    assert [c.method for c in db.session.get_one(Item, group.item.id).checks] == [Method.MAIL, Method.MAIL]


# --- on paper --------------------------------------------------------------------------------------------


def test_the_call_sheet_has_everything_to_call_with(app, group):
    owner = signed_in(app, group.owner)
    empty = owner.get(f"/items/{group.item.id}/checks/{group.check.id}/call-sheet").text
    assert "Ouders van groep 7" in empty
    owner.post(f"/items/{group.item.id}/customers", data={"people": MANY, "locale": "nl"})
    sheet = owner.get(f"/items/{group.item.id}/checks/{group.check.id}/call-sheet").text
    for words in (group.item.title, group.item.noticeable, "Opa Jan", "06 12345678", "1 2 3 4 5 6 7 8 9 10"):
        assert words in sheet


# --- at the counter --------------------------------------------------------------------------------------


@pytest.fixture
def counter(app, group):
    """The path of an open counter."""
    owner = signed_in(app, group.owner)
    path = f"/items/{group.item.id}/checks/{group.check.id}/counter"
    assert owner.post(path).status_code == 303
    page = owner.get(path).text
    assert "<svg" in page
    assert "style=" not in page
    (token,) = re.findall(r"/a/([A-Za-z0-9_-]{43})", page)
    return owner, path, f"/a/{token}"


def at_the_counter(app, url: str, solved: str, mark: int, device: str, **more):
    client = app.test_client()
    given = {**hidden(client, url), "solved": solved, "mark": str(mark), "may_quote": "named", **more}
    return client.post(url, data=given, environ_base={"REMOTE_ADDR": device})


def test_many_answer_at_the_counter_each_without_a_name(app, group, counter):
    owner, path, url = counter
    sent = [at_the_counter(app, url, "yes", n, f"192.0.2.{n}").status_code for n in (6, 7, 8)]
    assert sent == [303] * 3
    answers = db.session.scalars(select(Answer))
    rows = [(a.mark, a.contact_id, a.answered_by, a.channel, a.may_quote.value) for a in answers]
    assert rows == [(n, None, "", "counter", "anonymous") for n in (6, 7, 8)]
    check_id = group.check.id
    assert db.session.get_one(Check, check_id).state is not CheckState.ANSWERED
    owner.post(f"{path}/end")
    db.session.expire_all()
    assert db.session.get_one(Check, check_id).state is CheckState.ANSWERED
    assert app.test_client().get(url).status_code == 404


def test_with_several_groups_the_counter_asks_of_which_one(app, group, counter):
    _, _, url = counter
    assert 'name="group_id"' not in app.test_client().get(url).text
    item = db.session.get_one(Item, group.item.id)
    item.groups = [CustomerGroup(team_id=item.team_id, name=name) for name in ("Baliebezoekers", "Ouderen", "Jongeren")]
    db.session.commit()
    ids = [g.id for g in item.groups]
    page = app.test_client().get(url).text
    assert all(name in page for name in ("Baliebezoekers", "Ouderen", "Jongeren", "None of these"))
    for number, chosen in enumerate(({"group_id": str(ids[1])}, {"group_id": "0"}, {})):
        assert at_the_counter(app, url, "yes", 8, f"192.0.2.{number}", **chosen).status_code == 303
    strange = at_the_counter(app, url, "yes", 8, "192.0.2.9", group_id="999")
    assert strange.status_code == 422
    assert "Choose one from the list." in strange.text
    assert [a.group_id for a in db.session.scalars(select(Answer).order_by(Answer.id))] == [ids[1], None, None]


def test_one_device_waits_before_the_next_answer(app, counter):
    _, _, url = counter
    first, second = (at_the_counter(app, url, "yes", 8, "192.0.2.1") for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 429)
    assert 'value="8" checked' in second.text
    assert len(db.session.scalars(select(Answer)).all()) == 1


def test_a_counter_that_nobody_used_counts_as_the_attempts(app, group, counter):
    owner, path, _ = counter
    with time_machine.travel(group.at + timedelta(days=3), tick=True):
        owner.post(f"{path}/end")
    db.session.expire_all()
    item = db.session.get_one(Item, group.item.id)
    verdict = VerdictAnswer(Verdict.NOT_REACHED, "In de wachtkamer gezien: de rij is weg.")
    later = group.at + timedelta(days=3)
    with pytest.raises(NotAllowed):
        give_verdict(item, verdict, by=db.session.merge(group.owner), at=later)
    db.session.rollback()
    check = give_verdict(db.session.get_one(Item, group.item.id), verdict, by=group.crew.leader, at=later)
    assert check.state is CheckState.NOT_REACHED


def test_a_counter_is_for_a_group_without_addresses(app, group):
    owner = signed_in(app, group.owner)
    owner.post(f"/items/{group.item.id}/customers", data={"people": MANY, "locale": "nl"})
    refused = owner.post(f"/items/{group.item.id}/checks/{group.check.id}/counter")
    assert refused.status_code == 409
    assert db.session.scalars(select(Link).where(Link.purpose == "counter")).all() == []


def test_the_counter_speaks_both_languages_and_offers_no_unsubscribing(app, counter):
    _, _, url = counter
    english = app.test_client().get(f"{url}?lang=en").text
    assert "We do not ask who you are." in english
    assert "mail me again" not in english
    assert app.test_client().post(f"{url}/not-me", data=hidden(app.test_client(), url)).status_code == 404
