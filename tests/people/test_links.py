"""Invitation, new password, new address and the first administrator: each link once, each change told."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pdca import clock
from pdca.db import db
from pdca.errors import NotAllowed, NotFound
from pdca.mail.links import find_link
from pdca.people.accounts import ask_for_new_address, create_first_administrator, invite, set_up_link
from pdca.people.models import Person, Role, SignInBy
from pdca.people.operations import add_member
from pdca.people.passwords import hash_password, is_right
from tests.factories import a_person, a_team, signed_in
from tests.people.conftest import words

PASSWORD = "four quiet green ladders"
ANOTHER = "seven slow purple kettles"


@pytest.fixture
def boss(app, session):
    """An administrator."""
    return a_person("Berend Baas", email="boss@example.org", is_administrator=True)


@pytest.fixture
def sanne(app, session):
    """Somebody with a password."""
    person = a_person("Sanne Hofstra", email="sanne@example.org", password_hash=hash_password(PASSWORD))
    session.commit()
    return person


def is_in(client):
    return client.get("/me").status_code == 200


# --- invitation ------------------------------------------------------------------------------------------


@pytest.fixture
def invited(session, boss, mailbox):
    """Somebody who was invited to a team."""
    person = invite("Noor@Example.org", "Noor", by=boss, at=clock.now())
    add_member(a_team("Burgerzaken").id, person, Role.MEMBER, by=boss, at=clock.now())
    session.commit()
    return person


def test_an_invitation_brings_somebody_in(client, invited, mailbox):
    mail = mailbox.written("invitation")
    assert "Berend Baas" in mail.text
    assert "Burgerzaken" in mail.text
    token = mailbox.token("invitation")
    assert 'value="Noor"' in client.get(f"/invitation/{token}").text
    answer = client.post(
        f"/invitation/{token}", data={"name": "Noor Dijkstra", "locale": "nl", "new_password": PASSWORD}
    )
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(client)
    db.session.expire_all()
    assert (invited.name, invited.locale, invited.email) == ("Noor Dijkstra", "nl", "noor@example.org")
    assert is_right(invited.password_hash, PASSWORD)


def test_a_password_is_optional_when_coming_in(client, invited, mailbox):
    token = mailbox.token("invitation")
    answer = client.post(f"/invitation/{token}", data={"name": "Noor", "locale": "nl", "new_password": ""})
    assert answer.status_code == 303
    assert invited.password_hash is None


def test_an_invitation_works_once_and_for_seven_days(app, client, invited, mailbox, monday):
    token = mailbox.token("invitation")
    monday.shift(timedelta(days=6, hours=23))
    data = {"name": "Noor", "locale": "nl", "new_password": ""}
    assert client.post(f"/invitation/{token}", data=data).status_code == 303
    assert app.test_client().post(f"/invitation/{token}", data=data).status_code == 404


def test_an_old_invitation_is_dead(client, invited, mailbox, monday):
    token = mailbox.token("invitation")
    monday.shift(timedelta(days=7, minutes=1))
    assert client.get(f"/invitation/{token}").status_code == 404


def test_who_came_in_otherwise_is_not_invited_any_more(app, invited, mailbox):
    signed_in(app, invited)
    assert mailbox.written("invitation") is None


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "", "locale": "nl", "new_password": ""},
        {"name": "x" * 121, "locale": "nl", "new_password": ""},
        {"name": "Noor", "locale": "xx", "new_password": ""},
        {"name": "Noor", "locale": "nl", "new_password": "short"},
        {"name": "Noor", "locale": "nl", "new_password": "Welkom2026!"},
        {"name": "Noor", "locale": "nl", "new_password": "noor is here 1"},
        {"name": "Noor", "locale": "nl", "new_password": "aaaaaaaaaaaaaaa"},
        {"name": "Noor", "locale": "nl", "new_password": "abcdef" * 40},
        {"name": "Noor", "locale": "nl", "new_password": "", "email": "x@y.nl"},
        {"name": "Noor", "locale": "nl", "new_password": "", "is_administrator": "1"},
    ],
)
def test_a_bad_answer_changes_nothing(client, invited, mailbox, typed):
    token = mailbox.token("invitation")
    answer = client.post(f"/invitation/{token}", data=typed)
    assert answer.status_code == 422
    assert not is_in(client)
    db.session.expire_all()
    assert (invited.name, invited.email, invited.is_administrator) == ("Noor", "noor@example.org", False)
    assert client.get(f"/invitation/{token}").status_code == 200
    if len(typed) == 3:
        # A password is never sent back to the page.
        assert 'type="password" value=""' in answer.text


# --- a new password --------------------------------------------------------------------------------------


def test_a_reset_sets_a_password_and_ends_every_session(app, client, sanne, mailbox):
    elsewhere = signed_in(app, sanne)
    client.post("/password-reset", data={"email": sanne.email})
    token = mailbox.token("password_reset")
    assert client.get(f"/reset/{token}").status_code == 200
    assert client.post(f"/reset/{token}", data={"new_password": ANOTHER}).status_code == 303
    assert is_in(client)
    assert not is_in(elsewhere)
    db.session.expire_all()
    assert is_right(sanne.password_hash, ANOTHER)
    assert mailbox.messages("account_changed")[-1].address == sanne.email
    assert mailbox.written("account_changed").text


def test_a_reset_works_once_and_for_half_an_hour(app, client, sanne, mailbox, monday):
    client.post("/password-reset", data={"email": sanne.email})
    token = mailbox.token("password_reset")
    assert client.post(f"/reset/{token}", data={"new_password": ANOTHER}).status_code == 303
    assert app.test_client().post(f"/reset/{token}", data={"new_password": PASSWORD}).status_code == 404
    monday.shift(timedelta(minutes=5))
    client.post("/password-reset", data={"email": sanne.email})
    token = mailbox.token("password_reset")
    monday.shift(timedelta(minutes=31))
    assert client.get(f"/reset/{token}").status_code == 404


def test_a_reset_dies_when_its_owner_signs_in(app, client, sanne, mailbox, monday):
    client.post("/password-reset", data={"email": sanne.email})
    token = mailbox.token("password_reset")
    owner = app.test_client()
    owner.post("/sign-in/password", data={"email": sanne.email, "password": PASSWORD, "next": "/"})
    assert client.get(f"/reset/{token}").status_code == 404
    monday.shift(timedelta(minutes=1))
    # Nor is a reset that was still waiting to leave sent any more.
    assert mailbox.written("password_reset") is None


def test_a_reset_dies_when_the_password_changes(app, client, sanne, mailbox):
    client.post("/password-reset", data={"email": sanne.email})
    token = mailbox.token("password_reset")
    owner = signed_in(app, sanne)
    owner.post("/me/password", data={"current_password": PASSWORD, "new_password": ANOTHER})
    assert client.post(f"/reset/{token}", data={"new_password": "an old plan of somebody"}).status_code == 404


@pytest.mark.parametrize("typed", ["", "short", "sanne likes tea", "wachtwoord2026", "a" * 201])
def test_a_weak_password_is_refused_in_words(client, sanne, mailbox, typed):
    client.post("/password-reset", data={"email": sanne.email})
    token = mailbox.token("password_reset")
    answer = client.post(f"/reset/{token}", data={"new_password": typed})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    db.session.expire_all()
    assert is_right(sanne.password_hash, PASSWORD)


# --- a new address ---------------------------------------------------------------------------------------


def test_a_new_address_counts_once_it_answers(app, sanne, mailbox):
    client = signed_in(app, sanne)
    data = {"email": "Sanne@New.example.org", "current_password": PASSWORD}
    assert client.post("/me/address", data=data).status_code == 303
    db.session.expire_all()
    assert sanne.email == "sanne@example.org"
    assert mailbox.messages("new_address")[-1].address == "sanne@new.example.org"
    token = mailbox.token("new_address")
    stranger = app.test_client()
    assert "sanne@new.example.org" in stranger.get(f"/new-address/{token}").text
    assert stranger.post(f"/new-address/{token}").status_code == 303
    db.session.expire_all()
    assert sanne.email == "sanne@new.example.org"
    assert not is_in(client)
    # Threat 36: the old address is told.
    assert mailbox.messages("account_changed")[-1].address == "sanne@example.org"
    assert "sanne@new" in mailbox.written("account_changed").text


def test_a_new_address_works_once(app, sanne, mailbox):
    client = signed_in(app, sanne)
    client.post("/me/address", data={"email": "new@example.org", "current_password": PASSWORD})
    token = mailbox.token("new_address")
    assert client.post(f"/new-address/{token}").status_code == 303
    assert client.post(f"/new-address/{token}").status_code == 404


def test_an_address_that_is_taken_is_not_betrayed(app, sanne, session, mailbox):
    a_person(email="taken@example.org")
    client = signed_in(app, sanne)
    free = client.post("/me/address", data={"email": "free@example.org", "current_password": PASSWORD})
    taken = client.post("/me/address", data={"email": "taken@example.org", "current_password": PASSWORD})
    assert (free.status_code, free.location) == (taken.status_code, taken.location)
    assert [m.address for m in mailbox.messages("new_address")] == ["free@example.org"]


def test_an_address_taken_meanwhile_is_refused(app, sanne, session, mailbox):
    ask_for_new_address(sanne, "new@example.org", clock.now())
    session.commit()
    token = mailbox.token("new_address")
    a_person(email="new@example.org")
    assert app.test_client().post(f"/new-address/{token}").status_code == 404
    db.session.expire_all()
    assert sanne.email == "sanne@example.org"


# --- the first administrator -----------------------------------------------------------------------------

FIRST = {"name": "Eva Eerst", "email": "eva@example.org", "locale": "nl", "new_password": PASSWORD}


def printed(app):
    """What `pdca setup` prints, as a path."""
    path = app.extensions["set_up_link"](clock.now()).removeprefix(app.extensions["settings"].links)
    db.session.commit()
    return path


def test_the_set_up_link_makes_the_first_administrator(app, client, session):
    path = printed(app)
    assert client.get(path).status_code == 200
    answer = client.post(path, data=FIRST)
    assert (answer.status_code, answer.location) == (303, "/admin/teams")
    assert client.get("/admin/teams").status_code == 200
    person = db.session.scalars(select(Person)).one()
    assert (person.email, person.is_administrator, person.is_active) == ("eva@example.org", True, True)


def test_the_set_up_link_works_once_and_only_while_nobody_is_there(app, client, session):
    path = printed(app)
    client.post(path, data=FIRST)
    other = app.test_client()
    assert other.get(path).status_code == 404
    assert other.post(path, data={**FIRST, "email": "mallory@example.org"}).status_code == 404
    assert set_up_link(clock.now()) is None


def test_a_new_set_up_link_ends_the_old_one(app, client, session):
    old, new = printed(app), printed(app)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_of_many_who_set_up_at_once_one_becomes_administrator(app, session):
    """Threat 37: two links, eight people, one database that decides."""
    tokens = [set_up_link(clock.now()).removeprefix("/set-up/")]
    session.commit()
    done, refused = [], []

    def try_once(number):
        with app.app_context(), db.writing():
            link = find_link(tokens[0], "set_up", clock.now())
            try:
                if link is None:
                    raise NotFound
                create_first_administrator(
                    link,
                    email=f"p{number}@example.org",
                    name="P",
                    locale=None,
                    password_hash="x",
                    at=clock.now(),
                )
                db.session.commit()
                done.append(number)
            except (NotAllowed, NotFound) as refusal:
                refused.append(type(refusal))

    threads = [threading.Thread(target=try_once, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert len(refused) == 7
    assert db.session.scalar(select(func.count(Person.id))) == 1


@pytest.mark.parametrize("field", ["name", "email", "locale", "new_password"])
def test_an_empty_answer_is_named_and_the_rest_is_kept(app, client, session, field):
    path = printed(app)
    answer = client.post(path, data={**FIRST, field: ""})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    if field != "name":
        assert 'value="Eva Eerst"' in answer.text
    assert db.session.scalar(select(func.count(Person.id))) == 0


def test_nobody_can_register_themselves(app, client, session):
    for path in ("/register", "/sign-up", "/set-up/", "/set-up/" + "x" * 43):
        assert client.get(path).status_code in (303, 404)
        assert client.post(path, data=FIRST).status_code in (303, 404, 400)
    assert db.session.scalar(select(func.count(Person.id))) == 0


# --- mails -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["nl", "en"])
def test_every_mail_speaks_its_readers_language(app, session, boss, mailbox, locale):
    person = a_person("Noor Dijkstra", email=f"{locale}@example.org", locale=locale)
    invite(person.email, "Noor", by=boss, at=clock.now())
    session.commit()
    mail = mailbox.written("invitation")
    assert "Noor Dijkstra" in mail.text
    assert f'<html lang="{locale}"' in mail.html
    assert mail.subject.startswith("Berend Baas")
    assert "link-" in mail.text


def test_a_name_cannot_put_a_link_into_a_mail(app, session, boss, mailbox):
    """Threat 27: what people type is text, also in a mail."""
    person = a_person("</p><a href=http://evil.example>x</a> www.evil.example", email="n@example.org")
    invite(person.email, "x", by=boss, at=clock.now())
    session.commit()
    mail = mailbox.written("invitation")
    assert "<a href=http://evil" not in mail.html
    assert "http://evil.example" not in mail.text
    assert "www.evil.example" not in mail.text


def test_a_session_that_came_by_link_is_marked_so(app, client, sanne, mailbox):
    client.post("/sign-in/link", data={"email": sanne.email})
    client.post(f"/sign-in/{mailbox.token('sign_in')}")
    assert db.session.scalar(select(Person.has_come_in).where(Person.id == sanne.id))
    assert "You came in by a mailed link just now" in words(client.get("/me"))
    assert SignInBy.LINK.value == "link"
