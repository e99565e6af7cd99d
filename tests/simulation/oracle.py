"""What must be said to whom and when, told a second time: from the table of duties and the ladder, by their own words.

Nothing of the product is imported. The engine derives its duties from the facts of an item; here they are opened and
ended by what people did, as a colleague with a calendar would keep them. Working days, public holidays and the
first instant of a day are reckoned anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
OPENS, CLOSES = 7, 19

# --- days ------------------------------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday, by Gauss."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


@lru_cache
def free_days(country: str, year: int) -> frozenset[date]:
    """The public holidays, written down from the law of each country."""
    sunday = easter(year)
    days = {date(year, 1, 1), sunday + DAY, sunday + 39 * DAY, sunday + 50 * DAY, date(year, 12, 25)}
    if country == "BE":
        return frozenset(days | {date(year, *md) for md in ((5, 1), (7, 21), (8, 15), (11, 1), (11, 11))})
    king = date(year, 4, 27)
    days |= {sunday - 2 * DAY, king - DAY if king.isoweekday() == 7 else king, date(year, 12, 26)}
    return frozenset(days | ({date(year, 5, 5)} if year % 5 == 0 else set()))


def works(country: str, day: date) -> bool:
    """A working day: Monday to Friday, no holiday."""
    return day.isoweekday() <= 5 and day not in free_days(country, day.year)


def wd(country: str, day: date, count: int) -> date:
    """So many working days after (or before) a day; the day itself is not counted."""
    while count:
        day += DAY if count > 0 else -DAY
        if works(country, day):
            count += -1 if count > 0 else 1
    return day


def on_a_working_day(country: str, day: date) -> date:
    """The day itself, or the first working day after it."""
    return day if works(country, day) else wd(country, day, 1)


@lru_cache(maxsize=100_000)
def begins(day: date, zone: str) -> datetime:
    """The first instant of a day somewhere: found by looking, as somebody without a table of zones would."""
    low = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
    high = low + timedelta(hours=52)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(ZoneInfo(zone)).date() >= day:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def local(at: datetime, zone: str) -> datetime:
    """The clock on the wall."""
    return at.astimezone(ZoneInfo(zone))


# --- people ----------------------------------------------------------------------------------------------


@dataclass
class Who:
    """Somebody with a clock of their own."""

    email: str
    zone: str
    days_off: frozenset[int] = frozenset()
    absences: list[tuple[date, date]] = field(default_factory=list)
    deputy: Who | None = None
    # The countries of all teams this person has a part in.
    countries: set[str] = field(default_factory=set)

    def is_away(self, day: date) -> bool:
        """A part-time day or an absence."""
        return day.isoweekday() in self.days_off or any(a <= day <= b for a, b in self.absences)

    def reads(self, at: datetime) -> bool:
        """Between 07:00 and 19:00 on a working day, by their own clock, unless away."""
        here = local(at, self.zone)
        some_team_works = any(works(c, here.date()) for c in self.countries)
        return OPENS <= here.hour < CLOSES and some_team_works and not self.is_away(here.date())

    def acts(self, day: date, country: str) -> Who:
        """A longer absence moves the duty to the deputy; a deputy who is away too is followed to theirs."""
        found, seen = self, {self.email}
        while found.is_long_away(day, country):
            if found.deputy is None or found.deputy.email in seen:
                return self
            found = found.deputy
            seen.add(found.email)
        return found

    def is_long_away(self, day: date, country: str) -> bool:
        """More than a part-time day."""
        return any(a <= day <= b and self._missed(a, b, country) > 1 for a, b in self.absences)

    def _missed(self, first: date, last: date, country: str) -> int:
        days = (first + DAY * n for n in range((last - first).days + 1))
        return sum(works(country, d) and d.isoweekday() not in self.days_off for d in days)


@dataclass(frozen=True)
class Board:
    """A team: its clock, its calendar, and who is who."""

    zone: str
    country: str
    keeper: Who
    leader: Who
    sponsor: Who

    def day(self, at: datetime) -> date:
        """The team's day."""
        return local(at, self.zone).date()

    def after(self, at: datetime, working_days: int) -> date:
        """So many of its working days later."""
        return wd(self.country, self.day(at), working_days)


# --- the ladder, as it stands in the table ------------------------------------------------------------------

# (who, from which day, how far, "wd" or "days"); * the leader must decide.
Rung = tuple[str, str, int, str]
E1: Rung = ("holder", "T", 1, "wd")
E2: Rung = ("holder keeper", "T", 3, "wd")
E3: Rung = ("holder keeper leader *", "T", 10, "wd")
E4: Rung = ("holder keeper leader sponsor", "T", 20, "wd")
TOLD: Rung = ("holder", "opened", 0, "wd")


def _settle(*rungs: Rung) -> tuple[Rung, ...]:
    return tuple((who, "settle", far, unit) for who, _, far, unit in rungs)


TABLE: dict[str, tuple[Rung, ...]] = {
    # due: keeper · +5 wd leader · then E4
    "decide": (("holder", "T", 0, "wd"), ("leader", "T", 5, "wd"), E4),
    "plan": (E1, E2, E3),
    "start": (E1, E2),
    # E0 T−7 days and T−1 wd (quick win: T−2 wd only), E1–E4
    "promise": (("holder", "T", -2, "wd"), E1, E2, E3, E4),
    "promise of an action": (("holder", "T", -7, "days"), ("holder", "T", -1, "wd"), E1, E2, E3, E4),
    "review": (E1, E3),
    "waiting": (E1, E2),
    # receiver +2 · keeper +3 · leader +5, and told at once
    "handover": (TOLD, ("holder", "T", 2, "wd"), ("keeper", "T", 3, "wd"), ("leader", "T", 5, "wd")),
    "call during": (E1, E2),
    # customer: mail; from that day reminder after 5 wd · owner: call +7, second call +9 · then E1–E4 from settle-by
    "aftercare": (
        ("customer", "T", 0, "wd"),
        ("customer again", "asked", 5, "wd"),
        ("holder", "asked", 7, "wd"),
        ("holder", "asked", 9, "wd"),
        *_settle(E1, E2, E3, E4),
    ),
    "judge": (E1, E2),
    "tell next": (E1, E2),
    "next round": (E1, E2, E3),
    "close": (E1, E2, E3),
    # leader · + 5 wd sponsor, and told at once
    "decision": (TOLD, ("holder", "T", 0, "wd"), ("sponsor", "T", 5, "wd")),
    "help": (TOLD, E2, E3),
    "recurrence": (("customer", "T", 0, "wd"),),
}


@dataclass
class Owed:
    """One open duty, and how far its ladder was climbed."""

    what: str
    due: date
    opened: date
    holder: Who | None
    settle: date | None = None
    # The day on which the customer found the first question in the box.
    asked: date | None = None
    # The duty that an escalation is about.
    about: Owed | None = None
    climbed: int = -1
    escalated: bool = False
    # Steps that were reached and not said yet, and to which part. Their days count from T, also when T moves.
    unsaid: list[tuple[Rung, str]] = field(default_factory=list)
    # Who was told of which step: nobody twice, also when they stand in for somebody else of the same step later.
    told: set[tuple[Rung, str]] = field(default_factory=set)

    def day_of(self, rung: Rung, country: str) -> date:
        """The day of a step."""
        start = {
            "T": self.due,
            "opened": self.opened,
            "asked": self.asked or self.due,
            "settle": self.settle or self.due,
        }[rung[1]]
        return start + DAY * rung[2] if rung[3] == "days" else wd(country, start, rung[2])

    def climb(self, ladder: str, board: Board, at: datetime) -> bool:
        """Reach what is due by now; a step that lay before the duty was opened is skipped. True: decide now."""
        decide = False
        for n, rung in enumerate(TABLE[ladder]):
            day = self.day_of(rung, board.country)
            if n <= self.climbed or day < self.opened:
                continue
            if begins(day, board.zone) > at:
                break
            self.climbed = n
            who = rung[0].replace(" *", "")
            parts = [who] if who == "customer again" else who.split()
            self.unsaid += [(rung, part) for part in parts]
            decide = decide or rung[0].endswith("*")
        return decide


# --- one item ----------------------------------------------------------------------------------------------

CHECK_DAYS = {
    ("quick win", False): (14, 42),
    ("quick win", True): (14, 42),
    ("action", False): (14, 42, 91),
    ("action", True): (14, 42, 91, 182),
}


@dataclass
class Asked:
    """An aftercare check."""

    due: date
    answered_at: datetime | None = None
    solved: str = ""
    verdict: str = ""


@dataclass
class Life:
    """An item, as somebody saw it from outside: what people did, and what was owed by it."""

    number: int
    board: Board
    customer: str
    kind: str = "quick win"
    is_important: bool = False
    owner: Who | None = None
    phase: str = ""
    since: datetime | None = None
    promised: date | None = None
    checks: list[Asked] = field(default_factory=list)
    owed: dict[str, Owed] = field(default_factory=dict)
    decisions: list[Owed] = field(default_factory=list)

    # --- what people do --------------------------------------------------------------------------------------

    def captured(self, at: datetime) -> None:
        """Decide on a new item: keeper, created + 5 wd."""
        self.phase, self.since = "new", at
        self._owe("decide", self.board.after(at, 5), at, self.board.keeper)

    def parked(self, at: datetime, review: date) -> None:
        """Review a parked item: keeper, review date."""
        self.phase = "parked"
        self._done("decide", "plan", "start")
        self._owe("review", review, at, self.board.keeper)

    def resumed(self, at: datetime) -> None:
        """Back to the inbox: it waits for a decision again."""
        self._done("review")
        self.captured(at)

    def taken_up(self, at: datetime, owner: Who) -> None:
        """Plan it: owner, taken up + 10 wd."""
        self.phase, self.owner = "plan", owner
        self._done("decide")
        self._owe("plan", self.board.after(at, 10), at, owner)
        self._deciders_follow()

    def handed_over(self, at: datetime, receiver: Who) -> None:
        """Answer a handover: receiver, + 2 wd; told at once."""
        self._owe("handover", self.board.after(at, 2), at, receiver)

    def accepted(self, receiver: Who) -> None:
        """Now the receiver owes what the owner owes."""
        self._done("handover")
        before, self.owner = self.owner, receiver
        for owed in self.owed.values():
            if owed.holder is before:
                owed.holder = receiver
        self._deciders_follow()

    def planned(self, at: datetime) -> None:
        """Start it: owner, when the gate is met + 5 wd."""
        self._done("plan")
        self._owe("start", self.board.after(at, 5), at, self.owner)

    def started(self, at: datetime, promised: date) -> None:
        """Keep the promise; when important, call at half of Do."""
        self.phase, self.since = "do", at
        self._done("plan", "start")
        self.promised = promised
        self._owe("promise", promised, at, self.owner)
        if self.is_important:
            today = self.board.day(at)
            self._owe("call during", today + DAY * ((promised - today).days // 2), at, self.owner)

    def new_date(self, at: datetime, promised: date) -> None:
        """Another date begins another ladder; the half of Do moves along."""
        self.promised = promised
        self._done("promise")
        self._owe("promise", promised, at, self.owner)
        call = self.owed.get("call during")
        if call is not None and self.since is not None:
            start = self.board.day(self.since)
            call.due = start + DAY * ((promised - start).days // 2)

    def waits(self, at: datetime, until: date) -> None:
        """End of waiting on others: owner, until when."""
        self._owe("waiting", until, at, self.owner)

    def waits_no_longer(self) -> None:
        """It came."""
        self._done("waiting")

    def asks_help(self, at: datetime) -> None:
        """Need help: keeper, asked + 2 wd, told at once."""
        self._owe("help", self.board.after(at, 2), at, self.board.keeper)

    def helped(self) -> None:
        """The keeper answered."""
        self._done("help")

    def carried_out(self, at: datetime) -> None:
        """The checks get their days: whole weeks after it was done, on a working day."""
        self.phase = "check"
        self._done("promise", "call during", "waiting")
        today, country = self.board.day(at), self.board.country
        earliest = wd(country, today, 1)
        self.checks = [
            Asked(on_a_working_day(country, max(today + DAY * n, earliest)))
            for n in CHECK_DAYS[self.kind, self.is_important]
        ]
        for check in self.checks:
            name = f"aftercare {check.due}"
            self._owe("aftercare", check.due, at, self.owner, name=name, settle=wd(country, check.due, 10))

    def answered(self, at: datetime, solved: str) -> None:
        """The first check that was still open. Judge: answer + 3 wd."""
        check = next(c for c in self.checks if c.answered_at is None)
        check.answered_at, check.solved = at, solved
        self._done(f"aftercare {check.due}")
        self._owe("judge", self.board.after(at, 3), at, self.owner)

    def judged(self, at: datetime, verdict: str) -> None:
        """What follows a verdict: the next round with its why, or the lesson and the end."""
        check = [c for c in self.checks if c.answered_at is not None][-1]
        check.verdict = verdict
        self._done("judge")
        plainly = verdict == "effective" and self.kind == "quick win" and not self.is_important
        if verdict == "not effective" or plainly:
            for later in [c for c in self.checks if c.answered_at is None]:
                self._done(f"aftercare {later.due}")
                self.checks.remove(later)
        if verdict == "not effective":
            self._owe("next round", self.board.after(at, 3), at, self.owner)
            self._owe("tell next", self.board.after(at, 2), at, self.owner)
        elif all(c.answered_at for c in self.checks):
            self._owe("close", self.board.after(at, 5), at, self.owner)

    def told_next(self) -> None:
        """The customer heard what happens next."""
        self._done("tell next")

    def next_round(self, at: datetime) -> None:
        """Back to Plan, as if taken up anew."""
        self.phase, self.checks = "plan", []
        self._done("next round")
        self._owe("plan", self.board.after(at, 10), at, self.owner)

    def closed(self, at: datetime) -> None:
        """The recurrence question is asked on day 168."""
        self._end("closed")
        self._owe("recurrence", self.board.day(at) + DAY * 168, at, self.owner)

    def ended(self) -> None:
        """Stopped or declined: nothing is owed, the customer and the proposer are told by mail."""
        self._end("ended")

    def decided(self) -> None:
        """The leader decided on all that was escalated."""
        self.decisions = []

    def _decider(self) -> Who:
        """Who decides is never the owner; a team without a second leader: deputy, then sponsor."""
        leader = self.board.leader
        return leader if leader is not self.owner else leader.deputy or self.board.sponsor

    def _deciders_follow(self) -> None:
        """There is another owner: what waits for a decision waits for who may decide now."""
        for decision in self.decisions:
            decision.holder = self._decider()

    def _end(self, phase: str) -> None:
        self.phase, self.owed, self.decisions = phase, {}, []

    def _owe(
        self, what: str, due: date, at: datetime, holder: Who | None, *, name: str = "", settle: date | None = None
    ) -> None:
        self.owed[name or what] = Owed(what, due, self.board.day(at), holder, settle)

    def _done(self, *names: str) -> None:
        for name in names:
            self.owed.pop(name, None)

    # --- what the clock does ----------------------------------------------------------------------------------

    def tick(self, at: datetime, *, new_day: bool) -> None:
        """By the clock: day 43 in Do, the verdict that follows the customer, steps, and what a leader must decide."""
        self._promote(at, new_day=new_day)
        self._follow_the_customer(at)
        asked = self.owed.get("recurrence")
        if asked is not None and self.board.day(at) > asked.due + DAY * 30:
            self._done("recurrence")
        for owed in [*self.owed.values(), *self.decisions]:
            of_action = owed.what == "promise" and self.kind == "action"
            ladder = "promise of an action" if of_action else owed.what
            if owed.climb(ladder, self.board, at) and not owed.escalated:
                owed.escalated = True
                self._must_decide(owed, at)
        for decision in self.decisions:
            decision.climb("decision", self.board, at)

    def _must_decide(self, owed: Owed, at: datetime) -> None:
        due = self.board.after(at, 5)
        self.decisions.append(Owed("decision", due, self.board.day(at), self._decider(), about=owed))

    def _promote(self, at: datetime, *, new_day: bool) -> None:
        if not (new_day and self.phase == "do" and self.kind == "quick win" and self.since is not None):
            return
        if (self.board.day(at) - self.board.day(self.since)).days > 42:
            self._become_action()

    def _become_action(self) -> None:
        self.kind = "action"
        promise = self.owed.get("promise")
        if promise is not None and promise.climbed >= 0:
            # The same rung of a ladder with one more below it.
            promise.climbed += 1

    def _follow_the_customer(self, at: datetime) -> None:
        if "judge" not in self.owed:
            return
        check = [c for c in self.checks if c.answered_at is not None][-1]
        assert check.answered_at is not None
        final = at - check.answered_at >= timedelta(hours=24)
        if final and (self.kind == "quick win" or check.solved == "no"):
            verdicts = {"yes": "effective", "partly": "partly", "no": "not effective"}
            self.judged(at, verdicts[check.solved])


# --- the post -----------------------------------------------------------------------------------------------

Line = tuple[int, str]


class Oracle:
    """All items together: what every person must find in the mail of one pass."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.lives: list[Life] = []
        self._last_day: date | None = None
        # The last day (their own) on which somebody got a mail.
        self.had: dict[str, date] = {}

    def tick(self, at: datetime) -> None:
        """Time passes for everything that is owed."""
        today = local(at, self.zone).date()
        new_day, self._last_day = today != self._last_day, today
        for life in self.lives:
            if life.owed or life.decisions:
                life.tick(at, new_day=new_day)

    def post(self, at: datetime) -> dict[str, set[Line]]:
        """Who must be told what at this pass: to be called once per pass, after `tick`. Customers too."""
        told: dict[str, list[tuple[Life, Owed]]] = {}
        for life in self.lives:
            for owed in [*life.owed.values(), *life.decisions]:
                for email in self._tell(life, owed, at):
                    told.setdefault(email, []).append((life, owed))
        return {email: _lines(lines) for email, lines in told.items()}

    def _tell(self, life: Life, owed: Owed, at: datetime) -> Iterator[str]:
        left, said = [], set()
        for rung, part in owed.unsaid:
            email = self._addressee(life, owed, owed.day_of(rung, life.board.country), part, at)
            if email is None:
                left.append((rung, part))
            elif (rung, email) not in owed.told:
                said.add((rung, email))
                if part == "customer":
                    owed.asked = life.board.day(at)
                yield email
        owed.unsaid = left
        owed.told |= said

    def _addressee(self, life: Life, owed: Owed, day: date, part: str, at: datetime) -> str | None:
        board = life.board
        if part.startswith("customer"):
            here = local(at, board.zone)
            is_open = OPENS <= here.hour < CLOSES and works(board.country, here.date())
            return life.customer if is_open and self.had.get(life.customer) != here.date() else None
        whom = {"holder": owed.holder, "keeper": board.keeper, "leader": board.leader, "sponsor": board.sponsor}[part]
        assert whom is not None
        acting = whom.acts(board.day(at), board.country)
        had_today = self.had.get(acting.email) == local(at, acting.zone).date()
        if begins(day, acting.zone) > at or had_today or not acting.reads(at):
            return None
        return acting.email

    def noted(self, emails: Iterable[tuple[str, date]]) -> None:
        """Who found a mail of any kind in the box on which day of theirs."""
        self.had.update(emails)


def _lines(told: list[tuple[Life, Owed]]) -> set[Line]:
    """Who is asked to decide on an escalation needs no second line on what it is about."""
    above = [owed.about for _, owed in told if owed.about is not None]
    return {(life.number, owed.what) for life, owed in told if not any(owed is it for it in above)}
