"""Things to know: from the journal's new entries to one line per person, never about their own act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, inspect, select

from pdca.db import db, table_of
from pdca.followup.ledger import tell
from pdca.followup.staff import Roles
from pdca.items.models import Decision, Entry, Follower, Item
from pdca.items.queries import items_by_id
from pdca.items.terms import ActorKind, Verdict

# Who follows an item hears of these; the rest stays in the journal.
FOLLOWED = frozenset(
    {
        "taken_up", "started", "finished", "embedded", "closed", "stopped", "declined", "parked", "resumed",
        "reopened", "back_to_plan", "next_round", "finish_the_rest", "date_moved", "verdict", "answered", "observed",
        "commented", "customer_wrote", "promoted",
    }
)  # fmt: skip
# The proposer is told what was decided and how it ended (R27).
PROPOSER = frozenset({"taken_up", "declined", "parked", "closed", "stopped", "reopened"})
# The owner is told of what others did to their item.
OWNER = frozenset(
    {
        "taken_up", "closed", "stopped", "parked", "resumed", "reopened", "answered", "corrected", "observed",
        "verdict", "commented", "customer_wrote", "decided", "waived", "promoted", "date_moved", "handover_accepted",
        "handover_refused", "announced",
    }
)  # fmt: skip
SECOND_MOVE = 2


@dataclass(frozen=True)
class Happened:
    """One new entry and what is needed to say whom it concerns."""

    entry: Entry
    item: Item
    roles: Roles
    followers: frozenset[int]


Whom = Callable[[Happened], Iterable[int | None]]


def write(roles: Mapping[int, Roles]) -> None:
    """Turn the entries of this unit of work into news. `roles` by team. What was rolled back is not news."""
    entries: Sequence[Entry] = db.session.info.pop("entries", ())
    live = [e for e in entries if e.item_id is not None and inspect(e).persistent]
    for happened in _with_items(live, roles):
        for person_id, kind in _lines(happened).items():
            tell(
                person_id,
                kind,
                f"{kind}:{happened.entry.id}",
                at=happened.entry.at,
                item_id=happened.item.id,
                journal_id=happened.entry.id,
            )


_FOLLOWER = table_of(Follower).c
_FOLLOWERS = select(_FOLLOWER.item_id, _FOLLOWER.person_id).where(
    _FOLLOWER.item_id.in_(bindparam("items", expanding=True))
)


def _with_items(entries: Sequence[Entry], roles: Mapping[int, Roles]) -> Iterator[Happened]:
    if not entries:
        return
    ids = {e.item_id for e in entries if e.item_id is not None}
    items = items_by_id(ids)
    followers: dict[int, set[int]] = {}
    for row in db.session.execute(_FOLLOWERS, {"items": list(ids)}):
        followers.setdefault(row.item_id, set()).add(row.person_id)
    for entry in entries:
        item = items.get(entry.item_id or 0)
        if item is not None:
            yield Happened(entry, item, roles[item.team_id], frozenset(followers.get(item.id, ())))


def _lines(happened: Happened) -> dict[int, str]:
    """Person → kind of news. Who is concerned in more than one way hears it in the first way below."""
    lines: dict[int, str] = {}
    for kind, whom in WHOM:
        for person_id in whom(happened):
            if person_id is not None and _may_hear(person_id, happened):
                lines.setdefault(person_id, kind)
    return lines


def _may_hear(person_id: int, happened: Happened) -> bool:
    entry = happened.entry
    own = entry.actor_kind is not ActorKind.CUSTOMER and entry.actor_id == person_id
    return not own and person_id in happened.roles.deputies


# --- whom each kind concerns -----------------------------------------------------------------------------


def _mentioned(h: Happened) -> Iterable[int]:
    new = h.entry.new if isinstance(h.entry.new, dict) else {}
    return new.get("mentions", ()) if h.entry.what == "commented" else ()


def _owner(h: Happened) -> Iterable[int | None]:
    return (h.item.responsible_id,) if h.entry.what in OWNER else ()


def _proposer(h: Happened) -> Iterable[int | None]:
    return (h.item.proposer_id,) if h.entry.what in PROPOSER else ()


def _asker(h: Happened) -> Iterable[int | None]:
    """Who asked for a decision hears the answer."""
    if h.entry.what != "decided":
        return ()
    return db.session.scalars(
        select(Decision.asked_by_id).where(Decision.item_id == h.item.id, Decision.decided_at == h.entry.at)
    ).all()


def _giver(h: Happened) -> Iterable[int | None]:
    """The giver is free from the moment the receiver accepts."""
    return (h.entry.old,) if h.entry.what == "handover_accepted" else ()


def _caretaker(h: Happened) -> Iterable[int | None]:
    return (h.item.caretaker_id,) if h.entry.what == "caretaker" else ()


def _keepers(h: Happened) -> Iterable[int]:
    """A member took it up alone, the date moved for the second time, it was not effective, it came back."""
    told = {
        "taken_up": h.entry.actor_id not in (*h.roles.keepers, *h.roles.leaders),
        "date_moved": h.item.times_moved >= SECOND_MOVE,
        "verdict": h.entry.new == Verdict.NOT_EFFECTIVE.value,
        "reopened": True,
    }
    return h.roles.keepers if told.get(h.entry.what, False) else ()


def _team(h: Happened) -> Iterable[int]:
    """R3: colleagues are told of a new promise."""
    return h.roles.workers if h.entry.what == "started" else ()


def _followers(h: Happened) -> Iterable[int]:
    return h.followers if h.entry.what in FOLLOWED else ()


WHOM: tuple[tuple[str, Whom], ...] = (
    ("mention", _mentioned),
    ("caretaker", _caretaker),
    ("owner", _owner),
    ("proposer", _proposer),
    ("asker", _asker),
    ("giver", _giver),
    ("keeper", _keepers),
    ("team", _team),
    ("follower", _followers),
)
