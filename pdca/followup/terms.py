"""The words of follow-up: what can be owed, in which role, and whom a step of the ladder reaches."""

from enum import StrEnum


class DutyKind(StrEnum):
    """One row of the table of duties each."""

    DECIDE = "decide"
    PLAN = "plan"
    START = "start"
    PROMISE = "promise"
    REVIEW = "review"
    WAITING = "waiting"
    HANDOVER = "handover"
    ASSIGN = "assign"
    ANNOUNCE = "announce"
    CALL = "call"
    AFTERCARE = "aftercare"
    JUDGE = "judge"
    TELL_NEXT = "tell_next"
    NEXT_ROUND = "next_round"
    CLOSE = "close"
    DECISION = "decision"
    HELP = "help"
    LAST_USEFUL = "last_useful"
    TELL_END = "tell_end"
    RECURRENCE = "recurrence"


class Part(StrEnum):
    """In which role somebody holds a duty; holders.py says who that is."""

    OWNER = "owner"
    KEEPER = "keeper"
    LEADER = "leader"
    RECEIVER = "receiver"
    ASKER = "asker"


class To(StrEnum):
    """Whom a step of the ladder tells."""

    HOLDER = "holder"
    KEEPER = "keeper"
    LEADER = "leader"
    SPONSOR = "sponsor"
    CUSTOMER = "customer"
