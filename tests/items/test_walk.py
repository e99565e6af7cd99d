"""Both kinds live their whole life through the operations."""

from __future__ import annotations

import pytest

from pdca.items.terms import CustomerType, Importance, Kind, Phase, Verdict
from tests.conftest import MONDAY
from tests.stories import LANE, CustomerAnswer, walk

UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)


@pytest.mark.parametrize("to", LANE)
@pytest.mark.parametrize("kind", list(Kind))
def test_an_item_reaches_every_phase(crew, kind, to):
    story = walk(crew, to, kind, at=MONDAY)
    assert (story.item.phase, story.item.kind) == (to, kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_important_item_closes(crew, kind):
    story = walk(crew, Phase.CLOSED, kind, at=MONDAY, importance=Importance.HIGH)
    assert story.item.final_verdict is Verdict.EFFECTIVE


@pytest.mark.parametrize("kind", list(Kind))
def test_an_item_of_an_unknown_customer_closes_by_observations(crew, kind):
    story = walk(crew, Phase.CLOSED, kind, at=MONDAY, customer=UNKNOWN)
    assert story.item.final_verdict is Verdict.EFFECTIVE
