"""The rules that guard Check and Act, by number: answers, verdicts, lessons, waivers, decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pdca.db import db
from pdca.items import checks
from pdca.items.answers import (
    AftercareAnswer,
    Answers,
    CallAnswer,
    LessonAnswer,
    PredictionAnswer,
    StandardAnswer,
    VerdictAnswer,
)
from pdca.items.checks import CheckAnswer, answer_by_link, record_answer
from pdca.items.decisions import WAIVABLE, ask_help, ask_waiver, decide, escalate, waive
from pdca.items.edit import edit
from pdca.items.models import Entry, Word
from pdca.items.telling import record_told, tell_next
from pdca.items.terms import (
    AnswerSource,
    CheckState,
    CustomerType,
    DecisionKind,
    DecisionState,
    Importance,
    Kind,
    Method,
    Phase,
    PredictionResult,
    Solved,
    Verdict,
    WordKind,
)
from pdca.items.verdicts import give_verdict, settle_verdict
from pdca.people.models import Membership, Sponsorship
from tests.conftest import MONDAY
from tests.items.refusals import fields, missing, names
from tests.stories import CustomerAnswer, walk

UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)
BY_PHONE = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", phone="06 12345678")
YES = CheckAnswer(Solved.YES, 8, answered_by="Karin Smit")
SEEN = CheckAnswer(Solved.YES, None, "De rij is weg.", source=AnswerSource.OBSERVATION)
LESSON = LessonAnswer("Het werkte.", "Er was om gevraagd.", "Eerder vragen.", "Alle balies")


def record(story, answer=YES, by=None):
    return record_answer(story.check, answer, by=by or story.owner, at=story.at)


def judge(story, verdict, evidence="", by=None, **more):
    return give_verdict(story.item, VerdictAnswer(verdict, evidence, **more), by=by or story.owner, at=story.at)


def attempt(story, days_ago=0):
    call = CallAnswer("Karin", story.today - timedelta(days=days_ago), "telefoon")
    checks.attempt(story.check, call, by=story.owner, at=story.at)


@pytest.fixture
def story(crew):
    """A quick win in Check, its customer reachable by mail, on the day of its first check."""
    return walk(crew, Phase.CHECK, at=MONDAY).ask()


# --- R11 ---------------------------------------------------------------------------------------------------


def test_R11_carried_out_never_closes(story):
    refused = missing(lambda: story.move(Phase.ACT))
    assert {name: m.rule for name, m in refused.items()} == {"answered": "R11", "verdict": "R13"}
    assert refused["answered"].message == (
        "Wait for the customer's answer; for an unknown customer somebody other than the owner observes."
    )
    story.answer().judge().move(Phase.ACT)
    assert story.item.phase is Phase.ACT


def test_R11_a_colleagues_eye_is_no_answer_of_a_customer_who_can_be_asked(story, crew):
    refused = missing(lambda: record(story, SEEN, by=crew.member))
    assert (set(refused), refused["answered"].rule) == ({"answered"}, "R11")
    assert refused["answered"].message == (
        "This customer is known: ask them. Only after two attempts on different days other evidence counts."
    )


def test_R11_nobody_types_the_customers_link(story):
    from dataclasses import replace

    assert names(lambda: record(story, replace(YES, source=AnswerSource.LINK))) == {"link"}


def test_R11_after_two_attempts_other_evidence_is_kept_but_settles_nothing(story, crew):
    attempt(story, 1)
    attempt(story)
    assert names(lambda: record(story, SEEN)) == {"answered"}  # the owner
    record(story, SEEN, by=crew.member)
    assert (story.check.state, [a.source for a in story.check.answers]) == (
        CheckState.ASKED,
        [AnswerSource.OBSERVATION],
    )
    assert names(lambda: judge(story, Verdict.EFFECTIVE, "Gezien.", by=crew.leader)) == {"answered"}


def test_R11_an_unknown_customers_check_is_observed_by_somebody_else(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=UNKNOWN).ask()
    refused = missing(lambda: record(story, SEEN))
    assert (refused["answered"].rule, refused["answered"].message) == ("R11", "Somebody other than the owner observes.")
    assert names(lambda: record(story)) == {"observation"}
    record(story, SEEN, by=crew.member)
    assert story.item.checks[0].state is CheckState.ANSWERED


def test_R11_the_last_verdict_must_be_effective(crew):
    story = walk(crew, Phase.ACT, at=MONDAY, importance=Importance.HIGH)
    story.answer(Solved.PARTLY, 6).judge(Verdict.PARTLY)
    refused = missing(lambda: story.move(Phase.CLOSED, lesson=LESSON))
    assert (set(refused), refused["ends_well"].rule) == ({"ends_well"}, "R11")
    assert refused["ends_well"].message == "The last verdict must be “effective”."
    waive(story.item, "R11", "Meer zit er niet in.", by=crew.leader, at=story.at)
    story.move(Phase.CLOSED, lesson=LESSON)
    assert (story.item.phase, story.item.final_verdict) == (Phase.CLOSED, Verdict.PARTLY)


# --- R12 ---------------------------------------------------------------------------------------------------


def test_R12_every_planned_check_is_answered_before_it_closes(crew):
    story = walk(crew, Phase.ACT, Kind.IMPROVEMENT, at=MONDAY)
    standard = StandardAnswer("Werkafspraak 12", crew.member.id)
    for _ in range(2):
        refused = missing(lambda: story.move(Phase.CLOSED, lesson=LESSON, standard=standard))
        assert (set(refused), refused["checks_settled"].rule) == ({"checks_settled"}, "R12")
        story.answer().judge()
    story.move(Phase.CLOSED, lesson=LESSON, standard=standard)
    assert story.item.phase is Phase.CLOSED


@pytest.mark.parametrize("rule", ["R12", "R24", "R14", "R8", "R6", "R3", "R2"])
def test_R17_some_rules_can_never_be_waived(story, crew, rule):
    refused = missing(lambda: waive(story.item, rule, "Toch.", by=crew.leader, at=story.at))
    assert (refused["never_waived"].rule, refused["never_waived"].params["asked"]) == ("R17", rule)
    assert names(lambda: ask_waiver(story.item, rule, "Toch.", by=story.owner, at=story.at)) == {"never_waived"}


# --- R13 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (CheckAnswer(Solved.YES, None, answered_by="Karin"), "mark"),
        (CheckAnswer(Solved.YES, 0, answered_by="Karin"), "mark"),
        (CheckAnswer(Solved.YES, 11, answered_by="Karin"), "mark"),
        (CheckAnswer(Solved.YES, 8, "Prima!", answered_by="  "), "answered_by"),
        (CheckAnswer(Solved.YES, 8, answered_by="Karin", on=MONDAY.date() + timedelta(days=99)), "on"),
        (CheckAnswer(Solved.YES, 8, answered_by="Karin", on=MONDAY.date()), "on"),
        (CheckAnswer(Solved.YES, 8, answered_by="Karin", group_id=99), "group_id"),
    ],
)
def test_R13_free_text_alone_is_no_answer(story, wrong, field):
    assert fields(lambda: record(story, wrong)) == {field}


def test_R13_the_link_asks_the_same(story):
    wrong = CheckAnswer(Solved.YES, None, "Prima!")
    assert fields(lambda: answer_by_link(story.check, story.contact, wrong, at=story.at)) == {"mark"}


def test_R13_a_call_is_marked_as_called_by_who_called(story):
    answer = record(story)
    assert (answer.source, answer.recorded_by_id, answer.answered_by) == (
        AnswerSource.CALL,
        story.owner.id,
        "Karin Smit",
    )
    assert answer.contact_id == story.contact.id


def test_R13_a_verdict_is_given_after_an_answer_and_once(story):
    assert names(lambda: judge(story, Verdict.EFFECTIVE)) == {"answered"}
    story.answer().judge()
    assert names(lambda: judge(story, Verdict.PARTLY)) == {"judged"}


def test_R13_a_member_does_not_judge_for_the_owner(story, crew):
    story.answer()
    assert names(lambda: judge(story, Verdict.EFFECTIVE, by=crew.member)) == {"role"}
    judge(story, Verdict.EFFECTIVE, by=crew.leader)
    assert story.item.checks[0].verdict_by_id == crew.leader.id


def test_an_action_compares_its_prediction_with_the_result(crew):
    story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY).answer().judge()
    refused = missing(lambda: story.move(Phase.ACT))
    assert (set(refused), refused["prediction"].rule) == ({"prediction"}, "R21")
    story.move(Phase.ACT, prediction_result=PredictionAnswer(PredictionResult.NEARLY, "Een kwart sneller."))
    assert story.item.round.prediction_result is PredictionResult.NEARLY


# --- R14 ---------------------------------------------------------------------------------------------------


def test_R14_closing_asks_for_the_lesson(crew):
    story = walk(crew, Phase.ACT, at=MONDAY)
    refused = missing(lambda: story.move(Phase.CLOSED))
    assert (set(refused), refused["lesson"].rule) == ({"lesson"}, "R14")
    assert refused["lesson"].message == "Write the lesson: what happened, why, what you do differently."
    assert fields(lambda: story.move(Phase.CLOSED, lesson=LessonAnswer("  "))) == {"lesson"}
    story.move(Phase.CLOSED, lesson=LESSON)
    [lesson] = story.item.lessons
    assert (lesson.what_happened, lesson.why, lesson.differently, lesson.for_whom) == (
        "Het werkte.",
        "Er was om gevraagd.",
        "Eerder vragen.",
        "Alle balies",
    )


def test_R14_stopping_asks_for_a_reason_and_the_lesson(crew):
    story = walk(crew, Phase.DO, Kind.IMPROVEMENT, at=MONDAY)
    assert names(lambda: story.move(Phase.STOPPED, by=crew.leader)) == {"reason", "lesson"}
    assert names(lambda: story.move(Phase.STOPPED, by=crew.keeper, reason="x", lesson=LESSON)) == {"role"}
    story.move(Phase.STOPPED, by=crew.leader, reason="Wetswijziging.", lesson=LESSON)
    assert (story.item.phase, story.item.end_reason) == (Phase.STOPPED, "Wetswijziging.")
    assert {c.state for c in story.item.checks} == {CheckState.CANCELLED}


def test_R14_the_keeper_stops_a_quick_win(story, crew):
    assert names(lambda: story.move(Phase.STOPPED, reason="x", lesson=LESSON)) == {"role"}  # the owner
    story.move(Phase.STOPPED, by=crew.keeper, reason="Loopt elders al.", lesson=LESSON)
    assert story.item.phase is Phase.STOPPED


def test_R14_why_a_round_did_not_work_is_its_lesson(story):
    story.answer(Solved.NO, 3).judge(Verdict.NOT_EFFECTIVE)
    refused = missing(lambda: story.move(Phase.PLAN))
    assert (set(refused), refused["why_not"].rule) == ({"why_not"}, "R14")
    story.move(Phase.PLAN, why_not="De balie was te klein.")
    [lesson] = story.item.lessons
    assert (lesson.round_number, lesson.what_happened) == (1, "De balie was te klein.")


def test_R14_the_why_may_have_been_written_before(story):
    story.answer(Solved.NO, 3).judge(Verdict.NOT_EFFECTIVE)
    edit(story.item, Answers(why_not="De balie was te klein."), by=story.owner, at=story.at)
    story.move(Phase.PLAN)
    assert [x.what_happened for x in story.item.lessons] == ["De balie was te klein."]


def test_an_action_closes_with_its_new_standard(crew):
    story = walk(crew, Phase.ACT, Kind.IMPROVEMENT, at=MONDAY).settle_all()
    assert names(lambda: story.move(Phase.CLOSED, lesson=LESSON)) == {"standard"}
    nobody = StandardAnswer("Werkafspraak 12", 99_999)
    assert fields(lambda: story.move(Phase.CLOSED, lesson=LESSON, standard=nobody)) == {"standard"}


def test_the_owner_closes_and_nobody_else(crew):
    story = walk(crew, Phase.ACT, at=MONDAY)
    for who in (crew.keeper, crew.leader, crew.member):
        refused = missing(lambda w=who: story.move(Phase.CLOSED, by=w, lesson=LESSON))
        assert refused["role"].message == "Only the owner may do this."
    story.move(Phase.CLOSED, lesson=LESSON)


# --- R17 ---------------------------------------------------------------------------------------------------


def test_R17_a_waiver_has_a_reason_and_is_a_leaders(story, crew):
    assert fields(lambda: waive(story.item, "R11", "  ", by=crew.leader, at=story.at)) == {"reason"}
    for who in (crew.owner, crew.member, crew.keeper, crew.viewer, crew.outsider):
        refused = missing(lambda w=who: waive(story.item, "R11", "Toch.", by=w, at=story.at))
        assert (refused["someone_else"].rule, refused["someone_else"].message) == (
            "R17",
            "Somebody other than the owner decides this: a leader, or who stands in for one.",
        )
    waiver = waive(story.item, "R11", "Karin is verhuisd.", by=crew.leader, at=story.at)
    assert (waiver.rule, waiver.reason, waiver.decided_alone, waiver.round_number) == (
        "R11",
        "Karin is verhuisd.",
        False,
        1,
    )


def test_R17_never_by_the_owner_also_when_the_owner_leads(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY)
    story.item.owner_id = crew.leader.id
    assert names(lambda: waive(story.item, "R11", "Toch.", by=crew.leader, at=story.at)) == {"someone_else"}
    # No second leader, no deputy: the sponsor.
    waive(story.item, "R11", "Goed.", by=crew.sponsor, at=story.at)


def test_R17_deputy_then_sponsor_then_administrator(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY)
    story.item.owner_id = crew.leader.id
    crew.leader.deputy_id = crew.member.id
    db.session.flush()
    db.session.expire_all()
    assert names(lambda: waive(story.item, "R11", "x", by=crew.sponsor, at=story.at)) == {"someone_else"}
    waive(story.item, "R11", "x", by=crew.member, at=story.at)
    crew.leader.deputy_id = None
    db.session.query(Sponsorship).delete()
    db.session.flush()
    db.session.expire_all()
    assert names(lambda: waive(story.item, "R10", "x", by=crew.sponsor, at=story.at)) == {"someone_else"}
    waive(story.item, "R10", "x", by=crew.administrator, at=story.at)


def test_R17_nobody_else_there_one_decides_alone_and_that_is_recorded(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, importance=Importance.HIGH, customer=UNKNOWN).ask()
    alone(crew)
    waiver = waive(story.item, "R10", "Niemand anders.", by=crew.owner, at=story.at)
    assert waiver.decided_alone
    answer = record(story, SEEN)
    assert answer.recorded_by_id == crew.owner.id
    judge(story, Verdict.EFFECTIVE, "Zelf gezien.")
    marked = [e.what for e in entries(story) if isinstance(e.new, dict) and e.new.get("alone")]
    assert marked == ["waived", "observed", "verdict"]


def alone(crew):
    """Everybody but the owner leaves."""
    db.session.query(Membership).filter(Membership.person_id != crew.owner.id).delete()
    db.session.query(Sponsorship).delete()
    crew.administrator.is_administrator = False
    db.session.flush()
    db.session.expire_all()


def entries(story):
    return db.session.query(Entry).filter_by(item_id=story.item.id).order_by(Entry.id).all()


def test_R17_the_owner_asks_and_the_leader_grants_or_refuses(crew):
    story = walk(crew, Phase.DO, at=MONDAY, importance=Importance.HIGH)
    assert fields(lambda: ask_waiver(story.item, "R10", " ", by=story.owner, at=story.at)) == {"reason"}
    assert names(lambda: ask_waiver(story.item, "R10", "x", by=crew.member, at=story.at)) == {"role"}
    asked = ask_waiver(story.item, "R10", "Karin is op reis.", by=story.owner, at=story.at)
    assert fields(lambda: decide(asked, False, "", by=crew.leader, at=story.at)) == {"answer"}
    decide(asked, True, "", by=crew.leader, at=story.at)
    [waiver] = story.item.waivers
    assert (waiver.rule, waiver.reason, waiver.by_id) == ("R10", "Karin is op reis.", crew.leader.id)


def test_R17_granting_at_once_answers_what_was_asked_and_counts_once(crew):
    story = walk(crew, Phase.DO, at=MONDAY, importance=Importance.HIGH)
    asked = ask_waiver(story.item, "R10", "Op reis.", by=story.owner, at=story.at)
    for _ in range(2):
        waive(story.item, "R10", "Goed.", by=crew.leader, at=story.at)
    assert (asked.state, asked.decided_by_id, len(story.item.waivers)) == (DecisionState.GRANTED, crew.leader.id, 1)


def test_R17_a_waiver_counts_for_its_round_only(story, crew):
    waive(story.item, "R31", "Deze ronde.", by=crew.leader, at=story.at)
    story.answer(Solved.NO, 3).judge(Verdict.NOT_EFFECTIVE).move(Phase.PLAN, why_not="Te klein.")
    assert story.facts.waived == frozenset()


def test_R17_what_can_be_waived_is_known_by_number():
    assert (
        *("R1", "R4", "R9", "R10", "R11", "R13", "R15", "R18", "R20", "R21", "R22", "R23", "R25", "R27", "R31"),
    ) == WAIVABLE


def test_R17_no_waiver_closes_around_a_no(crew):
    """Whatever a leader waives, a customer's "no" and a failed round stand in the way (R24)."""
    story = walk(crew, Phase.ACT, at=MONDAY, importance=Importance.HIGH)
    story.answer(Solved.NO, 2)
    for rule in ("R11", "R13"):
        waive(story.item, rule, "Toch.", by=crew.leader, at=story.at)
    assert names(lambda: story.move(Phase.CLOSED, lesson=LESSON)) == {"verdict_allows"}
    story.judge(Verdict.NOT_EFFECTIVE)
    assert names(lambda: story.move(Phase.CLOSED, lesson=LESSON)) == {"verdict_allows"}


# --- R18, R19 ----------------------------------------------------------------------------------------------


def test_R18_a_customer_can_be_a_colleague_who_is_asked_like_any_other(crew):
    colleague = CustomerAnswer(CustomerType.COLLEAGUE, "Piet", "piet@klant.example")
    story = walk(crew, Phase.CLOSED, at=MONDAY, customer=colleague)
    assert (story.item.customer_type, story.item.final_verdict) == (CustomerType.COLLEAGUE, Verdict.EFFECTIVE)


def test_R18_for_an_unknown_customer_an_observation_stands_in_at_each_check(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY, customer=UNKNOWN)
    sources = [a.source for c in story.item.checks for a in c.answers]
    assert sources == [AnswerSource.OBSERVATION, AnswerSource.OBSERVATION]


def test_R18_what_was_observed_counts_like_what_a_customer_says(crew):
    from dataclasses import replace

    story = walk(crew, Phase.CHECK, at=MONDAY, customer=UNKNOWN).ask()
    record(story, replace(SEEN, solved=Solved.NO), by=crew.member)
    assert names(lambda: judge(story, Verdict.EFFECTIVE)) == {"verdict"}


def test_R19_silence_is_not_approval(story):
    story.until(story.check.settle_by).later(days=60)
    settle_verdict(story.check, at=story.at)
    assert (story.check.state, story.check.verdict) == (CheckState.ASKED, None)
    for verdict in (Verdict.EFFECTIVE, Verdict.PARTLY, Verdict.NOT_EFFECTIVE):
        assert names(lambda v=verdict: judge(story, v)) == {"answered"}
    assert "answered" in names(lambda: story.later(days=-60).move(Phase.ACT))


# --- R22 ---------------------------------------------------------------------------------------------------


@pytest.fixture
def two_groups(crew):
    """An action that touches two groups, on the day of its first check."""
    groups = [crew.group("Inwoners"), crew.group("Ondernemers")]
    return walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY, groups=groups).ask(), groups


def test_R22_without_an_answer_of_every_group_it_is_at_most_partly(two_groups, crew):
    story, (first, _) = two_groups
    record(story, CheckAnswer(Solved.YES, 9, answered_by="Karin", group_id=first))
    refused = missing(lambda: judge(story, Verdict.EFFECTIVE))
    assert (set(refused), refused["verdict"].params["best"]) == ({"verdict"}, "partly")
    judge(story, Verdict.PARTLY)


def test_R22_every_group_heard_makes_it_effective(two_groups):
    story, groups = two_groups
    for group in groups:
        record(story, CheckAnswer(Solved.YES, 9, answered_by="Karin", group_id=group))
        story.judge(Verdict.PARTLY if group == groups[0] else Verdict.EFFECTIVE)
        if group == groups[0]:
            story.ask()
    assert [c.verdict for c in story.item.checks] == [Verdict.PARTLY, Verdict.EFFECTIVE, None]


def test_R22_not_reached_with_other_evidence_covers_a_group(two_groups, crew):
    story, (first, second) = two_groups
    attempt(story, 1)
    attempt(story)
    blank = CheckAnswer(Solved.YES, None, source=AnswerSource.OTHER_EVIDENCE, group_id=second)
    assert fields(lambda: record(story, blank, by=crew.member)) == {"other_evidence"}
    evidence = CheckAnswer(
        Solved.YES, None, source=AnswerSource.OTHER_EVIDENCE, group_id=second, other_evidence="Telling van de balie."
    )
    record(story, evidence, by=crew.member)
    record(story, CheckAnswer(Solved.YES, 9, answered_by="Karin", group_id=first))
    judge(story, Verdict.EFFECTIVE)
    assert story.item.checks[0].verdict is Verdict.EFFECTIVE


def test_R22_a_leader_may_waive_it(two_groups, crew):
    story, (first, _) = two_groups
    record(story, CheckAnswer(Solved.YES, 9, answered_by="Karin", group_id=first))
    waive(story.item, "R22", "De ondernemers zijn nog niet aan de beurt.", by=crew.leader, at=story.at)
    judge(story, Verdict.EFFECTIVE)


def test_R22_one_group_is_the_customer(crew):
    story = walk(crew, Phase.CHECK, Kind.IMPROVEMENT, at=MONDAY).answer().judge()
    assert story.item.checks[0].verdict is Verdict.EFFECTIVE


# --- R24 ---------------------------------------------------------------------------------------------------


def test_R24_a_named_customers_no_makes_it_not_effective(story, crew):
    story.answer(Solved.NO, 3)
    for who in (story.owner, crew.leader):
        refused = missing(lambda w=who: judge(story, Verdict.PARTLY, by=w))
        assert (set(refused), refused["verdict"].rule) == ({"verdict"}, "R24")
        assert refused["verdict"].message == (
            "The customer's judgement goes first: the verdict cannot be better than theirs."
        )
    again = story.today + timedelta(days=7)
    assert names(lambda: judge(story, Verdict.TOO_EARLY, "Nog even.", check_again_on=again)) == {"verdict"}
    judge(story, Verdict.NOT_EFFECTIVE)
    assert story.item.round.verdict is Verdict.NOT_EFFECTIVE


def test_R24_partly_is_not_effective_for_the_owner_either(story):
    story.answer(Solved.PARTLY, 6)
    assert names(lambda: judge(story, Verdict.EFFECTIVE)) == {"verdict"}
    judge(story, Verdict.PARTLY)


def test_R24_the_owner_may_be_stricter_than_the_customer(story):
    story.answer(Solved.YES, 9)
    judge(story, Verdict.PARTLY, "De rij is er op donderdag nog.")
    assert story.item.checks[0].verdict is Verdict.PARTLY


def test_R24_the_owner_comments_and_never_overwrites(story, crew):
    story.answer(Solved.NO, 3, "Nog steeds een rij.")
    [answer] = story.item.checks[0].answers
    assert names(lambda: checks.comment_on(answer, "x", by=crew.member, at=story.at)) == {"role"}
    checks.comment_on(answer, "Het was een drukke dag.", by=story.owner, at=story.at)
    assert (answer.solved, answer.mark, answer.owner_comment) == (Solved.NO, 3, "Het was een drukke dag.")
    assert names(lambda: record_answer(story.item.checks[0], YES, by=story.owner, at=story.at)) == {"settled"}


def test_R24_the_customers_own_answer_replaces_what_was_noted_after_a_call(story):
    record(story)
    said = answer_by_link(story.item.checks[0], story.contact, CheckAnswer(Solved.NO, 2, "Nee."), at=story.at)
    assert (said.source, said.solved, said.recorded_by_id) == (AnswerSource.LINK, Solved.NO, None)
    [corrected] = [e for e in entries(story) if e.what == "corrected"]
    assert (corrected.old["solved"], corrected.old["source"]) == ("yes", "call")
    assert names(lambda: judge(story, Verdict.EFFECTIVE)) == {"verdict"}


def test_R24_not_reached_is_not_for_customers_who_answered(crew):
    group = CustomerAnswer(CustomerType.GROUP, "Ans", "ans@klant.example")
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=group)
    bert = CustomerAnswer(CustomerType.GROUP, "Bert", "bert@klant.example")
    edit(story.item, Answers(customer=bert), by=story.owner, at=story.at)
    story.ask()
    answer_by_link(story.check, story.contact, CheckAnswer(Solved.NO, 2), at=story.at)
    attempt(story, 1)
    attempt(story)
    assert names(lambda: judge(story, Verdict.NOT_REACHED, "Telling.", by=crew.leader)) == {"verdict"}


# --- after a "no" ------------------------------------------------------------------------------------------


def test_after_a_no_the_customer_is_told_what_happens_next(story, crew):
    assert names(lambda: tell_next(story.item, "Verder.", by=story.owner, at=story.at)) == {"nothing_to_tell"}
    story.answer(Solved.NO, 3).judge(Verdict.NOT_EFFECTIVE)
    assert [c.number for c in story.facts.untold] == [1]
    assert fields(lambda: tell_next(story.item, " ", by=story.owner, at=story.at)) == {"text"}
    tell_next(story.item, "Wij zoeken een grotere balie.", by=story.owner, at=story.at)
    [word] = db.session.query(Word).filter_by(item_id=story.item.id)
    assert (word.kind, word.text, story.facts.untold) == (WordKind.NEXT_ROUND, "Wij zoeken een grotere balie.", ())


def test_who_cannot_be_mailed_is_called_after_a_no(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, customer=BY_PHONE).ask()
    record(story, CheckAnswer(Solved.NO, 2, answered_by="Karin Smit"))
    story.judge(Verdict.NOT_EFFECTIVE)
    assert names(lambda: tell_next(story.item, "Tekst", by=story.owner, at=story.at)) == {"customer_told"}
    tomorrow = CallAnswer("Karin", story.today + timedelta(days=1))
    assert fields(lambda: record_told(story.item, tomorrow, by=story.owner, at=story.at)) == {"on"}
    record_told(story.item, CallAnswer("Karin", story.today), by=story.owner, at=story.at)
    assert story.facts.untold == ()


# --- R26 ---------------------------------------------------------------------------------------------------


def test_R26_an_escalation_asks_the_leader_once_and_is_answered_in_words(story, crew):
    for _ in range(2):
        escalate(story.item, "aftercare:1.1", at=story.at)
    [decision] = story.item.decisions
    assert (decision.kind, decision.asked_by_id, decision.occasion) == (
        DecisionKind.ESCALATION,
        None,
        "aftercare:1.1",
    )
    assert fields(lambda: decide(decision, True, " ", by=crew.leader, at=story.at)) == {"answer"}
    assert names(lambda: decide(decision, True, "Bel.", by=crew.owner, at=story.at)) == {"someone_else"}
    decide(decision, True, "Bel morgen zelf.", by=crew.leader, at=story.at)
    assert (decision.state, decision.answer, decision.decided_by_id) == (
        DecisionState.GRANTED,
        "Bel morgen zelf.",
        crew.leader.id,
    )
    escalate(story.item, "aftercare:1.1", at=story.at)
    assert len(story.item.decisions) == 1


def test_need_help_is_answered_by_the_board_keeper(story, crew):
    assert fields(lambda: ask_help(story.item, " ", by=story.owner, at=story.at)) == {"question"}
    assert names(lambda: ask_help(story.item, "Hoe?", by=crew.viewer, at=story.at)) == {"role"}
    decision = ask_help(story.item, "Hoe bereik ik Karin?", by=story.owner, at=story.at)
    assert names(lambda: decide(decision, True, "Zo.", by=crew.member, at=story.at)) == {"role"}
    assert fields(lambda: decide(decision, True, "", by=crew.keeper, at=story.at)) == {"answer"}
    decide(decision, True, "Via de wijkagent.", by=crew.keeper, at=story.at)
    assert decision.answer == "Via de wijkagent."


# --- judging by somebody else ------------------------------------------------------------------------------


def test_importance_high_without_a_customers_answer_is_judged_by_somebody_else(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY, importance=Importance.HIGH, customer=UNKNOWN).ask()
    record(story, SEEN, by=crew.member)
    refused = missing(lambda: judge(story, Verdict.EFFECTIVE))
    assert (refused["someone_else"].rule, set(refused)) == ("R11", {"someone_else"})
    judge(story, Verdict.EFFECTIVE, "Zelf gezien.", by=crew.leader)


def test_not_reached_takes_two_days_other_evidence_and_somebody_else(story, crew):
    def act(**more):
        return judge(story, Verdict.NOT_REACHED, **more)

    assert names(lambda: act(evidence="Telling.", by=crew.leader)) == {"attempts"}
    attempt(story)
    attempt(story)
    assert names(lambda: act(evidence="Telling.", by=crew.leader)) == {"attempts"}  # the same day twice
    story.later(days=1)
    attempt(story)
    assert fields(lambda: act(evidence="  ", by=crew.leader)) == {"evidence"}
    assert names(lambda: act(evidence="Telling.")) == {"someone_else"}
    act(evidence="De telling aan de balie.", by=crew.leader)
    first = story.item.checks[0]
    assert (first.state, first.verdict, first.evidence) == (
        CheckState.NOT_REACHED,
        Verdict.NOT_REACHED,
        "De telling aan de balie.",
    )
    # Not plainly effective with a customer's answer: the second check stays.
    assert [c.state for c in story.item.checks] == [CheckState.NOT_REACHED, CheckState.PLANNED]
    story.move(Phase.ACT)


def test_an_attempt_lies_between_the_work_and_today(story):
    for days in (-1, 20):
        assert fields(lambda d=days: attempt(story, d)) == {"on"}


def test_the_way_of_asking_changes_for_what_was_not_asked_yet(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).ask()
    by_call = Answers(aftercare=AftercareAnswer(Method.CALL, None, "opgelost"))
    edit(story.item, by_call, by=story.owner, at=story.at)
    assert [c.method for c in story.item.checks] == [Method.MAIL, Method.CALL]
