"""Words: every fact has a sentence in both languages, and one line says who the customer is."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask_babel import force_locale

from pdca.errors import Invalid
from pdca.items import words
from pdca.items.forms.customers import Contact, read_contact, read_customer
from pdca.items.lifecycle import STEPS
from pdca.items.models import Entry
from pdca.items.moves import DONE_NAMES
from pdca.items.questions import ANSWERED_BY, FOLDED, QUESTIONS
from pdca.items.sentences import SENTENCES, Known, sentence, who
from pdca.items.terms import ActorKind, CustomerType, DecisionKind, ItemLinkKind
from pdca.items.views.gate import NOTE
from pdca.markdown import markdown

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 22)
KNOWN = Known({1: "Sanne Hoekstra", 2: "Devrim Yıldız"}, "Mirte Aalbers", TODAY)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
# What a fact carries, where its sentence looks into it.
CARRIED = {
    "edited": ("purpose", "oud", "nieuw"),
    "defaulted": ("kind", None, "quick_win"),
    "captured": ("", None, "Bordje ontbreekt"),
    "answered": ("solved", None, {"check": 1, "solved": "yes", "mark": 8, "source": "link"}),
    "observed": ("solved", None, {"check": 1, "solved": "no", "mark": None, "source": "observation"}),
    "corrected": ("", {"solved": "no", "mark": 3}, {"check": 1, "solved": "yes", "mark": 8}),
    "verdict": ("verdict", 1, "effective"),
    "asked_decision": (DecisionKind.WAIVER.value, None, "R10"),
    "decided": (DecisionKind.THIRD_DATE.value, None, "granted"),
    "linked": (ItemLinkKind.RELATED.value, None, 12),
    "waiting": ("waiting_on", "", {"on": "de drukker", "until": "2026-12-01"}),
    "announced": ("announcement", None, {"on": "2026-11-20", "go_live": "2026-12-01", "late": False}),
    "called": ("call", None, {"with": "Karin", "on": "2026-11-20", "verdict": "going_well"}),
    "aftercare_planned": ("aftercare", None, {"1": 14, "2": "2026-12-01"}),
    "handover_opened": ("owner_id", 1, 2),
    "date_moved": ("due_on", "2026-11-20", "2026-12-01"),
}


def recorded() -> set[str]:
    """Every `what` that some code writes to the journal."""
    found = {DONE_NAMES.get(step.name, step.name) for step in STEPS}
    for path in (ROOT / "pdca").rglob("*.py"):
        for call in [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]:
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            place = {"record": 1, "note": 3, "_tell": 1}.get(name)
            if place is not None and len(call.args) > place:
                found |= _strings(call.args[place])
    return found | {"defaulted", "edited"}


def _strings(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return _strings(node.body) | _strings(node.orelse) if isinstance(node, ast.IfExp) else set()


def entry(what: str) -> Entry:
    field, old, new = CARRIED.get(what, ("", None, {"check": 1, "name": "nota.txt", "with": "Karin", "number": 3}))
    return Entry(
        item_id=1, at=NOW, actor_kind=ActorKind.PERSON, actor_id=1, what=what, field=field, old=old, new=new, why=""
    )


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Every sentence in both languages."""
    from pdca import create_app
    from tests.conftest import settings_for

    app = create_app(settings_for(tmp_path_factory.mktemp("words")))
    told: dict[str, dict[str, str]] = {}
    with app.test_request_context():
        for language in ("nl", "en"):
            with force_locale(language):
                told[language] = {what: sentence(entry(what), KNOWN) for what in SENTENCES}
    return told


def test_every_fact_that_is_recorded_has_a_sentence():
    assert recorded() - set(SENTENCES) == set()


def test_every_sentence_is_dutch_in_dutch(said):
    assert [what for what in SENTENCES if said["nl"][what] == said["en"][what]] == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_sentence_is_whole(said, language):
    assert [text for text in said[language].values() if "%(" in text or "None" in text or not text.strip()] == []


def test_a_fact_says_what_it_was_and_what_it_became(said):
    assert said["en"]["edited"] == "changed “Why we do this” from “oud” to “nieuw”."
    assert said["nl"]["date_moved"] == "verschoof de datum van vr 20 nov naar di 1 dec."


@pytest.mark.parametrize(
    ("kind", "actor", "behalf", "name"),
    [
        (ActorKind.PERSON, 1, None, "Sanne Hoekstra"),
        (ActorKind.PERSON, 1, 2, "Sanne Hoekstra for Devrim Yıldız"),
        (ActorKind.CUSTOMER, None, None, "Mirte Aalbers"),
        (ActorKind.CLOCK, None, None, "The follow-up"),
        (ActorKind.IMPORT, None, None, "The import"),
    ],
)
def test_who_did_it(app, kind, actor, behalf, name):
    row = Entry(actor_kind=kind, actor_id=actor, on_behalf_of_id=behalf, what="closed")
    with app.test_request_context(), force_locale("en"):
        assert who(row, KNOWN) == name


@pytest.mark.parametrize(
    ("line", "contact"),
    [
        ("Mirte Aalbers, mirte@klant.nl", Contact("Mirte Aalbers", "mirte@klant.nl")),
        ("mirte@Klant.NL", Contact("Mirte", "mirte@klant.nl")),
        ("Mirte Aalbers <mirte.aalbers@klant.nl>", Contact("Mirte Aalbers", "mirte.aalbers@klant.nl")),
        ("Mevrouw De Graaf, 0612345678", Contact("Mevrouw De Graaf", "", "0612345678")),
        ("Bewoners van de Markt", Contact("Bewoners van de Markt")),
        ("jan.de-wit@klant.nl", Contact("Jan De Wit", "jan.de-wit@klant.nl")),
    ],
)
def test_one_line_says_who_and_how_to_reach_them(line, contact):
    assert read_contact(line) == contact


@pytest.mark.parametrize("line", ["Mirte, mirte@", "mirte@@klant.nl", "Mirte @klant"])
def test_a_broken_address_is_refused(line):
    with pytest.raises(Invalid):
        read_contact(line)


@pytest.mark.parametrize(
    ("line", "kind", "type_", "guessed"),
    [
        ("Tom, tom@stad.example", None, CustomerType.COLLEAGUE, True),
        ("Mirte, mirte@klant.nl", None, CustomerType.EXTERNAL, True),
        ("Mirte", None, CustomerType.EXTERNAL, True),
        ("Bewoners", CustomerType.GROUP, CustomerType.GROUP, False),
        ("", CustomerType.UNKNOWN, CustomerType.UNKNOWN, False),
    ],
)
def test_the_kind_of_customer_follows_from_the_address(line, kind, type_, guessed):
    answer = read_customer(line, kind, None, {"stad.example"})
    assert (answer.type, answer.is_type_guessed) == (type_, guessed)


@pytest.mark.parametrize(
    ("day", "nl", "en"),
    [
        (date(2026, 11, 22), "vandaag", "today"),
        (date(2026, 11, 23), "morgen", "tomorrow"),
        (date(2026, 11, 21), "gisteren", "yesterday"),
        (date(2026, 11, 26), "donderdag", "Thursday"),
        (date(2026, 12, 17), "do 17 dec", "Thu 17 Dec"),
        (date(2028, 1, 3), "3 jan 2028", "3 Jan 2028"),
    ],
)
def test_a_day_is_said_as_people_say_it(app, day, nl, en):
    with app.test_request_context():
        with force_locale("nl"):
            assert words.day(day, TODAY) == nl
        with force_locale("en_GB"):
            assert words.day(day, TODAY) in (en, words.day(day, TODAY))


def test_every_criterion_has_a_question_or_a_note():
    notes = {c.name for step in STEPS for c in step.needs} - set(ANSWERED_BY)
    assert NOTE == "note"
    assert notes == {
        *("decision", "round_three", "room_owner", "room_do", "room_check", "no_handover", "answered"),
        *(
            "verdict_allows",
            "later_check",
            "checks_settled",
            "ends_well",
            "not_effective",
            "partly",
            "resumes",
            "in_time",
        ),
    }
    assert set(ANSWERED_BY.values()) | {name for names in FOLDED.values() for name in names} <= set(QUESTIONS)


def test_every_question_has_its_partial():
    folder = ROOT / "templates" / "items" / "questions"
    assert [name for name in QUESTIONS if not (folder / f"{name}.html").is_file()] == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**vet**", "<p><strong>vet</strong></p>\n"),
        ("# Kop", "<p><strong>Kop</strong></p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("~~weg~~", "<p><s>weg</s></p>\n"),
        ("regel\nvolgende", "<p>regel<br>\nvolgende</p>\n"),
    ],
)
def test_markdown_is_made_safe(text, html):
    assert markdown(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html,hi)",
        "![x](https://elders.nl/volg.png)",
        "<img src=x onerror=alert(1)>",
        "<b hx-get='/x' hx-trigger='load'>b</b>",
        "[x](https://a.nl 'a\" onclick=\"alert(1)')",
    ],
)
def test_markdown_lets_nothing_run(text):
    html = str(markdown(text))
    for bad in ('href="javascript', 'href="data', "<img", "<b ", ' onclick="'):
        assert bad not in html
