"""Who may do what to an item: predicates, and the one place that turns a "no" into a refusal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from pdca import clock
from pdca.db import db
from pdca.errors import N_, Missing, NotAllowed
from pdca.items.facts import Facts
from pdca.items.frozen import Act, frozen_message, frozen_refuses
from pdca.items.lifecycle import Step, Who
from pdca.items.models import Item
from pdca.items.terms import Kind, Phase
from pdca.people.models import Absence, Person, Role
from pdca.people.queries import decides_alone, role_in, who_decides

KEEPERS = (Role.BOARD_KEEPER, Role.LEADER)
MEMBERS = (Role.MEMBER, *KEEPERS)

WHO_MESSAGE = {
    Who.DECIDER: N_("Only the board keeper or a leader decides on this; a member may take up a quick win."),
    Who.KEEPER: N_("Only the board keeper or a leader may do this."),
    Who.OWNER: N_("Only the owner, or the board keeper on their behalf, may do this."),
    Who.OWNER_ALONE: N_("Only the owner may do this."),
    Who.ENDER: N_("Only a leader may stop this; the board keeper may stop a quick win."),
    Who.MEMBER: N_("Only members of this team may do this."),
}
ENDED_MESSAGE = N_("This item has ended; reopen it first.")
SOMEBODY_ELSE_MESSAGE = N_("Somebody other than the owner decides this: a leader, or who stands in for one.")


def role_on(person: Person, item: Item) -> Role | None:
    """The person's role in the item's team."""
    return role_in(person, item.team_id)


def is_member(person: Person, item: Item) -> bool:
    """Whether the person works on this board (a viewer only looks)."""
    return role_on(person, item) in MEMBERS


def is_keeper(person: Person, item: Item) -> bool:
    """Board keeper or leader of the item's team."""
    return role_on(person, item) in KEEPERS


def is_owner_side(person: Person, item: Item, at: datetime) -> bool:
    """The owner, the caretaker, or their deputy on a day of absence."""
    responsible = item.responsible_id
    if responsible is None:
        return False
    return person.id == responsible or stands_in_for(person, responsible, clock.today(item.team.timezone, at))


def stands_in_for(person: Person, absent_id: int, day: object) -> bool:
    """Whether `person` is the deputy of somebody who is absent on this day."""
    return (
        db.session.scalar(
            select(Absence.id)
            .join(Person, Person.id == Absence.person_id)
            .where(
                Person.id == absent_id,
                Person.deputy_id == person.id,
                Absence.from_on <= day,
                Absence.until_on >= day,
            )
            .limit(1)
        )
        is not None
    )


def may_step(person: Person, item: Item, who: Who, facts: Facts) -> bool:
    """Whether this person may take a step of the life-cycle table."""
    role = role_on(person, item)
    if who is Who.DECIDER:
        takes_up_alone = item.kind is not Kind.IMPROVEMENT and bool(facts.settings.member_may_take_up)
        return role in KEEPERS or (role is Role.MEMBER and takes_up_alone)
    if who is Who.KEEPER:
        return role in KEEPERS
    if who is Who.ENDER:
        return role is Role.LEADER or (role is Role.BOARD_KEEPER and item.kind is not Kind.IMPROVEMENT)
    if who is Who.MEMBER:
        return role in MEMBERS
    return (
        is_owner_side(person, item, facts.at)
        or (role is Role.BOARD_KEEPER and who is Who.OWNER)
        or (item.owner_id is None and role in MEMBERS)
    )


def may_edit(person: Person, item: Item, at: datetime) -> bool:
    """Texts may be changed by every member while nobody owns it, later by the owner, the board keeper and leaders."""
    if item.phase is Phase.NEW or item.owner_id is None:
        return is_member(person, item)
    return is_owner_side(person, item, at) or is_keeper(person, item)


def deciders(item: Item, at: datetime) -> list[Person]:
    """Who decides where the rules want a leader who is not the owner (R17), first in line first."""
    return who_decides(item.team_id, not_person_id=item.responsible_id, at=at)


def may_decide(person: Person, item: Item, at: datetime) -> bool:
    """Whether this person may waive, approve and judge in the owner's place."""
    return person.id in {p.id for p in deciders(item, at)}


def somebody_else(item: Item, by: Person, at: datetime, *, message: str, name: str) -> bool:
    """Refuse the owner where the rules want somebody else; tells whether nobody else is there and it is done alone."""
    if not is_owner_side(by, item, at) and by.id != item.owner_id:
        return False
    if not decides_alone(deciders(item, at), item.responsible_id):
        raise refuse(message, rule="R11", field="answer", name=name)
    return True


def refuse(message: str, *, rule: str = "role", field: str = "", name: str = "", **params: object) -> NotAllowed:
    """A refusal with one reason."""
    return NotAllowed([Missing(rule=rule, field=field, message=message, name=name or rule, params=params)])


def guard(facts: Facts, act: Act) -> None:
    """Refuse what an ended item or a frozen card does not accept (R8)."""
    if not facts.is_open and act not in (
        Act.COMMENT,
        Act.FILE,
        Act.FOLLOW,
        Act.LINK,
        Act.LABEL,
        Act.MOVE,
        Act.TAKE_BACK,
        Act.TELL,
        Act.CUSTOMER,
    ):
        raise refuse(ENDED_MESSAGE, rule="phase", name="ended")
    if frozen_refuses(facts, act):
        raise frozen(facts)


def frozen(facts: Facts) -> NotAllowed:
    """The refusal of a frozen card (R8)."""
    return refuse(frozen_message(facts), rule="R8", field="frozen", name="frozen")


def require_member(person: Person, item: Item) -> None:
    """Only members, keepers and leaders work on a board."""
    if not is_member(person, item):
        raise refuse(WHO_MESSAGE[Who.MEMBER])


def require_owner(person: Person, item: Item, facts: Facts) -> int | None:
    """Refuse who is neither the owner's side nor the board keeper; gives who it is done on behalf of."""
    if not may_step(person, item, Who.OWNER, facts):
        raise refuse(WHO_MESSAGE[Who.OWNER])
    return on_behalf_of(person, item)


def require_step(by: Person, item: Item, step: Step, facts: Facts) -> None:
    """Refuse who may not take this step; for taking up, in the words of R27."""
    if may_step(by, item, step.who, facts):
        return
    if step.name == "take_up" and role_on(by, item) is not None:
        # R27 by name: what is missing is the decision of somebody who may decide.
        raise NotAllowed([Missing("R27", "decision", WHO_MESSAGE[Who.DECIDER], "decision")])
    raise refuse(WHO_MESSAGE[step.who])


def on_behalf_of(person: Person, item: Item) -> int | None:
    """The owner, when somebody else acts for them (recorded in the journal)."""
    return None if person.id == item.responsible_id else item.responsible_id
