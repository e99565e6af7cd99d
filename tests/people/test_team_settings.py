"""A team's agreements: every number, its bounds, its default; and the days on which the team works."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import pytest
from sqlalchemy import func, select

from pdca import db as ground
from pdca.db import db
from pdca.people.models import Role, TeamDay, TeamSetting
from pdca.people.queries import rules_of
from pdca.people.settings import BOUNDS, TeamSettings
from tests.factories import a_member, a_person, a_sponsor, a_team, signed_in
from tests.people.conftest import words
from tests.people.test_profile import questions_of


@pytest.fixture
def team(app, session):
    """A team."""
    return a_team("Burgerzaken")


@pytest.fixture
def client(app, team):
    """The board keeper's browser."""
    return signed_in(app, a_member(team, Role.BOARD_KEEPER))


def typed(**changes):
    """The whole form, as a browser sends it."""
    return {**{name: str(value) for name, value in asdict(TeamSettings()).items()}, **changes}


def settings_of(team):
    db.session.expire_all()
    return rules_of([team.id])[team.id].settings


def test_every_number_can_be_changed_and_only_differences_are_kept(client, team):
    answer = client.post(f"/teams/{team.id}/settings", data=typed(wip_do="6", care_action_1="21"))
    assert (answer.status_code, answer.location) == (303, f"/teams/{team.id}/settings#numbers")
    assert settings_of(team) == TeamSettings(wip_do=6, care_action_1=21)
    kept = {row.name: row.value for row in db.session.scalars(select(TeamSetting))}
    assert kept == {"wip_do": "6", "care_action_1": "21"}
    assert "changed; default 8 items" in words(client.get(f"/teams/{team.id}/settings"))


def test_an_empty_field_goes_back_to_the_default(client, team):
    client.post(f"/teams/{team.id}/settings", data=typed(wip_do="6"))
    client.post(f"/teams/{team.id}/settings", data=typed(wip_do=""))
    assert settings_of(team) == TeamSettings()
    assert db.session.scalar(select(func.count(TeamSetting.id))) == 0


def test_everything_goes_back_with_one_button(client, team):
    client.post(f"/teams/{team.id}/settings", data=typed(wip_do="6", decide_days="7"))
    assert client.post(f"/teams/{team.id}/settings/defaults").status_code == 303
    assert settings_of(team) == TeamSettings()


def test_every_number_has_its_bounds(client, team):
    for name, bounds in BOUNDS.items():
        for wrong in (bounds.low - 1, bounds.high + 1):
            answer = client.post(f"/teams/{team.id}/settings", data=typed(**{name: str(wrong)}))
            assert answer.status_code == 422, (name, wrong)
            assert f'id="{name}-error"' in answer.text
            assert bounds.is_switch or f'value="{wrong}"' in answer.text
    assert settings_of(team) == TeamSettings()


@pytest.mark.parametrize("wrong", ["x", "1.5", "ten", "1e3", "9" * 5000, "--1", "\x00"])
def test_what_is_no_whole_number_is_refused_at_the_field(client, team, wrong):
    answer = client.post(f"/teams/{team.id}/settings", data=typed(wip_do=wrong))
    if wrong == "\x00":
        assert answer.status_code in (303, 422)
    else:
        assert answer.status_code == 422
        assert 'id="wip_do-error"' in answer.text
    assert settings_of(team) == TeamSettings()


def test_aftercare_goes_by_whole_weeks_and_forward(client, team):
    answer = client.post(f"/teams/{team.id}/settings", data=typed(care_action_1="15"))
    assert 'id="care_action_1-error"' in answer.text
    answer = client.post(f"/teams/{team.id}/settings", data=typed(care_action_1="49"))
    assert 'id="care_action_2-error"' in answer.text
    assert settings_of(team) == TeamSettings()


def test_an_unknown_number_is_refused(client, team):
    assert client.post(f"/teams/{team.id}/settings", data=typed(team_id="9")).status_code == 422
    assert client.post(f"/teams/{team.id}/settings", data=typed(next_number="1")).status_code == 422


def test_name_country_and_zone_are_kept(client, team):
    data = {"name": "Publiekszaken", "country": "BE", "timezone": "Europe/Brussels"}
    assert client.post(f"/teams/{team.id}/calendar", data=data).status_code == 303
    db.session.expire_all()
    assert (team.name, team.country, team.timezone) == ("Publiekszaken", "BE", "Europe/Brussels")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Taken"}, "name"),
        ({"name": "n" * 121}, "name"),
        ({"country": "FR"}, "country"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": ""}, "timezone"),
    ],
)
def test_a_wrong_calendar_is_refused_at_the_field(client, team, session, change, field):
    a_team("Taken")
    data = {"name": "Publiekszaken", "country": "BE", "timezone": "Europe/Brussels", **change}
    answer = client.post(f"/teams/{team.id}/calendar", data=data)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    db.session.expire_all()
    assert (team.name, team.country, team.timezone) == ("Burgerzaken", "NL", "Europe/Amsterdam")


def test_a_day_of_ones_own_changes_the_calendar(client, team):
    path = f"/teams/{team.id}/calendar/days"
    data = {"day": "2026-03-06", "name": "Studiedag", "is_free": "free"}
    assert client.post(path, data=data).status_code == 303
    assert client.post(path, data={"day": "2026-03-07", "name": "Open dag", "is_free": "works"}).status_code == 303
    calendar = rules_of([team.id])[team.id].calendar
    assert not calendar.is_working(date(2026, 3, 6))
    assert calendar.is_working(date(2026, 3, 7))
    day = db.session.scalars(select(TeamDay).where(TeamDay.name == "Studiedag")).one()
    assert client.post(f"{path}/{day.id}/removal").status_code == 303
    assert rules_of([team.id])[team.id].calendar.is_working(date(2026, 3, 6))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": ""}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": "2026-03-05"}, "day"),
        ({"name": ""}, "day-name"),
        ({"name": "n" * 121}, "day-name"),
        ({"is_free": "maybe"}, "is_free"),
    ],
)
def test_a_wrong_day_is_refused_at_the_field(client, team, change, field):
    path = f"/teams/{team.id}/calendar/days"
    client.post(path, data={"day": "2026-03-05", "name": "Uitje", "is_free": "free"})
    answer = client.post(path, data={"day": "2026-03-06", "name": "Studiedag", "is_free": "free", **change})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalar(select(func.count(TeamDay.id))) == 1


def test_every_change_has_the_teams_duties_reconciled(client, team):
    touched = []
    before = ground._reconcilers[:]
    ground.register_reconciler(lambda subjects: touched.append(set(subjects)))
    try:
        client.post(f"/teams/{team.id}/settings", data=typed(wip_do="6"))
        client.post(f"/teams/{team.id}/settings/defaults")
        data = {"name": "Burgerzaken", "country": "BE", "timezone": "Europe/Brussels"}
        client.post(f"/teams/{team.id}/calendar", data=data)
        day = {"day": "2026-03-05", "name": "Uitje", "is_free": "free"}
        client.post(f"/teams/{team.id}/calendar/days", data=day)
    finally:
        ground._reconcilers[:] = before
    assert touched == [{("team", team.id)}] * 4


WRITES = (
    ("settings", typed()),
    ("settings/defaults", {}),
    ("calendar", {"name": "Mine", "country": "BE", "timezone": "Europe/Brussels"}),
    ("calendar/days", {"day": "2026-03-05", "name": "Uitje", "is_free": "free"}),
)


@pytest.mark.parametrize(("path", "data"), WRITES)
def test_others_of_the_team_read_it_and_strangers_find_nothing(app, team, session, path, data):
    for reader in (a_member(team), a_member(team, Role.VIEWER), a_sponsor(team)):
        client = signed_in(app, reader)
        page = words(client.get(f"/teams/{team.id}/settings"))
        assert "You can read it here" in page
        assert client.post(f"/teams/{team.id}/{path}", data=data).status_code == 409
    stranger = signed_in(app, a_person())
    assert stranger.get(f"/teams/{team.id}/settings").status_code == 404
    assert stranger.post(f"/teams/{team.id}/{path}", data=data).status_code == 404
    assert settings_of(team) == TeamSettings()
    assert team.name == "Burgerzaken"


def test_a_day_of_another_team_is_out_of_reach(app, team, client, session):
    other = a_team()
    db.session.add(TeamDay(team_id=other.id, day=date(2026, 3, 5), name="Theirs"))
    db.session.flush()
    day = db.session.scalars(select(TeamDay)).one()
    assert client.post(f"/teams/{team.id}/calendar/days/{day.id}/removal").status_code == 404
    assert client.post(f"/teams/{other.id}/calendar/days/{day.id}/removal").status_code == 404


def test_the_page_asks_a_constant_number_of_questions(app, team, client, session):
    few = questions_of(app, client, f"/teams/{team.id}/settings")
    for day in range(1, 28):
        db.session.add(TeamDay(team_id=team.id, day=date(2026, 3, day), name="x"))
    session.commit()
    client.post(f"/teams/{team.id}/settings", data=typed(wip_do="6", wip_check="6", wip_owner="2"))
    assert questions_of(app, client, f"/teams/{team.id}/settings") == few
