"""The item's page: why and by when first, then what is next, then what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import format_decimal, gettext, ngettext
from werkzeug.datastructures import MultiDict

from pdca import clock
from pdca.items import words
from pdca.items.criteria import last_verdict
from pdca.items.facts import Facts
from pdca.items.frozen import Act, frozen_refuses
from pdca.items.lifecycle import Step, concerns, next_step, step_between
from pdca.items.models import Handover, Item, Promise
from pdca.items.moves import STEP_ACTS
from pdca.items.permissions import KEEPERS, may_decide, may_edit, may_step, role_on
from pdca.items.queries import facts_of, item_for
from pdca.items.questions import QUESTIONS
from pdca.items.sentences import Known
from pdca.items.taking_back import may_take_back
from pdca.items.terms import (
    COLUMNS,
    CustomerType,
    DecisionKind,
    DecisionState,
    HandoverState,
    ItemLinkKind,
    Phase,
    PromiseState,
    Verdict,
)
from pdca.items.views import history
from pdca.items.views.acts import note_rows
from pdca.items.views.answered import baseline_words, customer_words, is_defaulted, words_of, yes_no
from pdca.items.views.gate import Asking, action_of, gate
from pdca.items.views.history import CheckView, FactView, PromiseRow, RoundView
from pdca.items.views.loading import comments_by_id, domains_of, journal_of, links_of, load, names_by_id
from pdca.items.views.refused import NOT_REFUSED, Refused
from pdca.items.views.sheet import NOTE, Link, SheetView
from pdca.people.models import Person, Role
from pdca.web import say

__all__ = ["domains_of", "item_page"]

LINE = (*COLUMNS, Phase.CLOSED)
INLINE = "n"


@dataclass(frozen=True)
class Promised:
    """The promise in words."""

    day: str
    iso: str
    tone: str
    state: str
    notes: tuple[str, ...]
    is_defaulted: bool = False


QUOTES = " \"'“”„‘’«»"


@dataclass(frozen=True)
class Why:
    """The purpose, and who it is for."""

    text: str
    is_defaulted: bool
    customer: str
    noticeable: str

    @property
    def quoted(self) -> str:
        """In quotation marks, once: people often type them along."""
        return f"“{self.text.strip(QUOTES)}”"


@dataclass(frozen=True)
class Someone:
    """One line among the people."""

    name: str
    note: str
    has_account: bool = True


@dataclass(frozen=True)
class HandoverView:
    """The open handover."""

    id: int
    title: str
    rows: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]
    withdraw_url: str


@dataclass(frozen=True)
class DecisionView:
    """Something asked of a leader, and what was answered."""

    id: int
    title: str
    question: str
    answer: str
    tag: str
    url: str


@dataclass(frozen=True)
class FactRow:
    """One fact at the side; a default says that it is one."""

    label: str
    words: str
    is_defaulted: bool = False


@dataclass(frozen=True)
class FileView:
    """One file."""

    name: str
    note: str
    url: str
    remove_url: str


@dataclass(frozen=True)
class LinkView:
    """Another item."""

    kind: str
    number: int
    title: str
    phase: str
    url: str
    remove_url: str


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
    verdict_url: str
    told_url: str
    rounds: tuple[RoundView, ...]
    promises: tuple[PromiseRow, ...]
    moved: str
    people: tuple[Someone, ...]
    followers: str
    follow_url: str
    follows: bool
    handover_url: str
    facts: tuple[FactRow, ...]
    edit_url: str
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
class Reading:
    """One reader of one item at one moment."""

    person: Person
    item: Item
    facts: Facts
    role: Role | None
    # Asked many times for one page, answered by the database once per kind of right.
    asked: dict[str, bool] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """Now."""
        return self.facts.at

    @property
    def works_here(self) -> bool:
        """A viewer only looks."""
        return self.role not in (None, Role.VIEWER)

    def url(self, endpoint: str, **values: Any) -> str:
        """An address under this item."""
        return url_for(endpoint, item_id=self.item.id, **values)

    def may(self, step: Step | None) -> bool:
        """Whether this person may take this step now; a frozen card lets few through (R8)."""
        if step is None or frozen_refuses(self.facts, STEP_ACTS.get(step.name, Act.MOVE)):
            return False
        return self._once(step.who, lambda: may_step(self.person, self.item, step.who, self.facts))

    @property
    def decides(self) -> bool:
        """Whether this person decides where the rules want a leader who is not the owner."""
        return self._once("decides", lambda: may_decide(self.person, self.item, self.at))

    @property
    def edits(self) -> bool:
        """Whether this person may change answers now."""
        if not self.facts.is_open or self.facts.is_frozen:
            return False
        return self._once("edits", lambda: may_edit(self.person, self.item, self.at))

    def _once(self, what: str, ask: Callable[[], bool]) -> bool:
        if what not in self.asked:
            self.asked[what] = ask()
        return self.asked[what]


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
    return _page(r, before, Asking(item, r.facts, person, typed, refused, INLINE), said, said_refused, file_refused)


def _page(
    r: Reading, before: int | None, asking: Asking, said: str, said_refused: Refused, file_refused: Refused
) -> ItemPage:
    item, facts = r.item, r.facts
    step = next_gate(facts)
    may = r.may(step)
    view = _gate(asking, step) if step is not None else None
    entries, is_more = journal_of(item.id, before)
    frozen, note = frozen_words(facts)
    return ItemPage(
        id=item.id,
        number=item.number,
        title=item.title,
        phase=item.phase.value,
        kind=item.kind.value if item.kind else "",
        team=facts.team_name,
        board_url=_board_url(item.team_id),
        round=gettext("Round %(number)s", number=item.round_number) if item.round_number > 1 else "",
        since=_since(facts),
        role=r.role.value if r.role else "viewer",
        side_state=_side_state(item, facts),
        end_note=_end_note(item, facts),
        frozen=frozen,
        frozen_note=note,
        ways_out=_ways_out(r) if frozen and r.works_here else (),
        why=_why(item),
        promised=_promised(item, facts),
        mark=facts.last_mark,
        mark_note=_mark_note(item, facts),
        stops=tuple(_stops(r, view)),
        gate=view,
        heading=_heading(step, view),
        today=words.long_day(facts.today),
        settled_line=_settled_line(step, facts),
        may_step=may,
        steps=tuple(_steps(r)),
        acts=tuple(_acts(r)) if r.works_here else (),
        more=tuple(_more(r)) if r.works_here else (),
        waiting=_waiting(facts),
        waiting_end_url=r.url("items.waiting_over") if facts.waiting_on and r.works_here else "",
        take_back_url=_take_back_url(r),
        handover=_handover(r),
        decisions=tuple(_decision(row, r) for row in reversed(item.decisions)),
        waivers=tuple((row.rule, _waiver(row, facts)) for row in item.waivers),
        timeline=history.timeline(item, facts, may_act=r.works_here),
        verdict_url="" if may and view and _settles(view, "verdict") else _verdict_url(r),
        told_url=r.url("items.told") if _is_to_tell(r) else "",
        rounds=history.rounds(item, facts),
        promises=history.promises(item, facts),
        moved=_moved(facts),
        people=tuple(_people(item)),
        followers=words.joined([f.person.name for f in item.followers]),
        follow_url=r.url("items.unfollow" if _follows(r) else "items.follow"),
        follows=_follows(r),
        handover_url=r.url("items.handover") if _may_hand_over(r) else "",
        facts=tuple(_facts(item, facts)),
        edit_url=r.url("items.answers") if r.edits else "",
        facts_url=_facts_url(r),
        labels=tuple(label.name for label in item.labels),
        labels_url=r.url("items.labels") if r.edits else "",
        links=tuple(_links(r)),
        links_url=r.url("items.links") if r.works_here and not facts.is_frozen else "",
        files=tuple(_files(r)),
        files_url=r.url("items.add_file") if r.works_here else "",
        file_error=_first(file_refused),
        journal=_journal(entries, item, facts),
        older_url=r.url("items.show", before=entries[-1].id, _anchor="journal") if is_more else "",
        newer_url=r.url("items.show", _anchor="journal") if before is not None else "",
        comment_url=r.url("items.comment") if r.works_here else "",
        said=said,
        say_error=_first(said_refused),
    )


def _first(refused: Refused) -> str:
    """One sentence of a refusal, for a form with one input."""
    texts = [*refused.errors.values(), *refused.others, *(say(m) for m in refused.missing)]
    return texts[0] if texts else ""


# --- the head --------------------------------------------------------------------------------------------


def _board_url(team_id: int) -> str:
    known = "board.show" in current_app.view_functions
    return url_for("board.show", team_id=team_id) if known else f"/teams/{team_id}/board"


def _since(facts: Facts) -> str:
    count = (facts.today - clock.today(facts.timezone, facts.phase_since)).days
    phase = str(words.PHASE_NAMES[facts.phase])
    if not count:
        return gettext("since today in %(phase)s", phase=phase)
    return ngettext("%(num)s day in %(phase)s", "%(num)s days in %(phase)s", count, phase=phase)


def _side_state(item: Item, facts: Facts) -> str:
    if item.phase is Phase.PARKED and item.review_on:
        return gettext("Parked. We look at it again: %(day)s.", day=words.day(item.review_on, facts.today))
    ended = words.day(clock.today(facts.timezone, item.ended_at), facts.today) if item.ended_at else ""
    texts = {
        Phase.CLOSED: gettext("Closed: %(day)s.", day=ended),
        Phase.STOPPED: gettext("Stopped: %(day)s.", day=ended),
        Phase.DECLINED: gettext("Declined: %(day)s.", day=ended),
    }
    return texts.get(item.phase, "")


def _end_note(item: Item, facts: Facts) -> str:
    if item.phase is Phase.CLOSED and item.final_verdict is not None:
        return gettext("Verdict: %(verdict)s.", verdict=str(words.VERDICT_NAMES[item.final_verdict]))
    return item.end_reason if not facts.is_open or item.phase is Phase.PARKED else ""


def frozen_words(facts: Facts) -> tuple[str, str]:
    """("3 days late", "promised Fri 20 Nov"), or two empty texts."""
    since = facts.frozen_since
    if since is None:
        return "", ""
    day = words.short_day(since, facts.today)
    note = gettext("promised %(day)s", day=day) if facts.phase is Phase.DO else gettext("aftercare %(day)s", day=day)
    return words.days_late((facts.today - since).days), note


def _ways_out(r: Reading) -> tuple[Link, ...]:
    """Exactly the three acts of R8, in a row."""
    return (
        (r.url("items.done"), gettext("Done")),
        (r.url("items.new_date"), gettext("New date")),
        (r.url("items.help"), gettext("Need help")),
    )


def _why(item: Item) -> Why:
    return Why(
        text=item.purpose or item.problem,
        is_defaulted=is_defaulted(item, "purpose"),
        customer=customer_words(item),
        noticeable=item.noticeable,
    )


def _promised(item: Item, facts: Facts) -> Promised | None:
    due = item.due_on
    if due is None:
        wanted = item.proposed_due_on
        if wanted is None:
            return None
        note = gettext("Wanted when it was imported; no promise yet.")
        return Promised(words.short_day(wanted, facts.today), wanted.isoformat(), "", "", (note,))
    soon = facts.phase in (Phase.PLAN, Phase.DO) and 0 <= (due - facts.today).days <= 1
    tone = "frozen" if facts.phase is Phase.DO and facts.is_frozen else "soon" if soon else ""
    return Promised(
        day=words.short_day(due, facts.today),
        iso=due.isoformat(),
        tone=tone,
        state=_promise_state(item, facts),
        notes=tuple(_promise_notes(item, facts)),
        is_defaulted=is_defaulted(item, "due_on"),
    )


def _promise_state(item: Item, facts: Facts) -> str:
    due, done = item.due_on, item.round.carried_out_on
    assert due is not None
    if done is not None:
        early = (due - done).days
        if early > 0:
            return ngettext("Kept, %(num)s day early", "Kept, %(num)s days early", early)
        return gettext("Kept, on the day") if early == 0 else words.days_late(-early)
    if facts.phase is Phase.PLAN:
        return gettext("Agreed, not started yet")
    left = (due - facts.today).days
    if left < 0:
        return words.days_late(-left)
    return words.day(due, facts.today) if left <= 1 else gettext("in %(days)s", days=words.days(left))


def _promise_notes(item: Item, facts: Facts) -> Iterator[str]:
    if item.times_moved:
        yield _moved(facts)
    waiting = next((p for p in item.promises if p.state is PromiseState.WAITING), None)
    if waiting is not None:
        yield gettext("Asked: %(day)s. It waits for the leader.", day=words.short_day(waiting.due_on, facts.today))
    standing = _standing(item)
    if standing is not None and standing.told_how is not None:
        yield history.told_words(standing, facts)


def _standing(item: Item) -> Promise | None:
    return next((p for p in reversed(item.promises) if p.state is PromiseState.STANDING), None)


def _moved(facts: Facts) -> str:
    """ "moved 2×, first promised Thu 29 Oct"."""
    if not facts.times_moved or facts.first_promised_on is None:
        return ""
    day = words.short_day(facts.first_promised_on, facts.today)
    return gettext("%(moved)s, first promised %(day)s", moved=words.moved(facts.times_moved), day=day)


def _mark_note(item: Item, facts: Facts) -> str:
    before = item.round.baseline_mark
    if facts.last_mark is not None and before is not None:
        return gettext("Was a %(mark)s before", mark=before)
    if facts.last_mark is None and item.phase in (Phase.CHECK, Phase.ACT):
        return gettext("No mark yet. Silence is not approval.")
    return gettext("The customer gives it after the work.") if facts.last_mark is None else ""


# --- the line of stations --------------------------------------------------------------------------------


def _stops(r: Reading, view: SheetView | None) -> Iterator[dict[str, Any]]:
    here = r.facts.phase if r.facts.phase in LINE else r.facts.resumes_in or Phase.NEW
    place = LINE.index(here)
    for index, phase in enumerate(LINE):
        step = step_between(r.facts.phase, phase)
        can = step is not None and r.may(step) and _makes_sense(r.facts, step)
        now = phase is here and r.facts.phase in LINE
        state = "now" if now else "past" if index < place else "can" if can else ""
        yield {
            "phase": phase.value,
            "state": state,
            "disabled": not can and not now,
            "note": _stop_note(r, phase, step if can else None, view if now else None),
        }


def _makes_sense(facts: Facts, step: Step) -> bool:
    """A way back is shown only when the verdict asks for it."""
    verdict = last_verdict(facts)
    if step.name == "next_round":
        return verdict is Verdict.NOT_EFFECTIVE
    if step.name == "finish_the_rest":
        return verdict is Verdict.PARTLY
    return True


def _stop_note(r: Reading, phase: Phase, step: Step | None, now: SheetView | None) -> str:
    if now is not None:
        left = now.total
        return ngettext("now, %(num)s more question", "now, %(num)s more questions", left) if left else gettext("now")
    if step is not None:
        back = {
            "next_round": gettext("back: next round"),
            "finish_the_rest": gettext("back: finish the rest"),
            "back_to_plan": gettext("back, with a reason"),
        }
        return back.get(step.name, gettext("next step"))
    if phase is Phase.CLOSED and r.facts.is_open:
        return gettext("after all aftercare")
    return _time_in(r.item, r.facts, phase)


def _time_in(item: Item, facts: Facts, phase: Phase) -> str:
    """ "2 Sep, 3 days": when it came there, and how long it stayed."""
    came = [m for m in item.moves if m.to_phase is phase and m.taken_back_at is None]
    if phase is Phase.NEW:
        arrived: datetime | None = item.created_at
    else:
        arrived = came[-1].at if came else None
    if arrived is None:
        return ""
    left = [m.at for m in item.moves if m.from_phase is phase and m.taken_back_at is None and m.at >= arrived]
    day = words.short_day(clock.today(facts.timezone, arrived), facts.today)
    if not left:
        return day
    stayed = (clock.today(facts.timezone, left[-1]) - clock.today(facts.timezone, arrived)).days
    return f"{day}, {words.days(stayed)}" if stayed else day


# --- what is next ----------------------------------------------------------------------------------------


def next_gate(facts: Facts) -> Step | None:
    """The step the page asks about: on, or back when the verdict says so; a parked item goes on."""
    if facts.phase is Phase.PARKED and facts.resumes_in is not None:
        return step_between(Phase.PARKED, facts.resumes_in)
    if facts.phase in (Phase.CHECK, Phase.ACT) and last_verdict(facts) is Verdict.NOT_EFFECTIVE:
        return step_between(facts.phase, Phase.PLAN)
    return next_step(facts)


def _gate(asking: Asking, step: Step) -> SheetView:
    return gate(asking, step, action=action_of(asking, step), hidden={"to": step.target.value})


def _settles(view: SheetView, name: str) -> bool:
    """Whether this question can be answered with the step: no note stands in the way of it."""
    names = [q.name for q in view.questions]
    return name in names and NOTE not in names


def _heading(step: Step | None, view: SheetView | None) -> str:
    if step is None or view is None:
        return ""
    left = len(view.questions)
    phase = str(words.PHASE_NAMES[step.target])
    if step.name == "next_round":
        return gettext("It did not work: on to the next round")
    if step.name == "resume":
        return gettext("Take it out of the park")
    if not left:
        return gettext("It may go to %(phase)s", phase=phase)
    return ngettext(
        "To %(phase)s: %(num)s more answer", "To %(phase)s: %(num)s more answers", left, phase=phase
    )


def _settled_line(step: Step | None, facts: Facts) -> tuple[str, ...]:
    """What the gate has already, in a few words each."""
    if step is None:
        return ()
    open_names = {m.name for m in step.missing(facts)}
    texts = {
        "need": gettext("Somebody asked for it"),
        "purpose": gettext("We know why"),
        "aftercare": gettext("Aftercare is planned"),
        "baseline": gettext("There is a baseline"),
        "small_test": gettext("There is a small test"),
        "carried_out": gettext("Carried out"),
        "announced": gettext("Announced") if facts.catalogue_changes else "",
        "called": gettext("The customer was called") if facts.calls_during_work else "",
        "answered": ngettext("%(num)s answer", "%(num)s answers", _answers(facts)) if _answers(facts) else "",
        "verdict": gettext("There is a verdict"),
        "checks_settled": gettext("All checks are answered"),
        "standard": gettext("The new standard is written down") if facts.is_action else "",
        "lesson": gettext("There is a lesson"),
    }
    met = [c.name for c in step.needs if c.name not in open_names and concerns(c, facts)]
    return tuple(texts[name] for name in met if texts.get(name))


def _answers(facts: Facts) -> int:
    return sum(len(c.answers) for c in facts.live_checks)


def _steps(r: Reading) -> Iterator[Link]:
    """Other steps that are open to this person now, beside the one that is asked about."""
    asked = next_gate(r.facts)
    names = {
        "next_round": gettext("Start the next round"),
        "finish_the_rest": gettext("Finish the rest"),
        "back_to_plan": gettext("Back to Plan"),
        "park": gettext("Park"),
        "decline": gettext("Decline"),
        "stop": gettext("Stop"),
        "reopen": gettext("Reopen"),
    }
    for target in Phase:
        step = step_between(r.facts.phase, target)
        if step is None or step is asked or step.name not in names or not r.may(step):
            continue
        if _makes_sense(r.facts, step):
            yield (r.url("items.step", to=target.value), names[step.name])


def _acts(r: Reading) -> Iterator[Link]:
    """The acts beside the gate's own button."""
    if r.facts.phase is Phase.DO:
        yield (r.url("items.new_date"), gettext("New date"))
    if r.facts.phase in (Phase.CHECK, Phase.ACT) and any(c.due_on for c in r.facts.open_checks):
        yield (r.url("items.new_date"), gettext("Another day for this check"))
    if r.facts.is_open:
        yield (r.url("items.help"), gettext("Need help"))


def _more(r: Reading) -> Iterator[Link]:
    facts = r.facts
    if facts.phase is Phase.DO and not facts.is_frozen:
        yield (r.url("items.waiting"), gettext("Waiting on others"))
        yield (r.url("items.call"), gettext("Call during the work"))
        yield (r.url("items.announcement"), gettext("Announce the change"))
    if facts.is_open and facts.phase is not Phase.NEW:
        yield (r.url("items.waivers"), gettext("Waiver"))
    yield from _steps(r)


def _waiting(facts: Facts) -> str:
    if not facts.waiting_on or facts.waiting_until is None:
        return ""
    until = words.day(facts.waiting_until, facts.today)
    return gettext("Waits for %(what)s until %(day)s", what=facts.waiting_on, day=until)


def _take_back_url(r: Reading) -> str:
    last = may_take_back(r.item, r.person, r.at, r.facts.settings.take_back_minutes)
    return r.url("items.taking_back") if last is not None else ""


# --- handover, decisions, waivers ------------------------------------------------------------------------


def _may_hand_over(r: Reading) -> bool:
    owns = r.item.responsible_id == r.person.id
    return r.facts.is_open and r.item.owner_id is not None and (owns or r.role in KEEPERS)


def _handover(r: Reading) -> HandoverView | None:
    row = next((h for h in r.item.handovers if h.state is HandoverState.OPEN), None)
    if row is None:
        return None
    receiver = row.receiver.name if row.receiver else ""
    title = (
        gettext("Being handed over to %(name)s", name=receiver) if receiver else gettext("It waits for a new owner")
    )
    may_give = r.item.responsible_id == r.person.id or r.role in KEEPERS
    keeps = may_give and r.item.caretaker_id is None
    return HandoverView(
        id=row.id,
        title=title,
        rows=note_rows(row),
        links=tuple(_handover_links(r, row, may_give)),
        withdraw_url=r.url("items.withdrawal", handover_id=row.id) if keeps else "",
    )


def _handover_links(r: Reading, row: Handover, may_give: bool) -> Iterator[Link]:
    if row.receiver_id == r.person.id:
        yield (r.url("items.acceptance", handover_id=row.id), gettext("Accept"))
        yield (r.url("items.refusal", handover_id=row.id), gettext("Give it back"))
    if may_give:
        yield (r.url("items.assignment", handover_id=row.id), gettext("Choose somebody else"))


def _decision(row: Any, r: Reading) -> DecisionView:
    tags = {
        DecisionState.OPEN: gettext("open"),
        DecisionState.GRANTED: gettext("agreed"),
        DecisionState.REFUSED: gettext("not agreed"),
        DecisionState.MOOT: gettext("no longer needed"),
    }
    return DecisionView(
        id=row.id,
        title=_decision_title(row),
        question=row.question,
        answer=f"{row.decided_by.name}: {row.answer}" if row.decided_by and row.answer else row.answer,
        tag=tags[row.state],
        url=r.url("items.decide", decision_id=row.id) if _decides(row, r) else "",
    )


def _decision_title(row: Any) -> str:
    name = row.asked_by.name if row.asked_by else gettext("The follow-up")
    what = str(words.DECISION_NAMES[row.kind])
    if row.kind is DecisionKind.WAIVER:
        what = gettext("a waiver of %(rule)s", rule=row.rule)
    return gettext("%(name)s asks for %(what)s", name=name, what=what)


def _decides(row: Any, r: Reading) -> bool:
    if row.state is not DecisionState.OPEN:
        return False
    return r.role in KEEPERS if row.kind is DecisionKind.HELP else r.decides


def _waiver(row: Any, facts: Facts) -> str:
    day = words.day(clock.today(facts.timezone, row.at), facts.today)
    text = gettext("round %(number)s, %(name)s, %(day)s: %(reason)s", number=row.round_number, name=row.by.name, day=day, reason=row.reason)
    return f"{text} ({gettext('decided alone')})" if row.decided_alone else text


def _verdict_url(r: Reading) -> str:
    open_to_judge = any(c.verdict is None and c.due_on is not None for c in r.facts.live_checks)
    return r.url("items.verdict") if r.works_here and r.facts.phase in (Phase.CHECK, Phase.ACT) and open_to_judge else ""


def _is_to_tell(r: Reading) -> bool:
    """Somebody still has to hear what happens next, or how it ended."""
    if not r.works_here:
        return False
    ended = not r.facts.is_open and not r.facts.is_end_told and not r.facts.customer_email_known
    return bool(r.facts.untold) or (ended and r.item.customer_type not in (None, CustomerType.UNKNOWN))


# --- at the side -----------------------------------------------------------------------------------------


def _people(item: Item) -> Iterator[Someone]:
    if item.owner:
        yield Someone(item.owner.name, gettext("owner"))
    if item.caretaker:
        yield Someone(item.caretaker.name, gettext("caretaker, until there is a new owner"))
    if item.proposer or item.proposer_name:
        name = item.proposer.name if item.proposer else item.proposer_name
        yield Someone(name, gettext("proposer"), item.proposer is not None)
    for contact in item.contacts:
        yield Someone(contact.name, _reach(contact), False)
    if not item.contacts and item.customer_type is not None:
        yield Someone(item.customer_name or gettext("Unknown"), gettext("customer"), False)


def _reach(contact: Any) -> str:
    if contact.opted_out_at is not None:
        return gettext("customer, does not want to be mailed")
    if contact.not_the_person_at is not None:
        return gettext("not the right person")
    reach = contact.email or contact.phone
    return gettext("customer, %(reach)s", reach=reach) if reach else gettext("customer")


def _follows(r: Reading) -> bool:
    return any(f.person_id == r.person.id for f in r.item.followers)


FACT_NAMES = (
    *("problem", "service_id", "touchpoint", "importance", "channel", "need", "no_survey", "agreed", "aftercare"),
    *("groups", "catalogue_changes", "last_useful_on"),
)
# Not worth a line while they are what everybody expects.
SILENT = {"importance": "normal", "catalogue_changes": "False"}


def _facts(item: Item, facts: Facts) -> Iterator[FactRow]:
    for name in FACT_NAMES:
        text = words_of(item, name, facts.today)
        if name == "problem" and item.problem == item.purpose:
            continue
        if text and str(getattr(item, name, "")) != SILENT.get(name):
            yield FactRow(gettext(QUESTIONS[name].label), text, is_defaulted(item, name))
        if name == "importance" and (baseline := baseline_words(item, facts.today)):
            yield FactRow(gettext("Baseline"), baseline)
    if item.lookalike_choice is not None:
        choice = str(words.LOOKALIKE_NAMES[item.lookalike_choice])
        yield FactRow(gettext("Look-alikes"), choice, is_defaulted(item, "lookalikes"))
    if item.recurrences:
        yield FactRow(gettext("Came back"), gettext("%(count)s×", count=format_decimal(item.recurrences)))
    if item.phase in (Phase.ACT, Phase.CLOSED):
        yield FactRow(gettext("Share this experience"), yes_no(item.share))
    if item.source:
        yield FactRow(gettext("Source"), item.source)


def _facts_url(r: Reading) -> str:
    if not r.edits:
        return ""
    asks = ["problem", "noticeable", "customer", "service_id", "channel", "importance", "last_useful_on"]
    asks += ["catalogue_changes"] if r.facts.phase is not Phase.NEW else []
    asks += ["touchpoint", "groups"] if r.facts.is_action else []
    asks += ["kind"] if r.facts.phase in (Phase.NEW, Phase.PLAN) else []
    return r.url("items.answers", ask=asks)


def _links(r: Reading) -> Iterator[LinkView]:
    for link, other, points in links_of(r.item.id):
        yield LinkView(
            kind=_link_words(link.kind, points),
            number=other.number,
            title=other.title,
            phase=other.phase.value,
            url=url_for("items.show", item_id=other.id),
            remove_url=r.url("items.unlink", link_id=link.id) if r.works_here and points and not r.facts.is_frozen else "",
        )


def _link_words(kind: ItemLinkKind, points: bool) -> str:
    if points or kind is ItemLinkKind.RELATED:
        return str(words.LINK_NAMES[kind])
    backwards = {
        ItemLinkKind.DUPLICATE_OF: gettext("has as its twin"),
        ItemLinkKind.RECURRENCE_OF: gettext("came back as"),
    }
    return backwards[kind]


def _files(r: Reading) -> Iterator[FileView]:
    may_remove = r.works_here and r.facts.is_open and not r.facts.is_frozen
    for row in r.item.files:
        day = words.day(clock.today(r.facts.timezone, row.at), r.facts.today)
        yield FileView(
            name=row.name,
            note=f"{words.size(row.size)}, {row.by.name}, {day}",
            url=r.url("items.file", file_id=row.id),
            remove_url=r.url("items.remove_file", file_id=row.id) if may_remove else "",
        )


def _journal(entries: list[Any], item: Item, facts: Facts) -> tuple[FactView, ...]:
    comments = comments_by_id({i for i in map(history.comment_id, entries) if i})
    names = names_by_id(history.people_in(entries))
    return history.journal(entries, comments, Known(names, item.customer_name, facts.today), facts)
