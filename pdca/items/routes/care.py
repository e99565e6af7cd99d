"""Aftercare from the owner's side: calls, announcements, answers, attempts, verdicts, what is told next."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca.errors import N_, FieldError, Invalid
from pdca.items import checks, letters, telling, verdicts
from pdca.items.answers import AnnouncementAnswer, CallAnswer, VerdictAnswer
from pdca.items.checks import CheckAnswer
from pdca.items.forms.acts import (
    AnnouncementForm,
    CallForm,
    CheckAnswerForm,
    NothingForm,
    OwnerCommentForm,
    RecurrenceForm,
    ToldForm,
    VerdictForm,
)
from pdca.items.models import Answer, Check
from pdca.items.moves import reopen_when_asked
from pdca.items.queries import answer_of, check_of
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, act, press
from pdca.items.terms import AnswerSource, Quote, ToldHow
from pdca.items.views.care import answer_sheet, attempt_sheet, comment_sheet, gate_sheet, recurrence_sheet, told_sheet
from pdca.items.work import announce, log_call

WRITE = N_("Write something here.")
CHOOSE = N_("Choose one from the list.")
CHOOSE_A_DAY = N_("Choose a date.")


@bp.route("/items/<int:item_id>/calls", methods=["GET", "POST"])
def call(item_id: int) -> ResponseReturnValue:
    """A call during the work (R10)."""
    form = CallForm()
    return act(
        item_id,
        form,
        gate_sheet("call", "items.call", lambda: gettext("Call during the work"), lambda: gettext("Note the call")),
        lambda d: log_call(d.item, _call_of(d, form), by=d.by, at=d.at),
        gettext("The call has been noted."),
    )


@bp.route("/items/<int:item_id>/announcements", methods=["GET", "POST"])
def announcement(item_id: int) -> ResponseReturnValue:
    """A change told beforehand, with the reason (R4)."""
    form = AnnouncementForm()
    return act(
        item_id,
        form,
        gate_sheet(
            "announcement",
            "items.announcement",
            lambda: gettext("Announce the change"),
            lambda: gettext("Note the announcement"),
        ),
        lambda d: announce(d.item, _announcement_of(d, form), by=d.by, at=d.at),
        gettext("The announcement has been noted."),
    )


@bp.route("/items/<int:item_id>/checks/<int:check_id>/answers", methods=["GET", "POST"])
def check_answer(item_id: int, check_id: int) -> ResponseReturnValue:
    """An answer after a call, or an observation by somebody other than the owner (R11, R13, R18)."""
    form = CheckAnswerForm()
    return act(
        item_id,
        form,
        lambda asking: answer_sheet(asking, check_id),
        lambda d: _answer(d, check_id, form),
        gettext("The answer has been noted."),
    )


@bp.post("/items/<int:item_id>/letters/<int:entry_id>/aside")
def letter_aside(item_id: int, entry_id: int) -> ResponseReturnValue:
    """A customer's mail that was no answer."""
    said = gettext("It stays in the journal.")
    return press(item_id, NothingForm(), lambda d: letters.put_aside(d.item, entry_id, by=d.by, at=d.at), said)


@bp.route("/items/<int:item_id>/checks/<int:check_id>/attempts", methods=["GET", "POST"])
def attempt(item_id: int, check_id: int) -> ResponseReturnValue:
    """A call that nobody answered."""
    form = CallForm()
    return act(
        item_id,
        form,
        lambda asking: attempt_sheet(asking, check_id),
        lambda d: checks.attempt(check_of(d.item, check_id), _call_of(d, form), by=d.by, at=d.at),
        gettext("The attempt has been noted."),
    )


@bp.route("/items/<int:item_id>/checks/<int:check_id>/answers/<int:answer_id>/comments", methods=["GET", "POST"])
def answer_comment(item_id: int, check_id: int, answer_id: int) -> ResponseReturnValue:
    """The owner's word beside the customer's, never over it (R24)."""
    form = OwnerCommentForm()
    return act(
        item_id,
        form,
        lambda asking: comment_sheet(asking, check_id, answer_id),
        lambda d: _comment_on(d, check_id, answer_id, form.comment.data or ""),
        gettext("Noted beside the answer."),
    )


@bp.route("/items/<int:item_id>/verdict", methods=["GET", "POST"])
def verdict(item_id: int) -> ResponseReturnValue:
    """The judgement on the latest check."""
    form = VerdictForm()
    return act(
        item_id,
        form,
        gate_sheet("verdict", "items.verdict", lambda: gettext("Verdict"), lambda: gettext("Give the verdict")),
        lambda d: _judge(d, form),
        gettext("The verdict has been noted."),
    )


@bp.route("/items/<int:item_id>/told", methods=["GET", "POST"])
def told(item_id: int) -> ResponseReturnValue:
    """The customer hears what happens next, or how it ended."""
    form = ToldForm()
    return act(item_id, form, told_sheet, lambda d: _tell(d, form), gettext("Noted: the customer knows."))


@bp.route("/items/<int:item_id>/recurrence", methods=["GET", "POST"])
def recurrence(item_id: int) -> ResponseReturnValue:
    """The customer was asked whether it came back, and says that it did (R15)."""
    form = RecurrenceForm()
    return act(
        item_id,
        form,
        recurrence_sheet,
        lambda d: _came_back(d, form),
        gettext("It has been taken up again, as the customer said."),
    )


# --- operations ------------------------------------------------------------------------------------------


def _call_of(doing: Doing, form: CallForm) -> CallAnswer:
    return CallAnswer(
        form.call_with.data or "",
        form.call_on.data or doing.facts.today,
        form.call_channel.data or "",
        form.call_verdict.data,
        form.call_notes.data or "",
    )


def _announcement_of(doing: Doing, form: AnnouncementForm) -> AnnouncementAnswer:
    if form.go_live_on.data is None:
        raise Invalid([FieldError("go_live_on", CHOOSE_A_DAY)])
    return AnnouncementAnswer(
        form.announced_on.data or doing.facts.today,
        form.go_live_on.data,
        form.audience.data or "",
        form.announcement_text.data or "",
    )


def _answer(doing: Doing, check_id: int, form: CheckAnswerForm) -> Answer:
    if form.solved.data is None:
        raise Invalid([FieldError("solved", CHOOSE)])
    given = CheckAnswer(
        solved=form.solved.data,
        mark=form.mark.data,
        better=form.better.data or "",
        may_quote=form.may_quote.data or Quote.NO,
        channel=form.channel.data or "",
        answered_by=form.answered_by.data or "",
        on=form.on.data,
        source=_source(form),
        group_id=form.group_id.data,
    )
    return checks.record_answer(check_of(doing.item, check_id), given, by=doing.by, at=doing.at)


def _source(form: CheckAnswerForm) -> AnswerSource:
    """Only a call or an observation is recorded here; the link belongs to the customer (R24)."""
    source = form.source.data or AnswerSource.CALL
    if source not in (AnswerSource.CALL, AnswerSource.OBSERVATION):
        raise Invalid([FieldError("source", CHOOSE)])
    return AnswerSource(source)


def _comment_on(doing: Doing, check_id: int, answer_id: int, text: str) -> None:
    if not text:
        raise Invalid([FieldError("comment", WRITE)])
    checks.comment_on(answer_of(doing.item, check_id, answer_id), text, by=doing.by, at=doing.at)


def _judge(doing: Doing, form: VerdictForm) -> Check:
    if form.verdict.data is None:
        raise Invalid([FieldError("verdict", CHOOSE)])
    answer = VerdictAnswer(form.verdict.data, form.evidence.data or "", form.check_again_on.data)
    return verdicts.give_verdict(doing.item, answer, by=doing.by, at=doing.at)


def _tell(doing: Doing, form: ToldForm) -> None:
    """By mail from here, or a logged call, visit or notice."""
    if form.told_how.data is None:
        raise Invalid([FieldError("told_how", CHOOSE)])
    text = form.told_message.data or ""
    if form.told_how.data is ToldHow.MAIL:
        telling.tell_next(doing.item, text, by=doing.by, at=doing.at)
        return
    heard = CallAnswer(
        form.told_who.data or "", form.told_on.data or doing.facts.today, form.told_how.data.value, None, text
    )
    telling.record_told(doing.item, heard, by=doing.by, at=doing.at)


def _came_back(doing: Doing, form: RecurrenceForm) -> None:
    if form.cause.data is None:
        raise Invalid([FieldError("cause", CHOOSE)])
    reopen_when_asked(doing.item, form.cause.data, by=doing.by, at=doing.at)
