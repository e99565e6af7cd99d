"""The door: who gets in, how, and what nobody can find out or break by knocking."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from pdca import clock
from pdca.db import db
from pdca.mail.models import Message
from pdca.people.accounts import deactivate
from pdca.people.guessing import Brake, claim_guess, network_of, password_guess
from pdca.people.models import FailedSignIn, Person, SignIn, SignInBy
from pdca.people.operations import mark_demo
from pdca.people.passwords import hash_password
from pdca.people.routes.door import SAME_TIME_S
from pdca.people.sign_ins import open_session
from tests.conftest import settings_for
from tests.factories import a_member, a_person, a_team, signed_in
from tests.people.conftest import words

PASSWORD = "four quiet green ladders"


@pytest.fixture
def sanne(app, session):
    """Somebody with a password."""
    person = a_person("Sanne Hofstra", email="sanne@example.org", password_hash=hash_password(PASSWORD))
    session.commit()
    return person


def knock(client, password=PASSWORD, email="sanne@example.org", **kwargs):
    data = {"email": email, "password": password, "next": kwargs.pop("next", "/")}
    return client.post("/sign-in/password", data=data, **kwargs)


def is_in(client):
    return client.get("/me").status_code == 200


def cookie_of(client):
    return client.get_cookie("pdca").value


# --- by mail ---------------------------------------------------------------------------------------------


def test_a_mailed_link_signs_in(client, sanne, mailbox):
    answer = client.post("/sign-in/link", data={"email": "Sanne@Example.org ", "next": "/me"})
    assert (answer.status_code, answer.location) == (303, "/sign-in/sent")
    token = mailbox.token("sign_in")
    page = client.get(f"/sign-in/{token}?next=/me")
    assert "Sanne Hofstra" in words(page)
    assert not is_in(client)
    answer = client.post(f"/sign-in/{token}?next=/me", data={})
    assert (answer.status_code, answer.location) == (303, "/me")
    assert is_in(client)


def test_opening_the_link_changes_nothing(client, sanne, mailbox):
    client.post("/sign-in/link", data={"email": sanne.email})
    token = mailbox.token("sign_in")
    for _ in range(3):
        assert client.get(f"/sign-in/{token}").status_code == 200
        assert client.head(f"/sign-in/{token}").status_code == 200
        client.options(f"/sign-in/{token}")
    assert mailbox.messages("sign_in")
    assert db.session.scalar(select(func.count(SignIn.id))) == 0
    assert client.post(f"/sign-in/{token}").status_code == 303


def test_the_link_works_once(app, client, sanne, mailbox):
    client.post("/sign-in/link", data={"email": sanne.email})
    token = mailbox.token("sign_in")
    assert client.post(f"/sign-in/{token}").status_code == 303
    other = app.test_client()
    assert other.get(f"/sign-in/{token}").status_code == 404
    assert other.post(f"/sign-in/{token}").status_code == 404
    assert not is_in(other)


def test_the_link_works_for_a_quarter_of_an_hour(client, sanne, mailbox, monday):
    client.post("/sign-in/link", data={"email": sanne.email})
    token = mailbox.token("sign_in")
    monday.shift(timedelta(minutes=14))
    assert client.get(f"/sign-in/{token}").status_code == 200
    monday.shift(timedelta(minutes=2))
    assert client.post(f"/sign-in/{token}").status_code == 404


def test_a_link_nobody_waits_for_any_more_is_not_sent(client, sanne, mailbox, monday):
    client.post("/sign-in/link", data={"email": sanne.email})
    monday.shift(timedelta(hours=2))
    assert mailbox.written("sign_in") is None


def test_every_dead_link_gets_the_same_page(app, client, sanne, mailbox, monday):
    client.post("/sign-in/link", data={"email": sanne.email})
    used = mailbox.token("sign_in")
    client.post(f"/sign-in/{used}")
    stranger = app.test_client()
    pages = {
        re.sub(r'value="[^"]*"|\{"X-CSRFToken[^}]*\}', "", stranger.get(f"/sign-in/{token}").text)
        for token in (used, "x" * 43, "A" * 42 + "-", "short")
    }
    assert len(pages) == 1


def test_known_and_unknown_addresses_get_the_same_answer(client, sanne, mailbox):
    known = client.post("/sign-in/link", data={"email": sanne.email})
    unknown = client.post("/sign-in/link", data={"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code
    assert known.data == unknown.data
    assert known.location == unknown.location
    assert [m.address for m in mailbox.messages("sign_in")] == [sanne.email]


def test_one_person_is_mailed_five_links_an_hour_at_most(client, sanne, mailbox, monday):
    for _ in range(12):
        client.post("/sign-in/link", data={"email": sanne.email})
        monday.shift(timedelta(minutes=2))
    assert len(mailbox.messages("sign_in")) == 5


def test_two_requests_in_one_minute_are_one_mail(client, sanne, mailbox):
    for _ in range(3):
        client.post("/sign-in/link", data={"email": sanne.email})
    assert len(mailbox.messages("sign_in")) == 1


def test_one_address_asks_for_sixty_links_an_hour_at_most(client, sanne):
    for number in range(60):
        claimed = client.post("/password-reset", data={"email": f"nobody{number}@example.org"})
        assert claimed.status_code == 303
    answer = client.post("/sign-in/link", data={"email": sanne.email})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert sanne.email in answer.text
    assert db.session.scalar(select(func.count(Message.id))) == 0


def test_no_stored_row_holds_a_working_token(client, sanne, mailbox):
    client.post("/sign-in/link", data={"email": sanne.email})
    token = mailbox.token("sign_in")
    client.post(f"/sign-in/{token}")
    with client.session_transaction() as cookie:
        session_token = cookie["_user_id"]
    dump = "".join(
        str(tuple(row))
        for table in db.metadata.sorted_tables
        for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))
    )
    assert token not in dump
    assert session_token not in dump


def test_asking_takes_as_long_for_an_unknown_address(client, sanne):
    """Threat 32: queueing a mail takes a moment, and nobody can measure it."""
    for email in (sanne.email, "nobody@example.org"):
        began = clock.elapsed()
        client.post("/sign-in/link", data={"email": email})
        assert clock.elapsed() - began >= SAME_TIME_S


def test_a_forged_host_gets_neither_a_page_nor_its_name_into_a_mail(client, sanne, mailbox):
    """Threat 29: links begin with our own address, whatever the request says."""
    data = {"email": sanne.email}
    assert client.post("/sign-in/link", data=data, headers={"Host": "evil.example"}).status_code == 400
    assert mailbox.messages("sign_in") == []
    client.post("/sign-in/link", data=data, headers={"X-Forwarded-Host": "evil.example"})
    mail = mailbox.written("sign_in")
    assert "evil.example" not in mail.text + mail.html
    assert "http://127.0.0.1:" in mail.text


def test_a_switched_off_account_gets_no_link(client, sanne, mailbox, session):
    sanne.deactivated_at = clock.now()
    client.post("/sign-in/link", data={"email": sanne.email})
    assert mailbox.messages("sign_in") == []


def test_a_link_dies_with_its_account(client, sanne, mailbox, session):
    client.post("/sign-in/link", data={"email": sanne.email})
    token = mailbox.token("sign_in")
    sanne.deactivated_at = clock.now()
    assert client.get(f"/sign-in/{token}").status_code == 404
    assert client.post(f"/sign-in/{token}").status_code == 404


# --- by password -----------------------------------------------------------------------------------------


def test_a_password_signs_in(client, sanne):
    answer = knock(client, next="/me")
    assert (answer.status_code, answer.location) == (303, "/me")
    assert is_in(client)


def test_an_unknown_account_and_a_wrong_password_look_the_same(app, sanne, session):
    a_person(email="linkonly@example.org")
    session.commit()
    pages = []
    for email, password in (
        ("sanne@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("linkonly@example.org", PASSWORD),
    ):
        answer = knock(app.test_client(), password, email)
        assert answer.status_code == 422
        assert f'value="{email}"' in answer.text
        assert password not in answer.text
        pages.append(
            re.sub(r'name="csrf_token" value="[^"]*"|\{"X-CSRFToken[^}]*\}', "", answer.text).replace(email, "")
        )
    assert len(set(pages)) == 1


def test_comparing_costs_the_same_for_an_unknown_account(app, sanne, monkeypatch):
    compared = []
    hasher = app.extensions["hasher"]
    monkeypatch.setattr(
        type(hasher), "verify", lambda self, stored, typed: compared.append(stored) or False, raising=True
    )
    knock(app.test_client(), "wrong")
    knock(app.test_client(), "wrong", "nobody@example.org")
    assert [h.split("$")[3] for h in compared] == ["m=8,t=1,p=1"] * 2


def test_a_hash_made_with_weaker_settings_is_renewed(app, client, sanne, session):
    from argon2 import PasswordHasher

    sanne.password_hash = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    knock(client)
    session.expire_all()
    assert "m=8,t=1" in sanne.password_hash


def test_after_five_wrong_tries_the_next_must_wait_longer_each_time(app, sanne, monday):
    client = app.test_client()
    for _ in range(5):
        assert knock(client, "wrong").status_code == 422
    answer = knock(client)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 15
    assert sanne.email in answer.text
    monday.shift(timedelta(seconds=16))
    assert knock(client, "wrong").status_code == 422
    answer = knock(client)
    assert 16 <= int(answer.headers["Retry-After"]) <= 30


def test_waiting_tries_are_not_counted(app, sanne, monday):
    client = app.test_client()
    for _ in range(30):
        knock(client, "wrong")
    monday.shift(timedelta(seconds=16))
    assert knock(client).status_code == 303


def test_a_correct_password_forgives_what_went_before(app, sanne):
    client = app.test_client()
    for _ in range(4):
        knock(client, "wrong")
    assert knock(client).status_code == 303
    assert db.session.scalar(select(func.count(FailedSignIn.id))) == 0


def test_an_attacker_cannot_keep_the_owner_out(app, sanne, mailbox, monday):
    """R33 of the threats: a lockout is no weapon; a known device and the mailed link still work."""
    own = app.test_client()
    assert knock(own).status_code == 303
    own.post("/sign-out")
    # From many addresses, until the account itself is slow everywhere.
    for number in range(30):
        for _ in range(2):
            knock(app.test_client(), "wrong", environ_base={"REMOTE_ADDR": f"198.51.100.{number}"})
    stranger = app.test_client()
    assert knock(stranger, environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 429
    assert knock(own).status_code == 303
    fresh = app.test_client()
    fresh.post("/sign-in/link", data={"email": sanne.email})
    assert fresh.post(f"/sign-in/{mailbox.token('sign_in')}").status_code == 303


def test_a_known_device_is_not_a_way_to_guess_on(app, sanne):
    own = app.test_client()
    knock(own)
    own.post("/sign-out")
    for _ in range(5):
        knock(own, "wrong")
    assert knock(own).status_code == 429


def test_one_address_that_tries_many_accounts_is_slowed_down(app, sanne):
    for number in range(40):
        assert knock(app.test_client(), "wrong", f"nobody{number}@example.org").status_code == 422
    assert knock(app.test_client()).status_code == 429


def test_a_forged_forwarding_header_changes_no_count(app, sanne):
    for number in range(5):
        knock(app.test_client(), "wrong", headers={"X-Forwarded-For": f"198.51.100.{number}"})
    answer = knock(app.test_client(), headers={"X-Forwarded-For": "198.51.100.99"})
    assert answer.status_code == 429


def test_a_household_with_ipv6_is_one_address():
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:198.51.100.7") == "198.51.100.7"


def test_a_hundred_guesses_at_once_are_five(app, session):
    session.commit()
    judged = []

    def try_once():
        with app.app_context(), db.writing():
            wait = claim_guess(password_guess("sanne@example.org", "198.51.100.1", None), clock.now())
            db.session.commit()
            if not wait:
                judged.append(1)

    threads = [threading.Thread(target=try_once) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(judged) == 5


def test_the_brake_doubles_up_to_its_limit(at):
    brake = Brake(free=2, first=10, most=60)
    waits = [brake.wait(tries, at, at).total_seconds() for tries in range(7)]
    assert waits == [0, 0, 10, 20, 40, 60, 60]
    assert brake.wait(3, at, at + timedelta(seconds=15)) == timedelta(seconds=5)


# --- the session -----------------------------------------------------------------------------------------


def test_a_session_set_before_signing_in_is_worth_nothing(app, client, sanne, session):
    """Threat 7: whoever planted a cookie does not share the session that follows."""
    mallory = a_person()
    planted = open_session(mallory, SignInBy.PASSWORD, at=clock.now())
    session.commit()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = planted
        cookie["csrf_token"] = "p" * 40
        cookie["kept"] = "from before"
    knock(client)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != planted
        assert cookie.get("csrf_token") != "p" * 40
        assert "kept" not in cookie


def test_each_sign_in_is_a_new_session(app, sanne):
    tokens = set()
    for _ in range(2):
        client = app.test_client()
        knock(client)
        with client.session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
    assert len(tokens) == 2


def test_the_cookie_has_its_flags(client, sanne):
    headers = knock(client).headers.getlist("Set-Cookie")
    own = next(h for h in headers if h.startswith("pdca="))
    assert "HttpOnly" in own
    assert "SameSite=Lax" in own
    assert "Path=/" in own
    assert re.search(r"Expires=Wed, 01 Apr 2026", own)
    device = next(h for h in headers if h.startswith("pdca-device="))
    assert "HttpOnly" in device
    assert "SameSite=Lax" in device
    assert "Path=/sign-in" in device


def test_on_https_the_cookie_travels_over_https_only(tmp_path):
    from pdca import create_app

    app = create_app(settings_for(tmp_path, base_url="https://board.example.org"))
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-pdca"
    assert app.config["REMEMBER_COOKIE_SECURE"]
    assert app.config["REMEMBER_COOKIE_HTTPONLY"]
    assert app.config["REMEMBER_COOKIE_SAMESITE"] == "Lax"


def test_signing_out_ends_the_session_on_the_server(app, client, sanne):
    """Threat 8: the old cookie, replayed, opens nothing."""
    knock(client)
    old = cookie_of(client)
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    thief = app.test_client()
    thief.set_cookie("pdca", old)
    assert thief.get("/me").status_code == 303


def test_signing_out_twice_is_no_error(client, sanne):
    knock(client)
    assert client.post("/sign-out").status_code == 303
    assert client.post("/sign-out").status_code == 303


def test_a_session_ends_after_thirty_days_whatever_is_done(client, sanne, monday):
    """Threat 10: checked on reading, and use does not lengthen it."""
    knock(client)
    raw = cookie_of(client)
    for _ in range(29):
        monday.shift(timedelta(days=1))
        assert is_in(client)
    monday.shift(timedelta(days=1, minutes=1))
    client.set_cookie("pdca", raw)
    assert not is_in(client)


def test_switching_an_account_off_ends_its_sessions(app, sanne, session):
    client = signed_in(app, sanne)
    boss = a_person(is_administrator=True)
    deactivate(sanne, by=boss, at=clock.now())
    assert not is_in(client)


def test_reading_writes_no_row(app, sanne, session):
    client = signed_in(app, sanne)
    before = db.session.execute(select(SignIn.__table__)).all()
    for _ in range(3):
        assert is_in(client)
    assert db.session.execute(select(SignIn.__table__)).all() == before


def test_sessions_that_have_expired_are_cleared_away(app, sanne, session, monday):
    signed_in(app, sanne)
    monday.shift(timedelta(days=31))
    signed_in(app, sanne)
    assert db.session.scalar(select(func.count(SignIn.id))) == 1


def test_a_forged_cookie_opens_nothing(app, sanne):
    for value in ("1", str(sanne.id), "x" * 43):
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = value
        assert client.get("/me").status_code == 303


def test_login_and_logout_need_the_forms_token(app, sanne):
    """Threat 12."""
    stranger = app.test_client()
    assert knock(stranger, csrf=False).status_code == 400
    client = signed_in(app, sanne)
    assert client.post("/sign-out", csrf=False).status_code == 400
    assert is_in(client)


def test_somebody_signed_in_is_sent_on(app, sanne):
    client = signed_in(app, sanne)
    answer = client.get("/sign-in?next=/me")
    assert (answer.status_code, answer.location) == (302, "/me")


ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
    "https://evil.example", "http:evil.example", "http:/evil.example", "javascript:alert(1)",
    "data:text/html,x", "/%2f%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/%5C/evil.example",
    "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", " //evil.example",
    "evil.example", "./evil", "../evil", "?next=//evil", "#//evil", "", "mailto:a@b.c", "//", "/\x00", "/ x",
    "/" + "a" * 600, "ftp://evil.example", "//user@evil.example", "/\u2028/evil", "https:///evil.example",
)  # fmt: skip


def test_nobody_is_sent_elsewhere_after_signing_in(app, sanne):
    """Threat 31: only own paths."""
    for target in ELSEWHERE:
        answer = knock(app.test_client(), next=target)
        assert answer.status_code == 303, target
        assert answer.location.startswith("/"), target
        assert not answer.location.startswith(("//", "/\\", "/%5", "/%2")), target
        assert "evil.example" not in answer.location, target


@pytest.mark.parametrize("path", ["/sign-in/link", "/sign-in/password", "/password-reset"])
def test_a_bad_address_is_named_at_its_field_and_kept(client, sanne, path):
    for typed in ("", "no address", "a@", "@b.nl", "a b@c.nl", "x" * 300 + "@example.org", "a@b.nl\x00c d"):
        data = {"email": typed, "password": "x", "next": "/"}
        if path == "/password-reset":
            data = {"email": typed}
        elif path == "/sign-in/link":
            data.pop("password")
        answer = client.post(path, data=data)
        assert answer.status_code == 422, typed
        assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("path", ["/sign-in/link", "/sign-in/password", "/password-reset", "/sign-in/demo"])
def test_an_unknown_field_is_refused(client, sanne, path):
    data = {"email": sanne.email, "password": PASSWORD, "is_administrator": "1"}
    answer = client.post(path, data=data)
    assert answer.status_code in (404, 422)
    assert not is_in(client)


# --- the demo --------------------------------------------------------------------------------------------


@pytest.fixture
def demo(session):
    """Four people that one click signs in as."""
    team = a_team("Burgerzaken")
    people = {part: a_member(team, name=f"{part.title()} Demo") for part in ("member", "board_keeper", "leader")}
    people["administrator"] = a_person("Admin Demo", is_administrator=True)
    mark_demo(people)
    session.commit()
    return people


def test_in_the_demo_one_click_signs_in(app, demo):
    for part, person in demo.items():
        client = app.test_client()
        assert person.name in words(client.get("/sign-in"))
        answer = client.post("/sign-in/demo", data={"part": part})
        assert (answer.status_code, answer.location) == (303, "/")
        assert person.name in words(client.get("/me"))


def test_outside_the_demo_there_is_no_such_click(client, sanne):
    assert "demo" not in words(client.get("/sign-in")).lower()
    assert client.post("/sign-in/demo", data={"part": "administrator"}).status_code == 404


def test_the_demos_click_works_at_this_machine_only(client, demo):
    far = {"REMOTE_ADDR": "198.51.100.7"}
    assert "Admin Demo" not in client.get("/sign-in", environ_base=far).text
    answer = client.post("/sign-in/demo", data={"part": "administrator"}, environ_base=far)
    assert answer.status_code == 404


def test_beyond_loopback_the_demos_click_is_gone(tmp_path, database, session, demo):
    from pdca import create_app

    app = create_app(settings_for(tmp_path / "far", database, base_url="http://board.example.org"))
    app.testing = True
    session.commit()
    page = app.test_client().get("/sign-in", base_url="http://board.example.org")
    assert page.status_code == 200
    assert "Admin Demo" not in page.text


def test_an_unknown_part_signs_nobody_in(client, demo):
    for part in ("", "boss", "demo:member", "1"):
        assert client.post("/sign-in/demo", data={"part": part}).status_code == 404
    assert client.get("/sign-in/demo").status_code == 404


def test_the_sign_in_page_asks_a_constant_number_of_questions(app, demo, session):
    assert db.session.scalar(select(func.count(Person.id))) == 4
    assert app.test_client().get("/sign-in").status_code == 200
