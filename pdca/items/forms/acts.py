"""The forms of everything that is not a step."""

from __future__ import annotations

from typing import Any

from wtforms import FileField, HiddenField

from pdca.items.forms.gate import AnswersForm
from pdca.items.terms import AnswerSource, CallVerdict, ItemLinkKind, Phase, Quote, ReopenCause, Solved, ToldHow
from pdca.web import Form
from pdca.web.fields import Choice, Day, DayChip, Ident, Idents, Number, One, YesNo, line, other, text


class ActForm(Form):
    """What every act may bring: the page to go back to."""

    next: Any = HiddenField()


class MoveForm(AnswersForm):
    """A step: where to, between which cards, and the answers on the way."""

    next: Any = HiddenField()
    to: Any = Choice(Phase)
    after: Any = Ident()
    before: Any = Ident()


class PlacedForm(ActForm):
    """Another place in the same column."""

    to: Any = Choice(Phase)
    after: Any = Ident()
    before: Any = Ident()


# All that such a form may bring.
PLACED = frozenset({"to", "after", "before", "next", "csrf_token"})


class NothingForm(ActForm):
    """Only a button."""


class CaptureForm(ActForm):
    """One line and Enter."""

    title: Any = line(400)
    # A name the page made for this line: sent twice, it is written down once.
    once: Any = line(40)


class TitleForm(ActForm):
    """Another title, and the one it replaces."""

    title: Any = line(400)
    was: Any = line(400)


class DateForm(ActForm):
    """A new date: two answers, the rest is drafted."""

    due_on: Any = DayChip()
    due_on_other: Any = other()
    reason: Any = text(5000)
    still_needed: Any = YesNo()
    told_how: Any = Choice(ToldHow)
    told_who: Any = line()
    told_on: Any = Day()
    told_message: Any = text(5000)


class HelpForm(ActForm):
    """Need help."""

    question: Any = text(5000)


class WaitingForm(ActForm):
    """Waiting on others."""

    what: Any = line()
    until: Any = DayChip()
    until_other: Any = other()


class HandoverForm(ActForm):
    """All you know, and to whom."""

    to: Any = Ident()
    done: Any = text(5000)
    open: Any = text(5000)
    promised: Any = text(5000)
    watch_out: Any = text(5000)


class ReadBackForm(ActForm):
    """The agreement in own words."""

    read_back: Any = text(5000)


class ReasonForm(ActForm):
    """A reason."""

    reason: Any = text(5000)


class ReceiverForm(ActForm):
    """Another receiver."""

    to: Any = Ident()


class CallForm(ActForm):
    """A call during the work, or an attempt in vain."""

    call_with: Any = line()
    call_on: Any = Day()
    call_channel: Any = line(120)
    call_verdict: Any = Choice(CallVerdict)
    call_notes: Any = text(5000)


class AnnouncementForm(ActForm):
    """A change told beforehand."""

    announced_on: Any = Day()
    go_live_on: Any = Day()
    audience: Any = line()
    announcement_text: Any = text(5000)


class CheckAnswerForm(ActForm):
    """The fixed questions of a check, after a call or an observation."""

    source: Any = Choice(AnswerSource)
    solved: Any = Choice(Solved)
    mark: Any = Number(1, 10)
    better: Any = text(5000)
    may_quote: Any = Choice(Quote)
    channel: Any = line(120)
    answered_by: Any = line()
    on: Any = Day()
    group_id: Any = Ident()


class CustomersForm(ActForm):
    """More customers of a group, one a line."""

    people: Any = text(50_000)
    locale: Any = line(2)


class RecurrenceForm(ActForm):
    """What a customer said to "has it come back?"."""

    cause: Any = Choice(ReopenCause)


class VerdictForm(ActForm):
    """The judgement on the latest check."""

    verdict: Any = AnswersForm.verdict
    evidence: Any = text(5000)
    check_again_on: Any = Day()
    prediction_result: Any = AnswersForm.prediction_result
    result: Any = text(5000)


class ToldForm(ActForm):
    """What the customer hears about what happens next."""

    told_how: Any = Choice(ToldHow)
    told_message: Any = text(5000)
    told_who: Any = line()
    told_on: Any = Day()


class WaiverForm(ActForm):
    """Ask for, or give, a pass on one rule."""

    rule: Any = One()
    reason: Any = text(5000)


class DecisionForm(ActForm):
    """A leader's or keeper's word."""

    granted: Any = YesNo()
    answer: Any = text(5000)


class CommentForm(ActForm):
    """Markdown."""

    body: Any = text(20_000)


class OwnerCommentForm(ActForm):
    """What the owner says beside the customer's answer."""

    comment: Any = text(5000)


class UploadForm(ActForm):
    """One file."""

    file: Any = FileField()


class LabelsForm(ActForm):
    """Exactly these labels."""

    labels: Any = Idents()


class LinkForm(ActForm):
    """Another item of the same board, by its number."""

    other: Any = Ident()
    kind: Any = Choice(ItemLinkKind)


class PlaceForm(ActForm):
    """Between which cards."""

    after: Any = Ident()
    before: Any = Ident()
