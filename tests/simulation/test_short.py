"""The parts of the torture in short: the same code, on both databases, with counts that take seconds."""

from __future__ import annotations

import pytest

from tests.simulation import chaos, defects, kills_named, kills_random, together


def missed(figures):
    """The ones that miss their bound; there must be figures at all."""
    assert figures
    return [figure for figure in figures if not figure.is_met]


@pytest.mark.fault(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
def test_kill_at_every_named_place(bench):
    assert missed(kills_named.run(bench)) == []


@pytest.mark.fault(13)
def test_kills_at_random(bench):
    assert missed(kills_random.run(bench)) == []


@pytest.mark.fault(20, 21)
def test_a_mail_server_on_a_bad_day(bench):
    assert missed(chaos.run(bench)) == []


@pytest.mark.fault(24)
def test_many_schedulers_in_the_same_second(bench):
    assert missed(together.run(bench)) == []


def test_ten_defects_are_caught_and_the_sound_engine_raises_nothing(bench):
    assert missed(defects.run(bench)) == []
