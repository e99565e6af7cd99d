"""The administrator's pages: hidden from everybody else, and never without a last administrator."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from pdca import clock
from pdca.db import db
from pdca.errors import NotAllowed
from pdca.people.accounts import deactivate, make_administrator, no_longer_administrator, reactivate
from pdca.people.models import Person, Role, SignIn, Sponsorship, Team
from pdca.people.queries import administrators, role_in
from tests.factories import a_member, a_person, a_team, signed_in
from tests.people.conftest import words
from tests.people.test_members import leaving  # noqa: F401 - a fixture
from tests.people.test_profile import questions_of


@pytest.fixture
def boss(app, session):
    """An administrator."""
    return a_person("Berend Baas", email="boss@example.org", is_administrator=True, has_come_in=True)


@pytest.fixture
def client(app, boss):
    """Their browser."""
    return signed_in(app, boss)


ACTS = ("invitation", "deactivation", "reactivation", "administrator", "administrator/removal")


def test_for_everybody_else_these_pages_do_not_exist(app, boss, session):
    team = a_team()
    client = signed_in(app, a_member(team, Role.LEADER))
    assert client.get("/admin/people").status_code == 404
    assert client.get("/admin/teams").status_code == 404
    data = {"email": "x@example.org", "name": "X"}
    assert client.post("/admin/people", data=data).status_code == 404
    assert client.post("/admin/teams", data={"name": "Mine"}).status_code == 404
    assert client.post(f"/admin/teams/{team.id}/sponsors", data={"person_id": boss.id}).status_code == 404
    for act in ACTS:
        assert client.post(f"/admin/people/{boss.id}/{act}").status_code == 404
    db.session.expire_all()
    assert boss.is_administrator
    assert db.session.scalar(select(func.count(Team.id))) == 1


def test_nor_does_the_operation_listen_to_them(app, session, boss):
    member = a_person()
    for operation in (deactivate, reactivate, make_administrator, no_longer_administrator):
        with pytest.raises(NotAllowed):
            operation(boss, by=member, at=clock.now())


def test_an_administrator_invites(client, mailbox):
    assert client.post("/admin/people", data={"email": "N@example.org", "name": "Noor"}).status_code == 303
    assert mailbox.messages("invitation")[-1].address == "n@example.org"
    assert "Noor" in words(client.get("/admin/people"))
    again = client.post("/admin/people", data={"email": "n@example.org", "name": "Noor"})
    assert again.status_code == 303
    assert db.session.scalar(select(func.count(Person.id))) == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "", "name": "X"}, "email"),
        ({"email": "x y@z", "name": "X"}, "email"),
        ({"email": "x@example.org", "name": " "}, "name"),
        ({"email": "x@example.org", "name": "\x00\u200b"}, "name"),
    ],
)
def test_a_wrong_invitation_is_refused_at_the_field(client, typed, field, mailbox):
    answer = client.post("/admin/people", data=typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert mailbox.messages("invitation") == []


def test_switching_off_ends_everything_and_on_again_gives_the_roles_back(app, client, session, leaving):  # noqa: F811
    team = a_team()
    person = a_member(team, Role.BOARD_KEEPER, is_administrator=True)
    theirs = signed_in(app, person)
    assert client.post(f"/admin/people/{person.id}/deactivation").status_code == 303
    assert [told[0] for told in leaving] == [person.id]
    assert theirs.get("/me").status_code == 303
    db.session.expire_all()
    assert not person.is_active
    assert not person.is_administrator
    assert "switched off" in words(client.get("/admin/people"))
    assert client.post(f"/admin/people/{person.id}/reactivation").status_code == 303
    db.session.expire_all()
    assert person.is_active
    assert not person.is_administrator
    assert role_in(person, team.id) is Role.BOARD_KEEPER
    assert theirs.get("/me").status_code == 303


def test_new_keys_mean_a_new_session(app, client, session):
    """Threat 7: a privilege change ends the sessions that were open."""
    person = a_person()
    theirs = signed_in(app, person)
    assert client.post(f"/admin/people/{person.id}/administrator").status_code == 303
    assert theirs.get("/me").status_code == 303
    assert person in administrators()
    assert client.post(f"/admin/people/{person.id}/administrator/removal").status_code == 303
    db.session.expire_all()
    assert person not in administrators()


@pytest.mark.parametrize("act", ["deactivation", "administrator/removal"])
def test_the_last_administrator_stays(client, boss, act):
    answer = client.post(f"/admin/people/{boss.id}/{act}")
    assert answer.status_code == 409
    assert "last administrator" in words(answer)
    assert client.get("/admin/people").status_code == 200


def test_one_who_was_switched_off_does_not_count_as_another(client, boss, session):
    a_person(is_administrator=True, deactivated_at=clock.now())
    assert client.post(f"/admin/people/{boss.id}/administrator/removal").status_code == 409


def test_two_administrators_who_take_each_others_keys_at_once_leave_one(app, session, boss):
    other = a_person(is_administrator=True)
    session.commit()
    pairs = [(boss.id, other.id), (other.id, boss.id)]
    session.commit()

    def take(whose, by):
        with app.app_context(), db.writing():
            try:
                no_longer_administrator(
                    db.session.get_one(Person, whose), by=db.session.get_one(Person, by), at=clock.now()
                )
                db.session.commit()
            except NotAllowed:
                db.session.rollback()

    threads = [threading.Thread(target=take, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.expire_all()
    assert len(administrators()) == 1


def test_a_switched_off_person_gets_no_keys_and_no_invitation(client, session, mailbox):
    person = a_person(deactivated_at=clock.now())
    assert client.post(f"/admin/people/{person.id}/administrator").status_code == 409
    assert client.post(f"/admin/people/{person.id}/invitation").status_code == 404
    assert not person.is_administrator


def test_a_team_is_made_and_its_people_are_next(client, session):
    answer = client.post("/admin/teams", data={"name": "Burgerzaken"})
    team = db.session.scalars(select(Team)).one()
    assert (answer.status_code, answer.location) == (303, f"/teams/{team.id}/members")
    assert team.timezone == "Europe/Amsterdam"
    assert "Burgerzaken" in words(client.get("/admin/teams"))


@pytest.mark.parametrize("name", ["", " ", "n" * 121, "Burgerzaken", "\u202e"])
def test_a_wrong_team_name_is_refused_at_the_field(client, session, name):
    a_team("Burgerzaken")
    answer = client.post("/admin/teams", data={"name": name})
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert db.session.scalar(select(func.count(Team.id))) == 1


def test_a_team_gets_and_loses_a_sponsor(client, session):
    team, person = a_team(), a_person("Sponsor Person")
    path = f"/admin/teams/{team.id}/sponsors"
    assert client.post(path, data={"person_id": person.id}).status_code == 303
    assert "Sponsor Person" in words(client.get("/admin/teams"))
    again = client.post(path, data={"person_id": person.id})
    assert again.status_code == 422
    assert "sponsor of the team already" in words(again)
    row = db.session.scalars(select(Sponsorship)).one()
    assert client.post(f"/admin/teams/{a_team().id}/sponsors/{row.id}/removal").status_code == 404
    assert client.post(f"{path}/{row.id}/removal").status_code == 303
    assert db.session.scalar(select(func.count(Sponsorship.id))) == 0


@pytest.mark.parametrize("typed", ["", "x", "999999", str(2**70)])
def test_a_wrong_sponsor_is_refused_at_the_field(client, session, typed):
    team = a_team()
    answer = client.post(f"/admin/teams/{team.id}/sponsors", data={"person_id": typed})
    assert answer.status_code == 422
    assert 'id="person_id-error"' in answer.text


@pytest.mark.parametrize("path", ["/admin/people", "/admin/teams"])
def test_the_lists_ask_a_constant_number_of_questions(app, client, session, path):
    a_member(a_team())
    session.commit()
    few = questions_of(app, client, path)
    for _ in range(10):
        team = a_team()
        for _ in range(3):
            a_member(team)
        db.session.add(Sponsorship(team_id=team.id, person_id=a_person().id))
    session.commit()
    assert questions_of(app, client, path) == few
    assert db.session.scalar(select(func.count(SignIn.id))) == 1
