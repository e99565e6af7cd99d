"""My list, the number in the menu, the administrators' clock, and /health."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from pdca.db import db
from pdca.followup import nodes
from pdca.followup.lines import Urgency, urgency_of
from pdca.followup.mine import items_due_for, nav_count
from pdca.followup.models import Node
from pdca.items.answers import LookalikeAnswer
from pdca.items.terms import LookalikeChoice, Phase
from pdca.people.models import Absence, Person, Role
from tests.factories import signed_in
from tests.followup.conftest import Stage, at, day
from tests.stories import new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


def page(stage: Stage, person: Person, moment: datetime, path: str = "/me/list"):
    """What this person sees at a moment."""
    with time_machine.travel(moment, tick=True):
        with stage.app.app_context(), db.writing():
            client = signed_in(stage.app, db.session.get_one(Person, person.id))
        return client.get(path, headers={"Accept-Language": "en"})


def rows(html: str) -> list[str]:
    """ "group | when | title" of every line."""
    found, group = [], ""
    for head, when, title in re.findall(
        r'<h2 id="list-(\w+)"|<time class="due[^"]*"[^>]*>([^<]+)</time>|<h3>.*?<a href="[^"]+">([^<]+)</a>', html
    ):
        group = head or group
        if when:
            found.append(f"{group} | {when} | ")
        if title:
            found[-1] += title
    return found


def test_an_empty_list_is_praise(stage: Stage):
    html = page(stage, stage.team.owner, day(0)).text
    assert "Everything is done." in html


def test_the_list_is_grouped_by_when(stage: Stage):
    with stage.work() as team:
        for title, due_on in (
            ("Te laat", date(2026, 3, 6)),
            ("Vandaag", date(2026, 3, 9)),
            ("Deze week", date(2026, 3, 13)),
        ):
            walk(team, Phase.DO, at=day(0, 9), title=title, due_on=due_on, lookalikes=DIFFERENT)
        walk(team, Phase.PLAN, at=day(3, 9), title="Later", lookalikes=DIFFERENT)
    assert rows(page(stage, stage.team.owner, day(7)).text) == [
        "late | 3 days late | Te laat",
        "today | today | Vandaag",
        "week | Friday | Deze week",
        "later | Thu 19 Mar | Later",
    ]


def test_a_line_says_what_to_do_and_leads_to_where(promised: Stage):
    html = page(promised, promised.team.owner, at(3, 24)).text
    assert "The promised date has passed: say “done”, give a new date or ask for help." in html
    assert f'href="/items/{promised.item_id}#next"' in html
    # Red is for what is frozen, and this card is.
    assert 'class="due is-frozen"' in html


def test_the_deputy_sees_it_in_an_absence(promised: Stage):
    with promised.work() as team:
        team.owner.deputy_id = team.member.id
        db.session.add(Absence(person_id=team.owner.id, from_on=date(2026, 3, 2), until_on=date(2026, 3, 13)))
    assert len(rows(page(promised, promised.team.member, day(2)).text)) == 1
    assert "You stand in for Omar Bakker." in page(promised, promised.team.member, day(2)).text
    assert rows(page(promised, promised.team.member, day(14)).text) == []


def test_every_keeper_sees_what_the_keeper_owes(stage: Stage):
    with stage.work() as team:
        new(team, at=day(0, 9), title="Formulier onleesbaar")
        second = team.join("Kim Blok", Role.BOARD_KEEPER)
        second.locale = "en"
        second_id = second.id
    with stage.look():
        second = db.session.get_one(Person, second_id)
        db.session.expunge(second)
    assert len(rows(page(stage, stage.team.keeper, day(0)).text)) == 1
    assert len(rows(page(stage, second, day(0)).text)) == 1
    assert rows(page(stage, stage.team.owner, day(0)).text) == []


def test_what_is_quiet_until_its_day_is_not_listed(stage: Stage):
    with stage.work() as team:
        walk(team, Phase.CLOSED, at=day(0, 9))
    assert rows(page(stage, stage.team.owner, at(3, 24)).text) == []


def test_of_the_checks_to_come_only_the_first_is_listed(stage: Stage):
    with stage.work() as team:
        walk(team, Phase.CHECK, at=day(0, 9), title="Klok ophangen")
    assert rows(page(stage, stage.team.owner, day(8)).text) == ["later | Mon 23 Mar | Klok ophangen"]


@pytest.mark.parametrize(
    ("today", "due_on", "urgency"),
    [
        ((3, 4), (3, 3), Urgency.LATE),
        ((3, 4), (3, 4), Urgency.TODAY),
        ((3, 4), (3, 8), Urgency.WEEK),
        ((3, 4), (3, 9), Urgency.LATER),
        # Saturday and Sunday look at the week that comes.
        ((3, 7), (3, 15), Urgency.WEEK),
        ((3, 8), (3, 15), Urgency.WEEK),
        ((3, 8), (3, 16), Urgency.LATER),
    ],
)
def test_in_which_group_a_day_falls(today, due_on, urgency):
    assert urgency_of(date(2026, *due_on), date(2026, *today)) is urgency


def test_who_left_sees_nothing_of_it(promised: Stage):
    from pdca.people.models import Membership

    with promised.work() as team:
        db.session.execute(Membership.__table__.delete().where(Membership.person_id == team.owner.id))
    assert rows(page(promised, promised.team.owner, at(3, 24)).text) == []


def test_the_menu_counts_what_is_due(promised: Stage):
    number = re.compile(r'href="/me/list"[^>]*>(?:<svg.*?</svg><span>)?My list(?: <b>(\d+)</b>)?')
    assert number.search(page(promised, promised.team.owner, day(2)).text)[1] is None
    assert number.search(page(promised, promised.team.owner, at(3, 24)).text)[1] == "1"


def test_what_waits_for_me_on_the_board_is_what_the_menu_counts(stage: Stage):
    """From the midnight of whoever looks; of a check that was asked, from the day it must be settled."""
    with stage.work() as team:
        walk(team, Phase.DO, at=day(0, 9), title="Klok ophangen", due_on=date(2026, 3, 13), lookalikes=DIFFERENT)
        walk(team, Phase.CHECK, at=day(0, 9), title="Formulier korter", lookalikes=DIFFERENT)
    owner = stage.team.owner
    # The 13th begins in Amsterdam an hour before it does in UTC. The check is asked on the 23rd.
    for moment, due in ((day(10, 23), 0), (day(11, 0), 1), (day(21), 1), (day(49), 2)):
        stage.passes(moment)
        with stage.look(), time_machine.travel(moment, tick=False):
            assert (len(items_due_for(owner, moment)), nav_count(owner, moment)) == (due, due), moment


def test_the_list_costs_the_same_whatever_its_length(stage: Stage):
    with stage.app.app_context():
        engine = db.engine
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    costs = []
    page(stage, stage.team.keeper, day(0))  # a new connection asks a question of its own, once
    for already, count in ((0, 1), (1, 30)):
        with stage.work() as team:
            for n in range(already, count):
                new(team, at=day(0, 9), title=f"Idee {n}")
        seen.clear()
        assert len(rows(page(stage, stage.team.keeper, day(0)).text)) == count
        costs.append(len(seen))
    assert costs[0] == costs[1]


# --- administrators --------------------------------------------------------------------------------------


def test_only_administrators_see_the_clock(promised: Stage):
    assert page(promised, promised.team.leader, day(0), "/admin/followup").status_code == 404


def test_the_clock_runs_or_is_red(promised: Stage):
    with promised.work() as team:
        team.administrator.locale = "en"
    fresh = page(promised, promised.team.administrator, day(0) + timedelta(minutes=4), "/admin/followup").text
    # Without the form's token, which may hold any letters.
    fresh = re.sub(r"<[^>]+>", " ", fresh)
    assert "Yes: the last pass ended on" in fresh
    assert "1 item looked at" in fresh
    assert "E0" not in fresh
    stale = page(promised, promised.team.administrator, day(0) + timedelta(minutes=6), "/admin/followup").text
    assert "No: the last pass ended on" in stale
    assert "frozen-word" in stale


def test_before_the_first_pass_it_says_so(stage: Stage):
    with stage.work() as team:
        team.administrator.locale = "en"
    assert "It never ran here." in page(stage, stage.team.administrator, day(0), "/admin/followup").text


def health(stage: Stage, moment: datetime):
    """What /health says at a moment."""
    with time_machine.travel(moment, tick=True):
        return stage.app.test_client().get("/health")


def test_health_tells_a_living_clock_from_a_dead_one(promised: Stage):
    alive, dead = health(promised, day(0) + timedelta(minutes=4)), health(promised, day(0) + timedelta(minutes=6))
    assert (alive.status_code, dead.status_code) == (200, 503)
    assert 239 <= alive.json["scheduler"]["age_s"] <= 241
    assert dead.json["scheduler"]["last_run"].startswith("2026-03-02T09:00")


def test_a_clock_that_never_ran_is_ill_only_when_something_waits(stage: Stage):
    assert health(stage, day(0)).status_code == 200
    with stage.work() as team:
        new(team, at=day(0, 9))
    assert health(stage, day(0)).status_code == 200
    assert health(stage, day(8)).status_code == 503


def test_a_pass_under_a_clock_that_was_ahead_is_no_sign_of_life(promised: Stage):
    """A rehearsal, or a jump that was believed: the row it left must not speak for a dead engine, for months."""
    promised.passes(day(60))
    with promised.work():
        (left_behind,) = db.session.scalars(select(Node).where(Node.name.not_in(nodes.NO_PROCESS))).all()
        left_behind.name = "rehearsal:1"
    assert [health(promised, day(n)).status_code for n in (0, 1, 59)] == [503, 503, 503]
    promised.passes(day(1))
    assert health(promised, day(1) + timedelta(minutes=4)).status_code == 200
    assert health(promised, day(1) + timedelta(minutes=6)).status_code == 503
    with promised.look():
        assert "rehearsal:1" not in [node.name for node in nodes.processes()]


def test_hosts_whose_clocks_differ_a_little_are_alive(promised: Stage):
    assert health(promised, day(0) - timedelta(seconds=20)).status_code == 200
    assert health(promised, day(0) - timedelta(seconds=40)).status_code == 503
