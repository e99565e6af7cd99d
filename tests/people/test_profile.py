"""My own profile: everything can be set, nothing wrong is kept, and what proves me needs proof."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from pdca import clock
from pdca import db as ground
from pdca.db import db
from pdca.people.models import Absence, Person, SignIn, SignInBy
from pdca.people.passwords import hash_password, is_right
from pdca.people.sign_ins import open_session
from tests.factories import a_member, a_person, a_team, signed_in
from tests.peers.counting import statements
from tests.people.conftest import words

PASSWORD = "four quiet green ladders"
ANOTHER = "seven slow purple kettles"


@pytest.fixture
def team(app, session):
    """A team."""
    return a_team("Burgerzaken")


@pytest.fixture
def sanne(team):
    """Somebody in the team, with a password."""
    return a_member(
        team, person=a_person("Sanne Hofstra", email="sanne@example.org", password_hash=hash_password(PASSWORD))
    )


@pytest.fixture
def client(app, sanne):
    """Sanne's browser."""
    return signed_in(app, sanne)


def fresh(person):
    db.session.expire_all()
    return person


# --- name, language, zone --------------------------------------------------------------------------------


def test_name_language_and_zone_are_kept(client, sanne):
    answer = client.post("/me", data={"name": "Sanne de Wit", "locale": "nl", "timezone": "Europe/Brussels"})
    assert (answer.status_code, answer.location) == (303, "/me#profile")
    person = fresh(sanne)
    assert (person.name, person.locale, person.timezone) == ("Sanne de Wit", "nl", "Europe/Brussels")


def test_language_and_zone_may_be_left_to_the_installation(client, sanne):
    client.post("/me", data={"name": "Sanne", "locale": "", "timezone": ""})
    person = fresh(sanne)
    assert (person.locale, person.timezone) == (None, None)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "", "locale": "nl", "timezone": ""}, "name"),
        ({"name": "\u202e \u200b", "locale": "nl", "timezone": ""}, "name"),
        ({"name": "x" * 121, "locale": "nl", "timezone": ""}, "name"),
        ({"name": "S", "locale": "fr", "timezone": ""}, "locale"),
        ({"name": "S", "locale": "nl", "timezone": "Europe/Atlantis"}, "timezone"),
        ({"name": "S", "locale": "nl", "timezone": "../../etc/passwd"}, "timezone"),
        ({"name": "S"}, "locale"),
    ],
)
def test_a_wrong_profile_is_refused_at_the_field(client, sanne, typed, field):
    answer = client.post("/me", data=typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert fresh(sanne).name == "Sanne Hofstra"


@pytest.mark.parametrize(
    "column", ["is_administrator", "email", "password_hash", "deactivated_at", "id", "created_at", "has_come_in"]
)
def test_no_column_can_be_set_from_outside(client, sanne, column):
    """Threat 3: an unknown field is refused, and nothing of the form is kept."""
    answer = client.post("/me", data={"name": "Other", "locale": "nl", "timezone": "", column: "1"})
    assert answer.status_code == 422
    person = fresh(sanne)
    assert (person.name, person.is_administrator, person.email) == (
        "Sanne Hofstra",
        False,
        "sanne@example.org",
    )


def test_the_language_switch_goes_back_to_where_it_was(client, sanne):
    answer = client.post("/me/language", data={"locale": "nl", "next": "/me"})
    assert (answer.status_code, answer.location) == (303, "/me")
    assert fresh(sanne).locale == "nl"
    assert client.post("/me/language", data={"locale": "nl", "next": "//evil.example"}).location == "/"
    assert client.post("/me/language", data={"locale": "xx", "next": "/"}).status_code == 422


# --- mail window and free days ---------------------------------------------------------------------------


def test_the_mail_window_and_free_days_are_kept(client, sanne):
    data = {"mail_from": "08:30", "mail_until": "17:00", "days_off": ["3", "5"]}
    assert client.post("/me/availability", data=data).status_code == 303
    person = fresh(sanne)
    assert (person.mail_from, person.mail_until) == (time(8, 30), time(17))
    assert person.weekdays_off == {3, 5}


def test_no_free_days_is_an_answer_too(client, sanne):
    sanne.days_off = "3"
    client.post("/me/availability", data={"mail_from": "07:00", "mail_until": "19:00"})
    assert fresh(sanne).weekdays_off == frozenset()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"mail_from": "", "mail_until": "19:00"}, "mail_from"),
        ({"mail_from": "7 o'clock", "mail_until": "19:00"}, "mail_from"),
        ({"mail_from": "25:00", "mail_until": "19:00"}, "mail_from"),
        ({"mail_from": "09:00", "mail_until": "09:00"}, "mail_until"),
        ({"mail_from": "19:00", "mail_until": "07:00"}, "mail_until"),
        ({"mail_from": "07:00", "mail_until": "19:00", "days_off": ["8"]}, "days_off"),
        ({"mail_from": "07:00", "mail_until": "19:00", "days_off": ["x"]}, "days_off"),
        ({"mail_from": "07:00", "mail_until": "19:00", "days_off": list("1234567")}, "days_off"),
    ],
)
def test_a_wrong_window_is_refused_at_the_field(client, sanne, typed, field):
    answer = client.post("/me/availability", data=typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    if typed["mail_from"]:
        assert typed["mail_from"].replace("'", "&#39;") in answer.text
    person = fresh(sanne)
    assert (person.mail_from, person.mail_until, person.days_off) == (time(7), time(19), "")


# --- deputy and absences ---------------------------------------------------------------------------------


def test_a_deputy_is_a_colleague_from_one_of_my_teams(client, sanne, team, session):
    colleague, stranger = a_member(team, name="Mirjam"), a_person("Stranger")
    gone = a_member(team, deactivated_at=clock.now())
    assert client.post("/me/deputy", data={"deputy_id": colleague.id}).status_code == 303
    assert fresh(sanne).deputy_id == colleague.id
    for wrong in (stranger.id, gone.id, sanne.id, 0x7FFFFFFFFFFFFFFFFF, "x"):
        answer = client.post("/me/deputy", data={"deputy_id": wrong})
        assert answer.status_code == 422
        assert 'id="deputy_id-error"' in answer.text
    assert fresh(sanne).deputy_id == colleague.id
    assert client.post("/me/deputy", data={"deputy_id": "0"}).status_code == 303
    assert fresh(sanne).deputy_id is None


def test_an_absence_is_added_and_taken_away(client, sanne):
    data = {"from_on": "2026-03-09", "until_on": "2026-03-13"}
    assert client.post("/me/absences", data=data).status_code == 303
    absence = db.session.scalars(select(Absence)).one()
    assert (absence.from_on, absence.until_on) == (date(2026, 3, 9), date(2026, 3, 13))
    assert "9 March 2026" in words(client.get("/me"))
    assert client.post(f"/me/absences/{absence.id}/removal").status_code == 303
    assert db.session.scalars(select(Absence)).all() == []


@pytest.mark.parametrize(
    ("from_on", "until_on", "field"),
    [
        ("", "2026-03-13", "from_on"),
        ("2026-03-09", "", "until_on"),
        ("2026-02-30", "2026-03-13", "from_on"),
        ("yesterday", "2026-03-13", "from_on"),
        ("2026-03-13", "2026-03-09", "until_on"),
        ("2026-01-05", "2026-01-09", "until_on"),
        ("2026-03-09", "2028-03-09", "until_on"),
        ("0000-00-00", "99999-01-01", "until_on"),
    ],
)
def test_a_wrong_absence_is_refused_at_the_field(client, sanne, from_on, until_on, field):
    answer = client.post("/me/absences", data={"from_on": from_on, "until_on": until_on})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'value="{from_on}"' in answer.text
    assert db.session.scalar(select(func.count(Absence.id))) == 0


def test_the_same_absence_is_not_kept_twice(client, sanne):
    data = {"from_on": "2026-03-09", "until_on": "2026-03-13"}
    client.post("/me/absences", data=data)
    assert client.post("/me/absences", data=data).status_code == 422
    assert db.session.scalar(select(func.count(Absence.id))) == 1


def test_nobody_touches_the_absence_of_somebody_else(client, session, team):
    other = a_member(team)
    other.absences.append(Absence(from_on=date(2026, 3, 9), until_on=date(2026, 3, 13)))
    session.flush()
    assert client.post(f"/me/absences/{other.absences[0].id}/removal").status_code == 404
    assert client.post(f"/me/absences/{2**70}/removal").status_code in (400, 404)
    assert db.session.scalar(select(func.count(Absence.id))) == 1


def test_absences_and_free_days_have_the_teams_duties_reconciled(client, team):
    touched = []
    before = ground._reconcilers[:]
    ground.register_reconciler(lambda subjects: touched.append(set(subjects)))
    try:
        client.post("/me/absences", data={"from_on": "2026-03-09", "until_on": "2026-03-13"})
        client.post("/me/availability", data={"mail_from": "07:00", "mail_until": "19:00", "days_off": ["1"]})
        client.post("/me/deputy", data={"deputy_id": "0"})
        client.post("/me", data={"name": "S", "locale": "nl", "timezone": ""})
    finally:
        ground._reconcilers[:] = before
    assert touched == [{("team", team.id)}] * 3


# --- how I sign in ---------------------------------------------------------------------------------------


def test_another_password_needs_the_current_one(client, sanne, mailbox):
    """Threat 36: a stolen session does not change what proves who you are."""
    for current in ("", "wrong", ANOTHER):
        answer = client.post("/me/password", data={"current_password": current, "new_password": ANOTHER})
        assert answer.status_code == 422
        assert 'id="password-current-error"' in answer.text
    assert is_right(fresh(sanne).password_hash, PASSWORD)
    answer = client.post("/me/password", data={"current_password": PASSWORD, "new_password": ANOTHER})
    assert answer.status_code == 303
    assert is_right(fresh(sanne).password_hash, ANOTHER)
    assert mailbox.messages("account_changed")[-1].address == sanne.email


def test_a_new_password_ends_every_other_session_and_renews_this_one(app, client, sanne):
    other = signed_in(app, sanne)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    client.post("/me/password", data={"current_password": PASSWORD, "new_password": ANOTHER})
    assert other.get("/me").status_code == 303
    assert client.get("/me").status_code == 200
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before


def test_a_fresh_link_is_as_good_as_the_current_password(app, sanne, session, monday):
    client = signed_in(app, sanne, SignInBy.LINK)
    assert 'name="current_password"' not in client.get("/me").text
    assert client.post("/me/password", data={"new_password": ANOTHER}).status_code == 303
    monday.shift(timedelta(minutes=16))
    answer = client.post("/me/password", data={"new_password": PASSWORD})
    assert answer.status_code == 422
    assert is_right(fresh(sanne).password_hash, ANOTHER)


def test_renewing_the_session_does_not_renew_the_proof(app, sanne, session):
    """Changing the password with a password must not make a link's quarter of an hour."""
    client = signed_in(app, sanne)
    client.post("/me/password", data={"current_password": PASSWORD, "new_password": ANOTHER})
    assert client.post("/me/password", data={"new_password": PASSWORD}).status_code == 422


def test_without_a_password_a_link_comes_first(app, session, team, mailbox):
    person = a_member(team, email="linkonly@example.org")
    client = signed_in(app, person, SignInBy.DEMO)
    assert "First have a link mailed" in words(client.post("/me/password", data={"new_password": ANOTHER}))
    assert client.post("/me/link").status_code == 303
    token = mailbox.token("sign_in")
    answer = client.post(f"/sign-in/{token}?next=/me")
    assert answer.location == "/me"
    assert client.post("/me/password", data={"new_password": ANOTHER}).status_code == 303


def test_five_wrong_current_passwords_and_the_next_must_wait(app, client, sanne):
    for _ in range(5):
        client.post("/me/password", data={"current_password": "wrong", "new_password": ANOTHER})
    other = signed_in(app, sanne)
    answer = other.post("/me/password", data={"current_password": PASSWORD, "new_password": ANOTHER})
    assert answer.status_code == 422
    assert "Too many tries" in words(answer)
    assert is_right(fresh(sanne).password_hash, PASSWORD)


@pytest.mark.parametrize("email", ["", "x", "sanne@example.org", "SANNE@example.org", "a" * 250 + "@example.org"])
def test_a_wrong_new_address_is_refused_at_the_field(client, sanne, email, mailbox):
    answer = client.post("/me/address", data={"email": email, "current_password": PASSWORD})
    assert answer.status_code == 422
    assert 'id="address-email-error"' in answer.text
    assert mailbox.messages("new_address") == []


def test_a_new_address_needs_the_current_password(client, sanne, mailbox):
    answer = client.post("/me/address", data={"email": "new@example.org", "current_password": "wrong"})
    assert answer.status_code == 422
    assert 'value="new@example.org"' in answer.text
    assert mailbox.messages("new_address") == []


# --- sessions --------------------------------------------------------------------------------------------


def test_a_session_elsewhere_can_be_ended(app, client, sanne):
    other = signed_in(app, sanne)
    assert words(client.get("/me")).count("Firefox · Linux") == 2
    newest = db.session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
    assert client.post(f"/me/sessions/{newest.id}/ending").status_code == 303
    assert other.get("/me").status_code == 303
    assert client.get("/me").status_code == 200


def test_all_others_can_be_ended_at_once(app, client, sanne):
    others = [signed_in(app, sanne) for _ in range(3)]
    assert client.post("/me/sessions/ending").status_code == 303
    assert [other.get("/me").status_code for other in others] == [303] * 3
    assert client.get("/me").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(app, client, team, session):
    other = signed_in(app, a_member(team))
    theirs = db.session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
    assert client.post(f"/me/sessions/{theirs.id}/ending").status_code == 404
    assert other.get("/me").status_code == 200


def test_the_page_asks_a_constant_number_of_questions(app, client, sanne, session):
    few = questions_of(app, client)
    for number in range(10):
        a_member(a_team(), person=sanne)
        sanne.absences.append(Absence(from_on=date(2026, 4, 1), until_on=date(2026, 4, 2 + number)))
        open_session(sanne, SignInBy.LINK, at=clock.now())
    session.commit()
    assert questions_of(app, client) == few


def questions_of(app, client, path="/me"):
    """How many statements one GET takes that is not the first."""
    with statements(app) as sent:
        client.get(path)
        sent.clear()
        assert client.get(path).status_code == 200
        return len(sent)


def test_a_name_shows_as_text(client, sanne):
    client.post("/me", data={"name": "<img src=x onerror=alert(1)>", "locale": "en", "timezone": ""})
    page = client.get("/me").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    assert db.session.scalar(select(func.count(Person.id))) == 1
