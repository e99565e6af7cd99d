"""Ten seeded defects of the engine, and an eleventh: each with a scene where it does harm, and what the judge must say.

The sound engine plays every scene without a word. What must be told to whom is written in the scenes by hand,
from the ladder of the domain: planned within ten working days of being taken up; the owner hears of it one
working day later, the owner and the board keeper three.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import delete, event, make_url, select, update

from pdca import create_app, failpoints
from pdca.config import load_settings
from pdca.db import db, touch
from pdca.followup import climbing, gather, grouped, notices, reconcile
from pdca.followup import jobs as followup
from pdca.followup.ladder import midnight, steps_after
from pdca.items.models import Item
from pdca.items.terms import Phase
from pdca.mail import claiming, jobs, smtp
from pdca.mail.letters import Verdict as Answer
from pdca.mail.models import Message, MessageState
from pdca.mail.pace import Pace
from pdca.people.models import Absence, Membership, Person, Role
from tests.factories import a_member, a_team
from tests.peers.smtp import HANG_UP
from tests.simulation import people
from tests.simulation.benches import Fresh
from tests.simulation.judge import Event, Verdict, What
from tests.simulation.sink import Sink, listening
from tests.simulation.workers import KEY

TAKEN_UP = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BREAK = Pace().lease + timedelta(minutes=1)


def march(day: int, hour: float = 8) -> datetime:
    """An hour in Amsterdam, in winter."""
    return datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour - 1)


# From here on the owner must hear of it; from here on the board keeper too.
OWNER, KEEPER = march(17, 7), march(19, 7)


class Died(BaseException):
    """The process is gone: nothing that it would have done afterwards is done."""


class Slow(Sink):
    """A mail server in the time of the scene."""

    def __init__(self) -> None:
        super().__init__()
        self.keeps = True

    def keeps_what_it_does_not_answer(self) -> bool:
        """As the scene says."""
        return self.keeps


@dataclass
class Stage:
    """A team on a fresh database, and what is done with it."""

    app: Flask
    sink: Slow
    patch: pytest.MonkeyPatch
    at: datetime = TAKEN_UP
    events: list[Event] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # --- who and what ------------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        """An owner, a colleague, and a keeper of the board."""
        self.sink.now = self.tick
        self.patch.setattr(jobs, "transport_of", self._heard(jobs.transport_of))
        with self.work():
            people.begin(TAKEN_UP)
            team = a_team("Balie", created_at=TAKEN_UP - DAY)
            staff = {"owner": Role.MEMBER, "colleague": Role.MEMBER, "keeper": Role.BOARD_KEEPER}
            for name, role in staff.items():
                a_member(team, role, name=name, email=f"{name}@example.nl", locale="en", created_at=TAKEN_UP - DAY)
            self.team = team.id

    def thing(self, number: int) -> str:
        """Something the owner took up on Monday 2 March and has not planned; the mark by which mails name it."""
        with self.work():
            owner = self.person("owner")
            people._rows(Item, [people._item(self.team, owner.id, number, 0, TAKEN_UP)])
            item = db.session.scalars(select(Item).where(Item.number == number * 10)).one()
            people._rows(people.Round, [{"item_id": item.id, "number": 1, "opened_at": TAKEN_UP}])
            touch("item", item.id, self.at)
        return people.mark_of(number, 0)

    def person(self, name: str) -> Person:
        """Somebody of the team."""
        return db.session.scalars(select(Person).where(Person.name == name)).one()

    # --- what must come of it ----------------------------------------------------------------------------

    def plan(self, name: str, mark: str, due: datetime) -> None:
        """They must be told within the day."""
        until = (due + DAY).timestamp()
        self.events.append(Event(What.PLAN, due.timestamp(), to=f"{name}@example.nl", about=(mark,), until=until))

    def note(self, what: What, **given: Any) -> None:
        """Something that happened now."""
        self.events.append(Event(what, self.tick(), **given))

    @property
    def history(self) -> list[Event]:
        """All of it."""
        return [*self.events, *self.sink.events]

    # --- what is done ------------------------------------------------------------------------------------

    @contextmanager
    def work(self) -> Iterator[None]:
        """A unit of work of its own."""
        with self.app.app_context(), db.writing():
            yield
            db.session.commit()

    def go(self, at: datetime) -> Stage:
        """The time is now."""
        self.at = at
        return self

    def passes(self, at: datetime) -> None:
        """One whole pass."""
        self.go(at)
        with self.app.app_context():
            followup.followup_once(at)

    def queues(self, at: datetime) -> None:
        """All of a pass but the delivery."""
        self.go(at)
        with self.app.app_context():
            followup.step_up(at)
            followup.hand_on(at)
            followup.gather_all(at)

    def delivers(self, at: datetime) -> None:
        """Only the delivery."""
        self.go(at)
        with self.app.app_context():
            jobs.deliver(at)

    def dies(self, at: datetime, place: str) -> None:
        """A pass that ends at this place."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(failpoints, "reached", lambda name: self._die() if name == place else None)
            try:
                self.passes(at)
            except Died:
                self.note(What.KILL, who="a")

    def meanwhile(self, place: str, do: Callable[[], None]) -> None:
        """The first time a process comes to this place, another one does something."""
        waiting = [do]

        def reached(name: str) -> None:
            if name == place and waiting:
                other = threading.Thread(target=waiting.pop())
                other.start()
                other.join()

        self.patch.setattr(failpoints, "reached", reached)

    def tick(self) -> float:
        """The time, a little later each time it is asked."""
        return self.at.timestamp() + next(self._numbers) / 1000

    def _die(self) -> None:
        raise Died

    def _heard(self, transport_of: Callable[..., Any]) -> Callable[..., Any]:
        stage = self

        def made(given: Any) -> Any:
            transport = transport_of(given)
            send = transport.send

            def noted(letter: Any, *rest: Any) -> Any:
                stage.note(What.CLAIM, message=letter.message_id, about=(letter.key,), who="a")
                return send(letter, *rest)

            transport.send = noted
            return transport

        return made


# --- the scenes ------------------------------------------------------------------------------------------


def the_owner_falls_ill(stage: Stage) -> None:
    """The owner's mail is put off; the deputy reads it instead, and the keeper, who read it already, does not."""
    mark = stage.thing(1)
    stage.plan("owner", mark, OWNER)
    stage.passes(march(17))
    stage.plan("owner", mark, KEEPER)
    stage.plan("keeper", mark, KEEPER)
    stage.sink.refuses["owner@example.nl"] = "450 4.2.1 busy"
    stage.passes(march(19))
    stage.go(march(19, 9))
    with stage.work():
        owner = stage.person("owner")
        owner.deputy_id = stage.person("colleague").id
        days = (march(19).date(), march(31).date())
        db.session.add(Absence(person_id=owner.id, from_on=days[0], until_on=days[1]))
        touch("team", stage.team, stage.at)
    stage.note(What.MOOT, about=(mark,), to="owner@example.nl")
    stage.plan("colleague", mark, march(19, 9))
    stage.sink.refuses.clear()
    stage.passes(march(19, 10))
    stage.passes(march(20))


def another_one_mails_first(stage: Stage) -> None:
    """Two look whom to mail. One mails, another thing falls due, and the other goes on with what it saw."""
    stage.plan("owner", stage.thing(1), OWNER)
    looks, others = gather.people_to_mail, iter([True])

    def look(at: datetime) -> list[int]:
        found = looks(at)
        if next(others, False):
            stage.passes(march(17, 9))
            stage.go(march(17, 9.5))
            stage.plan("owner", stage.thing(2), march(18, 7))
            stage.passes(march(17, 9.75))
        return found

    stage.patch.setattr(gather, "people_to_mail", look)
    stage.passes(march(17, 10))
    stage.passes(march(18))


def another_one_comes_along(stage: Stage) -> None:
    """While the server thinks about the text, another process looks for work."""
    stage.plan("owner", stage.thing(1), OWNER)
    stage.meanwhile("smtp.dot", lambda: stage.delivers(march(17, 8.01)))
    stage.passes(march(17))


def it_dies_before_the_text(stage: Stage) -> None:
    """The server has greeted; nothing was said yet."""
    stage.plan("owner", stage.thing(1), OWNER)
    stage.dies(march(17), "smtp.connected")
    stage.passes(march(17) + BREAK)


def the_server_is_out_of_order(stage: Stage) -> None:
    """It says 503 once, which is about itself."""
    stage.plan("owner", stage.thing(1), OWNER)
    stage.sink.then("rcpt", "503 5.5.1 bad sequence of commands")
    stage.passes(march(17))
    stage.passes(march(17, 9))


def the_answer_is_lost_and_so_is_the_mail(stage: Stage) -> None:
    """The line breaks after the dot, and the server forgot it."""
    stage.plan("owner", stage.thing(1), OWNER)
    stage.sink.keeps = False
    stage.sink.then("dot", HANG_UP)
    stage.passes(march(17))
    stage.passes(march(17, 9))


def the_answer_is_lost_and_the_mail_is_not(stage: Stage) -> None:
    """The line breaks after the dot, and the server kept it: a second copy of the same mail."""
    stage.plan("owner", stage.thing(1), OWNER)
    stage.sink.then("dot", HANG_UP)
    stage.passes(march(17))
    stage.passes(march(17, 9))


def it_is_put_aside(stage: Stage) -> None:
    """Its mail waits; before it leaves nobody has to plan the thing any more."""
    mark = stage.thing(1)
    stage.plan("owner", mark, OWNER)
    stage.queues(march(17))
    stage.go(march(17, 8.5))
    with stage.work():
        item = db.session.scalars(select(Item)).one()
        item.phase, item.resumes_in, item.review_on = Phase.PARKED, Phase.PLAN, march(31).date()
        item.phase_since = stage.at
        touch("item", item.id, stage.at)
    stage.note(What.MOOT, about=(mark,))
    stage.delivers(march(17, 9))


def days_without_power(stage: Stage) -> None:
    """Both steps fall due while nobody looks: both are told, each to their own people."""
    mark = stage.thing(1)
    stage.plan("owner", mark, march(19, 7))
    stage.plan("keeper", mark, KEEPER)
    stage.passes(march(19))
    stage.passes(march(20))


def the_owner_leaves(stage: Stage) -> None:
    """The mail waits; before it leaves its reader left the team."""
    stage.plan("owner", stage.thing(1), OWNER)
    stage.queues(march(17))
    stage.go(march(17, 8.5))
    with stage.work():
        db.session.execute(delete(Membership).where(Membership.person_id == stage.person("owner").id))
        touch("team", stage.team, stage.at)
    stage.note(What.GONE, to="owner@example.nl")
    stage.delivers(march(17, 9))


def the_server_is_busy(stage: Stage) -> None:
    """It puts the owner's mail off once, for a while."""
    mark = stage.thing(1)
    stage.plan("owner", mark, OWNER)
    stage.sink.then("rcpt", "450 4.2.1 busy")
    stage.passes(march(17))
    stage.passes(march(17, 9))
    stage.plan("owner", mark, KEEPER)
    stage.plan("keeper", mark, KEEPER)
    stage.passes(march(19))


# --- the defects -----------------------------------------------------------------------------------------


def no_unique_key_on_notices(stage: Stage) -> None:
    """A step may be noted twice for one reader."""
    _drop(stage, "notice", "uq_notice_duty_id_step_recipient")


def no_unique_key_on_messages(stage: Stage) -> None:
    """A mail may be queued twice."""
    _drop(stage, "message", "uq_message_dedupe_key", "uq_message_message_id")


def lease_of_nothing(stage: Stage) -> None:
    """A claim is over at once."""
    pace = Pace()
    object.__setattr__(pace, "lease", timedelta(0))
    stage.patch.setattr(jobs, "pace_of", lambda _settings: pace)


def settled_before_sent(stage: Stage) -> None:
    """What is claimed counts as accepted."""
    claimed = jobs._claimed

    def settled(*args: Any) -> Any:
        claim = claimed(*args)
        if claim is not None:
            with db.writing():
                given = {"state": MessageState.ACCEPTED, "lease_token": None, "lease_until": None}
                db.session.execute(update(Message).where(Message.id == claim.message_id).values(**given))
                db.session.commit()
        return claim

    stage.patch.setattr(jobs, "_claimed", settled)


def out_of_order_kills(stage: Stage) -> None:
    """503 is taken for a word about the message."""
    stage.patch.setattr(smtp, "DOWN_CODES", smtp.DOWN_CODES - {503})


def lost_counts_as_sent(stage: Stage) -> None:
    """Silence after the dot is taken for a yes."""
    converse = smtp.SmtpTransport._converse

    def hopeful(*args: Any) -> Any:
        outcome = converse(*args)
        return replace(outcome, verdict=Answer.ACCEPTED) if outcome.verdict is Answer.LOST else outcome

    stage.patch.setattr(smtp.SmtpTransport, "_converse", hopeful)


def retry_under_a_new_name(stage: Stage) -> None:
    """Every attempt has a Message-ID of its own."""
    written = claiming._Readying._letter

    def renamed(readying: Any) -> Any:
        letter = written(readying)
        name = f"<{token_hex(16)}@localhost>"
        mime = letter.mime.replace(letter.message_id.encode(), name.encode())
        return replace(letter, message_id=name, mime=mime)

    stage.patch.setattr(claiming._Readying, "_letter", renamed)


def obsolete_is_sent(stage: Stage) -> None:
    """What was noted once is said, whether it is still owed or not."""
    every = lambda rows, _person, _at: list({row.duty.id: row.duty for row in rows}.values())  # noqa: E731
    stage.patch.setattr(grouped, "_still_due", every)


def next_step_from_today(stage: Stage) -> None:
    """The next step is the next one on the calendar, not the next one on the ladder."""

    def from_today(duty: Any, rules: Any) -> None:
        today = stage.at.date()
        coming = steps_after(duty.step, duty.ladder, climbing.dates_of(duty, rules), rules.calendar, rules.settings)
        found = next(((step, day) for step, day in coming if day > today), None)
        duty.next_step = found[0].name if found else ""
        duty.next_step_at = midnight(found[1], rules.timezone) if found else None

    for module in (notices, reconcile):
        stage.patch.setattr(module, "set_next_step", from_today)


def removed_is_mailed(stage: Stage) -> None:
    """Whoever was noted is told, in the team or not."""
    everybody = lambda *_: tuple(db.session.scalars(select(Person.id)))  # noqa: E731
    stage.patch.setattr(grouped, "whom", everybody)


def later_is_in_two_days(stage: Stage) -> None:
    """A mail that is put off waits for days instead of a minute; not so long that it is given up."""
    stage.patch.setattr(Pace, "next_try", lambda _pace, _key, _attempts, at: at + 2 * DAY)


def _drop(stage: Stage, table: str, *constraints: str) -> None:
    with stage.app.app_context():
        with db.writing(), db.engine.connect() as connection:
            raw = connection.execution_options(isolation_level="AUTOCOMMIT")
            operations = Operations(MigrationContext.configure(raw))
            with operations.batch_alter_table(table) as altered:
                for name in constraints:
                    altered.drop_constraint(name, type_="unique")
        db.engine.dispose()


@dataclass(frozen=True)
class Defect:
    """Something that could be wrong with the engine, where it shows, and as what."""

    sabotage: Callable[[Stage], None]
    scene: Callable[[Stage], None]
    verdict: Verdict

    @property
    def name(self) -> str:
        """As people say it."""
        return self.sabotage.__name__.replace("_", " ")


DEFECTS = (
    Defect(no_unique_key_on_notices, the_owner_falls_ill, Verdict.DOUBLED),
    Defect(no_unique_key_on_messages, another_one_mails_first, Verdict.DOUBLED),
    Defect(lease_of_nothing, another_one_comes_along, Verdict.DOUBLED),
    Defect(settled_before_sent, it_dies_before_the_text, Verdict.LOST),
    Defect(out_of_order_kills, the_server_is_out_of_order, Verdict.LOST),
    Defect(lost_counts_as_sent, the_answer_is_lost_and_so_is_the_mail, Verdict.LOST),
    Defect(retry_under_a_new_name, the_answer_is_lost_and_the_mail_is_not, Verdict.RENAMED),
    Defect(obsolete_is_sent, it_is_put_aside, Verdict.OBSOLETE),
    Defect(next_step_from_today, days_without_power, Verdict.LOST),
    Defect(removed_is_mailed, the_owner_leaves, Verdict.WITHOUT_RIGHTS),
)

# Besides the ten of the figure: the judge must be able to say this too.
ELEVENTH = Defect(later_is_in_two_days, the_server_is_busy, Verdict.LATE)


class Theatre:
    """One application for all scenes, each on a database of its own: templates and statements are compiled once."""

    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh
        self.url, instance = fresh()
        self.app = create_app(load_settings(instance=Path(instance), database_url=self.url, secret_key=KEY))
        with self.app.app_context():
            event.listen(db.engine, "do_connect", self._elsewhere)

    def play(self, defect: Defect, *, sound: bool) -> list[Event]:
        """The scene of this defect, with or without it; the history."""
        with self._stage() as stage:
            if not sound:
                defect.sabotage(stage)
            defect.scene(stage)
            return stage.history

    @contextmanager
    def _stage(self) -> Iterator[Stage]:
        self.url, instance = self.fresh()
        with listening(Slow()) as sink, pytest.MonkeyPatch.context() as patch:
            given = self.app.extensions["settings"]
            changed = {"instance": Path(instance), "mail_url": sink.url}
            self.app.extensions["settings"] = given.model_copy(update=changed)
            try:
                yield Stage(self.app, sink, patch)
            finally:
                with self.app.app_context():
                    db.engine.dispose()

    def _elsewhere(self, _dialect: Any, _record: Any, args: list[Any], given: dict[str, Any]) -> None:
        """Connect to the database of this scene instead of the first one."""
        if self.url.startswith("sqlite"):
            args[0] = self.url.removeprefix("sqlite:///")
        else:
            given["dbname"] = make_url(self.url).database
