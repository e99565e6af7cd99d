"""Years of team life in many zones: what reached the mailboxes, beside what the oracle says must have.

People act at moments of their own, the follow-up passes three times a day, and every mail is a real file that is read
and thrown away. Time passes by handing each pass its moment. All choices come from one seed.
"""

from __future__ import annotations

import heapq
import logging
import random
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask

from pdca.db import db
from pdca.followup import invariants
from pdca.followup.jobs import followup_once
from pdca.items import checks, decisions, handovers, telling
from pdca.items.answers import (
    AgreedAnswer,
    Answers,
    CallAnswer,
    CarriedOutAnswer,
    CustomerAnswer,
    LessonAnswer,
    LookalikeAnswer,
    PredictionAnswer,
    StandardAnswer,
    ToldAnswer,
    VerdictAnswer,
)
from pdca.items.checks import CheckAnswer
from pdca.items.edit import edit
from pdca.items.handovers import note_from
from pdca.items.models import Decision, Item
from pdca.items.moves import move
from pdca.items.promises import change_date
from pdca.items.terms import (
    CallVerdict,
    CustomerType,
    DecisionKind,
    DecisionState,
    HandoverState,
    Importance,
    Kind,
    LookalikeChoice,
    Phase,
    PredictionResult,
    Solved,
    ToldHow,
    Verdict,
)
from pdca.items.verdicts import give_verdict
from pdca.items.work import wait_no_longer, wait_on
from pdca.people.models import Absence, Person, Role, Team, TeamSetting
from tests.conftest import build, settings_for
from tests.factories import a_member, a_person, a_sponsor, a_team
from tests.followup.post import Mail
from tests.simulation import pieces
from tests.simulation.figures import Bench, Figure
from tests.simulation.oracle import Board, Life, Line, Oracle, Who, local
from tests.stories import Crew, Story, new, planned_with

ZONES = (
    "Europe/Amsterdam", "Europe/London", "Europe/Lisbon", "Europe/Athens", "Europe/Moscow", "Africa/Casablanca",
    "Africa/Cairo", "Africa/Lagos", "America/Sao_Paulo", "America/St_Johns", "America/New_York", "America/Havana",
    "America/Santiago", "America/Los_Angeles", "America/Nuuk", "America/Asuncion", "Atlantic/Azores", "Asia/Kathmandu",
    "Asia/Tehran", "Asia/Kolkata", "Asia/Jerusalem", "Asia/Beirut", "Asia/Tokyo", "Australia/Lord_Howe",
    "Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Honolulu",
)  # fmt: skip
HOME = "Europe/Amsterdam"
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, ITEMS, WORLDS, SEED = 5 * 365 + 1, 200, 2, 20261
# Every mail window is twelve hours wide: three passes a day meet each of them. Saturday's first meets Friday in
# Honolulu, Sunday's last meets Monday in Kiritimati.
PASS_HOURS = (1, 9, 17)
FRIDAY_STILL, MONDAY_ALREADY = (1,), (17,)
# Minutes at which no zone of the world opens or closes a window.
PASS_MINUTES = (5, 10, 20, 25, 35, 40, 50, 55)
# What the lines of a mail are about; the words themselves are tested elsewhere. What is not here is news.
ABOUT = {
    "decide": "decide", "plan": "plan", "start": "start", "promise comes": "promise", "promise passed": "promise",
    "handover": "handover", "handover waits": "handover", "decide how it goes on": "decision",
    "aftercare comes": "aftercare", "call": "aftercare", "call again": "aftercare", "aftercare late": "aftercare",
    "judge": "judge", "help": "help", "tell what happens next": "tell next", "say why": "next round",
    "close": "close", "review": "review", "waiting ends": "waiting", "call during the work": "call during",
}  # fmt: skip
ASKED = {"Did it help?": "aftercare", "One more time: did it help?": "aftercare", "Did it stay away?": "recurrence"}
NUMBERED = re.compile(r"^(\d+) (.+)$")


# --- the stage -----------------------------------------------------------------------------------------------


@dataclass
class Cast:
    """A team as the program knows it (ids) and as the oracle knows it."""

    team_id: int
    board: Board
    # Two members, who stand in for each other.
    members: tuple[tuple[int, Who], tuple[int, Who]]
    keeper_id: int
    leader_id: int
    sponsor_id: int

    def crew(self, owner: int) -> Crew:
        """The people, in the session that is open."""
        mine, other = self.members[owner][0], self.members[1 - owner][0]
        who = {"owner": mine, "member": other, "keeper": self.keeper_id, "leader": self.leader_id}
        rest = {"viewer": other, "sponsor": self.sponsor_id, "administrator": self.leader_id, "outsider": other}
        people = {name: db.session.get_one(Person, ident) for name, ident in (who | rest).items()}
        return Crew(team=db.session.get_one(Team, self.team_id), **people)


class Stage:
    """Thirty teams over the world, with leaders and sponsors above several of them."""

    def __init__(self, rng: random.Random, days: int, zones: tuple[str, ...]) -> None:
        self.rng, self.days = rng, days
        self.leaders = [self._person(f"Leader {n}", rng.choice(zones)) for n in range(max(1, len(zones) // 10))]
        self.sponsors = [self._person(f"Sponsor {n}", rng.choice(zones)) for n in range(max(1, len(zones) // 15))]
        self.casts = [self._cast(n, zone) for n, zone in enumerate(zones)]

    def _person(self, name: str, zone: str, days_off: str = "") -> tuple[Person, Who]:
        row = a_person(
            name, locale="en", timezone=zone, days_off=days_off, email=f"{name.lower().replace(' ', '.')}@x.example"
        )
        return row, Who(row.email, zone, frozenset(int(d) for d in days_off.split(",") if d))

    def _cast(self, n: int, zone: str) -> Cast:
        country = "BE" if n % 5 == 4 else "NL"
        team = a_team(f"Team {zone}", timezone=zone, country=country, next_number=1000 * (n + 1))
        for name in ("wip_owner", "wip_do", "wip_check"):
            db.session.add(TeamSetting(team_id=team.id, name=name, value="50"))
        leader, above = self.rng.choice(self.leaders), self.rng.choice(self.sponsors)
        # One in four lives elsewhere than their team.
        places = [self.rng.choice(ZONES) if self.rng.random() < 0.25 else zone for _ in range(3)]
        people = [
            self._person(f"{part} {n}", place, self.rng.choice(("", "", "3", "5")))
            for part, place in zip(("Owner", "Member", "Keeper"), places, strict=True)
        ]
        for (row, _), role in zip([*people, leader], [Role.MEMBER] * 2 + [Role.BOARD_KEEPER, Role.LEADER], strict=True):
            a_member(team, role, row)
        a_sponsor(team, above[0])
        for _, who in (*people, leader, above):
            who.countries.add(country)
        self._stand_in(people[0], people[1])
        self._stand_in(people[1], people[0])
        self._stand_in(people[2], leader)
        for person in people:
            self._absences(*person)
        board = Board(zone, country, people[2][1], leader[1], above[1])
        members = ((people[0][0].id, people[0][1]), (people[1][0].id, people[1][1]))
        return Cast(team.id, board, members, people[2][0].id, leader[0].id, above[0].id)

    @staticmethod
    def _stand_in(person: tuple[Person, Who], deputy: tuple[Person, Who]) -> None:
        person[0].deputy_id, person[1].deputy = deputy[0].id, deputy[1]

    def _absences(self, row: Person, who: Who) -> None:
        """Two or three a year, of a day or of weeks."""
        day = FIRST.date() + timedelta(days=self.rng.randint(10, 150))
        while day < FIRST.date() + timedelta(days=self.days):
            until = day + timedelta(days=self.rng.choice((0, 1, 6, 13, 20)))
            db.session.add(Absence(person_id=row.id, from_on=day, until_on=until))
            who.absences.append((day, until))
            day = until + timedelta(days=self.rng.randint(60, 220))


# --- the life of one item --------------------------------------------------------------------------------------


def days(*choices: float) -> tuple[float, ...]:
    """So many days until the next act."""
    return choices


Waits = Iterator[tuple[float, ...]]


@dataclass
class Script:
    """What people do with one item, each act in a unit of work of its own, and told to the oracle as well."""

    cast: Cast
    life: Life
    rng: random.Random
    title: str
    at: datetime = FIRST
    item_id: int = 0
    # Which of the two members owns it.
    mine: int = 0

    @property
    def item(self) -> Item:
        """The item, in the session that is open."""
        return db.session.get_one(Item, self.item_id)

    @property
    def story(self) -> Story:
        """The verbs of the stories, at this moment."""
        line = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", self.life.customer, locale="en")
        story = Story(self.cast.crew(self.mine), self.item, self.at)
        story.answers = Answers(customer=line, lookalikes=LookalikeAnswer(LookalikeChoice.DIFFERENT))
        return story

    @property
    def today(self) -> date:
        """The team's day."""
        return self.life.board.day(self.at)

    @property
    def is_frozen(self) -> bool:
        """The promised date passed: only "done", a new date and help are open."""
        return self.life.promised is not None and self.life.promised < self.today

    def chance(self, part: float) -> bool:
        """The dice."""
        return self.rng.random() < part

    def acts(self) -> Waits:
        """From the first line to the last question; `yield` is time that passes."""
        self._capture()
        yield days(1, 3, 6, 12, 40)
        if self.chance(0.2):
            yield from self._parked()
        if self.chance(0.06):
            self._decline()
            return
        yield from self._take_up()
        for _ in range(2):
            yield from self._plan_and_do()
            yield from self._follow_up()
            if self.life.phase in ("closed", "ended"):
                break

    # --- New and Plan ----------------------------------------------------------------------------------------

    def _capture(self) -> None:
        kind = Kind.IMPROVEMENT if self.life.kind == "action" else Kind.QUICK_WIN
        importance = Importance.HIGH if self.life.is_important else Importance.NORMAL
        story = new(self.cast.crew(self.mine), kind, at=self.at, title=self.title, importance=importance)
        db.session.flush()
        self.item_id, self.life.number = story.item.id, story.item.number
        self.life.captured(self.at)

    def _parked(self) -> Waits:
        review = self.today + timedelta(days=self.rng.choice((10, 30, 60)))
        keeper = self.story.crew.keeper
        move(self.item, Phase.PARKED, by=keeper, at=self.at, answers=Answers(review_on=review, reason="Later."))
        self.life.parked(self.at, review)
        yield days(8, 45, 90)
        move(self.item, Phase.NEW, by=self.story.crew.keeper, at=self.at)
        self.life.resumed(self.at)
        yield days(2, 9)

    def _decline(self) -> None:
        move(self.item, Phase.DECLINED, by=self.story.crew.keeper, at=self.at, answers=Answers(reason="Not ours."))
        self.life.ended()

    def _take_up(self) -> Waits:
        story, owner = self.story, self.cast.members[self.mine][1]
        if self.life.kind == "quick win":
            story.take_up()
            self.life.taken_up(self.at, owner)
            yield days(2, 12, 25)
            return
        given = Answers(
            problem="It takes too long.", noticeable="You are helped at once.", customer=story.answers["customer"],
            lookalikes=story.answers["lookalikes"], owner_id=story.owner.id,
        )  # fmt: skip
        move(self.item, Phase.PLAN, by=story.crew.leader, at=self.at, answers=given)
        self.life.taken_up(self.at, self.life.board.leader)
        self.life.handed_over(self.at, owner)
        yield days(0.1, 3, 6, 11)
        self._accept(self.mine)
        yield days(2, 12)

    def _accept(self, who: int) -> None:
        open_one = next(h for h in self.item.handovers if h.state is HandoverState.OPEN)
        receiver = db.session.get_one(Person, self.cast.members[who][0])
        handovers.accept(open_one, "I take it over and call them.", by=receiver, at=self.at)
        self.life.accepted(self.cast.members[who][1])

    def _plan_and_do(self) -> Waits:
        length = self.rng.choice((10, 21, 40))
        if self.life.kind == "quick win" and self.chance(0.3):
            due_on = self.today + timedelta(days=41)
            agreed = AgreedAnswer("the team", self.today, "standing")
            edit(self.item, Answers(due_on=due_on, agreed=agreed), by=self.story.owner, at=self.at)
            self.life.planned(self.at)
            yield days(3, 9, 20)
        promised = self.today + timedelta(days=length)
        story = self.story
        story.answers = Answers(due_on=promised)
        story.start()
        self.life.started(self.at, promised)
        yield days(2, 5)
        yield from self._in_do()
        self._finish()

    # --- Do ----------------------------------------------------------------------------------------------------

    def _in_do(self) -> Waits:
        if self.chance(0.25) and not self.is_frozen:
            until = self.today + timedelta(days=self.rng.choice((3, 8)))
            wait_on(self.item, "the printer", until, by=self.story.owner, at=self.at)
            self.life.waits(self.at, until)
            yield days(2, 14)
            if not self.is_frozen:
                wait_no_longer(self.item, by=self.story.owner, at=self.at)
                self.life.waits_no_longer()
            yield days(1)
        if self.chance(0.2):
            yield from self._help()
        if self.chance(0.3):
            yield from self._handover()
        if self.chance(0.5):
            yield days(1, 10, 25, 40)
            self._new_date()
        if self.chance(0.15):
            # Nobody looks at it for months: the whole ladder.
            yield days(60, 120)
            self._decide()
        yield days(2, 7, 20, 30)

    def _help(self) -> Waits:
        decisions.ask_help(self.item, "Who knows the printer?", by=self.story.owner, at=self.at)
        self.life.asks_help(self.at)
        yield days(1, 6, 12, 30)
        row = db.session.query(Decision).filter_by(
            item_id=self.item_id, kind=DecisionKind.HELP, state=DecisionState.OPEN
        )
        decisions.decide(row.one(), True, "Ask Pim.", by=self.story.crew.keeper, at=self.at)
        self.life.helped()
        yield days(1)

    def _handover(self) -> Waits:
        other = 1 - self.mine
        note = note_from(self.item)
        handovers.hand_over(self.item, self.cast.members[other][0], note, by=self.story.owner, at=self.at)
        self.life.handed_over(self.at, self.cast.members[other][1])
        yield days(0.1, 4, 8, 14)
        self.mine = other
        self._accept(other)
        yield days(1, 3)

    def _new_date(self) -> None:
        if self.item.times_moved >= 1:
            return
        due_on = max(self.today, self.item.due_on or self.today) + timedelta(days=self.rng.choice((7, 14, 50)))
        told = ToldAnswer(ToldHow.CALL, "Karin Smit", self.today)
        change_date(self.item, due_on=due_on, reason="The printer is late.", by=self.story.owner, at=self.at, told=told)
        self.life.new_date(self.at, due_on)

    def _decide(self) -> None:
        asked = db.session.query(Decision).filter_by(
            item_id=self.item_id, kind=DecisionKind.ESCALATION, state=DecisionState.OPEN
        )
        for row in asked:
            decisions.decide(row, True, "Go on.", by=self.story.crew.leader, at=self.at)
        self.life.decided()

    def _finish(self) -> None:
        story = self.story
        story.days_in_do = 0
        given = Answers()
        if self.item.kind is Kind.IMPROVEMENT and self.item.round.baseline_lost:
            wanted = ("small_test", "groups", "touchpoint")
            given = Answers(**{k: v for k, v in planned_with(story).items() if k in wanted})  # type: ignore[typeddict-item]
        given["carried_out"] = CarriedOutAnswer(self.today, "Done as agreed.")
        if self.life.is_important:
            given["call"] = CallAnswer("Karin Smit", self.today, "phone", CallVerdict.GOING_WELL)
        move(self.item, Phase.CHECK, by=story.owner, at=self.at, answers=given)
        self.life.carried_out(self.at)

    # --- Check and Act -----------------------------------------------------------------------------------------

    def _follow_up(self) -> Waits:
        fails = self.item.round_number == 1 and self.chance(0.15)
        while any(c.answered_at is None for c in self.life.checks):
            check = next(c for c in self.life.checks if c.answered_at is None)
            # Until its day; then the customer answers soon, late, or never, and somebody calls.
            yield days(max(1, (check.due - self.today).days))
            silent = self.chance(0.25)
            yield days(16, 25, 45) if silent else days(0.2, 1, 3, 9, 12)
            self._answer("no" if fails else "yes", by_call=silent)
            yield days(2, 5, 12)
            self._judge("not effective" if fails else "effective")
            if fails:
                yield from self._next_round()
                return
            if self.life.phase == "check":
                self._embed()
        yield days(1, 4, 9, 24)
        self._close()
        yield days(200)

    def _answer(self, solved: str, *, by_call: bool) -> None:
        story = self.story
        if by_call:
            answer = CheckAnswer(Solved(solved), 7, answered_by=self.item.contacts[0].name)
            checks.record_answer(story.check, answer, by=story.owner, at=self.at)
        else:
            checks.answer_by_link(story.check, story.contact, CheckAnswer(Solved(solved), 7), at=self.at)
        self.life.answered(self.at, solved)

    def _judge(self, verdict: str) -> None:
        """Unless the clock did, a day after the answer."""
        if "judge" in self.life.owed:
            given = VerdictAnswer(Verdict(verdict.replace(" ", "_")), "They say so.")
            give_verdict(self.item, given, by=self.story.owner, at=self.at)
            self.life.judged(self.at, verdict)

    def _embed(self) -> None:
        waiting = [self.life.owed[f"aftercare {c.due}"] for c in self.life.checks if c.answered_at is None]
        if not waiting or any(owed.settle is not None and owed.settle < self.today for owed in waiting):
            return
        given = Answers()
        if self.item.kind is Kind.IMPROVEMENT:
            given["prediction_result"] = PredictionAnswer(PredictionResult.YES, "As predicted.")
        move(self.item, Phase.ACT, by=self.story.owner, at=self.at, answers=given)
        self.life.phase = "act"

    def _next_round(self) -> Waits:
        yield days(0.5, 4, 8)
        call = CallAnswer("Karin Smit", self.today, "phone")
        telling.record_told(self.item, call, by=self.story.owner, at=self.at)
        self.life.told_next()
        yield days(1, 5, 20)
        given = Answers(why_not="Nobody read it.", adjusted_prediction="They will read it.")
        move(self.item, Phase.PLAN, by=self.story.owner, at=self.at, answers=given)
        self.life.next_round(self.at)
        yield days(1, 5, 15)

    def _close(self) -> None:
        story = self.story
        given = Answers(lesson=LessonAnswer("It worked.", "They asked for it."))
        if self.item.kind is Kind.IMPROVEMENT:
            given["standard"] = StandardAnswer("The book", story.crew.member.id)
        if self.item.phase is Phase.CHECK:
            step = Answers()
            if self.item.kind is Kind.IMPROVEMENT:
                step["prediction_result"] = PredictionAnswer(PredictionResult.YES, "As predicted.")
            move(self.item, Phase.ACT, by=story.owner, at=self.at, answers=step)
        move(self.item, Phase.CLOSED, by=story.owner, at=self.at, answers=given)
        self.life.closed(self.at)


# --- the years -------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What was compared, and every difference in one line."""

    passes: int = 0
    mails: int = 0
    lines: int = 0
    missed: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Every difference and every invariant that did not hold."""
        return self.missed + self.doubled + self.broken

    def and_also(self, other: Outcome) -> Outcome:
        """Both as one."""
        return Outcome(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def __str__(self) -> str:
        wrong = f"{len(self.missed)} missed, {len(self.doubled)} doubled, {len(self.broken)} invariants broken"
        return f"{wrong} ({self.passes} passes, {self.mails} mails, {self.lines} lines)"


class Years:
    """The world and its oracle, side by side."""

    def __init__(self, app: Flask, *, days: int, items: int, zones: tuple[str, ...], seed: int) -> None:
        self.app, self.days = app, days
        self.rng = random.Random(seed)
        self.folder = Path(app.instance_path) / "mail"
        self.oracle = Oracle(HOME)
        self.outcome = Outcome()
        self._order = count()
        self._agenda: list[tuple[datetime, int, Script, Waits]] = []
        with app.app_context(), db.writing():
            stage = Stage(self.rng, days, zones)
            db.session.commit()
            self.zone_of = {who.email: who.zone for cast in stage.casts for who in _all(cast)}
            for n in range(items):
                self._begin(n, stage.casts[n % len(stage.casts)], days)

    def _begin(self, n: int, cast: Cast, days_: int) -> None:
        kind = "action" if self.rng.random() < 0.35 else "quick win"
        life = Life(0, cast.board, f"customer.{n}@x.example", kind, is_important=self.rng.random() < 0.2)
        self.zone_of[life.customer] = cast.board.zone
        script = Script(cast, life, random.Random(self.rng.random()), f"Matter {n} {self.rng.getrandbits(60):x}")
        script.mine = self.rng.randint(0, 1)
        # Most begin early enough to end within these years.
        at = self._moment(script, FIRST + timedelta(days=self.rng.uniform(0, max(1, days_ - 90))))
        self.oracle.lives.append(life)
        heapq.heappush(self._agenda, (at, next(self._order), script, script.acts()))

    def _moment(self, script: Script, wanted: datetime) -> datetime:
        """Somewhere in the team's working hours, never in the minute of a pass."""
        here = local(wanted, script.life.board.zone).replace(
            hour=self.rng.randint(8, 17), minute=self.rng.choice((2, 17, 32))
        )
        return here.astimezone(UTC).replace(second=0, microsecond=0)

    def run(self, say=lambda line: None) -> Outcome:
        """Day after day."""
        with self.app.app_context():
            for n in range(self.days):
                for hour in _hours((FIRST + timedelta(days=n)).isoweekday()):
                    at = FIRST + timedelta(days=n, hours=hour, minutes=self.rng.choice(PASS_MINUTES))
                    self._act_until(at)
                    self._pass(at)
                if n % 91 == 90 or n == self.days - 1:
                    with db.reading():
                        self.outcome.broken += list(invariants.broken(at))
                    say(f"day {n + 1} of {self.days}: {self.outcome}")
                    for line in self.outcome.wrong[:20]:
                        say(line)
        return self.outcome

    def _act_until(self, at: datetime) -> None:
        while self._agenda and self._agenda[0][0] < at:
            moment, _, script, acts = heapq.heappop(self._agenda)
            script.at = moment
            with db.writing():
                wait = next(acts, None)
                db.session.commit()
                db.session.expunge_all()
            if wait is not None:
                later = moment + timedelta(days=self.rng.choice(wait))
                then = max(self._moment(script, later), moment + timedelta(minutes=1))
                heapq.heappush(self._agenda, (then, next(self._order), script, acts))

    # --- one pass ------------------------------------------------------------------------------------------------

    def _pass(self, at: datetime) -> None:
        followup_once(at)
        self.outcome.passes += 1
        self.oracle.tick(at)
        wanted = self.oracle.post(at)
        found, noted = self._mails(at)
        self._compare(at, wanted, found)
        self.oracle.noted(noted)

    def _mails(self, at: datetime) -> tuple[dict[str, set[Line]], list[tuple[str, date]]]:
        """Read every file and throw it away: (address → what it was told about), and who had a mail on which day."""
        found: dict[str, set[Line]] = {}
        noted: list[tuple[str, date]] = []
        numbers = {life.customer: life.number for life in self.oracle.lives} if any(self.folder.glob("*.eml")) else {}
        for path in sorted(self.folder.glob("*.eml")):
            mail = Mail(path.name, message_from_bytes(path.read_bytes(), policy=policy.default))
            path.unlink()
            self.outcome.mails += 1
            today = local(at, self.zone_of[mail.to]).date()
            if self.oracle.had.get(mail.to) == today or (mail.to, today) in noted:
                self.outcome.doubled.append(f"{at:%Y-%m-%d %H:%M} {mail.to}: a second mail on this day: {mail.subject}")
            noted.append((mail.to, today))
            lines = found.setdefault(mail.to, set())
            if mail.to in numbers:
                kind = ASKED.get(mail.subject.partition(" · ")[0])
                lines |= {(numbers[mail.to], kind)} if kind else set()
            else:
                lines |= set(_read(mail))
        return found, noted

    def _compare(self, at: datetime, wanted: dict[str, set[Line]], found: dict[str, set[Line]]) -> None:
        for email in sorted(wanted.keys() | found.keys()):
            must, did = wanted.get(email, set()), found.get(email, set())
            self.outcome.lines += len(must)
            when = f"{at:%Y-%m-%d %H:%M} {email}"
            self.outcome.missed += [f"{when}: {number} {what}" for number, what in sorted(must - did)]
            self.outcome.doubled += [f"{when}: {number} {what}" for number, what in sorted(did - must)]


def _hours(weekday: int) -> tuple[int, ...]:
    return {6: FRIDAY_STILL, 7: MONDAY_ALREADY}.get(weekday, PASS_HOURS)


def _all(cast: Cast) -> list[Who]:
    return [cast.members[0][1], cast.members[1][1], cast.board.keeper, cast.board.leader, cast.board.sponsor]


def _read(mail: Mail) -> Iterator[Line]:
    for line in mail.lines:
        numbered = NUMBERED.match(line)
        if numbered is None:
            continue
        for said in numbered[2].split(" + "):
            if said in ABOUT:
                yield int(numbered[1]), ABOUT[said]


# --- the part of the torture -----------------------------------------------------------------------------------


def run(bench: Bench) -> list[Figure]:
    """Five years, thirty zones, two hundred items: in two worlds of their own, which live at the same time."""
    zones = pieces.cut(len(ZONES), len(ZONES) // WORLDS)
    days_, items = max(1, round(DAYS * bench.share)), max(10, round(ITEMS * bench.share))
    together, minutes = Outcome(), 0.0
    for piece, said in pieces.done(bench, partial(_live_a_world, days_, items // len(zones)), zones):
        outcome, minutes = Outcome(**said["outcome"]), minutes + said["seconds"] / 60
        bench.say(f"{piece.count} zones: {outcome}")
        for line in outcome.wrong:
            bench.say(line)
        together = together.and_also(outcome)
    seen = f"{days_} days: {together}, {minutes:.0f} minutes of work"
    name = "5 years, 30 zones, 200 items, against an oracle written apart"
    return [Figure(name, "0 missed, 0 doubled", seen, not together.wrong)]


def _live_a_world(days_: int, items: int, url: str, instance: str, zones: pieces.Piece) -> dict[str, Any]:
    app = build(settings_for(Path(instance), url, timezone=HOME))
    app.instance_path = instance
    began = time.monotonic()
    logging.getLogger("pdca").setLevel(logging.ERROR)
    here = ZONES[zones.first : zones.first + zones.count]

    def say(line: str) -> None:
        print(f"  {here[0]} … {time.monotonic() - began:.0f} s: {line}", flush=True)  # noqa: T201 - progress

    outcome = Years(app, days=days_, items=items, zones=here, seed=SEED + zones.first).run(say)
    seconds = round(time.monotonic() - began)
    return {"is_sound": not outcome.wrong, "outcome": asdict(outcome), "seconds": seconds}
