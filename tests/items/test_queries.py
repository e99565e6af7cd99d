"""Facts in a constant number of queries, an item through the viewer's teams, and the order on the board."""

from __future__ import annotations

import pytest

from pdca.db import db
from pdca.errors import NotFound
from pdca.items.capture import capture
from pdca.items.models import Answer, Call, Check, Contact, Item, Lesson, Need, Promise
from pdca.items.queries import facts_for, item_for
from pdca.items.ranking import GAP, Place, rank_for, spread
from pdca.items.terms import (
    AnswerSource,
    CallPurpose,
    CheckState,
    Kind,
    Method,
    Phase,
    PromiseState,
    Solved,
)
from pdca.items.work import reorder
from tests.conftest import MONDAY
from tests.peers.counting import statements
from tests.stories import crew as a_crew
from tests.stories import walk


def full(crew, number):
    """An item with a row of everything under it."""
    item = capture(crew.team, f"Regel {number}", by=crew.member, at=MONDAY)
    item.owner_id, item.phase = crew.owner.id, Phase.CHECK
    item.contacts.append(Contact(name="Karin", email="karin@klant.example"))
    item.needs.append(Need(who="Karin"))
    item.lessons.append(Lesson(round_number=1, what_happened="x", by_id=crew.owner.id, at=MONDAY))
    item.promises.append(
        Promise(number=1, due_on=MONDAY.date(), state=PromiseState.STANDING, given_at=MONDAY, given_by_id=crew.owner.id)
    )
    check = Check(round_number=1, number=1, offset_days=14, method=Method.MAIL, state=CheckState.PLANNED)
    item.checks.append(check)
    db.session.flush()
    check.answers.append(
        Answer(source=AnswerSource.CALL, solved=Solved.YES, mark=8, answered_on=MONDAY.date(), recorded_at=MONDAY)
    )
    item.calls.append(
        Call(
            round_number=1,
            check_id=check.id,
            purpose=CallPurpose.AFTERCARE_ATTEMPT,
            with_whom="Karin",
            on=MONDAY.date(),
            by_id=crew.owner.id,
            recorded_at=MONDAY,
        )
    )
    return item.id


def test_facts_cost_the_same_queries_for_one_item_and_for_thirty(app, crew):
    ids = [full(crew, n) for n in range(30)]
    db.session.flush()
    counts = []
    for wanted in (ids[:1], ids):
        db.session.expire_all()
        with statements(app) as sent:
            facts = facts_for(wanted, MONDAY)
        assert set(facts) == set(wanted)
        assert {(f.needs, len(f.checks), f.checks[0].attempt_days) for f in facts.values()} == {
            (1, 1, (MONDAY.date(),))
        }
        counts.append(len(sent))
    assert counts[0] == counts[1] < 25


def test_facts_of_nothing_are_nothing(session):
    assert facts_for([], MONDAY) == {}


def test_facts_count_what_stands_in_the_columns(crew):
    for _ in range(2):
        walk(crew, Phase.DO, at=MONDAY)
    walk(crew, Phase.CHECK, at=MONDAY)
    story = walk(crew, Phase.PLAN, at=MONDAY)
    assert (story.facts.in_do, story.facts.in_check, story.facts.owner_in_do) == (2, 1, 2)


def test_facts_of_another_team_stay_apart(crew):
    walk(crew, Phase.DO, at=MONDAY)
    other = walk(a_crew("Belastingen"), Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY)
    assert (other.facts.in_do, other.facts.team_name) == (0, "Belastingen")


@pytest.mark.parametrize("who", ["owner", "viewer", "sponsor", "administrator"])
def test_an_item_is_found_through_the_teams_one_may_see(crew, who):
    item = capture(crew.team, "Regel", by=crew.member, at=MONDAY)
    assert item_for(getattr(crew, who), item.id) is item


def test_an_item_of_others_does_not_exist(crew):
    item = capture(crew.team, "Regel", by=crew.member, at=MONDAY)
    for wanted in (item.id, 99_999):
        with pytest.raises(NotFound):
            item_for(crew.outsider, wanted)


# --- order -------------------------------------------------------------------------------------------------


@pytest.fixture
def cards(crew):
    """Four cards in the inbox, from top to bottom a b c d."""
    made = [capture(crew.team, name, by=crew.member, at=MONDAY) for name in ("d", "c", "b", "a")]
    return {item.title: item for item in made}


def order(crew):
    rows = db.session.query(Item).filter_by(team_id=crew.team.id, phase=Phase.NEW).order_by(Item.rank, Item.id)
    return "".join(i.title for i in rows)


def put(crew, cards, title, after=None, before=None):
    place = Place(after and cards[after].id, before and cards[before].id)
    reorder(cards[title], place, by=crew.member, at=MONDAY)
    db.session.flush()
    return order(crew)


def test_the_newest_card_stands_on_top(crew, cards):
    assert order(crew) == "abcd"


def test_a_card_goes_between_its_neighbours(crew, cards):
    assert put(crew, cards, "d", after="a", before="b") == "adbc"
    assert put(crew, cards, "a", after="c") == "dbca"
    assert put(crew, cards, "c", before="d") == "cdba"
    assert put(crew, cards, "b") == "bcda"


def test_after_that_card_means_right_after_it_whatever_a_filter_hides(crew, cards):
    """b was hidden: who saw "a, c" and dropped d after a gets a, d, b, c."""
    assert put(crew, cards, "d", after="a", before="c") == "adbc"


def test_a_neighbour_that_left_the_column_does_not_count(crew, cards):
    cards["a"].phase = Phase.PLAN
    db.session.flush()
    assert put(crew, cards, "d", after="a", before="b") == "dbc"
    assert put(crew, cards, "c", after="a") == "cdb"


def test_a_card_is_not_its_own_neighbour(crew, cards):
    assert put(crew, cards, "c", after="c", before="a") == "cabd"


def test_when_the_gap_is_used_up_the_column_is_spread(crew, cards):
    for n in range(30):
        mover = "cd"[n % 2]
        assert put(crew, cards, mover, after="a").startswith(f"a{mover}")
    ranks = sorted(i.rank for i in cards.values())
    assert len(set(ranks)) == 4


def test_cards_of_equal_rank_are_parted_before_one_goes_between_them(crew, cards):
    for item in cards.values():
        item.rank = 0
    db.session.flush()
    assert order(crew) == "dcba"
    assert put(crew, cards, "a", after="d", before="c") == "dacb"
    for item in cards.values():
        item.rank = 0
    db.session.flush()
    assert put(crew, cards, "d", before="a") == "cbda"


def test_spreading_keeps_the_order(crew, cards):
    for rank, title in enumerate("abcd"):
        cards[title].rank = rank
    spread(crew.team.id, Phase.NEW)
    assert [cards[t].rank for t in "abcd"] == [0, GAP, 2 * GAP, 3 * GAP]


def test_reordering_is_no_fact_of_the_work(crew, cards):
    version = cards["a"].version
    db.session.info.pop("touched", None)
    put(crew, cards, "a", after="d")
    assert (cards["a"].version, db.session.info.get("touched")) == (version, None)


def test_a_column_of_one_has_a_first_place(crew):
    item = capture(crew.team, "alleen", by=crew.member, at=MONDAY)
    assert rank_for(item, None, item.phase) == rank_for(item, Place(after=99_999), item.phase) == 0
