"""The tables of an item and everything that hangs under it. Rules are not here but in lifecycle.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Row, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pdca.catalogue.models import CustomerGroup, Label, Service
from pdca.db import Base, enum_column
from pdca.items.terms import (
    ActorKind,
    AnswerSource,
    CallPurpose,
    CallVerdict,
    CheckState,
    CustomerType,
    DecisionKind,
    DecisionState,
    HandoverState,
    Importance,
    ItemLinkKind,
    Kind,
    LookalikeChoice,
    Method,
    Phase,
    PredictionResult,
    PromiseState,
    Quote,
    ReopenCause,
    Solved,
    ToldHow,
    Verdict,
    WordKind,
)
from pdca.people.models import Person, Team

_ENDED = text("ended_at IS NOT NULL")


def _item_key() -> Mapped[int]:
    return mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)


class Item(Base):
    """A quick win or an improvement action. What belongs to one attempt stands in its Round."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("team_id", "number"),
        UniqueConstraint("team_id", "source_key"),
        Index("ix_item_team_phase_rank", "team_id", "phase", "rank", "id"),
        # The last closed of a kind; it costs an open card nothing.
        Index("ix_item_ended", "team_id", "phase", "kind", "ended_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    number: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    rank: Mapped[int] = mapped_column(default=0)
    kind: Mapped[Kind | None] = mapped_column(enum_column(Kind))
    phase: Mapped[Phase] = mapped_column(enum_column(Phase), default=Phase.NEW)
    phase_since: Mapped[datetime]
    # Where a parked item goes back to.
    resumes_in: Mapped[Phase | None] = mapped_column(enum_column(Phase))
    round_number: Mapped[int] = mapped_column(default=1)

    title: Mapped[str] = mapped_column(String(200))
    problem: Mapped[str] = mapped_column(Text, default="")
    noticeable: Mapped[str] = mapped_column(Text, default="")
    importance: Mapped[Importance] = mapped_column(enum_column(Importance), default=Importance.NORMAL)
    customer_type: Mapped[CustomerType | None] = mapped_column(enum_column(CustomerType))
    customer_name: Mapped[str] = mapped_column(String(200), default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    touchpoint: Mapped[str] = mapped_column(String(200), default="")
    contact_role: Mapped[str] = mapped_column(String(200), default="")
    channel: Mapped[str] = mapped_column(String(120), default="")
    # Names of the answers that nobody gave: stored defaults, shown as such.
    defaulted: Mapped[list[str]] = mapped_column(JSON, default=list)

    proposer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    proposer_name: Mapped[str] = mapped_column(String(120), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    # Acts for an owner who left, until the handover is accepted.
    caretaker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    taken_up_at: Mapped[datetime | None]
    last_progress_at: Mapped[datetime]
    # When a mail about this item last left; what was sent cannot be taken back.
    last_mailed_at: Mapped[datetime | None]

    purpose: Mapped[str] = mapped_column(Text, default="")
    no_survey_reason: Mapped[str] = mapped_column(Text, default="")
    # An import's date is a proposal, never a promise.
    proposed_due_on: Mapped[date | None]
    due_on: Mapped[date | None]
    first_promised_on: Mapped[date | None]
    times_moved: Mapped[int] = mapped_column(default=0)
    agreed_with: Mapped[str] = mapped_column(String(200), default="")
    agreed_on: Mapped[date | None]
    agreed_how: Mapped[str] = mapped_column(String(120), default="")
    last_useful_on: Mapped[date | None]
    still_needed_on: Mapped[date | None]
    care_method: Mapped[Method | None] = mapped_column(enum_column(Method))
    care_asker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    care_criterion: Mapped[str] = mapped_column(Text, default="")
    catalogue_changes: Mapped[bool] = mapped_column(default=False)

    waiting_on: Mapped[str] = mapped_column(String(200), default="")
    waiting_until: Mapped[date | None]
    review_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(Text, default="")
    # Any end: closed, stopped or declined.
    ended_at: Mapped[datetime | None]
    final_verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    share: Mapped[bool] = mapped_column(default=True)

    lookalike_choice: Mapped[LookalikeChoice | None] = mapped_column(enum_column(LookalikeChoice))
    recurrences: Mapped[int] = mapped_column(default=0)
    source: Mapped[str] = mapped_column(String(300), default="")
    source_key: Mapped[str | None] = mapped_column(String(300))

    team: Mapped[Team] = relationship()
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    caretaker: Mapped[Person | None] = relationship(foreign_keys=[caretaker_id])
    proposer: Mapped[Person | None] = relationship(foreign_keys=[proposer_id])
    service: Mapped[Service | None] = relationship()
    contacts: Mapped[list[Contact]] = relationship(order_by="Contact.id")
    needs: Mapped[list[Need]] = relationship(order_by="Need.id")
    groups: Mapped[list[CustomerGroup]] = relationship(secondary="item_group", order_by="CustomerGroup.name")
    labels: Mapped[list[Label]] = relationship(secondary="item_label", order_by="Label.name")
    rounds: Mapped[list[Round]] = relationship(order_by="Round.number", back_populates="item")
    promises: Mapped[list[Promise]] = relationship(order_by="Promise.number")
    handovers: Mapped[list[Handover]] = relationship(order_by="Handover.id")
    calls: Mapped[list[Call]] = relationship(order_by="Call.id")
    checks: Mapped[list[Check]] = relationship(order_by="Check.round_number, Check.number", back_populates="item")
    announcements: Mapped[list[Announcement]] = relationship(order_by="Announcement.id")
    lessons: Mapped[list[Lesson]] = relationship(order_by="Lesson.id")
    waivers: Mapped[list[Waiver]] = relationship(order_by="Waiver.id")
    decisions: Mapped[list[Decision]] = relationship(order_by="Decision.id")
    moves: Mapped[list[Move]] = relationship(order_by="Move.id")
    comments: Mapped[list[Comment]] = relationship(order_by="Comment.id")
    files: Mapped[list[File]] = relationship(order_by="File.id")
    followers: Mapped[list[Follower]] = relationship(order_by="Follower.id")

    @property
    def round(self) -> Round:
        """The round that runs now."""
        return next(r for r in self.rounds if r.number == self.round_number)

    @property
    def responsible_id(self) -> int | None:
        """Who acts as owner: the caretaker while there is one, else the owner."""
        return self.caretaker_id or self.owner_id

    @property
    def customers(self) -> list[Contact]:
        """Who can be asked: not the ones who turned out to be the wrong person."""
        return [contact for contact in self.contacts if contact.not_the_person_at is None]


class Round(Base):
    """One attempt: its plan, what was done and what came of it. A frozen round never changes (trigger)."""

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    number: Mapped[int]
    opened_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]

    baseline_on: Mapped[date | None]
    baseline_mark: Mapped[int | None] = mapped_column(
        CheckConstraint("baseline_mark BETWEEN 1 AND 10", name="baseline_mark")
    )
    baseline_good: Mapped[str] = mapped_column(Text, default="")
    baseline_better: Mapped[str] = mapped_column(Text, default="")
    baseline_change: Mapped[str] = mapped_column(Text, default="")
    # After a promotion a baseline can no longer be taken; shown as "no baseline (promoted)".
    baseline_lost: Mapped[bool] = mapped_column(default=False)
    root_cause: Mapped[str] = mapped_column(Text, default="")
    test_where: Mapped[str] = mapped_column(String(200), default="")
    test_with: Mapped[str] = mapped_column(String(200), default="")
    test_until: Mapped[date | None]
    prediction: Mapped[str] = mapped_column(Text, default="")
    how_we_know: Mapped[str] = mapped_column(Text, default="")

    started_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    carried_out_on: Mapped[date | None]
    carried_out_recorded_on: Mapped[date | None]
    carried_out: Mapped[str] = mapped_column(Text, default="")
    prediction_result: Mapped[PredictionResult | None] = mapped_column(enum_column(PredictionResult))
    result: Mapped[str] = mapped_column(Text, default="")
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    why_not: Mapped[str] = mapped_column(Text, default="")
    standard_where: Mapped[str] = mapped_column(String(300), default="")
    standard_keeper_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    item: Mapped[Item] = relationship(back_populates="rounds")
    standard_keeper: Mapped[Person | None] = relationship()


class Contact(Base):
    """A customer who can be asked. A group has many, the others one."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    locale: Mapped[str] = mapped_column(String(2), default="nl")
    # "Don't mail me again" and "I'm not the right person".
    opted_out_at: Mapped[datetime | None]
    not_the_person_at: Mapped[datetime | None]

    @property
    def may_be_mailed(self) -> bool:
        """Whether this contact can be asked by mail."""
        return may_be_mailed(self)


def may_be_mailed(contact: Contact | Row[Any]) -> bool:
    """Whether a contact, or its plain row, has an address that wants our questions."""
    return bool(contact.email) and contact.opted_out_at is None and contact.not_the_person_at is None


class Need(Base):
    """Somebody asked for it (R1)."""

    __tablename__ = "need"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    who: Mapped[str] = mapped_column(String(200))
    how_many: Mapped[int] = mapped_column(default=1)
    channel: Mapped[str] = mapped_column(String(120), default="")
    quote: Mapped[str] = mapped_column(Text, default="")


class ItemGroup(Base):
    """A customer group that an action touches (R22)."""

    __tablename__ = "item_group"

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("customer_group.id", ondelete="CASCADE"), primary_key=True)


class ItemLabel(Base):
    """A label on a card."""

    __tablename__ = "item_label"

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)


class Promise(Base):
    """A date that was agreed; number 1 is the first promise, every later one a move (R3, R7, R8)."""

    __tablename__ = "promise"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    number: Mapped[int]
    due_on: Mapped[date]
    state: Mapped[PromiseState] = mapped_column(enum_column(PromiseState))
    given_at: Mapped[datetime]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    told_how: Mapped[ToldHow | None] = mapped_column(enum_column(ToldHow))
    told_who: Mapped[str] = mapped_column(String(200), default="")
    told_on: Mapped[date | None]
    # The word to the customer; sent from here when told_how is mail, held back while the promise waits.
    told_message: Mapped[str] = mapped_column(Text, default="")

    given_by: Mapped[Person] = relationship()


class Handover(Base):
    """A change of owner that waits for its receiver (R5, R6)."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    giver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # Nobody yet: the owner left, and the caretaker looks for somebody.
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[HandoverState] = mapped_column(enum_column(HandoverState))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    done: Mapped[str] = mapped_column(Text, default="")
    open: Mapped[str] = mapped_column(Text, default="")
    promised: Mapped[str] = mapped_column(Text, default="")
    watch_out: Mapped[str] = mapped_column(Text, default="")
    read_back: Mapped[str] = mapped_column(Text, default="")
    refusal_reason: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]

    item: Mapped[Item] = relationship(overlaps="handovers")
    giver: Mapped[Person | None] = relationship(foreign_keys=[giver_id])
    receiver: Mapped[Person | None] = relationship(foreign_keys=[receiver_id])


class Announcement(Base):
    """A change told beforehand, with its reason (R4). Late is recorded as a breach."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    round_number: Mapped[int]
    announced_on: Mapped[date]
    go_live_on: Mapped[date]
    audience: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    is_late: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class Call(Base):
    """A call with the customer: during the work (R10), an attempt for a check, or to tell something."""

    __tablename__ = "call"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    round_number: Mapped[int]
    check_id: Mapped[int | None] = mapped_column(ForeignKey("aftercare_check.id"), index=True)
    purpose: Mapped[CallPurpose] = mapped_column(enum_column(CallPurpose))
    with_whom: Mapped[str] = mapped_column(String(200))
    on: Mapped[date] = mapped_column("called_on")
    channel: Mapped[str] = mapped_column(String(120), default="")
    verdict: Mapped[CallVerdict | None] = mapped_column(enum_column(CallVerdict))
    notes: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]

    by: Mapped[Person] = relationship()


class Check(Base):
    """An aftercare check: one planned question to the customer (R11–R13). Table name: "check" is a keyword."""

    __tablename__ = "aftercare_check"
    __table_args__ = (UniqueConstraint("item_id", "round_number", "number", "series"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    round_number: Mapped[int]
    number: Mapped[int]
    # A plan made anew within a round (back to Do, promotion) gets the next series.
    series: Mapped[int] = mapped_column(default=1)
    offset_days: Mapped[int]
    # None until the work was carried out: the clock of aftercare starts there.
    due_on: Mapped[date | None]
    settle_by: Mapped[date | None]
    method: Mapped[Method] = mapped_column(enum_column(Method))
    criterion: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[CheckState] = mapped_column(enum_column(CheckState), default=CheckState.PLANNED)
    asked_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    times_moved: Mapped[int] = mapped_column(default=0)
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    verdict_at: Mapped[datetime | None]
    # None: it followed the customer by itself.
    verdict_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    evidence: Mapped[str] = mapped_column(Text, default="")
    # When the customer was told what happens next (after a "no").
    told_at: Mapped[datetime | None]

    item: Mapped[Item] = relationship(back_populates="checks")
    answers: Mapped[list[Answer]] = relationship(order_by="Answer.id", back_populates="check")
    calls: Mapped[list[Call]] = relationship(order_by="Call.id", overlaps="calls")
    verdict_by: Mapped[Person | None] = relationship()


class Answer(Base):
    """What somebody said to a check, by whichever way it came."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("check_id", "contact_id"),
        CheckConstraint("mark BETWEEN 1 AND 10", name="mark"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("aftercare_check.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    source: Mapped[AnswerSource] = mapped_column(enum_column(AnswerSource))
    solved: Mapped[Solved] = mapped_column(enum_column(Solved))
    mark: Mapped[int | None]
    better: Mapped[str] = mapped_column(Text, default="")
    may_quote: Mapped[Quote] = mapped_column(enum_column(Quote), default=Quote.NO)
    channel: Mapped[str] = mapped_column(String(120), default="")
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    answered_on: Mapped[date]
    recorded_at: Mapped[datetime]
    # None: the customer's own answer through the link.
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    other_evidence: Mapped[str] = mapped_column(Text, default="")
    group_id: Mapped[int | None] = mapped_column(ForeignKey("customer_group.id"))
    version: Mapped[int] = mapped_column(default=1)
    owner_comment: Mapped[str] = mapped_column(Text, default="")

    check: Mapped[Check] = relationship(back_populates="answers")
    contact: Mapped[Contact | None] = relationship()
    recorded_by: Mapped[Person | None] = relationship()


class Lesson(Base):
    """What happened, why, what we do differently, for whom (R14)."""

    __tablename__ = "lesson"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    round_number: Mapped[int]
    what_happened: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text, default="")
    differently: Mapped[str] = mapped_column(Text, default="")
    for_whom: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Waiver(Base):
    """A leader lets an item pass a rule once, with a reason (R17). Listed and counted."""

    __tablename__ = "waiver"
    __table_args__ = (UniqueConstraint("item_id", "round_number", "rule"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    round_number: Mapped[int]
    rule: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    # Nobody else was there: recorded so and counted.
    decided_alone: Mapped[bool] = mapped_column(default=False)

    by: Mapped[Person] = relationship()


class Decision(Base):
    """Something that waits for a leader (or, for help, the board keeper)."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    kind: Mapped[DecisionKind] = mapped_column(enum_column(DecisionKind))
    state: Mapped[DecisionState] = mapped_column(enum_column(DecisionState))
    asked_at: Mapped[datetime]
    # None: the follow-up itself escalated.
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    question: Mapped[str] = mapped_column(Text, default="")
    # The rule a waiver is asked for.
    rule: Mapped[str] = mapped_column(String(4), default="")
    promise_id: Mapped[int | None] = mapped_column(ForeignKey("promise.id"))
    round_number: Mapped[int] = mapped_column(default=1)
    # What an escalation is about: the duty that passed E3 ("promise:2").
    occasion: Mapped[str] = mapped_column(String(60), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    decided_alone: Mapped[bool] = mapped_column(default=False)

    item: Mapped[Item] = relationship(overlaps="decisions")
    promise: Mapped[Promise | None] = relationship()
    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])


class Move(Base):
    """A step through the life cycle. Cycle times, flow and "take back" read these rows."""

    __tablename__ = "move"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    from_phase: Mapped[Phase] = mapped_column(enum_column(Phase))
    to_phase: Mapped[Phase] = mapped_column(enum_column(Phase))
    round_number: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[ReopenCause | None] = mapped_column(enum_column(ReopenCause))
    # What taking back restores: columns of the item and its round before the step.
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    taken_back_at: Mapped[datetime | None]


class Word(Base):
    """Something the customer is told from here; follow-up mails it to everyone of the item's contacts."""

    __tablename__ = "word"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    kind: Mapped[WordKind] = mapped_column(enum_column(WordKind))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    promise_id: Mapped[int | None] = mapped_column(ForeignKey("promise.id"))
    check_id: Mapped[int | None] = mapped_column(ForeignKey("aftercare_check.id"))
    # Held back while the leader decides on a third date; a refused date is never told.
    held_since: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    # When a server took the first mail with it: who becomes the customer later gets no old news.
    told_at: Mapped[datetime | None]


class Comment(Base):
    """Markdown text by a person."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    author: Mapped[Person] = relationship()


class Mention(Base):
    """Somebody named in a comment; travels in the grouped mail."""

    __tablename__ = "mention"
    __table_args__ = (UniqueConstraint("comment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


class File(Base):
    """An uploaded file; on disk under a random name, never under the one it came with."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    name: Mapped[str] = mapped_column(String(200))
    stored_name: Mapped[str] = mapped_column(String(64), unique=True)
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    by: Mapped[Person] = relationship()


class Follower(Base):
    """A person who hears how an item goes on."""

    __tablename__ = "follower"
    __table_args__ = (UniqueConstraint("item_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)

    person: Mapped[Person] = relationship()


class ItemLink(Base):
    """Two items that belong together."""

    __tablename__ = "item_link"
    __table_args__ = (UniqueConstraint("item_id", "other_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = _item_key()
    other_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ItemLinkKind] = mapped_column(enum_column(ItemLinkKind))

    other: Mapped[Item] = relationship(foreign_keys=[other_id])


class Entry(Base):
    """One fact of the journal: who, when, what, old, new, why. Only ever added (triggers refuse the rest)."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_item_id_id", "item_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # Plain numbers, not foreign keys: a fact outlives what it is about.
    item_id: Mapped[int | None]
    team_id: Mapped[int | None] = mapped_column(index=True)
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(enum_column(ActorKind))
    actor_id: Mapped[int | None]
    # The owner (or other holder) on whose behalf the actor did it.
    on_behalf_of_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(60))
    field: Mapped[str] = mapped_column(String(60), default="")
    old: Mapped[Any | None] = mapped_column(JSON)
    new: Mapped[Any | None] = mapped_column(JSON)
    why: Mapped[str] = mapped_column(Text, default="")
