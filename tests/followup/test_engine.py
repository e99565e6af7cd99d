"""The pass: nothing lost, nothing said twice, nobody told what is not theirs, whatever the clock and people do."""

from __future__ import annotations

import threading
import time
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from pdca.db import db, touch
from pdca.followup import invariants, jobs, notices
from pdca.followup.jobs import followup_once
from pdca.followup.models import Duty, DutyState, News, Notice, NoticeState
from pdca.items import decisions, handovers, promises
from pdca.items.answers import Answers, CarriedOutAnswer, LookalikeAnswer, ToldAnswer
from pdca.items.handovers import Note
from pdca.items.models import Decision, Handover, Item
from pdca.items.moves import move
from pdca.items.taking_back import take_back
from pdca.items.terms import DecisionKind, Importance, Kind, LookalikeChoice, Phase, ToldHow
from pdca.mail.jobs import deliver
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import suppress
from pdca.people.models import Absence, Membership, Person
from pdca.people.operations import remove_member
from tests.followup.conftest import Stage, at, day, queue_only
from tests.stories import Crew, Story, new, walk

DIFFERENT = LookalikeAnswer(LookalikeChoice.DIFFERENT)


def finish(stage: Stage, moment: datetime) -> None:
    """The owner carried it out."""
    with stage.work():
        done = Answers(carried_out=CarriedOutAnswer(moment.date(), "Zo gedaan."))
        move(stage.item, Phase.CHECK, by=stage.item.owner, at=moment, answers=done)


def give_new_date(stage: Stage, due_on: date, moment: datetime) -> None:
    """The owner gives a new date and tells the customer by phone."""
    with stage.work():
        told = ToldAnswer(ToldHow.CALL, "Karin Smit", moment.date())
        why = "De drukker is laat."
        promises.change_date(stage.item, due_on=due_on, reason=why, by=stage.item.owner, at=moment, told=told)


def leave(team: Crew, person: Person, moment: datetime) -> None:
    """No longer in the team."""
    membership = db.session.query(Membership).filter_by(person_id=person.id).one()
    remove_member(membership, by=team.leader, at=moment)


def test_a_minute_in_which_nothing_is_due_writes_only_that_the_follow_up_was_there(promised: Stage):
    """The sign of life at its beginning and what it did at its end: other writers need not wait for more."""
    promised.passes(at(3, 10)).passes(at(3, 10) + timedelta(minutes=1))
    commits: list[object] = []

    def note(connection: object) -> None:
        commits.append(connection)

    with promised.app.app_context():
        event.listen(db.engine, "commit", note)
        try:
            followup_once(at(3, 10) + timedelta(minutes=2))
        finally:
            event.remove(db.engine, "commit", note)
    assert len(commits) == 2


# --- catching up, twice, at once -------------------------------------------------------------------------


def test_days_without_power_lose_nothing_and_repeat_nothing(promised: Stage):
    """E1 fell on Tuesday 24 and E2 on Thursday 26 March; the machine was off until Friday."""
    promised.passes(at(3, 20)).passes(at(3, 27))
    assert promised.said("omar") == ["1 promise passed"]
    assert promised.said("bo") == ["1 promise passed"]


def test_a_second_pass_in_the_same_minute_does_nothing(promised: Stage):
    first, second = promised.run(at(3, 24)), promised.run(at(3, 24))
    assert (first["messages"], first["accepted"], set(second.values())) == (2, 2, {0})
    assert [mail.lines for mail in promised.mailbox.new()] == [["overview"], ["1 promise passed"]]


@pytest.mark.fault(24)
def test_four_passes_at_once_send_one_mail(promised: Stage):
    barrier, failed = threading.Barrier(4), []

    def run() -> None:
        try:
            with promised.app.app_context():
                barrier.wait()
                followup_once(at(3, 24))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    promised.post = promised.mailbox.new()
    assert failed == []
    assert promised.said("omar") == ["1 promise passed"]


@pytest.mark.fault(15, 24)
def test_a_long_pass_gives_leases_that_are_not_over_yet(promised: Stage, monkeypatch: pytest.MonkeyPatch):
    """A lease counts from when delivery begins, not from when the pass did."""
    given, took = [], 0.4
    gathers, delivers = jobs.gather_all, jobs.deliver

    def slowly(now: datetime, go_on: jobs.GoOn) -> int:
        time.sleep(took)
        return gathers(now, go_on)

    def deliver_at(now: datetime, **rest: object) -> object:
        given.append(now)
        return delivers(now, **rest)

    monkeypatch.setattr(jobs, "gather_all", slowly)
    monkeypatch.setattr(jobs, "deliver", deliver_at)
    with promised.app.app_context():
        followup_once(at(3, 24))
    assert given[0] >= at(3, 24) + timedelta(seconds=took)


def test_what_comes_up_after_todays_mail_waits_for_tomorrow(promised: Stage):
    assert promised.passes(at(3, 24, 8)).said("omar") == ["1 promise passed"]
    with promised.work() as team:
        item = walk(team, Phase.PLAN, at=at(3, 24, 9), title="Klok in de wachtkamer", lookalikes=DIFFERENT).item
        note = Note("Niets.", "Alles.", "Karin: nog niets.", "Let op de stroom.")
        handovers.hand_over(item, team.member.id, note, by=team.owner, at=at(3, 24, 9))
    assert promised.passes(at(3, 24, 11)).said("mila") == ["2 handover", "2 taken up"]
    with promised.work() as team:
        decisions.ask_help(promised.item, "Wie kent de drukker?", by=team.owner, at=at(3, 24, 12))
        handovers.decline(item_handover(2), "Ik heb geen tijd.", by=team.member, at=at(3, 24, 12))
    assert promised.passes(at(3, 24, 13)).post == []
    promised.passes(at(3, 25, 8))
    assert (promised.said("omar"), promised.said("bo")) == (["2 given back"], ["1 help"])


def item_handover(number: int) -> Handover:
    """The last handover of the item with this number."""
    return db.session.query(Item).filter_by(number=number).one().handovers[-1]


def test_before_seven_and_from_seven_in_the_evening_nothing_leaves(promised: Stage):
    assert promised.passes(at(3, 24, 6)).post == []
    assert promised.passes(at(3, 24, 19)).post == []
    assert promised.passes(at(3, 25, 7)).said("omar") == ["1 promise passed"]


# --- what is no longer true ------------------------------------------------------------------------------


@pytest.mark.fault(39)
def test_what_was_done_meanwhile_is_not_said(promised: Stage):
    promised.passes(at(3, 24, 6))
    finish(promised, at(3, 24, 6))
    assert promised.passes(at(3, 24, 8)).said("omar") == []


@pytest.mark.fault(40)
def test_a_removed_member_gets_nothing(promised: Stage):
    """The keeper is caretaker at once; the reminder that was planned goes there."""
    promised.passes(at(3, 24, 6))
    with promised.work() as team:
        leave(team, team.owner, at(3, 24, 6))
    promised.passes(at(3, 24, 8))
    assert promised.said("omar") == []
    assert promised.said("bo") == ["1 promise passed", "1 assign", "1 caretaker"]


@pytest.mark.fault(40)
def test_a_mail_that_waited_for_somebody_who_left_does_not_leave(promised: Stage):
    queue_only(promised, at(3, 24, 8))
    with promised.work() as team:
        leave(team, team.owner, at(3, 24, 8))
    promised.passes(at(3, 24, 9))
    assert promised.said("omar") == []
    assert promised.said("bo")[:1] == ["1 promise passed"]
    with promised.look():
        states = db.session.scalars(select(Message.state).where(Message.person_id == promised.team.owner.id)).all()
        assert states == [MessageState.OBSOLETE]


def test_the_deputy_hears_it_in_an_absence(promised: Stage):
    with promised.work() as team:
        team.owner.deputy_id = team.member.id
        db.session.add(Absence(person_id=team.owner.id, from_on=date(2026, 3, 23), until_on=date(2026, 3, 27)))
    promised.passes(at(3, 24))
    assert (promised.said("omar"), promised.said("mila")) == ([], ["1 promise passed"])
    assert "because you stand in for Omar Bakker" in promised.mail_to("mila").text


def test_what_came_back_before_the_deputy_read_it_is_not_lost(promised: Stage):
    """Planned for Omar early on Thursday; ill until Monday, and Mila, who stands in, does not work on those days."""
    promised.passes(at(3, 19, 6))
    with promised.work() as team:
        team.owner.deputy_id, team.member.days_off = team.member.id, "4,5"
        db.session.add(Absence(person_id=team.owner.id, from_on=date(2026, 3, 19), until_on=date(2026, 3, 20)))
    assert promised.passes(at(3, 19)).said("mila") == []
    assert promised.passes(at(3, 23)).said("omar") == ["1 promise comes"]
    assert promised.said("mila") == []


def test_who_is_back_hears_it_beside_the_deputy_who_has_a_part_of_their_own(promised: Stage):
    """E2 tells Omar and Bo. Omar is away until Thursday and Bo, the keeper, stands in: Bo's mail of Friday speaks for
    Bo alone, because Omar is back by then."""
    with promised.work() as team:
        team.owner.deputy_id, team.keeper.days_off = team.keeper.id, "4"
        db.session.add(Absence(person_id=team.owner.id, from_on=date(2026, 3, 23), until_on=date(2026, 3, 26)))
    assert promised.passes(at(3, 24)).said("bo") == ["1 promise passed"]
    assert promised.passes(at(3, 26)).post == []
    promised.passes(at(3, 27))
    assert (promised.said("omar"), promised.said("bo")) == (["1 promise passed"], ["1 promise passed"])
    assert promised.passes(at(3, 30)).said("omar") == []


def test_the_deputy_of_somebody_who_heard_it_already_is_left_alone(promised: Stage):
    """E2 tells Omar and Bo. Bo reads it on Thursday, Omar does not work then; from Friday on both are away: Mila hears
    what Omar did not, Leyla is not told what Bo knew before going."""
    with promised.work() as team:
        team.owner.deputy_id, team.owner.days_off = team.member.id, "4"
        team.keeper.deputy_id = team.leader.id
        for person in (team.owner, team.keeper):
            db.session.add(Absence(person_id=person.id, from_on=date(2026, 3, 27), until_on=date(2026, 3, 31)))
    assert promised.passes(at(3, 24)).passes(at(3, 26)).said("bo") == ["1 promise passed"]
    promised.passes(at(3, 27))
    assert (promised.said("mila"), promised.said("leyla")) == (["1 promise passed"], [])


def test_what_waited_with_a_deputy_for_two_reasons_finds_its_way_back(promised: Stage):
    """E3 tells Omar, Bo and Leyla. Bo and Leyla do not work on that Wednesday, then Bo is away and Leyla stands in,
    who has not read it when Bo is back on Monday."""
    promised.passes(at(3, 24)).passes(at(3, 26))
    with promised.work() as team:
        team.keeper.deputy_id, team.keeper.days_off, team.leader.days_off = team.leader.id, "3", "3,4,5"
        db.session.add(Absence(person_id=team.keeper.id, from_on=date(2026, 4, 9), until_on=date(2026, 4, 10)))
    assert promised.passes(at(4, 8)).said("omar") == ["1 promise passed"]
    assert promised.passes(at(4, 9)).passes(at(4, 10)).post == []
    assert promised.passes(at(4, 13)).said("bo") == ["1 promise passed"]


def test_what_was_done_by_mistake_and_taken_back_is_still_said(promised: Stage):
    """Done at half past six, before the mail left; taken back five minutes later."""
    promised.passes(at(3, 20)).passes(at(3, 24, 6))
    finish(promised, at(3, 24, 6))
    promised.passes(at(3, 24, 6))
    with promised.work():
        take_back(promised.item, by=promised.item.owner, at=at(3, 24, 6))
    assert promised.passes(at(3, 24, 8)).said("omar") == ["1 promise passed"]


def test_who_cannot_be_mailed_is_followed_by_the_keeper(promised: Stage):
    with promised.work() as team:
        suppress(team.owner.email, "550 no such user", at(3, 23))
    assert promised.passes(at(3, 24)).said("bo") == ["1 promise passed"]


@pytest.mark.fault(19)
def test_a_mail_that_dies_goes_to_the_next_in_line(promised: Stage):
    """The address turns out bad while today's mail is on its way."""
    queue_only(promised, at(3, 24, 8))
    with promised.work() as team:
        suppress(team.owner.email, "550 no such user", at(3, 24, 8))
    with promised.app.app_context():
        assert deliver(at(3, 24, 9)).dead == 1
    assert promised.passes(at(3, 24, 10)).said("bo") == ["1 promise passed"]


# --- the ladder's top ------------------------------------------------------------------------------------


def test_e3_asks_the_leader_to_decide_once(promised: Stage):
    promised.passes(at(4, 8)).passes(at(4, 9))
    with promised.look():
        asked = [tuple(row) for row in db.session.execute(select(Decision.kind, Decision.occasion))]
        assert asked == [(DecisionKind.ESCALATION, "promise:1")]


def test_who_is_asked_to_decide_reads_one_line(promised: Stage):
    assert promised.passes(at(4, 7)).passes(at(4, 8)).said("leyla") == ["1 decide how it goes on"]


def test_a_new_date_begins_a_new_ladder(promised: Stage):
    promised.passes(at(3, 24))
    give_new_date(promised, date(2026, 3, 30), at(3, 24, 12))
    assert promised.passes(at(3, 26)).said("omar") == ["1 promise comes"]
    assert promised.passes(at(3, 31)).said("omar") == ["1 promise passed"]


def test_a_call_whose_day_moved_along_before_it_was_said_is_not_late_yet(stage: Stage):
    """Half of Do was Thursday 12 March; early on Friday, before the mails, a new date makes it Monday 16."""
    with stage.work() as made:
        stage.item_id = walk(made, Phase.DO, at=day(0, 9), importance=Importance.HIGH).item.id
    stage.passes(day(0)).passes(at(3, 13, 6))
    give_new_date(stage, date(2026, 3, 30), at(3, 13, 6))
    assert stage.passes(at(3, 13)).said("omar") == []
    assert stage.passes(at(3, 17)).said("omar") == ["1 call during the work"]


def test_while_a_third_date_waits_the_leader_owes_and_the_owner_is_left_alone(promised: Stage):
    give_new_date(promised, date(2026, 3, 24), at(3, 5, 12))
    give_new_date(promised, date(2026, 3, 25), at(3, 6, 12))
    give_new_date(promised, date(2026, 4, 1), at(3, 24, 6))
    assert promised.passes(at(3, 24)).said("leyla")[:2] == ["overview", "1 third date"]
    assert promised.passes(at(3, 27)).said("omar") == []
    with promised.look():
        assert [name.partition(":")[0] for name in promised.open_duties()] == ["third_date"]


@pytest.mark.parametrize(("refused_on", "sponsor_hears"), [((4, 14), at(4, 24)), ((4, 28), at(4, 29))])
def test_a_third_date_that_is_refused_late_leaves_the_promise_on_its_ladder(
    promised: Stage, refused_on: tuple[int, int], sponsor_hears: datetime
):
    """E3 lay on 9 April and E4 on 24 April, while the leader thought about it. Nothing ever goes silent."""
    give_new_date(promised, date(2026, 3, 24), at(3, 5, 12))
    give_new_date(promised, date(2026, 3, 25), at(3, 6, 12))
    promised.passes(at(3, 26)).passes(at(3, 30))
    give_new_date(promised, date(2026, 5, 20), at(3, 31, 12))
    promised.passes(at(*refused_on))
    with promised.work() as team:
        asked = db.session.scalars(select(Decision).where(Decision.kind == DecisionKind.THIRD_DATE)).one()
        decisions.decide(asked, False, "Nee, het moet af.", by=team.leader, at=at(*refused_on, 20))
    with promised.look():
        assert list(invariants.broken(at(*refused_on, 20) + timedelta(minutes=1))) == []
    heard: dict[str, list[tuple[datetime, str]]] = {}
    for n in range(1, 14):
        moment = at(*refused_on) + timedelta(days=n)
        promised.passes(moment)
        for name in ("omar", "bo", "stef"):
            heard.setdefault(name, []).extend((moment, line) for line in promised.said(name) if "passed" in line)
        if n == 1:
            assert "1 decide how it goes on" in promised.said("leyla")
    next_day = at(*refused_on) + timedelta(days=1)
    # E3 at once, E4 on its day or, when that lay behind too, with it.
    days = sorted({next_day, sponsor_hears})
    assert heard["omar"] == heard["bo"] == [(moment, "1 promise passed") for moment in days]
    assert heard["stef"] == [(sponsor_hears, "1 promise passed")]


def test_help_is_told_at_once_to_the_keeper(promised: Stage):
    with promised.work() as team:
        decisions.ask_help(promised.item, "Wie kent de drukker?", by=team.owner, at=at(3, 4, 9))
    promised.passes(at(3, 4))
    assert promised.said("bo") == ["1 help"]
    assert "Omar Bakker asks for help: Wie kent de drukker?" in promised.mail_to("bo").text


def test_when_everybody_with_a_role_is_gone_the_sponsor_hears_it(promised: Stage):
    with promised.work() as team:
        gone = [team.owner.id, team.keeper.id, team.leader.id]
        db.session.execute(Membership.__table__.delete().where(Membership.person_id.in_(gone)))
        touch("team", team.team.id, at(3, 23))
    assert promised.passes(at(3, 24)).said("stef") == ["1 promise passed"]


# --- a new day -------------------------------------------------------------------------------------------


def test_on_day_43_a_quick_win_becomes_an_action(promised: Stage):
    for n, kind in ((42, Kind.QUICK_WIN), (43, Kind.IMPROVEMENT)):
        promised.passes(day(n))
        with promised.look():
            assert promised.item.kind is kind


def test_the_sweep_mends_what_drifted_and_reports_it(promised: Stage, caplog: pytest.LogCaptureFixture):
    with promised.work():
        db.session.execute(Duty.__table__.update().values(state=DutyState.CANCELLED))
    promised.passes(day(1))
    assert f"drift: item {promised.item_id} promise:1: opened again" in caplog.text
    with promised.look():
        assert promised.open_duties() == ["promise:1"]


def test_a_sound_day_has_no_drift(promised: Stage, caplog: pytest.LogCaptureFixture):
    for n in range(1, 9):
        promised.passes(day(n))
    assert "drift" not in caplog.text


def test_a_poisoned_duty_stops_only_itself(promised: Stage, monkeypatch: pytest.MonkeyPatch):
    """Whatever is wrong with one duty, the others are still said."""
    with promised.work() as team:
        walk(team, Phase.DO, at=day(0, 9), title="Klok in de wachtkamer", lookalikes=DIFFERENT)
    climb = notices._climb

    def poisoned(duty: Duty, staff, moment: datetime) -> int:
        if duty.subject_id == promised.item_id:
            raise RuntimeError("poison")
        return climb(duty, staff, moment)

    with monkeypatch.context() as patch:
        patch.setattr(notices, "_climb", poisoned)
        promised.passes(at(3, 18)).passes(at(3, 24))
        assert promised.said("omar") == ["2 promise passed"]
    assert promised.passes(at(3, 25)).said("omar") == ["1 promise passed"]


# --- rows that stay --------------------------------------------------------------------------------------


def test_done_is_settled_and_given_up_is_cancelled(promised: Stage):
    give_new_date(promised, date(2026, 3, 30), at(3, 5, 12))
    finish(promised, at(3, 6, 12))
    with promised.look():
        rows = db.session.execute(select(Duty.occurrence, Duty.state).order_by(Duty.id))
        assert [tuple(row) for row in rows] == [
            ("promise:1", DutyState.CANCELLED),
            ("promise:2", DutyState.SETTLED),
            ("aftercare:1.1", DutyState.OPEN),
            ("aftercare:1.2", DutyState.OPEN),
        ]


def test_what_is_done_in_the_inbox_is_settled(stage: Stage):
    with stage.work() as team:
        item_id = new(team, at=day(0, 9)).item.id
    with stage.work() as team:
        item = db.session.get_one(Item, item_id)
        Story(team, item, day(0, 11)).take_up()
    with stage.look():
        rows = db.session.execute(select(Duty.occurrence, Duty.state).order_by(Duty.id))
        assert [tuple(row) for row in rows] == [("decide:1", DutyState.SETTLED), ("plan:1", DutyState.OPEN)]


def test_nobody_hears_of_their_own_act(stage: Stage):
    with stage.work() as team:
        walk(team, Phase.DO, at=day(0, 9))
    with stage.look():
        told = set(db.session.scalars(select(News.person_id)))
        assert told == {stage.team.member.id, stage.team.keeper.id, stage.team.leader.id}


def test_what_was_rolled_back_is_no_news(stage: Stage):
    with stage.work() as team:
        savepoint = db.session.begin_nested()
        walk(team, Phase.DO, at=day(0, 9))
        savepoint.rollback()
        new(team, at=day(0, 9))
    with stage.look():
        assert db.session.scalar(select(func.count(News.id))) == 0
        assert stage.open_duties() == ["decide:1"]


def test_a_viewer_an_outsider_and_an_administrator_hear_nothing(promised: Stage):
    promised.passes(at(4, 22))
    with promised.look():
        told = set(db.session.scalars(select(News.person_id))) | set(db.session.scalars(select(Notice.person_id)))
        strangers = {promised.team.viewer.id, promised.team.outsider.id, promised.team.administrator.id}
        assert told.isdisjoint(strangers)


def test_what_was_mailed_about_cannot_be_taken_back(promised: Stage):
    with promised.look():
        assert promised.item.last_mailed_at is not None


def test_a_notice_waits_until_the_window_opens(promised: Stage):
    promised.passes(at(3, 24, 6))
    with promised.look():
        assert list(db.session.scalars(select(Notice.state).where(Notice.step == "E1"))) == [NoticeState.PLANNED]


def test_a_step_of_another_version_is_left_to_who_knows_it(promised: Stage):
    """While an upgrade goes round, the old program must not pass over a rung that it does not have."""
    promised.passes(day(21, 8))
    with promised.work():
        duty = _promise()
        duty.next_step, duty.next_step_at = "E1-later", day(21, 9)
        before = duty.step
    promised.passes(day(21, 10))
    with promised.look():
        assert (_promise().step, _promise().next_step) == (before, "E1-later")
    # A rung that nobody has is found by the look of the night.
    assert "1 promise passed" in promised.passes(day(22)).said("omar")


def _promise() -> Duty:
    return db.session.scalars(select(Duty).where(Duty.kind == "promise", Duty.state == DutyState.OPEN)).one()
