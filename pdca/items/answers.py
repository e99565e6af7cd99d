"""Typed answers to the questions of the gates. Forms, API, mail links and import all end here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from pdca.items.terms import (
    CallVerdict,
    CustomerType,
    Importance,
    Kind,
    LookalikeChoice,
    Method,
    PredictionResult,
    ReopenCause,
    ToldHow,
    Verdict,
)


@dataclass(frozen=True)
class CustomerAnswer:
    """R18: who has the problem and how to reach them. More contacts make a group."""

    type: CustomerType
    name: str = ""
    email: str = ""
    phone: str = ""
    locale: str = "nl"
    # The type was guessed from the mail's domain: a stored default, shown as such.
    is_type_guessed: bool = False


@dataclass(frozen=True)
class NeedAnswer:
    """R1: who asked for it, how many, through which channel, in which words."""

    who: str
    how_many: int = 1
    channel: str = ""
    quote: str = ""


@dataclass(frozen=True)
class AgreedAnswer:
    """R3: with whom the date was agreed, when and how."""

    with_whom: str
    on: date
    how: str


@dataclass(frozen=True)
class AftercareAnswer:
    """R12: how we ask, who asks, and what counts as solved."""

    method: Method
    asker_id: int | None = None
    criterion: str = ""


@dataclass(frozen=True)
class BaselineAnswer:
    """R20: a mark, or an observation in exactly three parts, dated."""

    on: date
    mark: int | None = None
    good: str = ""
    better: str = ""
    change: str = ""


@dataclass(frozen=True)
class SmallTestAnswer:
    """R21: try it small first."""

    where: str
    with_whom: str
    until: date
    prediction: str
    how_we_know: str


@dataclass(frozen=True)
class TouchpointAnswer:
    """R25: the moment it happens, and our role in it."""

    touchpoint: str
    role: str


@dataclass(frozen=True)
class LookalikeAnswer:
    """R15: different from the look-alikes shown, or the same as one of them."""

    choice: LookalikeChoice
    same_as_id: int | None = None


@dataclass(frozen=True)
class CarriedOutAnswer:
    """When it was done and what was really done."""

    on: date
    what: str


@dataclass(frozen=True)
class AnnouncementAnswer:
    """R4: the change told beforehand, with its reason."""

    announced_on: date
    go_live_on: date
    audience: str
    text: str


@dataclass(frozen=True)
class CallAnswer:
    """R10 and aftercare: a call with the customer."""

    with_whom: str
    on: date
    channel: str = ""
    verdict: CallVerdict | None = None
    notes: str = ""


@dataclass(frozen=True)
class PredictionAnswer:
    """Prediction against result."""

    came_true: PredictionResult
    result: str = ""


@dataclass(frozen=True)
class VerdictAnswer:
    """The judgement on the latest check. `check_again_on` goes with "too early"."""

    verdict: Verdict
    evidence: str = ""
    check_again_on: date | None = None


@dataclass(frozen=True)
class StandardAnswer:
    """Embedding: where the new way of working is written down, and who keeps it."""

    where: str
    keeper_id: int


@dataclass(frozen=True)
class LessonAnswer:
    """R14: what happened, why, what we do differently, for whom."""

    what_happened: str
    why: str = ""
    differently: str = ""
    for_whom: str = ""


@dataclass(frozen=True)
class ToldAnswer:
    """R7: how the customer heard of the new date."""

    how: ToldHow
    who: str = ""
    on: date | None = None
    message: str = ""


class Answers(TypedDict, total=False):
    """What one form, request or row answers; absent means not asked."""

    title: str
    problem: str
    noticeable: str
    kind: Kind
    importance: Importance
    service_id: int | None
    channel: str
    customer: CustomerAnswer
    lookalikes: LookalikeAnswer
    owner_id: int
    need: NeedAnswer
    no_survey: str
    purpose: str
    due_on: date
    last_useful_on: date | None
    still_needed: bool
    agreed: AgreedAnswer
    aftercare: AftercareAnswer
    catalogue_changes: bool
    baseline: BaselineAnswer
    root_cause: str
    small_test: SmallTestAnswer
    groups: list[int]
    touchpoint: TouchpointAnswer
    carried_out: CarriedOutAnswer
    announcement: AnnouncementAnswer
    call: CallAnswer
    prediction_result: PredictionAnswer
    verdict: VerdictAnswer
    standard: StandardAnswer
    lesson: LessonAnswer
    why_not: str
    adjusted_prediction: str
    reason: str
    review_on: date
    cause: ReopenCause
    twin_id: int
    told: ToldAnswer
    share: bool
