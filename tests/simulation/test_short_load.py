"""Load, speed and death in short: that they measure what they say. How fast is asked by `make torture` only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation import dead_engine, dispatch, load


@pytest.mark.fault(43)
def test_a_thousand_duties_at_once_are_all_noticed(bench):
    figures = {figure.name: figure for figure in load.run(replace(bench, share=0.01))}
    assert figures["… all noticed"].is_met
    assert figures["… all mailed"].is_met, figures["… all mailed"].seen
    assert figures["… memory"].is_met


def test_everything_is_dispatched_and_compared(bench):
    (figure,) = dispatch.run(replace(bench, share=0.02))
    assert "n = 20" in figure.seen


@pytest.mark.fault(44)
def test_a_dead_engine_is_red_within_five_minutes(bench):
    (figure,) = dead_engine.run(bench)
    assert figure.is_met, figure.seen
