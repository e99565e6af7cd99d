"""Team life at random: items, people, the clock and crashes in any order, with I1-I6 asked after every step.

Hypothesis chooses the steps and shortens what fails. Every act goes through the operations; a refusal is an answer
like any other and must leave nothing behind. Mail goes to a sink in memory that answers as real servers do.
"""

from __future__ import annotations

import gc
import logging
import quopri
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, select, text

from pdca.db import db, touch
from pdca.errors import DomainError
from pdca.followup import invariants
from pdca.followup.jobs import followup_once
from pdca.items import checks, contacts, decisions, handovers, promises, telling, verdicts, work
from pdca.items import terms as t
from pdca.items.answers import (
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
from pdca.items.capture import capture
from pdca.items.checks import CheckAnswer
from pdca.items.handovers import note_from
from pdca.items.models import Check, Decision, Handover, Item
from pdca.items.moves import move, reopen_by_customer
from pdca.items.taking_back import take_back
from pdca.mail.letters import Letter, Outcome, Verdict
from pdca.mail.models import Message, MessageState, Suppression
from pdca.people import accounts, operations
from pdca.people.models import Absence, Membership, Person, Role, Sponsorship, Team, TeamDay
from pdca.people.queries import visible_team_ids
from tests.conftest import MONDAY, build, settings_for
from tests.peers import postgresql
from tests.simulation import pieces
from tests.simulation.figures import Bench, Figure
from tests.stories import Crew, Story, crew, on, planned_with, walk

# Before the first Monday: by then some of it was carried out.
BEGINNING = MONDAY - timedelta(days=40)
RUNS, STEPS, SEED = 2000, 100, 20261
PICK = st.integers(0, 1000)
ZONES = ("Europe/Amsterdam", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca")
SAYS = (
    Outcome(Verdict.ACCEPTED, 250, "ok"),
    Outcome(Verdict.ACCEPTED, 250, "ok"),
    Outcome(Verdict.DOWN, 421, "not now"),
    Outcome(Verdict.LATER, 451, "later"),
    Outcome(Verdict.LOST, None, "silence after the dot"),
    Outcome(Verdict.REFUSED, 554, "no"),
    Outcome(Verdict.BAD_ADDRESS, 550, "5.1.1 unknown"),
)
# What a line of a mail is about, by its link.
ITEM, BOARD = re.compile(rb"/items/(\d+)"), re.compile(rb"/teams/(\d+)/board")
# What nothing may close around: asked of the tables, apart from the operations and from I2.
CLOSED_TOO_SOON = """
    SELECT i.id FROM item i WHERE i.phase = 'closed' AND (
      i.final_verdict IS NULL OR i.final_verdict IN ('not_effective', 'too_early')
      OR NOT EXISTS (SELECT 1 FROM aftercare_check c WHERE c.item_id = i.id AND c.state IN ('answered', 'not_reached'))
      OR EXISTS (SELECT 1 FROM aftercare_check c WHERE c.item_id = i.id AND c.state IN ('planned', 'asked')))
"""


class Crash(BaseException):
    """The process is gone: nothing below may catch it."""


# --- the sink ------------------------------------------------------------------------------------------------


@dataclass
class Sink:
    """A mail server in memory: it answers what it is told to, and looks at who gets what."""

    answer: Outcome = SAYS[0]
    copies: Counter[str] = field(default_factory=Counter)
    # Copies that may come twice: the answer was lost, or whoever sent it died.
    allowed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    name = "sink:"
    # Dies as soon as it has the mail.
    deadly: bool = False

    def send(self, letter: Letter, _deadline: float, still_ours: Callable[[], bool]) -> Outcome:
        """Take it, refuse it, or take it and say nothing."""
        self._look(letter)
        if not still_ours():
            return Outcome(Verdict.NOT_OURS, None, "")
        if self.answer.verdict in (Verdict.ACCEPTED, Verdict.LOST):
            self.copies[letter.message_id] += 1
        if self.answer.verdict is Verdict.LOST:
            self.allowed[letter.message_id] += 1
        if self.deadly:
            self.allowed[letter.message_id] += 1
            raise Crash
        return self.answer

    def close(self) -> None:
        """Nothing is open."""

    def _look(self, letter: Letter) -> None:
        """I6 at the last moment: whoever gets it may see every team it speaks of.

        Also when it goes again: a copy with a line about a team they left in the meantime is written anew.
        """
        with db.reading():
            message = db.session.get_one(Message, letter.id)
            person = db.session.get(Person, message.person_id) if message.person_id else None
            if message.state is not MessageState.SENDING:
                self.wrong.append(f"message {letter.id} leaves while it is {message.state}")
            if person is None:
                return
            if not person.is_active:
                self.wrong.append(f"message {letter.id} goes to {person.name}, who was switched off")
            strange = self._teams_in(letter) - visible_team_ids(person)
            if strange:
                self.wrong.append(f"message {letter.id} tells {person.name} of teams {sorted(strange)}")

    @staticmethod
    def _teams_in(letter: Letter) -> set[int]:
        """The teams of which the text itself speaks, line by line: each line names its item or its board."""
        mime = quopri.decodestring(letter.mime)
        items = {int(ident) for ident in ITEM.findall(mime)}
        teams = {int(ident) for ident in BOARD.findall(mime)}
        return teams | set(db.session.scalars(select(Item.team_id).where(Item.id.in_(items))) if items else ())

    def complaints(self) -> list[str]:
        """Copies nobody can explain, and mails that should not have left."""
        many = [f"{key}: {n} copies" for key, n in self.copies.items() if n > 1 + self.allowed[key]]
        return self.wrong + many


# --- a database that is empty again in no time -------------------------------------------------------------------


class House:
    """One application on a database that is put back before each run."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.url = db.engine.url
            self.is_sqlite = db.engine.dialect.name == "sqlite"
            self.path = Path(str(self.url.database))
            self._seed()
            db.session.remove()
            db.engine.dispose()
            if self.is_sqlite:
                shutil.copyfile(self.path, self.template)
            else:
                postgresql.put_aside(self._plain_url)

    @property
    def _plain_url(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def template(self) -> Path:
        """A copy of the database with a team in it."""
        return self.path.with_suffix(".seeded")

    def fresh(self) -> None:
        """A team, and nothing else."""
        for left in (Path(self.app.instance_path) / "accepted.jsonl",):
            left.unlink(missing_ok=True)
        with self.app.app_context():
            db.session.remove()
            if not self.is_sqlite:
                postgresql.put_back(self._plain_url)
                return
            db.engine.dispose()
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self.template, self.path)

    @staticmethod
    def _seed() -> None:
        with db.writing():
            made = crew()
            second = crew("Werk en Inkomen", timezone="Pacific/Apia")
            for person in (second.owner, second.keeper, second.leader):
                person.timezone = "Pacific/Apia"
            made.owner.deputy_id = made.member.id
            made.keeper.deputy_id = made.leader.id
            different = LookalikeAnswer(t.LookalikeChoice.DIFFERENT)
            for n, phase in enumerate((t.Phase.NEW, t.Phase.PLAN, t.Phase.DO, t.Phase.CHECK, t.Phase.ACT)):
                kind = t.Kind.IMPROVEMENT if n % 2 else t.Kind.QUICK_WIN
                walk((made, second)[n % 2], phase, kind, at=BEGINNING, lookalikes=different)
            db.session.commit()


HOUSE: SimpleNamespace = SimpleNamespace(house=None, steps=0, done=Counter())


class TeamLife(RuleBasedStateMachine):
    """Everything that can happen to two teams."""

    def __init__(self) -> None:
        super().__init__()
        self.house: House = HOUSE.house
        self.house.fresh()
        self.now = MONDAY
        self.sink = Sink()
        self.accepted: set[int] = set()
        # Until the next pass the clock may have passed a step.
        self.is_alive = False
        self._context = self.house.app.app_context()
        self._context.push()
        self._patch = patch("pdca.mail.jobs.transport_of", lambda _settings: self.sink)
        self._patch.start()

    def teardown(self) -> None:
        """Leave nothing open."""
        self._patch.stop()
        db.session.remove()
        self._context.pop()

    # --- one act -------------------------------------------------------------------------------------------

    @contextmanager
    def act(self) -> Iterator[None]:
        """A unit of work as a request is one; a refusal undoes it."""
        HOUSE.steps += 1
        try:
            with db.writing():
                try:
                    yield
                    db.session.commit()
                    HOUSE.done["done"] += 1
                    # What was opened just now has its first step at once: the next pass says it.
                    self.is_alive = False
                except DomainError:
                    db.session.rollback()
                    HOUSE.done["refused"] += 1
        finally:
            db.session.remove()

    def one(self, model: type, pick: int, *where: object) -> object:
        """One of the rows; none is a refusal."""
        rows = db.session.scalars(select(model).where(*where).order_by(model.id)).all()
        if not rows:
            raise DomainError
        return rows[pick % len(rows)]

    def somebody(self, pick: int, team_id: int) -> Person:
        """Somebody of the team, active or not."""
        ids = select(Membership.person_id).where(Membership.team_id == team_id)
        return self.one(Person, pick, Person.id.in_(ids))  # type: ignore[return-value]

    def story(self, item: Item, by: Person | None = None) -> Story:
        """The verbs of the stories, for whoever is responsible now."""
        owner = by or db.session.get(Person, item.responsible_id or 0) or self.somebody(0, item.team_id)
        team = db.session.get_one(Team, item.team_id)
        leader = self._with(Role.LEADER, item.team_id) or owner
        keeper = self._with(Role.BOARD_KEEPER, item.team_id) or leader
        made = Crew(team, owner, owner, keeper, leader, owner, owner, owner, owner)
        name = f"klant{item.id}@klant.example"
        customer = (
            CustomerAnswer(t.CustomerType.EXTERNAL, "Karin Smit", name)
            if item.id % 4
            else CustomerAnswer(t.CustomerType.UNKNOWN)
        )
        answers = Answers(customer=customer, lookalikes=LookalikeAnswer(t.LookalikeChoice.DIFFERENT))
        return Story(made, item, self.now, days_in_do=0, answers=answers)

    @staticmethod
    def _with(role: Role, team_id: int) -> Person | None:
        return db.session.scalar(
            select(Person).join(Membership, Membership.person_id == Person.id)
            .where(Membership.team_id == team_id, Membership.role == role, Person.deactivated_at.is_(None)).limit(1)
        )  # fmt: skip

    def item(self, pick: int, *phases: t.Phase) -> Item:
        """One of the items, perhaps in one of these phases."""
        where = (Item.phase.in_(phases),) if phases else ()
        return self.one(Item, pick, *where)  # type: ignore[return-value]

    # --- items -----------------------------------------------------------------------------------------------

    @rule(pick=PICK, important=st.booleans(), action=st.booleans())
    def captures(self, pick: int, important: bool, action: bool) -> None:
        """A new line in the inbox."""
        with self.act():
            team: Team = self.one(Team, pick)  # type: ignore[assignment]
            given = Answers(
                kind=t.Kind.IMPROVEMENT if action else t.Kind.QUICK_WIN,
                importance=t.Importance.HIGH if important else t.Importance.NORMAL,
            )
            capture(team, f"Zaak {HOUSE.steps}", by=self.somebody(pick, team.id), at=self.now, answers=given)

    @rule(pick=PICK)
    def goes_on(self, pick: int) -> None:
        """The next step of its life, as its owner would take it."""
        with self.act():
            item = self.item(pick, *t.OPEN_PHASES)
            self.NEXT[item.phase](self, item, pick)

    @rule(pick=PICK)
    def goes_on_again(self, pick: int) -> None:
        """Twice as likely, because most of life is going on."""
        TeamLife.goes_on(self, pick)

    def _new(self, item: Item, _pick: int) -> None:
        self.story(item, self._with(Role.LEADER, item.team_id)).take_up()

    def _plan(self, item: Item, pick: int) -> None:
        story = self.story(item)
        story.answers = Answers(due_on=story.today + timedelta(days=1 + pick % 40))
        story.start()

    def _do(self, item: Item, _pick: int) -> None:
        story = self.story(item)
        given = Answers(carried_out=CarriedOutAnswer(story.today, "Zo gedaan."))
        if item.kind is t.Kind.IMPROVEMENT:
            given |= {k: v for k, v in planned_with(story).items() if k in ("small_test", "groups", "touchpoint")}  # type: ignore[typeddict-item]
        if item.importance is t.Importance.HIGH:
            given["call"] = CallAnswer("Karin Smit", story.today, "telefoon", t.CallVerdict.GOING_WELL)
        move(item, t.Phase.CHECK, by=story.owner, at=self.now, answers=given)

    def _check(self, item: Item, pick: int) -> None:
        (self._answer, self._judge, self._embed, self._call)[pick % 4](item, pick)

    def _act_phase(self, item: Item, pick: int) -> None:
        (self._answer, self._judge, self._close)[pick % 3](item, pick)

    def _parked(self, item: Item, _pick: int) -> None:
        move(item, item.resumes_in or t.Phase.NEW, by=self.story(item).crew.keeper, at=self.now)

    NEXT: ClassVar = {
        t.Phase.NEW: _new,
        t.Phase.PLAN: _plan,
        t.Phase.DO: _do,
        t.Phase.CHECK: _check,
        t.Phase.ACT: _act_phase,
        t.Phase.PARKED: _parked,
    }

    def _check_row(self, item: Item) -> Check:
        return self.one(Check, 0, Check.item_id == item.id, Check.state.in_(t.UNSETTLED))  # type: ignore[return-value]

    def _answer(self, item: Item, pick: int) -> None:
        check, story = self._check_row(item), self.story(item)
        said = CheckAnswer(list(t.Solved)[pick % 3], 1 + pick % 10)
        if not item.contacts:
            seen = CheckAnswer(said.solved, None, "Gezien.", source=t.AnswerSource.OBSERVATION)
            checks.record_answer(check, seen, by=self.somebody(pick, item.team_id), at=self.now)
        else:
            checks.answer_by_link(check, item.contacts[0], said, at=self.now)
        assert story.item is item

    def _judge(self, item: Item, pick: int) -> None:
        verdict = list(t.Verdict)[pick % 5]
        again = self.story(item).today + timedelta(days=20)
        by = self.somebody(pick // 5, item.team_id) if pick % 2 else self.story(item).owner
        verdicts.give_verdict(item, VerdictAnswer(verdict, "Gehoord.", again), by=by, at=self.now)

    def _embed(self, item: Item, _pick: int) -> None:
        given = Answers(prediction_result=PredictionAnswer(t.PredictionResult.YES, "Ja."))
        move(item, t.Phase.ACT, by=self.story(item).owner, at=self.now, answers=given)

    def _call(self, item: Item, pick: int) -> None:
        call = CallAnswer("Karin Smit", self.story(item).today, "telefoon")
        checks.attempt(self._check_row(item), call, by=self.somebody(pick, item.team_id), at=self.now)

    def _close(self, item: Item, pick: int) -> None:
        given = Answers(lesson=LessonAnswer("Het werkte.", "Gevraagd."))
        if item.kind is t.Kind.IMPROVEMENT:
            given["standard"] = StandardAnswer("Werkafspraak", self.somebody(pick, item.team_id).id)
        move(item, t.Phase.CLOSED, by=self.story(item).owner, at=self.now, answers=given)

    @rule(pick=PICK, to=st.sampled_from(list(t.Phase)), who=PICK)
    def moves(self, pick: int, to: t.Phase, who: int) -> None:
        """Anybody tries any step with every answer there is."""
        with self.act():
            item = self.item(pick)
            story = self.story(item)
            given = Answers(
                reason="Omdat het moet.", review_on=story.today + timedelta(days=9), why_not="Niemand las het.",
                lesson=LessonAnswer("Het werkte."), adjusted_prediction="Nu wel.", cause=t.ReopenCause.BACK_AGAIN,
                due_on=story.today + timedelta(days=12), told=ToldAnswer(t.ToldHow.CALL, "Karin Smit", story.today),
            )  # fmt: skip
            own = {
                t.Phase.PLAN: ("reason", "why_not", "adjusted_prediction", "cause"),
                t.Phase.DO: ("reason", "due_on", "told"),
                t.Phase.PARKED: ("reason", "review_on"),
                t.Phase.STOPPED: ("reason", "lesson"),
                t.Phase.DECLINED: ("reason",),
                t.Phase.CLOSED: ("lesson",),
            }.get(to, ())
            if item.phase is t.Phase.CLOSED and pick % 2:
                # The one question of reopening; with the others it is an edit of what ended, and refused.
                own = ("cause",)
            mine = Answers(**{k: v for k, v in given.items() if k in own})  # type: ignore[typeddict-item]
            by = story.owner if who % 2 else self.somebody(who, item.team_id)
            move(item, to, by=by, at=self.now, answers=mine)

    @rule(pick=PICK)
    def answers(self, pick: int) -> None:
        """The customer answers by the link."""
        with self.act():
            self._answer(self.item(pick, t.Phase.CHECK, t.Phase.ACT), pick)

    @rule(pick=PICK)
    def judges(self, pick: int) -> None:
        """Somebody gives a verdict."""
        with self.act():
            self._judge(self.item(pick, t.Phase.CHECK, t.Phase.ACT), pick)

    @rule(pick=PICK)
    def closes(self, pick: int) -> None:
        """The owner presses, whatever is still open."""
        with self.act():
            self._close(self.item(pick, t.Phase.CHECK, t.Phase.ACT), pick)

    @rule(pick=PICK)
    def comes_back(self, pick: int) -> None:
        """The customer says it is back."""
        with self.act():
            reopen_by_customer(self.item(pick, t.Phase.CLOSED), t.ReopenCause.BACK_AGAIN, at=self.now)

    @rule(pick=PICK, later=st.integers(-3, 60))
    def changes_date(self, pick: int, later: int) -> None:
        """A new date, with its reason and word."""
        with self.act():
            item = self.item(pick, t.Phase.DO, t.Phase.CHECK, t.Phase.ACT)
            story = self.story(item)
            due_on = story.today + timedelta(days=later)
            promises.change_date(item, due_on=due_on, reason="De drukker.", by=story.owner, at=self.now)

    @rule(pick=PICK)
    def waits_on(self, pick: int) -> None:
        """Waiting on others, or no longer."""
        with self.act():
            item = self.item(pick, t.Phase.DO)
            story = self.story(item)
            if item.waiting_until:
                work.wait_no_longer(item, by=story.owner, at=self.now)
            else:
                work.wait_on(item, "de drukker", story.today + timedelta(days=pick % 20), by=story.owner, at=self.now)

    @rule(pick=PICK, who=PICK)
    def hands_over(self, pick: int, who: int) -> None:
        """The owner gives it to somebody."""
        with self.act():
            item = self.item(pick, *t.OPEN_PHASES)
            receiver = self.somebody(who, item.team_id)
            handovers.hand_over(item, receiver.id, note_from(item), by=self.story(item).owner, at=self.now)

    @rule(pick=PICK, accepts=st.booleans(), who=PICK)
    def answers_handover(self, pick: int, accepts: bool, who: int) -> None:
        """The receiver takes it or gives it back; without one the caretaker assigns it."""
        with self.act():
            row: Handover = self.one(Handover, pick, Handover.state == t.HandoverState.OPEN)  # type: ignore[assignment]
            receiver = db.session.get(Person, row.receiver_id or 0)
            if receiver is None:
                handovers.assign(
                    row, self.somebody(who, row.item.team_id).id, by=self.story(row.item).crew.keeper, at=self.now
                )
            elif accepts:
                handovers.accept(row, "Ik neem het over en bel.", by=receiver, at=self.now)
            else:
                handovers.decline(row, "Ik heb geen tijd.", by=receiver, at=self.now)

    @rule(pick=PICK)
    def asks(self, pick: int) -> None:
        """Help, or a waiver."""
        with self.act():
            item = self.item(pick, *t.OPEN_PHASES)
            if pick % 2:
                decisions.ask_help(item, "Wie weet het?", by=self.story(item).owner, at=self.now)
            else:
                decisions.ask_waiver(item, "R10", "Geen tijd.", by=self.story(item).owner, at=self.now)

    @rule(pick=PICK, granted=st.booleans(), who=PICK)
    def decides(self, pick: int, granted: bool, who: int) -> None:
        """A leader, a keeper or somebody who may not."""
        with self.act():
            row: Decision = self.one(Decision, pick, Decision.state == t.DecisionState.OPEN)  # type: ignore[assignment]
            made = self.story(row.item).crew
            by = (made.leader, made.keeper, self.somebody(who, row.item.team_id))[who % 3]
            decisions.decide(row, granted, "Daarom.", by=by, at=self.now)

    @rule(pick=PICK)
    def tells(self, pick: int) -> None:
        """The customer hears what happens next."""
        with self.act():
            item = self.item(pick)
            call = CallAnswer("Karin Smit", self.story(item).today, "telefoon")
            telling.record_told(item, call, by=self.story(item).owner, at=self.now)

    @rule(pick=PICK)
    def takes_back(self, pick: int) -> None:
        """Within ten minutes."""
        with self.act():
            item = self.item(pick)
            last = item.moves[-1] if item.moves else None
            by = db.session.get(Person, (last.by_id if last else 0) or 0) or self.story(item).owner
            take_back(item, by=by, at=self.now)

    @rule(pick=PICK)
    def wants_no_mail(self, pick: int) -> None:
        """A customer opts out, or is not the right person."""
        with self.act():
            item = self.item(pick)
            if not item.contacts:
                raise DomainError
            (contacts.opt_out if pick % 2 else contacts.not_the_person)(item.contacts[0], at=self.now)

    # --- people ----------------------------------------------------------------------------------------------

    def administrator(self) -> Person:
        """Somebody with the keys."""
        return self.one(Person, 0, Person.is_administrator, Person.deactivated_at.is_(None))  # type: ignore[return-value]

    @rule(pick=PICK)
    def leaves(self, pick: int) -> None:
        """Out of a team."""
        with self.act():
            row: Membership = self.one(Membership, pick)  # type: ignore[assignment]
            operations.remove_member(row, by=self.administrator(), at=self.now)

    @rule(pick=PICK, team=PICK, role=st.sampled_from(list(Role)))
    def joins(self, pick: int, team: int, role: Role) -> None:
        """Into a team."""
        with self.act():
            person: Person = self.one(Person, pick)  # type: ignore[assignment]
            there: Team = self.one(Team, team)  # type: ignore[assignment]
            operations.add_member(there.id, person, role, by=self.administrator(), at=self.now)

    @rule(pick=PICK, role=st.sampled_from(list(Role)))
    def changes_role(self, pick: int, role: Role) -> None:
        """Another role."""
        with self.act():
            row: Membership = self.one(Membership, pick)  # type: ignore[assignment]
            operations.change_role(row, role, by=self.administrator(), at=self.now)

    @rule(pick=PICK)
    def is_switched(self, pick: int) -> None:
        """Off, or on again."""
        with self.act():
            person: Person = self.one(Person, pick)  # type: ignore[assignment]
            switch = accounts.deactivate if person.is_active else accounts.reactivate
            switch(person, by=self.administrator(), at=self.now)

    @rule(pick=PICK, length=st.integers(0, 40), deputy=PICK)
    def is_away(self, pick: int, length: int, deputy: int) -> None:
        """An absence from today, and perhaps another deputy."""
        with self.act():
            person: Person = self.one(Person, pick)  # type: ignore[assignment]
            person.deputy_id = None if deputy % 3 == 0 else self.one(Person, deputy, Person.id != person.id).id  # type: ignore[attr-defined]
            today = self.now.date()
            db.session.add(Absence(person_id=person.id, from_on=today, until_on=today + timedelta(days=length)))
            for row in person.memberships:
                touch("team", row.team_id, self.now)

    @rule(pick=PICK, zone=st.sampled_from(ZONES))
    def moves_zone(self, pick: int, zone: str) -> None:
        """A person or a team lives by another clock."""
        with self.act():
            if pick % 2:
                self.one(Person, pick).timezone = zone  # type: ignore[attr-defined]
            else:
                team: Team = self.one(Team, pick)  # type: ignore[assignment]
                operations.set_calendar(team, country="NL", timezone=zone, by=self.administrator(), at=self.now)

    @rule(pick=PICK, value=st.integers(1, 30))
    def changes_settings(self, pick: int, value: int) -> None:
        """One of the numbers, or a free day of their own."""
        with self.act():
            team: Team = self.one(Team, pick)  # type: ignore[assignment]
            names = ("decide_days", "plan_days", "settle_days", "remind_customer_days", "reminder_days", "wip_do")
            operations.save_settings(team, {names[pick % len(names)]: value}, by=self.administrator(), at=self.now)
            day = self.now.date() + timedelta(days=value)
            if not db.session.scalar(select(TeamDay.id).where(TeamDay.team_id == team.id, TeamDay.day == day)):
                operations.set_own_day(team, day, "vrij", is_free=True, by=self.administrator(), at=self.now)

    @rule(pick=PICK)
    def gets_sponsor(self, pick: int) -> None:
        """Somebody above the leaders, or no longer."""
        with self.act():
            row = db.session.scalars(select(Sponsorship).order_by(Sponsorship.id)).all()
            if row and pick % 2:
                operations.remove_sponsor(row[pick % len(row)], by=self.administrator(), at=self.now)
            else:
                person: Person = self.one(Person, pick)  # type: ignore[assignment]
                operations.add_sponsor(self.one(Team, pick // 7), person, by=self.administrator(), at=self.now)  # type: ignore[arg-type]

    @rule(pick=PICK)
    def address_is_mended(self, pick: int) -> None:
        """An address is taken off the list of those that are not mailed."""
        with self.act():
            db.session.delete(self.one(Suppression, pick))

    # --- the clock, the engine, crashes ------------------------------------------------------------------------

    @rule(step=st.sampled_from((5, 60, 300, 60 * 24, 60 * 24 * 3, 60 * 24 * 8, 60 * 24 * 30, -60, -60 * 24)))
    def time_passes(self, step: int) -> None:
        """Minutes to a month; sometimes somebody sets the clock back."""
        self.now += timedelta(minutes=step)
        self.is_alive = False

    @rule(answer=st.sampled_from(SAYS))
    def passes(self, answer: Outcome) -> None:
        """The follow-up looks, and the mail server is in some mood."""
        HOUSE.steps += 1
        self.sink.answer, self.sink.deadly = answer, False
        followup_once(self.now)
        self.is_alive = True

    # A pass costs as much as three other steps; ladders are longer, but time passes in greater strides elsewhere.
    @rule(days=st.integers(1, 4), hour=st.integers(0, 23))
    def days_pass(self, days: int, hour: int) -> None:
        """A pass a day, as with a clock that runs."""
        for _ in range(days):
            self.now = on((self.now + timedelta(days=1)).date(), hour)
            self.passes(SAYS[0])

    @rule(after=st.integers(1, 150), deadly=st.booleans())
    def crashes(self, after: int, deadly: bool) -> None:
        """The process dies in the middle of a pass: after so many statements, or when a server has the mail."""
        HOUSE.steps += 1
        self.sink.answer, self.sink.deadly = SAYS[0], deadly
        left = [after]

        def die(*_: object) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Crash

        event.listen(db.engine, "before_cursor_execute", die)
        try:
            # Only the mail between its final dot and the journal may come again, and the sink allows for that one
            # (`deadly`). No statement runs there: what a server took before this one is in the journal.
            with suppress(Crash):
                followup_once(self.now)
        finally:
            event.remove(db.engine, "before_cursor_execute", die)
            self.sink.deadly = False
            db.session.rollback()
            db.session.remove()
            # A process that died holds no lock. This one lives on, and SQLite keeps a closed connection's transaction
            # until the last cursor of it is gone, which may hang in the frames of the crash.
            gc.collect()

    # --- what must hold ---------------------------------------------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        """I1-I6; nothing closed around its aftercare; accepted stays; no copy nobody can explain."""
        with db.reading():
            broken = list(invariants.broken(self.now, alive=self.is_alive))
            closed = list(db.session.scalars(text(CLOSED_TOO_SOON)))
            taken = set(db.session.scalars(select(Message.id).where(Message.state == MessageState.ACCEPTED)))
        assert broken == [], broken
        assert closed == [], f"closed around their aftercare: {closed}"
        assert self.accepted <= taken, f"no longer accepted: {self.accepted - taken}"
        self.accepted = taken
        complaints = self.sink.complaints()
        assert complaints == [], complaints


# --- running it -----------------------------------------------------------------------------------------------


def live(house: House, *, runs: int, steps: int, seed: int | None) -> None:
    """So many runs of so many steps; without a seed always the same ones. Raises with the shortest story that fails."""
    HOUSE.house, HOUSE.steps, HOUSE.done = house, 0, Counter()
    given = settings(
        max_examples=runs,
        stateful_step_count=steps,
        derandomize=seed is None,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    logging.getLogger("pdca").setLevel(logging.CRITICAL)
    # What is there by now stays: a crash looks for what it left behind in what came after.
    gc.freeze()
    try:
        machine = TeamLife if seed is None else seeded(seed)(TeamLife)
        run_state_machine_as_test(machine, settings=given)
    finally:
        gc.unfreeze()
        logging.getLogger("pdca").setLevel(logging.NOTSET)


# --- the part of the torture -----------------------------------------------------------------------------------

# So many runs are one piece of work: what a stop costs at most.
PIECE = 25
SOUND = "no violation"


def run(bench: Bench) -> list[Figure]:
    """2,000 runs of 100 steps, in as many processes as there are processors."""
    runs = max(1, round(RUNS * bench.share))
    finished, minutes, verdict = 0, 0.0, SOUND
    for piece, said in pieces.done(bench, _live_a_piece, pieces.cut(runs, PIECE)):
        finished, minutes = finished + piece.count, minutes + said["seconds"] / 60
        bench.say(f"{finished} of {runs} runs: {said['words']}")
        if not said["is_sound"]:
            verdict = said["words"].replace("\n", " ")[:300]
            break
    seen = f"{verdict} ({finished} runs × {STEPS} steps, {minutes:.0f} minutes of work)"
    return [Figure("state machine", "2,000 runs × 100 steps without a violation", seen, verdict == SOUND)]


def _live_a_piece(url: str, instance: str, piece: pieces.Piece) -> dict[str, Any]:
    """So many runs, from a seed of their own. Of a violation it says the whole story."""
    began, words = time.monotonic(), SOUND
    try:
        live(_house(url, instance), runs=piece.count, steps=STEPS, seed=SEED + piece.first)
    except Exception as error:
        words = "\n".join((f"a violation: {error}", f"seed {SEED + piece.first}", *getattr(error, "__notes__", ())))
    return {"is_sound": words == SOUND, "words": words, "seconds": round(time.monotonic() - began, 1)}


@cache
def _house(url: str, instance: str) -> House:
    """One for each process: what was seeded once is put back before each run."""
    app = build(settings_for(Path(instance), url))
    app.instance_path = instance
    return House(app)
