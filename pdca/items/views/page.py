"""The item's page: why and by when first, then what is next, then what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from pdca.items import words
from pdca.items.facts import Facts
from pdca.items.lifecycle import Step
from pdca.items.models import Item
from pdca.items.permissions import role_on
from pdca.items.queries import facts_of, item_for
from pdca.items.sentences import Known
from pdca.items.views import heart, history, onward, panels, side, stations
from pdca.items.views.gate import Asking, action_of, gate
from pdca.items.views.heart import Promised, Why
from pdca.items.views.history import CheckView, FactView, PromiseRow, RoundView
from pdca.items.views.loading import comments_by_id, journal_of, load, names_by_id
from pdca.items.views.panels import DecisionView, HandoverView, LetterView
from pdca.items.views.reading import Reading
from pdca.items.views.refused import NOT_REFUSED, Refused
from pdca.items.views.sheet import Link, SheetView
from pdca.items.views.side import FactRow, FileView, LinkView, Someone
from pdca.people.models import Person
from pdca.web import say

INLINE = "n"


@dataclass(frozen=True)
class ItemPage:
    """Everything the page shows, in words."""

    id: int
    number: int
    title: str
    phase: str
    kind: str
    team: str
    board_url: str
    round: str
    since: str
    role: str
    side_state: str
    end_note: str
    frozen: str
    frozen_note: str
    ways_out: tuple[Link, ...]
    why: Why
    promised: Promised | None
    mark: int | None
    mark_note: str
    stops: tuple[dict[str, Any], ...]
    gate: SheetView | None
    heading: str
    today: str
    settled_line: tuple[str, ...]
    may_step: bool
    steps: tuple[Link, ...]
    acts: tuple[Link, ...]
    more: tuple[Link, ...]
    waiting: str
    waiting_end_url: str
    take_back_url: str
    handover: HandoverView | None
    decisions: tuple[DecisionView, ...]
    waivers: tuple[tuple[str, str], ...]
    timeline: tuple[CheckView, ...]
    letters: tuple[LetterView, ...]
    verdict_url: str
    recurrence_url: str
    told_url: str
    rounds: tuple[RoundView, ...]
    promises: tuple[PromiseRow, ...]
    moved: str
    people: tuple[Someone, ...]
    customers_url: str
    followers: str
    follow_url: str
    follows: bool
    handover_url: str
    facts: tuple[FactRow, ...]
    title_url: str
    facts_url: str
    labels: tuple[str, ...]
    labels_url: str
    links: tuple[LinkView, ...]
    links_url: str
    files: tuple[FileView, ...]
    files_url: str
    file_error: str
    journal: tuple[FactView, ...]
    older_url: str
    newer_url: str
    comment_url: str
    said: str
    say_error: str


@dataclass(frozen=True)
class Wanted:
    """What the page shows beside the item: which part of the journal, and what was typed and refused."""

    before: int | None = None
    said: str = ""
    said_refused: Refused = NOT_REFUSED
    file_refused: Refused = NOT_REFUSED


def item_page(
    person: Person,
    item_id: int,
    at: datetime,
    *,
    before: int | None = None,
    refused: Refused = NOT_REFUSED,
    typed: MultiDict[str, str] | None = None,
    said: str = "",
    said_refused: Refused = NOT_REFUSED,
    file_refused: Refused = NOT_REFUSED,
) -> ItemPage:
    """The page as this person sees it now. Raises NotFound when it is not theirs to see."""
    item_for(person, item_id)
    item = load(item_id)
    r = Reading(person, item, facts_of(item, at), role_on(person, item))
    asking = Asking(item, r.facts, person, typed, refused, INLINE)
    return _page(r, asking, Wanted(before, said, said_refused, file_refused))


def _page(r: Reading, asking: Asking, wanted: Wanted) -> ItemPage:
    item, facts = r.item, r.facts
    step = onward.next_gate(facts)
    may = r.may(step)
    view = _gate(asking, step) if step is not None else None
    entries, is_more = journal_of(item.id, wanted.before)
    frozen, note = heart.frozen_words(facts)
    return ItemPage(
        id=item.id,
        number=item.number,
        title=item.title,
        phase=item.phase.value,
        kind=item.kind.value if item.kind else "",
        team=facts.team_name,
        board_url=_board_url(item.team_id),
        round=gettext("Round %(number)s", number=item.round_number) if item.round_number > 1 else "",
        since=heart.since(facts),
        role=r.role.value if r.role else "viewer",
        side_state=heart.side_state(item, facts),
        end_note=heart.end_note(item, facts),
        frozen=frozen,
        frozen_note=note,
        ways_out=heart.ways_out(r) if frozen and r.works_here else (),
        why=heart.why(item),
        promised=heart.promised(item, facts),
        mark=facts.last_mark,
        mark_note=heart.mark_note(item, facts),
        stops=tuple(stations.stops(r, view)),
        gate=view,
        heading=onward.heading(step, view),
        today=words.long_day(facts.today),
        settled_line=onward.settled_line(step, facts),
        may_step=may,
        steps=tuple(onward.other_steps(r)),
        acts=tuple(onward.acts(r)) if r.works_here else (),
        more=tuple(onward.more(r)) if r.works_here else (),
        waiting=onward.waiting(facts),
        waiting_end_url=r.url("items.waiting_over") if facts.waiting_on and r.works_here else "",
        take_back_url=onward.take_back_url(r),
        handover=panels.handover(r),
        decisions=tuple(panels.decision(row, r) for row in reversed(item.decisions)),
        waivers=tuple((row.rule, panels.waiver(row, facts)) for row in item.waivers),
        timeline=history.timeline(item, facts, may_act=r.works_here),
        letters=panels.letters(r),
        verdict_url="" if may and view and onward._settles(view, "verdict") else panels.verdict_url(r),
        recurrence_url=panels.recurrence_url(r),
        told_url=r.url("items.told") if panels.is_to_tell(r) else "",
        rounds=history.rounds(item, facts),
        promises=history.promises(item, facts),
        moved=heart.moved(facts),
        people=tuple(side.people(r)),
        customers_url=side.customers_url(r),
        followers=words.joined([f.person.name for f in item.followers]),
        follow_url=r.url("items.unfollow" if side.follows(r) else "items.follow"),
        follows=side.follows(r),
        handover_url=r.url("items.handover") if panels.may_hand_over(r) else "",
        facts=tuple(side.fact_rows(item, facts)),
        title_url=r.url("items.title") if r.edits else "",
        facts_url=side.facts_url(r),
        labels=tuple(label.name for label in item.labels),
        labels_url=r.url("items.labels") if r.edits else "",
        links=tuple(side.links(r)),
        links_url=r.url("items.links") if r.works_here and not facts.is_frozen else "",
        files=tuple(side.files(r)),
        files_url=r.url("items.add_file") if r.works_here else "",
        file_error=_first(wanted.file_refused),
        journal=_journal(entries, item, facts),
        older_url=r.url("items.show", before=entries[-1].id, _anchor="journal") if is_more else "",
        newer_url=r.url("items.show", _anchor="journal") if wanted.before is not None else "",
        comment_url=r.url("items.comment") if r.works_here else "",
        said=wanted.said,
        say_error=_first(wanted.said_refused),
    )


def _first(refused: Refused) -> str:
    """One sentence of a refusal, for a form with one input."""
    texts = [*refused.errors.values(), *refused.others, *(say(m) for m in refused.missing)]
    return texts[0] if texts else ""


def _board_url(team_id: int) -> str:
    known = "board.show" in current_app.view_functions
    return url_for("board.show", team_id=team_id) if known else f"/teams/{team_id}/board"


def _gate(asking: Asking, step: Step) -> SheetView:
    return gate(asking, step, action=action_of(asking, step), hidden={"to": step.target.value})


def _journal(entries: list[Any], item: Item, facts: Facts) -> tuple[FactView, ...]:
    comments = comments_by_id({i for i in map(history.comment_id, entries) if i})
    names = names_by_id(history.people_in(entries))
    return history.journal(entries, comments, Known(names, item.customer_name, facts.today), facts)
