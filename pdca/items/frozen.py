"""What a card accepts whose date passed (R8): everything that can be done, named once, and the list."""

from __future__ import annotations

from enum import StrEnum

from pdca.errors import N_
from pdca.items.facts import Facts
from pdca.items.terms import (
    Phase,
)


class Act(StrEnum):
    """Everything that can be done to an item, named once for the guard of frozen cards (R8)."""

    EDIT = "edit"
    MOVE = "move"
    FINISH = "finish"
    STOP = "stop"
    DATE = "date"
    HELP = "help"
    COMMENT = "comment"
    FILE = "file"
    FOLLOW = "follow"
    LABEL = "label"
    LINK = "link"
    HANDOVER = "handover"
    CALL = "call"
    WAIT = "wait"
    ANNOUNCE = "announce"
    ANSWER = "answer"
    ATTEMPT = "attempt"
    VERDICT = "verdict"
    WAIVE = "waive"
    DECIDE = "decide"
    ASK_DECISION = "ask_decision"
    REORDER = "reorder"
    CUSTOMER = "customer"
    TELL = "tell"
    TAKE_BACK = "take_back"


# R8: the owner can only say done, new date, need help, comment, add files; stop, waiver, a leader's decision,
# a handover and any act of the customer always pass. For a check "done" is an answer, an attempt or a verdict.
# A waiver can only be granted when it may be asked for, so asking passes too. Following is the reader's own matter.
FROZEN_DO = frozenset(
    {
        Act.FINISH,
        Act.DATE,
        Act.HELP,
        Act.COMMENT,
        Act.FILE,
        Act.STOP,
        Act.WAIVE,
        Act.DECIDE,
        Act.ASK_DECISION,
        Act.HANDOVER,
        Act.CUSTOMER,
        Act.FOLLOW,
    }
)
FROZEN_CHECK = (FROZEN_DO - {Act.FINISH}) | {Act.ANSWER, Act.ATTEMPT, Act.VERDICT}

FROZEN_MESSAGE = N_("The date passed: first say “done”, give a new date or ask for help.")
WAITS_MESSAGE = N_("The leader decides on the new date first; until then say “done”, or ask for help.")


def frozen_refuses(facts: Facts, act: Act) -> bool:
    """Whether a frozen card stands in the way of this act (R8)."""
    if not facts.is_frozen:
        return False
    return act not in (FROZEN_DO if facts.phase is Phase.DO else FROZEN_CHECK)


def frozen_message(facts: Facts) -> str:
    """Why it is frozen, and what can still be done."""
    return WAITS_MESSAGE if facts.waits_for_leader else FROZEN_MESSAGE
