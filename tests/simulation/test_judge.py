"""The judge judged: a hand-written history for each verdict, and beside it the same one without the fault."""

from __future__ import annotations

import pytest

from tests.simulation import pacing
from tests.simulation.judge import KNOWN, TEXT, UNHEARD, UNSEEN, Event, Verdict, What, copies_beyond_the_first, judge
from tests.simulation.seeded import ELEVENTH, Theatre
from tests.simulation.world import counted, world


def plan(at, mark="R1", to="omar", until=100.0):
    return Event(What.PLAN, at, to=to, about=(mark,), until=until)


def claim(at, message="<1>", who="a", key="k1"):
    return Event(What.CLAIM, at, message=message, who=who, about=(key,))


def phase(at, words, message="<1>", who="a"):
    return Event(What.PHASE, at, message=message, who=who, words=words)


def accept(at, *marks, message="<1>", to="omar", words=""):
    return Event(What.ACCEPT, at, to=to, about=marks or ("R1",), message=message, words=words)


def settle(at, message="<1>", who="a"):
    return Event(What.SETTLE, at, message=message, who=who, words="accepted")


def kill(at, who="a", words=""):
    return Event(What.KILL, at, who=who, words=words)


def moot(at, mark="R1"):
    return Event(What.MOOT, at, about=(mark,))


def gone(at, to="omar"):
    return Event(What.GONE, at, to=to)


def verdicts(*history):
    return [violation.verdict for violation in judge(history)]


SOUND = (plan(0), claim(1), phase(2, TEXT), accept(3), phase(4, KNOWN), settle(5))

FAULTS = {
    "never arrived": ([plan(0)], Verdict.LOST),
    "the second step never arrived": ([*SOUND, plan(50)], Verdict.LOST),
    "moot only after it should have arrived": ([plan(0, until=10), moot(11)], Verdict.LOST),
    "two copies": ([*SOUND, accept(9)], Verdict.DOUBLED),
    "two copies, killed before the text": (
        [plan(0), claim(1), kill(2), claim(3, who="b"), accept(4), accept(5)],
        Verdict.DOUBLED,
    ),
    "two copies, killed after the journal": ([*SOUND[:5], kill(6), claim(7, who="b"), accept(8)], Verdict.DOUBLED),
    "three copies, killed once": ([*SOUND[:4], kill(4), accept(5), accept(6)], Verdict.DOUBLED),
    "three copies, one answer lost": ([plan(0), accept(1, words=UNHEARD), accept(2), accept(3)], Verdict.DOUBLED),
    "two mails for one plan": ([*SOUND, claim(6, "<2>", key="k2"), accept(7, message="<2>")], Verdict.DOUBLED),
    "before its time": ([plan(5), accept(3), accept(6, message="<2>")], Verdict.DOUBLED),
    "too late": ([plan(0, until=2), claim(1), accept(3)], Verdict.LATE),
    "to somebody who left": ([plan(0), gone(1), claim(2), accept(3)], Verdict.WITHOUT_RIGHTS),
    "again to somebody who left": (
        [plan(0), claim(1), gone(2), claim(3), accept(4)],
        Verdict.WITHOUT_RIGHTS,
    ),
    "to somebody it was not meant for": ([*SOUND, accept(3, to="mila", message="<1>")], Verdict.WITHOUT_RIGHTS),
    "no longer true": ([plan(0), moot(1), claim(2), accept(3)], Verdict.OBSOLETE),
    "one line of two no longer true": (
        [plan(0), plan(0, "R2"), moot(1), claim(2), accept(3, "R1", "R2")],
        Verdict.OBSOLETE,
    ),
    "again, all of it no longer true": ([plan(0), claim(1), moot(2), claim(3), accept(4)], Verdict.OBSOLETE),
    "another name on the mail": ([*SOUND, accept(9, message="<other>")], Verdict.RENAMED),
    "another name in the outbox": ([*SOUND, claim(6, "<2>")], Verdict.RENAMED),
}

FINE = {
    "nothing at all": [],
    "the plain case": SOUND,
    "killed after the dot: one more copy": [*SOUND[:4], kill(4), claim(5, who="b"), accept(6)],
    "killed twice after the dot: two more": [
        *SOUND[:4],
        kill(4),
        claim(5),
        phase(6, TEXT),
        accept(7),
        kill(8),
        accept(9),
    ],
    "an answer was lost: one more": [plan(0), claim(1), accept(2, words=UNHEARD), claim(3), accept(4)],
    "a kill that nobody watched: one more": [plan(0), accept(1), kill(2, words=UNSEEN), accept(3)],
    "killed before the text: one copy": [plan(0), claim(1), kill(2), claim(3, who="b"), accept(4)],
    "two steps in one mail after a time without power": [plan(0), plan(1), claim(2), accept(3)],
    "moot in time": [plan(0), moot(1)],
    "left in time": [plan(0), gone(1)],
    "already on its way when it became moot": [plan(0), claim(1), moot(2), accept(3)],
    "already on its way when they left": [plan(0), claim(1), gone(2), accept(3)],
    "again unchanged while some of it is true": [
        plan(0),
        plan(0, "R2"),
        claim(1),
        moot(2),
        claim(3),
        accept(4, "R1", "R2"),
    ],
    "moot, then true again": [plan(0), moot(1), plan(5), claim(6), accept(7)],
    "late by the time the clock was changed": [plan(0, until=2), Event(What.CLOCK, 5), claim(6), accept(6.5)],
}


@pytest.mark.parametrize(("history", "verdict"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_seen(history, verdict):
    assert verdict in verdicts(*history)


@pytest.mark.parametrize("history", FINE.values(), ids=FINE.keys())
def test_what_is_allowed_is_no_fault(history):
    assert verdicts(*history) == []


def test_every_verdict_has_a_history():
    assert {verdict for _, verdict in FAULTS.values()} == set(Verdict)


def test_the_order_of_the_lines_does_not_matter():
    assert verdicts(*reversed(SOUND)) == []


def test_an_event_survives_its_file():
    for event in (*SOUND, kill(1), gone(2)):
        assert Event.read(event.line()) == event


def test_copies_are_counted():
    assert copies_beyond_the_first([*SOUND, accept(9), accept(10), accept(11, message="<2>")]) == 2


# --- lateness in the rehearsals ------------------------------------------------------------------------------


def test_the_eleventh_defect_is_lateness(bench):
    theatre = Theatre(bench.fresh)
    assert {violation.verdict for violation in judge(theatre.play(ELEVENTH, sound=False))} == {Verdict.LATE}
    assert judge(theatre.play(ELEVENTH, sound=True)) == []


def test_a_rehearsal_can_say_late(bench):
    """After a pass that nobody disturbed all must be there; what comes with the next one is late."""
    with world(bench) as here:
        here.arrive(1)
        here.due_by_now()
        here.arrive(1)
        here.passes()
        here.due_by_now()
        assert counted(here.judged()) == {Verdict.LATE: 1}


def test_by_the_rules_every_mishap_gives_time_and_no_more():
    plain = pacing.arrives_within()
    assert pacing.arrives_within(deaths=1) == pytest.approx(plain + pacing.LEASE_S + pacing.TICK_S)
    first, second = (wait.total_seconds() for wait in pacing.PACE.back_off[:2])
    assert pacing.arrives_within(put_off=2) == pytest.approx(plain + 1.2 * (first + second) + 2 * pacing.TICK_S)
    assert plain < pacing.arrives_within(behind=1) < pacing.arrives_within(rests=1)


def test_what_the_rules_allow_depends_on_who_died_over_it(bench):
    with world(bench) as here:
        here.arrive(2)
        here.died(here.fork(failpoint="smtp.connected:1:kill"))
        here.passes(ahead=2 * pacing.LEASE_S)
        here.due_by_the_rules(behind=0)
        allowed = sorted(plan.until - plan.at for plan in here.plans)
        assert allowed == pytest.approx([pacing.arrives_within(), pacing.arrives_within(deaths=1)])
        assert here.judged() == []
