"""The one factor by which a rehearsal hurries: lease, conversation, back-off and breaker keep their ratios."""

from __future__ import annotations

from pdca.mail.pace import Pace

# A lease of one second instead of three minutes.
FACTOR = 1 / 180
PACE = Pace().scaled(FACTOR)
LEASE_S = PACE.lease.total_seconds()
BUDGET_S = PACE.conversation.total_seconds()


def in_words() -> str:
    """As it is printed above the table."""
    return (
        f"factor 1/{round(1 / FACTOR)}: lease {LEASE_S:g} s, conversation {BUDGET_S:g} s, "
        f"first retry {PACE.back_off[0].total_seconds():.2g} s"
    )
