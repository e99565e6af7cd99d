"""Who is in a team: nobody gives more than they have, and who leaves leaves nothing behind unseen."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from pdca import clock
from pdca.db import db
from pdca.errors import Invalid, NotAllowed
from pdca.mail.models import Message
from pdca.people import operations
from pdca.people.models import Membership, Person, Role
from pdca.people.operations import add_member, change_role, remove_member
from pdca.people.permissions import Standing, grantable, may_change, may_edit_settings, may_grant, may_see_team
from pdca.people.queries import role_in
from tests.factories import a_member, a_person, a_sponsor, a_team, signed_in
from tests.people.conftest import words
from tests.people.test_profile import questions_of

V, M, K, L = Role.VIEWER, Role.MEMBER, Role.BOARD_KEEPER, Role.LEADER


@pytest.fixture
def team(app, session):
    """A team with nobody in it."""
    return a_team("Burgerzaken")


@pytest.fixture
def crew(team):
    """One person in each role."""
    return {role: a_member(team, role, name=f"{role.value.title()} Person") for role in Role}


@pytest.fixture
def leaving():
    """Who was told that somebody leaves, and what was still true then."""
    told = []

    def note(person, team_id, by, at):
        told.append((person.id, team_id, by.id, role_in(person, team_id)))

    operations.when_leaving(note)
    yield told
    operations._when_leaving.remove(note)


def membership_of(person):
    return db.session.scalars(select(Membership).where(Membership.person_id == person.id)).one()


# --- what each role may ----------------------------------------------------------------------------------


def test_nobody_gives_a_role_above_their_own():
    """Threat 4, written out by hand."""
    assert grantable(Standing(1, V)) == []
    assert grantable(Standing(1, M)) == []
    assert grantable(Standing(1, K)) == [V, M, K]
    assert grantable(Standing(1, L)) == [V, M, K, L]
    assert grantable(Standing(1, None, is_sponsor=True)) == []
    assert grantable(Standing(1, None, is_administrator=True)) == [V, M, K, L]
    assert grantable(Standing(1, V, is_administrator=True)) == [V, M, K, L]
    assert not may_change(Standing(1, K), L)
    assert may_change(Standing(1, L), L)
    assert not may_grant(Standing(1), V)


def test_who_sees_and_who_sets():
    seen = [may_see_team(Standing(1, role)) for role in Role]
    assert seen == [True] * 4
    assert may_see_team(Standing(1, is_sponsor=True))
    assert may_see_team(Standing(1, is_administrator=True))
    assert not may_see_team(Standing(1))
    assert [role for role in Role if may_edit_settings(Standing(1, role))] == [K, L]
    assert not may_edit_settings(Standing(1, is_sponsor=True))


def test_the_operation_refuses_what_the_page_does_not_offer(crew, team):
    for giver in Role:
        for given in Role:
            newcomer = a_person()
            if given in grantable(Standing(crew[giver].id, giver)):
                add_member(team.id, newcomer, given, by=crew[giver], at=clock.now())
                assert role_in(newcomer, team.id) is given
            else:
                with pytest.raises(NotAllowed):
                    add_member(team.id, newcomer, given, by=crew[giver], at=clock.now())
                assert role_in(newcomer, team.id) is None


def test_a_keeper_of_one_team_is_nobody_in_another(crew):
    other = a_team()
    with pytest.raises(NotAllowed):
        add_member(other.id, a_person(), V, by=crew[L], at=clock.now())


def test_a_keeper_neither_promotes_nor_demotes_above_themselves(crew):
    at = clock.now()
    with pytest.raises(NotAllowed):
        change_role(membership_of(crew[L]), M, by=crew[K], at=at)
    with pytest.raises(NotAllowed):
        change_role(membership_of(crew[M]), L, by=crew[K], at=at)
    with pytest.raises(NotAllowed):
        change_role(membership_of(crew[K]), L, by=crew[K], at=at)
    with pytest.raises(NotAllowed):
        remove_member(membership_of(crew[L]), by=crew[K], at=at)
    change_role(membership_of(crew[M]), K, by=crew[K], at=at)
    assert membership_of(crew[M]).role is K


def test_the_same_person_is_in_a_team_once(crew, team):
    with pytest.raises(Invalid):
        add_member(team.id, crew[M], V, by=crew[L], at=clock.now())
    assert membership_of(crew[M]).role is M


# --- leaving ---------------------------------------------------------------------------------------------


def test_whoever_leaves_is_announced_before_the_role_goes(crew, team, leaving):
    member, keeper = crew[M].id, crew[K].id
    remove_member(membership_of(crew[M]), by=crew[K], at=clock.now())
    db.session.flush()
    assert leaving == [(member, team.id, keeper, M)]
    assert role_in(crew[M], team.id) is None


def test_anybody_leaves_by_themselves(app, crew, team, leaving, session):
    for role in Role:
        client = signed_in(app, crew[role])
        assert client.post(f"/teams/{team.id}/leaving").status_code == 303
        assert client.get(f"/teams/{team.id}/members").status_code == 404
        assert client.post(f"/teams/{team.id}/leaving").status_code == 404
    assert [told[3] for told in leaving] == list(Role)


def test_a_listener_registers_once(leaving):
    fn = operations._when_leaving[-1]
    operations.when_leaving(fn)
    assert operations._when_leaving.count(fn) == 1


# --- the page --------------------------------------------------------------------------------------------


def test_strangers_find_no_team(app, crew, team, session):
    stranger, other = a_person(), a_team()
    a_member(other, L, person=stranger)
    client = signed_in(app, stranger)
    mine = membership_of(crew[M]).id
    for method, path in (
        ("GET", f"/teams/{team.id}/members"),
        ("POST", f"/teams/{team.id}/members"),
        ("POST", f"/teams/{team.id}/members/{mine}/role"),
        ("POST", f"/teams/{team.id}/members/{mine}/removal"),
        ("POST", f"/teams/{team.id}/members/{mine}/invitation"),
        # Threat 2: somebody else's row through one's own team.
        ("POST", f"/teams/{other.id}/members/{mine}/role"),
        ("POST", f"/teams/{other.id}/members/{mine}/removal"),
        ("GET", "/teams/999999/members"),
        ("GET", f"/teams/{2**63}/members"),
    ):
        data = {"role": "viewer"} if path.endswith("/role") else {}
        assert client.open(path, method=method, data=data).status_code == 404, path
    assert membership_of(crew[M]).role is M


@pytest.mark.parametrize("role", [V, M])
def test_members_and_viewers_read_the_list_only(app, crew, team, role, session):
    client = signed_in(app, crew[role])
    page = client.get(f"/teams/{team.id}/members")
    assert "Leader Person" in words(page)
    assert "Add somebody" not in words(page)
    mine = membership_of(crew[M]).id
    data = {"email": "x@example.org", "name": "X", "role": "member"}
    assert client.post(f"/teams/{team.id}/members", data=data).status_code == 409
    assert client.post(f"/teams/{team.id}/members/{mine}/role", data={"role": "leader"}).status_code == 409
    assert client.post(f"/teams/{team.id}/members/{mine}/removal").status_code == 409
    assert db.session.scalar(select(func.count(Membership.id))) == 4


def test_sponsors_and_administrators_see_the_team(app, team, session):
    assert signed_in(app, a_sponsor(team)).get(f"/teams/{team.id}/members").status_code == 200
    boss = a_person(is_administrator=True)
    assert "Add somebody" in words(signed_in(app, boss).get(f"/teams/{team.id}/members"))


def test_a_keeper_adds_somebody_new_who_is_invited(app, crew, team, mailbox):
    client = signed_in(app, crew[K])
    data = {"email": "Noor@Example.org", "name": "Noor Dijkstra", "role": "member"}
    assert client.post(f"/teams/{team.id}/members", data=data).status_code == 303
    person = db.session.scalars(select(Person).where(Person.email == "noor@example.org")).one()
    assert role_in(person, team.id) is M
    assert mailbox.messages("invitation")[-1].person_id == person.id
    assert "invited" in words(client.get(f"/teams/{team.id}/members"))


def test_a_keeper_adds_somebody_who_is_here_already(app, crew, team, mailbox):
    known = a_person("Mirjam Vos", email="mirjam@example.org", has_come_in=True)
    client = signed_in(app, crew[K])
    data = {"email": "MIRJAM@example.org", "name": "Somebody Else", "role": "viewer"}
    assert client.post(f"/teams/{team.id}/members", data=data).status_code == 303
    db.session.expire_all()
    assert (known.name, role_in(known, team.id)) == ("Mirjam Vos", V)
    assert mailbox.messages("invitation") == []


def test_the_form_offers_up_to_ones_own_role(app, crew, team, session):
    page = signed_in(app, crew[K]).get(f"/teams/{team.id}/members").text
    assert 'type="radio" name="role" value="board_keeper"' in page
    assert 'type="radio" name="role" value="leader"' not in page
    data = {"email": "x@example.org", "name": "X", "role": "leader"}
    client = signed_in(app, crew[K])
    assert client.post(f"/teams/{team.id}/members", data=data).status_code == 422
    assert role_in(crew[K], team.id) is K


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "", "name": "X", "role": "member"}, "email"),
        ({"email": "x", "name": "X", "role": "member"}, "email"),
        ({"email": "x@example.org", "name": "", "role": "member"}, "name"),
        ({"email": "x@example.org", "name": "n" * 121, "role": "member"}, "name"),
        ({"email": "x@example.org", "name": "X", "role": ""}, "role"),
        ({"email": "x@example.org", "name": "X", "role": "boss"}, "role"),
        ({"email": "gone@example.org", "name": "X", "role": "member"}, "email"),
        ({"email": "leader@example.org", "name": "X", "role": "member"}, "email"),
    ],
)
def test_a_wrong_addition_is_refused_at_the_field(app, crew, team, typed, field):
    a_person(email="gone@example.org", deactivated_at=clock.now())
    crew[L].email = "leader@example.org"
    client = signed_in(app, crew[L])
    answer = client.post(f"/teams/{team.id}/members", data=typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'value="{typed["email"]}"' in answer.text
    assert db.session.scalar(select(func.count(Membership.id))) == 4
    assert db.session.scalar(select(func.count(Message.id))) == 0


def test_a_refused_addition_leaves_no_account_behind(app, crew, team, session):
    client = signed_in(app, crew[K])
    data = {"email": "new@example.org", "name": "X", "role": "member", "is_administrator": "1"}
    assert client.post(f"/teams/{team.id}/members", data=data).status_code == 422
    assert db.session.scalar(select(func.count(Person.id)).where(Person.email == "new@example.org")) == 0


def test_a_role_is_changed_and_somebody_removed(app, crew, team, session, leaving):
    client = signed_in(app, crew[L])
    mine = membership_of(crew[M]).id
    base = f"/teams/{team.id}/members/{mine}"
    assert client.post(f"{base}/role", data={"role": "board_keeper"}).status_code == 303
    assert db.session.get(Membership, mine).role is K
    for wrong in ({}, {"role": ""}, {"role": "boss"}, {"role": "member", "person_id": "1"}):
        assert client.post(f"{base}/role", data=wrong).status_code == 422
    assert client.post(f"{base}/removal").status_code == 303
    db.session.expire_all()
    assert db.session.get(Membership, mine) is None
    assert len(leaving) == 1


def test_an_invitation_goes_out_again(app, crew, team, mailbox, session):
    invited = a_member(team, name="Noor")
    client = signed_in(app, crew[K])
    path = f"/teams/{team.id}/members/{membership_of(invited).id}/invitation"
    assert client.post(path).status_code == 303
    assert mailbox.messages("invitation")[-1].person_id == invited.id
    invited.has_come_in = True
    assert client.post(path).status_code == 404


def test_the_list_asks_a_constant_number_of_questions(app, crew, team, session):
    client = signed_in(app, crew[L])
    few = questions_of(app, client, f"/teams/{team.id}/members")
    for _ in range(30):
        a_member(team)
    session.commit()
    assert questions_of(app, client, f"/teams/{team.id}/members") == few
