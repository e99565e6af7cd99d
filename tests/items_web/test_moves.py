"""Steps over HTTP: the same gate behind the drag, the sheet and the button."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.items.models import Item, Move
from pdca.items.terms import Kind, LookalikeChoice, Phase, Solved, Verdict
from tests.items_web.conftest import HTMX, TODAY, everything, missing, phase_of, refused

TAKEN_UP = {
    "to": "plan",
    "problem": "Ik moest drie keer terugkomen.",
    "noticeable": "Eén keer komen is genoeg.",
    "customer": "Mirte Aalbers, mirte@klant.example",
    "lookalikes": "different",
}


def in_days(count):
    return (TODAY + timedelta(days=count)).isoformat()


class TestTakingUp:
    def test_a_drop_is_refused_with_exactly_the_missing_questions(self, owner, story):
        item = story().item
        item.problem = item.noticeable = ""
        item.customer_type = None
        before = everything()
        answer = owner.post(f"/items/{item.id}/moves", data={"to": "plan", "after": "", "before": ""}, headers=HTMX)
        assert answer.status_code == 409
        assert missing(answer) == ["problem", "customer", "noticeable"]
        assert "<html" not in answer.text
        assert "<dialog" in answer.text
        assert everything() == before

    def test_the_sheet_asks_the_same(self, owner, story):
        item = story().item
        sheet = owner.get(f"/items/{item.id}/steps/plan", headers=HTMX)
        drop = owner.post(f"/items/{item.id}/moves", data={"to": "plan"}, headers=HTMX)
        assert sheet.status_code == 200
        assert missing(sheet) == missing(drop)

    def test_answers_move_it(self, owner, story):
        item = story().item
        answer = owner.post(f"/items/{item.id}/moves", data=TAKEN_UP)
        assert (answer.status_code, answer.location) == (303, f"/items/{item.id}")
        assert phase_of(item) == "plan"
        assert item.customer_name == "Mirte Aalbers"
        assert "customer_type" in item.defaulted

    def test_the_message_carries_the_way_back(self, owner, story):
        item = story().item
        answer = owner.post(f"/items/{item.id}/moves", data=TAKEN_UP, headers=HTMX)
        assert f'action="/items/{item.id}/taking-back"' in answer.text
        assert "data-undo" in answer.text
        taken_back = owner.post(f"/items/{item.id}/taking-back", data={"next": f"/items/{item.id}"}, headers=HTMX)
        assert (taken_back.status_code, phase_of(item)) == (200, "new")

    def test_htmx_hears_what_changed(self, owner, story):
        item = story().item
        answer = owner.post(f"/items/{item.id}/moves", data=TAKEN_UP, headers=HTMX)
        assert answer.status_code == 200
        assert json.loads(answer.headers["HX-Trigger"]) == {
            "item:changed": {"item": item.id, "team": item.team_id, "phases": "new,plan"}
        }
        assert 'id="flash"' in answer.text
        assert 'id="item-page"' not in answer.text

    def test_on_its_own_page_the_page_comes_along(self, owner, story):
        item = story().item
        here = HTMX | {"HX-Current-URL": f"http://localhost/items/{item.id}?before=9"}
        answer = owner.post(f"/items/{item.id}/moves", data=TAKEN_UP, headers=here)
        assert 'id="item-page"' in answer.text
        assert 'hx-swap-oob="true"' in answer.text

    def test_an_empty_answer_comes_back_with_its_sentence_and_the_rest_as_typed(self, owner, story):
        item = story().item
        item.problem = ""
        before = everything()
        answer = owner.post(f"/items/{item.id}/moves", data=TAKEN_UP | {"problem": " "}, headers=HTMX)
        assert answer.status_code == 409
        assert missing(answer) == ["problem"]
        assert "in the customer&#39;s words" in answer.text
        assert "Eén keer komen is genoeg." in answer.text
        assert everything() == before

    def test_a_broken_address_is_said_at_the_field(self, owner, story):
        item = story().item
        before = everything()
        typed = TAKEN_UP | {"customer": "Mirte <b>, mirte@@klant"}
        answer = owner.post(f"/items/{item.id}/moves", data=typed, headers=HTMX)
        assert answer.status_code == 422
        assert 'id="f-customer-error"' in answer.text
        assert "Mirte &lt;b&gt;, mirte@@klant" in answer.text
        assert everything() == before

    def test_in_place_the_page_shows_the_same_questions_again(self, owner, story):
        item = story().item
        headers = HTMX | {"HX-Target": "section#next", "HX-Current-URL": f"http://localhost/items/{item.id}"}
        answer = owner.post(f"/items/{item.id}/moves", data={"to": "plan", "problem": ""}, headers=headers)
        assert answer.status_code == 409
        assert answer.text.strip().startswith("<section") or '<section class="next" id="next"' in answer.text
        assert 'id="n-noticeable"' in answer.text

    def test_without_a_script_it_is_a_page(self, owner, story):
        item = story().item
        answer = owner.post(f"/items/{item.id}/moves", data={"to": "plan"})
        assert answer.status_code == 409
        assert "<html" in answer.text
        assert missing(answer)

    def test_a_look_alike_asks_and_same_refuses_with_a_way_out(self, owner, crew, story):
        one = story(title="Bordje pinnen kan hier ontbreekt bij balie 3").item
        other = story(title="Bordje pinnen kan hier ontbreekt bij balie 3").item
        sheet = owner.get(f"/items/{one.id}/steps/plan", headers=HTMX)
        assert "lookalikes" in missing(sheet)
        assert 'value="different"' in sheet.text
        assert 'value="same"' in sheet.text
        said = TAKEN_UP | {"lookalikes": ["different", "same"], "same_as": str(other.id)}
        answer = owner.post(f"/items/{one.id}/moves", data=said, headers=HTMX)
        assert answer.status_code == 409
        assert f"/items/{one.id}/declination?twin_id={other.id}" in answer.text
        assert phase_of(one) == "new"

    def test_none_found_is_an_answer_by_itself(self, owner, story):
        item = story(title="Iets heel anders dan al het andere").item
        owner.post(f"/items/{item.id}/moves", data={k: v for k, v in TAKEN_UP.items() if k != "lookalikes"})
        assert phase_of(item) == "plan"
        assert item.lookalike_choice is LookalikeChoice.NONE_FOUND


class TestPlanning:
    def test_a_quick_win_with_a_known_customer_asks_only_the_date(self, owner, story):
        item = story().take_up().item
        answer = owner.post(f"/items/{item.id}/moves", data={"to": "do"}, headers=HTMX)
        assert missing(answer) == ["promise"]

    def test_every_default_stands_folded_and_marked(self, owner, story):
        item = story().take_up().item
        sheet = owner.get(f"/items/{item.id}/steps/do", headers=HTMX).text
        for name in ("purpose", "need", "agreed", "aftercare", "owner_id"):
            assert f'data-answer="{name}"' in sheet
        assert sheet.count("data-defaulted") >= 4

    def test_what_comes_back_unchanged_stays_a_default(self, owner, story):
        item = story().take_up().item
        data = {"to": "do", "due_on": in_days(14), "purpose": item.purpose, "care_method": "mail"}
        data |= {"care_asker_id": "", "care_criterion": "The customer says it is solved."}
        assert owner.post(f"/items/{item.id}/moves", data=data).status_code == 303
        assert phase_of(item) == "do"
        assert {"purpose", "aftercare"} <= set(item.defaulted)

    def test_a_changed_default_is_one_no_longer(self, owner, story):
        item = story().take_up().item
        data = {"to": "do", "due_on": "other", "due_on_other": in_days(10), "purpose": "Zodat ik maar één keer kom."}
        owner.post(f"/items/{item.id}/moves", data=data)
        assert phase_of(item) == "do"
        assert item.purpose == "Zodat ik maar één keer kom."
        assert "purpose" not in item.defaulted
        assert item.due_on.isoformat() == in_days(10)

    def test_a_past_date_is_said_at_the_date(self, owner, story):
        item = story().take_up().item
        before = everything()
        data = {"to": "do", "due_on": "other", "due_on_other": in_days(-1)}
        answer = owner.post(f"/items/{item.id}/moves", data=data, headers=HTMX)
        assert answer.status_code == 422
        assert 'id="f-due_on-error"' in answer.text
        assert in_days(-1) in answer.text
        assert everything() == before

    def test_an_action_asks_more(self, owner, story):
        item = story(Kind.IMPROVEMENT).take_up().item
        answer = owner.post(f"/items/{item.id}/moves", data={"to": "do"}, headers=HTMX)
        asked = set(missing(answer))
        assert {"baseline", "small_test", "groups", "touchpoint", "need", "purpose", "promise"} <= asked

    def test_later_keeps_what_was_answered_and_moves_nothing(self, owner, story):
        item = story(Kind.IMPROVEMENT).take_up().item
        data = {"to": "do", "touchpoint": "Aan de balie", "contact_role": "Wij ontvangen", "due_on": ""}
        assert owner.post(f"/items/{item.id}/answers", data=data).status_code == 303
        assert phase_of(item) == "plan"
        assert (item.touchpoint, item.contact_role) == ("Aan de balie", "Wij ontvangen")

    def test_half_an_answer_is_said_at_the_half_that_is_not_there(self, owner, story):
        item = story(Kind.IMPROVEMENT).take_up().item
        before = everything()
        data = {"to": "do", "test_where": "Balie 2", "prediction": "Het halveert."}
        answer = owner.post(f"/items/{item.id}/moves", data=data, headers=HTMX)
        assert answer.status_code == 422
        for name in ("test_with", "test_until", "how_we_know"):
            assert f'id="f-{name}-error"' in answer.text
        assert "Balie 2" in answer.text
        assert everything() == before


class TestTheRest:
    def test_done_as_planned_is_one_tap(self, owner, story):
        item = story(days_ago=5).take_up().start().item
        data = {"to": "check", "carried_out": "as_planned", "carried_out_on": TODAY.isoformat()}
        assert owner.post(f"/items/{item.id}/moves", data=data).status_code == 303
        assert phase_of(item) == "check"
        assert item.round.carried_out == "Done as planned."

    def test_what_no_field_can_answer_says_where_to_go(self, owner, story):
        made = story(days_ago=20).take_up().start().finish()
        answer = owner.post(f"/items/{made.item.id}/moves", data={"to": "act"}, headers=HTMX)
        assert "answered" in missing(answer)
        assert f"/items/{made.item.id}/checks/{made.check.id}/answers" in answer.text

    def test_closing_is_a_resource_and_a_moment(self, owner, story):
        item = story(days_ago=90).take_up().start().finish().embed().settle_all().item
        assert missing(owner.post(f"/items/{item.id}/closure", headers=HTMX)) == ["lesson"]
        answer = owner.post(f"/items/{item.id}/closure", data={"lesson_what": "Vraag het vroeg."}, headers=HTMX)
        assert answer.status_code == 200
        assert phase_of(item) == "closed"
        assert 'class="moment"' in answer.text

    def test_the_next_round_asks_why(self, owner, story):
        made = story(days_ago=40).take_up().start().finish().answer(Solved.NO, 3)
        made.judge(Verdict.NOT_EFFECTIVE)
        assert missing(owner.get(f"/items/{made.item.id}/rounds", headers=HTMX)) == ["why_not"]
        owner.post(f"/items/{made.item.id}/rounds", data={"why_not": "Het bord hing te hoog."})
        assert phase_of(made.item) == "plan"
        assert made.item.round_number == 2

    def test_partly_goes_back_to_do_with_a_new_date(self, owner, story):
        made = story(days_ago=30).take_up().start().finish().answer(Solved.PARTLY, 6)
        made.judge(Verdict.PARTLY)
        answer = owner.post(f"/items/{made.item.id}/moves", data={"to": "do"}, headers=HTMX)
        assert missing(answer) == ["new_date"]
        data = {"to": "do", "due_on": in_days(7), "reason": "De rest volgt."}
        owner.post(f"/items/{made.item.id}/moves", data=data)
        assert phase_of(made.item) == "do"

    @pytest.mark.parametrize(
        ("path", "data", "ends"),
        [
            (
                "parking",
                {"reason": "Eerst de verhuizing.", "review_on": in_days(30)},
                ("parked", ["reason", "review_on"]),
            ),
            ("declination", {"reason": "Dat kan niet."}, ("declined", ["reason"])),
            (
                "stop",
                {"reason": "Niet meer nodig.", "lesson_what": "Eerder vragen."},
                ("stopped", ["reason", "lesson"]),
            ),
        ],
    )
    def test_ends_are_resources(self, client_of, story, path, data, ends):
        (lands_in, asks), made = ends, story()
        item, keeper = made.item, client_of(made.crew.keeper)
        bare = keeper.post(f"/items/{item.id}/{path}", headers=HTMX)
        assert (bare.status_code, missing(bare)) == (409, asks)
        assert keeper.post(f"/items/{item.id}/{path}", data=data).status_code == 303
        assert phase_of(item) == lands_in

    def test_a_closed_one_is_reopened_with_its_cause(self, client_of, crew, story):
        item = story(days_ago=90).take_up().start().finish().embed().close().item
        member = client_of(crew.member)
        assert missing(member.post(f"/items/{item.id}/reopening", headers=HTMX)) == ["cause"]
        assert member.post(f"/items/{item.id}/reopening", data={"cause": "back_again"}).status_code == 303
        assert phase_of(item) == "plan"

    def test_the_last_step_is_taken_back(self, owner, story):
        item = story().item
        owner.post(f"/items/{item.id}/moves", data=TAKEN_UP)
        assert owner.post(f"/items/{item.id}/taking-back").status_code == 303
        assert phase_of(item) == "new"

    def test_no_column_is_skipped(self, owner, story):
        item = story().item
        answer = owner.post(f"/items/{item.id}/moves", data={"to": "check"}, headers=HTMX)
        assert answer.status_code == 409
        assert "There is no step" in answer.text

    def test_to_the_same_column_is_only_an_order(self, owner, story):
        first, second = story().item, story().item
        owner.post(f"/items/{second.id}/moves", data={"to": "new", "after": str(first.id), "before": ""})
        owner.post(f"/items/{first.id}/order", data={"after": str(second.id), "before": ""})
        ordered = db.session.scalars(select(Item.id).where(Item.phase == Phase.NEW).order_by(Item.rank, Item.id)).all()
        assert list(ordered) == [second.id, first.id]
        assert db.session.scalars(select(Move)).all() == []

    @pytest.mark.parametrize("to", ["", "nowhere", "closed "])
    def test_nonsense_for_where_to_is_422(self, owner, story, to):
        item = story().item
        before = everything()
        assert owner.post(f"/items/{item.id}/moves", data={"to": to}, headers=HTMX).status_code in (409, 422)
        assert everything() == before

    def test_an_unknown_field_is_refused(self, owner, story):
        item = story().item
        before = everything()
        answer = owner.post(f"/items/{item.id}/moves", data=TAKEN_UP | {"closed_at": "now", "owner": "1"})
        assert answer.status_code == 422
        assert "closed_at" in answer.text
        assert everything() == before

    def test_who_may_not_decide_is_told_so(self, client_of, crew, story):
        item = story(Kind.IMPROVEMENT).item
        answer = client_of(crew.member).post(f"/items/{item.id}/moves", data=TAKEN_UP, headers=HTMX)
        assert answer.status_code == 409
        assert "decision" in refused(answer)
        assert phase_of(item) == "new"
