"""Faults 34-42: time that stops, jumps, folds or is redrawn, and people who go while something is planned."""

from __future__ import annotations

import threading
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from pdca.db import db, touch
from pdca.errors import NotAllowed
from pdca.followup import ladder, notices, windows
from pdca.followup.jobs import followup_once
from pdca.followup.mine import my_list
from pdca.followup.models import Duty, DutyState, Notice, NoticeState
from pdca.items import handovers
from pdca.items.models import Item, Round
from pdca.items.promotion import promote
from pdca.items.terms import HandoverState
from pdca.mail.models import Message, MessageState
from pdca.people import accounts, erasing, operations
from pdca.people.calendar import Calendar
from pdca.people.models import Absence, Person, SignInBy, TeamDay
from pdca.people.sign_ins import open_session
from tests.followup.conftest import Stage, at, day
from tests.simulation import oracle
from tests.simulation.years import ZONES
from tests.stories import Crew, new, on

ODD = (*ZONES, "Europe/Dublin", "Asia/Gaza", "Africa/El_Aaiun", "America/Caracas", "Antarctica/Troll")
DAYS = st.dates(date(2005, 1, 1), date(2030, 12, 31))


def many(stage: Stage, count: int, moment: datetime) -> list[int]:
    """So many new items that wait for a decision: rows as capture leaves them, without its thousand queries."""
    with stage.work() as team:
        model = new(team, at=moment, title="Zaak 0").item
        db.session.flush()
        rows, skipped = [], {"id", "number", "title"}
        for n in range(1, count):
            row = {c.key: getattr(model, c.key) for c in Item.__mapper__.column_attrs if c.key not in skipped}
            rows.append(row | {"number": 1000 + n, "title": f"Zaak {n}"})
        db.session.execute(insert(Item), rows)
        ids = list(db.session.scalars(select(Item.id).where(Item.number > 1000)))
        db.session.execute(insert(Round), [{"item_id": i, "number": 1, "opened_at": moment} for i in ids])
        for ident in ids:
            touch("item", ident, moment)
        return [model.id, *ids]


def mails_to(stage: Stage) -> Counter[str]:
    """How many mails everybody found."""
    return Counter(mail.to.partition("@")[0].partition(".")[0] for mail in stage.post)


def said_twice() -> list[tuple[int, str]]:
    """Steps of which one person was told more than once."""
    key = (Notice.duty_id, Notice.step, Notice.recipient)
    rows = select(Notice.duty_id, Notice.step).where(Notice.state == NoticeState.GATHERED).group_by(*key)
    return [(duty, step) for duty, step in db.session.execute(rows.having(func.count() > 1))]


# --- time that was lost ----------------------------------------------------------------------------------------


@pytest.mark.fault(34)
def test_fault_34_three_days_asleep_are_one_mail_each(promised: Stage):
    """The lid was closed from Monday evening to Thursday: E1 and E2 fell in between."""
    many(promised, 4, day(8, 9))
    promised.passes(at(3, 23))
    promised.passes(at(3, 26, 9))
    assert set(mails_to(promised).values()) == {1}
    assert "1 promise passed" in promised.said("omar")
    assert promised.passes(at(3, 26, 10)).post == []
    with promised.look():
        assert said_twice() == []


@pytest.mark.fault(37)
def test_fault_37_thirty_days_down_with_400_due_is_one_digest(stage: Stage):
    ids = many(stage, 400, day(0, 9))
    stage.passes(at(4, 1))
    assert mails_to(stage)["bo"] == 1
    assert "400 new items wait for a decision" in stage.mail_to("bo").text
    with stage.look():
        accepted = (Notice.state == NoticeState.GATHERED, Message.state == MessageState.ACCEPTED)
        covered = select(func.count(func.distinct(Duty.subject_id))).select_from(Notice).join(Duty).join(Message)
        assert db.session.scalar(covered.where(*accepted, Notice.person_id == stage.team.keeper.id)) == len(ids)
    assert stage.passes(at(4, 1, 12)).post == []
    assert mails_to(stage.passes(at(4, 2)))["bo"] == 0


@pytest.mark.fault(38)
def test_fault_38_twelve_days_without_a_window_drop_nothing(promised: Stage):
    """From the day before E1 the team is free until 4 April, and Omar's own days off and hours cover the rest."""
    with promised.work() as team:
        free = [
            TeamDay(team_id=team.team.id, day=date(2026, 3, 24) + timedelta(days=n), name="vrij") for n in range(12)
        ]
        db.session.add_all(free)
        team.owner.days_off, team.owner.mail_from = "1,2", time(17, 0)
    for n in range(12):
        promised.passes(at(3, 24, 12) + timedelta(days=n))
        assert promised.said("omar") == []
        with promised.look():
            # Deferred is reported: it stands on the list of whoever owes it.
            assert [
                line.number for line in my_list(db.session.get_one(Person, promised.team.owner.id), at(3, 24)).lines
            ] == [1]
    # Monday is free (Easter), Monday and Tuesday are not his days: Wednesday at five.
    late = [promised.passes(moment).said("omar") for moment in (at(4, 7, 18), at(4, 8, 16), at(4, 8, 17), at(4, 8, 18))]
    assert late == [[], [], ["1 promise passed"], []]


@pytest.mark.fault(38)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    first=DAYS,
    length=st.integers(1, 30),
    off=st.sets(st.integers(1, 7), max_size=4),
    zone=st.sampled_from(ODD),
    hour=st.integers(0, 22),
)
def test_fault_38_there_always_is_a_next_window(first: date, length: int, off: set[int], zone: str, hour: int):
    person = somebody(zone, time(hour, 30), time(hour + 1, 0), off)
    person.absences = [Absence(from_on=first, until_on=first + timedelta(days=length))]
    calendar = (Calendar("NL", {first + timedelta(days=n): True for n in range(12)}),)
    start = datetime.combine(first, time(12), UTC)
    opening = windows.next_open(person, start, calendar, zone)
    assert start < opening < start + timedelta(days=length + 60)
    here = opening.astimezone(ZoneInfo(zone))
    assert here.isoweekday() not in off
    assert not first <= here.date() <= first + timedelta(days=length)


# --- clocks that jump --------------------------------------------------------------------------------------------


def somebody(zone: str, opens: time, closes: time, off: set[int] | None = None) -> Person:
    """A reader without a database."""
    days_off = ",".join(map(str, sorted(off or ())))
    return Person(name="A", email="a@x.example", timezone=zone, mail_from=opens, mail_until=closes, days_off=days_off)


@pytest.mark.fault(35)
@settings(max_examples=300, deadline=None, derandomize=True)
@given(zone=st.sampled_from(ODD), day_=DAYS)
@example("Pacific/Apia", date(2011, 12, 30))
@example("America/Sao_Paulo", date(2017, 10, 15))
@example("Asia/Beirut", date(2026, 3, 29))
@example("Africa/Cairo", date(2026, 4, 24))
def test_fault_35_a_day_begins_once_and_in_order(zone: str, day_: date):
    """The first instant of a day, also where midnight or the whole day does not exist."""
    begins = ladder.midnight(day_, zone)
    assert begins.astimezone(UTC) == oracle.begins(day_, zone)
    assert begins <= ladder.midnight(day_ + timedelta(days=1), zone)


@cache
def changes(zone: str) -> list[date]:
    """The days around which this clock is set forward or back."""
    found, moment, tz = [], datetime(2009, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    while moment.year < 2030:
        if moment.astimezone(tz).utcoffset() != (moment + timedelta(days=1)).astimezone(tz).utcoffset():
            found.append(moment.date())
        moment += timedelta(days=1)
    return found or [date(2026, 3, 29)]


@pytest.mark.fault(35)
@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    data=st.data(),
    zone=st.sampled_from(ODD),
    quarter=st.integers(0, 90),
    length=st.integers(1, 24),
    near=st.integers(-1, 1),
)
def test_fault_35_a_window_opens_at_its_first_instant_once_a_day(data, zone: str, quarter: int, length: int, near: int):
    """Gap: the first instant after it. Fold: the first occurrence only. Looked for quarter by quarter."""
    change = data.draw(st.sampled_from(changes(zone)))
    opens = time(quarter // 4, quarter % 4 * 15)
    closes = time(min(23, opens.hour + length), 59 if opens.hour == 22 else opens.minute)
    person, calendar = somebody(zone, opens, closes), (Calendar("NL", {}),)
    start = datetime.combine(change + timedelta(days=near), time(0), UTC)
    quarters = (start + timedelta(minutes=15 * n) for n in range(4 * 24 * 12))
    looked = next(q for q in quarters if windows.is_open(person, q, calendar, zone))
    assert windows.next_open(person, start, calendar, zone) == looked


@pytest.mark.fault(36)
def test_fault_36_who_flies_west_reads_it_once(promised: Stage):
    """Tuesday in Tokyo; in Los Angeles it is still Monday, and Tuesday comes again."""
    with promised.work() as team:
        team.owner.timezone = "Asia/Tokyo"
    promised.passes(datetime(2026, 3, 24, 0, 30, tzinfo=UTC))
    assert promised.said("omar") == ["1 promise passed"]
    with promised.work() as team:
        team.owner.timezone = "America/Los_Angeles"
    for hour in range(15, 24, 2):
        assert promised.passes(datetime(2026, 3, 24, hour, 10, tzinfo=UTC)).said("omar") == []
    with promised.look():
        assert said_twice() == []


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("before", "after", "reads_at"),
    [
        # It was Tuesday already, and is Monday again: not a day early.
        ("Asia/Kolkata", "America/Los_Angeles", datetime(2026, 3, 24, 14, 10, tzinfo=UTC)),
        # Tuesday was to begin in the afternoon, and has begun: not a day late.
        ("Pacific/Honolulu", "Europe/Amsterdam", datetime(2026, 3, 24, 6, 10, tzinfo=UTC)),
    ],
)
def test_fault_36_what_is_planned_moves_along(promised: Stage, before: str, after: str, reads_at: datetime):
    promised.passes(at(3, 20))
    with promised.work() as team:
        team.owner.timezone = before
    promised.passes(datetime(2026, 3, 23, 23, 5, tzinfo=UTC))
    assert promised.said("omar") == []
    with promised.work() as team:
        team.owner.timezone = after
    moment = datetime(2026, 3, 23, 23, 10, tzinfo=UTC)
    while moment < reads_at:
        assert promised.passes(moment).said("omar") == [], moment
        moment += timedelta(hours=1)
    assert promised.passes(reads_at).said("omar") == ["1 promise passed"]


def next_steps(stage: Stage) -> list[tuple[str, datetime | None]]:
    """What every open duty says next, and when."""
    with stage.look():
        rows = select(Duty.next_step, Duty.next_step_at).where(Duty.state == DutyState.OPEN).order_by(Duty.id)
        return [(step, moment) for step, moment in db.session.execute(rows)]


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("zone", "begins"),
    [("Pacific/Auckland", datetime(2026, 3, 18, 11, tzinfo=UTC)), ("Pacific/Honolulu", at(3, 19, 11))],
)
def test_fault_36_the_steps_of_a_team_that_moves_move_along(promised: Stage, zone: str, begins: datetime):
    assert next_steps(promised) == [("E0", at(3, 19, 0))]
    with promised.work() as team:
        operations.set_calendar(team.team, country="NL", timezone=zone, by=team.leader, at=day(1))
    assert next_steps(promised) == [("E0", begins)]
    promised.passes(begins - timedelta(minutes=1)).passes(begins)
    with promised.look():
        assert db.session.scalars(select(Notice.step)).all() == ["E0"]
        assert said_twice() == []


@contextmanager
def drawn_anew(zone: str, like: str, folder: Path) -> Iterator[None]:
    """A time zone database in which one zone has the rules of another."""
    old = zoneinfo.TZPATH
    (folder / zone).parent.mkdir(parents=True)
    (folder / zone).write_bytes(resources.files("tzdata").joinpath("zoneinfo", like).read_bytes())
    try:
        zoneinfo.reset_tzpath([str(folder)])
        ZoneInfo.clear_cache()
        yield
    finally:
        zoneinfo.reset_tzpath(old)
        ZoneInfo.clear_cache()


@pytest.mark.fault(36)
@pytest.mark.parametrize(("like", "hour"), [("Europe/Athens", 22), ("Europe/Lisbon", 24)])
def test_fault_36_zones_that_were_drawn_anew(promised: Stage, tmp_path: Path, caplog, like: str, hour: int):
    """An update of the time zones moves midnight by an hour. The next look through everything mends that: no drift."""
    assert next_steps(promised) == [("E0", datetime(2026, 3, 18, 23, tzinfo=UTC))]
    with drawn_anew("Europe/Amsterdam", like, tmp_path / "zones"):
        promised.passes(datetime(2026, 3, 4, 12, tzinfo=UTC))
        begins = datetime(2026, 3, 18, tzinfo=UTC) + timedelta(hours=hour)
        assert next_steps(promised) == [("E0", begins)]
        for hours in (-1, 0, 1, 12, 13):
            promised.passes(begins + timedelta(hours=hours))
    with promised.look():
        assert db.session.scalars(select(Notice.step)).all() == ["E0"]
        assert said_twice() == []
    assert "drift" not in caplog.text


# --- people who go, rules that change ----------------------------------------------------------------------------


@pytest.mark.fault(39)
def test_fault_39_who_took_it_over_meanwhile_hears_it(promised: Stage):
    """Planned before seven for Omar; Mila accepted before the window opened."""
    with promised.work() as team:
        note = handovers.Note("Niets.", "Alles.", "Karin: 23 maart.", "Let op.")
        handovers.hand_over(promised.item, team.member.id, note, by=team.owner, at=at(3, 23))
    promised.passes(at(3, 24, 6))
    with promised.work() as team:
        open_one = next(h for h in promised.item.handovers if h.state is HandoverState.OPEN)
        handovers.accept(open_one, "Ik neem het over en bel Karin.", by=team.member, at=at(3, 24, 6))
    promised.passes(at(3, 24, 8))
    assert "1 promise passed" in promised.said("mila")
    assert "1 promise passed" not in promised.said("omar")


@pytest.mark.fault(41)
def test_fault_41_nobody_is_erased_around_what_they_owe(promised: Stage):
    with promised.work() as team:
        open_session(team.owner, SignInBy.PASSWORD, at=at(3, 3), device="Firefox")
    with promised.work() as team, pytest.raises(NotAllowed, match="Switch this account off first"):
        erasing.erase(team.owner, by=team.administrator, at=at(3, 4))
    with promised.work() as team:
        accounts.deactivate(team.owner, by=team.administrator, at=at(3, 4))
    with promised.work() as team, pytest.raises(NotAllowed) as refused:
        erasing.erase(team.owner, by=team.administrator, at=at(3, 4))
    assert [m.params["what"] for m in refused.value.missing] == [f"Burgerzaken 1 · {title_of(promised)}"]
    hand_to_mila(promised)
    with promised.work() as team:
        name, email, ident = team.owner.name, team.owner.email, team.owner.id
        assert erasing.erase(team.owner, by=team.administrator, at=at(3, 5)) == f"#{ident}"
    with promised.look():
        assert rows_with(name, email) == []
        assert db.session.get_one(Person, ident).name == f"#{ident}"
    promised.passes(at(3, 24))
    assert promised.said("mila") == ["1 promise passed"]


@pytest.mark.fault(41)
def test_fault_41_by_command(promised: Stage):
    run = promised.app.test_cli_runner().invoke
    email = promised.team.owner.email
    refused = run(args=["user", "erase", email, "--yes"])
    assert (refused.exit_code, "Switch this account off first" in refused.output) == (1, True)
    with promised.work() as team:
        accounts.deactivate(team.owner, by=team.administrator, at=at(3, 4))
    refused = run(args=["user", "erase", email, "--yes"])
    assert f"Not handed over yet: Burgerzaken 1 · {title_of(promised)}" in refused.output
    hand_to_mila(promised)
    assert run(args=["user", "erase", email], input="n\n").exit_code == 1
    assert run(args=["user", "erase", email, "--yes"]).output.startswith(f"{email} was erased and is #")
    assert "nobody has the address" in run(args=["user", "erase", email, "--yes"]).output
    promised.passes(at(3, 24))


def title_of(stage: Stage) -> str:
    """The item's line."""
    with stage.look():
        return stage.item.title


def hand_to_mila(stage: Stage) -> None:
    """The caretaker finds somebody, who reads the agreement back."""
    with stage.work() as team:
        waiting = next(h for h in stage.item.handovers if h.state is HandoverState.OPEN)
        given = handovers.assign(waiting, team.member.id, by=team.keeper, at=at(3, 5))
        handovers.accept(given, "Ik neem het over en bel Karin.", by=team.member, at=at(3, 5))


def rows_with(*words: str) -> list[str]:
    """Tables in which one of these words still stands, anywhere."""
    found = []
    for table in db.metadata.sorted_tables:
        text = "\n".join(str(tuple(row)) for row in db.session.execute(select(table)))
        found += [f"{table.name}: {word}" for word in words if word in text]
    return found


@pytest.mark.fault(42)
def test_fault_42_another_number_moves_the_steps_that_are_still_to_come(promised: Stage):
    """A week before the date becomes ten days; what was said already is not said again."""
    with promised.work():
        promote(promised.item, "wordt groter", at=day(1))
    assert next_steps(promised) == [("E0-week", at(3, 16, 0))]
    for number, begins in ((10, at(3, 13, 0)), (3, at(3, 20, 0)), (14, at(3, 9, 0))):
        with promised.work() as team:
            operations.save_settings(team.team, {"reminder_days": number}, by=team.leader, at=day(2))
        assert next_steps(promised) == [("E0-week", begins)]
    assert "1 promise comes" in promised.passes(at(3, 9)).said("omar")
    with promised.work() as team:
        operations.save_settings(team.team, {"reminder_days": 7}, by=team.leader, at=at(3, 10))
    assert next_steps(promised) == [("E0", at(3, 20, 0))]
    assert promised.passes(at(3, 16)).said("omar") == []


@pytest.mark.fault(42)
def test_fault_42_a_free_day_that_comes_and_goes_moves_the_steps(promised: Stage):
    with promised.work() as team:
        own = operations.set_own_day(team.team, date(2026, 3, 20), "Heidag", is_free=True, by=team.leader, at=day(1))
        db.session.flush()
        ident = own.id
    assert next_steps(promised) == [("E0", at(3, 18, 0))]
    with promised.work() as team:
        operations.remove_own_day(db.session.get_one(TeamDay, ident), by=team.leader, at=day(2))
    assert next_steps(promised) == [("E0", at(3, 19, 0))]


def decide_later(team: Crew) -> None:
    """The days to decide go from 5 to 8."""
    operations.save_settings(team.team, {"decide_days": 8}, by=team.leader, at=at(3, 9, 6))


def be_free(team: Crew) -> None:
    """The team turns out to be free on Friday the 6th."""
    operations.set_own_day(team.team, date(2026, 3, 6), "Heidag", is_free=True, by=team.leader, at=at(3, 9, 6))


@pytest.mark.fault(42)
@pytest.mark.parametrize(("change", "due_on"), [(decide_later, date(2026, 3, 12)), (be_free, date(2026, 3, 10))])
def test_fault_42_a_rule_that_changes_while_a_thousand_are_planned(stage: Stage, monkeypatch, change, due_on: date):
    """Between two batches of one pass: all go by one rule afterwards, and nothing is said twice."""
    ids = many(stage, 1000, day(0, 9))
    halfway, changed, failed = threading.Event(), threading.Event(), []
    finds = notices.due_duties

    def find(moment: datetime, after: int = 0) -> list[int]:
        if after and not changed.is_set():
            halfway.set()
            assert changed.wait(60)
        return finds(moment, after)

    def passes() -> None:
        try:
            with stage.app.app_context():
                followup_once(at(3, 9, 6))
        except Exception as error:
            failed.append(error)

    monkeypatch.setattr(notices, "due_duties", find)
    thread = threading.Thread(target=passes)
    thread.start()
    try:
        assert halfway.wait(60)
        with stage.look():
            climbed = set(db.session.scalars(select(Duty.id).where(Duty.step == "due")))
        assert 0 < len(climbed) < len(ids)
        with stage.work() as team:
            change(team)
    finally:
        changed.set()
        thread.join()
    assert failed == []
    with stage.look():
        duties = (Duty.kind == "decide", Duty.state == DutyState.OPEN, Duty.subject_id.in_(ids))
        assert set(db.session.scalars(select(Duty.due_on).where(*duties))) == {due_on}
        # Who was not reached yet is reached on the new day, and not on the old one.
        assert set(db.session.scalars(select(Duty.id).where(Duty.step == "due"))) == climbed
    for moment in (at(3, 9, 8), on(due_on), on(due_on + timedelta(days=1))):
        stage.passes(moment)
    with stage.look():
        assert said_twice() == []
        told = select(Notice.duty_id).where(Notice.step == "due", Notice.person_id == stage.team.keeper.id)
        assert len(db.session.scalars(told).all()) == len(set(db.session.scalars(told))) == len(ids)
