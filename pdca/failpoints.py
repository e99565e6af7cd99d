"""Named places where a test may end this process, as a power cut would. Asleep unless the environment wakes one.

`PDCA_FAILPOINT=name:count:action` in the environment, and nothing else: it is no setting, so no file can set it.
The action happens when the place is reached for the count-th time in this process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

VARIABLE = "PDCA_FAILPOINT"
# In the order of the faults 1-12 in docs/reliability.md.
NAMES = (
    "notices.mid_batch",
    "notices.before_commit",
    "notices.after_commit",
    "claim.before_commit",
    "claim.after_commit",
    "smtp.connected",
    "smtp.mail",
    "smtp.rcpt",
    # Between the final dot and the server's answer.
    "smtp.dot",
    # Between the server's answer and the accept journal.
    "smtp.taken",
    "journal.written",
    "settle.before_commit",
)
# kill: gone at once. stop: frozen until somebody sends SIGCONT.
ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class _Armed:
    """One place that waits to be reached."""

    def __init__(self, name: str, count: int, action: signal.Signals) -> None:
        self.name, self.left, self.action = name, count, action


def _armed_by(environment: Mapping[str, str]) -> _Armed | None:
    """What the environment asks for. A typing error must not look like a crash that was survived."""
    asked = environment.get(VARIABLE)
    if not asked:
        return None
    name, count, action = [*asked.split(":"), "", ""][:3]
    if name not in NAMES or not count.isdigit() or int(count) < 1 or action not in ACTIONS:
        raise ValueError(f"{VARIABLE}={asked}: use name:count:action with {', '.join(NAMES)} and kill or stop")
    return _Armed(name, int(count), ACTIONS[action])


_armed = _armed_by(os.environ)


def look_again() -> None:
    """Read the environment once more: for a process that was forked from one that read it already."""
    global _armed  # noqa: PLW0603 - there is one environment in a process
    _armed = _armed_by(os.environ)


def reached(name: str) -> None:
    """Say that the program has come to this place."""
    if _armed is not None and _armed.name == name:
        _count_down(_armed)


def _count_down(armed: _Armed) -> None:
    armed.left -= 1
    if armed.left == 0:
        os.kill(os.getpid(), armed.action)
