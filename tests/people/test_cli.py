"""`pdca user` and `pdca team`: said in words, with exit codes that scripts can rely on."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from pdca.db import db
from pdca.errors import Invalid
from pdca.people.models import Person, Role, Team
from pdca.people.operations import mark_demo
from pdca.people.passwords import is_right
from pdca.people.queries import DEMO_PARTS, person_by_email, role_in, team_by_name
from tests.conftest import settings_for
from tests.factories import a_person

PASSWORD = "four quiet green ladders"


@pytest.fixture
def run(app, session):
    """One command, as the operator types it."""

    def go(*arguments, stdin=""):
        session.commit()
        result = app.test_cli_runner().invoke(args=list(arguments), input=stdin)
        session.expire_all()
        return result

    return go


def test_a_user_is_added(run):
    result = run("user", "add", "Sanne@Example.org", "--name", "Sanne Hofstra")
    assert result.exit_code == 0
    assert "Sanne Hofstra <sanne@example.org>" in result.output
    person = person_by_email("sanne@example.org")
    assert (person.name, person.is_administrator, person.password_hash) == ("Sanne Hofstra", False, None)


def test_an_administrator_with_a_password_from_standard_input(app, run):
    result = run(
        "user", "add", "a@example.org", "--name", "Admin", "--admin", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    person = person_by_email("a@example.org")
    assert person.is_administrator
    with app.app_context():
        assert is_right(person.password_hash, PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("user", "add", "no-address", "--name", "X"), "", "is not an e-mail address"),
        (("user", "add", "x@example.org"), "", "Missing option '--name'"),
        (("user", "add", "x@example.org", "--name", " \u200b"), "", "may not be empty"),
        (("user", "add", "x@example.org", "--name", "n" * 121), "", "longer than 120"),
        (("user", "add", "x@example.org", "--name", "X", "--password-stdin"), "short\n", "at least 10"),
        (("user", "add", "x@example.org", "--name", "X", "--password-stdin"), "", "at least 10"),
        (("team", "add", ""), "", "may not be empty"),
        (("team", "member", "Nowhere", "x@example.org", "--role", "member"), "", "there is no team"),
        (("team", "member", "1", "x@example.org", "--role", "boss"), "", "'boss' is not one of"),
        (("team", "member", "9" * 40, "x@example.org", "--role", "member"), "", "there is no team"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_made(run, arguments, stdin, said):
    result = run(*arguments, stdin=stdin)
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert db.session.scalar(select(func.count(Person.id))) == 0
    assert db.session.scalar(select(func.count(Team.id))) == 0


def test_an_address_is_used_once(run):
    run("user", "add", "x@example.org", "--name", "X")
    result = run("user", "add", "X@example.org", "--name", "Y")
    assert result.exit_code == 1
    assert isinstance(result.exception, Invalid)


def test_a_team_its_members_and_their_roles(run):
    assert run("team", "add", "Burgerzaken").exit_code == 0
    run("user", "add", "x@example.org", "--name", "X")
    result = run("team", "member", "Burgerzaken", "x@example.org", "--role", "member")
    assert "X is member of Burgerzaken." in result.output
    team, person = team_by_name("Burgerzaken"), person_by_email("x@example.org")
    assert role_in(person, team.id) is Role.MEMBER
    assert run("team", "member", str(team.id), "x@example.org", "--role", "leader").exit_code == 0
    assert role_in(person, team.id) is Role.LEADER
    unknown = run("team", "member", "Burgerzaken", "nobody@example.org", "--role", "member")
    assert unknown.exit_code == 1
    assert "nobody has the address" in unknown.output


def test_setup_prints_a_link_while_nobody_is_there(app, run):
    first = run("setup")
    assert first.exit_code == 0, first.output
    assert "/set-up/" in first.output
    run("user", "add", "x@example.org", "--name", "X", "--admin")
    assert "/set-up/" not in run("setup").output


def test_the_doctor_misses_an_administrator(run):
    assert "nobody is administrator" not in run("doctor").output
    run("user", "add", "x@example.org", "--name", "X")
    assert "nobody is administrator" in run("doctor").output
    run("user", "add", "y@example.org", "--name", "Y", "--admin")
    assert "nobody is administrator" not in run("doctor").output


def test_the_doctor_warns_of_a_demo_that_others_can_reach(app, run):
    person = a_person(is_administrator=True)
    mark_demo(dict.fromkeys(DEMO_PARTS, person))
    assert "this is the demo" not in run("doctor").output
    here = app.extensions["settings"]
    far = settings_for(here.instance, here.database_url, base_url="https://board.example.org")
    app.extensions["settings"] = far
    assert "this is the demo" in run("doctor").output
