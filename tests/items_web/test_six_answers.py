"""A quick win costs six answers before its aftercare; every fact the rules ask for is there, defaults marked."""

from __future__ import annotations

from datetime import timedelta

from pdca.items.models import Item
from pdca.items.terms import CustomerType, Kind, Method
from tests.items_web.conftest import HTMX, TODAY, missing, phase_of

SAID = {"problem": "Ik wist het niet.", "noticeable": "U ziet het meteen.", "lookalikes": "different"}


def test_a_quick_win_from_capture_to_check(client_of, crew, session):
    crew.owner.email = "omar@stad.example"
    session.commit()
    owner = client_of(crew.owner)
    answers = 0

    owner.post(f"/teams/{crew.team.id}/items", data={"title": "Een bordje bij balie 3"})
    answers += 1
    item = session.query(Item).one()

    sheet = owner.get(f"/items/{item.id}/steps/plan", headers=HTMX)
    assert missing(sheet) == ["problem", "customer", "noticeable"]
    said = {
        "to": "plan",
        "problem": "Ik wist niet dat ik hier kon pinnen.",
        "customer": "Mirte Aalbers, mirte@klant.example",
        "noticeable": "U ziet meteen dat het kan.",
    }
    assert owner.post(f"/items/{item.id}/moves", data=said, headers=HTMX).status_code == 200
    answers += 3

    sheet = owner.get(f"/items/{item.id}/steps/do", headers=HTMX)
    assert missing(sheet) == ["promise"]
    assert sheet.text.count('class="plan-line"') == 1
    day = (TODAY + timedelta(days=14)).isoformat()
    owner.post(f"/items/{item.id}/moves", data={"to": "do", "due_on": day}, headers=HTMX)
    answers += 1

    sheet = owner.get(f"/items/{item.id}/steps/check", headers=HTMX)
    assert missing(sheet) == ["carried_out"]
    done = {"to": "check", "carried_out": "as_planned", "carried_out_on": TODAY.isoformat()}
    owner.post(f"/items/{item.id}/moves", data=done, headers=HTMX)
    answers += 1

    assert phase_of(item) == "check"
    assert answers == 6
    assert item.kind is Kind.QUICK_WIN
    assert item.owner_id == crew.owner.id
    assert item.customer_type is CustomerType.EXTERNAL
    assert item.purpose == "Ik wist niet dat ik hier kon pinnen."
    assert [(n.who, n.how_many) for n in item.needs] == [("Mirte Aalbers", 1)]
    assert item.agreed_with == "Mirte Aalbers"
    assert item.agreed_on == TODAY
    assert item.care_method is Method.MAIL
    assert [c.offset_days for c in item.checks] == [14, 42]
    assert {"kind", "owner_id", "purpose", "need", "agreed", "aftercare", "lookalikes", "customer_type"} <= set(
        item.defaulted
    )
    page = owner.get(f"/items/{item.id}").text
    assert page.count("proposal</span>") >= 4


def test_a_colleague_is_known_by_the_mail_domain(client_of, crew, session, story):
    crew.owner.email = "omar@stad.example"
    item = story().item
    client_of(crew.owner).post(
        f"/items/{item.id}/moves", data=SAID | {"to": "plan", "customer": "Tom, tom@stad.example"}
    )
    assert phase_of(item) == "plan"
    assert item.customer_type is CustomerType.COLLEAGUE


def test_an_unknown_customer_costs_more_and_says_so(owner, story):
    item = story().item
    data = SAID | {"to": "plan", "customer": "", "customer_type": "unknown"}
    owner.post(f"/items/{item.id}/moves", data=data)
    assert phase_of(item) == "plan"
    sheet = owner.get(f"/items/{item.id}/steps/do", headers=HTMX)
    assert missing(sheet) == ["need", "promise", "agreed"]
    assert "The customer is unknown" in sheet.text
