"""From the mail itself: done, a new date, need help; a handover accepted or given back. Never by opening a link."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
import time_machine
from sqlalchemy import select

from pdca.db import db
from pdca.followup.models import Duty, DutyState
from pdca.items.handovers import Note, hand_over
from pdca.items.models import Entry
from pdca.items.terms import ActorKind, Phase
from pdca.people.accounts import deactivate
from tests.followup.conftest import Stage, day
from tests.followup.post import Mail

DUE = 21


def act_links(mail: Mail) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/act/[A-Za-z0-9_-]{43}", mail.text)))


@contextmanager
def visitor(stage: Stage, moment):
    """Somebody without an account at a browser, at this moment."""
    with time_machine.travel(moment, tick=True):
        yield stage.app.test_client()


def token_in(page) -> dict[str, str]:
    return {"form_token": re.findall(r'name="form_token" value="([0-9a-f]+)"', page.text)[0]}


@pytest.fixture
def reminded(promised: Stage) -> tuple[Stage, str]:
    """The day the promise falls due was yesterday, and the owner reads it."""
    promised.passes(day(DUE + 1))
    (link,) = act_links(promised.mail_to("omar"))
    return promised, link


def test_opening_it_shows_what_is_asked_and_changes_nothing(reminded):
    stage, link = reminded
    with stage.look():
        version = stage.item.version
    with visitor(stage, day(DUE + 1, 11)) as client:
        page = client.get(link)
        assert page.status_code == 200
        for words in ("It is done", "A new date", "Need help"):
            assert words in page.text
        assert client.head(link).status_code == 200
    with stage.look():
        assert (stage.item.version, stage.item.phase) == (version, Phase.DO)


def test_done_from_the_mail(reminded):
    stage, link = reminded
    with visitor(stage, day(DUE + 1, 11)) as client:
        given = {**token_in(client.get(link)), "text": "Bordjes hangen."}
        assert client.post(f"{link}/done", data=given).status_code == 200
        assert "settled already" in client.get(link).text
    with stage.look():
        assert stage.item.phase is Phase.CHECK
        assert stage.item.rounds[0].carried_out == "Bordjes hangen."
        entry = db.session.scalars(select(Entry).where(Entry.what == "finished")).one()
        assert (entry.actor_kind, entry.actor_id) == (ActorKind.PERSON, stage.item.owner_id)


def test_a_new_date_from_the_mail_tells_the_customer(reminded):
    stage, link = reminded
    with visitor(stage, day(DUE + 1, 11)) as client:
        form = token_in(client.get(link))
        refused = client.post(f"{link}/new-date", data={**form, "text": "De leverancier is te laat."})
        assert refused.status_code == 422
        assert "De leverancier is te laat." in refused.text
        given = {
            **form,
            "day": "other",
            "day_other": day(DUE + 8).date().isoformat(),
            "text": "De leverancier is te laat.",
        }
        assert client.post(f"{link}/new-date", data=given).status_code == 200
    with stage.look():
        assert stage.item.due_on == day(DUE + 8).date()
    stage.passes(day(DUE + 2))
    assert "De leverancier is te laat." in stage.mail_to("karin").text


def test_help_from_the_mail(reminded):
    stage, link = reminded
    with visitor(stage, day(DUE + 1, 11)) as client:
        given = {**token_in(client.get(link)), "text": "Wie kan de bordjes ophangen?"}
        assert client.post(f"{link}/help", data=given).status_code == 200
    with stage.look():
        assert [d.question for d in stage.item.decisions] == ["Wie kan de bordjes ophangen?"]
    assert "help" in " ".join(stage.passes(day(DUE + 2)).said("bo"))


def test_what_is_not_asked_cannot_be_said(reminded):
    stage, link = reminded
    with visitor(stage, day(DUE + 1, 11)) as client:
        form = token_in(client.get(link))
        assert client.post(f"{link}/accept", data={**form, "text": "Ja"}).status_code == 422
        assert client.post(f"{link}/close", data=form).status_code == 404
        assert client.post(f"{link}/done", data={"form_token": "0" * 64}).status_code == 429
        assert client.get(f"/act/{'x' * 43}").status_code == 404


def test_who_left_the_team_can_no_longer_act(reminded):
    stage, link = reminded
    with stage.work() as made:
        deactivate(made.owner, by=made.administrator, at=day(DUE + 1, 11))
    with visitor(stage, day(DUE + 1, 12)) as client:
        assert client.get(link).status_code == 404
    stage.passes(day(DUE + 2))


def test_after_two_weeks_it_no_longer_works(reminded):
    stage, link = reminded
    with visitor(stage, day(DUE + 16)) as client:
        assert client.get(link).status_code == 404


@pytest.mark.parametrize("way", ["accept", "refuse"])
def test_a_handover_is_answered_from_the_mail(promised, way):
    with promised.work() as made:
        note = Note("Bordjes besteld", "Ophangen", "Karin: voor 23 maart", "De sleutel ligt bij Bo")
        hand_over(promised.item, made.member.id, note, by=made.owner, at=day(1))
    promised.passes(day(1, 11))
    (link,) = act_links(promised.mail_to("mila"))
    with visitor(promised, day(1, 12)) as client:
        page = client.get(link)
        assert "De sleutel ligt bij Bo" in page.text
        given = {**token_in(page), "text": "Ik hang de bordjes op en bel Karin."}
        assert client.post(f"{link}/{way}", data=given).status_code == 200
    with promised.look():
        duty = db.session.scalars(select(Duty).where(Duty.kind == "handover")).one()
        assert duty.state is not DutyState.OPEN
        owner = promised.item.owner_id
    assert (owner == promised.team.member.id) is (way == "accept")
