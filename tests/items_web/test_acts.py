"""Everything that is not a step: each act does it, is refused with its reason, or says at the field what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO

import pytest

from pdca import clock
from pdca.catalogue.models import Label
from pdca.db import db
from pdca.items import decisions, handovers, talk
from pdca.items.handovers import Note
from pdca.items.models import Item
from pdca.items.terms import ItemLinkKind, Kind, Solved, Verdict
from pdca.items.work import wait_on
from tests import stories
from tests.items_web.conftest import HTMX, TODAY, everything, refused

NOTE = {"done": "De lijst staat.", "open": "De brief nog.", "promised": "Karin: donderdag", "watch_out": "De printer."}


def in_days(count):
    return (TODAY + timedelta(days=count)).isoformat()


@dataclass
class Scene:
    """One item in a state, and the rows that the acts are about."""

    crew: stories.Crew
    item: Item
    ids: dict[str, int] = field(default_factory=dict)


def new(crew, story):
    return Scene(crew, story().item)


def in_do(crew, story):
    return Scene(crew, story(days_ago=4).take_up().start().item)


def waits(crew, story):
    made = in_do(crew, story)
    wait_on(made.item, "De drukker", TODAY + timedelta(days=3), by=crew.owner, at=clock.now())
    return made


def handed_over(crew, story):
    made = in_do(crew, story)
    row = handovers.hand_over(made.item, crew.member.id, Note(**NOTE), by=crew.owner, at=clock.now())
    return Scene(crew, made.item, {"handover": row.id})


def asks_help(crew, story):
    made = in_do(crew, story)
    row = decisions.ask_help(made.item, "Wie drukt dit?", by=crew.owner, at=clock.now())
    return Scene(crew, made.item, {"decision": row.id})


def in_check(crew, story):
    made = story(days_ago=24).take_up().start().finish()
    return Scene(crew, made.item, {"check": made.check.id})


def answered(crew, story):
    made = story(days_ago=24).take_up().start().finish().answer(Solved.PARTLY, 6)
    db.session.flush()
    check = next(c for c in made.item.checks if c.answers)
    return Scene(crew, made.item, {"check": check.id, "answer": check.answers[0].id})


def failed(crew, story):
    made = story(days_ago=40).take_up().start().finish().answer(Solved.NO, 3)
    made.judge(Verdict.NOT_EFFECTIVE)
    return Scene(crew, made.item)


def linked(crew, story):
    one, other = story().item, story().item
    row = talk.link(one, other.number, ItemLinkKind.RELATED, by=crew.owner, at=clock.now())
    db.session.flush()
    return Scene(crew, one, {"link": row.id})


@dataclass(frozen=True)
class Act:
    """A POST that works, and what is wrong with it when it does not."""

    name: str
    scene: object
    path: str
    data: dict
    by: str = "owner"
    # Input → the data that is refused at it (422).
    wrong: tuple[tuple[str, dict], ...] = ()
    # The criterion or rule named → the data that is refused for it (409).
    refused: tuple[tuple[str, dict], ...] = ()
    viewer_may: bool = False


ANSWER = {"source": "call", "solved": "yes", "mark": "8", "answered_by": "Karin Smit", "on": TODAY.isoformat()}
ACTS = (
    Act(
        "new date",
        in_do,
        "date-changes",
        {"due_on": in_days(9), "reason": "De koppeling komt later."},
        wrong=(
            ("due_on", {"reason": "Later."}),
            ("due_on", {"due_on": "other", "due_on_other": in_days(-2), "reason": "Later."}),
            ("due_on", {"due_on": "soon", "reason": "Later."}),
        ),
        refused=(
            ("reason", {"due_on": in_days(9)}),
            ("customer_told", {"due_on": in_days(9), "reason": "Later.", "told_how": "call", "told_who": ""}),
        ),
    ),
    Act("help", in_do, "help", {"question": "Wie drukt dit?"}, by="member", wrong=(("question", {"question": " "}),)),
    Act(
        "waiting",
        in_do,
        "waiting",
        {"what": "De drukker", "until": in_days(3)},
        wrong=(("what", {"what": "", "until": in_days(3)}), ("until", {"what": "De drukker"})),
    ),
    Act("no longer waiting", waits, "waiting/end", {}),
    Act(
        "handover",
        in_do,
        "handovers",
        NOTE | {"to": "{member}"},
        wrong=(("to", NOTE), ("to", NOTE | {"to": "{viewer}"})),
        refused=(("done", {"to": "{member}"}), ("watch_out", NOTE | {"to": "{member}", "watch_out": " "})),
    ),
    Act(
        "acceptance",
        handed_over,
        "handovers/{handover}/acceptance",
        {"read_back": "Ik maak de brief af en bel Karin."},
        by="member",
        refused=(("read_back", {"read_back": "ok"}), ("read_back", {"read_back": "De brief nog."})),
    ),
    Act(
        "refusal",
        handed_over,
        "handovers/{handover}/refusal",
        {"reason": "Ik ben die week weg."},
        by="member",
        refused=(("reason", {"reason": ""}),),
    ),
    Act("assignment", handed_over, "handovers/{handover}/assignment", {"to": "{keeper}"}, wrong=(("to", {"to": ""}),)),
    Act("withdrawal", handed_over, "handovers/{handover}/withdrawal", {}),
    Act(
        "call",
        in_do,
        "calls",
        {"call_with": "Karin", "call_on": TODAY.isoformat(), "call_verdict": "going_well"},
        wrong=(
            ("call_with", {"call_with": "Karin"}),
            ("call_on", {"call_with": "Karin", "call_on": "gisteren", "call_verdict": "adjust"}),
            ("call_verdict", {"call_with": "Karin", "call_verdict": "great"}),
        ),
    ),
    Act(
        "announcement",
        in_do,
        "announcements",
        {
            "announced_on": TODAY.isoformat(),
            "go_live_on": in_days(9),
            "audience": "Iedereen",
            "announcement_text": "Het verandert.",
        },
        wrong=(("go_live_on", {"audience": "Iedereen", "announcement_text": "Het verandert."}),),
    ),
    Act(
        "answer after a call",
        in_check,
        "checks/{check}/answers",
        ANSWER,
        wrong=(
            ("solved", ANSWER | {"solved": ""}),
            ("mark", ANSWER | {"mark": "11"}),
            ("mark", {k: v for k, v in ANSWER.items() if k != "mark"}),
            ("answered_by", ANSWER | {"answered_by": ""}),
            ("on", ANSWER | {"on": in_days(2)}),
        ),
        refused=(("answered", ANSWER | {"source": "observation"}),),
    ),
    Act(
        "attempt",
        in_check,
        "checks/{check}/attempts",
        {"call_with": "Karin", "call_on": TODAY.isoformat()},
        wrong=(("call_on", {"call_with": "Karin", "call_on": in_days(2)}),),
    ),
    Act(
        "beside the answer",
        answered,
        "checks/{check}/answers/{answer}/comments",
        {"comment": "De brandweer levert later."},
        wrong=(("comment", {"comment": ""}),),
    ),
    Act(
        "verdict",
        answered,
        "verdict",
        {"verdict": "partly"},
        wrong=(("verdict", {"verdict": "fine"}), ("verdict", {})),
        refused=(("verdict", {"verdict": "effective"}),),
    ),
    Act(
        "told",
        failed,
        "told",
        {"told_how": "call", "told_who": "Karin", "told_on": TODAY.isoformat(), "told_message": "We beginnen opnieuw."},
        wrong=(("told_how", {"told_message": "Hallo"}), ("told_who", {"told_how": "call", "told_who": ""})),
    ),
    Act(
        "asked for a waiver",
        in_do,
        "waivers",
        {"rule": "R10", "reason": "Karin is op reis."},
        wrong=(("rule", {"reason": "Zo."}), ("reason", {"rule": "R10", "reason": ""})),
        refused=(("never_waived", {"rule": "R2", "reason": "Zo."}),),
    ),
    Act("waiver", in_do, "waivers", {"rule": "R10", "reason": "Karin is op reis."}, by="leader"),
    Act(
        "decision",
        asks_help,
        "decisions/{decision}",
        {"granted": "yes", "answer": "De drukker helpt."},
        by="keeper",
        wrong=(("answer", {"granted": "yes", "answer": ""}),),
    ),
    Act("changed answers", new, "answers", {"noticeable": "U ziet het meteen."}, wrong=(("title", {"title": ""}),)),
    Act("comment", new, "comments", {"body": "Goed **idee**."}, by="member", wrong=(("body", {"body": "  "}),)),
    Act("follow", new, "followers", {}, viewer_may=True),
    Act("unfollow", new, "followers/end", {}, viewer_may=True),
    Act("labels", new, "labels", {"labels": "{label}"}, wrong=(("labels", {"labels": "99999"}),)),
    Act(
        "link",
        linked,
        "links",
        {"other": "2", "kind": "recurrence_of"},
        wrong=(("other", {"other": "9999"}), ("other", {})),
    ),
    Act("unlink", linked, "links/{link}/removal", {}),
    Act("order", new, "order", {"after": "", "before": ""}),
)
# Inputs whose text must come back as it was typed.
TYPED = {"reason", "what", "call_with", "audience", "announcement_text", "answered_by", "told_message", "done", "open"}


@pytest.fixture
def stage(crew, story, client_of, session):
    """Set the scene of an act; gives a function that posts to it as somebody."""

    def set_up(act: Act):
        label = Label(team_id=crew.team.id, name="Balie")
        session.add(label)
        session.flush()
        scene = act.scene(crew, story)
        people = {name: getattr(crew, name).id for name in ("owner", "member", "keeper", "leader", "viewer")}
        session.commit()
        known = {**people, **scene.ids, "label": label.id}

        def post(by, data, headers=HTMX):
            filled = {name: value.format(**known) for name, value in data.items()}
            path = f"/items/{scene.item.id}/{act.path.format(**known)}"
            return client_of(getattr(crew, by)).post(path, data=filled, headers=headers)

        return post

    return set_up


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_whatever_is_refused_changes_nothing(stage, act):
    """A stranger, a viewer, an unknown input, bad input, a gate: each has its own answer, and no row differs."""
    post = stage(act)
    before = everything()
    assert post("outsider", act.data).status_code == 404
    assert post(act.by, act.data | {"author_id": "1"}).status_code == 422
    if not act.viewer_may:
        assert post("viewer", act.data).status_code in (409, 422)
    for name, data in act.wrong:
        answer = post(act.by, data)
        assert (answer.status_code, data) == (422, data)
        assert f'id="f-{name}-error"' in answer.text, (name, data)
        assert [text for key, text in data.items() if key in TYPED and text not in answer.text] == []
    for name, data in act.refused:
        answer = post(act.by, data)
        assert (answer.status_code, data) == (409, data)
        assert name in refused(answer)
    assert everything() == before


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_it_is_done_and_journalled(stage, act):
    post = stage(act)
    before = everything()
    answer = post(act.by, act.data)
    assert answer.status_code == 200, answer.text[:3000]
    assert "item:changed" in answer.headers["HX-Trigger"]
    if act.name not in ("order", "unfollow"):
        assert len(everything()["journal"]) > len(before["journal"])


def test_without_a_script_it_leads_back_to_the_page(stage):
    act = next(a for a in ACTS if a.name == "waiting")
    answer = stage(act)(act.by, act.data, headers={})
    assert (answer.status_code, answer.location) == (303, "/items/1")


def test_it_leads_back_to_where_it_was_asked_and_nowhere_else(stage):
    act = next(a for a in ACTS if a.name == "decision")
    assert stage(act)("keeper", act.data | {"next": "/review"}, headers={}).location == "/review"


def test_it_never_leads_to_another_site(stage):
    act = next(a for a in ACTS if a.name == "help")
    answer = stage(act)("member", act.data | {"next": "//evil.example"}, headers={})
    assert answer.location.startswith("/items/")


def test_an_id_of_another_item_is_not_found(owner, crew, story, session):
    mine, other = story(days_ago=24).take_up().start().finish(), story(days_ago=24).take_up().start().finish()
    row = handovers.hand_over(other.item, crew.member.id, Note(**NOTE), by=crew.owner, at=clock.now())
    asked = decisions.ask_help(other.item, "Wie?", by=crew.owner, at=clock.now())
    session.commit()
    at = f"/items/{mine.item.id}"
    for path, data in (
        (f"{at}/handovers/{row.id}/acceptance", {"read_back": "Ik maak het af."}),
        (f"{at}/handovers/{row.id}/withdrawal", {}),
        (f"{at}/decisions/{asked.id}", {"granted": "yes", "answer": "Ja"}),
        (f"{at}/checks/{other.check.id}/answers", ANSWER),
        (f"{at}/checks/{other.check.id}/attempts", {"call_with": "Karin"}),
    ):
        assert owner.post(path, data=data).status_code == 404


def test_every_sheet_is_a_fragment_for_htmx_and_a_page_otherwise(owner, story):
    item = story(Kind.IMPROVEMENT, days_ago=24).take_up().start().item
    sheets = (
        *("steps/check", "date-changes", "help", "waiting", "handovers", "calls", "announcements", "waivers", "labels"),
        *("links", "title", "answers?ask=problem", "verdict", "told", "done", "stop", "rounds/decision"),
    )
    for path in sheets:
        fragment = owner.get(f"/items/{item.id}/{path}", headers=HTMX)
        page = owner.get(f"/items/{item.id}/{path}")
        assert (path, fragment.status_code, "<html" in fragment.text) in ((path, 200, False), (path, 409, False))
        assert "data-sheet" in fragment.text
        assert "<html" in page.text


class TestCapture:
    def test_one_line_is_enough(self, owner, crew, session):
        answer = owner.post(f"/teams/{crew.team.id}/items", data={"title": "  Bordje ontbreekt  "}, headers=HTMX)
        assert answer.status_code == 200
        assert '"phases": "new"' in answer.headers["HX-Trigger"]
        assert session.query(Item).one().title == "Bordje ontbreekt"

    def test_without_a_script_it_leads_to_the_board(self, owner, crew):
        answer = owner.post(f"/teams/{crew.team.id}/items", data={"title": "Bordje ontbreekt"})
        assert (answer.status_code, answer.location) == (303, f"/teams/{crew.team.id}/board")

    @pytest.mark.parametrize("title", ["", "   ", "x" * 201])
    def test_nothing_or_too_much_is_said_at_the_line(self, owner, crew, title):
        before = everything()
        answer = owner.post(f"/teams/{crew.team.id}/items", data={"title": title}, headers=HTMX)
        assert answer.status_code == 422
        assert 'id="f-title-error"' in answer.text
        assert title.strip() in answer.text
        assert everything() == before

    def test_another_team_is_not_there(self, client_of, crew):
        answer = client_of(crew.outsider).post(f"/teams/{crew.team.id}/items", data={"title": "Van buiten"})
        assert answer.status_code == 404

    def test_a_viewer_only_looks(self, client_of, crew):
        answer = client_of(crew.viewer).post(f"/teams/{crew.team.id}/items", data={"title": "Toch"}, headers=HTMX)
        assert answer.status_code == 409


class TestFiles:
    def test_a_file_comes_and_goes_back_locked(self, owner, story, app):
        item = story().item
        data = {"file": (BytesIO(b"hallo"), "nota.txt")}
        assert owner.post(f"/items/{item.id}/files", data=data).status_code == 303
        db.session.commit()
        db.session.refresh(item)
        row_id = item.files[0].id
        answer = owner.get(f"/items/{item.id}/files/{row_id}")
        assert answer.data == b"hallo"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert owner.post(f"/items/{item.id}/files/{row_id}/removal").status_code == 303
        assert owner.get(f"/items/{item.id}/files/{row_id}").status_code == 404

    @pytest.mark.parametrize(
        ("content", "name"), [(b"", "leeg.txt"), (b"<script>", "x.html"), (b"GIF", "x.gif"), (b"\x00\x01", "x.txt")]
    )
    def test_what_is_not_kept_is_said_at_the_file(self, owner, story, content, name):
        item = story().item
        before = everything()
        answer = owner.post(f"/items/{item.id}/files", data={"file": (BytesIO(content), name)})
        assert answer.status_code == 422
        assert 'id="f-file-upload-error"' in answer.text
        assert everything() == before

    def test_no_file_is_said_too(self, owner, story):
        item = story().item
        assert "Choose a file." in owner.post(f"/items/{item.id}/files", data={}).text

    def test_another_team_gets_no_file(self, owner, client_of, crew, story):
        item = story().item
        owner.post(f"/items/{item.id}/files", data={"file": (BytesIO(b"geheim"), "nota.txt")})
        db.session.commit()
        db.session.refresh(item)
        outsider = client_of(crew.outsider)
        assert outsider.get(f"/items/{item.id}/files/{item.files[0].id}").status_code == 404
        other = story().item
        assert owner.get(f"/items/{other.id}/files/{item.files[0].id}").status_code == 404
