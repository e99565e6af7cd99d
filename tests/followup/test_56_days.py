"""The promise of the follow-up, day by day: `pdca followup --once` on 56 consecutive days, against a table by hand.

Nothing in the table is computed. It was written from the table of duties and the ladder, with a calendar beside it:

- Burgerzaken works in Amsterdam; Good Friday (3 April) and Easter Monday (6 April) are free.
- Nora lives in New York and reads mail from 08:00. The pass runs at 12:30 UTC: 13:30 in Amsterdam, and until
  8 March 07:30 in New York, so her first mail is that of Monday 9 March, when summer time has begun there.
- Omar is away from 16 to 20 March; Mila stands in for him.
- Bo never works on Fridays: what Friday 27 February brought he reads on Monday 2 March.
- Leyla leads, Stef is the sponsor above her.

The items, by their number:

1  quick win of Omar, promised for Thu 19 March; on 25 March he gives a new date, 1 April; carried out 31 March.
2  quick win of Omar for Piet Otten, carried out Mon 2 March; asked on 16 March and, for the second check, on 13 April.
   Piet never answers, and Omar never calls.
3  improvement action of Nora, taken up on Fri 27 February and never planned.
4  written down by Mila on Mon 9 March; nobody decides until Bo declines it on 21 April.
5  quick win that Mila starts on Mon 16 March, promised for Fri 24 April; handed over to Nora on Thu 2 April, who
   accepts on 16 April.
6  quick win that Nora takes up and starts on Wed 8 April.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask

from pdca.db import db
from pdca.items import checks, decisions, handovers, promises, talk
from pdca.items.answers import Answers, CarriedOutAnswer, CustomerAnswer, LessonAnswer, LookalikeAnswer
from pdca.items.capture import capture
from pdca.items.checks import CheckAnswer
from pdca.items.handovers import Note
from pdca.items.models import Decision, Item
from pdca.items.moves import move
from pdca.items.terms import CustomerType, HandoverState, Kind, LookalikeChoice, Phase, Solved
from pdca.people.models import Absence, Person, Role
from tests.factories import a_member, a_person, a_sponsor, a_team
from tests.followup.conftest import Pass
from tests.followup.post import Mailbox

FIRST, LAST = date(2026, 3, 2), date(2026, 4, 26)
PASS = time(12, 30, tzinfo=UTC)

# Every line: the day · to whom · what the mail says, "overview" when it is the leader's weekly one.
WRITTEN_BY_HAND = """
Mon  2 Mar · Leyla · overview
Mon  2 Mar · Bo    · 1 taken up + promised, 2 taken up + promised
Mon  9 Mar · Leyla · overview
Mon  9 Mar · Nora  · 1 promised, 2 promised
Mon 16 Mar · Leyla · overview, 5 promised
Mon 16 Mar · Nora  · 3 plan, 5 promised
Mon 16 Mar · Bo    · 4 decide, 5 taken up + promised
Mon 16 Mar · Piet  · Did it help?
Tue 17 Mar · Mila  · 1 promise comes
Wed 18 Mar · Nora  · 3 plan
Wed 18 Mar · Bo    · 3 plan
Fri 20 Mar · Mila  · 1 promise passed
Mon 23 Mar · Leyla · overview, 4 decide
Mon 23 Mar · Omar  · 5 promised
Mon 23 Mar · Piet  · One more time: did it help?
Tue 24 Mar · Omar  · 1 promise passed
Tue 24 Mar · Bo    · 1 promise passed
Wed 25 Mar · Omar  · 2 call
Wed 25 Mar · Karin · A new date: 1 April
Fri 27 Mar · Omar  · 2 call
Fri 27 Mar · Nora  · 3 plan
Fri 27 Mar · Leyla · 3 decide how it goes on
Mon 30 Mar · Leyla · overview
Mon 30 Mar · Bo    · 3 plan
Mon 30 Mar · Nora  · 3 decided
Mon 30 Mar · Omar  · 1 promise comes
Tue 31 Mar · Omar  · 2 aftercare late
Thu  2 Apr · Omar  · 2 aftercare late
Thu  2 Apr · Bo    · 2 aftercare late
Thu  2 Apr · Nora  · 5 handover
Tue  7 Apr · Leyla · overview
Wed  8 Apr · Omar  · 6 promised
Wed  8 Apr · Mila  · 6 promised
Wed  8 Apr · Bo    · 6 taken up + promised
Wed  8 Apr · Leyla · 6 promised
Fri 10 Apr · Nora  · 5 handover
Mon 13 Apr · Leyla · overview
Mon 13 Apr · Bo    · 5 handover waits
Mon 13 Apr · Mila  · 5 mention
Mon 13 Apr · Piet  · Did it help?
Tue 14 Apr · Karin · Did it help?
Wed 15 Apr · Leyla · 4 decide, 5 handover waits, 2 decide how it goes on
Wed 15 Apr · Omar  · 2 aftercare late
Wed 15 Apr · Bo    · 4 decide, 2 aftercare late
Wed 15 Apr · Stef  · 4 decide
Thu 16 Apr · Mila  · 5 taken over
Mon 20 Apr · Leyla · overview
Mon 20 Apr · Stef  · overview
Mon 20 Apr · Piet  · One more time: did it help?
Tue 21 Apr · Karin · One more time: did it help?
Tue 21 Apr · Mila  · 4 declined
Wed 22 Apr · Omar  · 2 call, 1 answered
Wed 22 Apr · Leyla · 2 decide how it goes on
Wed 22 Apr · Nora  · 5 promise comes
Thu 23 Apr · Omar  · 1 verdict
Fri 24 Apr · Omar  · 2 call
"""


@dataclass
class Cast:
    """Who plays, and the items by number."""

    omar: Person
    mila: Person
    nora: Person
    bo: Person
    leyla: Person
    stef: Person
    team_id: int

    def item(self, number: int) -> Item:
        """The item with this number."""
        return db.session.query(Item).filter_by(team_id=self.team_id, number=number).one()


def at(day: date, hour: int = 9) -> datetime:
    """An hour of a day, UTC."""
    return datetime.combine(day, time(hour, tzinfo=UTC))


def taken_up(customer: CustomerAnswer, **given: object) -> Answers:
    """What taking something up asks."""
    return Answers(
        problem="Ik sta te lang in de rij.",
        noticeable="U bent sneller aan de beurt.",
        customer=customer,
        lookalikes=LookalikeAnswer(LookalikeChoice.DIFFERENT),
        **given,  # type: ignore[typeddict-item]
    )


KARIN = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", "karin@klant.example", locale="en")
PIET = CustomerAnswer(CustomerType.EXTERNAL, "Piet Otten", "piet@klant.example", locale="en")


def prepare() -> Cast:
    """Friday 27 February: four items are there already; what that causes is mailed the same day."""
    team = a_team("Burgerzaken")
    english = {"locale": "en"}
    cast = Cast(
        omar=a_member(team, name="Omar Bakker", email="omar@example.org", **english),
        mila=a_member(team, name="Mila Jansen", email="mila@example.org", **english),
        nora=a_member(
            team,
            name="Nora Hughes",
            email="nora@example.org",
            timezone="America/New_York",
            mail_from=time(8),
            **english,
        ),
        bo=a_member(team, Role.BOARD_KEEPER, name="Bo Kuipers", email="bo@example.org", days_off="5", **english),
        leyla=a_member(team, Role.LEADER, name="Leyla Demir", email="leyla@example.org", **english),
        stef=a_sponsor(team, a_person("Stef Peeters", email="stef@example.org", **english)),
        team_id=team.id,
    )
    cast.omar.deputy_id = cast.mila.id
    db.session.add(Absence(person_id=cast.omar.id, from_on=date(2026, 3, 16), until_on=date(2026, 3, 20)))
    friday = at(date(2026, 2, 27), 8)
    started("Tussenbericht sturen", cast.omar, KARIN, date(2026, 3, 19), friday)
    started("Formulier in gewone taal", cast.omar, PIET, date(2026, 3, 5), friday)
    return cast


def give_action(cast: Cast) -> None:
    """Leyla takes an action up for Nora, who accepts it the same morning."""
    friday = at(date(2026, 2, 27), 8)
    team = cast.leyla.memberships[0].team
    action = capture(team, "Wachttijd zichtbaar maken", by=cast.leyla, at=friday, answers={"kind": Kind.IMPROVEMENT})
    move(action, Phase.PLAN, by=cast.leyla, at=friday, answers=taken_up(KARIN, owner_id=cast.nora.id))
    db.session.commit()
    handovers.accept(action.handovers[-1], "Ik neem dit over en spreek Karin.", by=cast.nora, at=friday)


def started(title: str, owner: Person, customer: CustomerAnswer, due_on: date, moment: datetime) -> Item:
    """A quick win that its owner wrote down, took up and promised."""
    item = capture(owner.memberships[0].team, title, by=owner, at=moment, answers={"kind": Kind.QUICK_WIN})
    move(item, Phase.PLAN, by=owner, at=moment, answers=taken_up(customer))
    move(item, Phase.DO, by=owner, at=moment, answers=Answers(due_on=due_on))
    return item


# --- what people do --------------------------------------------------------------------------------------


def carry_out(cast: Cast, number: int, moment: datetime) -> None:
    """Omar did it."""
    done = Answers(carried_out=CarriedOutAnswer(moment.date(), "Zo gedaan."))
    move(cast.item(number), Phase.CHECK, by=cast.omar, at=moment, answers=done)


def write_down(cast: Cast, moment: datetime) -> None:
    """Mila writes item 4 down."""
    capture(cast.mila.memberships[0].team, "Balie is slecht te vinden", by=cast.mila, at=moment)


def start_bench(cast: Cast, moment: datetime) -> None:
    """Mila promises item 5."""
    started("Bankje bij de ingang", cast.mila, KARIN, date(2026, 4, 24), moment)


def give_new_date(cast: Cast, moment: datetime) -> None:
    """Omar agrees a new date for item 1, and Karin hears of it."""
    reason = "De drukker levert later."
    promises.change_date(cast.item(1), due_on=date(2026, 4, 1), reason=reason, by=cast.omar, at=moment)


def decide(cast: Cast, moment: datetime) -> None:
    """Leyla decides on the escalation of item 3."""
    (decision,) = db.session.query(Decision).filter_by(item_id=cast.item(3).id)
    decisions.decide(decision, True, "Plan het in april.", by=cast.leyla, at=moment)


def hand_over(cast: Cast, moment: datetime) -> None:
    """Mila hands item 5 over to Nora."""
    note = Note("Maten genomen.", "Bestellen.", "Karin: 24 april.", "De vloer is schuin.")
    handovers.hand_over(cast.item(5), cast.nora.id, note, by=cast.mila, at=moment)


def take_up_and_start(cast: Cast, moment: datetime) -> None:
    """Nora takes item 6 up herself and starts it."""
    started("Nummerautomaat naast de deur", cast.nora, KARIN, date(2026, 5, 1), moment)


def mention(cast: Cast, moment: datetime) -> None:
    """Omar asks Mila something, on a Saturday."""
    talk.comment(cast.item(5), "@Mila waar komt het bankje?", by=cast.omar, at=moment)


def accept(cast: Cast, moment: datetime) -> None:
    """Nora accepts."""
    (handover,) = [h for h in cast.item(5).handovers if h.state is HandoverState.OPEN]
    handovers.accept(handover, "Ik bestel het en bel Karin.", by=cast.nora, at=moment)


def decline(cast: Cast, moment: datetime) -> None:
    """Bo declines item 4."""
    why = Answers(reason="De balie verhuist in mei.", lesson=LessonAnswer("—"))
    move(cast.item(4), Phase.DECLINED, by=cast.bo, at=moment, answers=why)


def answer(cast: Cast, moment: datetime) -> None:
    """Karin answers through her link."""
    item = cast.item(1)
    check = next(c for c in item.checks if c.number == 1)
    checks.answer_by_link(check, item.contacts[0], CheckAnswer(Solved.YES, 8), at=moment)


ACTS: dict[date, list[Callable[[Cast, datetime], None]]] = {
    date(2026, 3, 2): [lambda cast, moment: carry_out(cast, 2, moment)],
    date(2026, 3, 9): [write_down],
    date(2026, 3, 16): [start_bench],
    date(2026, 3, 25): [give_new_date],
    date(2026, 3, 30): [decide],
    date(2026, 3, 31): [lambda cast, moment: carry_out(cast, 1, moment)],
    date(2026, 4, 2): [hand_over],
    date(2026, 4, 8): [take_up_and_start],
    date(2026, 4, 11): [mention],
    date(2026, 4, 16): [accept],
    date(2026, 4, 21): [decline],
    date(2026, 4, 22): [answer],
}


# --- the test --------------------------------------------------------------------------------------------

CUSTOMERS = ("karin@klant.example", "piet@klant.example")


def day_line(day: date, to: str, lines: list[str]) -> str:
    """As it stands in the table."""
    name = to.partition("@")[0].capitalize()
    return f"{day.strftime('%a')} {day.day:2} {day.strftime('%b')} · {name:5} · {', '.join(lines)}"


@pytest.fixture
def cast(app: Flask, run_once: Pass, mailbox: Mailbox) -> Cast:
    """The team and its items, with the mails of that Friday out of the way."""
    with app.app_context(), db.writing():
        made = prepare()
        give_action(made)
        db.session.commit()
        for person in (p for p in vars(made).values() if isinstance(p, Person)):
            db.session.refresh(person)
        db.session.expunge_all()
    run_once(datetime.combine(date(2026, 2, 27), PASS))
    mailbox.new()
    return made


def test_56_days(app: Flask, cast: Cast, run_once: Pass, mailbox: Mailbox):
    """None missing, none twice, none on a free day, one per person per day."""
    arrived: list[str] = []
    day = FIRST
    while day <= LAST:
        _act(app, cast, day)
        run_once(datetime.combine(day, PASS))
        for mail in mailbox.new():
            to_customer = mail.to in CUSTOMERS
            arrived.append(day_line(day, mail.to, [mail.subject.partition(" · ")[0]] if to_customer else mail.lines))
        day += timedelta(days=1)
    wanted, got = Counter(WRITTEN_BY_HAND.strip().splitlines()), Counter(arrived)
    assert {"missing": sorted(wanted - got), "not wanted": sorted(got - wanted)} == {"missing": [], "not wanted": []}


def _act(app: Flask, cast: Cast, day: date) -> None:
    for do in ACTS.get(day, []):
        with app.app_context(), db.writing():
            people = {n: db.session.get_one(Person, p.id) for n, p in vars(cast).items() if isinstance(p, Person)}
            do(Cast(**people, team_id=cast.team_id), at(day))
            db.session.commit()
