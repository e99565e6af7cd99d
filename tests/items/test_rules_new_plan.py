"""The rules that guard New and Plan, by number: the refusal, its words, and the way through."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdca.items.answers import (
    AftercareAnswer,
    AgreedAnswer,
    Answers,
    BaselineAnswer,
    CustomerAnswer,
    LookalikeAnswer,
    NeedAnswer,
    SmallTestAnswer,
    TouchpointAnswer,
)
from pdca.items.capture import capture
from pdca.items.decisions import ask_no_survey, decide, waive
from pdca.items.edit import edit
from pdca.items.models import ItemLink, Word
from pdca.items.moves import move, reopen_by_customer, reopen_when_asked
from pdca.items.queries import facts_of
from pdca.items.terms import (
    CustomerType,
    DecisionKind,
    DecisionState,
    Importance,
    ItemLinkKind,
    Kind,
    LookalikeChoice,
    Method,
    Phase,
    ReopenCause,
    WordKind,
)
from tests.conftest import MONDAY
from tests.items.refusals import fields, missing, names
from tests.stories import KARIN, new, planned_with, taken_up_with, walk

TODAY = MONDAY.date()
UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)


def start_without(story, *left_out, **instead):
    """Plan → Do with everything answered except what is left out."""
    answers = {k: v for k, v in planned_with(story).items() if k not in left_out} | instead
    move(story.item, Phase.DO, by=story.owner, at=story.at, answers=Answers(**answers))


@pytest.fixture
def action(crew):
    """An improvement action in Plan that was asked nothing yet."""
    return walk(crew, Phase.PLAN, Kind.IMPROVEMENT, at=MONDAY)


# --- R1 ----------------------------------------------------------------------------------------------------


def test_R1_no_change_that_nobody_asked_for(action):
    refused = missing(lambda: start_without(action, "need"))
    assert set(refused) == {"need"}
    assert refused["need"].rule == "R1"
    assert refused["need"].message == "Write who asked for this, or why there was no survey."
    start_without(action)
    assert action.item.phase is Phase.DO


def test_R1_a_quick_win_may_say_why_there_was_no_survey(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY, customer=UNKNOWN)
    start_without(story, "need", no_survey="Iedereen ziet de rij.")
    assert story.item.phase is Phase.DO


def test_R1_an_action_without_a_survey_needs_the_leader(action):
    edit(action.item, Answers(no_survey="Iedereen ziet de rij."), by=action.owner, at=action.at)
    assert names(lambda: start_without(action, "need")) == {"need"}
    [decision] = action.item.decisions
    assert (decision.kind, decision.rule) == (DecisionKind.NO_SURVEY, "R1")
    decide(decision, True, "Eens.", by=action.crew.leader, at=action.at)
    start_without(action, "need")
    assert action.item.phase is Phase.DO


def test_R1_the_leader_is_asked_once(action):
    for reason in ("Iedereen ziet het.", "Iedereen ziet de rij."):
        ask_no_survey(action.item, reason, by=action.owner, at=action.at)
    assert [d.question for d in action.item.decisions] == ["Iedereen ziet de rij."]


# --- R2, R3 ------------------------------------------------------------------------------------------------


def test_R2_know_what_it_is_for(action):
    refused = missing(lambda: start_without(action, "purpose"))
    assert (set(refused), refused["purpose"].rule) == ({"purpose"}, "R2")
    assert refused["purpose"].message == "Write what it is for, in one sentence in the customer's words."
    start_without(action)
    assert action.item.purpose == "Zodat ik niet een uur vrij hoef te nemen."


def test_R3_no_date_no_do(action):
    refused = missing(lambda: start_without(action, "due_on", "agreed"))
    assert {name: m.rule for name, m in refused.items()} == {"promise": "R3", "agreed": "R3"}
    assert refused["promise"].message == "Agree a date."
    start_without(action)
    assert action.item.first_promised_on == action.item.due_on


def test_R3_with_whom_and_how_it_was_agreed(action):
    nobody = AgreedAnswer("  ", TODAY, "telefoon")
    tomorrow = AgreedAnswer("Karin", TODAY + timedelta(days=1), "telefoon")
    assert fields(lambda: start_without(action, agreed=nobody)) == {"agreed"}
    assert fields(lambda: start_without(action, agreed=tomorrow)) == {"agreed"}


def test_R3_a_promise_is_today_or_later(action):
    assert fields(lambda: start_without(action, due_on=TODAY - timedelta(days=1))) == {"due_on"}
    start_without(action, due_on=TODAY)
    assert action.item.due_on == TODAY


def test_R3_a_date_agreed_in_plan_that_passed_there_is_no_promise(action):
    edit(action.item, Answers(due_on=TODAY + timedelta(days=3)), by=action.owner, at=action.at)
    action.later(days=4)
    assert names(lambda: start_without(action, "due_on")) == {"promise"}


def test_R3_a_quick_win_is_done_within_six_weeks(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    assert fields(lambda: start_without(story, due_on=TODAY + timedelta(days=43))) == {"due_on"}
    start_without(story, due_on=TODAY + timedelta(days=42))
    assert story.item.phase is Phase.DO


def test_the_kind_is_known_before_the_date_that_depends_on_it(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    far = TODAY + timedelta(days=90)
    edit(story.item, Answers(due_on=far, kind=Kind.IMPROVEMENT), by=story.owner, at=story.at)
    assert (story.item.kind, story.item.due_on) == (Kind.IMPROVEMENT, far)


# --- R9 in Plan --------------------------------------------------------------------------------------------


def test_R9_past_the_last_useful_date_it_is_go_on_or_stop(action):
    edit(action.item, Answers(last_useful_on=TODAY + timedelta(days=5)), by=action.owner, at=action.at)
    action.later(days=6)
    refused = missing(lambda: start_without(action))
    assert (set(refused), refused["still_needed"].rule) == ({"still_needed"}, "R9")
    assert refused["still_needed"].message == "The last useful date has passed: say that it is still needed, or stop."
    start_without(action, still_needed=True)
    assert action.item.phase is Phase.DO


def test_R9_on_the_last_useful_day_itself_nobody_is_asked(action):
    edit(action.item, Answers(last_useful_on=TODAY + timedelta(days=5)), by=action.owner, at=action.at)
    start_without(action.later(days=5))
    assert action.item.phase is Phase.DO


# --- R12 in Plan -------------------------------------------------------------------------------------------


def test_R12_aftercare_is_planned_in_plan(action):
    refused = missing(lambda: start_without(action, "aftercare"))
    assert (set(refused), refused["aftercare"].rule) == ({"aftercare"}, "R12")
    start_without(action)
    assert [c.offset_days for c in action.item.checks] == [14, 42, 91]
    assert {c.due_on for c in action.item.checks} == {None}


def test_R12_aftercare_says_what_counts_as_solved_and_who_asks(action):
    assert fields(lambda: start_without(action, aftercare=AftercareAnswer(Method.MAIL, None, " "))) == {"aftercare"}
    outsider = AftercareAnswer(Method.CALL, action.crew.outsider.id, "opgelost")
    assert fields(lambda: start_without(action, aftercare=outsider)) == {"aftercare"}
    start_without(action, aftercare=AftercareAnswer(Method.CALL, action.crew.member.id, "opgelost"))
    assert action.item.care_asker_id == action.crew.member.id


# --- R15 ---------------------------------------------------------------------------------------------------


@pytest.fixture
def twins(crew):
    """Two items that say the same; the second is in the inbox."""
    first = walk(crew, Phase.DO, at=MONDAY, title="Wachtrij aan de balie te lang")
    return first, new(crew, at=first.at, title="Te lange rij bij het loket")


def test_R15_lookalikes_are_answered_before_it_is_taken_up(twins):
    _, again = twins
    refused = missing(lambda: again.move(Phase.PLAN, **taken_up_with(again.item)))
    assert (set(refused), refused["lookalikes"].rule) == ({"lookalikes"}, "R15")
    assert refused["lookalikes"].message == "Say whether this is the same as one of the look-alikes."
    again.move(Phase.PLAN, **taken_up_with(again.item), lookalikes=LookalikeAnswer(LookalikeChoice.DIFFERENT))
    assert (again.item.phase, again.item.lookalike_choice) == (Phase.PLAN, LookalikeChoice.DIFFERENT)
    assert "lookalikes" not in again.item.defaulted


def test_R15_without_lookalikes_that_is_the_answer_and_marked_as_defaulted(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    assert story.item.lookalike_choice is LookalikeChoice.NONE_FOUND
    assert "lookalikes" in story.item.defaulted


def test_R15_the_same_is_not_taken_up_but_linked_and_declined_as_its_twin(twins, crew):
    first, again = twins
    same = LookalikeAnswer(LookalikeChoice.SAME, first.item.id)
    refused = missing(lambda: again.move(Phase.PLAN, **taken_up_with(again.item), lookalikes=same))
    assert (set(refused), refused["lookalikes"].rule) == ({"lookalikes"}, "R15")
    edit(again.item, Answers(lookalikes=same), by=crew.member, at=again.at)
    [link] = links_of(again.item)
    assert (link.other_id, link.kind) == (first.item.id, ItemLinkKind.DUPLICATE_OF)
    again.move(Phase.DECLINED, by=crew.keeper, reason="Loopt al.", twin_id=first.item.id)
    assert again.item.phase is Phase.DECLINED
    assert len(links_of(again.item)) == 1
    assert crew.member.id in {f.person_id for f in first.item.followers}


def test_R15_the_same_as_a_closed_one_is_a_recurrence(crew):
    first = walk(crew, Phase.CLOSED, at=MONDAY, title="Wachtrij aan de balie te lang")
    again = new(crew, at=first.at, title="Te lange rij bij het loket")
    same = LookalikeAnswer(LookalikeChoice.SAME, first.item.id)
    edit(again.item, Answers(lookalikes=same), by=crew.member, at=again.at)
    assert [x.kind for x in links_of(again.item)] == [ItemLinkKind.RECURRENCE_OF]


def test_R15_the_same_needs_to_say_as_which_item_of_this_board(twins, crew):
    _, again = twins
    for other in (None, again.item.id, 99_999):
        same = LookalikeAnswer(LookalikeChoice.SAME, other)
        assert fields(lambda same=same: edit(again.item, Answers(lookalikes=same), by=crew.member, at=again.at)) == {
            "lookalikes"
        }


def links_of(item):
    from pdca.db import db

    return db.session.query(ItemLink).filter_by(item_id=item.id).all()


def test_R15_a_closed_item_comes_back_within_182_days_with_its_cause(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY)
    story.later(days=182)
    refused = missing(lambda: story.move(Phase.PLAN, by=crew.member))
    assert (set(refused), refused["cause"].rule) == ({"cause"}, "R15")
    story.move(Phase.PLAN, by=crew.member, cause=ReopenCause.BACK_AGAIN)
    assert (story.item.phase, story.item.round_number, story.item.recurrences) == (Phase.PLAN, 2, 1)
    assert (story.item.ended_at, story.item.final_verdict) == (None, None)


def test_R15_later_it_is_a_new_item(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY).later(days=183)
    refused = missing(lambda: story.move(Phase.PLAN, by=crew.member, cause=ReopenCause.BACK_AGAIN))
    assert set(refused) == {"in_time"}
    assert refused["in_time"].message == "This was closed too long ago: start a new item that links to it."
    assert names(lambda: reopen_by_customer(story.item, ReopenCause.BACK_AGAIN, at=story.at)) == {"in_time"}


@pytest.mark.parametrize("days", [183, 198])
def test_R15_the_answer_to_the_recurrence_question_may_reopen_until_day_198(crew, days):
    story = walk(crew, Phase.CLOSED, at=MONDAY).later(days=days)
    reopen_by_customer(story.item, ReopenCause.NEVER_GONE, at=story.at, was_asked=True)
    assert story.item.phase is Phase.PLAN


def test_R15_after_day_198_that_answer_is_too_late_too(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY).later(days=199)
    assert names(lambda: reopen_by_customer(story.item, ReopenCause.BACK_AGAIN, at=story.at, was_asked=True)) == {
        "in_time"
    }


def test_R15_a_member_who_asked_the_customer_may_reopen_that_long_too(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY).later(days=198)
    assert names(lambda: reopen_when_asked(story.item, ReopenCause.BACK_AGAIN, by=crew.viewer, at=story.at)) == {"role"}
    reopen_when_asked(story.item, ReopenCause.BACK_AGAIN, by=crew.member, at=story.at)
    assert story.item.phase is Phase.PLAN


@pytest.mark.parametrize("kind", list(Kind))
def test_R15_a_second_recurrence_asks_for_the_root_cause_and_the_leader(crew, kind):
    story = walk(crew, Phase.CLOSED, kind, at=MONDAY)
    reopen_by_customer(story.item, ReopenCause.BACK_AGAIN, at=story.at)
    for step in (story.start, story.finish, story.embed, story.close):
        step()
    reopen_by_customer(story.item, ReopenCause.BACK_AGAIN, at=story.at)
    refused = missing(lambda: start_without(story))
    assert set(refused) == {"root_cause", "round_three"}
    assert refused["root_cause"].rule == "R15"
    [decision] = [d for d in story.item.decisions if d.kind is DecisionKind.ROUND_THREE]
    decide(decision, True, "Ga door.", by=crew.leader, at=story.at)
    start_without(story, root_cause="Het rooster past niet bij de drukte.")
    assert story.item.phase is Phase.DO


# --- R18, R23, R27 -----------------------------------------------------------------------------------------


def take_up_without(story, *left_out, by=None, **instead):
    answers = {k: v for k, v in taken_up_with(story.item).items() if k not in left_out} | instead
    move(story.item, Phase.PLAN, by=by or story.owner, at=story.at, answers=Answers(**answers))


def test_R18_say_who_the_customer_is(crew):
    story = new(crew, at=MONDAY)
    refused = missing(lambda: take_up_without(story, "customer"))
    assert (set(refused), refused["customer"].rule) == ({"customer"}, "R18")
    assert refused["customer"].message == "Say who the customer is; “unknown” is a choice."
    take_up_without(story, customer=UNKNOWN)
    assert (story.item.customer_type, story.item.contacts) == (CustomerType.UNKNOWN, [])


@pytest.mark.parametrize("kind", [CustomerType.EXTERNAL, CustomerType.COLLEAGUE, CustomerType.GROUP])
def test_R18_whoever_is_known_has_a_name(crew, kind):
    story = new(crew, at=MONDAY)
    assert fields(lambda: take_up_without(story, customer=CustomerAnswer(kind, " "))) == {"customer"}
    take_up_without(story, customer=CustomerAnswer(kind, "Karin", "karin@klant.example"))
    assert [c.email for c in story.item.contacts] == ["karin@klant.example"]


def test_R18_another_customer_takes_the_place_of_the_first_and_a_group_grows(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    jan = CustomerAnswer(CustomerType.EXTERNAL, "Jan", "jan@klant.example")
    edit(story.item, Answers(customer=jan), by=story.owner, at=story.at)
    assert [c.name for c in story.item.contacts] == ["Jan"]
    for name in ("Ans", "Bert"):
        answer = CustomerAnswer(CustomerType.GROUP, name, f"{name}@klant.example")
        edit(story.item, Answers(customer=answer), by=story.owner, at=story.at)
    assert [c.name for c in story.item.contacts] == ["Jan", "Ans", "Bert"]
    edit(story.item, Answers(customer=jan), by=story.owner, at=story.at)
    assert [c.name for c in story.item.contacts] == ["Jan"]


def test_R23_only_change_that_serves_the_customer(crew):
    story = new(crew, at=MONDAY)
    refused = missing(lambda: take_up_without(story, "noticeable"))
    assert (set(refused), refused["noticeable"].rule) == ({"noticeable"}, "R23")
    assert refused["noticeable"].message == "Write what the customer will notice."
    take_up_without(story)
    assert story.item.noticeable == "U bent binnen tien minuten aan de beurt."


def test_R27_taking_it_up_is_the_decision(crew):
    story = new(crew, at=MONDAY)
    assert story.item.decided_at is None
    story.later(days=3).take_up()
    assert (story.item.decided_at, story.item.taken_up_at) == (story.at, story.at)


def test_R27_a_member_takes_up_a_quick_win_but_not_an_action(crew):
    action = new(crew, Kind.IMPROVEMENT, at=MONDAY)
    refused = missing(lambda: take_up_without(action, by=crew.member))
    assert (set(refused), refused["decision"].rule) == ({"decision"}, "R27")
    assert refused["decision"].message == (
        "Only the board keeper or a leader decides on this; a member may take up a quick win."
    )
    take_up_without(action, by=crew.keeper)
    assert action.item.phase is Phase.PLAN
    quick = new(crew, at=MONDAY)
    take_up_without(quick, by=crew.member)
    assert quick.item.owner_id == crew.member.id


def test_R27_a_member_does_not_make_it_an_action_while_taking_it_up(crew):
    story = new(crew, at=MONDAY)
    assert names(lambda: take_up_without(story, kind=Kind.IMPROVEMENT, by=crew.member)) == {"decision"}


def test_R27_the_team_may_leave_all_deciding_to_the_keeper(crew):
    from pdca.people.operations import save_settings

    save_settings(crew.team, {"member_may_take_up": 0}, by=crew.leader, at=MONDAY)
    story = new(crew, at=MONDAY)
    assert names(lambda: take_up_without(story, by=crew.member)) == {"decision"}
    take_up_without(story, by=crew.keeper)
    assert story.item.phase is Phase.PLAN


@pytest.mark.parametrize("who", ["viewer", "outsider", "sponsor"])
def test_R27_who_does_not_work_here_decides_nothing(crew, who):
    story = new(crew, at=MONDAY)
    refused = missing(lambda: take_up_without(story, by=getattr(crew, who)))
    assert set(refused) <= {"decision", "role"}


def test_R27_declining_gives_the_proposer_a_reason(crew):
    story = new(crew, at=MONDAY, customer=KARIN)
    edit(story.item, Answers(customer=KARIN), by=crew.member, at=MONDAY)
    assert names(lambda: story.move(Phase.DECLINED, by=crew.keeper)) == {"reason"}
    assert names(lambda: story.move(Phase.DECLINED, by=crew.keeper, reason="  ")) == {"reason"}
    assert names(lambda: story.move(Phase.DECLINED, by=crew.member, reason="Nee.")) == {"role"}
    story.move(Phase.DECLINED, by=crew.keeper, reason="Dat kan nu niet.")
    assert (story.item.phase, story.item.decided_at, story.item.ended_at) == (Phase.DECLINED, MONDAY, MONDAY)
    assert [(w.kind, w.text) for w in words_of(story.item)] == [(WordKind.DECLINED, "Dat kan nu niet.")]


def test_R27_and_R31_parking_needs_a_reason_and_a_review_date(crew):
    story = new(crew, at=MONDAY)
    assert names(lambda: story.move(Phase.PARKED, by=crew.keeper)) == {"reason", "review_on"}
    today = {"reason": "Eerst de verhuizing.", "review_on": TODAY}
    assert fields(lambda: story.move(Phase.PARKED, by=crew.keeper, **today)) == {"review_on"}
    story.move(Phase.PARKED, by=crew.keeper, reason="Eerst de verhuizing.", review_on=TODAY + timedelta(days=30))
    assert (story.item.phase, story.item.resumes_in) == (Phase.PARKED, Phase.NEW)
    assert story.item.review_on == TODAY + timedelta(days=30)


@pytest.mark.parametrize(("source", "other"), [(Phase.NEW, Phase.PLAN), (Phase.PLAN, Phase.NEW)])
def test_a_parked_item_goes_back_to_the_phase_it_came_from(crew, source, other):
    story = walk(crew, source, at=MONDAY)
    story.move(Phase.PARKED, by=crew.keeper, reason="Later.", review_on=date(2026, 4, 1))
    assert names(lambda: story.move(other, by=crew.keeper)) == {"resumes"}
    assert names(lambda: story.move(source, by=crew.member)) == {"role"}
    story.move(source, by=crew.keeper)
    assert (story.item.phase, story.item.resumes_in, story.item.review_on) == (source, None, None)


def words_of(item):
    from pdca.db import db

    return db.session.query(Word).filter_by(item_id=item.id).order_by(Word.id).all()


# --- R20, R21, R22, R25 ------------------------------------------------------------------------------------


def test_R20_see_it_yourself_with_a_mark_or_exactly_three_parts(action):
    refused = missing(lambda: start_without(action, "baseline"))
    assert (set(refused), refused["baseline"].rule) == ({"baseline"}, "R20")
    two = BaselineAnswer(TODAY, None, "vriendelijk", "sneller", " ")
    for wrong in (two, BaselineAnswer(TODAY, 11), BaselineAnswer(TODAY + timedelta(days=1), 5)):
        assert fields(lambda wrong=wrong: start_without(action, baseline=wrong)) == {"baseline"}
    start_without(action, baseline=BaselineAnswer(TODAY, None, "vriendelijk", "sneller", "een tweede balie"))
    assert action.item.phase is Phase.DO


def test_R21_try_it_small_first(action):
    refused = missing(lambda: start_without(action, "small_test"))
    assert (set(refused), refused["small_test"].rule) == ({"small_test"}, "R21")
    half = SmallTestAnswer("Balie 2", "Mila", TODAY, " ", "We meten.")
    past = SmallTestAnswer("Balie 2", "Mila", TODAY - timedelta(days=1), "Sneller.", "We meten.")
    assert fields(lambda: start_without(action, small_test=half)) == {"small_test"}
    assert fields(lambda: start_without(action, small_test=past)) == {"small_test"}
    start_without(action)
    assert action.item.round.prediction == "De wachttijd halveert."


def test_R22_the_customer_groups_are_named(action, crew):
    refused = missing(lambda: start_without(action, "groups"))
    assert (set(refused), refused["groups"].rule) == ({"groups"}, "R22")
    assert fields(lambda: start_without(action, groups=[99_999])) == {"groups"}
    start_without(action, groups=[crew.group("Ouderen"), crew.group("Ondernemers")])
    assert {g.name for g in action.item.groups} == {"Ondernemers", "Ouderen"}


def test_R25_the_moment_it_happens_and_our_role_in_it(action):
    refused = missing(lambda: start_without(action, "touchpoint"))
    assert (set(refused), refused["touchpoint"].rule) == ({"touchpoint"}, "R25")
    assert fields(lambda: start_without(action, touchpoint=TouchpointAnswer("balie", " "))) == {"contact_role"}
    start_without(action)
    assert (action.item.touchpoint, action.item.contact_role) == ("Aan de balie", "Wij ontvangen")


def test_R20_R21_R22_R25_are_not_asked_of_a_quick_win(crew):
    story = walk(crew, Phase.PLAN, at=MONDAY)
    start_without(story)
    assert not story.facts.round.has_baseline
    assert story.item.phase is Phase.DO


# --- R31 ---------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(crew):
    """An owner with three items in Do, and a fourth in Plan."""
    for _ in range(3):
        walk(crew, Phase.DO, at=MONDAY)
    return walk(crew, Phase.PLAN, at=MONDAY)


def test_R31_an_owner_has_at_most_three_in_do(busy):
    refused = missing(lambda: start_without(busy))
    assert (set(refused), refused["room_owner"].rule) == ({"room_owner"}, "R31")
    assert refused["room_owner"].message == (
        "The owner has no room in Do: finish something first, or ask the leader for a waiver."
    )
    waive(busy.item, "R31", "Deze kan niet wachten.", by=busy.crew.leader, at=busy.at)
    start_without(busy)
    assert busy.item.phase is Phase.DO


def test_R31_the_columns_do_and_check_hold_eight(crew):
    from pdca.people.operations import save_settings

    save_settings(crew.team, {"wip_owner": 50}, by=crew.leader, at=MONDAY)
    for phase in (Phase.DO, Phase.CHECK):
        for _ in range(8):
            item = capture(crew.team, f"Vol {phase}", by=crew.member, at=MONDAY)
            item.phase = phase
    story = walk(crew, Phase.PLAN, at=MONDAY)
    refused = missing(lambda: start_without(story))
    assert {name: m.rule for name, m in refused.items()} == {"room_do": "R31", "room_check": "R31"}
    waive(story.item, "R31", "Deze kan niet wachten.", by=crew.leader, at=story.at)
    start_without(story)
    assert story.item.phase is Phase.DO


def test_R31_never_blocks_who_is_done_hands_over_or_comes_back(crew):
    from pdca.items.handovers import Note, accept, hand_over
    from pdca.items.leaving import release as leave

    closed = walk(crew, Phase.CLOSED, at=MONDAY)
    first, second, third = (walk(crew, Phase.DO, at=MONDAY) for _ in range(3))
    for _ in range(8):
        item = capture(crew.team, "Vol", by=crew.member, at=MONDAY)
        item.phase = Phase.CHECK
    # reopening
    reopen_by_customer(closed.item, ReopenCause.BACK_AGAIN, at=closed.at)
    assert closed.item.phase is Phase.PLAN
    # an accepted handover, by somebody who has three already
    handover = hand_over(first.item, crew.member.id, Note("a", "b", "c", "d"), by=crew.owner, at=first.at)
    for _ in range(3):
        item = capture(crew.team, "Van Mila", by=crew.member, at=MONDAY)
        item.phase, item.owner_id = Phase.DO, crew.member.id
    accept(handover, "Ik neem het over van Omar.", by=crew.member, at=first.at)
    assert first.item.owner_id == crew.member.id
    # Do → Check although Check is full
    second.finish()
    assert second.item.phase is Phase.CHECK
    # a caretaker takes whatever there is
    leave(crew.owner, crew.team.id, crew.leader, third.at)
    assert third.item.caretaker_id == crew.keeper.id


def test_R31_never_blocks_going_back_to_do_on_partly(crew):
    from pdca.items.terms import Solved, Verdict

    story = walk(crew, Phase.CHECK, at=MONDAY)
    story.answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    for _ in range(8):
        item = capture(crew.team, "Vol", by=crew.member, at=MONDAY)
        item.phase, item.owner_id = Phase.DO, crew.owner.id
    story.move(Phase.DO, due_on=story.today + timedelta(days=7))
    assert story.item.phase is Phase.DO


def test_R31_a_full_column_is_counted_without_the_item_itself(crew):
    story = walk(crew, Phase.DO, at=MONDAY)
    facts = facts_of(story.item, story.at)
    assert (facts.in_do, facts.in_check, facts.owner_in_do) == (0, 0, 0)


# --- one owner ---------------------------------------------------------------------------------------------


def test_an_action_has_one_owner_before_it_starts(crew):
    story = new(crew, Kind.IMPROVEMENT, at=MONDAY)
    take_up_without(story, by=crew.keeper)
    assert story.item.owner_id is None
    assert names(lambda: start_without(story)) == {"owner"}
    edit(story.item, Answers(owner_id=crew.keeper.id), by=crew.keeper, at=story.at)
    move(story.item, Phase.DO, by=crew.keeper, at=story.at, answers=Answers(**planned_with(story)))
    assert (story.item.phase, story.item.owner_id) == (Phase.DO, crew.keeper.id)


def test_need_and_importance_show_in_the_facts(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY, importance=Importance.HIGH)
    assert (story.facts.needs, story.facts.importance) == (1, Importance.HIGH)
    assert fields(lambda: edit_need(story, NeedAnswer(" "))) == {"need"}
    assert fields(lambda: edit_need(story, NeedAnswer("Karin", 0))) == {"need"}


def edit_need(story, answer):
    edit(story.item, Answers(need=answer), by=story.owner, at=story.at)


def test_a_decision_that_was_taken_is_not_taken_again(action):
    ask_no_survey(action.item, "Iedereen ziet het.", by=action.owner, at=action.at)
    [decision] = action.item.decisions
    decide(decision, False, "Vraag het toch.", by=action.crew.leader, at=action.at)
    assert decision.state is DecisionState.REFUSED
    assert names(lambda: decide(decision, True, "", by=action.crew.leader, at=action.at)) == {"decided"}
