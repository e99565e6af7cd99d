"""Services, customer groups and labels: add, rename, retire, bring back; never delete."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from pdca import clock
from pdca.catalogue.models import CustomerGroup, Label, Service
from pdca.catalogue.operations import add_entry
from pdca.catalogue.queries import entries_of, offered
from pdca.db import db
from pdca.errors import Invalid, NotAllowed
from pdca.people.models import Person, Role
from tests.factories import a_member, a_person, a_team, signed_in
from tests.people.conftest import words
from tests.people.test_profile import questions_of

KINDS = {"services": Service, "groups": CustomerGroup, "labels": Label}


@pytest.fixture
def team(app, session):
    """A team."""
    return a_team("Burgerzaken")


@pytest.fixture
def keeper(team):
    """Its board keeper."""
    return a_member(team, Role.BOARD_KEEPER)


@pytest.fixture
def client(app, keeper):
    """Their browser."""
    return signed_in(app, keeper)


def one(kind, team, name="Paspoort"):
    entry = kind(team_id=team.id, name=name)
    db.session.add(entry)
    db.session.flush()
    return entry


@pytest.mark.parametrize("name", KINDS)
def test_a_line_lives_through_all_its_acts(client, team, name):
    base, kind = f"/teams/{team.id}/lists/{name}", KINDS[name]
    answer = client.post(base, data={"name": "Paspoort"})
    assert (answer.status_code, answer.location) == (303, f"/teams/{team.id}/lists#{name}")
    entry = db.session.scalars(select(kind)).one()
    assert client.post(f"{base}/{entry.id}/name", data={"name": "Paspoort en ID"}).status_code == 303
    assert [e.name for e in offered(kind, team.id)] == ["Paspoort en ID"]
    assert client.post(f"{base}/{entry.id}/retirement").status_code == 303
    assert offered(kind, team.id) == []
    assert [e.name for e in entries_of(kind, team.id)] == ["Paspoort en ID"]
    assert "retired" in words(client.get(f"/teams/{team.id}/lists"))
    assert client.post(f"{base}/{entry.id}/return").status_code == 303
    assert len(offered(kind, team.id)) == 1


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("wrong", ["", "   ", "n" * 121, "PASPOORT", "\u202e\x00", "Oud"])
def test_a_wrong_name_is_refused_at_the_field(client, team, name, wrong):
    kind = KINDS[name]
    one(kind, team)
    one(kind, team, "Oud").retired_at = clock.now()
    answer = client.post(f"/teams/{team.id}/lists/{name}", data={"name": wrong})
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    if wrong == "PASPOORT":
        assert 'value="PASPOORT"' in answer.text
    if wrong == "Oud":
        assert "Bring it back" in words(answer)
    assert db.session.scalar(select(func.count(kind.id))) == 2


def test_a_label_is_short(client, team):
    assert client.post(f"/teams/{team.id}/lists/labels", data={"name": "l" * 41}).status_code == 422
    assert client.post(f"/teams/{team.id}/lists/labels", data={"name": "l" * 40}).status_code == 303


def test_renaming_to_a_taken_name_is_refused_and_to_other_capitals_is_not(client, team):
    paspoort, _id_card = one(Service, team), one(Service, team, "ID-kaart")
    path = f"/teams/{team.id}/lists/services/{paspoort.id}/name"
    answer = client.post(path, data={"name": "id-KAART"})
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert client.post(path, data={"name": "PASPOORT"}).status_code == 303
    db.session.expire_all()
    assert paspoort.name == "PASPOORT"


def test_an_unknown_field_or_list_is_refused(client, team):
    assert client.post(f"/teams/{team.id}/lists/services", data={"name": "X", "team_id": "9"}).status_code == 422
    assert client.post(f"/teams/{team.id}/lists/people", data={"name": "X"}).status_code == 404
    entry = one(Service, team)
    path = f"/teams/{team.id}/lists/services/{entry.id}/retirement"
    assert client.post(path, data={"name": "X"}).status_code == 422
    assert entry.retired_at is None


def test_a_line_is_reached_through_its_own_team_and_list_only(app, client, team, session):
    other = a_team()
    theirs, mine = one(Service, other), one(Service, team)
    for act, data in (("name", {"name": "Mine now"}), ("retirement", {}), ("return", {})):
        assert client.post(f"/teams/{team.id}/lists/services/{theirs.id}/{act}", data=data).status_code == 404
        assert client.post(f"/teams/{other.id}/lists/services/{theirs.id}/{act}", data=data).status_code == 404
        assert client.post(f"/teams/{team.id}/lists/labels/{mine.id}/{act}", data=data).status_code == 404
    stranger = signed_in(app, a_person())
    assert stranger.get(f"/teams/{team.id}/lists").status_code == 404
    db.session.expire_all()
    assert (theirs.name, theirs.retired_at) == ("Paspoort", None)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_others_of_the_team_read_the_lists(app, team, session, role):
    one(Service, team)
    reader = a_member(team, role)
    client = signed_in(app, reader)
    assert "Paspoort" in words(client.get(f"/teams/{team.id}/lists"))
    assert client.post(f"/teams/{team.id}/lists/services", data={"name": "X"}).status_code == 409
    with pytest.raises(NotAllowed):
        add_entry(Service, team.id, "X", by=reader, at=clock.now())


def test_two_who_add_the_same_at_once_make_one(app, team, keeper, session):
    keeper_id, team_id = keeper.id, team.id
    session.commit()
    made = []

    def add():
        with app.app_context(), db.writing():
            try:
                by = db.session.get_one(Person, keeper_id)
                add_entry(Service, team_id, "Paspoort", by=by, at=clock.now())
                db.session.commit()
                made.append(1)
            except Invalid:
                db.session.rollback()

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert db.session.scalar(select(func.count(Service.id))) == 1


def test_the_page_asks_a_constant_number_of_questions(app, team, client, session):
    for kind in KINDS.values():
        one(kind, team)
    session.commit()
    few = questions_of(app, client, f"/teams/{team.id}/lists")
    for kind in KINDS.values():
        for number in range(30):
            one(kind, team, f"Line {number}")
    session.commit()
    assert questions_of(app, client, f"/teams/{team.id}/lists") == few
