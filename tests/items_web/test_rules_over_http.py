"""Every rule once through HTTP: the refusal, its words at the question, and the way through.

The operations behind it are tested rule by rule in tests/items; here the same refusal must reach a person.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca import clock
from pdca.catalogue.models import CustomerGroup
from pdca.db import db
from pdca.items import decisions
from pdca.items.answers import CustomerAnswer
from pdca.items.models import Answer, Decision, Entry, Handover, Item, Lesson, Waiver, Word
from pdca.items.terms import (
    CustomerType,
    DecisionState,
    HandoverState,
    Importance,
    Kind,
    LookalikeChoice,
    Phase,
    Solved,
    Verdict,
)
from tests.items_web.conftest import HTMX, TODAY, everything, missing, phase_of, refused

ENGLISH = {"Accept-Language": "en"}


def in_days(count: int) -> str:
    return (TODAY + timedelta(days=count)).isoformat()


# What leaving Plan asks of an improvement action, by rule.
PLAN_ANSWERS: dict[str, dict[str, object]] = {
    "purpose": {"purpose": "Zodat ik geen vrije dag hoef te nemen."},
    "need": {"need_who": "Karin Smit", "need_how_many": "12", "need_channel": "balie", "need_quote": "Te lang."},
    "promise": {"due_on": in_days(20)},
    "agreed": {"agreed_with": "Karin Smit", "agreed_on": TODAY.isoformat(), "agreed_how": "telefoon"},
    "aftercare": {"care_method": "mail", "care_criterion": "Karin zegt dat het is opgelost."},
    "baseline": {"baseline_on": TODAY.isoformat(), "baseline_mark": "5"},
    "small_test": {
        "test_where": "Balie 2",
        "test_with": "Mila",
        "test_until": in_days(9),
        "prediction": "De rij halveert.",
        "how_we_know": "We tellen een week.",
    },
    "groups": {"groups": "{group}"},
    "touchpoint": {"touchpoint": "Aan de balie", "contact_role": "Wij ontvangen"},
}
RULE_OF = {
    "R1": "need",
    "R2": "purpose",
    "R3": "promise",
    "R12": "aftercare",
    "R20": "baseline",
    "R21": "small_test",
    "R22": "groups",
    "R25": "touchpoint",
}


def planned(group: int, *without: str) -> dict[str, str]:
    """What the sheet sends, these questions left empty."""
    data: dict[str, str] = {"to": "do"}
    for name, inputs in PLAN_ANSWERS.items():
        if name not in without:
            data |= {field: str(value).format(group=group) for field, value in inputs.items()}
    return data


@pytest.fixture
def action(crew, story):
    """An improvement action in Plan, with its owner."""
    return story(Kind.IMPROVEMENT).take_up().item


@pytest.fixture
def group(session, crew):
    row = CustomerGroup(team_id=crew.team.id, name="Inwoners aan de balie")
    session.add(row)
    session.flush()
    return row.id


def post(client, item: Item, path: str, data: dict[str, object], **headers: str):
    return client.post(f"/items/{item.id}/{path}", data=data, headers=HTMX | ENGLISH | headers)


@pytest.mark.parametrize("rule", RULE_OF)
def test_leaving_plan_asks_by_rule(rule, owner, action, group):
    """R1, R2, R3, R12, R20, R21, R22 and R25: the gate of Plan."""
    name = RULE_OF[rule]
    before = everything()
    answer = post(owner, action, "moves", planned(group, name))
    assert answer.status_code == 409
    assert refused(answer) == [name]
    assert missing(answer) == [name]
    assert everything() == before
    assert post(owner, action, "moves", planned(group)).status_code == 200
    assert phase_of(action) == "do"


def test_R1_no_survey_for_an_action_waits_for_the_leader(owner, client_of, crew, action, group):
    data = planned(group, "need") | {"no_survey": "Iedereen klaagt erover."}
    assert refused(post(owner, action, "moves", data)) == ["need"]
    assert post(owner, action, "answers", {"no_survey": "Iedereen klaagt erover."}).status_code == 200
    asked = db.session.scalars(select(Decision)).one()
    granted = post(client_of(crew.leader), action, f"decisions/{asked.id}", {"granted": "yes", "answer": ""})
    assert granted.status_code == 200
    assert post(owner, action, "moves", planned(group, "need")).status_code == 200
    assert phase_of(action) == "do"


def test_R4_a_changed_catalogue_is_announced_first(owner, story):
    made = story(days_ago=6).take_up().start()
    made.item.catalogue_changes = True
    done = {"to": "check", "carried_out": "as_planned"}
    assert refused(post(owner, made.item, "moves", done)) == ["announced"]
    told = {"go_live_on": TODAY.isoformat(), "audience": "Inwoners", "announcement_text": "De balie verhuist."}
    assert post(owner, made.item, "moves", done | told).status_code == 200
    assert phase_of(made.item) == "check"
    assert made.item.announcements[0].is_late is False


def test_R5_and_R6_a_handover_carries_its_note_and_waits_to_be_read_back(owner, client_of, crew, story):
    item = story(days_ago=6).take_up().start().item
    note = {"to": str(crew.member.id), "done": "De lijst.", "open": "De brief.", "promised": "Karin: vrijdag"}
    answer = post(owner, item, "handovers", note)
    assert answer.status_code == 409
    assert refused(answer) == ["watch_out"]
    assert post(owner, item, "handovers", note | {"watch_out": "De printer."}).status_code == 200
    assert refused(post(owner, item, "moves", {"to": "check", "carried_out": "as_planned"})) == ["no_handover"]
    row = db.session.scalars(select(Handover).where(Handover.state == HandoverState.OPEN)).one()
    member = client_of(crew.member)
    assert refused(post(member, item, f"handovers/{row.id}/acceptance", {"read_back": "De brief."})) == ["read_back"]
    read_back = {"read_back": "Ik maak de brief af en bel Karin vrijdag."}
    assert post(member, item, f"handovers/{row.id}/acceptance", read_back).status_code == 200
    db.session.refresh(item)
    assert item.owner_id == crew.member.id


def test_R7_a_customer_without_an_address_is_called_about_a_new_date(owner, story):
    item = story(days_ago=6, customer=CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit")).take_up().start().item
    moved = {"due_on": in_days(30), "reason": "De drukker levert later."}
    assert refused(post(owner, item, "date-changes", moved)) == ["customer_told"]
    called = moved | {"told_how": "call", "told_who": "Karin Smit", "told_on": TODAY.isoformat()}
    assert post(owner, item, "date-changes", called).status_code == 200
    db.session.refresh(item)
    assert item.due_on.isoformat() == in_days(30)


def test_R8_a_frozen_card_thaws_by_a_new_date_with_a_reason(owner, frozen):
    refusal = post(owner, frozen, "answers", {"noticeable": "Iets anders."})
    assert refusal.status_code == 409
    assert "first say “done”, give a new date or ask for help" in refusal.text
    assert refused(post(owner, frozen, "date-changes", {"due_on": in_days(7)})) == ["reason"]
    moved = {"due_on": in_days(7), "reason": "De drukker levert later."}
    assert post(owner, frozen, "date-changes", moved).status_code == 200
    assert db.session.scalars(select(Word.text)).one() == "De drukker levert later."
    assert post(owner, frozen, "answers", {"noticeable": "Iets anders."}).status_code == 200


def test_R8_the_third_date_waits_for_the_leader(owner, client_of, crew, story):
    item = story(Kind.IMPROVEMENT, days_ago=6).take_up().start().item
    for days in (30, 40, 50):
        assert post(owner, item, "date-changes", {"due_on": in_days(days), "reason": "Later."}).status_code == 200
    db.session.refresh(item)
    assert (item.times_moved, item.due_on.isoformat()) == (2, in_days(40))
    asked = db.session.scalars(select(Decision)).one()
    decided = post(client_of(crew.leader), item, f"decisions/{asked.id}", {"granted": "yes", "answer": "Goed."})
    assert decided.status_code == 200
    db.session.refresh(item)
    assert (item.times_moved, item.due_on.isoformat()) == (3, in_days(50))


def test_R9_past_the_last_useful_date_it_is_asked_whether_it_is_still_needed(owner, action, group):
    action.last_useful_on = TODAY - timedelta(days=1)
    assert refused(post(owner, action, "moves", planned(group))) == ["still_needed"]
    assert post(owner, action, "moves", planned(group) | {"still_needed": "yes"}).status_code == 200
    assert phase_of(action) == "do"


def test_R10_an_important_customer_is_called_during_the_work(owner, story):
    item = story(days_ago=6, importance=Importance.HIGH).take_up().start().item
    done = {"to": "check", "carried_out": "as_planned"}
    assert refused(post(owner, item, "moves", done)) == ["called"]
    call = {"call_with": "Karin", "call_on": TODAY.isoformat(), "call_verdict": "going_well"}
    assert post(owner, item, "moves", done | call).status_code == 200
    assert phase_of(item) == "check"


def test_R11_and_R13_only_an_answer_lets_it_go_on_and_free_text_is_none(owner, story):
    made = story(days_ago=24).take_up().start().finish()
    item, check = made.item, made.check.id
    assert refused(post(owner, item, "moves", {"to": "act"})) == ["answered", "verdict"]
    words = {"source": "call", "answered_by": "Karin Smit", "on": TODAY.isoformat(), "better": "Het gaat wel."}
    bad = post(owner, item, f"checks/{check}/answers", words)
    assert bad.status_code == 422
    assert "Het gaat wel." in bad.text
    whole = words | {"solved": "yes", "mark": "8"}
    assert post(owner, item, f"checks/{check}/answers", whole).status_code == 200
    assert post(owner, item, "moves", {"to": "act", "verdict": "effective"}).status_code == 200
    assert phase_of(item) == "act"


def test_R12_no_close_while_a_check_is_open(owner, story):
    item = story(Kind.IMPROVEMENT, days_ago=30).take_up().start().finish().embed().item
    closing = post(owner, item, "moves", {"to": "closed", "lesson_what": "Het werkte."})
    assert closing.status_code == 409
    assert "checks_settled" in refused(closing)
    assert "Not every aftercare check is answered yet." in closing.text


def test_R14_closing_asks_for_the_lesson(owner, story):
    item = story(days_ago=30).take_up().start().finish().embed().item
    assert refused(post(owner, item, "moves", {"to": "closed"})) == ["lesson"]
    assert post(owner, item, "moves", {"to": "closed", "lesson_what": "Vraag het eerst."}).status_code == 200
    assert phase_of(item) == "closed"
    assert db.session.scalars(select(Lesson.what_happened)).one() == "Vraag het eerst."


def test_R15_look_alikes_are_answered_before_it_is_taken_up(owner, story):
    story(title="Bordje pinnen kan hier ontbreekt bij balie 3")
    item = story(title="Bordje pinnen kan hier ontbreekt bij balie 3").item
    taken = {"to": "plan", "problem": "Geen bordje.", "noticeable": "Een bordje.", "customer_type": "unknown"}
    assert refused(post(owner, item, "moves", taken)) == ["lookalikes"]
    assert post(owner, item, "moves", taken | {"lookalikes": "different"}).status_code == 200
    db.session.refresh(item)
    assert item.lookalike_choice is LookalikeChoice.DIFFERENT


def test_R15_a_closed_item_comes_back_with_its_cause(owner, story):
    item = story(days_ago=30).take_up().start().finish().embed().close().item
    assert refused(post(owner, item, "moves", {"to": "plan"})) == ["cause"]
    assert post(owner, item, "moves", {"to": "plan", "cause": "back_again"}).status_code == 200
    assert (phase_of(item), item.recurrences) == ("plan", 1)


def test_R17_a_leader_waives_what_may_be_waived(owner, client_of, crew, action, group):
    assert refused(post(client_of(crew.leader), action, "waivers", {"rule": "R2", "reason": "Zo."})) == ["never_waived"]
    assert post(owner, action, "waivers", {"rule": "R20", "reason": "Meten kost te veel."}).status_code == 200
    assert db.session.scalars(select(Waiver)).all() == []
    assert refused(post(owner, action, "moves", planned(group, "baseline"))) == ["baseline"]
    asked = db.session.scalars(select(Decision)).one()
    granted = post(client_of(crew.leader), action, f"decisions/{asked.id}", {"granted": "yes", "answer": "Goed."})
    assert granted.status_code == 200
    assert post(owner, action, "moves", planned(group, "baseline")).status_code == 200
    assert phase_of(action) == "do"


def test_R18_and_R23_taking_it_up_asks_who_and_what_they_notice(owner, story):
    item = story().item
    taken = {"to": "plan", "problem": "Ik moest terugkomen."}
    assert refused(post(owner, item, "moves", taken)) == ["customer", "noticeable"]
    whole = taken | {"customer_type": "unknown", "noticeable": "Eén keer komen."}
    assert post(owner, item, "moves", whole).status_code == 200
    db.session.refresh(item)
    assert (item.phase, item.customer_type) == (Phase.PLAN, CustomerType.UNKNOWN)


def test_R18_for_an_unknown_customer_somebody_else_observes(owner, client_of, crew, story):
    made = story(days_ago=24, customer=CustomerAnswer(CustomerType.UNKNOWN)).take_up().start().finish()
    seen = {"source": "observation", "solved": "yes", "better": "Niemand wachtte.", "on": TODAY.isoformat()}
    path = f"checks/{made.check.id}/answers"
    assert refused(post(owner, made.item, path, seen)) == ["answered"]
    assert post(client_of(crew.member), made.item, path, seen).status_code == 200
    assert db.session.scalars(select(Answer.recorded_by_id)).one() == crew.member.id


def test_R19_silence_is_no_verdict(owner, story):
    made = story(days_ago=60).take_up().start().finish()
    said = post(owner, made.item, "verdict", {"verdict": "effective"})
    assert said.status_code == 409
    db.session.refresh(made.check)
    assert made.check.verdict is None


def test_R24_the_customers_no_cannot_be_made_better(owner, story):
    item = story(days_ago=24).take_up().start().finish().answer(Solved.NO, 3).item
    assert refused(post(owner, item, "verdict", {"verdict": "effective"})) == ["verdict"]
    assert post(owner, item, "verdict", {"verdict": "not_effective"}).status_code == 200
    db.session.refresh(item)
    assert item.round.verdict is Verdict.NOT_EFFECTIVE
    assert refused(post(owner, item, "moves", {"to": "plan"})) == ["why_not"]
    assert post(owner, item, "moves", {"to": "plan", "why_not": "Niemand las het bordje."}).status_code == 200
    assert (phase_of(item), item.round_number) == ("plan", 2)


def test_R26_an_escalation_is_decided_in_words(client_of, crew, frozen):
    decisions.escalate(frozen, "promise:1", at=clock.now())
    asked = db.session.scalars(select(Decision)).one()
    leader = client_of(crew.leader)
    assert post(leader, frozen, f"decisions/{asked.id}", {"granted": "yes", "answer": ""}).status_code == 422
    assert post(leader, frozen, f"decisions/{asked.id}", {"granted": "yes", "answer": "Ik bel."}).status_code == 200
    db.session.refresh(asked)
    assert (asked.state, asked.answer) == (DecisionState.GRANTED, "Ik bel.")


def test_R27_declining_needs_a_keeper_and_a_reason_for_the_proposer(owner, client_of, crew, story):
    item = story().item
    assert post(owner, item, "moves", {"to": "declined", "reason": "Past niet."}).status_code == 409
    keeper = client_of(crew.keeper)
    assert refused(post(keeper, item, "moves", {"to": "declined"})) == ["reason"]
    assert post(keeper, item, "moves", {"to": "declined", "reason": "Past niet."}).status_code == 200
    assert phase_of(item) == "declined"
    why = select(Entry.why).where(Entry.item_id == item.id, Entry.what == "declined")
    assert db.session.scalars(why).one() == "Past niet."


def test_R31_a_full_column_lets_in_with_a_waiver_only(owner, client_of, crew, session, story):
    story(days_ago=6).take_up().start()
    full = next(s for s in crew.team.settings if s.name == "wip_do")
    full.value = "1"
    item = story(days_ago=2).take_up().item
    assert refused(post(owner, item, "moves", {"to": "do", "due_on": in_days(9)})) == ["room_do"]
    waived = {"rule": "R31", "reason": "Dit kan niet wachten."}
    assert post(client_of(crew.leader), item, "waivers", waived).status_code == 200
    assert post(owner, item, "moves", {"to": "do", "due_on": in_days(9)}).status_code == 200
    assert phase_of(item) == "do"
