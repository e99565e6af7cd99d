"""The words of the domain that are stored: every enum of an item and what hangs under it."""

from enum import StrEnum


class Phase(StrEnum):
    """Where an item is in its life."""

    NEW = "new"
    PLAN = "plan"
    DO = "do"
    CHECK = "check"
    ACT = "act"
    CLOSED = "closed"
    PARKED = "parked"
    STOPPED = "stopped"
    DECLINED = "declined"


OPEN_PHASES = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT, Phase.PARKED)
COLUMNS = (Phase.NEW, Phase.PLAN, Phase.DO, Phase.CHECK, Phase.ACT)


class Kind(StrEnum):
    """Size of the work; see the entry test of a quick win."""

    QUICK_WIN = "quick_win"
    IMPROVEMENT = "improvement"


class Importance(StrEnum):
    """High adds a call during the work (R10) and a longer aftercare."""

    NORMAL = "normal"
    HIGH = "high"


class CustomerType(StrEnum):
    """Who has the problem (R18)."""

    EXTERNAL = "external"
    COLLEAGUE = "colleague"
    GROUP = "group"
    UNKNOWN = "unknown"


class LookalikeChoice(StrEnum):
    """What was said about the look-alikes shown (R15)."""

    NONE_FOUND = "none_found"
    DIFFERENT = "different"
    SAME = "same"
    NOT_ASKED_IMPORT = "not_asked_import"


class Method(StrEnum):
    """How an aftercare check is asked."""

    MAIL = "mail"
    CALL = "call"
    OBSERVATION = "observation"


class CheckState(StrEnum):
    """Planned and asked are unsettled (I2); the other three are settled."""

    PLANNED = "planned"
    ASKED = "asked"
    ANSWERED = "answered"
    NOT_REACHED = "not_reached"
    CANCELLED = "cancelled"


UNSETTLED = (CheckState.PLANNED, CheckState.ASKED)


class Solved(StrEnum):
    """The first fixed question of a check (R13)."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Quote(StrEnum):
    """Whether the customer's words may be shared."""

    NAMED = "named"
    ANONYMOUS = "anonymous"
    NO = "no"


class AnswerSource(StrEnum):
    """Where an answer came from; counted apart."""

    LINK = "link"
    CALL = "call"
    OBSERVATION = "observation"
    OTHER_EVIDENCE = "other_evidence"


class Verdict(StrEnum):
    """The judgement on a check."""

    EFFECTIVE = "effective"
    PARTLY = "partly"
    NOT_EFFECTIVE = "not_effective"
    TOO_EARLY = "too_early"
    NOT_REACHED = "not_reached"


class PromiseState(StrEnum):
    """A promise stands, waits for the leader (third date), was replaced or refused."""

    STANDING = "standing"
    WAITING = "waiting"
    REPLACED = "replaced"
    REFUSED = "refused"


class ToldHow(StrEnum):
    """How the customer heard of a new date (R7)."""

    MAIL = "mail"
    CALL = "call"
    VISIT = "visit"
    NOTICE = "notice"


class HandoverState(StrEnum):
    """A handover is open until its receiver accepts or refuses (R6)."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class CallPurpose(StrEnum):
    """Why somebody called the customer."""

    DURING_WORK = "during_work"
    AFTERCARE_ATTEMPT = "aftercare_attempt"
    TELL = "tell"


class CallVerdict(StrEnum):
    """What a call during the work showed (R10)."""

    GOING_WELL = "going_well"
    ADJUST = "adjust"


class DecisionKind(StrEnum):
    """What a leader (or, for help, the board keeper) is asked to decide."""

    THIRD_DATE = "third_date"
    NO_SURVEY = "no_survey"
    WAIVER = "waiver"
    ROUND_THREE = "round_three"
    ESCALATION = "escalation"
    HELP = "help"


class DecisionState(StrEnum):
    """An open decision is a duty."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    MOOT = "moot"


class ItemLinkKind(StrEnum):
    """How two items belong together."""

    RELATED = "related"
    DUPLICATE_OF = "duplicate_of"
    RECURRENCE_OF = "recurrence_of"


class ReopenCause(StrEnum):
    """Why a closed item came back."""

    BACK_AGAIN = "back_again"
    NEVER_GONE = "never_gone"
    NEW_CAUSE = "new_cause"
    SIDE_EFFECT = "side_effect"


class PredictionResult(StrEnum):
    """Prediction against result, at the end of Check."""

    YES = "yes"
    NEARLY = "nearly"
    NO = "no"


class ActorKind(StrEnum):
    """Who acted, for the journal."""

    PERSON = "person"
    CUSTOMER = "customer"
    CLOCK = "clock"
    IMPORT = "import"


class WordKind(StrEnum):
    """What the customer (or a proposer without an account) is told."""

    NEW_DATE = "new_date"
    NEXT_ROUND = "next_round"
    CLOSED = "closed"
    STOPPED = "stopped"
    DECLINED = "declined"
    PARKED = "parked"
