"""The one factor by which a rehearsal hurries: lease, conversation, back-off and breaker keep their ratios."""

from __future__ import annotations

from pdca.mail.pace import MINUTE, Pace

# A lease of one second instead of three minutes.
FACTOR = 1 / 180
PACE = Pace().scaled(FACTOR)
LEASE_S = PACE.lease.total_seconds()
BUDGET_S = PACE.conversation.total_seconds()
# Between two passes of a follow-up process.
TICK_S = (MINUTE * FACTOR).total_seconds()
# The processor is not hurried: for one round of work it gets this, and for each mail that is in front of another this.
WORK_S, MAIL_S = 30.0, 0.1
# The wait before a retry is longer or shorter by chance, at most by this much.
GIVE = 1.2


def arrives_within(*, behind: int = 0, deaths: int = 0, put_off: int = 0, rests: int = 0) -> float:
    """Seconds in which a mail must be there, by the rules.

    `behind` so many others, after so many processes died over it, so many times "this mail, later", and with a
    server that was left alone so often. No lease, back-off or rest may be longer than the rules say.
    """
    tries = [PACE.back_off[min(n, len(PACE.back_off) - 1)].total_seconds() * GIVE for n in range(put_off)]
    # A rest begins with the first wait; a probe that fails makes it the second one.
    resting = rests * PACE.breaker[1].total_seconds()
    return WORK_S + behind * MAIL_S + TICK_S * (1 + deaths + put_off + rests) + LEASE_S * deaths + sum(tries) + resting


def in_words() -> str:
    """As it is printed above the table."""
    return (
        f"factor 1/{round(1 / FACTOR)}: lease {LEASE_S:g} s, conversation {BUDGET_S:g} s, "
        f"first retry {PACE.back_off[0].total_seconds():.2g} s"
    )
