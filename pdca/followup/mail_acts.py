"""The one thing asked, done from the mail: carried out, a new date, need help; accept a handover or give it back.

The link speaks for the person it was mailed to, for one duty, while that duty is open. Opening it changes nothing;
what is posted goes through the same operations as everywhere else, under that person's own rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.followup.lines import Line
from pdca.followup.models import Duty, DutyState
from pdca.followup.terms import DutyKind
from pdca.items import decisions, handovers, promises
from pdca.items.answers import Answers, CarriedOutAnswer
from pdca.items.facts import Facts
from pdca.items.models import Handover, Item
from pdca.items.moves import move
from pdca.items.queries import facts_of, item_for
from pdca.items.terms import HandoverState, Phase
from pdca.mail.links import find_link
from pdca.mail.models import Link, Message
from pdca.mail.rendering import link_url
from pdca.people.models import Person

PURPOSE = "act"
WORKS_FOR = timedelta(days=14)
# A mail of more lines than this is read on My list.
LINKS = 20
POSTS = 20
DONE_AS_PLANNED = N_("Done as planned.")
CHOOSE_A_DAY = N_("Choose a date.")


class Can(StrEnum):
    """What can be said from the mail."""

    DONE = "done"
    NEW_DATE = "new-date"
    HELP = "help"
    ACCEPT = "accept"
    REFUSE = "refuse"


WAYS = {DutyKind.PROMISE: (Can.DONE, Can.NEW_DATE, Can.HELP), DutyKind.HANDOVER: (Can.ACCEPT, Can.REFUSE)}


# --- in the mail -----------------------------------------------------------------------------------------


def links_for(message: Message, lines: list[Line], person_id: int, at: datetime) -> dict[int, str]:
    """The address behind each line that can be answered from the mail, by the duty's id."""
    mine = [line for line in lines if line.is_own and line.kind in WAYS][:LINKS]
    return {
        line.duty_id: link_url(
            message, PURPOSE, line.duty_id, "/act/{token}", at=at, expires_at=at + WORKS_FOR, person_id=person_id
        )
        for line in mine
    }


# --- behind the link -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """What an open link may do."""

    link: Link
    duty: Duty
    person: Person
    item: Item
    facts: Facts

    @property
    def at(self) -> datetime:
        """Now."""
        return self.facts.at

    @property
    def ways(self) -> tuple[Can, ...]:
        """What can be said; nothing once the duty is settled."""
        return WAYS.get(DutyKind(self.duty.kind), ()) if self.duty.state is DutyState.OPEN else ()

    @property
    def handover(self) -> Handover | None:
        """The handover that waits."""
        return next((h for h in self.item.handovers if h.state is HandoverState.OPEN), None)

    @property
    def days(self) -> tuple[date, ...]:
        """New dates to tap: one, two and four weeks from today, on working days."""
        return tuple(self.facts.calendar.next_working(self.facts.today + timedelta(weeks=n)) for n in (1, 2, 4))


def act_behind(token: str, at: datetime) -> Act | None:
    """The duty behind a token; None when the link is unknown or expired, or its person no longer has a part in it."""
    link = find_link(token, PURPOSE, at)
    if link is None or link.person_id is None:
        return None
    duty, person = db.session.get(Duty, link.subject_id), db.session.get(Person, link.person_id)
    if duty is None or person is None or not person.is_active:
        return None
    item = item_for(person, duty.subject_id)
    return Act(link, duty, person, item, facts_of(item, at))


@dataclass(frozen=True)
class Said:
    """What was typed: a text and, for a new date, the day."""

    text: str = ""
    day: date | None = None


def do(act: Act, can: Can, said: Said) -> None:
    """Do what was said; raises what the operations raise."""
    if can not in act.ways:
        raise Invalid([FieldError("way", N_("This has been settled already."))])
    _DO[can](act, said)


def _done(act: Act, said: Said) -> None:
    carried_out = CarriedOutAnswer(act.facts.today, said.text.strip() or DONE_AS_PLANNED)
    move(act.item, Phase.CHECK, by=act.person, at=act.at, answers=Answers(carried_out=carried_out))


def _new_date(act: Act, said: Said) -> None:
    if said.day is None:
        raise Invalid([FieldError("day", CHOOSE_A_DAY)])
    promises.change_date(act.item, due_on=said.day, reason=said.text, by=act.person, at=act.at)


def _help(act: Act, said: Said) -> None:
    decisions.ask_help(act.item, said.text, by=act.person, at=act.at)


def _accept(act: Act, said: Said) -> None:
    assert act.handover is not None
    handovers.accept(act.handover, said.text, by=act.person, at=act.at)


def _refuse(act: Act, said: Said) -> None:
    assert act.handover is not None
    handovers.decline(act.handover, said.text, by=act.person, at=act.at)


_DO = {Can.DONE: _done, Can.NEW_DATE: _new_date, Can.HELP: _help, Can.ACCEPT: _accept, Can.REFUSE: _refuse}
