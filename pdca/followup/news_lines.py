"""News as sentences: what happened to an item, for who has to know and not to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pdca.db import rows_by_id
from pdca.errors import N_
from pdca.followup.models import News
from pdca.items.models import Comment, Entry, Item
from pdca.people.models import Person

EXCERPT = 240

# What the journal calls it → what a reader is told. Placeholders: who, why, day, text, customer, what.
SENTENCES: dict[str, str] = {
    "taken_up": N_("%(who)s took it up."),
    "declined": N_("It was not taken up: %(why)s"),
    "parked": N_("It was parked: %(why)s"),
    "resumed": N_("It goes on again."),
    "started": N_("%(owner)s promised it for %(day)s."),
    "finished": N_("It was carried out; now the customer says whether it helped."),
    "embedded": N_("It helped; now it is made to last."),
    "closed": N_("It is closed: the customer says it helped."),
    "stopped": N_("It was stopped: %(why)s"),
    "reopened": N_("It came back and is planned again. %(why)s"),
    "back_to_plan": N_("It went back to Plan: %(why)s"),
    "next_round": N_("The next round began."),
    "finish_the_rest": N_("It helped partly; the rest is still to be done."),
    "date_moved": N_("New date: %(day)s. %(why)s"),
    "verdict": N_("The verdict: %(what)s."),
    "answered": N_("%(customer)s answered: %(what)s. %(why)s"),
    "corrected": N_("%(customer)s changed the answer: %(what)s."),
    "observed": N_("%(who)s went and looked. %(why)s"),
    "commented": N_("%(who)s wrote: “%(text)s”"),
    "customer_wrote": N_("%(customer)s answered our mail: “%(text)s”"),
    "decided": N_("%(who)s decided: %(what)s. %(why)s"),
    "waived": N_("%(who)s lets it pass rule %(what)s once: %(why)s"),
    "promoted": N_("It became an improvement action: %(reason)s"),
    "handover_accepted": N_("%(who)s took it over: “%(why)s”"),
    "handover_refused": N_("%(who)s gave it back: %(why)s"),
    "caretaker": N_("Its owner left. You are caretaker until somebody takes it over."),
    "announced": N_("The change was announced."),
    "mail_failed": N_("Our mail to %(customer)s could not be delivered: call instead."),
}
MENTIONED = N_("%(who)s mentions you: “%(text)s”")
CHANGED = N_("Something changed.")

# Values of the journal that are shown as words.
WORDS: dict[str, str] = {
    "effective": N_("effective"),
    "partly": N_("partly"),
    "not_effective": N_("not effective"),
    "too_early": N_("too early to say"),
    "not_reached": N_("customer not reached"),
    "yes": N_("yes"),
    "no": N_("no"),
    "granted": N_("yes"),
    "refused": N_("no"),
}


@dataclass(frozen=True)
class NewsLine:
    """One thing to know. `words` are ids to translate among the placeholders, `day` a day to write out."""

    item_id: int
    number: int
    title: str
    team_id: int
    text: str
    params: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    mark: int | None = None
    day: date | None = None

    @property
    def path(self) -> str:
        """The item's page."""
        return f"/items/{self.item_id}"


def news_lines(news: Sequence[News]) -> list[NewsLine]:
    """The sentences of these news, in a constant number of queries; what no longer has an item is left out."""
    entries = rows_by_id(Entry, {n.journal_id for n in news})
    items = rows_by_id(Item, {n.item_id for n in news})
    comments = rows_by_id(Comment, {_comment_of(e) for e in entries.values()})
    owners = {i.responsible_id for i in items.values()}
    people = rows_by_id(Person, {e.actor_id for e in entries.values()} | owners)
    return [
        _line(n, items[n.item_id], entries.get(n.journal_id or 0), comments, people) for n in news if n.item_id in items
    ]


def _comment_of(entry: Entry) -> int | None:
    return entry.new.get("comment") if entry.what == "commented" and isinstance(entry.new, dict) else None


def _line(
    news: News, item: Item, entry: Entry | None, comments: Mapping[int, Comment], people: Mapping[int, Person]
) -> NewsLine:
    what = entry.what if entry else news.kind
    text = MENTIONED if news.kind == "mention" else SENTENCES.get(what, CHANGED)
    comment = comments.get(_comment_of(entry) or 0) if entry else None
    actor = people.get((entry.actor_id if entry else 0) or 0)
    owner = people.get(item.responsible_id or 0)
    params = {
        "who": actor.name if actor else "",
        "owner": owner.name if owner else "",
        "customer": item.customer_name or "—",
        "why": entry.why if entry else "",
        "text": _excerpt(comment.body if comment else entry.why if entry else ""),
        "what": "",
    }
    return NewsLine(
        item_id=item.id,
        number=item.number,
        title=item.title,
        team_id=item.team_id,
        text=text,
        params=params,
        words=_words(what, entry),
        mark=_mark(entry),
        day=_day(what, item, entry),
    )


def _words(what: str, entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {}
    value = entry.new.get("solved") if isinstance(entry.new, dict) else entry.new
    said = {"what": WORDS.get(str(value), str(value or ""))}
    return {**said, "reason": entry.why} if what == "promoted" else said


def _mark(entry: Entry | None) -> int | None:
    return entry.new.get("mark") if entry and isinstance(entry.new, dict) else None


def _day(what: str, item: Item, entry: Entry | None) -> date | None:
    if what == "date_moved" and entry is not None:
        return date.fromisoformat(str(entry.new))
    return item.due_on if what == "started" else None


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"
