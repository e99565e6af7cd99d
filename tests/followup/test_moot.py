"""What is no longer true is not sent to a customer, also when it was written before (fault 39)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pdca.db import db
from pdca.items import checks, promises
from pdca.items.answers import Answers, LessonAnswer
from pdca.items.checks import CheckAnswer
from pdca.items.edit import edit
from pdca.items.moves import move
from pdca.items.taking_back import take_back
from pdca.items.terms import Phase, Solved
from pdca.mail.models import Message
from tests.followup.conftest import Stage, at, day
from tests.followup.test_customer_mails import move_date
from tests.followup.test_wrong_address import RIGHT
from tests.stories import walk


@pytest.fixture
def asking(stage: Stage, app: Flask) -> Stage:
    """The question was written on the day of the first check, Monday 23 March, and no server takes it."""
    with stage.work() as made:
        stage.item_id = walk(made, Phase.CHECK, at=day(0, 9)).item.id
    _no_server(app)
    stage.passes(day(21, 9))
    with stage.look():
        assert [m.kind for m in db.session.scalars(select(Message).where(Message.mime.is_not(None)))] == ["aftercare"]
    return stage


def _no_server(app: Flask) -> None:
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"mail_url": "smtp://127.0.0.1:9"})


def _server_again(stage: Stage) -> None:
    url = f"file:{stage.mailbox.folder}"
    stage.app.extensions["settings"] = stage.app.extensions["settings"].model_copy(update={"mail_url": url})


def to_karin(stage: Stage) -> list[str]:
    """The subjects of the last pass to the customer."""
    return [mail.subject for mail in stage.post if mail.to.startswith("karin")]


@pytest.mark.fault(39)
def test_who_answered_by_phone_is_not_asked_by_a_mail_that_waited(asking: Stage):
    with asking.work() as team:
        said = CheckAnswer(Solved.YES, 8, "Goed.", channel="telefoon", answered_by="Karin Smit")
        checks.record_answer(asking.item.checks[0], said, by=team.owner, at=day(21, 10))
    _server_again(asking)
    assert to_karin(asking.passes(day(21, 11))) == []


@pytest.mark.fault(39)
def test_a_stopped_item_asks_nothing_any_more(asking: Stage):
    with asking.work() as team:
        why = Answers(reason="Het gebouw gaat dicht.", lesson=LessonAnswer("Te laat begonnen.", "Eerder vragen."))
        move(asking.item, Phase.STOPPED, by=team.keeper, at=day(21, 10), answers=why)
    _server_again(asking)
    assert to_karin(asking.passes(day(21, 11))) == []


@pytest.mark.fault(39)
def test_a_check_that_moved_while_its_question_waited_is_asked_on_the_new_day_only(asking: Stage):
    with asking.work() as team:
        why = "Karin is op reis."
        promises.change_date(asking.item, due_on=day(35).date(), reason=why, by=team.owner, at=day(21, 10))
    _server_again(asking)
    asked = [n for n in range(21, 42) if to_karin(asking.passes(day(n, 12)))]
    # The Tuesday after Easter.
    assert asked == [36]


def test_of_two_dates_in_one_evening_only_the_last_is_told(promised: Stage):
    move_date(promised, date(2026, 3, 31), at(3, 4, 19))
    move_date(promised, date(2026, 4, 7), at(3, 4, 20))
    told = [subject for n in (5, 6, 9) for subject in to_karin(promised.passes(at(3, n)))]
    assert [subject.partition(" · ")[0] for subject in told] == ["Een nieuwe datum: 7 april"]


def test_what_was_parked_in_the_evening_and_taken_up_in_the_morning_is_not_told(stage: Stage):
    with stage.work() as team:
        stage.item_id = walk(team, Phase.PLAN, at=day(0, 9)).item.id
    stage.passes(day(0))
    with stage.work() as team:
        why = Answers(reason="Geen tijd.", review_on=date(2026, 5, 1))
        move(stage.item, Phase.PARKED, by=team.keeper, at=day(1, 19), answers=why)
    with stage.work() as team:
        move(stage.item, Phase.PLAN, by=team.leader, at=day(2, 8), answers=Answers())
    assert [subject for n in (2, 3) for subject in to_karin(stage.passes(day(n)))] == []


def test_who_is_the_customer_now_hears_no_words_that_went_to_another(promised: Stage):
    move_date(promised, date(2026, 3, 31), at(3, 4, 9))
    move_date(promised.passes(at(3, 4)), date(2026, 4, 7), at(3, 10, 9))
    assert len(to_karin(promised.passes(at(3, 10)))) == 1
    with promised.work() as team:
        edit(promised.item, Answers(customer=RIGHT), by=team.owner, at=at(3, 17, 9))
    mails = [mail for n in (17, 18, 19) for mail in promised.passes(at(3, n)).post]
    assert [mail.to for mail in mails if "klant" in mail.to] == []


def test_a_stop_that_is_taken_back_before_the_question_left_still_asks_it(stage: Stage):
    """Its step was reached at midnight; at six the customers' hours had not begun."""
    with stage.work() as team:
        stage.item_id = walk(team, Phase.CHECK, at=day(0, 9)).item.id
    stage.passes(day(20)).passes(day(21, 6))
    with stage.work() as team:
        why = Answers(reason="Het gebouw gaat dicht.", lesson=LessonAnswer("Te laat begonnen.", "Eerder vragen."))
        move(stage.item, Phase.STOPPED, by=team.keeper, at=day(21, 6) + timedelta(minutes=1), answers=why)
    stage.passes(day(21, 6) + timedelta(minutes=2))
    with stage.work() as team:
        take_back(stage.item, by=team.keeper, at=day(21, 6) + timedelta(minutes=5))
    # First the word about the stop, which would have been the mail of that day, is withdrawn.
    asked = [to_karin(stage.passes(day(21, 10) + timedelta(minutes=minute))) for minute in range(3)]
    assert [[subject[:19] for subject in mails] for mails in asked] == [[], ["Heeft het geholpen?"], []]
