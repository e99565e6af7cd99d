"""One rehearsal: a database, a mail server, a mother of workers, what was planned, and the judgement at the end."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.peers.waiting import until
from tests.simulation.figures import Bench
from tests.simulation.judge import FAILED, Event, Verdict, Violation, What, judge
from tests.simulation.pacing import LEASE_S, arrives_within
from tests.simulation.people import address_of, mark_of
from tests.simulation.sink import Sink, listening
from tests.simulation.workers import Mother, Worker, mother

# A child that was killed is gone within this time.
DIES_WITHIN_S = 20.0
PASSES_WITHIN_S = 120.0


@dataclass
class World:
    """What a part of the torture works with."""

    sink: Sink
    mother: Mother
    plans: list[Event] = field(default_factory=list)
    kills: list[Event] = field(default_factory=list)
    people: int = 0
    _forked: int = 0
    # Of so many plans it is settled by when they must be met.
    _settled: int = 0

    # --- what must be told -------------------------------------------------------------------------------

    def arrive(self, count: int, each: int = 1) -> None:
        """So many people, each with so many reminders due; planned here, by hand, before the engine sees them."""
        first, self.people = self.people, self.people + count
        at = self.mother.now()
        for person in range(first, first + count):
            marks = [mark_of(person, thing) for thing in range(each)]
            self.plans += [Event(What.PLAN, at, to=address_of(person), about=(mark,)) for mark in marks]
        self.mother.people(first, count, each)

    def put_letters(self, count: int) -> None:
        """So many plain mails."""
        at = self.mother.now()
        self.plans += [Event(What.PLAN, at, to=address_of(n), about=(mark_of(n, 0),)) for n in range(count)]
        self.mother.letters(0, count)

    def due_by_now(self) -> None:
        """Passes that nobody disturbed have ended: whatever was planned must be there, or it is late."""
        self._due(lambda _plan: self.mother.now())

    def due_by_the_rules(self, behind: int) -> None:
        """Each may take as long as the rules say, after what the mail server and the kills did to it."""
        deaths, answers = self._deaths(), self.sink.put_off

        def until(plan: Event) -> float:
            put_off, died = answers[plan.to], deaths[plan.to]
            # A lost answer costs what is left of its lease.
            late = arrives_within(behind=behind, deaths=died, put_off=put_off, rests=self.sink.rests)
            return plan.at + late + put_off * LEASE_S

        self._due(until)

    def _due(self, until: Callable[[Event], float]) -> None:
        known, new = self.plans[: self._settled], self.plans[self._settled :]
        self.plans = [*known, *(replace(plan, until=until(plan)) for plan in new)]
        self._settled = len(self.plans)

    def _deaths(self) -> Counter[str]:
        """Address → how often a process died that had claimed its mail. Nothing of a mail that never came."""
        addresses = {event.message: event.to for event in self.sink.events if event.what is What.ACCEPT}
        ended = {kill.who: kill.at for kill in self.kills}
        last: dict[str, str] = {}
        for event in self.mother.events():
            if event.what is What.CLAIM and event.who in ended:
                last[event.who] = event.message
            elif event.what is What.SETTLE:
                last.pop(event.who, None)
        return Counter(addresses[message] for message in last.values() if message in addresses)

    # --- who works ---------------------------------------------------------------------------------------

    def fork(self, **orders: object) -> Worker:
        """One more process, under a name of its own."""
        self._forked += 1
        return self.mother.fork(f"worker-{self._forked}", **orders)

    def kill(self, worker: Worker) -> None:
        """kill -9, and wait until it is gone."""
        worker.send(signal.SIGKILL)
        self.died(worker)

    def died(self, worker: Worker) -> None:
        """It was killed, by us or by its failpoint."""
        if not worker.wait(DIES_WITHIN_S):
            raise RuntimeError(f"{worker.name} should be dead and lives")
        self.kills.append(Event(What.KILL, self.mother.now(), who=worker.name))

    def passes(self, **orders: object) -> None:
        """One whole pass that nobody disturbs."""
        worker = self.fork(patient=True, **orders)
        if not worker.wait(PASSES_WITHIN_S):
            raise RuntimeError(f"{worker.name} did not finish its pass")

    def finish(self, seconds: float) -> bool:
        """Until everything that was planned has arrived, with the workers that run."""
        missing = self.waiting()

        def all_there() -> bool:
            missing.difference_update(self.arrived())
            return not missing

        return until(all_there, seconds, every=0.2)

    def waiting(self) -> set[tuple[str, str]]:
        """Who must still be told what."""
        gone = {event.to for event in self.sink.events if event.what is What.GONE}
        wanted = {(plan.to, mark) for plan in self.plans for mark in plan.about if plan.to not in gone}
        return wanted - self.arrived()

    def arrived(self) -> set[tuple[str, str]]:
        """Who was told what."""
        return {(e.to, mark) for e in self.sink.events if e.what is What.ACCEPT for mark in e.about}

    # --- how it ended ------------------------------------------------------------------------------------

    def history(self) -> list[Event]:
        """Everything, from everybody."""
        return [*self.plans, *self.kills, *self.sink.events, *self.mother.events()]

    def failed(self) -> list[str]:
        """Passes that ended with an error."""
        return [e.words for e in self.mother.events() if e.words.startswith(FAILED)]

    def judged(self) -> list[Violation]:
        """What the judge says."""
        return judge(self.history())


def counted(violations: list[Violation]) -> Counter[Verdict]:
    """How often each."""
    return Counter(violation.verdict for violation in violations)


def others(found: Counter[Verdict]) -> int:
    """Neither lost nor doubled: late, without rights, after obsolete, renamed."""
    return sum(n for verdict, n in found.items() if verdict not in (Verdict.LOST, Verdict.DOUBLED))


@contextmanager
def world(bench: Bench, sink: Sink | None = None) -> Iterator[World]:
    """A fresh one; nobody stays behind."""
    url, instance = bench.fresh()
    with listening(sink or Sink()) as server, mother(url, instance, server.url) as made:
        server.began = made.began
        yield World(server, made)


def of(bench: Bench, count: int, least: int = 1) -> int:
    """So many, at this share."""
    return max(least, round(count * bench.share))
