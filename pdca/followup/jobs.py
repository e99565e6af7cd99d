"""One whole pass of the follow-up, as the clock, cron and the tests call it. Each step is a unit of work of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from pdca import clock, failpoints
from pdca.aftercare.jobs import forget as forget_addresses
from pdca.db import db
from pdca.followup import customers, deadman, gather, invariants, nodes, notices, redirect, sweep, weekly
from pdca.followup.jobs_units import GoOn, Place, alone, always, in_batches, in_units
from pdca.installation import name_of_this_process
from pdca.items import verdicts
from pdca.items.checks import CORRECTION
from pdca.items.models import Answer, Check, Item
from pdca.items.terms import CheckState, Kind, Solved
from pdca.mail.jobs import deliver, tidy

log = logging.getLogger("pdca.followup")

AUDIT_EVERY = timedelta(minutes=5)


@dataclass
class Places:
    """Where the rounds through everything that waits were cut short."""

    steps: Place = field(default_factory=Place)
    ask: Place = field(default_factory=Place)
    hand_on: Place = field(default_factory=Place)


@dataclass
class Turns:
    """How long the parts of a pass go on: asked between two units of work. What is left is done by the next pass."""

    sweep: GoOn = always
    steps: GoOn = always
    ask: GoOn = always
    hand_on: GoOn = always
    rest: GoOn = always
    places: Places = field(default_factory=Places)


def followup_once(now: datetime, *, go_on: GoOn = always, turns: Turns | None = None) -> dict[str, int]:
    """Do everything that is due at `now`; counts notices and messages made, and what became of the mails.

    `go_on` or `turns` says for how long. Commits by itself, several times; call it outside a transaction.
    """
    turns = turns or Turns(go_on, go_on, go_on, go_on, go_on)
    name, began = name_of_this_process(), clock.elapsed()
    _beat(name, now)
    sweep_if_due(now, turns.sweep)
    follow_customers(now, turns.steps)
    made = step_up(now, turns.steps, turns.places.steps)
    messages = ask_customers(now, turns.ask, turns.places.ask)
    hand_on(now, turns.hand_on, turns.places.hand_on)
    messages += gather_all(now, turns.rest)
    # All this may have taken minutes; a lease that counted from the beginning would be over before it is given.
    sent = deliver(now + timedelta(seconds=clock.elapsed() - began), go_on=turns.rest)
    result = {
        "notices": made,
        "messages": messages,
        "accepted": sent.accepted,
        "deferred": sent.deferred,
        "dead": sent.dead,
    }
    _note_run(name, now, result)
    deadman.ping(now)
    return result


def _beat(name: str, now: datetime) -> None:
    with db.writing():
        nodes.beat(name, now)
        db.quietly()
        db.session.commit()


def audit(now: datetime) -> list[str]:
    """Ask whether I1-I6 hold and write down what does not."""
    with db.reading():
        found = list(invariants.broken(now, alive=nodes.pulse(now).is_alive))
    for line in found:
        log.error("does not hold: %s", line)
    with db.writing():
        nodes.note_run(nodes.AUDIT, now, json.dumps([line.partition(":")[0] for line in found]))
        db.session.commit()
    return found


def audit_if_due(now: datetime) -> list[str]:
    """The same, unless any process asked within the last five minutes: for cron, which has no clock of its own."""
    with db.reading():
        last = nodes.last_audit()
        asked = last.last_run_at if last else None
    is_recent = asked is not None and nodes.is_believed(asked, now) and now - asked < AUDIT_EVERY
    return [] if is_recent else audit(now)


def doubt_clock(now: datetime) -> None:
    """Alive, but nothing is done: the clock jumped ahead and has not proved itself yet (reliability: clock checks)."""
    log.warning("the clock jumped ahead to %s: nothing is sent until it has held for a while", now.isoformat())
    with db.writing():
        nodes.beat(name_of_this_process(), now).last_result = json.dumps({"doubted": 1})
        db.session.commit()


def _note_run(name: str, now: datetime, result: dict[str, int]) -> None:
    with db.writing():
        nodes.note_run(name, now, json.dumps(result))
        db.quietly()
        db.session.commit()


# --- the steps -------------------------------------------------------------------------------------------


def sweep_if_due(now: datetime, go_on: GoOn = always) -> int:
    """Today's look through everything, chunk by chunk, by whoever comes first. How much had drifted in this part."""
    began, found = clock.elapsed(), 0
    with db.reading():
        so_far = sweep.due_round(now)
    while so_far is not None and go_on():
        with db.reading():
            ids = sweep.next_chunk(so_far.after)
        if not ids:
            _end_sweep(so_far, now)
            break
        failed: list[int] = []
        drift = in_units(ids, lambda some: len(sweep.sweep(some, now)), failed)
        found, so_far = found + drift, so_far.plus(ids, drift, failed)
        _note_sweep(so_far, now + timedelta(seconds=clock.elapsed() - began))
    return found


def _note_sweep(so_far: sweep.Round, moment: datetime) -> None:
    """How far it came, and that this process is alive: looking through very much takes minutes."""
    with db.writing():
        sweep.note(so_far, moment)
        nodes.note_run(name_of_this_process(), moment, json.dumps({"items": so_far.items}))
        db.quietly()
        db.session.commit()


def _end_sweep(so_far: sweep.Round, now: datetime) -> None:
    alone(lambda: tidy(now))
    alone(lambda: forget_addresses(now))
    with db.writing():
        sweep.note(replace(so_far, is_done=True), now)
        db.quietly()
        db.session.commit()


def follow_customers(now: datetime, go_on: GoOn = always) -> int:
    """Verdicts that follow the customer's answer are final after 24 hours. How many were looked at."""
    with db.reading():
        due = _answered_a_day_ago(now)
    return sum(in_units([check_id], lambda ids: _settle(ids[0], now)) for check_id in due if go_on())


def _settle(check_id: int, now: datetime) -> int:
    verdicts.settle_verdict(db.session.get_one(Check, check_id), at=now)
    return 1


def _answered_a_day_ago(now: datetime) -> list[int]:
    """For an action only a "no" settles by itself, so its other answers are not looked at every minute."""
    said_no = select(Answer.id).where(Answer.check_id == Check.id, Answer.solved == Solved.NO).exists()
    statement = (
        select(Check.id)
        .join(Item, Item.id == Check.item_id)
        .where(
            Check.state == CheckState.ANSWERED,
            Check.verdict.is_(None),
            Check.answered_at <= now - CORRECTION,
            (Item.kind == Kind.QUICK_WIN) | said_no,
        )
        .order_by(Check.id)
    )
    return list(db.session.scalars(statement))


def step_up(now: datetime, go_on: GoOn = always, place: Place | None = None) -> int:
    """Every duty whose next step is due reaches it. How many notices that made."""
    made = in_batches(lambda after: notices.due_duties(now, after), lambda ids: _step_up(ids, now), go_on, place)
    if made:
        failpoints.reached("notices.after_commit")
    return made


def _step_up(ids: Sequence[int], now: datetime) -> int:
    # How far a duty climbed is on no board; what a leader has to decide touches its item, and that is heard.
    db.quietly()
    made = notices.step_up(notices.taken(ids, now), now)
    failpoints.reached("notices.before_commit")
    return made


def ask_customers(now: datetime, go_on: GoOn = always, place: Place | None = None) -> int:
    """Questions to customers whose step was reached. How many were queued."""
    find, ask = partial(customers.planned, now), partial(customers.ask_all, at=now)
    return in_batches(find, ask, go_on, place)


def hand_on(now: datetime, go_on: GoOn = always, place: Place | None = None) -> int:
    """What waits for people goes to whoever acts for them now. How many notices that made."""
    return in_batches(redirect.unsent, partial(redirect.redirect, at=now), go_on, place)


def gather_all(now: datetime, go_on: GoOn = always) -> int:
    """One mail for everybody who has something to read and whose window is open. How many were queued."""
    with db.reading():
        digests = weekly.due_for(now)
    in_units(digests, lambda people: weekly.note_digests(people, now))
    with db.reading():
        waiting = gather.people_to_mail(now)
    return sum(in_units([person_id], lambda ids: _gather(ids, now)) for person_id in waiting if go_on())


def _gather(person_ids: Sequence[int], now: datetime) -> int:
    db.quietly()
    return sum(gather.gather_for(reader, now) for reader in gather.readers(person_ids))
