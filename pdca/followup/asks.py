"""What a duty asks, in one sentence: bare message ids, translated at the edge. Who reads it may not be who owes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pdca.errors import N_
from pdca.followup.terms import DutyKind
from pdca.items.terms import CheckState, DecisionKind
from pdca.text import in_a_sentence


@dataclass(frozen=True)
class Ask:
    """A sentence with its placeholders, and where on the item's page it is done."""

    text: str
    anchor: str
    params: dict[str, str] = field(default_factory=dict)


NEXT = "next"
DECIDE = N_("Decide: take it up, park it or decline it, with a reason.")
ASKS: dict[DutyKind, tuple[str, str]] = {
    DutyKind.DECIDE: (DECIDE, NEXT),
    DutyKind.PLAN: (N_("Plan it: answer what is still open and agree a date."), NEXT),
    DutyKind.START: (N_("Everything is there: move it to Do."), NEXT),
    DutyKind.PROMISE: (N_("Keep the promise, or agree a new date in time."), NEXT),
    DutyKind.REVIEW: (N_("It was parked until now: go on with it, park it again or stop."), NEXT),
    DutyKind.WAITING: (N_("Waiting on %(what)s ends: did it come?"), NEXT),
    DutyKind.HANDOVER: (N_("Accept the handover, or give it back with a reason."), "handover"),
    DutyKind.ASSIGN: (N_("It has no owner: choose somebody."), "handover"),
    DutyKind.ANNOUNCE: (N_("Announce the change beforehand: to whom, when and why."), NEXT),
    DutyKind.CALL: (N_("Call %(customer)s during the work: is it going well?"), NEXT),
    DutyKind.AFTERCARE: (N_("Aftercare: find out whether it helped."), "aftercare"),
    DutyKind.JUDGE: (N_("Give the verdict: did it help?"), "aftercare"),
    DutyKind.TELL_NEXT: (N_("Tell %(customer)s what happens next."), "aftercare"),
    DutyKind.NEXT_ROUND: (N_("It did not work: say why, and the next round begins."), NEXT),
    DutyKind.CLOSE: (N_("Write the lesson and close it."), NEXT),
    DutyKind.DECISION: (N_("Decide on what was asked."), "decisions"),
    DutyKind.HELP: (N_("%(asker)s asks for help: %(question)s"), "decisions"),
    DutyKind.LAST_USEFUL: (N_("After this day it may no longer be needed: go on or stop?"), NEXT),
    DutyKind.TELL_END: (N_("Call %(customer)s to tell how it ended: nobody can be mailed."), NEXT),
    DutyKind.RECURRENCE: (N_("Ask %(customer)s: did it stay away?"), "aftercare"),
}
HANDOVER_WAITS = N_("The handover waits for an answer: ask for it, or choose another owner.")
PROMISE_PASSED = N_("The promised date has passed: say “done”, give a new date or ask for help.")
AFTERCARE_COMING = N_("Aftercare: we ask %(customer)s by mail on this day; nothing to do now.")
AFTERCARE_ASKED = N_("Aftercare: %(customer)s was asked by mail; nothing to do now.")
AFTERCARE_CALL = N_("Aftercare: call %(customer)s and ask whether it helped.")
AFTERCARE_SILENT = N_("Aftercare: %(customer)s did not answer our mail, so call.")
AFTERCARE_AGAIN = N_("Aftercare: call %(customer)s once more, on another day.")
AFTERCARE_LOOK = N_("Aftercare: the customer is unknown, so somebody other than the owner goes and looks.")
AFTERCARE_LATE = N_("Aftercare is late: record an answer or a call, or agree another day.")
DECISIONS: dict[DecisionKind, str] = {
    DecisionKind.THIRD_DATE: N_("Approve a third date: %(question)s"),
    DecisionKind.NO_SURVEY: N_("Approve that nobody is asked beforehand: %(question)s"),
    DecisionKind.WAIVER: N_("Let it pass rule %(rule)s once: %(question)s"),
    DecisionKind.ROUND_THREE: N_("Round 3: go on, change or stop?"),
    DecisionKind.ESCALATION: N_("It stands still: decide how it goes on."),
    DecisionKind.HELP: ASKS[DutyKind.HELP][0],
}


@dataclass(frozen=True)
class About:
    """What the sentence needs to know besides the duty."""

    customer: str
    # The reader owes it, or stands in for who does.
    is_own: bool = True
    waiting_on: str = ""
    is_late: bool = False
    is_unknown_customer: bool = False
    check_state: CheckState | None = None
    tried: int = 0
    # A step that reached the owner: from now on it is theirs to call.
    is_called_for: bool = False
    decision: DecisionKind | None = None
    rule: str = ""
    question: str = ""
    asker: str = ""


def ask_of(kind: DutyKind, ladder: str, about: About) -> Ask:
    """The sentence for this duty as things stand."""
    text, anchor = ASKS[kind]
    if kind is DutyKind.PROMISE and about.is_late:
        text = PROMISE_PASSED
    if kind is DutyKind.HANDOVER and not about.is_own:
        text = HANDOVER_WAITS
    if kind is DutyKind.AFTERCARE:
        text = _aftercare(ladder, about)
    if kind is DutyKind.DECISION and about.decision is not None:
        text = DECISIONS[about.decision]
    return Ask(
        text,
        anchor,
        {
            "customer": in_a_sentence(about.customer),
            "what": about.waiting_on,
            "rule": about.rule,
            "question": about.question,
            "asker": about.asker,
        },
    )


def _aftercare(ladder: str, about: About) -> str:
    if about.is_late:
        return AFTERCARE_LATE
    if about.is_unknown_customer:
        return AFTERCARE_LOOK
    if about.tried:
        return AFTERCARE_AGAIN
    if ladder == "aftercare_call":
        return AFTERCARE_CALL
    if about.is_called_for:
        return AFTERCARE_SILENT
    return AFTERCARE_ASKED if about.check_state is CheckState.ASKED else AFTERCARE_COMING
