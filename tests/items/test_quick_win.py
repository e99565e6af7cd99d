"""A quick win costs six answers before its aftercare; all the rest is a stored default, marked as such."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pdca.db import db
from pdca.items.answers import Answers, CarriedOutAnswer, CustomerAnswer, NeedAnswer
from pdca.items.capture import capture
from pdca.items.defaults import SOLVED_IS_YES
from pdca.items.edit import edit
from pdca.items.gates import still_asked
from pdca.items.lifecycle import next_step, progress
from pdca.items.models import Entry
from pdca.items.moves import move
from pdca.items.queries import facts_of
from pdca.items.terms import CustomerType, Importance, Kind, LookalikeChoice, Method, Phase
from tests.conftest import MONDAY
from tests.items.refusals import fields, names

TODAY = MONDAY.date()
KARIN = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", "karin@klant.example")

COUNTED = {"kind", "importance", "catalogue_changes", "channel"}


def captured(crew, line="Een bord met de wachttijd ophangen", **more):
    return capture(crew.team, line, by=crew.member, at=MONDAY, answers=Answers(**more))


def six_answers(crew, customer=KARIN, **more):
    """1 what we do (the line) · 2 what goes wrong · 3 what they notice · 4 customer · 5 date · 6 done as planned."""
    item = captured(crew, **more)
    taken_up = Answers(problem="Ik weet niet hoe lang ik wacht.", noticeable="U ziet hoe lang.", customer=customer)
    move(item, Phase.PLAN, by=crew.owner, at=MONDAY, answers=taken_up)
    move(item, Phase.DO, by=crew.owner, at=MONDAY, answers=Answers(due_on=TODAY + timedelta(days=7)))
    done = Answers(carried_out=CarriedOutAnswer(TODAY, "Zo gedaan als afgesproken."))
    move(item, Phase.CHECK, by=crew.owner, at=MONDAY + timedelta(hours=1), answers=done)
    return item


def test_capture_is_one_line(crew):
    item = captured(crew, "  Een bord   ophangen ")
    assert (item.title, item.phase, item.kind, item.number) == ("Een bord ophangen", Phase.NEW, Kind.QUICK_WIN, 1)
    assert (item.proposer_id, item.owner_id, set(item.defaulted)) == (crew.member.id, None, COUNTED)
    for wrong in ("", "   ", "x" * 201):
        assert fields(lambda w=wrong: captured(crew, w)) == {"title"}
    for who in (crew.viewer, crew.outsider):
        assert names(lambda w=who: capture(crew.team, "Lijn", by=w, at=MONDAY)) == {"role"}


def test_a_line_that_is_sent_again_is_the_same_item(crew):
    def sent(by=crew.member, once="f00d"):
        return capture(crew.team, "Een bord ophangen", by=by, at=MONDAY, once=once).number

    assert [sent(), sent(), sent(crew.owner), sent(once="cafe"), sent(once=""), sent(once="")] == [1, 1, 2, 3, 4, 5]


def test_numbers_follow_each_other_on_a_board(crew):
    assert [captured(crew, f"Regel {n} van het bord").number for n in range(3)] == [1, 2, 3]


def test_six_answers_and_every_fact_the_rules_ask_for_is_there(crew):
    item = six_answers(crew)
    assert item.phase is Phase.CHECK
    [need] = item.needs
    [contact] = item.contacts
    facts = {
        "kind": item.kind,
        "what we'll do": item.title,
        "what goes wrong": item.problem,
        "R2 purpose": item.purpose,
        "R23 noticeable": item.noticeable,
        "R18 customer": (item.customer_type, item.customer_name, contact.email),
        "R1 need": (need.who, need.how_many, need.channel, need.quote),
        "R3 date": (item.due_on, item.first_promised_on),
        "R3 agreed": (item.agreed_with, item.agreed_on, item.agreed_how),
        "owner": item.owner_id,
        "R12 aftercare": (item.care_method, item.care_asker_id, item.care_criterion),
        "R15 look-alikes": item.lookalike_choice,
        "R4 catalogue": item.catalogue_changes,
        "importance": item.importance,
        "R27 decided": item.decided_at,
        "carried out": (item.round.carried_out_on, item.round.carried_out),
        "checks": [(c.due_on, c.method) for c in item.checks],
    }
    assert facts == {
        "kind": Kind.QUICK_WIN,
        "what we'll do": "Een bord met de wachttijd ophangen",
        "what goes wrong": "Ik weet niet hoe lang ik wacht.",
        "R2 purpose": "Ik weet niet hoe lang ik wacht.",
        "R23 noticeable": "U ziet hoe lang.",
        "R18 customer": (CustomerType.EXTERNAL, "Karin Smit", "karin@klant.example"),
        "R1 need": ("Karin Smit", 1, "on the board", "Ik weet niet hoe lang ik wacht."),
        "R3 date": (TODAY + timedelta(days=7), TODAY + timedelta(days=7)),
        "R3 agreed": ("Karin Smit", TODAY, "on the board"),
        "owner": crew.owner.id,
        "R12 aftercare": (Method.MAIL, None, SOLVED_IS_YES),
        "R15 look-alikes": LookalikeChoice.NONE_FOUND,
        "R4 catalogue": False,
        "importance": Importance.NORMAL,
        "R27 decided": MONDAY,
        "carried out": (TODAY, "Zo gedaan als afgesproken."),
        "checks": [
            (TODAY + timedelta(days=14), Method.MAIL),
            (TODAY + timedelta(days=42), Method.MAIL),
        ],
    }
    assert set(item.defaulted) == COUNTED | {"purpose", "need", "agreed", "owner_id", "aftercare", "lookalikes"}


def test_a_default_is_never_silent_in_the_journal(crew):
    item = six_answers(crew)
    said = {e.field for e in db.session.query(Entry).filter_by(item_id=item.id, what="defaulted")}
    assert said >= {"kind", "purpose", "need", "agreed_with", "care_method", "lookalike_choice"}


def test_the_capture_channel_is_passed_on(crew):
    item = six_answers(crew, channel="balie")
    assert (item.needs[0].channel, item.agreed_how) == ("balie", "balie")


def test_whom_nobody_can_mail_is_called(crew):
    item = six_answers(crew, CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", phone="06 12345678"))
    assert item.care_method is Method.CALL


def test_a_guessed_customer_type_is_marked_until_somebody_says_it(crew):
    guessed = CustomerAnswer(CustomerType.COLLEAGUE, "Piet", "piet@voorbeeld.example", is_type_guessed=True)
    item = six_answers(crew, guessed)
    assert "customer_type" in item.defaulted
    edit(item, Answers(customer=KARIN), by=crew.owner, at=MONDAY)
    assert "customer_type" not in item.defaulted


def test_an_answer_takes_the_mark_of_a_default_away_and_corrects_it_in_place(crew):
    item = six_answers(crew)
    edit(item, Answers(purpose="Om rust te hebben.", need=NeedAnswer("Jan", 3)), by=crew.owner, at=MONDAY)
    assert not {"purpose", "need"} & set(item.defaulted)
    assert [(n.who, n.how_many) for n in item.needs] == [("Jan", 3)]
    edit(item, Answers(need=NeedAnswer("Ans", 1)), by=crew.owner, at=MONDAY)
    assert [n.who for n in item.needs] == ["Jan", "Ans"]


def test_a_default_never_overwrites_an_answer(crew):
    item = captured(crew)
    given = Answers(
        problem="Ik weet niet hoe lang ik wacht.",
        noticeable="U ziet hoe lang.",
        customer=KARIN,
        purpose="Om rust te hebben.",
        need=NeedAnswer("Jan", 3),
    )
    move(item, Phase.PLAN, by=crew.owner, at=MONDAY, answers=given)
    assert (item.purpose, [n.who for n in item.needs]) == ("Om rust te hebben.", ["Jan"])
    assert not {"purpose", "need"} & set(item.defaulted)


def test_the_default_says_it_was_agreed_on_the_day_the_date_was_given(crew):
    item = captured(crew)
    taken_up = Answers(problem="Ik wacht.", noticeable="U ziet hoe lang.", customer=KARIN)
    move(item, Phase.PLAN, by=crew.owner, at=MONDAY, answers=taken_up)
    later = MONDAY + timedelta(days=2)
    move(item, Phase.DO, by=crew.owner, at=later, answers=Answers(due_on=TODAY + timedelta(days=7)))
    assert item.agreed_on == TODAY + timedelta(days=2)


# --- what costs more, and says so --------------------------------------------------------------------------


def asked(item, by, at=MONDAY):
    facts = facts_of(item, at)
    return {m.name for m in still_asked(item, facts, next_step(facts), by=by, at=at)}


def test_each_sheet_asks_what_is_left_of_the_six(crew):
    item = captured(crew)
    assert asked(item, crew.owner) == {"problem", "noticeable", "customer"}
    taken_up = Answers(problem="Ik wacht.", noticeable="U ziet hoe lang.", customer=KARIN)
    move(item, Phase.PLAN, by=crew.owner, at=MONDAY, answers=taken_up)
    assert asked(item, crew.owner) == {"promise"}
    move(item, Phase.DO, by=crew.owner, at=MONDAY, answers=Answers(due_on=TODAY))
    assert asked(item, crew.owner) == {"carried_out"}


def test_an_unknown_customer_costs_two_answers_more(crew):
    item = captured(crew)
    unknown = CustomerAnswer(CustomerType.UNKNOWN)
    taken_up = Answers(problem="Ik wacht.", noticeable="U ziet hoe lang.", customer=unknown)
    move(item, Phase.PLAN, by=crew.owner, at=MONDAY, answers=taken_up)
    assert asked(item, crew.owner) == {"promise", "need", "agreed"}
    assert names(lambda: move(item, Phase.DO, by=crew.owner, at=MONDAY, answers=Answers(due_on=TODAY))) == {
        "need",
        "agreed",
    }
    assert item.care_method is Method.OBSERVATION


def test_high_importance_costs_a_call(crew):
    item = captured(crew, importance=Importance.HIGH)
    taken_up = Answers(problem="Ik wacht.", noticeable="U ziet hoe lang.", customer=KARIN)
    move(item, Phase.PLAN, by=crew.owner, at=MONDAY, answers=taken_up)
    move(item, Phase.DO, by=crew.owner, at=MONDAY, answers=Answers(due_on=TODAY))
    assert asked(item, crew.owner) == {"carried_out", "called"}


def test_an_improvement_action_gets_no_defaults(crew):
    item = captured(crew, kind=Kind.IMPROVEMENT)
    taken_up = Answers(problem="Ik wacht.", noticeable="U ziet hoe lang.", customer=KARIN)
    move(item, Phase.PLAN, by=crew.keeper, at=MONDAY, answers=taken_up)
    assert (item.owner_id, item.purpose, item.needs, item.care_method) == (None, "", [], None)
    assert asked(item, crew.keeper) == {
        *("need", "purpose", "promise", "agreed", "owner", "aftercare"),
        *("baseline", "small_test", "groups", "touchpoint"),
    }


# --- the card's dots ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "dots"),
    [
        (Kind.QUICK_WIN, [(0, 5), (5, 6), (0, 1), (0, 2)]),
        (Kind.IMPROVEMENT, [(0, 5), (1, 10), (0, 1), (0, 3)]),
    ],
)
def test_dots_count_what_concerns_this_item(crew, kind, dots):
    from tests.stories import new

    story = new(crew, kind, at=MONDAY)
    seen = []
    for step in (story.take_up, story.start, story.finish, None):
        met, of = progress(story.facts)
        seen.append((met, of))
        if step:
            story.later(minutes=5)
            step()
    assert seen == dots
