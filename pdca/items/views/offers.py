"""What a question offers: chips, lists and proposals, made from the item and its team."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select

from pdca.catalogue.models import CustomerGroup, Service
from pdca.db import db
from pdca.items import words
from pdca.items.defaults import SOLVED_IS_YES
from pdca.items.facts import Facts
from pdca.items.judging import ORDER, best_verdict
from pdca.items.lookalikes import lookalikes
from pdca.items.models import Item
from pdca.items.planning import day_of, offsets
from pdca.items.terms import (
    CallVerdict,
    CustomerType,
    Method,
    Phase,
    PredictionResult,
    ReopenCause,
    ToldHow,
    Verdict,
)
from pdca.people.models import Membership, Person, Role

Option = tuple[Any, ...]
# The chips of a promise: one, two and four weeks.
CHIP_DAYS = (7, 14, 28)
ACTION_CHIP_DAYS = (14, 28, 56)
REVIEW_CHIP_DAYS = (28, 91, 182)
PROPOSED_CHIP = 1


class Offers:
    """Lists are read from the database once, and only when a question needs them."""

    def __init__(self, item: Item, facts: Facts, person: Person) -> None:
        """`person` is who reads, and who "me" is."""
        self.item, self.facts, self.person = item, facts, person

    @property
    def today(self) -> date:
        """In the team's zone."""
        return self.facts.today

    @cached_property
    def members(self) -> list[Option]:
        """Who works in the team, by name."""
        return [(p.id, p.name) for p in members_of(self.item.team_id)]

    @cached_property
    def workers(self) -> list[Option]:
        """The same, with what they have in hand: who hands something over sees it beforehand (R31)."""
        counted = (
            select(Item.owner_id, func.count())
            .where(Item.team_id == self.item.team_id, Item.phase == Phase.DO, Item.id != self.item.id)
            .group_by(Item.owner_id)
        )
        in_hand = {owner_id: int(count) for owner_id, count in db.session.execute(counted)}
        return [(ident, self._with_load(name, in_hand.get(ident, 0))) for ident, name in self.members]

    def _with_load(self, name: str, count: int) -> str:
        if not count:
            return name
        return gettext(
            "%(name)s: %(count)s of %(limit)s in Do", name=name, count=count, limit=self.facts.settings.wip_owner
        )

    @cached_property
    def services(self) -> list[Option]:
        """The team's services, and none."""
        return [("", gettext("none")), *_catalogue(Service, self.item.team_id, self.item.service_id)]

    @cached_property
    def groups(self) -> list[Option]:
        """The team's customer groups."""
        return _catalogue(CustomerGroup, self.item.team_id, None)

    @cached_property
    def lookalikes(self) -> list[Item]:
        """Items that say the same."""
        return lookalikes(self.item, at=self.facts.at)

    @cached_property
    def others(self) -> list[Option]:
        """The open items of this board, newest first, to be the twin of."""
        rows = db.session.execute(
            select(Item.id, Item.number, Item.title)
            .where(Item.team_id == self.item.team_id, Item.id != self.item.id)
            .where(Item.phase.not_in((Phase.STOPPED, Phase.DECLINED)))
            .order_by(Item.id.desc())
            .limit(200)
        )
        return [(row.id, f"{row.number} {row.title}") for row in rows]

    def days(self, offsets_: tuple[int, ...]) -> list[Option]:
        """Date chips on working days."""
        found = [self.facts.calendar.next_working(self.today + timedelta(days=n)) for n in offsets_]
        return [(day.isoformat(), words.short_day(day, self.today)) for day in found]

    @property
    def promise_days(self) -> list[Option]:
        """The chips for a promise, an imported date first."""
        chips = self.days(ACTION_CHIP_DAYS if self.facts.is_action else CHIP_DAYS)
        wanted = self.item.proposed_due_on
        if wanted is None or wanted < self.today or wanted.isoformat() in {chip[0] for chip in chips}:
            return chips
        return [(wanted.isoformat(), words.short_day(wanted, self.today), gettext("wanted")), *chips[:2]]

    @property
    def stations(self) -> list[tuple[str, str]]:
        """The aftercare dates as they would be when it is carried out on the promised day."""
        done = self.item.round.carried_out_on or self.item.due_on or date.fromisoformat(self._proposed_day)
        return [
            (words.after(n), words.short_day(day_of(self.facts, done, done, n), self.today))
            for n in offsets(self.facts)
        ]

    @property
    def _proposed_day(self) -> str:
        chips = self.promise_days
        return str(chips[0 if len(chips[0]) > 2 else PROPOSED_CHIP][0])

    @property
    def verdicts(self) -> list[Option]:
        """The verdicts that the customer's answers allow (R24), and the two that need no answer."""
        return [
            (verdict.value, words.sentence_case(words.VERDICT_NAMES[verdict]), note)
            for verdict, note in self._allowed_verdicts()
        ]

    def _allowed_verdicts(self) -> list[tuple[Verdict, str]]:
        best = self.best_verdict
        follows = gettext("follows the customer")
        found = [
            (verdict, follows if verdict is best and self.has_customer_answer else "")
            for verdict in reversed(ORDER)
            if best is not None and ORDER.index(verdict) <= ORDER.index(best)
        ]
        return [*found, (Verdict.TOO_EARLY, ""), (Verdict.NOT_REACHED, "")]

    @cached_property
    def _to_judge(self) -> Any:
        answered = [c for c in self.facts.live_checks if c.answers and c.verdict is None]
        return answered[-1] if answered else None

    @property
    def has_customer_answer(self) -> bool:
        """Whether the check to judge was answered by somebody who had the problem."""
        return self._to_judge is not None and self._to_judge.has_customer_answer

    @property
    def best_verdict(self) -> Verdict | None:
        """The best verdict that may be given now; None before there is an answer."""
        return best_verdict(self.facts, self._to_judge) if self._to_judge else None

    # --- per question ------------------------------------------------------------------------------------

    def options(self, name: str) -> dict[str, list[Option]]:
        """The lists of a question's inputs."""
        return {key: list(value) for key, value in getattr(self, f"_offer_{name}", dict)().items()}

    def proposal(self, name: str) -> dict[str, str]:
        """What is filled in beforehand for a question that nobody answered yet."""
        made: dict[str, Any] = getattr(self, f"_propose_{name}", dict)()
        return {key: str(value) for key, value in made.items() if value not in (None, "")}

    def _offer_kind(self) -> dict[str, Any]:
        return {"kind": [(k.value, name) for k, name in words.KIND_NAMES.items()]}

    def _offer_importance(self) -> dict[str, Any]:
        return {"importance": [(k.value, name) for k, name in words.IMPORTANCE_NAMES.items()]}

    def _offer_customer(self) -> dict[str, Any]:
        kinds = (CustomerType.EXTERNAL, CustomerType.COLLEAGUE, CustomerType.GROUP, CustomerType.UNKNOWN)
        return {"customer_type": [(k.value, words.sentence_case(words.CUSTOMER_NAMES[k])) for k in kinds]}

    def _offer_service_id(self) -> dict[str, Any]:
        return {"service_id": self.services}

    def _offer_owner_id(self) -> dict[str, Any]:
        me = [(ident, gettext("%(name)s (me)", name=name)) for ident, name in self.workers if ident == self.person.id]
        return {"owner_id": [*me, *(m for m in self.workers if m[0] != self.person.id)]}

    def _propose_owner_id(self) -> dict[str, Any]:
        return {"owner_id": self.person.id}

    def _offer_due_on(self) -> dict[str, Any]:
        return {"due_on": self.promise_days}

    def _propose_due_on(self) -> dict[str, Any]:
        return {"due_on": self._proposed_day}

    def _propose_purpose(self) -> dict[str, Any]:
        return {"purpose": self.item.problem[:2000]}

    def _propose_need(self) -> dict[str, Any]:
        return {"need_who": self.item.customer_name, "need_how_many": 1, "need_channel": words.said(self.item.channel)}

    def _propose_agreed(self) -> dict[str, Any]:
        return {
            "agreed_with": self.item.customer_name,
            "agreed_on": self.today.isoformat(),
            "agreed_how": words.said(self.item.channel),
        }

    def _offer_aftercare(self) -> dict[str, Any]:
        asker = [("", gettext("the owner")), *self.members]
        return {
            "care_method": [(m.value, name) for m, name in words.METHOD_NAMES.items()],
            "care_asker_id": asker,
            "stations": self.stations,
        }

    def _propose_aftercare(self) -> dict[str, Any]:
        known = self.facts.customer_email_known
        unknown = self.item.customer_type is CustomerType.UNKNOWN
        method = Method.OBSERVATION if unknown else Method.MAIL if known else Method.CALL
        return {"care_method": method.value, "care_criterion": gettext(SOLVED_IS_YES)}

    def _propose_baseline(self) -> dict[str, Any]:
        return {"baseline_on": self.today.isoformat()}

    def _offer_groups(self) -> dict[str, Any]:
        return {"groups": self.groups}

    def _offer_carried_out(self) -> dict[str, Any]:
        days = [self.today, self.today - timedelta(days=1)]
        names = [(day.isoformat(), words.day(day, self.today)) for day in days]
        return {"carried_out_on": names, "carried_out": [("as_planned", gettext("Done as planned"))]}

    def _propose_carried_out(self) -> dict[str, Any]:
        return {"carried_out_on": self.today.isoformat()}

    def _propose_announcement(self) -> dict[str, Any]:
        go_live = self.item.due_on.isoformat() if self.item.due_on else None
        return {"announced_on": self.today.isoformat(), "go_live_on": go_live}

    def _offer_call(self) -> dict[str, Any]:
        return {"call_verdict": [(v.value, words.CALL_NAMES[v]) for v in CallVerdict]}

    def _propose_call(self) -> dict[str, Any]:
        return {"call_with": self.item.customer_name, "call_on": self.today.isoformat()}

    def _offer_verdict(self) -> dict[str, Any]:
        return {"verdict": self.verdicts}

    def _propose_verdict(self) -> dict[str, Any]:
        best = self.best_verdict
        return {"verdict": best.value if best and self.has_customer_answer else ""}

    def _offer_prediction_result(self) -> dict[str, Any]:
        return {"prediction_result": [(r.value, words.PREDICTION_NAMES[r]) for r in PredictionResult]}

    def _offer_standard(self) -> dict[str, Any]:
        return {"standard_keeper_id": self.members}

    def _propose_standard(self) -> dict[str, Any]:
        return {"standard_keeper_id": self.item.owner_id}

    def _propose_adjusted_prediction(self) -> dict[str, Any]:
        return {"adjusted_prediction": self.item.round.prediction}

    def _offer_review_on(self) -> dict[str, Any]:
        return {"review_on": self.days(REVIEW_CHIP_DAYS)}

    def _offer_cause(self) -> dict[str, Any]:
        return {"cause": [(c.value, words.CAUSE_NAMES[c]) for c in ReopenCause]}

    def _offer_twin_id(self) -> dict[str, Any]:
        return {"twin_id": [("", gettext("no other item")), *self.others]}

    def _offer_told(self) -> dict[str, Any]:
        mail = [ToldHow.MAIL] if self.facts.customer_email_known else []
        ways = [*mail, ToldHow.CALL, ToldHow.VISIT, ToldHow.NOTICE]
        return {"told_how": [(way.value, words.sentence_case(words.TOLD_NAMES[way])) for way in ways]}

    def _propose_told(self) -> dict[str, Any]:
        known = self.facts.customer_email_known
        unknown = self.item.customer_type in (None, CustomerType.UNKNOWN)
        return {
            "told_how": ToldHow.MAIL if known else ToldHow.NOTICE if unknown else "",
            "told_who": self.item.customer_name or (self.facts.proposer_name if unknown else ""),
            "told_on": self.today.isoformat(),
        }


def members_of(team_id: int) -> list[Person]:
    """Active people who work in the team, by name."""
    return list(
        db.session.scalars(
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.team_id == team_id, Membership.role != Role.VIEWER, Person.deactivated_at.is_(None))
            .order_by(func.lower(Person.name), Person.id)
        )
    )


def _catalogue(model: Any, team_id: int, held_id: int | None) -> list[Option]:
    """What can be chosen; a retired row only where it was chosen before."""
    rows = db.session.scalars(
        select(model)
        .where(model.team_id == team_id, (model.retired_at.is_(None)) | (model.id == held_id))
        .order_by(func.lower(model.name))
    )
    return [(row.id, row.name) for row in rows]
