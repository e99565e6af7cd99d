"""How a duty ended: settled when it was done, cancelled when it is no longer asked."""

from __future__ import annotations

from pdca.followup.duties import check_name
from pdca.followup.models import Duty, DutyState
from pdca.followup.terms import DutyKind
from pdca.items.facts import Facts
from pdca.items.terms import CheckState, Phase

_MOVED_ON = (Phase.CHECK, Phase.ACT, Phase.CLOSED)
# Done by going on: in these phases they are settled, elsewhere they were given up.
_SETTLED_IN = {
    DutyKind.PLAN: (Phase.PLAN, Phase.DO, *_MOVED_ON),
    DutyKind.START: (Phase.DO, *_MOVED_ON),
    DutyKind.PROMISE: _MOVED_ON,
    DutyKind.ANNOUNCE: _MOVED_ON,
    DutyKind.CALL: (Phase.DO, *_MOVED_ON),
    DutyKind.WAITING: (Phase.DO, *_MOVED_ON),
    DutyKind.CLOSE: (Phase.CLOSED,),
    DutyKind.NEXT_ROUND: (Phase.PLAN,),
    DutyKind.LAST_USEFUL: (Phase.PLAN, Phase.DO, *_MOVED_ON),
}


def state_after(row: Duty, f: Facts) -> DutyState:
    """Settled or cancelled, by what became of the item."""
    kind = DutyKind(row.kind)
    if kind in (DutyKind.AFTERCARE, DutyKind.JUDGE):
        return _check_state(row, f)
    if kind in _SETTLED_IN:
        return DutyState.SETTLED if f.phase in _SETTLED_IN[kind] else DutyState.CANCELLED
    return DutyState.SETTLED


def _check_state(row: Duty, f: Facts) -> DutyState:
    name = row.occurrence.partition(":")[2]
    check = next((c for c in f.checks if check_name(c) == name), None)
    done = check is not None and check.state in (CheckState.ANSWERED, CheckState.NOT_REACHED)
    return DutyState.SETTLED if done else DutyState.CANCELLED
