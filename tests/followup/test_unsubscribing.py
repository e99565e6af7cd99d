"""One click ends the mail (RFC 8058), never the follow-up: a customer is called, who is next in line is told."""

from __future__ import annotations

import re

import time_machine

from pdca.items.terms import Phase
from tests.factories import signed_in
from tests.followup.conftest import Stage, day
from tests.followup.post import Mail
from tests.stories import walk

ASKED = 21
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def address(mail: Mail) -> str:
    """Where one click posts to, as a mail program reads it."""
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return re.fullmatch(r"<https?://[^/]+(/unsub/[A-Za-z0-9_-]{43})>", mail.message["List-Unsubscribe"])[1]


def test_a_customer_who_unsubscribes_is_called_instead(stage: Stage) -> None:
    with stage.work() as made:
        stage.item_id = walk(made, Phase.CHECK, at=day(0, 9)).item.id
    path = address(stage.passes(day(ASKED)).mail_to("karin"))
    with time_machine.travel(day(ASKED, 11), tick=True):
        client = stage.app.test_client()
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
        with stage.look():
            assert stage.item.contacts[0].may_be_mailed is True
        # A mail program sends no cookie, no form token and no origin.
        assert client.post(path, data=ONE_CLICK).status_code == 200
        assert client.post(path, data=ONE_CLICK).status_code == 200
        assert client.post(f"/unsub/{'x' * 43}", data=ONE_CLICK).status_code == 404
    with stage.look():
        assert stage.item.contacts[0].may_be_mailed is False
        assert any(occurrence.startswith("aftercare") for occurrence in stage.open_duties())
    assert stage.passes(day(ASKED + 1)).said("omar") == ["1 call"]


def test_an_owner_who_unsubscribes_keeps_the_duty_and_the_keeper_is_told(promised: Stage) -> None:
    path = address(promised.passes(day(22)).mail_to("omar"))
    with time_machine.travel(day(22, 11), tick=True):
        client = promised.app.test_client()
        assert "next in line" in client.get(f"{path}?lang=en").text
        assert client.post(path, data=ONE_CLICK).status_code == 200
    promised.passes(day(24))
    assert promised.said("omar") == []
    assert "1 promise passed" in promised.said("bo")
    with promised.look():
        assert "promise:1" in promised.open_duties()


def test_who_unsubscribed_can_be_mailed_again(promised: Stage) -> None:
    path = address(promised.passes(day(22)).mail_to("omar"))
    with time_machine.travel(day(22, 11), tick=True):
        promised.app.test_client().post(path, data=ONE_CLICK)
        with promised.work() as made:
            client = signed_in(promised.app, made.owner)
        assert "you unsubscribed" in client.get("/me").text
        assert client.post("/me/mail").status_code == 303
        assert "you unsubscribed" not in client.get("/me").text
    promised.passes(day(25))
    assert "1 promise passed" in promised.said("omar")


def test_no_log_line_shows_the_address(promised: Stage, caplog) -> None:
    path = address(promised.passes(day(22)).mail_to("omar"))
    caplog.set_level("INFO")
    promised.app.test_client().get(path)
    promised.app.test_client().get(f"/act/{'y' * 43}")
    lines = " ".join(record.getMessage() for record in caplog.records)
    assert "/unsub/***" in lines
    assert "/act/***" in lines
    assert path.rpartition("/")[2] not in lines
