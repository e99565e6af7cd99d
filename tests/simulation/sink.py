"""The mail server of the rehearsals: it answers by chance or by script, and writes into the history what it took."""

from __future__ import annotations

import quopri
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.peers import smtp
from tests.peers.smtp import DRIP, HANG_UP, SILENCE, Received
from tests.simulation.judge import UNHEARD, Event, What

# As people.py titles things; a Message-ID could hold something like it by chance.
MARK = re.compile(rb"Balie (R\d{7})")
NAME = re.compile(rb"^Message-ID: *(<[^>]+>)", re.M | re.I)

LATER = ("450 4.2.1 busy", "451 4.7.1 greylisted", "452 4.3.1 full")
DOWN = ("421 4.3.2 closing", "503 5.5.1 bad sequence", "454 4.7.0 later", HANG_UP)
# What goes wrong at each stage when something does. Whatever looks as if the server itself is down is seldom: each
# time everybody rests. Silence is seldom too: it costs a whole budget.
FAULTS = {
    "banner": ("554 no service", "421 too busy", HANG_UP),
    "ehlo": ("421 4.3.2 closing", HANG_UP),
    "mail": (*DOWN, "530 5.7.0 sign in first"),
    "rcpt": (*LATER * 12, *("550 5.1.1 user unknown", "554 5.7.1 policy") * 12, *DOWN, SILENCE),
    "data": (*LATER * 8, *("554 5.5.1 no",) * 10, *DOWN, DRIP),
    "dot": (*LATER * 4, *("554 5.7.1 spam",) * 10, *(HANG_UP,) * 5, SILENCE),
}
FOR_EVER = ("550 5.1.1 user unknown", "554 5.7.1 policy", "554 5.5.1 no", "554 5.7.1 spam")
# Of 100 whole conversations so many meet a fault.
SHARES = {"mail": 0.005, "rcpt": 0.15, "data": 0.13, "dot": 0.24}


class Sink(smtp.Server):
    """Takes everything, unless told otherwise; keeps what the judge asks for and no mails."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.events: list[Event] = []
        self.accepted = 0
        self.refused: set[str] = set()
        # Address → what it always hears at RCPT.
        self.refuses: dict[str, str] = {}
        self.now: Callable[[], float] = self._since_it_began
        self.lost = 0
        # Address → how often it heard "later", or nothing after its text.
        self.put_off: Counter[str] = Counter()
        # How often a sender had to think that the whole server does not work.
        self.rests = 0
        # Mails that were begun, and answers that were not a plain yes.
        self.tries = 0
        self.faulty = 0
        self._lock = threading.Lock()

    def take(self, one: Received) -> None:
        """A mail came in whole: was it taken, and did the sender hear of it?"""
        heard = one.taken
        if not heard and not self._took_it_silently(one):
            return
        marks = tuple(sorted({mark.decode() for mark in MARK.findall(quopri.decodestring(one.mime))}))
        name = NAME.search(one.mime)
        at = self.now()
        words = "" if heard else UNHEARD
        message = name[1].decode() if name else "?"
        with self._lock:
            self.events.append(Event(What.ACCEPT, at, to=one.address, about=marks, message=message, words=words))
            self.accepted += 1

    def act_for(self, stage: str, address: str) -> str | None:
        """By script."""
        if stage == "rcpt" and address in self.refuses:
            return self.refuses[address]
        return super().act_for(stage, address)

    def _since_it_began(self) -> float:
        return time.monotonic() - self.began

    def _took_it_silently(self, one: Received) -> bool:
        if one.act in (HANG_UP, SILENCE, DRIP):
            self.lost += 1
            return self.keeps_what_it_does_not_answer()
        return False

    def keeps_what_it_does_not_answer(self) -> bool:
        """Whether a mail whose answer is lost was taken all the same."""
        return True


class Moody(Sink):
    """A server on a bad day: four conversations in ten meet a fault somewhere."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.calm = False

    def act_for(self, stage: str, address: str) -> str | None:
        """Usually yes. After a no for ever it is this address that must not be tried again."""
        act = self.act_at(stage)
        if stage in ("rcpt", "data", "dot") and act in FOR_EVER:
            self.refused.add(address)
            self.events.append(Event(What.GONE, self.now(), to=address))
        elif act is not None:
            self.put_off[address] += act in LATER or stage == "dot"
            self.rests += act not in LATER
        return act

    def act_at(self, stage: str) -> str | None:
        """By chance."""
        if stage == "mail" and not self.calm:
            self.tries += 1
        share = {**SHARES, "banner": 0.01, "ehlo": 0.01}[stage]
        if self.calm or self.dice.random() >= share:
            return None
        self.faulty += 1
        return self.dice.choice(FAULTS[stage])

    def keeps_what_it_does_not_answer(self) -> bool:
        """Half of them."""
        return self.dice.random() < 0.5


@contextmanager
def listening(sink: Sink) -> Iterator[Sink]:
    """The sink on a port of its own."""
    with smtp.serving(server=sink):
        yield sink
