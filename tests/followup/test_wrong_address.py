"""A wrong customer address is undone: its link is dead, its mail is withdrawn, and the right person is asked."""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import select

from pdca.db import db
from pdca.followup.jobs import ask_customers
from pdca.items.answers import Answers, CustomerAnswer
from pdca.items.checks import CheckAnswer, answer_by_link
from pdca.items.contacts import not_the_person
from pdca.items.edit import edit
from pdca.items.models import Contact
from pdca.items.terms import CustomerType, Phase, Solved
from pdca.mail.models import Link, Message, MessageState
from tests.followup.conftest import Stage, day, queue_only
from tests.stories import walk

RIGHT = CustomerAnswer(CustomerType.EXTERNAL, "Karim Smid", "karim@klant.example")
ASKED = 21


@pytest.fixture
def checked(stage: Stage) -> Stage:
    """A quick win whose first check falls on Monday 23 March; Karin Smit is the customer."""
    with stage.work() as made:
        stage.item_id = walk(made, Phase.CHECK, at=day(0, 9)).item.id
    return stage


def correct(stage: Stage, at) -> None:
    with stage.work() as made:
        edit(stage.item, Answers(customer=RIGHT), by=made.owner, at=at)


def to(stage: Stage) -> list[str]:
    return [mail.to for mail in stage.post if "klant" in mail.to]


def test_after_it_was_mailed_the_link_is_dead_and_the_right_person_is_asked(checked: Stage) -> None:
    checked.passes(day(ASKED))
    assert to(checked) == ["karin@klant.example"]
    (link,) = (url for mail in checked.post if mail.to == "karin@klant.example" for url in mail.links if "/a/" in url)
    correct(checked, day(ASKED, 11))
    with time_machine.travel(day(ASKED, 12), tick=True):
        assert checked.app.test_client().get(re.sub(r"^https?://[^/]+", "", link)).status_code == 404
    assert to(checked.passes(day(ASKED, 12))) == ["karim@klant.example"]
    with checked.look():
        links = db.session.scalars(select(Link).where(Link.purpose == "aftercare").order_by(Link.id))
        assert [link.revoked_at is not None for link in links] == [True, False]
        assert [c.may_be_mailed for c in checked.item.contacts] == [False, True]


def test_what_has_not_left_is_withdrawn(checked: Stage) -> None:
    queue_only(checked, day(ASKED))
    with checked.app.app_context():
        ask_customers(day(ASKED))
    correct(checked, day(ASKED))
    with checked.look():
        states = {m.address: m.state for m in db.session.scalars(select(Message).where(Message.kind == "aftercare"))}
    assert states == {"karin@klant.example": MessageState.OBSOLETE}
    assert to(checked.passes(day(ASKED, 11))) == ["karim@klant.example"]


def test_who_says_not_me_is_no_longer_asked_and_the_right_person_is(checked: Stage) -> None:
    checked.passes(day(ASKED))
    with checked.work():
        not_the_person(checked.item.contacts[0], at=day(ASKED, 11))
    assert to(checked.passes(day(ASKED + 1))) == []
    correct(checked, day(ASKED + 1, 11))
    assert to(checked.passes(day(ASKED + 1, 12))) == ["karim@klant.example"]


def test_who_answered_stays_as_who_they_were_and_is_not_asked_again(checked: Stage) -> None:
    checked.passes(day(ASKED))
    with checked.work():
        item = checked.item
        answer_by_link(item.checks[0], item.contacts[0], CheckAnswer(Solved.PARTLY, 6), at=day(ASKED, 11))
    correct(checked, day(ASKED, 12))
    with checked.look():
        kept = db.session.scalars(select(Contact).order_by(Contact.id)).all()
        assert [(c.name, c.may_be_mailed) for c in kept] == [("Karin Smit", False), ("Karim Smid", True)]
        assert checked.item.checks[0].answers[0].contact_id == kept[0].id


def test_before_anybody_was_asked_a_wrong_customer_is_simply_gone(stage: Stage) -> None:
    with stage.work() as made:
        stage.item_id = walk(made, Phase.DO, at=day(0, 9)).item.id
    correct(stage, day(1))
    with stage.look():
        assert [c.name for c in stage.item.contacts] == ["Karim Smid"]
