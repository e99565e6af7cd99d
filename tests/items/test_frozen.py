"""R8: a frozen card accepts exactly what the rule lists, whichever operation is tried."""

from __future__ import annotations

import inspect
from datetime import timedelta
from io import BytesIO

import pytest

from pdca.catalogue.models import Label
from pdca.db import db
from pdca.errors import DomainError, NotAllowed
from pdca.items import (
    checks,
    contacts,
    counter,
    decisions,
    edit,
    files,
    handovers,
    leaving,
    moves,
    promises,
    promotion,
    taking_back,
    talk,
    telling,
    verdicts,
    work,
)
from pdca.items.answers import (
    AnnouncementAnswer,
    Answers,
    CallAnswer,
    CarriedOutAnswer,
    LessonAnswer,
    VerdictAnswer,
)
from pdca.items.checks import CheckAnswer
from pdca.items.handovers import Note
from pdca.items.ranking import Place
from pdca.items.terms import CallVerdict, ItemLinkKind, Kind, Phase, ReopenCause, Solved, Verdict
from tests.conftest import MONDAY
from tests.items.refusals import missing, names
from tests.stories import walk

NOTE = Note("a", "b", "c", "d")
LESSON = LessonAnswer("Te laat begonnen.")
# Who does it by right: the clock, the customer, or a person for themselves. Not refused, and not the owner's.
NOBODYS = {
    *("checks.ask", "checks.remind", "checks.settle_group", "checks.may_correct", "decisions.escalate"),
    *("decisions.ask_no_survey", "decisions.ask_round_three", "promotion.promote", "promotion.promote_overdue"),
    *("promises.promise_on_start", "promises.promise_the_rest", "promises.undo", "promises.approve"),
    *("promises.reject", "verdicts.settle_verdict", "taking_back.may_take_back", "leaving.release"),
    *("handovers.make_owner", "contacts.not_the_person", "contacts.opt_out"),
    # Parts of the acts above.
    *("telling.tell", "handovers.open_handover", "contacts.replace", "checks.keep"),
    # Of groups: they answer, and are asked, like one customer (tests/aftercare/test_groups.py).
    *("contacts.add_all", "counter.link_of", "counter.open_counter", "counter.end_counter"),
    *("counter.answer_at_counter", "counter.settle"),
    # Of a closed item, which is never frozen.
    *("moves.reopen_by_customer", "moves.reopen_when_asked"),
    # A comment on the customer's answer; comments always pass.
    "checks.comment_on",
}


class Acts:
    """Every operation that a person may try on this item, by name."""

    def __init__(self, story, folder):
        self.story, self.folder = story, folder
        self.crew, self.item = story.crew, story.item
        self.handover = handovers.hand_over(self.item, self.crew.member.id, NOTE, by=self.crew.owner, at=MONDAY)
        self.decision = decisions.ask_help(self.item, "Hoe nu?", by=self.crew.owner, at=MONDAY)
        self.file = files.add_file(self.item, "a.txt", BytesIO(b"a"), folder, by=self.crew.owner, at=MONDAY)
        self.label = Label(team_id=self.crew.team.id, name="Balie")
        self.other = walk(self.crew, Phase.NEW, at=MONDAY).item
        db.session.add(self.label)
        db.session.flush()
        talk.link(self.item, self.other.number, ItemLinkKind.RELATED, by=self.crew.owner, at=MONDAY)

    def all(self):
        item, at, owner, crew, today = self.item, self.story.at, self.crew.owner, self.crew, self.story.today
        call = CallAnswer("Karin", today, "telefoon", CallVerdict.GOING_WELL)
        by = {"by": owner, "at": at}
        leader = {"by": crew.leader, "at": at}
        link = db.session.query(talk.ItemLink).filter_by(item_id=item.id).one()
        acts = {
            "moves.move finish": lambda: moves.move(
                item, Phase.CHECK, answers=Answers(carried_out=CarriedOutAnswer(today, "Gedaan.")), **by
            ),
            "moves.move back": lambda: moves.move(item, Phase.PLAN, answers=Answers(reason="x"), **by),
            "moves.move embed": lambda: moves.move(item, Phase.ACT, **by),
            "moves.move stop": lambda: moves.move(
                item, Phase.STOPPED, answers=Answers(reason="x", lesson=LESSON), **leader
            ),
            "taking_back.take_back": lambda: taking_back.take_back(item, **by),
            "edit.edit": lambda: edit.edit(item, Answers(purpose="Anders."), **by),
            "edit.retitle": lambda: edit.retitle(item, "Anders", was=item.title, **by),
            "promises.change_date": lambda: promises.change_date(
                item, due_on=today + timedelta(days=3), reason="Ziek.", **by
            ),
            "handovers.hand_over": lambda: handovers.hand_over(item, crew.keeper.id, NOTE, **by),
            "handovers.accept": lambda: handovers.accept(self.handover, "Ik neem het over.", by=crew.member, at=at),
            "handovers.decline": lambda: handovers.decline(self.handover, "Geen tijd.", by=crew.member, at=at),
            "handovers.assign": lambda: handovers.assign(self.handover, crew.keeper.id, **leader),
            "handovers.withdraw": lambda: handovers.withdraw(self.handover, **by),
            "decisions.ask_help": lambda: decisions.ask_help(item, "Help.", **by),
            "decisions.ask_waiver": lambda: decisions.ask_waiver(item, "R31", "Nodig.", **by),
            "decisions.ask_to_go_on": lambda: decisions.ask_to_go_on(item, "Nodig.", **by),
            "decisions.decide": lambda: decisions.decide(self.decision, True, "Zo.", **leader),
            "decisions.waive": lambda: decisions.waive(item, "R31", "Nodig.", **leader),
            "talk.comment": lambda: talk.comment(item, "Bijna.", **by),
            "talk.follow": lambda: talk.follow(item, **by),
            "talk.unfollow": lambda: talk.unfollow(item, **by),
            "talk.set_labels": lambda: talk.set_labels(item, [self.label.id], **by),
            "talk.link": lambda: talk.link(item, self.other.number, ItemLinkKind.RELATED, **by),
            "talk.unlink": lambda: talk.unlink(item, link.id, **by),
            "files.add_file": lambda: files.add_file(item, "b.txt", BytesIO(b"b"), self.folder, **by),
            "files.remove_file": lambda: files.remove_file(item, self.file.id, self.folder, **by),
            "work.wait_on": lambda: work.wait_on(item, "De drukker", today, **by),
            "work.wait_no_longer": lambda: work.wait_no_longer(item, **by),
            "work.log_call": lambda: work.log_call(item, call, **by),
            "work.announce": lambda: work.announce(item, AnnouncementAnswer(today, today, "Allen", "Tekst"), **by),
            "work.reorder": lambda: work.reorder(item, Place(), **by),
            "telling.tell_next": lambda: telling.tell_next(item, "Wij gaan verder.", **by),
            "telling.record_told": lambda: telling.record_told(item, call, **by),
            "verdicts.give_verdict": lambda: verdicts.give_verdict(item, VerdictAnswer(Verdict.EFFECTIVE), **by),
        }
        if self.story.open_checks:
            check = self.story.check
            said = CheckAnswer(Solved.YES, 8, answered_by="Karin Smit")
            acts |= {
                "checks.record_answer": lambda: checks.record_answer(check, said, **by),
                "contacts.remove": lambda: contacts.remove(self.story.contact, **by),
                "checks.attempt": lambda: checks.attempt(check, call, **by),
                "checks.answer_by_link": lambda: checks.answer_by_link(check, self.story.contact, said, at=at),
            }
        return acts


# Done · new date · need help · comment · files; stop, waiver, a leader's decision, handover always pass.
ALWAYS = {
    *("promises.change_date", "decisions.ask_help", "talk.comment", "files.add_file", "moves.move stop"),
    *("decisions.waive", "decisions.decide", "handovers.hand_over", "handovers.accept", "handovers.decline"),
    *("handovers.assign", "handovers.withdraw"),
    # A waiver is granted when it may be asked for; following is the reader's own matter.
    *("decisions.ask_waiver", "talk.follow", "talk.unfollow"),
}
# Not refused because of the frost, but because it makes no sense here.
SENSELESS = {"decisions.ask_to_go_on"}
IN_DO = ALWAYS | {"moves.move finish"}
# For a check, done is an answer, a call attempt, an observation or a verdict; a customer's act always passes.
IN_CHECK = ALWAYS | {
    "contacts.remove",
    "checks.record_answer",
    "checks.attempt",
    "checks.answer_by_link",
    "verdicts.give_verdict",
}


def accepted(acts):
    """The acts that are not refused because the card is frozen."""
    passed, other = set(), {}
    for name, act in acts.items():
        try:
            with db.session.begin_nested() as nested:
                act()
                nested.rollback()
            passed.add(name)
        except NotAllowed as refused:
            if {m.name for m in refused.missing} != {"frozen"}:
                other[name] = {m.name for m in refused.missing}
        except DomainError as refused:
            other[name] = str(refused)
    return passed, other


def test_no_operation_was_forgotten(crew, tmp_path):
    """Who adds an operation says here whether a frozen card accepts it."""
    rooms = (
        checks,
        contacts,
        counter,
        decisions,
        edit,
        files,
        handovers,
        leaving,
        moves,
        promises,
        promotion,
        taking_back,
        talk,
        telling,
        verdicts,
        work,
    )
    public = {
        f"{room.__name__.rsplit('.', 1)[-1]}.{name}"
        for room in rooms
        for name, thing in vars(room).items()
        if inspect.isfunction(thing)
        and thing.__module__ == room.__name__
        and not name.startswith("_")
        and "at" in inspect.signature(thing).parameters
    }
    tried = {name.split()[0] for name in Acts(walk(crew, Phase.CHECK, at=MONDAY), tmp_path).all()}
    assert public == tried | NOBODYS


def test_R8_in_do_a_passed_date_accepts_exactly_the_list(crew, tmp_path):
    story = walk(crew, Phase.DO, at=MONDAY)
    acts = Acts(story, tmp_path)
    assert story.until(story.item.due_on).facts.is_frozen is False
    story.later(days=1)
    passed, other = accepted(acts.all())
    # The handover that is open makes "done" wait for its own reason (R6), not for the frost.
    assert passed == IN_DO - {"moves.move finish"}
    assert other == {
        "moves.move finish": {"no_handover"},
        # These make no sense in Do, frozen or not.
        "moves.move embed": {"no_step"},
        "decisions.ask_to_go_on": {"round_three"},
        "checks.answer_by_link": {"not_carried_out"},
    }
    handovers.decline(acts.handover, "Geen tijd.", by=crew.member, at=story.at)
    story.move(Phase.CHECK, carried_out=CarriedOutAnswer(story.today, "Gedaan."))
    assert story.item.phase is Phase.CHECK


def test_R8_says_in_words_what_can_still_be_done(crew):
    story = walk(crew, Phase.DO, at=MONDAY).later(days=22)
    refused = missing(lambda: edit.edit(story.item, Answers(title="Anders"), by=story.owner, at=story.at))
    assert (refused["frozen"].rule, refused["frozen"].message) == (
        "R8",
        "The date passed: first say “done”, give a new date or ask for help.",
    )


@pytest.mark.parametrize("smuggled", [{"title": "Anders"}, {"catalogue_changes": False}, {"owner_id": 1}])
def test_R8_done_takes_its_own_questions_and_nothing_else(crew, smuggled):
    story = walk(crew, Phase.DO, at=MONDAY).later(days=22)
    answers = {"carried_out": CarriedOutAnswer(story.today, "Gedaan."), **smuggled}
    assert names(lambda: story.move(Phase.CHECK, **answers)) == {"frozen"}


def test_R8_the_card_freezes_at_midnight_in_the_teams_zone(session):
    from tests.stories import crew as a_crew

    story = walk(a_crew("Kantoor Paramaribo", timezone="America/Paramaribo"), Phase.DO, at=MONDAY)
    story.until(story.item.due_on)
    # 02:59 UTC on the next day is 23:59 in Paramaribo.
    story.at = story.at.replace(hour=2, minute=59) + timedelta(days=1)
    assert not story.facts.is_frozen
    assert story.later(minutes=1).facts.is_frozen


@pytest.mark.parametrize("phase", [Phase.CHECK, Phase.ACT])
@pytest.mark.parametrize("kind", [Kind.IMPROVEMENT])
def test_R8_in_check_and_act_a_passed_settle_by_accepts_exactly_the_list(crew, tmp_path, phase, kind):
    story = walk(crew, phase, kind, at=MONDAY)
    acts = Acts(story, tmp_path)
    story.ask().until(story.check.settle_by)
    assert not story.facts.is_frozen
    story.later(days=1)
    passed, other = accepted(acts.all())
    # Nothing was answered yet, so that there is nothing to judge.
    reason = {Phase.CHECK: "answered", Phase.ACT: "judged"}[phase]
    assert passed == IN_CHECK - {"verdicts.give_verdict"}
    assert {k: v for k, v in other.items() if k not in SENSELESS and not k.startswith("moves.")} == {
        "verdicts.give_verdict": {reason}
    }
    checks.record_answer(story.check, CheckAnswer(Solved.YES, 8, answered_by="Karin"), by=story.owner, at=story.at)
    story.judge()


def test_R8_a_new_day_for_the_check_thaws_it_and_is_no_broken_promise(crew):
    story = walk(crew, Phase.CHECK, at=MONDAY).ask()
    story.until(story.check.settle_by).later(days=1)
    act = {"due_on": story.today + timedelta(days=7), "by": story.owner, "at": story.at}
    assert names(lambda: promises.change_date(story.item, reason=" ", **act)) == {"reason"}
    promises.change_date(story.item, reason="Karin is op reis.", **act)
    assert not story.facts.is_frozen
    assert (story.check.due_on, story.check.times_moved) == (act["due_on"], 1)
    assert (story.item.times_moved, story.item.kind) == (0, Kind.QUICK_WIN)


def test_R8_taking_back_is_no_way_out_of_the_frost(crew):
    """Started five minutes before midnight with a promise of today."""
    story = walk(crew, Phase.PLAN, at=MONDAY)
    story.at = MONDAY.replace(hour=22, minute=55)
    story.move(Phase.DO, due_on=story.today)
    story.later(minutes=6)
    assert names(lambda: taking_back.take_back(story.item, by=story.owner, at=story.at)) == {"frozen"}


def test_what_ended_is_not_frozen_and_takes_no_work(crew):
    story = walk(crew, Phase.CLOSED, at=MONDAY).later(days=30)
    assert not story.facts.is_frozen
    assert names(lambda: edit.edit(story.item, Answers(title="Anders"), by=story.owner, at=story.at)) == {"ended"}
    talk.comment(story.item, "Nog altijd goed.", by=story.owner, at=story.at)
    moves.reopen_by_customer(story.item, ReopenCause.BACK_AGAIN, at=story.at)
