"""What customers are mailed: the question, one reminder, what we have to tell; once a day at most, with one link."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.followup.models import Duty
from pdca.items import checks, promises
from pdca.items.answers import CustomerAnswer, LookalikeAnswer, ToldAnswer
from pdca.items.checks import CheckAnswer
from pdca.items.contacts import opt_out
from pdca.items.models import Check, Contact, Word
from pdca.items.taking_back import take_back
from pdca.items.terms import CheckState, CustomerType, LookalikeChoice, Phase, Solved, ToldHow
from pdca.mail.links import find_link
from pdca.mail.models import Message, MessageState
from pdca.people.models import Membership
from pdca.people.operations import remove_member, save_settings
from tests.followup.conftest import Stage, at, day
from tests.stories import Story, new, walk

KARIN = "karin@klant.example"
AGAIN = "Nog één keer: heeft het geholpen?"
DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)
TOKEN = re.compile(r"/a/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")


@pytest.fixture
def carried_out(stage: Stage) -> Stage:
    """Carried out on Monday 9 March; asked on Monday 23 March, settled by Tuesday 7 April."""
    with stage.work() as team:
        stage.item_id = walk(team, Phase.CHECK, at=day(0, 9), title="Tussenbericht sturen").item.id
    stage.passes(day(9))
    return stage


def first_check(stage: Stage) -> Check:
    """The check that is asked first."""
    return next(c for c in stage.item.checks if c.number == 1)


# --- asking ----------------------------------------------------------------------------------------------


def test_on_its_day_the_customer_is_asked_in_dutch_with_one_link(carried_out: Stage):
    assert carried_out.passes(at(3, 20)).said("karin") == []
    mail = carried_out.passes(at(3, 23)).mail_to("karin")
    assert mail.subject == "Heeft het geholpen? · Tussenbericht sturen"
    assert "Beste Karin Smit," in mail.text or "Dag Karin Smit," in mail.text
    assert "op 9 maart hebben we dit gedaan: “Tussenbericht sturen”" in mail.text
    links = {link for link in mail.links if TOKEN.search(link)}
    assert len(links) == 1
    assert len(mail.links) == 1
    with carried_out.look():
        found = find_link(TOKEN.search(mail.text)[1], "aftercare", at(3, 23))
        check = first_check(carried_out)
        assert (found.subject_id, found.contact_id) == (check.id, carried_out.item.contacts[0].id)
        assert (check.state, check.asked_at is not None) == (CheckState.ASKED, True)


def test_the_link_works_thirty_days(carried_out: Stage):
    token = TOKEN.search(carried_out.passes(at(3, 23)).mail_to("karin").text)[1]
    with carried_out.look():
        assert find_link(token, "aftercare", at(4, 22, 9)) is not None
        assert find_link(token, "aftercare", at(4, 22, 12)) is None


def test_no_stored_row_holds_a_working_token(carried_out: Stage):
    token = TOKEN.search(carried_out.passes(at(3, 23)).mail_to("karin").text)[1]
    with carried_out.look():
        stored = db.session.scalars(select(Message.mime).where(Message.kind == "aftercare")).one()
        assert token.encode() not in stored


def test_a_silent_customer_is_reminded_once_after_five_working_days(carried_out: Stage):
    carried_out.passes(at(3, 23))
    assert carried_out.passes(at(3, 27)).said("karin") == []
    assert carried_out.passes(at(3, 30)).mail_to("karin").subject.startswith("Nog één keer: heeft het geholpen?")
    assert carried_out.passes(at(3, 31)).said("karin") == []


def test_who_was_asked_late_is_reminded_and_called_about_as_much_later(carried_out: Stage):
    """Nothing ran from 20 March to Tuesday 14 April: three weeks after the day, and a week after it had to be settled.

    "One more time" comes on the fifth working day after the question, the calls on the seventh and the ninth; the
    owner is not told to call a customer who was asked on that very day. Nothing is escalated before the second call.
    """
    carried_out.passes(at(3, 20))
    said = {}
    for moment in [at(4, day_) for day_ in range(14, 30)]:
        carried_out.passes(moment)
        for mail in carried_out.post:
            about = mail.subject if mail.to == KARIN else [line for line in mail.lines if line.startswith("1 ")]
            if about:
                said.setdefault(mail.to.partition("@")[0].partition(".")[0], []).append((moment.day, about))
    question, again = (f"{words} · Tussenbericht sturen" for words in ("Heeft het geholpen?", AGAIN))
    # The 20th is the day of the second check.
    assert said["karin"] == [(14, question), (20, question), (21, again), (28, again)]
    # Working days after the 14th: King's Day, Monday the 27th, is free.
    assert [day_ for day_, _ in said["omar"]] == [23, 28]
    assert [day_ for day_, _ in said["bo"]] == [28]


@pytest.mark.parametrize("asked_at", [at(3, 23, 7), at(3, 24, 7)], ids=str)
def test_the_day_counts_on_which_the_mail_left(carried_out: Stage, asked_at):
    carried_out.passes(at(3, 23, 1)).passes(asked_at)
    with carried_out.look():
        (duty,) = db.session.scalars(select(Duty).where(Duty.ladder == "aftercare_mail", Duty.step == "ask")).all()
        assert duty.asked_on == asked_at.date()
        assert (duty.next_step, duty.next_step_at) == ("remind", at(3, asked_at.day + 7, 0))


def test_who_answered_is_not_reminded(carried_out: Stage):
    carried_out.passes(at(3, 23))
    with carried_out.work():
        item = carried_out.item
        checks.answer_by_link(first_check(carried_out), item.contacts[0], CheckAnswer(Solved.YES, 8), at=at(3, 24))
    assert carried_out.passes(at(3, 30)).said("karin") == []


def test_who_answered_before_the_mail_left_is_not_asked(carried_out: Stage):
    """Queued at seven, answered by telephone at half past, delivered at eight."""
    from pdca.followup import jobs

    with carried_out.app.app_context():
        jobs.step_up(at(3, 23, 7))
        jobs.ask_customers(at(3, 23, 7))
    with carried_out.work() as team:
        said = CheckAnswer(Solved.YES, 8, answered_by="Karin Smit")
        checks.record_answer(first_check(carried_out), said, by=team.owner, at=at(3, 23, 7))
    carried_out.passes(at(3, 23, 8))
    with carried_out.look():
        assert (
            db.session.scalars(select(Message.state).where(Message.kind == "aftercare")).one() is MessageState.OBSOLETE
        )


def test_who_wants_no_more_mail_gets_none(carried_out: Stage):
    with carried_out.work():
        carried_out.item.contacts[0].opted_out_at = at(3, 20)
    assert carried_out.passes(at(3, 23)).said("karin") == []


def test_an_address_that_does_not_work_is_told_to_the_owner(carried_out: Stage):
    from pdca.mail.operations import suppress

    with carried_out.work():
        suppress(KARIN, "550 no such user", at(3, 20))
    carried_out.passes(at(3, 23)).passes(at(3, 24))
    assert carried_out.said("omar") == ["1 mail failed"]


def test_outside_the_customers_hours_it_waits(carried_out: Stage):
    assert carried_out.passes(at(3, 23, 6)).said("karin") == []
    assert carried_out.passes(at(3, 23, 20)).said("karin") == []
    assert carried_out.passes(at(3, 24, 7)).mail_to("karin")


def test_an_address_gets_one_mail_a_day(carried_out: Stage):
    """Two items for the same customer, both asked on Monday 23 March."""
    with carried_out.work() as team:
        other = CustomerAnswer(CustomerType.EXTERNAL, "K. Smit", "KARIN@klant.example")
        walk(team, Phase.CHECK, at=day(0, 9), title="Klok ophangen", lookalikes=DIFFERENT, customer=other)
    subjects = []
    for n in (21, 22, 23):
        carried_out.passes(day(n))
        subjects += [mail.subject for mail in carried_out.post if mail.to.casefold() == KARIN]
        assert len(subjects) == min(n - 20, 2)
    assert sorted(subjects) == ["Heeft het geholpen? · Klok ophangen", "Heeft het geholpen? · Tussenbericht sturen"]


def test_a_group_is_asked_one_by_one(stage: Stage):
    with stage.work() as team:
        stage.item_id = walk(team, Phase.CHECK, at=day(0, 9)).item.id
        db.session.add(Contact(item_id=stage.item_id, name="Piet Otten", email="piet@klant.example"))
    stage.passes(day(9)).passes(at(3, 23))
    assert sorted(mail.to for mail in stage.post if "klant" in mail.to) == [KARIN, "piet@klant.example"]


# --- telling ---------------------------------------------------------------------------------------------


def move_date(stage: Stage, due_on: date, moment) -> None:
    """The owner gives a new date; the customer is told by mail."""
    with stage.work():
        told = ToldAnswer(ToldHow.MAIL, "Karin", moment.date(), "De drukker levert later.")
        why = "De drukker levert later."
        promises.change_date(stage.item, due_on=due_on, reason=why, by=stage.item.owner, at=moment, told=told)


def test_a_new_date_is_told_at_once(promised: Stage):
    move_date(promised, date(2026, 3, 31), at(3, 20, 9))
    mail = promised.passes(at(3, 20)).mail_to("karin")
    assert mail.subject.startswith("Een nieuwe datum: 31 maart")
    assert "De drukker levert later." in mail.text
    assert "dinsdag 31 maart" in mail.text
    assert not TOKEN.search(mail.text)


def test_what_waits_for_the_leader_is_not_told(promised: Stage):
    for due_on, moment in (((3, 24), (3, 5)), ((3, 25), (3, 6)), ((3, 31), (3, 9))):
        move_date(promised, date(2026, *due_on), at(*moment, 9))
        promised.passes(at(*moment, 12))
    assert promised.said("karin") == []


def test_who_becomes_a_contact_later_gets_no_old_news(promised: Stage):
    move_date(promised, date(2026, 3, 31), at(3, 18, 9))
    promised.passes(at(3, 18))
    with promised.work():
        db.session.add(Contact(item_id=promised.item_id, name="Piet", email="piet@klant.example"))
    move_date(promised, date(2026, 4, 1), at(3, 19, 9))
    promised.passes(at(3, 19))
    assert [mail.subject.partition(" · ")[0] for mail in promised.post if mail.to.startswith("piet")] == [
        "Een nieuwe datum: 1 april"
    ]


def to(stage: Stage, name: str) -> list[str]:
    """The subjects of the last pass to somebody."""
    return [mail.subject for mail in stage.post if mail.to.startswith(name)]


def closed(stage: Stage) -> None:
    """A quick win that walked to closed; it ends on Monday 23 March."""
    with stage.work() as team:
        story = walk(team, Phase.CLOSED, at=day(0, 9), title="Tussenbericht sturen")
        stage.item_id = story.item.id
        stage.ended = story.at


def test_who_was_told_of_the_end_by_mail_need_not_be_called_when_they_want_no_more_of_it(stage: Stage):
    closed(stage)
    stage.passes(stage.ended)
    assert to(stage.passes(at(3, 24)), "karin")
    with stage.work():
        opt_out(stage.item.contacts[0], at=at(6, 24))
    with stage.look():
        assert stage.open_duties() == ["recurrence:1"]


def test_who_wants_no_mail_before_the_end_was_told_is_called(stage: Stage):
    closed(stage)
    with stage.work():
        opt_out(stage.item.contacts[0], at=stage.ended)
    with stage.look():
        assert sorted(stage.open_duties()) == ["recurrence:1", "tell_end:1"]


def test_duties_of_closed_items_follow_when_their_team_changes(stage: Stage):
    """Who holds the watch leaves the team; the team watches for 100 days and not for 182."""
    closed(stage)
    stage.passes(stage.ended).passes(at(3, 24))
    with stage.work() as team:
        (watch,) = db.session.scalars(select(Duty).where(Duty.state == "open"))
        before = (watch.holder_id, watch.due_on)
        membership = db.session.query(Membership).filter_by(person_id=team.owner.id).one()
        remove_member(membership, by=team.keeper, at=at(3, 24, 12))
        save_settings(team.team, {"recurrence_days": 100}, by=team.leader, at=at(3, 24, 12))
    with stage.look():
        (watch,) = db.session.scalars(select(Duty).where(Duty.state == "open"))
        assert watch.holder_id not in {before[0], None}
        assert (before[1] - watch.due_on).days == 82


def test_the_closing_mail_carries_the_way_back(stage: Stage):
    closed(stage)
    stage.passes(stage.ended)
    assert stage.said("karin") == []
    mail = stage.passes(at(3, 24)).mail_to("karin")
    assert "Tussenbericht sturen" in mail.subject
    with stage.look():
        link = find_link(TOKEN.search(mail.text)[1], "reopen", at(3, 24))
        assert link.subject_id == stage.item_id
        assert (link.expires_at - stage.item.ended_at).days == 182


def test_what_is_taken_back_is_not_told(stage: Stage):
    closed(stage)
    with stage.work() as team:
        take_back(stage.item, by=team.owner, at=stage.ended)
    assert stage.passes(at(3, 24)).said("karin") == []
    with stage.look():
        assert db.session.scalars(select(Word.withdrawn_at)).one() is not None


def test_two_weeks_before_the_watch_ends_one_question(stage: Stage):
    closed(stage)
    stage.passes(at(3, 24))
    with stage.look():
        assert stage.open_duties() == ["recurrence:1"]
    # 23 March + 168 days is Monday 7 September.
    assert stage.passes(at(9, 4)).said("karin") == []
    mail = stage.passes(at(9, 7)).mail_to("karin")
    assert mail.subject.startswith("Is het weggebleven?")
    assert TOKEN.search(mail.text)
    assert stage.passes(at(9, 8)).said("karin") == []
    stage.passes(at(10, 8))
    with stage.look():
        assert stage.open_duties() == []


def test_who_cannot_be_mailed_is_called_about_the_end(stage: Stage):
    with stage.work() as team:
        nobody = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", "", "0612345678")
        story = new(team, at=day(0, 9), customer=nobody)
        story.take_up()
        stage.item_id = story.item.id
    with stage.work() as team:
        from pdca.items.answers import LessonAnswer

        lesson = LessonAnswer("Het was niet nodig.")
        Story(team, stage.item, day(1)).move(Phase.STOPPED, by=team.leader, reason="Niet nodig.", lesson=lesson)
    with stage.look():
        assert stage.open_duties() == ["tell_end:1"]
