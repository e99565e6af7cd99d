"""Answers by mail on items: a colleague's comment, a customer's words, and an answer that somebody confirms."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest
import time_machine
from sqlalchemy import select

from pdca.db import db
from pdca.items.letters import Begins, begins_with
from pdca.items.models import Answer, Comment, Entry
from pdca.items.terms import AnswerSource, Phase, Solved
from pdca.mail.models import Message
from pdca.mail.replies import take
from pdca.people.models import Person
from pdca.people.operations import remove_member
from tests.factories import signed_in
from tests.followup.conftest import Stage, day
from tests.stories import walk

KARIN = "karin@klant.example"
ASKED, LATE = 21, 22


@pytest.fixture
def asked(stage: Stage) -> Stage:
    """Karin Smit was asked by mail whether it helped."""
    with stage.work() as made:
        stage.item_id = walk(made, Phase.CHECK, at=day(0, 9)).item.id
    return stage.passes(day(ASKED))


def answers(stage: Stage, to: str, text: str, at, *, sender: str = "") -> bool:
    """Somebody presses Reply under the last mail to them."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender or to, "post@baarn.nl"
    mail["Message-ID"] = f"<{at.timestamp()}@klant.example>"
    with stage.look():
        newest = select(Message.message_id).where(Message.address == to).order_by(Message.id.desc())
        mail["In-Reply-To"] = db.session.scalars(newest).first()
    mail.set_content(text)
    with stage.app.app_context(), db.writing():
        done = take(mail.as_bytes(), at)
        db.session.commit()
        return done


def wrote(stage: Stage) -> list[tuple[str, dict]]:
    with stage.look():
        rows = db.session.scalars(select(Entry).where(Entry.what == "customer_wrote").order_by(Entry.id))
        return [(row.why, row.new) for row in rows]


@pytest.fixture
def client_of(app):
    """A browser in which this person is signed in."""

    def enter(person):
        with app.app_context(), db.writing():
            return signed_in(app, db.session.get_one(Person, person.id))

    return enter


def test_a_mark_and_a_word_are_offered_and_count_for_nothing(asked: Stage):
    assert answers(asked, KARIN, "8, ja hoor!\n\nDank u.", day(ASKED, 12))
    ((text, new),) = wrote(asked)
    assert (text, new["solved"], new["mark"]) == ("8, ja hoor!\n\nDank u.", "yes", 8)
    with asked.look():
        assert db.session.scalars(select(Answer)).all() == []


def test_anything_else_is_put_on_the_item_and_its_owner_hears_it(asked: Stage):
    assert answers(asked, KARIN, "Wanneer komt de monteur?", day(ASKED, 12))
    assert "check" not in wrote(asked)[0][1]
    asked.passes(day(ASKED + 1))
    assert "Wanneer komt de monteur?" in asked.mail_to("omar").text


def test_somebody_else_is_not_believed(asked: Stage):
    assert not answers(asked, KARIN, "10 ja", day(ASKED, 12), sender="iemand@klant.example")
    assert wrote(asked) == []


def test_nothing_is_offered_once_the_link_was_used(asked: Stage, client_of):
    answers(asked, KARIN, "8 ja", day(ASKED, 12))
    with time_machine.travel(day(ASKED, 13), tick=True):
        shown = client_of(asked.team.owner).get(f"/items/{asked.item_id}").text
        assert "Is this the answer to the check?" in shown
        (link,) = (url for mail in asked.post if mail.to == KARIN for url in mail.links if "/a/" in url)
        visitor = asked.app.test_client()
        path = "/a/" + link.rpartition("/a/")[2]
        token = visitor.get(path).text.split('name="form_token" value="')[1].split('"')[0]
        visitor.post(path, data={"solved": "no", "mark": "3", "form_token": token, "may_quote": "no"})
        assert "Is this the answer to the check?" not in client_of(asked.team.owner).get(f"/items/{asked.item_id}").text


def test_the_owner_records_it_as_what_the_customer_said(asked: Stage, client_of):
    answers(asked, KARIN, "8, deels", day(ASKED, 12))
    with time_machine.travel(day(ASKED, 13), tick=True):
        client = client_of(asked.team.owner)
        shown = client.get(f"/items/{asked.item_id}").text
        url = _url(shown, "letter=")
        sheet = client.get(url).text
        assert 'value="partly" checked' in sheet
        assert "filled in from the customer’s mail" in sheet
        given = {"source": "call", "solved": "partly", "mark": "8", "answered_by": "Karin Smit", "better": "8, deels"}
        assert client.post(url.partition("?")[0], data=given).status_code in (200, 303)
    with asked.look():
        (row,) = db.session.scalars(select(Answer))
        assert (row.solved, row.mark, row.source) == (Solved.PARTLY, 8, AnswerSource.CALL)
        assert row.recorded_by_id == asked.team.owner.id


def test_it_can_be_put_aside_and_stays_in_the_journal(asked: Stage, client_of):
    answers(asked, KARIN, "8 uur was er nog niemand", day(ASKED, 12))
    with time_machine.travel(day(ASKED, 13), tick=True):
        client = client_of(asked.team.owner)
        url = _url(client.get(f"/items/{asked.item_id}").text, "/aside")
        assert client.post(url).status_code in (200, 303)
        shown = client.get(f"/items/{asked.item_id}").text
    assert "Is this the answer to the check?" not in shown
    assert "8 uur was er nog niemand" in shown


def test_a_viewer_is_not_asked_to_decide(asked: Stage, client_of):
    answers(asked, KARIN, "8 ja", day(ASKED, 12))
    with time_machine.travel(day(ASKED, 13), tick=True):
        viewer = client_of(asked.team.viewer)
        assert "/letters/" not in viewer.get(f"/items/{asked.item_id}").text
        with asked.look():
            entry = db.session.scalars(select(Entry.id).where(Entry.what == "customer_wrote")).one()
        assert viewer.post(f"/items/{asked.item_id}/letters/{entry}/aside").status_code in (403, 409)


def _url(page: str, part: str) -> str:
    """The first address on a page with this in it."""
    end = page.index(part)
    return page[page.rfind('"', 0, end) + 1 : page.index('"', end)].replace("&amp;", "&")


# --- colleagues ------------------------------------------------------------------------------------------


def comments(stage: Stage) -> list[tuple[int, str]]:
    with stage.look():
        return [(row.author_id, row.body) for row in db.session.scalars(select(Comment))]


def address(stage: Stage, name: str) -> str:
    return getattr(stage.team, name).email


def test_a_colleague_comments_by_answering_a_mail_about_one_item(promised: Stage):
    promised.passes(day(LATE))
    to = address(promised, "owner")
    assert answers(
        promised, to, "Komt goed.\n\nOp ma 16 mrt 2026 schreef Beterbord <pdca@localhost>:\n> Dag", day(LATE, 12)
    )
    assert comments(promised) == [(promised.team.owner.id, "Komt goed.")]


def test_a_mail_about_two_items_does_not_say_which_one(promised: Stage):
    with promised.work() as made:
        walk(made, Phase.DO, at=day(1, 9))
    promised.passes(day(LATE))
    assert not answers(promised, address(promised, "owner"), "Komt goed.", day(LATE, 12))
    assert comments(promised) == []


def test_who_left_the_team_no_longer_comments(promised: Stage):
    promised.passes(day(LATE))
    to = address(promised, "owner")
    with promised.work() as made:
        remove_member(made.owner.memberships[0], by=made.leader, at=day(LATE, 11))
    assert not answers(promised, to, "Komt goed.", day(LATE, 12))
    assert comments(promised) == []


# --- what it begins with ---------------------------------------------------------------------------------

READS = {
    "8": Begins(mark=8),
    "10": Begins(mark=10),
    "Ja": Begins(Solved.YES),
    "8, ja": Begins(Solved.YES, 8),
    "ja - een 9!": Begins(Solved.YES, 9),
    "Deels. Cijfer: 6": Begins(Solved.PARTLY, 6),
    "No, 2/10": Begins(Solved.NO, 2),
    "partly": Begins(Solved.PARTLY),
    "Beste Omar,\n\n7 nee": Begins(Solved.NO, 7),
    "11": None,
    "8,5": None,
    "0": None,
    "2026 was beter": None,
    "Jammer": None,
    "Nou, 8": None,
    "8-9-2026 kom ik": None,
    "": None,
}


@pytest.mark.parametrize("text", READS)
def test_an_answer_is_read_from_how_it_begins(text):
    assert begins_with(text) == READS[text]


def test_a_very_long_word_takes_no_time():
    assert begins_with("een " * 100_000) is None
