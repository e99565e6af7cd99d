"""The grouped mail as it is read: groups, due words, whose, why, one link per line, how to stop, both languages."""

from __future__ import annotations

from datetime import date

import pytest

from pdca.items import decisions, handovers
from pdca.items.answers import LookalikeAnswer
from pdca.items.handovers import Note
from pdca.items.terms import Kind, LookalikeChoice, Phase
from pdca.people.models import Person
from tests.followup.conftest import Stage, at, day
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


def test_the_first_line_is_the_most_urgent_and_names_the_subject(promised: Stage):
    with promised.work() as team:
        title = promised.item.title
        walk(team, Phase.DO, at=day(2, 9), title="Klok ophangen", lookalikes=DIFFERENT, due_on=date(2026, 3, 26))
    mail = promised.passes(at(3, 24)).mail_to("omar")
    assert mail.subject == f"1 day late: {title} (and 1 more)"
    assert mail.lines == ["1 promise passed", "2 promise comes"]
    assert mail.text.index("Late\n----") < mail.text.index("This week\n---------")
    assert "Thursday: Keep the promise, or agree a new date in time. (because you are the owner)" in mail.text


def test_every_line_leads_to_its_item_and_the_button_to_the_page_that_needs_no_signing_in(promised: Stage):
    mail = promised.passes(at(3, 24)).mail_to("omar")
    site = promised.app.extensions["settings"].links
    (act,) = {link for link in mail.links if "/act/" in link}
    assert mail.links == [
        f"{site}/items/{promised.item_id}#next",
        act,
        act,
        f"{site}/me",
        f"{site}/me/list",
    ]


def test_who_reads_it_beside_the_owner_sees_whose_it_is(promised: Stage):
    mail = promised.passes(at(3, 24)).passes(at(3, 26)).mail_to("bo")
    assert "Owed by Omar Bakker. (because you are board keeper)" in mail.text


def test_it_says_why_it_was_sent_and_how_to_stop_what_may_be_stopped(promised: Stage):
    text = promised.passes(at(3, 24)).mail_to("omar").text
    assert "You get this mail because something waits for you; behind each line stands why." in text
    assert "At most one mail a day, on working days. A reminder stops when it is done" in text


def test_a_dutch_reader_reads_dutch(promised: Stage):
    with promised.work() as team:
        team.owner.locale = "nl"
    mail = promised.passes(at(3, 24)).mail_to("omar")
    assert mail.subject.startswith("1 dag te laat: ")
    assert "De beloofde datum is voorbij" in mail.text
    assert "omdat je eigenaar bent" in mail.text
    assert "Je krijgt deze mail" in mail.text


def test_the_html_says_the_same(promised: Stage):
    part = promised.passes(at(3, 24)).mail_to("omar").message.get_body(("html",))
    html = part.get_content()
    assert "The promised date has passed" in html
    assert f"/items/{promised.item_id}#next" in html
    assert "<script" not in html


def test_what_people_typed_stays_text(stage: Stage):
    with stage.work() as team:
        walk(team, Phase.DO, at=day(0, 9), title='Klik <a href="https://kwaad.example">hier</a> www.kwaad.nl')
    stage.passes(day(0)).passes(at(3, 24))
    html = stage.mail_to("omar").message.get_body(("html",)).get_content()
    assert "&lt;a href=" in html
    assert 'href="https://kwaad.example"' not in html


def test_many_new_items_are_one_line(stage: Stage):
    with stage.work() as team:
        for n in range(5):
            new(team, at=day(0, 9), title=f"Idee nummer {n} uit de bus")
    mail = stage.passes(day(7)).mail_to("bo")
    assert "5 new items wait for a decision" in mail.text
    assert f"/teams/{stage.team.team.id}/board" in mail.text
    assert mail.text.count("Decide:") == 0


def test_what_happened_to_one_item_is_one_row(stage: Stage):
    with stage.work() as team:
        walk(team, Phase.DO, at=day(0, 9), title="Klok ophangen")
    mail = stage.passes(day(0)).mail_to("bo")
    assert mail.lines == ["1 taken up + promised"]
    assert "Omar Bakker took it up. Omar Bakker promised it for Monday 23 March." in mail.text


def test_a_mention_travels_with_its_words(promised: Stage):
    from pdca.items import talk

    with promised.work() as team:
        talk.comment(promised.item, "@Mila weet jij wie de drukker is?", by=team.owner, at=day(1, 9))
    mail = promised.passes(day(1)).mail_to("mila")
    assert "Omar Bakker mentions you: “@Mila weet jij wie de drukker is?”" in mail.text


def test_the_leader_is_asked_to_assign(promised: Stage):
    with promised.work() as team:
        note = Note("Niets.", "Alles.", "Karin: 23 maart.", "Let op.")
        handovers.hand_over(promised.item, team.member.id, note, by=team.owner, at=day(1, 9))
    promised.passes(day(1))
    assert promised.said("mila") == ["1 handover"]
    # Answered by Thursday 5 March: receiver again on Monday 9, keeper on Tuesday 10, leader on Thursday 12.
    assert promised.passes(day(7)).said("mila") == ["1 handover"]
    assert promised.passes(day(8)).said("bo") == ["1 handover waits"]
    assert promised.passes(day(10)).said("leyla") == ["1 handover waits"]


# --- the weekly overview ---------------------------------------------------------------------------------


def test_an_empty_overview_is_one_line_still_sent(stage: Stage):
    mail = stage.passes(day(0)).mail_to("leyla")
    assert mail.subject == "Week overview · Nothing waits for you"
    assert "No decision waits for you and nothing stands still. Have a good week." in mail.text
    assert "because you are leader" in mail.text


def test_the_overview_names_decisions_broken_promises_aftercare_and_what_stalled(stage: Stage):
    """Monday 16 March: a waiver asked on the 12th, a promise of the 6th, a check on the 20th, a new item of the 4th."""
    with stage.work() as team:
        walk(team, Phase.DO, at=day(0, 9), title="Te laat", due_on=date(2026, 3, 6))
        walk(team, Phase.CHECK, at=day(0, 9), title="Nazorg deze week", lookalikes=DIFFERENT, days_in_do=4)
        new(team, at=day(2, 9), title="Wacht op een besluit")
        asks = walk(team, Phase.PLAN, Kind.IMPROVEMENT, at=day(10, 9), title="Vraagt ontheffing", lookalikes=DIFFERENT)
        decisions.ask_waiver(asks.item, "R20", "Er is geen wachtkamer.", by=team.owner, at=day(10, 10))
    for n in (0, 7, 10, 14):
        stage.passes(day(n))
    mail = stage.mail_to("leyla")
    assert mail.lines == ["overview"]
    assert [line for line in mail.text.splitlines() if line in HEADS or line.startswith("- ")] == [
        "Decisions that wait for you",
        "- 4 Vraagt ontheffing",
        "Promises broken, customers not told yet",
        "- 1 Te laat",
        "Aftercare, due and overdue",
        "- 2 Nazorg deze week",
        "Stalled",
        "- 3 Wacht op een besluit",
    ]
    assert "Waits for a decision · Bo Kuipers" in mail.text


HEADS = {
    "Decisions that wait for you",
    "Still undecided",
    "Promises broken, customers not told yet",
    "Aftercare, due and overdue",
    "Stalled",
}


def test_a_leader_of_two_teams_reads_one_overview(stage: Stage):
    from pdca.people.models import Membership, Role
    from tests.factories import a_team

    with stage.work() as team:
        second = a_team("Vergunningen")
        leads = Membership(team_id=second.id, person_id=team.leader.id, role=Role.LEADER, joined_at=day(0))
        from pdca.db import db

        db.session.add(leads)
    assert len([mail for mail in stage.passes(day(0)).post if mail.to.startswith("leyla")]) == 1


@pytest.mark.parametrize("name", ["owner", "keeper", "sponsor"])
def test_only_leaders_get_an_empty_one(stage: Stage, name: str):
    person: Person = getattr(stage.team, name)
    stage.passes(day(0))
    assert stage.said(person.email) == []
