"""Stories for tests: a team with people in all roles, and items that really walked to their phase.

`crew()` gives the people. `walk()` takes an item from capture to a phase through the operations themselves, each
step at its own moment, and gives back a `Story`: the item, and the moment at which it stands there.
Nothing here commits; a test that needs another process or request to see it commits itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from pdca.catalogue.models import CustomerGroup
from pdca.db import db
from pdca.items import checks
from pdca.items.answers import (
    AftercareAnswer,
    AgreedAnswer,
    Answers,
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
    TouchpointAnswer,
    VerdictAnswer,
)
from pdca.items.capture import capture
from pdca.items.checks import CheckAnswer
from pdca.items.facts import Facts
from pdca.items.lookalikes import lookalikes
from pdca.items.models import Check, Contact, Item
from pdca.items.moves import move
from pdca.items.queries import facts_of
from pdca.items.terms import (
    UNSETTLED,
    AnswerSource,
    CallVerdict,
    CustomerType,
    Importance,
    Kind,
    LookalikeChoice,
    Method,
    Phase,
    PredictionResult,
    Solved,
    Verdict,
)
from pdca.items.verdicts import give_verdict
from pdca.people.models import Person, Role, Team
from tests.factories import a_member, a_person, a_sponsor, a_team

ZONE = "Europe/Amsterdam"
LANE = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT, Phase.CLOSED)
SUBJECTS = (
    "Wachtrij aan de balie op donderdag korter",
    "Paspoort ophalen zonder opnieuw te bellen",
    "Nieuwe brief over kwijtschelding in gewone taal",
    "Fietsenrek bij de zijingang",
    "Koffie voor wie op de dokter wacht",
    "Sleutel van het wijkgebouw digitaal lenen",
    "Zwembad: rooster een week eerder online",
    "Trouwzaal bekijken op zaterdag",
    "Laptop van een nieuwe collega klaar op dag één",
    "Speelplein vaker vegen in de herfst",
    "Hondenpoep melden met een foto",
    "Muziekles proberen voor nieuwkomers",
)
_number = count(1)


@dataclass
class Crew:
    """A team and its people. `owner` and `member` are members; there is one of every other role."""

    team: Team
    owner: Person
    member: Person
    keeper: Person
    leader: Person
    viewer: Person
    sponsor: Person
    administrator: Person
    outsider: Person

    def join(self, name: str, role: Role = Role.MEMBER) -> Person:
        """One more person in this team."""
        return a_member(self.team, role, name=name)

    def group(self, name: str) -> int:
        """The id of a customer group of this team."""
        row = CustomerGroup(team_id=self.team.id, name=name)
        db.session.add(row)
        db.session.flush()
        return row.id


def crew(name: str = "Burgerzaken", *, timezone: str = ZONE) -> Crew:
    """A team with people in all roles."""
    team = a_team(name, timezone=timezone)
    return Crew(
        team=team,
        owner=a_member(team, name="Omar Bakker"),
        member=a_member(team, name="Mila Jansen"),
        keeper=a_member(team, Role.BOARD_KEEPER, name="Bo Kuipers"),
        leader=a_member(team, Role.LEADER, name="Leyla Demir"),
        viewer=a_member(team, Role.VIEWER, name="Vera Visser"),
        sponsor=a_sponsor(team, a_person("Stef Peeters")),
        administrator=a_person("Ada Brink", is_administrator=True),
        outsider=a_person("Otto Ver"),
    )


# --- days and moments --------------------------------------------------------------------------------------


def on(day: date, hour: int = 10, zone: str = ZONE) -> datetime:
    """A moment on this day, by the team's clock."""
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


def day_of(at: datetime, zone: str = ZONE) -> date:
    """The day of this moment by the team's clock."""
    return at.astimezone(ZoneInfo(zone)).date()


# --- the walk ----------------------------------------------------------------------------------------------


@dataclass
class Story:
    """An item on its way, with the moment it has come to and who walks it. The verbs move the moment along."""

    crew: Crew
    item: Item
    at: datetime
    # How long after the start the work is carried out.
    days_in_do: int = 7
    answers: Answers = field(default_factory=Answers)

    @property
    def owner(self) -> Person:
        """Who takes the owner's steps."""
        return self.crew.owner

    @property
    def today(self) -> date:
        """The team's day."""
        return day_of(self.at, self.crew.team.timezone)

    @property
    def facts(self) -> Facts:
        """What is true now."""
        return facts_of(self.item, self.at)

    @property
    def check(self) -> Check:
        """The open check that comes first."""
        return self.open_checks[0]

    @property
    def open_checks(self) -> list[Check]:
        """The unsettled checks of this round, earliest first."""
        rows = [c for c in self.item.checks if c.round_number == self.item.round_number and c.state in UNSETTLED]
        return sorted(rows, key=lambda c: (c.due_on or date.max, c.number))

    @property
    def contact(self) -> Contact:
        """The customer."""
        return self.item.contacts[0]

    def later(self, days: int = 0, minutes: int = 0) -> Story:
        """Let time pass."""
        self.at += timedelta(days=days, minutes=minutes)
        return self

    def until(self, day: date) -> Story:
        """Let time pass until ten o'clock on this day."""
        self.at = on(day, zone=self.crew.team.timezone)
        return self

    def move(self, to: Phase, *, by: Person | None = None, **answers: object) -> Story:
        """One step, by the owner unless said otherwise."""
        move(self.item, to, by=by or self.owner, at=self.at, answers=Answers(**answers))  # type: ignore[typeddict-item]
        return self

    def take_up(self) -> Story:
        """New → Plan: the owner takes a quick win, the leader an action."""
        by = self.crew.leader if self.item.kind is Kind.IMPROVEMENT else self.owner
        given = taken_up_with(self.item) | self.answers
        if lookalikes(self.item, at=self.at):
            given.setdefault("lookalikes", LookalikeAnswer(LookalikeChoice.DIFFERENT))
        if by is not self.owner:
            given.setdefault("owner_id", self.owner.id)
        move(self.item, Phase.PLAN, by=by, at=self.at, answers=given)
        _accept_pending(self)
        return self

    def start(self) -> Story:
        """Plan → Do."""
        answers = planned_with(self) | {k: v for k, v in self.answers.items() if k in planned_with(self)}
        move(self.item, Phase.DO, by=self.owner, at=self.at, answers=answers)  # type: ignore[arg-type]
        return self

    def finish(self) -> Story:
        """Do → Check, after the days in Do; an important item was called about on the way."""
        self.later(days=self.days_in_do)
        answers = Answers(carried_out=CarriedOutAnswer(self.today, "Zo gedaan als afgesproken."))
        if self.item.importance is Importance.HIGH:
            answers["call"] = CallAnswer("Karin", self.today, "telefoon", CallVerdict.GOING_WELL)
        return self.move(Phase.CHECK, **answers)

    def ask(self) -> Story:
        """The day of the first open check: the customer's mail leaves."""
        check = self.check
        assert check.due_on is not None
        self.until(max(check.due_on, self.today))
        checks.ask(check, at=self.at)
        return self

    def answer(self, solved: Solved = Solved.YES, mark: int = 8, better: str = "") -> Story:
        """On its day the first open check is answered: by the customer's link, or observed when unknown."""
        self.ask()
        if self.item.customer_type is CustomerType.UNKNOWN:
            seen = CheckAnswer(solved, None, "Zelf gezien aan de balie.", source=AnswerSource.OBSERVATION)
            checks.record_answer(self.check, seen, by=self.crew.member, at=self.at)
        else:
            checks.answer_by_link(self.check, self.contact, CheckAnswer(solved, mark, better), at=self.at)
        return self

    def judge(self, verdict: Verdict = Verdict.EFFECTIVE, evidence: str = "", by: Person | None = None) -> Story:
        """The verdict on the check that was answered."""
        give_verdict(self.item, VerdictAnswer(verdict, evidence), by=by or self.owner, at=self.at)
        return self

    def embed(self) -> Story:
        """Check → Act, once the first check is answered and judged."""
        self.answer().judge()
        if self.item.kind is Kind.IMPROVEMENT:
            return self.move(Phase.ACT, prediction_result=PredictionAnswer(PredictionResult.YES, "Zoals voorspeld."))
        return self.move(Phase.ACT)

    def settle_all(self) -> Story:
        """Every remaining check is answered on its day and judged effective."""
        while self.open_checks:
            self.answer().judge()
        return self

    def close(self) -> Story:
        """Act → closed."""
        self.settle_all()
        answers = Answers(lesson=LessonAnswer("Het werkte.", "Er was om gevraagd."))
        if self.item.kind is Kind.IMPROVEMENT:
            answers["standard"] = StandardAnswer("Werkafspraak 12", self.crew.member.id)
        return self.move(Phase.CLOSED, **answers)


def new(made: Crew, kind: Kind = Kind.QUICK_WIN, *, at: datetime, title: str = "", **answers: object) -> Story:
    """A captured item in the inbox, with `answers` given on the way."""
    line = title or SUBJECTS[next(_number) % len(SUBJECTS)]
    first = {k: v for k, v in answers.items() if k in ("importance", "service_id", "channel")}
    item = capture(made.team, line, by=made.member, at=at, answers=Answers(kind=kind, **first))  # type: ignore[typeddict-item]
    rest = {k: v for k, v in answers.items() if k not in first}
    return Story(made, item, at, answers=Answers(**rest))  # type: ignore[typeddict-item]


def walk(
    made: Crew,
    to: Phase,
    kind: Kind = Kind.QUICK_WIN,
    *,
    at: datetime,
    title: str = "",
    days_in_do: int = 7,
    **answers: object,
) -> Story:
    """An item that walked to `to`; `answers` replace what the walk would say (customer, due_on, groups …)."""
    story = new(made, kind, at=at, title=title, **answers)
    story.days_in_do = days_in_do
    steps: dict[Phase, Callable[[], Story]] = {
        Phase.PLAN: story.take_up,
        Phase.DO: story.start,
        Phase.CHECK: story.finish,
        Phase.ACT: story.embed,
        Phase.CLOSED: story.close,
    }
    for phase in LANE[1 : LANE.index(to) + 1]:
        story.later(minutes=15)
        steps[phase]()
    return story


KARIN = CustomerAnswer(CustomerType.EXTERNAL, "Karin Smit", "karin@klant.example")


def taken_up_with(item: Item) -> Answers:
    """What taking an item up asks."""
    return Answers(
        problem=f"Nu gaat dit mis: {item.title.casefold()}.",
        noticeable="U bent binnen tien minuten aan de beurt.",
        customer=KARIN,
    )


def planned_with(story: Story) -> Answers:
    """What planning it asks: for a quick win a date, for an action all of Plan."""
    today = story.today
    answers = Answers(due_on=story.answers.get("due_on") or today + timedelta(days=21))
    if story.item.customer_type is CustomerType.UNKNOWN:
        answers |= Answers(
            need=NeedAnswer("Balie", 3, "balie", "Klanten klagen."), agreed=AgreedAnswer("het team", today, "weekstart")
        )
    if story.item.kind is Kind.QUICK_WIN:
        return answers
    return answers | Answers(
        purpose="Zodat ik niet een uur vrij hoef te nemen.",
        need=NeedAnswer("Karin Smit", 12, "telefoon", "Ik sta te lang in de rij."),
        agreed=AgreedAnswer("Karin Smit", today, "telefoon"),
        aftercare=AftercareAnswer(_method(story.item), None, "Karin zegt dat het is opgelost."),
        baseline=BaselineAnswer(today, 5),
        small_test=SmallTestAnswer(
            "Balie 2", "Mila", today + timedelta(days=10), "De wachttijd halveert.", "We meten een week lang."
        ),
        groups=story.answers.get("groups") or [_first_group(story.crew)],
        touchpoint=TouchpointAnswer("Aan de balie", "Wij ontvangen"),
    )


def _method(item: Item) -> Method:
    return Method.OBSERVATION if item.customer_type is CustomerType.UNKNOWN else Method.MAIL


def _first_group(made: Crew) -> int:
    known = db.session.query(CustomerGroup).filter_by(team_id=made.team.id).first()
    return known.id if known else made.group("Inwoners aan de balie")


def _accept_pending(story: Story) -> None:
    """Who was made owner by somebody else reads the agreement back."""
    from pdca.items.handovers import accept

    for handover in [h for h in story.item.handovers if h.answered_at is None]:
        accept(handover, "Ik neem het over en bel Karin.", by=story.owner, at=story.at)
