"""The questions of the gates: which inputs each has, and which criterion of the life cycle it answers."""

from __future__ import annotations

from dataclasses import dataclass

from pdca.errors import N_


@dataclass(frozen=True)
class Question:
    """One question as people see it. `name` is the answer's name and the partial that asks it.

    `core` are the inputs that make it answered; the others have a proposal or may stay empty.
    """

    name: str
    label: str
    fields: tuple[str, ...]
    core: tuple[str, ...]


def _q(name: str, label: str, *fields: str, core: tuple[str, ...] = ()) -> Question:
    every = fields or (name,)
    return Question(name, label, every, core or every)


QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        _q("title", N_("What we will do")),
        _q("problem", N_("What goes wrong")),
        _q("noticeable", N_("What the customer will notice")),
        _q(
            "customer",
            N_("Customer"),
            "customer",
            "customer_type",
            "customer_locale",
            core=("customer", "customer_type"),
        ),
        _q("kind", N_("Kind")),
        _q("importance", N_("Importance")),
        _q("lookalikes", N_("Look-alikes"), "lookalikes", "same_as", core=("lookalikes",)),
        _q("channel", N_("Channel")),
        _q("service_id", N_("Service")),
        _q("owner_id", N_("Owner")),
        _q("purpose", N_("Why we do this")),
        _q(
            "need",
            N_("Who asked for it"),
            "need_who",
            "need_how_many",
            "need_channel",
            "need_quote",
            core=("need_who",),
        ),
        _q("no_survey", N_("Why there was no survey")),
        _q("due_on", N_("Promised date"), "due_on", "due_on_other"),
        _q("agreed", N_("Agreed with"), "agreed_with", "agreed_on", "agreed_how", core=("agreed_with",)),
        _q("aftercare", N_("Aftercare"), "care_method", "care_asker_id", "care_criterion", core=("care_method",)),
        _q("catalogue_changes", N_("The service catalogue changes")),
        _q("last_useful_on", N_("Useful until")),
        _q(
            "baseline",
            N_("Baseline"),
            "baseline_on",
            "baseline_mark",
            "baseline_good",
            "baseline_better",
            "baseline_change",
            core=("baseline_mark", "baseline_good", "baseline_better", "baseline_change"),
        ),
        _q("root_cause", N_("Root cause")),
        _q(
            "small_test",
            N_("Small test"),
            "test_where",
            "test_with",
            "test_until",
            "prediction",
            "how_we_know",
        ),
        _q("groups", N_("Customer groups")),
        _q("touchpoint", N_("Touchpoint"), "touchpoint", "contact_role"),
        _q("still_needed", N_("Still needed")),
        _q(
            "carried_out",
            N_("Carried out"),
            "carried_out_on",
            "carried_out_on_other",
            "carried_out",
            "carried_out_other",
            core=("carried_out", "carried_out_other"),
        ),
        _q(
            "announcement",
            N_("Announcement"),
            "announced_on",
            "go_live_on",
            "audience",
            "announcement_text",
            core=("go_live_on", "audience", "announcement_text"),
        ),
        _q(
            "call",
            N_("Call during the work"),
            "call_with",
            "call_on",
            "call_channel",
            "call_verdict",
            "call_notes",
            core=("call_verdict", "call_notes"),
        ),
        _q("verdict", N_("Verdict"), "verdict", "evidence", "check_again_on", core=("verdict",)),
        _q(
            "prediction_result",
            N_("Prediction against result"),
            "prediction_result",
            "result",
            core=("prediction_result",),
        ),
        _q("standard", N_("New standard"), "standard_where", "standard_keeper_id", core=("standard_where",)),
        _q(
            "lesson",
            N_("Lesson"),
            "lesson_what",
            "lesson_why",
            "lesson_differently",
            "lesson_for_whom",
        ),
        _q("share", N_("Share this experience")),
        _q("why_not", N_("Why it did not work")),
        _q("adjusted_prediction", N_("What you expect now")),
        _q("reason", N_("Reason")),
        _q("review_on", N_("Look at it again on"), "review_on", "review_on_other"),
        _q("cause", N_("Why it comes back")),
        _q("twin_id", N_("Same as")),
        _q("told", N_("Told to the customer"), "told_how", "told_who", "told_on", "told_message", core=("told_how",)),
    )
}

# Which question answers a criterion of the life cycle; the ones that are not here can't be answered
# by a field: a note says what to do instead.
ANSWERED_BY: dict[str, str] = {
    "measure": "title",
    "problem": "problem",
    "customer": "customer",
    "noticeable": "noticeable",
    "kind": "kind",
    "lookalikes": "lookalikes",
    "need": "need",
    "purpose": "purpose",
    "promise": "due_on",
    "agreed": "agreed",
    "owner": "owner_id",
    "aftercare": "aftercare",
    "baseline": "baseline",
    "small_test": "small_test",
    "groups": "groups",
    "touchpoint": "touchpoint",
    "root_cause": "root_cause",
    "still_needed": "still_needed",
    "carried_out": "carried_out",
    "announced": "announcement",
    "called": "call",
    "verdict": "verdict",
    "prediction": "prediction_result",
    "standard": "standard",
    "lesson": "lesson",
    "why_not": "why_not",
    "adjusted_prediction": "adjusted_prediction",
    # R7: not a criterion of the table, but a step that moves a promise may be refused for it.
    "customer_told": "told",
    "reason": "reason",
    "new_date": "due_on",
    "review_on": "review_on",
    "cause": "cause",
}
# Asked with a step although no criterion names it: an answer that belongs to it, and may stay away.
ALSO_ASKED: dict[str, tuple[str, ...]] = {"decline": ("twin_id",), "finish_the_rest": ("reason", "told")}
# What stands folded under a step once it is answered, defaults included: each row opens and can be changed.
FOLDED: dict[str, tuple[str, ...]] = {
    "take_up": ("title", "problem", "noticeable", "customer", "kind", "importance", "channel", "service_id"),
    "start": (
        *("title", "purpose", "need", "no_survey", "due_on", "agreed", "owner_id", "aftercare", "importance"),
        *("catalogue_changes", "last_useful_on", "baseline", "root_cause", "small_test", "groups", "touchpoint"),
    ),
    "finish": ("carried_out",),
    "embed": ("prediction_result",),
    "close": ("standard", "share"),
}
# What the page's edit sheets offer, by the part of the page.
EDITABLE = tuple(
    name
    for name in QUESTIONS
    if name
    not in (
        *("lookalikes", "still_needed", "verdict", "reason", "review_on", "cause", "twin_id", "told"),
        *("adjusted_prediction", "why_not", "carried_out", "announcement", "call"),
    )
)


def question_of(name: str) -> str | None:
    """The question that an input or answer of this name belongs to."""
    if name in QUESTIONS:
        return name
    return next((q.name for q in QUESTIONS.values() if name in q.fields), None)
