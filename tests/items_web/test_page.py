"""The item's page: the whole story, for who may see it, in a number of queries that does not grow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from pdca import clock
from pdca.db import db
from pdca.items import decisions, handovers, talk
from pdca.items.handovers import Note
from pdca.items.terms import Kind, Solved, Verdict
from tests.items_web.conftest import HTMX, TODAY, everything

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


@pytest.fixture
def queries(app):
    """Counts statements while it is asked to."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))
    return seen


class TestWhoSeesIt:
    @pytest.mark.parametrize("who", ["owner", "member", "keeper", "leader", "viewer", "sponsor", "administrator"])
    def test_everybody_around_the_team(self, client_of, crew, story, who):
        item = story().take_up().item
        assert client_of(getattr(crew, who)).get(f"/items/{item.id}").status_code == 200

    def test_nobody_else_and_the_answer_is_that_of_nothing(self, client_of, crew, story):
        item = story().item
        outsider = client_of(crew.outsider)
        theirs, nothing = outsider.get(f"/items/{item.id}"), outsider.get("/items/999999")
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert theirs.text == nothing.text

    @pytest.mark.parametrize("path", ["steps/plan", "done", "date-changes", "help", "handovers", "verdict", "waivers"])
    def test_nor_any_of_its_sheets(self, client_of, crew, story, path):
        item = story().item
        assert client_of(crew.outsider).get(f"/items/{item.id}/{path}").status_code == 404

    @pytest.mark.parametrize("who", ["viewer", "sponsor"])
    def test_who_only_looks_gets_no_forms_but_following(self, client_of, crew, story, who):
        item = story().take_up().item
        page = client_of(getattr(crew, who)).get(f"/items/{item.id}").text
        posts = [part.split('"')[0] for part in page.split('action="')[1:]]
        assert {path for path in posts if path.startswith(f"/items/{item.id}/")} <= {
            f"/items/{item.id}/followers",
            f"/items/{item.id}/steps",
        }


class TestTheStory:
    def test_why_promise_and_mark_come_first(self, owner, story):
        item = story(days_ago=24).take_up().start().finish().answer(Solved.PARTLY, 6, "De datum mist.").item
        page = owner.get(f"/items/{item.id}").text
        assert page.index("Why we do this") < page.index("Promise") < page.index("Last mark") < page.index('id="next"')
        assert "De datum mist." in page
        assert "customer’s mark </span>6" in page

    def test_a_default_says_that_it_is_one(self, owner, story):
        item = story().take_up().item
        page = owner.get(f"/items/{item.id}").text
        assert page.count("proposal</span>") >= 3
        assert page.count("data-defaulted") >= 3

    def test_rounds_stand_side_by_side_and_cancelled_checks_stay(self, owner, story):
        made = story(days_ago=40).take_up().start().finish().answer(Solved.NO, 3)
        made.judge(Verdict.NOT_EFFECTIVE)
        owner.post(f"/items/{made.item.id}/rounds", data={"why_not": "Het hing te hoog."})
        page = owner.get(f"/items/{made.item.id}").text
        assert "Round 2" in page
        assert "Round 1" in page
        assert "Het hing te hoog." in page
        assert 'class="cancelled"' in page

    def test_a_moved_promise_tells_its_history(self, owner, story):
        item = story(days_ago=4).take_up().start().item
        day = (TODAY + timedelta(days=30)).isoformat()
        owner.post(f"/items/{item.id}/date-changes", data={"due_on": day, "reason": "De koppeling komt later."})
        page = owner.get(f"/items/{item.id}").text
        assert "moved 1×, first promised" in page
        assert "De koppeling komt later." in page

    def test_the_receiver_reads_the_note_and_answers(self, client_of, crew, story):
        item = story(days_ago=4).take_up().start().item
        note = Note("De lijst staat.", "De brief nog.", "Karin: donderdag", "De printer.")
        row = handovers.hand_over(item, crew.member.id, note, by=crew.owner, at=clock.now())
        page = client_of(crew.member).get(f"/items/{item.id}").text
        assert 'id="handover"' in page
        for text in ("De lijst staat.", "De brief nog.", "Karin: donderdag", "De printer."):
            assert text in page
        assert f"/handovers/{row.id}/acceptance" in page
        assert f"/handovers/{row.id}/withdrawal" not in page

    def test_who_decides_finds_it_here(self, client_of, crew, story):
        item = story(days_ago=4).take_up().start().item
        row = decisions.ask_waiver(item, "R10", "Karin is op reis.", by=crew.owner, at=clock.now())
        leader, owner = client_of(crew.leader), client_of(crew.owner)
        assert f"/decisions/{row.id}" in leader.get(f"/items/{item.id}").text
        assert f'href="/items/{item.id}/decisions/{row.id}"' not in owner.get(f"/items/{item.id}").text

    def test_the_journal_turns_its_pages(self, owner, crew, story):
        item = story().item
        for number in range(30):
            talk.comment(item, f"Opmerking {number}.", by=crew.owner, at=clock.now())
        page = owner.get(f"/items/{item.id}").text
        assert "Opmerking 29." in page
        assert "Opmerking 2." not in page
        older = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        assert "Opmerking 2." in owner.get(older).text

    @pytest.mark.parametrize("language", ["nl", "en"])
    def test_it_speaks_the_readers_language(self, owner, story, language):
        item = story(Kind.IMPROVEMENT, days_ago=24).take_up().start().item
        page = owner.get(f"/items/{item.id}", headers={"Accept-Language": language}).text
        assert f'<html lang="{language}"' in page
        assert ("Waarom we dit doen" in page) == (language == "nl")


class TestSafety:
    def test_no_text_of_anybody_runs(self, client_of, crew, story):
        made = story(Kind.IMPROVEMENT, days_ago=24, title=f"Titel {EVIL}").take_up()
        item = made.item
        for name in ("problem", "noticeable", "purpose", "touchpoint", "contact_role", "channel", "customer_name"):
            setattr(item, name, EVIL)
        item.contacts[0].name = EVIL
        item.round.root_cause = item.round.prediction = EVIL
        talk.comment(item, EVIL + "\n\n[x](javascript:alert(1)) <b hx-get='/x'>y</b>", by=crew.owner, at=clock.now())
        decisions.ask_help(item, EVIL, by=crew.owner, at=clock.now())
        made.start().finish().answer(Solved.PARTLY, 6, EVIL)
        made.judge(Verdict.PARTLY, EVIL)
        client = client_of(crew.owner)
        for path in ("", "/steps/act", "/steps/do", "/answers?ask=title&ask=problem&ask=customer", "/told", "/verdict"):
            for headers in ({}, HTMX):
                text = client.get(f"/items/{item.id}{path}", headers=headers).text
                assert "<script>alert" not in text
                assert "<img src=x" not in text
                assert 'href="javascript' not in text
                assert "<b hx-get" not in text
                assert "{{7*7}}" in text or path in ("/steps/do", "/told", "/verdict")

    def test_a_comment_cannot_reach_htmx(self, owner, crew, story):
        item = story().item
        talk.comment(item, "**vet** en [link](https://voorbeeld.nl)", by=crew.owner, at=clock.now())
        page = owner.get(f"/items/{item.id}").text
        said = page[page.index('class="said prose"') :]
        assert "hx-disable" in said[:60]
        assert "<strong>vet</strong>" in said
        assert 'rel="noopener noreferrer nofollow"' in said

    def test_looking_changes_nothing(self, owner, story):
        item = story(days_ago=24).take_up().start().finish().item
        before = everything()
        for path in (
            "",
            "/steps/act",
            "/done",
            "/date-changes",
            "/help",
            "/handovers",
            "/answers",
            "/waivers",
            "/told",
        ):
            assert owner.get(f"/items/{item.id}{path}").status_code == 200
        assert everything() == before


class TestCost:
    def test_the_page_takes_as_many_queries_with_a_long_history(self, owner, crew, story, queries):
        item = story(days_ago=24).take_up().start().finish().item
        talk.comment(item, "Eén @Mila.", by=crew.owner, at=clock.now())
        decisions.ask_waiver(item, "R10", "Zo.", by=crew.owner, at=clock.now())
        talk.follow(item, by=crew.member, at=clock.now())
        short = self._count(owner, item, queries)
        for number in range(30):
            talk.comment(item, f"Opmerking {number} @Mila.", by=crew.member, at=clock.now())
            decisions.ask_waiver(item, ("R10", "R11", "R13", "R1")[number % 4], "Zo.", by=crew.owner, at=clock.now())
            talk.follow(item, by=crew.join(f"Collega {number}"), at=clock.now())
        assert self._count(owner, item, queries) == short

    def _count(self, client, item, queries):
        client.get(f"/items/{item.id}")
        queries.clear()
        assert client.get(f"/items/{item.id}").status_code == 200
        return len(queries)


class TestTheLifeCyclePage:
    @pytest.mark.parametrize("language", ["nl", "en"])
    def test_it_shows_every_step_and_every_criterion(self, owner, language):
        from pdca.items.lifecycle import STEPS

        page = owner.get("/help/life-cycle", headers={"Accept-Language": language}).text
        for step in STEPS:
            start = page.index(f'data-step="{step.source.value}-{step.target.value}"')
            row = page[start : page.index("</article>", start)]
            for criterion in step.needs:
                assert f'data-criterion="{criterion.name}"' in row
