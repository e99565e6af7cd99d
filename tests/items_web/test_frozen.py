"""R8 on every entrance: a frozen card accepts exactly what the rule lists, by hand and not from the table."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from pdca import clock
from pdca.catalogue.models import Label
from pdca.items import decisions, handovers, talk
from pdca.items.files import add_file
from pdca.items.handovers import Note
from pdca.items.terms import ItemLinkKind, Phase
from tests.items_web.conftest import HTMX, TODAY, everything, missing, phase_of, refused

SOON = (TODAY + timedelta(days=6)).isoformat()
NOTE = {"done": "De lijst.", "open": "De brief nog.", "promised": "Karin: donderdag", "watch_out": "De printer."}
ANSWER = {"solved": "yes", "mark": "8", "answered_by": "Karin Smit", "on": TODAY.isoformat()}

# Every POST under an item: (path, by, data). What passes on a frozen card stands in PASSES, by hand from R8.
POSTS = {
    "items.move": ("moves", "owner", {"to": "{next}", "carried_out": "as_planned"}),
    "items.closure": ("closure", "owner", {}),
    "items.stop": ("stop", "leader", {"reason": "Niet meer nodig.", "lesson_what": "Eerder vragen."}),
    "items.parking": ("parking", "keeper", {"reason": "Later.", "review_on": SOON}),
    "items.declination": ("declination", "keeper", {"reason": "Nee."}),
    "items.reopening": ("reopening", "owner", {"cause": "back_again"}),
    "items.next_round": ("rounds", "owner", {"why_not": "Te hoog."}),
    "items.go_on": ("rounds/decision", "owner", {"reason": "Nog een keer."}),
    "items.taking_back": ("taking-back", "owner", {}),
    "items.title": ("title", "owner", {"title": "Heel iets anders"}),
    "items.answers": ("answers", "owner", {"noticeable": "Iets anders."}),
    "items.new_date": ("date-changes", "owner", {"due_on": SOON, "reason": "De koppeling komt later."}),
    "items.help": ("help", "owner", {"question": "Wie drukt dit?"}),
    "items.waiting": ("waiting", "owner", {"what": "De drukker", "until": SOON}),
    "items.waiting_over": ("waiting/end", "owner", {}),
    "items.handover": ("handovers", "owner", NOTE | {"to": "{member}"}),
    "items.acceptance": ("handovers/{handover}/acceptance", "keeper", {"read_back": "Ik maak de brief af."}),
    "items.refusal": ("handovers/{handover}/refusal", "keeper", {"reason": "Ik ben weg."}),
    "items.assignment": ("handovers/{handover}/assignment", "owner", {"to": "{member}"}),
    "items.withdrawal": ("handovers/{handover}/withdrawal", "owner", {}),
    "items.call": ("calls", "owner", {"call_with": "Karin", "call_verdict": "going_well"}),
    "items.announcement": (
        "announcements",
        "owner",
        {"go_live_on": SOON, "audience": "Iedereen", "announcement_text": "Het verandert."},
    ),
    "items.waivers": ("waivers", "leader", {"rule": "R10", "reason": "Karin is op reis."}),
    "items.decide": ("decisions/{decision}", "keeper", {"granted": "yes", "answer": "De drukker helpt."}),
    "items.check_answer": ("checks/{check}/answers", "owner", ANSWER),
    "items.letter_aside": ("letters/1/aside", "owner", {}),
    "items.attempt": ("checks/{check}/attempts", "owner", {"call_with": "Karin"}),
    "items.answer_comment": ("checks/{check}/answers/1/comments", "owner", {"comment": "Hm."}),
    "items.verdict": ("verdict", "owner", {"verdict": "too_early", "evidence": "Te vroeg.", "check_again_on": SOON}),
    "items.told": ("told", "owner", {"told_how": "call", "told_who": "Karin", "told_message": "Later."}),
    "items.comment": ("comments", "owner", {"body": "Nog even."}),
    "items.add_file": ("files", "owner", {}),
    "items.remove_file": ("files/{file}/removal", "owner", {}),
    "items.follow": ("followers", "owner", {}),
    "items.unfollow": ("followers/end", "owner", {}),
    "items.labels": ("labels", "owner", {"labels": "{label}"}),
    "items.links": ("links", "owner", {"other": "{other}"}),
    "items.unlink": ("links/{link}/removal", "owner", {}),
    "items.order": ("order", "owner", {}),
    "items.customers": ("customers", "owner", {"people": "Bo Smit bo@klant.example"}),
    "items.remove_customer": ("customers/{customer}/removal", "owner", {}),
    "items.open_counter": ("checks/{check}/counter", "owner", {}),
    "items.end_counter": ("checks/{check}/counter/end", "owner", {}),
    "items.recurrence": ("recurrence", "owner", {"cause": "back_again"}),
}
# Done, new date, need help, comment, add files; stop, waiver, a leader's decision, a handover always pass.
ALWAYS = {
    *("items.new_date", "items.help", "items.comment", "items.add_file", "items.stop", "items.waivers", "items.decide"),
    *("items.handover", "items.acceptance", "items.refusal", "items.assignment", "items.withdrawal"),
    # Following is the reader's own matter; it changes nothing of the item.
    *("items.follow", "items.unfollow"),
}
IN_DO = ALWAYS | {"items.move"}
# For a check "done" is an answer, a call attempt, an observation or a verdict.
# A wrong customer is undone, and a counter that asked is ended.
IN_CHECK = ALWAYS | {
    *("items.check_answer", "items.attempt", "items.verdict"),
    *("items.remove_customer", "items.end_counter"),
}
# These find nothing to act on here, so that a 404 is as good as a no.
NOT_THERE = {"items.answer_comment", "items.letter_aside"}


@pytest.fixture
def cold(crew, story, session, tmp_path, app):
    """A frozen item with everything hanging under it that an act could be about, made before it froze."""

    def make(frozen):
        at = frozen.taken_up_at + timedelta(hours=1)
        other = story().item
        label = Label(team_id=crew.team.id, name="Balie")
        session.add(label)
        link = talk.link(frozen, other.number, ItemLinkKind.RELATED, by=crew.owner, at=at)
        row = handovers.hand_over(frozen, crew.keeper.id, Note(**NOTE), by=crew.owner, at=at)
        asked = decisions.ask_help(frozen, "Wie?", by=crew.owner, at=at)
        folder = tmp_path / "files"
        file = add_file(frozen, "nota.txt", BytesIO(b"hallo"), folder, by=crew.owner, at=at)
        session.flush()
        open_checks = [c for c in frozen.checks if c.due_on] or frozen.checks
        return {
            "member": crew.member.id,
            "handover": row.id,
            "decision": asked.id,
            "check": open_checks[0].id,
            "file": file.id,
            "label": label.id,
            "other": other.number,
            "link": link.id,
            "customer": frozen.contacts[0].id,
            "next": {Phase.DO: Phase.CHECK, Phase.CHECK: Phase.ACT}[frozen.phase].value,
        }

    return make


def send(client_of, crew, item, name, ids):
    path, by, data = POSTS[name]
    filled = {key: value.format(**ids) for key, value in data.items()}
    if name == "items.add_file":
        filled = {"file": (BytesIO(b"hallo"), "nota2.txt")}
    return client_of(getattr(crew, by)).post(f"/items/{item.id}/{path.format(**ids)}", data=filled, headers=HTMX)


def test_every_post_under_an_item_stands_in_this_table(app):
    rules = [r for r in app.url_map.iter_rules() if r.endpoint.startswith("items.") and "item_id" in r.arguments]
    assert {r.endpoint for r in rules if "POST" in r.methods} == set(POSTS)


@pytest.mark.parametrize("name", sorted(IN_DO))
def test_in_do_it_accepts(client_of, crew, frozen, cold, name):
    ids = cold(frozen)
    if name == "items.move":
        # A pending handover is a question of that gate, not of R8.
        handovers.withdraw(frozen.handovers[-1], by=crew.owner, at=clock.now())
    answer = send(client_of, crew, frozen, name, ids)
    assert answer.status_code in (200, 303), (refused(answer), answer.text[:2000])


def test_in_do_it_refuses_all_else_and_nothing_changes(client_of, crew, frozen, cold):
    ids = cold(frozen)
    before = everything()
    statuses = {name: send(client_of, crew, frozen, name, ids).status_code for name in sorted(set(POSTS) - IN_DO)}
    assert {name: status for name, status in statuses.items() if status != 409 and name not in NOT_THERE} == {}
    assert {statuses[name] for name in NOT_THERE & set(statuses)} <= {404, 409}
    assert everything() == before


@pytest.mark.parametrize("name", sorted(IN_CHECK - ALWAYS | {"items.new_date", "items.help"}))
def test_in_check_it_accepts(client_of, crew, frozen_check, cold, name):
    answer = send(client_of, crew, frozen_check, name, cold(frozen_check))
    assert answer.status_code in (200, 303), (refused(answer), answer.text[:2000])


def test_in_check_it_refuses_all_else_and_nothing_changes(client_of, crew, frozen_check, cold):
    ids = cold(frozen_check)
    before = everything()
    statuses = {
        name: send(client_of, crew, frozen_check, name, ids).status_code for name in sorted(set(POSTS) - IN_CHECK)
    }
    assert {name: status for name, status in statuses.items() if status != 409 and name not in NOT_THERE} == {}
    assert {statuses[name] for name in NOT_THERE & set(statuses)} <= {404, 409}
    assert everything() == before


def test_done_is_completed_inside_its_sheet(owner, frozen):
    sheet = owner.get(f"/items/{frozen.id}/done", headers=HTMX)
    assert missing(sheet) == ["carried_out"]
    assert "days late" in sheet.text
    half = owner.post(f"/items/{frozen.id}/moves", data={"to": "check", "carried_out": ""}, headers=HTMX)
    assert (half.status_code, missing(half)) == (409, ["carried_out"])
    data = {"to": "check", "carried_out": "other", "carried_out_other": "Alles behalve de lijst."}
    assert owner.post(f"/items/{frozen.id}/moves", data=data, headers=HTMX).status_code == 200
    assert phase_of(frozen) == "check"
    assert frozen.round.carried_out == "Alles behalve de lijst."


def test_other_questions_of_that_gate_are_completed_there_too(owner, story):
    item = story(days_ago=38, importance="high").take_up().start().item
    assert missing(owner.get(f"/items/{item.id}/done", headers=HTMX)) == ["carried_out", "called"]
    data = {"to": "check", "carried_out": "as_planned", "call_with": "Karin", "call_verdict": "going_well"}
    assert owner.post(f"/items/{item.id}/moves", data=data, headers=HTMX).status_code == 200
    assert phase_of(item) == "check"


def test_a_step_is_no_back_door_for_edits(owner, frozen):
    before = everything()
    data = {"to": "check", "carried_out": "as_planned", "title": "Heel iets anders"}
    answer = owner.post(f"/items/{frozen.id}/moves", data=data, headers=HTMX)
    assert (answer.status_code, refused(answer)) == (409, ["frozen"])
    assert everything() == before


def test_the_page_shows_the_sign_and_the_three_acts_in_a_row(owner, frozen):
    page = owner.get(f"/items/{frozen.id}").text
    banner = page[page.index('class="item-banner"') : page.index("</div>", page.index('class="item-banner"'))]
    for path in ("done", "date-changes", "help"):
        assert f"/items/{frozen.id}/{path}" in banner
    for path in ("waiting", "calls", "labels", "links"):
        assert f'href="/items/{frozen.id}/{path}"' not in page
