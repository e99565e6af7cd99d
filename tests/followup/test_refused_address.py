"""Fault 19: a real server says at RCPT that an address is no more; who is next in line hears it that same day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from pdca.db import db
from pdca.items.terms import Phase
from pdca.mail.models import Message, MessageState, Suppression
from tests.followup.conftest import Stage, at, day
from tests.followup.post import Mail
from tests.mail.conftest import set_up
from tests.peers import smtp
from tests.stories import walk

PASSED = "1 promise passed"


class Picky(smtp.Server):
    """It knows everybody but these."""

    def __init__(self) -> None:
        super().__init__()
        self.unknown: dict[str, str] = {}

    def act_for(self, stage: str, address: str) -> str | None:
        """No, at RCPT."""
        return self.unknown.get(address) if stage == "rcpt" else super().act_for(stage, address)

    def asked_for(self, address: str) -> int:
        """How often it heard this address."""
        return sum(line.lower().startswith(f"rcpt to:<{address}") for line in self.commands)

    def lines(self) -> dict[str, list[str]]:
        """What was said to whom since it was last asked."""
        said = {one.address: Mail("", one.mail).lines for one in self.taken}
        self.received.clear()
        return said


@pytest.fixture
def server() -> Iterator[Picky]:
    """A mail server on a port of its own."""
    with smtp.serving(server=Picky()) as server:
        yield server


def last(stage: Stage, address: str) -> MessageState:
    """What became of the last mail to this address."""
    newest = select(Message.state).where(Message.address == address).order_by(Message.id.desc()).limit(1)
    with stage.look():
        return db.session.scalars(newest).one()


def refused(stage: Stage, server: Picky, *names: str, answer: str = "550 5.1.1 user unknown") -> list[str]:
    """From now on the mail goes to the server, which does not know these people."""
    set_up(stage.app, mail_url=server.url)
    addresses = [getattr(stage.team, name).email for name in names]
    server.unknown.update(dict.fromkeys(addresses, answer))
    return addresses


@pytest.mark.fault(19)
@pytest.mark.parametrize("answer", ["550 5.1.1 user unknown", "553 5.1.3 bad address syntax", "550 5.2.1 disabled"])
def test_the_keeper_is_mailed_the_same_day(promised: Stage, server: Picky, answer: str):
    promised.passes(at(3, 23))
    (owner,) = refused(promised, server, "owner", answer=answer)
    keeper = promised.team.keeper.email
    promised.passes(at(3, 24, 8))
    assert (last(promised, owner), server.asked_for(owner)) == (MessageState.DEAD, 1)
    with promised.look():
        assert db.session.scalars(select(Suppression.address)).all() == [owner]
    promised.passes(at(3, 24, 9))
    assert server.lines()[keeper] == [PASSED]
    # Nobody asks for that address again, and the keeper is not told twice.
    promised.passes(at(3, 24, 12)).passes(at(3, 25, 8))
    assert (server.asked_for(owner), server.lines().get(keeper, [])) == (1, [])


@pytest.mark.fault(19)
def test_when_the_keeper_is_gone_too_the_leader_is_mailed_the_same_day(promised: Stage, server: Picky):
    # The leader's week began the day before: a second grouped mail on one day is nobody's.
    promised.passes(at(3, 23))
    owner, keeper = refused(promised, server, "owner", "keeper")
    for hour in (8, 9, 10):
        promised.passes(at(3, 24, hour))
    assert server.lines()[promised.team.leader.email] == [PASSED]
    assert (server.asked_for(owner), server.asked_for(keeper)) == (1, 1)


@pytest.mark.fault(19)
def test_when_the_customer_is_gone_the_owner_hears_it_the_same_day(stage: Stage, server: Picky):
    with stage.work() as made:
        stage.item_id = walk(made, Phase.CHECK, at=day(0, 9)).item.id
    set_up(stage.app, mail_url=server.url)
    server.unknown["karin@klant.example"] = "550 5.1.1 user unknown"
    for hour in (8, 9, 10):
        stage.passes(day(21, hour))
    assert last(stage, "karin@klant.example") is MessageState.DEAD
    assert server.lines()[stage.team.owner.email] == ["1 mail failed"]
    assert server.asked_for("karin@klant.example") == 1
