"""The demo is a team that really worked: everything in it is true, on whatever day it is made."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import func, select

from pdca import create_app
from pdca.db import db
from pdca.demo.cli import mail_of_the_last_working_day
from pdca.demo.days import Days
from pdca.followup import invariants, sweep
from pdca.followup.jobs import followup_once
from pdca.followup.models import Duty, DutyState
from pdca.items.models import Answer, Comment, Contact, Entry, File, Item, Mention, Move, Waiver
from pdca.items.queries import facts_for
from pdca.items.terms import CustomerType, HandoverState, Phase, Verdict
from pdca.mail.models import Message, MessageState
from pdca.people.models import Absence, Person, Sponsorship, Team
from pdca.people.queries import demo_people
from tests.conftest import settings_for
from tests.demo.conftest import WEDNESDAY, make

OTHER_DAYS = {
    "Monday at midnight": datetime(2026, 10, 4, 22, 5, tzinfo=UTC),
    "Sunday of winter time": datetime(2026, 10, 25, 12, 0, tzinfo=UTC),
    "second Christmas day": datetime(2026, 12, 26, 20, 0, tzinfo=UTC),
    "leap day": datetime(2028, 2, 29, 15, 0, tzinfo=UTC),
}


def facts_now(at=WEDNESDAY):
    return list(facts_for(db.session.scalars(select(Item.id)).all(), at).values())


def test_it_shows_everything_a_team_meets(demo):
    facts, items = facts_now(), db.session.scalars(select(Item)).all()
    on_the_desk = Counter(f.phase for f in facts if f.team_name == "Burgerzaken en balie")
    assert 38 <= len(facts) <= 45
    assert all(on_the_desk[phase] for phase in Phase)
    assert all(2 <= on_the_desk[phase] <= 8 for phase in (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT))
    assert {f.customer_type for f in facts if f.customer_type} == set(CustomerType)
    assert {i.final_verdict for i in items if i.phase is Phase.CLOSED} == {
        Verdict.EFFECTIVE, Verdict.PARTLY, Verdict.NOT_REACHED
    }  # fmt: skip
    frozen = {f.phase for f in facts if f.is_frozen}
    assert {Phase.DO, Phase.CHECK} <= frozen
    assert sum(f.handover is not None for f in facts) >= 2
    assert {f.times_moved for f in facts} >= {0, 1, 2}
    assert any(f.promise and f.promise.waiting_number for f in facts)
    assert any(f.waiting_on for f in facts)
    assert any(i.round_number == 2 and i.final_verdict is Verdict.EFFECTIVE for i in items)
    assert any(f.calls_during_work for f in facts)
    assert db.session.scalar(select(func.count(Waiver.id))) == 1
    for table in (File, Mention, Comment, Absence, Sponsorship, Answer):
        assert db.session.scalar(select(func.count()).select_from(table)), table


def test_addresses_reach_nobody(demo):
    addresses = [*db.session.scalars(select(Person.email)), *db.session.scalars(select(Contact.email))]
    assert {a.rpartition("@")[2] for a in addresses if a} == {"example.org", "example.net"}


def test_people_sign_in_with_one_click(demo):
    found = {known.part: known.person.name for known in demo_people()}
    assert list(found) == ["member", "board_keeper", "leader", "administrator"]
    zones = set(db.session.scalars(select(Person.timezone)))
    assert zones == {None, "America/Curacao"}


def test_its_history_is_true(demo):
    """Moves, journal and numbers agree, in the order of time, and nothing lies ahead."""
    for item in db.session.scalars(select(Item)):
        moves = db.session.scalars(select(Move).where(Move.item_id == item.id).order_by(Move.id)).all()
        phases = [m.to_phase for m in moves]
        assert [m.from_phase for m in moves] == [Phase.NEW, *phases[:-1]][: len(moves)]
        assert (phases[-1] if phases else Phase.NEW) is item.phase
        entries = db.session.scalars(select(Entry).where(Entry.item_id == item.id).order_by(Entry.id)).all()
        told = [e.at for e in entries if e.actor_kind != "clock"]
        assert told == sorted(told)
        assert max(e.at for e in entries) <= WEDNESDAY
    for team in db.session.scalars(select(Team)):
        born = db.session.execute(
            select(Item.number, Item.created_at).where(Item.team_id == team.id).order_by(Item.number)
        ).all()
        assert [n for n, _ in born] == list(range(1, len(born) + 1))
        assert [at for _, at in born] == sorted(at for _, at in born)


def test_the_follow_up_finds_nothing_to_correct(demo):
    with time_machine.travel(WEDNESDAY, tick=False):
        assert [line for ids in sweep.chunks() for line in sweep.sweep(ids, WEDNESDAY)] == []
        assert list(invariants.broken(WEDNESDAY, alive=False)) == []


def test_only_what_is_due_today_is_mailed(demo):
    before = Counter(db.session.scalars(select(Message.state)))
    db.session.rollback()
    assert set(before) == {MessageState.OBSOLETE, MessageState.PENDING}
    with time_machine.travel(WEDNESDAY, tick=False):
        result = followup_once(WEDNESDAY)
    mailed = db.session.scalars(select(Message).where(Message.state == MessageState.ACCEPTED)).all()
    kinds = Counter(message.kind for message in mailed)
    assert kinds["grouped"] >= 4
    assert kinds["aftercare"] == 1
    assert kinds["word"] >= 1
    assert 6 <= result["accepted"] == len(mailed) <= 14
    staff = [m.person_id for m in mailed if m.kind == "grouped"]
    assert len(staff) == len(set(staff))
    customers = [m.address for m in mailed if m.kind != "grouped"]
    assert len(customers) == len(set(customers))


def test_every_open_item_is_on_somebodys_list(demo):
    open_items = {f.id for f in facts_now() if f.is_open}
    owed = select(Duty.subject_id).where(Duty.state == DutyState.OPEN, Duty.holder_id.is_not(None))
    assert open_items <= set(db.session.scalars(owed))


def test_a_handover_waits_for_somebody_far_away(demo):
    receivers = {
        h.receiver.name
        for item in db.session.scalars(select(Item))
        for h in item.handovers
        if h.state is HandoverState.OPEN and h.receiver
    }
    assert "Julian Croes" in receivers


# --- any day ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", OTHER_DAYS.values(), ids=OTHER_DAYS)
def test_it_can_be_made_on_any_day(now, sqlite_template, tmp_path):
    shutil.copyfile(sqlite_template, tmp_path / "pdca.db")
    make(tmp_path, None, now)
    app = create_app(settings_for(tmp_path))
    with app.app_context(), db.writing():
        assert {f.phase for f in facts_now(now)} == set(Phase)
        assert [line for ids in sweep.chunks() for line in sweep.sweep(ids, now)] == []
        assert db.session.scalar(select(func.max(Entry.at))) <= now
        db.session.rollback()
    with app.app_context():
        mail_of_the_last_working_day(Days(now, app.extensions["settings"].timezone))
        db.engine.dispose()
    # A newcomer finds mail whatever the day, of a colleague and of a customer; after midnight it leaves in the morning.
    mails = {path.name.split("-")[1] for path in (tmp_path / "mail").glob("*.eml")}
    assert {"samira.haddou@example.org", "r.vanloon@example.net"} <= mails or (now.hour, mails) == (22, set())


# --- the command -----------------------------------------------------------------------------------------


def test_twice_is_once_and_more_cards_can_be_added(app):
    run = app.test_cli_runner()
    with time_machine.travel(WEDNESDAY, tick=False):
        assert "43 items in two teams" in run.invoke(args=["demo"]).output
        again = run.invoke(args=["demo", "--cards", "24"])
    assert (again.exit_code, again.output) == (0, "The demo is here already.\n24 cards were added.\n")
    with app.app_context():
        assert db.session.scalar(select(func.count(Item.id))) == 67
        assert Counter(db.session.scalars(select(Item.phase).where(Item.id > 43))) == {
            Phase.NEW: 6, Phase.PLAN: 6, Phase.DO: 6, Phase.CHECK: 4, Phase.ACT: 2
        }  # fmt: skip
        assert list(invariants.broken(WEDNESDAY, alive=False)) == []


def test_where_people_work_it_is_refused(app, session):
    session.add(Person(email="a@example.org", name="A", created_at=WEDNESDAY))
    session.commit()
    done = app.test_cli_runner().invoke(args=["demo"])
    assert (done.exit_code, "somebody works here already" in done.output) == (1, True)
    assert session.scalar(select(func.count(Item.id))) == 0
