"""The form of every gate question. Only what was sent is answered; what was left empty is still asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, cast

from wtforms import Field

from pdca.errors import N_, FieldError, Invalid
from pdca.items.answers import (
    AftercareAnswer,
    AgreedAnswer,
    AnnouncementAnswer,
    Answers,
    BaselineAnswer,
    CallAnswer,
    CarriedOutAnswer,
    LessonAnswer,
    LookalikeAnswer,
    NeedAnswer,
    PredictionAnswer,
    SmallTestAnswer,
    StandardAnswer,
    ToldAnswer,
    TouchpointAnswer,
    VerdictAnswer,
)
from pdca.items.forms.customers import read_customer
from pdca.items.questions import QUESTIONS, Question
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
from pdca.text import clean
from pdca.web import Form
from pdca.web.fields import (
    Choice,
    Day,
    DayChip,
    Ident,
    Idents,
    Number,
    One,
    TextChip,
    YesNo,
    line,
    other,
    text,
)

AS_PLANNED = N_("Done as planned.")
PLANNED_CHIP = "as_planned"
CHOOSE_A_DAY = N_("Choose a date.")
CHOOSE = N_("Choose one from the list.")
WRITE = N_("Write something here.")
# Name → the values that the browser would send for it.
Sent = Mapping[str, list[str]]


class AnswersForm(Form):
    """Every input that a gate may ask for."""

    title: Any = line()
    problem: Any = text(5000)
    noticeable: Any = text(2000)
    customer: Any = line(460)
    customer_type: Any = Choice(CustomerType)
    customer_locale: Any = One()
    kind: Any = Choice(Kind)
    importance: Any = Choice(Importance)
    lookalikes: Any = Choice(LookalikeChoice)
    same_as: Any = Ident()
    channel: Any = line(120)
    service_id: Any = Ident()
    owner_id: Any = Ident()
    purpose: Any = text(2000)
    need_who: Any = line()
    need_how_many: Any = Number(1, 1_000_000)
    need_channel: Any = line(120)
    need_quote: Any = text(2000)
    no_survey: Any = text(2000)
    due_on: Any = DayChip()
    due_on_other: Any = other()
    agreed_with: Any = line()
    agreed_on: Any = Day()
    agreed_how: Any = line(120)
    care_method: Any = Choice(Method)
    care_asker_id: Any = Ident()
    care_criterion: Any = line(500)
    catalogue_changes: Any = YesNo()
    last_useful_on: Any = Day()
    baseline_on: Any = Day()
    baseline_mark: Any = Number(1, 10)
    baseline_good: Any = text(2000)
    baseline_better: Any = text(2000)
    baseline_change: Any = text(2000)
    root_cause: Any = text(5000)
    test_where: Any = line()
    test_with: Any = line()
    test_until: Any = Day()
    prediction: Any = text(2000)
    how_we_know: Any = text(2000)
    groups: Any = Idents()
    touchpoint: Any = line()
    contact_role: Any = line()
    still_needed: Any = YesNo()
    carried_out_on: Any = DayChip()
    carried_out_on_other: Any = other()
    carried_out: Any = TextChip(5000)
    carried_out_other: Any = text(5000)
    announced_on: Any = Day()
    go_live_on: Any = Day()
    audience: Any = line()
    announcement_text: Any = text(5000)
    call_with: Any = line()
    call_on: Any = Day()
    call_channel: Any = line(120)
    call_verdict: Any = Choice(CallVerdict)
    call_notes: Any = text(5000)
    verdict: Any = Choice(Verdict)
    evidence: Any = text(5000)
    check_again_on: Any = Day()
    prediction_result: Any = Choice(PredictionResult)
    result: Any = text(5000)
    standard_where: Any = line(300)
    standard_keeper_id: Any = Ident()
    lesson_what: Any = text(5000)
    lesson_why: Any = text(5000)
    lesson_differently: Any = text(5000)
    lesson_for_whom: Any = text(2000)
    share: Any = YesNo()
    why_not: Any = text(5000)
    adjusted_prediction: Any = text(2000)
    reason: Any = text(5000)
    review_on: Any = DayChip()
    review_on_other: Any = other()
    cause: Any = Choice(ReopenCause)
    twin_id: Any = Ident()
    told_how: Any = Choice(ToldHow)
    told_who: Any = line()
    told_on: Any = Day()
    told_message: Any = text(5000)

    def sent(self, question: Question) -> bool:
        """Whether any input of this question came along."""
        return any(self[name].raw_data for name in question.fields)

    def is_blank(self, question: Question) -> bool:
        """Whether nothing that answers it was filled in."""
        return all(self[name].data in (None, "", []) for name in question.core)

    def answers(
        self,
        stored: Mapping[str, Sent],
        *,
        today: date,
        domains: Collection[str] = (),
        keep_blank: bool = False,
    ) -> Answers:
        """The answers among what was sent. Raises Invalid naming inputs.

        `stored`: per answered question what the page showed; what comes back unchanged is no answer.
        `keep_blank`: an emptied text is an answer too (the edit sheets), else it is still asked (the gates).
        """
        found: dict[str, Any] = {}
        errors: list[FieldError] = []
        for question in QUESTIONS.values():
            if not self._is_answered(question, stored, keep_blank):
                continue
            try:
                found[question.name] = _READ[question.name](self, today, domains)
            except Invalid as invalid:
                errors += invalid.errors
        if errors:
            raise Invalid(errors)
        return cast("Answers", found)

    def _is_answered(self, question: Question, stored: Mapping[str, Sent], keep_blank: bool) -> bool:
        if not self.sent(question):
            return False
        if self.is_blank(question) and not (keep_blank and question.name in EMPTIABLE):
            return False
        return not self._is_unchanged(question, stored.get(question.name))

    def _is_unchanged(self, question: Question, shown: Sent | None) -> bool:
        """What stood folded in the sheet came back as it was: it stays the default (or answer) it is."""
        if shown is None:
            return False
        return all(
            _plain(self[name]) == [clean(value) for value in shown.get(name, []) if value]
            for name in question.fields
            if self[name].raw_data
        )


# An emptied input of these is meant so (or is told to be impossible); elsewhere empty is "not asked".
EMPTIABLE = ("title", "problem", "noticeable", "purpose", "channel", "service_id", "last_useful_on", "root_cause")


def _plain(field: Field) -> list[str]:
    return [clean(str(value)) for value in field.raw_data or [] if str(value).strip()]


def _field(name: str) -> Callable[[AnswersForm, date, Collection[str]], Any]:
    return lambda form, _today, _domains: form[name].data


def _words(name: str) -> Callable[[AnswersForm, date, Collection[str]], Any]:
    return lambda form, _today, _domains: form[name].data or ""


def _need_all(form: AnswersForm, days: tuple[str, ...] = (), texts: tuple[str, ...] = ()) -> None:
    """Raise for every part of an answer that is not there."""
    errors = [FieldError(name, CHOOSE_A_DAY) for name in days if form[name].data is None]
    errors += [FieldError(name, WRITE) for name in texts if not form[name].data]
    if errors:
        raise Invalid(errors)


def _customer(form: AnswersForm, _today: date, domains: Collection[str]) -> Any:
    return read_customer(form.customer.data or "", form.customer_type.data, form.customer_locale.data, domains)


def _lookalikes(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    choice = form.lookalikes.data
    if choice not in (LookalikeChoice.DIFFERENT, LookalikeChoice.SAME):
        raise Invalid([FieldError("lookalikes", CHOOSE)])
    return LookalikeAnswer(choice, form.same_as.data)


def _need(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    return NeedAnswer(
        form.need_who.data, form.need_how_many.data or 1, form.need_channel.data or "", form.need_quote.data or ""
    )


def _agreed(form: AnswersForm, today: date, _domains: Collection[str]) -> Any:
    _need_all(form, texts=("agreed_with", "agreed_how"))
    return AgreedAnswer(form.agreed_with.data, form.agreed_on.data or today, form.agreed_how.data)


def _aftercare(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    return AftercareAnswer(form.care_method.data, form.care_asker_id.data, form.care_criterion.data or "")


def _baseline(form: AnswersForm, today: date, _domains: Collection[str]) -> Any:
    return BaselineAnswer(
        form.baseline_on.data or today,
        form.baseline_mark.data,
        form.baseline_good.data or "",
        form.baseline_better.data or "",
        form.baseline_change.data or "",
    )


def _small_test(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    _need_all(form, ("test_until",), ("test_where", "test_with", "prediction", "how_we_know"))
    return SmallTestAnswer(
        form.test_where.data,
        form.test_with.data,
        form.test_until.data,
        form.prediction.data,
        form.how_we_know.data,
    )


def _touchpoint(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    _need_all(form, texts=("touchpoint", "contact_role"))
    return TouchpointAnswer(form.touchpoint.data, form.contact_role.data)


def _carried_out(form: AnswersForm, today: date, _domains: Collection[str]) -> Any:
    what = form.carried_out.data or form.carried_out_other.data or ""
    return CarriedOutAnswer(form.carried_out_on.data or today, AS_PLANNED if what == PLANNED_CHIP else what)


def _announcement(form: AnswersForm, today: date, _domains: Collection[str]) -> Any:
    _need_all(form, ("go_live_on",), ("audience", "announcement_text"))
    return AnnouncementAnswer(
        form.announced_on.data or today, form.go_live_on.data, form.audience.data, form.announcement_text.data
    )


def _call(form: AnswersForm, today: date, _domains: Collection[str]) -> Any:
    return CallAnswer(
        form.call_with.data or "",
        form.call_on.data or today,
        form.call_channel.data or "",
        form.call_verdict.data,
        form.call_notes.data or "",
    )


def _verdict(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    return VerdictAnswer(form.verdict.data, form.evidence.data or "", form.check_again_on.data)


def _prediction(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    return PredictionAnswer(form.prediction_result.data, form.result.data or "")


def _standard(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    if form.standard_keeper_id.data is None:
        raise Invalid([FieldError("standard_keeper_id", CHOOSE)])
    return StandardAnswer(form.standard_where.data, form.standard_keeper_id.data)


def _lesson(form: AnswersForm, _today: date, _domains: Collection[str]) -> Any:
    _need_all(form, texts=("lesson_what",))
    return LessonAnswer(
        form.lesson_what.data,
        form.lesson_why.data or "",
        form.lesson_differently.data or "",
        form.lesson_for_whom.data or "",
    )


def _told(form: AnswersForm, today: date, _domains: Collection[str]) -> Any:
    return ToldAnswer(
        form.told_how.data, form.told_who.data or "", form.told_on.data or today, form.told_message.data or ""
    )


_READ: dict[str, Callable[[AnswersForm, date, Collection[str]], Any]] = {
    **{name: _words(name) for name in ("title", "problem", "noticeable", "channel", "purpose", "no_survey")},
    **{name: _words(name) for name in ("root_cause", "why_not", "adjusted_prediction", "reason")},
    **{name: _field(name) for name in ("kind", "importance", "service_id", "owner_id", "due_on", "catalogue_changes")},
    **{name: _field(name) for name in ("last_useful_on", "groups", "still_needed", "share", "review_on", "cause")},
    "twin_id": _field("twin_id"),
    "customer": _customer,
    "lookalikes": _lookalikes,
    "need": _need,
    "agreed": _agreed,
    "aftercare": _aftercare,
    "baseline": _baseline,
    "small_test": _small_test,
    "touchpoint": _touchpoint,
    "carried_out": _carried_out,
    "announcement": _announcement,
    "call": _call,
    "verdict": _verdict,
    "prediction_result": _prediction,
    "standard": _standard,
    "lesson": _lesson,
    "told": _told,
}
