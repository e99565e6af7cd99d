"""A mail was written while somebody could read it, and waits: what is no longer theirs when it leaves is not in it.

Fault 40 and threat 5, for what is no line of an item (the week's overview) and for what waits in another state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from pdca.db import db
from pdca.followup import invariants
from pdca.installation import remember
from pdca.items.terms import Phase
from pdca.mail.models import Message, MessageState
from pdca.mail.operations import release
from pdca.mail.standstill import HELD_BY_RESTORE, RESTORED, Choice, resume
from pdca.people.models import Membership, Role, Sponsorship
from pdca.people.operations import add_member, change_role, remove_member, remove_sponsor
from tests.followup.conftest import Stage, at, day
from tests.followup.post import Mail
from tests.followup.test_engine import DIFFERENT
from tests.mail.conftest import set_up
from tests.stories import Crew, crew, walk

NOT_THEIRS = "I6 a mail waits for somebody who may not read it"
DOWN = "smtp://127.0.0.1:9"
# On these days the steps of the promise of 23 March are told, the last one to the sponsor: from then on it stands.
BEFORE = ((3, 19), (3, 24), (3, 27), (3, 30), (4, 8), (4, 22), (4, 28))
# A Monday on which the week's overview is written; what happens meanwhile; the server is back.
MONDAY, MEANWHILE, LATER = at(5, 4, 8), at(5, 4, 9), at(5, 4, 10)


def back_up(stage: Stage) -> None:
    """The server answers again."""
    set_up(stage.app, mail_url=f"file:{stage.mailbox.folder}")


def to(stage: Stage, name: str) -> list[Mail]:
    """The mails of the last pass to this very person."""
    return [mail for mail in stage.post if mail.to == getattr(stage.team, name).email]


def broken(stage: Stage, moment: datetime) -> list[str]:
    with stage.look():
        return [line.partition(":")[0] for line in invariants.broken(moment, alive=False)]


def written_for(stage: Stage, name: str) -> list[bool]:
    """Whether the mails that have not left for somebody hold a text."""
    theirs = (Message.person_id == getattr(stage.team, name).id, Message.state != MessageState.ACCEPTED)
    with stage.look():
        return [mime is not None for mime in db.session.scalars(select(Message.mime).where(*theirs))]


def is_removed(team: Crew) -> None:
    remove_member(_membership(team), by=team.administrator, at=MEANWHILE)


def is_leader_no_more(team: Crew) -> None:
    change_role(_membership(team), Role.MEMBER, by=team.administrator, at=MEANWHILE)


def is_sponsor_no_more(team: Crew) -> None:
    row = db.session.scalars(select(Sponsorship).where(Sponsorship.team_id == team.team.id)).one()
    remove_sponsor(row, by=team.administrator, at=MEANWHILE)


def _membership(team: Crew) -> Membership:
    mine = (Membership.person_id == team.leader.id, Membership.team_id == team.team.id)
    return db.session.scalars(select(Membership).where(*mine)).one()


@pytest.fixture
def overview(promised: Stage) -> Stage:
    """Monday 8:00: the overviews of the week are written, and the server is down."""
    for when in BEFORE:
        promised.passes(at(*when))
    set_up(promised.app, mail_url=DOWN)
    # One mail tries whether the server works, another one each time.
    for minutes in (0, 2, 5, 11, 27, 43):
        promised.passes(MONDAY + timedelta(minutes=minutes))
    return promised


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("who", "goes"),
    [("leader", is_removed), ("leader", is_leader_no_more), ("sponsor", is_sponsor_no_more)],
    ids=["removed", "another role", "no sponsor"],
)
def test_the_overview_of_a_team_does_not_reach_who_left_it(overview: Stage, who: str, goes: Callable[[Crew], None]):
    assert written_for(overview, who)[-1:] == [True]
    with overview.work() as team:
        goes(team)
    assert broken(overview, MEANWHILE) == []
    back_up(overview)
    overview.passes(LATER)
    assert to(overview, who) == []


@pytest.mark.fault(40)
def test_who_leads_two_teams_and_leaves_one_reads_the_overview_of_the_other(promised: Stage):
    with promised.work() as team:
        second = crew("Tweede")
        walk(second, Phase.DO, at=day(0, 9), title="Klok ophangen", lookalikes=DIFFERENT)
        add_member(second.team.id, team.leader, Role.LEADER, by=team.administrator, at=day(0, 9))
    for when in BEFORE:
        promised.passes(at(*when))
    set_up(promised.app, mail_url=DOWN)
    promised.passes(MONDAY)
    assert written_for(promised, "leader") == [True]
    with promised.work() as team:
        is_removed(team)
    back_up(promised)
    promised.passes(LATER)
    text = to(promised, "leader")[0].text
    with promised.look():
        assert ("Klok ophangen" in text, promised.item.title in text) == (True, False)


@pytest.mark.parametrize(("who", "table"), [("leader", Membership), ("sponsor", Sponsorship)])
def test_i6_sees_an_overview_that_waits_for_somebody_who_left(overview: Stage, who: str, table: type):
    assert broken(overview, MONDAY) == []
    with overview.work() as team:
        db.session.execute(table.__table__.delete().where(table.person_id == getattr(team, who).id))
    assert broken(overview, MONDAY) == [NOT_THEIRS]
    with overview.work():
        db.session.execute(update(Message).values(mime=None).where(Message.state == MessageState.PENDING))


# --- held, or given up ---------------------------------------------------------------------------------------


@pytest.fixture
def of_two_teams(promised: Stage) -> Stage:
    """Omar's mail is written while the server is down: a promise of each of his two teams has passed."""
    with promised.work() as team:
        second = crew("Tweede")
        add_member(second.team.id, team.owner, Role.MEMBER, by=team.administrator, at=day(0))
        second.owner = team.owner
        walk(second, Phase.DO, at=day(0, 9), title="Klok ophangen", lookalikes=DIFFERENT)
    set_up(promised.app, mail_url=DOWN)
    promised.passes(at(3, 24, 8))
    return promised


def waits(stage: Stage) -> Message:
    """The one mail for Omar that has not left, in the open session."""
    mine = (Message.person_id == stage.team.owner.id, Message.state != MessageState.ACCEPTED)
    return db.session.scalars(select(Message).where(*mine)).one()


def leaves_the_first_team(stage: Stage) -> None:
    with stage.work() as team:
        mine = (Membership.person_id == team.owner.id, Membership.team_id == team.team.id)
        row = db.session.scalars(select(Membership).where(*mine)).one()
        remove_member(row, by=team.leader, at=at(3, 24, 9))


def is_held_by_a_restore(stage: Stage, **values: object) -> None:
    """As `pdca restore` leaves it."""
    with stage.work():
        message = waits(stage)
        message.state, message.last_error = MessageState.HELD, HELD_BY_RESTORE
        for name, value in values.items():
            setattr(message, name, value)
        remember(RESTORED, at(3, 24, 8).isoformat())


@pytest.mark.fault(30, 40)
@pytest.mark.parametrize("possible_duplicate", [False, True], ids=["never sent", "may have left"])
def test_what_a_restore_held_does_not_reach_who_left_the_team(of_two_teams: Stage, possible_duplicate: bool):
    is_held_by_a_restore(of_two_teams, possible_duplicate=possible_duplicate)
    leaves_the_first_team(of_two_teams)
    assert broken(of_two_teams, at(3, 24, 9)) == []
    with of_two_teams.work():
        resume(Choice.SEND, by="person:1", at=at(3, 24, 10))
    back_up(of_two_teams)
    of_two_teams.passes(at(3, 24, 10))
    with of_two_teams.look():
        text = to(of_two_teams, "owner")[0].text
        assert ("Klok ophangen" in text, of_two_teams.item.title in text) == (True, False)


@pytest.mark.fault(30)
@pytest.mark.parametrize(("possible_duplicate", "kept"), [(False, False), (True, True)])
def test_what_a_restore_held_is_written_anew_unless_it_may_have_left(
    of_two_teams: Stage, possible_duplicate: bool, kept: bool
):
    """As an administrator's "send" does with a single mail: only a copy that somebody may have stays as it was."""
    is_held_by_a_restore(of_two_teams, possible_duplicate=possible_duplicate)
    with of_two_teams.work():
        resume(Choice.SEND, by="person:1", at=at(3, 24, 10))
    with of_two_teams.look():
        assert (waits(of_two_teams).mime is not None) is kept
    back_up(of_two_teams)
    of_two_teams.passes(at(3, 24, 10))
    assert [mail.lines for mail in to(of_two_teams, "owner")] == [["1 promise passed", "1 promise passed"]]


@pytest.mark.fault(40)
@pytest.mark.parametrize("state", [MessageState.HELD, MessageState.DEAD])
def test_what_an_administrator_may_still_release_says_nothing_of_a_team_they_left(
    of_two_teams: Stage, state: MessageState
):
    with of_two_teams.work():
        message = waits(of_two_teams)
        message.state, message.possible_duplicate = state, True
    leaves_the_first_team(of_two_teams)
    assert broken(of_two_teams, at(3, 24, 9)) == []
    with of_two_teams.work() as team:
        release(waits(of_two_teams), by_id=team.administrator.id, at=at(3, 24, 10))
    back_up(of_two_teams)
    of_two_teams.passes(at(3, 24, 10))
    with of_two_teams.look():
        assert of_two_teams.item.title not in "".join(mail.text for mail in to(of_two_teams, "owner"))


@pytest.mark.parametrize("state", [MessageState.HELD, MessageState.DEAD])
def test_i6_sees_what_is_held_for_somebody_who_left(of_two_teams: Stage, state: MessageState):
    with of_two_teams.work() as team:
        waits(of_two_teams).state = state
        db.session.execute(Membership.__table__.delete().where(Membership.person_id == team.owner.id))
    assert broken(of_two_teams, at(3, 24, 9)) == [NOT_THEIRS]
    with of_two_teams.work():
        waits(of_two_teams).mime = None
