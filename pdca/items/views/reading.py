"""One reader of one item at one moment, and what this person may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for

from pdca.items.facts import Facts
from pdca.items.frozen import Act, frozen_refuses
from pdca.items.lifecycle import Step
from pdca.items.models import Item
from pdca.items.moves import STEP_ACTS
from pdca.items.permissions import may_decide, may_edit, may_step
from pdca.people.models import Person, Role


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
