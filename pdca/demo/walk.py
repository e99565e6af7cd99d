"""One item on its way: every verb is the product's own operation, done by somebody at an instant of the past."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from pdca.db import db
from pdca.demo.past import climb, end_of_past
from pdca.demo.people import DESK, Stage
from pdca.followup.reconcile import reconcile_now
from pdca.items import checks, decisions, handovers, moves, promises, talk, telling, verdicts, work
from pdca.items.answers import (
    AftercareAnswer,
    AgreedAnswer,
    BaselineAnswer,
    CallAnswer,
    CarriedOutAnswer,
    CustomerAnswer,
    LessonAnswer,
    LookalikeAnswer,
    NeedAnswer,
    PredictionAnswer,
    SmallTestAnswer,
    StandardAnswer,
    ToldAnswer,
    TouchpointAnswer,
    VerdictAnswer,
)
from pdca.items.capture import capture
from pdca.items.edit import as_answers, edit
from pdca.items.files import add_file
from pdca.items.lookalikes import lookalikes
from pdca.items.models import Check, Decision, Item
from pdca.items.terms import (
    UNSETTLED,
    AnswerSource,
    CallVerdict,
    CustomerType,
    DecisionState,
    HandoverState,
    LookalikeChoice,
    Method,
    Phase,
    PredictionResult,
    Quote,
    Solved,
    ToldHow,
    Verdict,
)
from pdca.people.models import Person


def external(name: str, email: str = "", phone: str = "") -> CustomerAnswer:
    """A customer from outside."""
    return CustomerAnswer(CustomerType.EXTERNAL, name, email, phone)


def colleague(name: str, email: str) -> CustomerAnswer:
    """A customer who is a colleague (R18)."""
    return CustomerAnswer(CustomerType.COLLEAGUE, name, email)


def group(name: str, email: str = "") -> CustomerAnswer:
    """A group of customers, or one more of them."""
    return CustomerAnswer(CustomerType.GROUP, name, email)


UNKNOWN = CustomerAnswer(CustomerType.UNKNOWN)


class Walk:
    """The item, and the moment at which it is."""

    item: Item

    def __init__(self, stage: Stage, team: str = DESK) -> None:
        self.stage, self.team = stage, team
        self.at: datetime | None = None
        self._stays = self._owes = False

    # --- time --------------------------------------------------------------------------------------------

    def on(self, days: int) -> Walk:
        """Go to the working day that is or was last before so many days from today."""
        return self.on_date(self.stage.days.working(days))

    def on_date(self, day: date) -> Walk:
        """Go to exactly this day; what falls due on the way is reached."""
        self._close_day()
        self.at = self.stage.days.morning(day, self.at)
        if self._stays:
            climb(self.item.id, self.at)
        return self

    def arrive(self) -> None:
        """Go to where the past ends."""
        reconcile_now()
        climb(self.item.id, end_of_past(self.stage.days))

    def later(self, days: int) -> Walk:
        """Go to the first working day, so many days further."""
        days_ = self.stage.days
        return self.on_date(days_.calendar.next_working(self.today + timedelta(days=days)))

    @property
    def today(self) -> date:
        """The day on which the item is now."""
        assert self.at is not None
        return self.at.astimezone(ZoneInfo(self.stage.days.zone)).date()

    def today_plus(self, days: int) -> date:
        """So many calendar days after the day on which the item is now."""
        return self.today + timedelta(days=days)

    def stays(self) -> Walk:
        """From here on duties are kept as they were on each day; before, only the journal tells."""
        self._stays = True
        return self

    def _close_day(self) -> None:
        if self._stays and self._owes:
            reconcile_now()
            self._owes = False

    def _act(self, *, is_talk: bool = False) -> datetime:
        """The instant of this act. Talking changes no duty."""
        assert self.at is not None
        self._owes = self._owes or not is_talk
        at, self.at = self.at, self.stage.days.morning(self.today, self.at)
        assert at <= self.stage.days.now, f"{self.item.title} lies in the future"
        return at

    # --- names -------------------------------------------------------------------------------------------

    def who(self, key: str) -> Person:
        """Somebody of the team."""
        return self.stage.people[key]

    def listed(self, name: str) -> int:
        """The id of a service, group or label."""
        return self.stage.lists[self.team, name]

    def stage_item(self, title: str) -> Item:
        """Another item of this board, by its title."""
        team = self.stage.teams[self.team]
        return db.session.scalars(select(Item).where(Item.team_id == team.id, Item.title == title)).one()

    # --- New and Plan ------------------------------------------------------------------------------------

    def capture(self, who: str, title: str, *, service: str = "", **answers: Any) -> Walk:
        """One line, and what was known at once."""
        if service:
            answers["service_id"] = self.listed(service)
        at = self.at
        assert at is not None
        team = self.stage.teams[self.team]
        self.item = capture(team, title, by=self.who(who), at=at, answers=as_answers(**answers))
        self._act()
        return self

    def take_up(self, who: str, **answers: Any) -> Walk:
        """New → Plan. Whatever looks alike to the product is different here."""
        assert self.at is not None
        if lookalikes(self.item, at=self.at):
            answers["lookalikes"] = LookalikeAnswer(LookalikeChoice.DIFFERENT)
        return self.move(who, Phase.PLAN, **answers)

    def edit(self, who: str, **answers: Any) -> Walk:
        """Answer questions without a step."""
        edit(self.item, as_answers(**answers), by=self.who(who), at=self._act())
        return self

    def plan_action(
        self,
        who: str,
        *,
        due: date,
        purpose: str,
        mark: int,
        test: tuple[str, str, str],
        groups: list[str],
        touchpoint: tuple[str, str],
        **more: Any,
    ) -> Walk:
        """Everything an improvement action is asked in Plan. `test`: where, prediction, how we will know."""
        where, prediction, how = test
        name = self.item.customer_name or groups[0]
        return self.edit(
            who,
            purpose=purpose,
            due_on=due,
            need=NeedAnswer(name, 3, self.item.channel or "balie", self.item.problem[:200]),
            agreed=AgreedAnswer(name, self.today, "telefoon"),
            aftercare=AftercareAnswer(self._method(), None, "De klant zegt dat het is opgelost."),
            baseline=BaselineAnswer(self.today, mark),
            small_test=SmallTestAnswer(where, name, self.today + timedelta(days=14), prediction, how),
            groups=[self.listed(group) for group in groups],
            touchpoint=TouchpointAnswer(*touchpoint),
            **more,
        )

    def _method(self) -> Method:
        return Method.MAIL if any(c.email for c in self.item.contacts) else Method.CALL

    def decline(self, who: str, reason: str, twin: Item | None = None) -> Walk:
        """New → declined, as a twin of another when there is one."""
        answers: dict[str, Any] = {"reason": reason}
        if twin is not None:
            answers["twin_id"] = twin.id
        return self.move(who, Phase.DECLINED, **answers)

    def park(self, who: str, reason: str, review_on: date) -> Walk:
        """New or Plan → parked."""
        return self.move(who, Phase.PARKED, reason=reason, review_on=review_on)

    def stop(self, who: str, reason: str, lesson: str) -> Walk:
        """Any phase → stopped."""
        return self.move(who, Phase.STOPPED, reason=reason, lesson=LessonAnswer(lesson, why=reason))

    def move(self, who: str, to: Phase, **answers: Any) -> Walk:
        """Any step."""
        moves.move(self.item, to, by=self.who(who), at=self._act(), answers=as_answers(**answers))
        return self

    # --- Do ----------------------------------------------------------------------------------------------

    def start(self, who: str, due: date | None = None, **answers: Any) -> Walk:
        """Plan → Do, with the date that was agreed."""
        if due is not None:
            answers["due_on"] = due
        return self.move(who, Phase.DO, **answers)

    def called(self, who: str, notes: str, *, adjust: bool = False) -> Walk:
        """A call during the work (R10)."""
        verdict = CallVerdict.ADJUST if adjust else CallVerdict.GOING_WELL
        call = CallAnswer(self.item.customer_name, self.today, "telefoon", verdict, notes)
        work.log_call(self.item, call, by=self.who(who), at=self._act())
        return self

    def new_date(self, who: str, due: date, reason: str, *, told: str = "") -> Walk:
        """The promise moves; the customer is mailed, or was `told` by telephone."""
        answer = ToldAnswer(ToldHow.CALL, told, self.today, reason) if told else None
        promises.change_date(self.item, due_on=due, reason=reason, told=answer, by=self.who(who), at=self._act())
        return self

    def wait(self, who: str, what: str, until: date) -> Walk:
        """Waiting on others."""
        work.wait_on(self.item, what, until, by=self.who(who), at=self._act())
        return self

    def finish(self, who: str, what: str, **answers: Any) -> Walk:
        """Do → Check: carried out on this very day."""
        return self.move(who, Phase.CHECK, carried_out=CarriedOutAnswer(self.today, what), **answers)

    # --- handing over ------------------------------------------------------------------------------------

    def hand_over(self, who: str, to: str, *, done: str, open_: str, promised: str, watch_out: str) -> Walk:
        """Somebody else takes it on, once they say so."""
        note = handovers.Note(done, open_, promised, watch_out)
        handovers.hand_over(self.item, self.who(to).id, note, by=self.who(who), at=self._act())
        return self

    def accept(self, who: str, read_back: str) -> Walk:
        """The receiver takes over (R6)."""
        waiting = next(h for h in self.item.handovers if h.state is HandoverState.OPEN)
        handovers.accept(waiting, read_back, by=self.who(who), at=self._act())
        return self

    # --- Check and Act -----------------------------------------------------------------------------------

    @property
    def check(self) -> Check:
        """The check that is asked next."""
        opened = [c for c in self.item.checks if c.state in UNSETTLED and c.due_on is not None]
        return min(opened, key=lambda c: (c.due_on or date.max, c.number))

    def due(self) -> Walk:
        """Go to the day of the next check."""
        assert self.check.due_on is not None
        return self.on_date(self.check.due_on)

    def asked(self) -> Walk:
        """The customer's mail, on its day."""
        self.due()
        checks.ask(self.check, at=self._act())
        return self

    def reminded(self) -> Walk:
        """The one reminder."""
        checks.remind(self.check, at=self._act())
        return self

    def answered(self, solved: Solved, mark: int, better: str = "", *, quote: Quote = Quote.NO, nth: int = 0) -> Walk:
        """The customer answers through the link."""
        answer = checks.CheckAnswer(solved, mark, better, quote, source=AnswerSource.LINK)
        checks.answer_by_link(self.check, self.item.contacts[nth], answer, at=self._act())
        return self

    def told(self, who: str, solved: Solved, mark: int, better: str = "") -> Walk:
        """The owner called, and writes down what the customer said."""
        answer = checks.CheckAnswer(solved, mark, better, channel="telefoon", answered_by=self.item.customer_name)
        checks.record_answer(self.check, answer, by=self.who(who), at=self._act())
        return self

    def observed(self, who: str, solved: Solved, what: str) -> Walk:
        """For an unknown customer somebody other than the owner goes and looks."""
        answer = checks.CheckAnswer(
            solved, None, source=AnswerSource.OBSERVATION, channel="eigen waarneming", other_evidence=what
        )
        checks.record_answer(self.check, answer, by=self.who(who), at=self._act())
        return self

    def tried(self, who: str, notes: str) -> Walk:
        """A call that nobody answered."""
        call = CallAnswer(self.item.customer_name, self.today, "telefoon", notes=notes)
        checks.attempt(self.check, call, by=self.who(who), at=self._act())
        return self

    def followed(self) -> Walk:
        """A day later the verdict follows the customer by itself."""
        answered = [c for c in self.item.checks if c.answered_at is not None and c.verdict is None]
        self.at = max(self._act(), max(c.answered_at for c in answered if c.answered_at) + checks.CORRECTION)
        verdicts.settle_verdict(answered[-1], at=self._act())
        return self

    def judged(self, who: str, verdict: Verdict, evidence: str = "") -> Walk:
        """Somebody gives the verdict."""
        verdicts.give_verdict(self.item, VerdictAnswer(verdict, evidence), by=self.who(who), at=self._act())
        return self

    def tell_next(self, who: str, text: str) -> Walk:
        """After "not effective" the customer hears what happens next."""
        telling.tell_next(self.item, text, by=self.who(who), at=self._act())
        return self

    def next_round(self, who: str, why: str, **answers: Any) -> Walk:
        """It did not work: why, and again."""
        return self.move(who, Phase.PLAN, why_not=why, **answers)

    def embed(self, who: str, result: str = "") -> Walk:
        """Check → Act; an action compares what it predicted with what came of it."""
        answers = {"prediction_result": PredictionAnswer(PredictionResult.YES, result)} if result else {}
        return self.move(who, Phase.ACT, **answers)

    def close(self, who: str, lesson: str, differently: str = "", *, standard: tuple[str, str] | None = None) -> Walk:
        """Act → closed. `standard`: where the new way is written down, and who keeps it."""
        answers: dict[str, Any] = {"lesson": LessonAnswer(lesson, differently=differently)}
        if standard:
            answers["standard"] = StandardAnswer(standard[0], self.who(standard[1]).id)
        return self.move(who, Phase.CLOSED, **answers)

    # --- asking for a decision ---------------------------------------------------------------------------

    def help(self, who: str, question: str) -> Walk:
        """Need help."""
        decisions.ask_help(self.item, question, by=self.who(who), at=self._act())
        return self

    def waive(self, who: str, rule: str, reason: str) -> Walk:
        """A leader lets it pass a rule once (R17)."""
        decisions.waive(self.item, rule, reason, by=self.who(who), at=self._act())
        return self

    def decide(self, who: str, answer: str, *, granted: bool = True) -> Walk:
        """The word on what was asked last."""
        decisions.decide(self._asked(), granted, answer, by=self.who(who), at=self._act())
        return self

    def _asked(self) -> Decision:
        return next(d for d in reversed(self.item.decisions) if d.state is DecisionState.OPEN)

    # --- talking -----------------------------------------------------------------------------------------

    def comment(self, who: str, text: str) -> Walk:
        """Say something."""
        talk.comment(self.item, text, by=self.who(who), at=self._act(is_talk=True))
        return self

    def follow(self, who: str) -> Walk:
        """Hear how it goes on."""
        talk.follow(self.item, by=self.who(who), at=self._act(is_talk=True))
        return self

    def label(self, who: str, *names: str) -> Walk:
        """Hang labels on the card."""
        talk.set_labels(self.item, [self.listed(name) for name in names], by=self.who(who), at=self._act(is_talk=True))
        return self

    def file(self, who: str, name: str, text: str) -> Walk:
        """Add a small text."""
        at = self._act(is_talk=True)
        add_file(self.item, name, BytesIO(text.encode()), self.stage.files, by=self.who(who), at=at)
        return self
