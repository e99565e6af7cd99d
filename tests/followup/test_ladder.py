"""The ladder of every kind of duty, written out by hand from the table of duties.

T is Monday 23 March 2026; the duty was opened on Monday 2 March. Working days after it: Tue 24 (1), Wed 25, Thu 26 (3),
Fri 27, Mon 30 (5), Tue 31, Wed 1 April (7), Thu 2; Good Friday 3 and Easter Monday 6 April are free; Tue 7 (9),
Wed 8 (10), then one a day: Wed 22 April is the 20th. A check is settled by Tuesday 7 April here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pdca.followup.ladder import LADDERS, Dates, is_standing, midnight, step_named, steps_after
from pdca.followup.terms import To
from pdca.people.calendar import Calendar
from pdca.people.settings import TeamSettings

T = date(2026, 3, 23)
OPENED = date(2026, 3, 2)
SETTLE_BY = date(2026, 4, 7)

TO_THE_KEEPER = [("E1", "03-24", "holder"), ("E2", "03-26", "holder keeper")]
WRITTEN_BY_HAND = {
    "decide": [
        ("due", "03-23", "holder"),
        ("leader", "03-30", "leader"),
        ("E4", "04-22", "holder keeper leader sponsor"),
    ],
    "plan": [*TO_THE_KEEPER, ("E3", "04-08", "holder keeper leader")],
    "start": TO_THE_KEEPER,
    "promise_quick_win": [
        ("E0", "03-19", "holder"),
        ("E1", "03-24", "holder"),
        ("E2", "03-26", "holder keeper"),
        ("E3", "04-08", "holder keeper leader"),
        ("E4", "04-22", "holder keeper leader sponsor"),
    ],
    "promise_action": [
        ("E0-week", "03-16", "holder"),
        ("E0", "03-20", "holder"),
        ("E1", "03-24", "holder"),
        ("E2", "03-26", "holder keeper"),
        ("E3", "04-08", "holder keeper leader"),
        ("E4", "04-22", "holder keeper leader sponsor"),
    ],
    "review": [("E1", "03-24", "holder"), ("E3", "04-08", "holder keeper leader")],
    "waiting": TO_THE_KEEPER,
    "handover": [
        ("0", "03-02", "holder"),
        ("receiver", "03-25", "holder"),
        ("keeper", "03-26", "keeper"),
        ("leader", "03-30", "leader"),
    ],
    "assign": [("0", "03-02", "holder"), ("receiver", "03-25", "holder"), ("leader", "03-30", "leader")],
    "announce": [("E1", "03-24", "holder"), ("go-live", "03-26", "leader")],
    "call": TO_THE_KEEPER,
    "aftercare_mail": [
        ("ask", "03-23", "customer"),
        ("remind", "03-30", "customer"),
        ("call", "04-01", "holder"),
        ("call-again", "04-07", "holder"),
        ("E1", "04-08", "holder"),
        ("E2", "04-10", "holder keeper"),
        ("E3", "04-21", "holder keeper leader"),
        # King's Day, Monday 27 April, is free; Liberation Day, 5 May, is not in 2026.
        ("E4", "05-06", "holder keeper leader sponsor"),
    ],
    "aftercare_call": [
        ("call", "03-23", "holder"),
        ("call-again", "03-25", "holder"),
        ("E1", "04-08", "holder"),
        ("E2", "04-10", "holder keeper"),
        ("E3", "04-21", "holder keeper leader"),
        ("E4", "05-06", "holder keeper leader sponsor"),
    ],
    "judge": TO_THE_KEEPER,
    "tell_next": TO_THE_KEEPER,
    "next_round": [
        ("E1", "03-24", "holder"),
        ("E2", "03-26", "holder keeper"),
        ("E3", "04-08", "holder keeper leader"),
    ],
    "close": [*TO_THE_KEEPER, ("E3", "04-08", "holder keeper leader")],
    "decision": [("0", "03-02", "holder"), ("due", "03-23", "holder"), ("sponsor", "03-30", "sponsor")],
    "help": [("0", "03-02", "holder"), ("E2", "03-26", "holder keeper"), ("E3", "04-08", "holder keeper leader")],
    "last_useful": [
        ("E1", "03-24", "holder"),
        ("E2", "03-26", "holder keeper"),
        ("E3", "04-08", "holder keeper leader"),
    ],
    "tell_end": TO_THE_KEEPER,
    "recurrence_mail": [("ask", "03-23", "customer")],
    "recurrence_call": [("ask", "03-23", "holder")],
}


def climbed(ladder: str, reached: str = "", *, opened: date = OPENED, settings: TeamSettings | None = None):
    """The steps still to come, as (name, day, whom)."""
    dates = Dates(T, opened, SETTLE_BY)
    coming = steps_after(reached, ladder, dates, Calendar("NL"), settings or TeamSettings())
    return [(step.name, day.strftime("%m-%d"), " ".join(step.to)) for step, day in coming]


def test_every_ladder_is_written_out():
    assert set(LADDERS) == set(WRITTEN_BY_HAND)


@pytest.mark.parametrize("ladder", WRITTEN_BY_HAND)
def test_the_steps_and_their_days(ladder):
    assert climbed(ladder) == WRITTEN_BY_HAND[ladder]


def test_who_was_asked_late_is_reminded_and_called_about_as_much_later():
    """Asked on Wednesday 8 April: what stands in the table on the 5th, 7th and 9th working day counts from there."""
    dates = Dates(T, OPENED, SETTLE_BY, asked_on=date(2026, 4, 8))
    coming = steps_after("ask", "aftercare_mail", dates, Calendar("NL"), TeamSettings())
    days = [(step.name, day.strftime("%m-%d")) for step, day in coming]
    assert days[:3] == [("remind", "04-15"), ("call", "04-17"), ("call-again", "04-21")]
    assert days[3:] == [("E1", "04-08"), ("E2", "04-10"), ("E3", "04-21"), ("E4", "05-06")]


def test_what_was_reached_is_not_said_again():
    assert climbed("plan", "E2") == [("E3", "04-08", "holder keeper leader")]


def test_a_step_that_lay_before_the_duty_was_opened_is_skipped():
    assert [name for name, *_ in climbed("promise_action", opened=date(2026, 3, 19))] == ["E0", "E1", "E2", "E3", "E4"]


def test_a_step_on_the_day_it_was_opened_is_not_skipped():
    assert climbed("promise_action", opened=date(2026, 3, 16))[0][0] == "E0-week"


def test_the_team_chooses_its_own_first_reminder():
    assert climbed("promise_action", settings=TeamSettings(reminder_days=14))[0] == ("E0-week", "03-09", "holder")


def test_e3_asks_for_a_decision():
    escalating = {name for name, steps in LADDERS.items() for step in steps if step.escalates}
    assert escalating == {
        "plan",
        "promise_quick_win",
        "promise_action",
        "review",
        "aftercare_mail",
        "aftercare_call",
        "next_round",
        "close",
        "help",
        "last_useful",
    }


@pytest.mark.parametrize(
    ("ladder", "reached", "stands"),
    [
        ("promise_quick_win", "E4", True),
        ("promise_quick_win", "E3", False),
        ("plan", "E3", True),
        ("handover", "leader", True),
        ("decision", "sponsor", True),
        ("start", "E2", False),
    ],
)
def test_at_the_top_it_stays_a_standing_line(ladder, reached, stands):
    assert is_standing(ladder, reached) is stands


def test_a_sponsor_reads_only_what_came_that_high():
    assert is_standing("promise_quick_win", "E4", To.SPONSOR)
    assert not is_standing("plan", "E3", To.SPONSOR)


def test_an_unknown_step_is_nobodys():
    assert step_named("plan", "E4") is None


def test_a_day_begins_with_the_teams_midnight():
    # Summer time began on Sunday 29 March.
    assert midnight(date(2026, 3, 23), "Europe/Amsterdam") == datetime(2026, 3, 22, 23, tzinfo=UTC)
    assert midnight(date(2026, 3, 30), "Europe/Amsterdam") == datetime(2026, 3, 29, 22, tzinfo=UTC)
