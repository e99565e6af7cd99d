"""Each trigger of "stalled" from the domain: why, since when, whose move; and what does not stall."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdca.followup.stalled import Mover, Reason, old_from_days, reasons
from pdca.items import decisions, handovers, promises
from pdca.items.handovers import Note
from pdca.items.terms import Importance, Kind, Phase
from pdca.items.work import wait_on
from tests import stories
from tests.conftest import MONDAY
from tests.stories import new, walk

NOTE = Note("De bordjes hangen.", "Nog meten.", "Karin: volgende week.", "De printer hapert.")
NEVER = 10_000


@pytest.fixture
def crew(session):
    return stories.crew()


def whys(story, old_from=NEVER):
    return [(w.reason, w.since, w.mover) for w in reasons(story.facts, old_from)]


def test_a_new_item_stalls_after_five_working_days(crew):
    story = new(crew, at=MONDAY)
    assert whys(story.until(date(2026, 3, 9))) == []
    assert whys(story.until(date(2026, 3, 10))) == [(Reason.UNDECIDED, date(2026, 3, 2), Mover.KEEPER)]


def test_a_passed_promise_stalls_at_midnight(crew):
    story = walk(crew, Phase.DO, at=MONDAY, due_on=date(2026, 3, 5))
    assert whys(story.until(date(2026, 3, 5))) == []
    assert whys(story.until(date(2026, 3, 6))) == [(Reason.DATE_PASSED, date(2026, 3, 5), Mover.OWNER)]


def test_aftercare_past_its_settle_by_stalls(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).ask()
    settle_by = story.check.settle_by
    assert (Reason.AFTERCARE_LATE, settle_by, Mover.OWNER) not in whys(story.until(settle_by))
    assert (Reason.AFTERCARE_LATE, settle_by, Mover.OWNER) in whys(story.until(settle_by + timedelta(days=1)))


def test_a_date_that_moved_twice_stalls(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY, due_on=date(2026, 3, 20))
    for day in (date(2026, 4, 3), date(2026, 4, 24)):
        promises.change_date(story.item, due_on=day, reason="De leverancier levert later.", by=crew.owner, at=story.at)
    assert whys(story) == [(Reason.MOVED_OFTEN, date(2026, 3, 2), Mover.OWNER)]


def test_an_unanswered_handover_stalls_after_three_working_days(crew):
    story = walk(crew, Phase.DO, at=MONDAY, due_on=date(2026, 4, 3))
    handovers.hand_over(story.item, crew.member.id, NOTE, by=crew.owner, at=story.at)
    assert whys(story.until(date(2026, 3, 5))) == []
    assert whys(story.until(date(2026, 3, 6))) == [(Reason.HANDOVER_OPEN, date(2026, 3, 2), Mover.RECEIVER)]


def test_an_open_decision_stalls_after_five_working_days(crew):
    story = walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY)
    decisions.ask_waiver(story.item, "R20", "De meting kost te veel.", by=crew.owner, at=story.at)
    assert whys(story.until(date(2026, 3, 9))) == []
    assert whys(story.until(date(2026, 3, 10))) == [(Reason.DECISION_OPEN, date(2026, 3, 2), Mover.LEADER)]


@pytest.mark.parametrize(("kind", "days"), [(Kind.QUICK_WIN, 14), (Kind.IMPROVEMENT, 30)])
def test_no_progress_stalls_after_the_days_of_its_kind(crew, kind, days):
    story = walk(crew, Phase.PLAN, kind, at=MONDAY)
    due = date(2026, 3, 16)  # planned within ten working days: until then only that duty is open, and it is not due
    assert whys(story.until(due + timedelta(days=days))) == []
    assert whys(story.until(due + timedelta(days=days + 1))) == [(Reason.NO_PROGRESS, due, Mover.OWNER)]


def test_the_clock_stands_still_while_the_only_duty_is_not_yet_due(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY, due_on=date(2026, 6, 30))
    assert whys(story.until(date(2026, 6, 30))) == []


def test_the_clock_runs_while_something_else_is_owed(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY, due_on=date(2026, 6, 30), importance=Importance.HIGH)
    wait_on(story.item, "Leverancier", date(2026, 3, 6), by=crew.owner, at=story.at)
    late = story.until(date(2026, 4, 2))
    assert whys(late) == [(Reason.NO_PROGRESS, date(2026, 3, 2), Mover.OWNER)]


def test_an_old_item_stalls_above_the_age_of_the_others(crew):
    story = walk(crew, Phase.DO, at=MONDAY, due_on=date(2026, 4, 10))
    assert (Reason.OLD, date(2026, 3, 2), Mover.OWNER) not in whys(story.until(date(2026, 3, 12)), 10)
    assert (Reason.OLD, date(2026, 3, 2), Mover.OWNER) in whys(story.until(date(2026, 3, 13)), 10)


def test_age_stops_when_the_work_was_carried_out(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY)
    assert Reason.OLD not in [w.reason for w in reasons(story.later(days=300).facts, 10)]


def test_a_closed_item_never_stalls(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY)
    assert whys(story.later(days=400), 1) == []


@pytest.mark.parametrize(
    ("ages", "expected"),
    [([], 42), ([1] * 9, 42), (list(range(1, 11)), 9), (list(range(1, 31)), 26), ([5] * 30 + [900] * 50, 5)],
)
def test_the_85th_percentile_needs_ten_closed_items_and_looks_at_thirty(ages, expected):
    assert old_from_days(ages, 42) == expected
