"""The judge: what happened, as a list of events, and the one function that says what went wrong in it.

It knows nothing of the engine. What must arrive was planned by whoever wrote the history; what did arrive was
seen by the mail server. The rest (claims, phases, kills) only says how many copies a crash may have cost.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class What(StrEnum):
    """What can happen."""

    # From this moment on `to` must be told `about` each of these, before `until`.
    PLAN = "plan"
    # From now on it is no longer true.
    MOOT = "moot"
    # From now on `to` may not be told anything.
    GONE = "gone"
    # `who` took a message; `about` holds the key it is known by.
    CLAIM = "claim"
    # `who` came to a place in the delivery of a message.
    PHASE = "phase"
    # The mail server took a mail. `words`: UNHEARD when its answer was lost on the way.
    ACCEPT = "accept"
    # `who` stored how it ended.
    SETTLE = "settle"
    # `who` was killed.
    KILL = "kill"
    # The wall clock was changed: lateness counts from here.
    CLOCK = "clock"


UNHEARD = "unheard"
# A kill of a process that nobody watched: it may have been anywhere.
UNSEEN = "unseen"
# Phases: from here on a copy may have left …
TEXT = "text"
# … and from here on it is known to have left.
KNOWN = "journal.written"
# The answer did not come before the deadline.
TIMED_OUT = "timed out"
# A pass that ended with an error; the next one goes on.
FAILED = "failed:"


@dataclass(frozen=True)
class Event:
    """One line of the history. Times are seconds on any clock, the same one throughout."""

    what: What
    at: float
    to: str = ""
    about: tuple[str, ...] = ()
    message: str = ""
    who: str = ""
    words: str = ""
    until: float = float("inf")

    def line(self) -> str:
        """As it stands in a file."""
        return json.dumps({name: value for name, value in asdict(self).items() if value not in ("", (), float("inf"))})

    @staticmethod
    def read(line: str) -> Event:
        """From a file."""
        given = json.loads(line)
        return Event(**{**given, "what": What(given["what"]), "about": tuple(given.get("about", ()))})


class Verdict(StrEnum):
    """What can be wrong."""

    LOST = "lost"
    DOUBLED = "doubled beyond the allowed"
    LATE = "late"
    WITHOUT_RIGHTS = "without rights"
    OBSOLETE = "after obsolete"
    RENAMED = "Message-ID changed"


@dataclass(frozen=True)
class Violation:
    """One thing that went wrong, and for whom."""

    verdict: Verdict
    words: str


def judge(history: Iterable[Event]) -> list[Violation]:
    """Everything that went wrong."""
    case = _Case(sorted(history, key=lambda event: event.at))
    return [*case.names(), *case.copies(), *case.rights(), *case.truth(), *case.reminders()]


def copies_beyond_the_first(history: Iterable[Event]) -> int:
    """How many mails arrived once more, allowed or not."""
    return sum(n - 1 for n in Counter(e.message for e in history if e.what is What.ACCEPT).values())


class _Case:
    """The history, sorted into what each question needs."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.of: dict[What, list[Event]] = defaultdict(list)
        for event in events:
            self.of[event.what].append(event)
        self.claims: dict[str, list[Event]] = _grouped(self.of[What.CLAIM], lambda e: e.message)
        self.plans: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for plan in self.of[What.PLAN]:
            for mark in plan.about:
                self.plans[plan.to, mark].append(plan)
        self.events = events

    # --- the questions -----------------------------------------------------------------------------------

    def names(self) -> Iterator[Violation]:
        """One key has one Message-ID, and what arrives bears it."""
        ids: dict[str, set[str]] = defaultdict(set)
        for claim in self.of[What.CLAIM]:
            for key in claim.about:
                ids[key].add(claim.message)
        for key, found in ids.items():
            if len(found) > 1:
                yield Violation(Verdict.RENAMED, f"{key} was claimed as {' and '.join(sorted(found))}")
        for accept in self.of[What.ACCEPT] if self.claims else ():
            if accept.message not in self.claims:
                yield Violation(Verdict.RENAMED, f"{accept.message} arrived, which nobody claimed")

    def copies(self) -> Iterator[Violation]:
        """One copy of each mail, and one more for each answer that was lost and each kill inside the window."""
        allowed = self._allowed()
        pool = sum(1 for kill in self.of[What.KILL] if kill.words == UNSEEN)
        for message, accepts in _grouped(self.of[What.ACCEPT], lambda e: e.message).items():
            beyond = len(accepts) - 1 - allowed[message]
            lent = min(max(beyond, 0), pool)
            pool -= lent
            if beyond > lent:
                words = f"{message} arrived {len(accepts)} times, {1 + allowed[message] + lent} were allowed"
                yield Violation(Verdict.DOUBLED, words)

    def rights(self) -> Iterator[Violation]:
        """Nothing to who is gone, nothing to whom nothing was planned for."""
        gone = {event.to: event.at for event in self.of[What.GONE]}
        for accept in self.of[What.ACCEPT]:
            if accept.to in gone and self._last_look(accept) > gone[accept.to]:
                yield Violation(Verdict.WITHOUT_RIGHTS, f"{accept.to} was gone and got {_marks(accept)}")
            strange = [mark for mark in accept.about if (accept.to, mark) not in self.plans]
            if strange:
                yield Violation(Verdict.WITHOUT_RIGHTS, f"{accept.to} was told {', '.join(strange)}")

    def truth(self) -> Iterator[Violation]:
        """What a mail says was true when it was written; a copy goes again as long as any of it is."""
        for accept in self.of[What.ACCEPT]:
            written = self._written(accept)
            untrue = [mark for mark in accept.about if self._is_moot(accept.to, mark, written)]
            last_look = self._last_look(accept)
            all_moot = bool(accept.about) and all(self._is_moot(accept.to, m, last_look) for m in accept.about)
            if untrue or all_moot:
                words = f"{accept.to} was told {', '.join(untrue or accept.about)}"
                yield Violation(Verdict.OBSOLETE, words)

    def reminders(self) -> Iterator[Violation]:
        """Each plan is met by a mail that arrives in time; a mail that meets none is one too many."""
        arrived: dict[tuple[str, str], list[Event]] = defaultdict(list)
        seen: set[str] = set()
        for accept in self.of[What.ACCEPT]:
            if accept.message in seen:
                continue
            seen.add(accept.message)
            for mark in accept.about:
                arrived[accept.to, mark].append(accept)
        for told, plans in self.plans.items():
            yield from self._met(told, plans, arrived.get(told, []))

    # --- answering them ----------------------------------------------------------------------------------

    def _met(self, told: tuple[str, str], plans: list[Event], accepts: list[Event]) -> Iterator[Violation]:
        to, mark = told
        waiting = list(plans)
        for accept in accepts:
            met = [plan for plan in waiting if plan.at <= accept.at]
            waiting = [plan for plan in waiting if plan.at > accept.at]
            if not met:
                yield Violation(Verdict.DOUBLED, f"{to} was told {mark} in {accept.message}, which nothing asked for")
            elif late := [plan for plan in met if accept.at > self._until(plan)]:
                yield Violation(Verdict.LATE, f"{to} was told {mark} {accept.at - self._until(late[0]):.0f} s late")
        for plan in waiting:
            if not self._is_excused(plan, mark):
                yield Violation(Verdict.LOST, f"{to} was never told {mark}")

    def _until(self, plan: Event) -> float:
        """A clock that was changed while it waited takes that time away."""
        changed = [e.at for e in self.of[What.CLOCK] if plan.at < e.at]
        return plan.until + (max(changed) - plan.at if changed else 0)

    def _is_excused(self, plan: Event, mark: str) -> bool:
        """Nobody has to hear any more what stopped being true, or stopped being theirs, while there was time."""
        ended = [e.at for e in self.of[What.MOOT] if mark in e.about and e.to in ("", plan.to)]
        ended += [e.at for e in self.of[What.GONE] if e.to == plan.to]
        return any(plan.at <= at <= plan.until for at in ended)

    def _is_moot(self, to: str, mark: str, at: float) -> bool:
        ended = [e.at for e in self.of[What.MOOT] if mark in e.about and e.to in ("", to) and e.at < at]
        if not ended:
            return False
        return not any(max(ended) <= plan.at <= at for plan in self.plans.get((to, mark), ()))

    def _written(self, accept: Event) -> float:
        claims = self.claims.get(accept.message)
        return claims[0].at if claims else accept.at

    def _last_look(self, accept: Event) -> float:
        """Rights are looked at in the claim; a mail that is on its way arrives."""
        claims = [claim.at for claim in self.claims.get(accept.message, ()) if claim.at <= accept.at]
        return claims[-1] if claims else accept.at

    def _allowed(self) -> Counter[str]:
        """Message-ID → how many more copies than one are nobody's fault."""
        allowed = Counter(accept.message for accept in self.of[What.ACCEPT] if accept.words == UNHEARD)
        texts: dict[str, Event] = {}
        for event in self.events:
            if event.what is What.PHASE and event.words == TEXT:
                texts[event.who] = event
            elif event.what is What.KILL or (event.what is What.PHASE and event.words == TIMED_OUT):
                text = texts.pop(event.who, None)
                if text is not None and not self._is_counted(text, event):
                    allowed[text.message] += 1
            elif event.what in (What.CLAIM, What.SETTLE) or (event.what is What.PHASE and event.words == KNOWN):
                texts.pop(event.who, None)
        return allowed

    def _is_counted(self, text: Event, end: Event) -> bool:
        """The server itself knows that nobody heard its answer to this copy."""
        return any(
            accept.words == UNHEARD and accept.message == text.message and text.at <= accept.at <= end.at
            for accept in self.of[What.ACCEPT]
        )


def _grouped(events: Iterable[Event], by) -> dict[str, list[Event]]:  # type: ignore[no-untyped-def]
    grouped: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        grouped[by(event)].append(event)
    return grouped


def _marks(event: Event) -> str:
    return ", ".join(event.about) or event.message
