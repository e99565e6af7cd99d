"""Putting facts together: every row under the items, fetched once for all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, inspect, select

from pdca import clock
from pdca.db import Base, db, table_of
from pdca.items.facts import (
    AnnouncementFacts,
    AnswerFacts,
    CheckFacts,
    DecisionFacts,
    Facts,
    HandoverFacts,
    PromiseFacts,
    RoundFacts,
)
from pdca.items.models import (
    Announcement,
    Answer,
    Call,
    Check,
    Contact,
    Decision,
    Handover,
    Item,
    ItemGroup,
    Lesson,
    Move,
    Need,
    Promise,
    Round,
    Waiver,
    Word,
    may_be_mailed,
)
from pdca.items.terms import (
    OPEN_PHASES,
    CallPurpose,
    DecisionKind,
    DecisionState,
    HandoverState,
    Phase,
    PromiseState,
    Verdict,
    WordKind,
)
from pdca.people.models import Person, initials_of
from pdca.people.queries import TeamRules

# What tells the customer of an end.
ENDS = (WordKind.CLOSED, WordKind.STOPPED, WordKind.DECLINED)
# Rows by the names of their model.
Plain = list[Row[Any]]


def _rows(model: type[Base], ids: list[int], key: str = "item_id", *order: str) -> Iterable[Row[Any]]:
    return db.session.execute(_under(model, key, order or ("id",)), {"ids": ids})


@cache
def _under(model: type[Base], key: str, order: tuple[str, ...]) -> Select[Any]:
    """Plain rows with the model's own names, the statement built once: facts are only read, and often."""
    named = {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}
    columns = [column.label(name) for name, column in named.items()]
    some = named[key].in_(bindparam("ids", expanding=True))
    return select(*columns).where(some).order_by(*(named[name] for name in order))


def _in_ids(statement: Select[Any], column: Any) -> Select[Any]:
    return statement.where(column.in_(bindparam("ids", expanding=True)))


_MOVE, _ITEM, _GROUP = table_of(Move).c, table_of(Item).c, table_of(ItemGroup).c
_GROUPS = _in_ids(select(_GROUP.item_id, _GROUP.group_id).order_by(_GROUP.group_id), _GROUP.item_id)
_ARRIVALS = _in_ids(
    select(_MOVE.item_id, _MOVE.to_phase, func.count(), func.max(_MOVE.at))
    .where(_MOVE.taken_back_at.is_(None))
    .group_by(_MOVE.item_id, _MOVE.to_phase),
    _MOVE.item_id,
)
_BUSY = _in_ids(
    select(_ITEM.team_id, _ITEM.phase, _ITEM.owner_id, func.count())
    .where(_ITEM.phase.in_((Phase.DO, Phase.CHECK)))
    .group_by(_ITEM.team_id, _ITEM.phase, _ITEM.owner_id),
    _ITEM.team_id,
)


def _by_item(rows: Iterable[Row[Any]]) -> dict[int, Plain]:
    grouped: dict[int, Plain] = defaultdict(list)
    for row in rows:
        grouped[row.item_id].append(row)
    return grouped


class Parts:
    """The rows that hang under the items, fetched once for all of them."""

    def __init__(self, items: dict[int, Item]) -> None:
        ids = list(items)
        self.rounds = _by_item(_rows(Round, ids))
        self.promises = _by_item(_rows(Promise, ids))
        self.handovers = _by_item(row for row in _rows(Handover, ids) if row.state is HandoverState.OPEN)
        self.announcements = _by_item(_rows(Announcement, ids))
        self.calls = _by_item(_rows(Call, ids))
        self.checks = _by_item(_rows(Check, ids, "item_id", "series", "number"))
        self.decisions = _by_item(_rows(Decision, ids))
        self.waivers = _by_item(_rows(Waiver, ids))
        self.contacts = _by_item(_rows(Contact, ids))
        self.lessons = _by_item(_rows(Lesson, ids))
        ended = [item.id for item in items.values() if item.phase not in OPEN_PHASES]
        # Most are open: then there is no end that anybody was told of.
        self.words = _by_item(_rows(Word, ended) if ended else ())
        check_ids = [c.id for checks in self.checks.values() for c in checks]
        self.answers: dict[int, Plain] = defaultdict(list)
        for answer in _rows(Answer, check_ids, "check_id"):
            self.answers[answer.check_id].append(answer)
        self.needs = Counter(row.item_id for row in _rows(Need, ids))
        self.groups: dict[int, list[int]] = defaultdict(list)
        for item_id, group_id in db.session.execute(_GROUPS, {"ids": ids}):
            self.groups[item_id].append(group_id)
        self.arrivals: dict[int, dict[Phase, int]] = defaultdict(dict)
        self.finished_at: dict[int, datetime] = {}
        for item_id, phase, count, last in db.session.execute(_ARRIVALS, {"ids": ids}):
            self.arrivals[item_id][phase] = count
            if phase is Phase.CHECK:
                self.finished_at[item_id] = last
        people = sorted({p for i in items.values() for p in (i.owner_id, i.proposer_id) if p})
        self.people = {p.id: p for p in _rows(Person, people, "id")}
        self.column: Counter[tuple[int, Phase]] = Counter()
        self.owned: Counter[tuple[int, int | None]] = Counter()
        teams = sorted({i.team_id for i in items.values()})
        for team_id, phase, owner_id, count in db.session.execute(_BUSY, {"ids": teams}):
            self.column[team_id, phase] += count
            if phase is Phase.DO:
                self.owned[team_id, owner_id] += count

    def facts(self, item: Item, rules: TeamRules, at: datetime) -> Facts:
        """Put one item's facts together."""
        now_round = next(r for r in self.rounds[item.id] if r.number == item.round_number)
        checks = tuple(
            sorted(
                (self._check(c) for c in self.checks[item.id] if c.round_number == item.round_number),
                key=_by_day,
            )
        )
        decisions = self.decisions[item.id]
        owner = self.people.get(item.owner_id or 0)
        proposer = self.people.get(item.proposer_id or 0)
        here = [w for w in self.waivers[item.id] if w.round_number == item.round_number]
        calls = [c for c in self.calls[item.id] if c.round_number == item.round_number]
        in_do = item.phase is Phase.DO
        return Facts(
            id=item.id,
            team_id=item.team_id,
            team_name=rules.name,
            timezone=rules.timezone,
            number=item.number,
            version=item.version,
            rank=item.rank,
            kind=item.kind,
            phase=item.phase,
            phase_since=item.phase_since,
            resumes_in=item.resumes_in,
            title=item.title,
            has_problem=bool(item.problem.strip()),
            has_noticeable=bool(item.noticeable.strip()),
            has_purpose=bool(item.purpose.strip()),
            importance=item.importance,
            customer_type=item.customer_type,
            customer_name=item.customer_name,
            customer_email_known=any(may_be_mailed(c) for c in self.contacts[item.id]),
            has_service=item.service_id is not None,
            touchpoint=item.touchpoint,
            contact_role=item.contact_role,
            defaulted=tuple(item.defaulted),
            proposer_id=item.proposer_id,
            proposer_name=proposer.name if proposer else item.proposer_name,
            owner_id=item.owner_id,
            owner_name=owner.name if owner else "",
            owner_initials=initials_of(owner.name) if owner else "",
            caretaker_id=item.caretaker_id,
            created_at=item.created_at,
            decided_at=item.decided_at,
            taken_up_at=item.taken_up_at,
            last_progress_at=item.last_progress_at,
            ended_at=item.ended_at,
            final_verdict=item.final_verdict,
            needs=self.needs[item.id],
            no_survey_reason=bool(item.no_survey_reason.strip()),
            no_survey_granted=any(
                d.kind is DecisionKind.NO_SURVEY and d.state is DecisionState.GRANTED for d in decisions
            ),
            due_on=item.due_on,
            first_promised_on=item.first_promised_on,
            proposed_due_on=item.proposed_due_on,
            times_moved=item.times_moved,
            is_agreed=bool(item.agreed_with and item.agreed_how and item.agreed_on),
            last_useful_on=item.last_useful_on,
            still_needed_on=item.still_needed_on,
            care_method=item.care_method,
            catalogue_changes=item.catalogue_changes,
            waiting_on=item.waiting_on,
            waiting_until=item.waiting_until,
            review_on=item.review_on,
            lookalike_choice=item.lookalike_choice,
            recurrences=item.recurrences,
            groups=tuple(self.groups[item.id]),
            groups_answered=self._groups_answered(checks),
            round=_round_facts(now_round),
            promise=_promise_facts(self.promises[item.id]),
            handover=_handover_facts(self.handovers[item.id]),
            announcement=_announcement_facts(
                [a for a in self.announcements[item.id] if a.round_number == item.round_number]
            ),
            calls_during_work=tuple(c.verdict for c in calls if c.purpose is CallPurpose.DURING_WORK),
            checks=checks,
            decisions=tuple(
                DecisionFacts(d.id, d.kind, d.rule, d.asked_at, d.asked_by_id, d.occasion)
                for d in decisions
                if d.state is DecisionState.OPEN
            ),
            waived=frozenset(w.rule for w in here),
            has_lesson=any(x.round_number == item.round_number for x in self.lessons[item.id]),
            failed_rounds=sum(r.verdict is Verdict.NOT_EFFECTIVE for r in self.rounds[item.id]),
            round_three_granted=any(
                d.kind is DecisionKind.ROUND_THREE
                and d.state is DecisionState.GRANTED
                and d.round_number == item.round_number
                for d in decisions
            ),
            in_do=self.column[item.team_id, Phase.DO] - in_do,
            in_check=self.column[item.team_id, Phase.CHECK] - (item.phase is Phase.CHECK),
            owner_in_do=self.owned[item.team_id, item.owner_id] - in_do,
            today=clock.today(rules.timezone, at),
            at=at,
            settings=rules.settings,
            calendar=rules.calendar,
            care_asker_id=item.care_asker_id,
            arrivals=self.arrivals[item.id],
            untold=self._untold(item),
            has_contacts=bool(self.contacts[item.id]),
            is_end_told=self._is_end_told(item),
            finished_at=self.finished_at.get(item.id),
            has_care_criterion=bool(item.care_criterion.strip()),
        )

    def _untold(self, item: Item) -> tuple[CheckFacts, ...]:
        return tuple(
            self._check(c) for c in self.checks[item.id] if c.verdict is Verdict.NOT_EFFECTIVE and c.told_at is None
        )

    def _is_end_told(self, item: Item) -> bool:
        """By phone or in person, or by a mail that a server took, before somebody asked for no more of them."""
        if item.ended_at is None:
            return False
        called = (c.recorded_at for c in self.calls[item.id] if c.purpose is CallPurpose.TELL)
        mailed = (w.told_at for w in self.words[item.id] if w.told_at is not None and w.kind in ENDS)
        return any(told_at >= item.ended_at for told_at in (*called, *mailed))

    def _check(self, check: Row[Any]) -> CheckFacts:
        tried = {
            c.on
            for c in self.calls[check.item_id]
            if c.check_id == check.id and c.purpose is CallPurpose.AFTERCARE_ATTEMPT
        }
        return CheckFacts(
            id=check.id,
            round_number=check.round_number,
            number=check.number,
            offset_days=check.offset_days,
            due_on=check.due_on,
            settle_by=check.settle_by,
            method=check.method,
            state=check.state,
            asked_at=check.asked_at,
            reminded_at=check.reminded_at,
            answered_at=check.answered_at,
            verdict=check.verdict,
            verdict_at=check.verdict_at,
            verdict_by_id=check.verdict_by_id,
            told_at=check.told_at,
            answers=tuple(
                AnswerFacts(
                    a.contact_id,
                    a.source,
                    a.solved,
                    a.mark,
                    a.answered_on,
                    a.recorded_at,
                    a.recorded_by_id,
                    a.group_id,
                )
                for a in self.answers[check.id]
            ),
            attempt_days=tuple(sorted(tried)),
            series=check.series,
            times_moved=check.times_moved,
        )

    def _groups_answered(self, checks: tuple[CheckFacts, ...]) -> tuple[int, ...]:
        """Groups with an answer; a check that was not reached with other evidence covers its groups (R22)."""
        named = {a.group_id for c in checks for a in c.answers if a.group_id is not None}
        return tuple(sorted(named))


def _by_day(check: CheckFacts) -> tuple[date, int, int]:
    return (check.due_on or date.max, check.number, check.id)


def _round_facts(row: Row[Any]) -> RoundFacts:
    whole_observation = all((row.baseline_good, row.baseline_better, row.baseline_change))
    return RoundFacts(
        number=row.number,
        opened_at=row.opened_at,
        started_at=row.started_at,
        due_on=row.due_on,
        carried_out_on=row.carried_out_on,
        carried_out_recorded_on=row.carried_out_recorded_on,
        has_carried_out=bool(row.carried_out_on and row.carried_out.strip()),
        has_baseline=row.baseline_lost
        or (row.baseline_on is not None and (row.baseline_mark is not None or whole_observation)),
        has_small_test=all((row.test_where, row.test_with, row.test_until, row.prediction, row.how_we_know)),
        has_root_cause=bool(row.root_cause.strip()),
        has_prediction_result=row.prediction_result is not None,
        has_why_not=bool(row.why_not.strip()),
        has_standard=bool(row.standard_where.strip()) and row.standard_keeper_id is not None,
        verdict=row.verdict,
    )


def _promise_facts(rows: Plain) -> PromiseFacts | None:
    standing = [p for p in rows if p.state is PromiseState.STANDING]
    if not standing:
        return None
    waiting = [p for p in rows if p.state is PromiseState.WAITING]
    last = standing[-1]
    return PromiseFacts(
        number=last.number,
        due_on=last.due_on,
        given_at=last.given_at,
        last_told_on=last.told_on,
        waiting_number=waiting[-1].number if waiting else None,
        waiting_due_on=waiting[-1].due_on if waiting else None,
    )


def _handover_facts(rows: Plain) -> HandoverFacts | None:
    if not rows:
        return None
    return HandoverFacts(rows[-1].id, rows[-1].giver_id, rows[-1].receiver_id, rows[-1].opened_at)


def _announcement_facts(rows: Plain) -> AnnouncementFacts | None:
    return AnnouncementFacts(rows[-1].announced_on, rows[-1].go_live_on) if rows else None
