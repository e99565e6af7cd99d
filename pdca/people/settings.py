"""Every ◇ number of the domain: its name, default, bounds and meaning, in one table."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from pdca.errors import N_, FieldError, Invalid


@dataclass(frozen=True)
class Bounds:
    """How a number is shown and what it may be."""

    label: str
    low: int
    high: int
    unit: str
    group: str

    @property
    def is_switch(self) -> bool:
        """Whether it is a yes (1) or a no (0)."""
        return (self.low, self.high) == (0, 1)


def _number(default: int, label: str, low: int, high: int, unit: str, group: str) -> Any:  # noqa: PLR0917 - a row of the table below
    return field(default=default, metadata={"bounds": Bounds(label, low, high, unit, group)})


DAYS, WORKING_DAYS, ITEMS, MINUTES = N_("days"), N_("working days"), N_("items"), N_("minutes")
FLOW, CARE, CLOCK, LIMITS = N_("Flow"), N_("Aftercare"), N_("Follow-up"), N_("Limits")
GROUPS = (LIMITS, FLOW, CARE, CLOCK)


@dataclass(frozen=True)
class TeamSettings:
    """The ◇ numbers of one team. Whole numbers; days are calendar days unless the unit says otherwise."""

    wip_owner: int = _number(3, N_("Items one owner may have in Do"), 1, 50, ITEMS, LIMITS)
    wip_do: int = _number(8, N_("Places in the Do column"), 1, 100, ITEMS, LIMITS)
    wip_check: int = _number(8, N_("Places in the Check column"), 1, 100, ITEMS, LIMITS)
    quick_win_days: int = _number(42, N_("Longest promise of a quick win"), 7, 120, DAYS, LIMITS)
    member_may_take_up: int = _number(1, N_("Members may take up a quick win themselves"), 0, 1, "", FLOW)
    take_back_minutes: int = _number(10, N_("Time to take back the last act"), 0, 120, MINUTES, FLOW)
    decide_days: int = _number(5, N_("Decide on a new item within"), 1, 30, WORKING_DAYS, FLOW)
    plan_days: int = _number(10, N_("Plan an item that was taken up within"), 1, 60, WORKING_DAYS, FLOW)
    start_days: int = _number(5, N_("Start an item that may start within"), 1, 60, WORKING_DAYS, FLOW)
    judge_days: int = _number(3, N_("Give the verdict after the last answer within"), 1, 30, WORKING_DAYS, FLOW)
    reopen_days: int = _number(182, N_("Reopen a closed item until"), 28, 730, DAYS, FLOW)
    lookalike_days: int = _number(182, N_("Look for look-alikes among items closed in the last"), 28, 1095, DAYS, FLOW)
    stalled_quick_win_days: int = _number(14, N_("A quick win has stalled without progress after"), 3, 90, DAYS, FLOW)
    stalled_action_days: int = _number(
        30, N_("An improvement action has stalled without progress after"), 3, 180, DAYS, FLOW
    )
    old_quick_win_days: int = _number(42, N_("A quick win is old from"), 7, 365, DAYS, FLOW)
    old_action_days: int = _number(120, N_("An improvement action is old from"), 14, 730, DAYS, FLOW)
    care_quick_win_1: int = _number(14, N_("Quick win: first check after"), 7, 182, DAYS, CARE)
    care_quick_win_2: int = _number(
        42, N_("Quick win: second check after, unless plainly effective"), 14, 364, DAYS, CARE
    )
    care_action_1: int = _number(14, N_("Action: first check after"), 7, 182, DAYS, CARE)
    care_action_2: int = _number(42, N_("Action: second check after"), 14, 364, DAYS, CARE)
    care_action_3: int = _number(91, N_("Action: third check after"), 21, 364, DAYS, CARE)
    care_action_4: int = _number(182, N_("Important action: fourth check after"), 28, 728, DAYS, CARE)
    settle_days: int = _number(10, N_("Settle a check within"), 3, 30, WORKING_DAYS, CARE)
    remind_customer_days: int = _number(5, N_("Remind a silent customer after"), 2, 20, WORKING_DAYS, CARE)
    early_answer_days: int = _number(10, N_("The last check may be answered early by at most"), 0, 30, DAYS, CARE)
    link_days: int = _number(30, N_("A customer's link works for"), 7, 182, DAYS, CARE)
    recurrence_days: int = _number(182, N_("Watch for recurrence during"), 28, 730, DAYS, CARE)
    reminder_days: int = _number(7, N_("First reminder of an improvement action's promise"), 1, 30, DAYS, CLOCK)
    customer_mail_from: int = _number(7, N_("Mail to customers leaves from (hour)"), 0, 22, "", CLOCK)
    customer_mail_until: int = _number(19, N_("Mail to customers leaves until (hour)"), 1, 23, "", CLOCK)


BOUNDS: dict[str, Bounds] = {f.name: f.metadata["bounds"] for f in fields(TeamSettings)}
# Pairs that must stay in this order, or aftercare would run backwards.
ASCENDING = (
    ("care_quick_win_1", "care_quick_win_2"),
    ("care_action_1", "care_action_2"),
    ("care_action_2", "care_action_3"),
    ("care_action_3", "care_action_4"),
    ("customer_mail_from", "customer_mail_until"),
)
WHOLE_WEEKS = tuple(name for name in BOUNDS if name.startswith("care_"))


def settings_from(rows: dict[str, str]) -> TeamSettings:
    """The settings of a team from its stored differences; unknown names are ignored (they were retired)."""
    return TeamSettings(**{name: int(value) for name, value in rows.items() if name in BOUNDS})


def check_settings(values: dict[str, int]) -> TeamSettings:
    """Return the settings, or raise Invalid naming every number that may not be so."""
    errors = [
        FieldError(
            name,
            N_("Choose a whole number from %(low)s to %(high)s."),
            {"low": BOUNDS[name].low, "high": BOUNDS[name].high},
        )
        for name, value in values.items()
        if not BOUNDS[name].low <= value <= BOUNDS[name].high
    ]
    # Aftercare falls on the same weekday as the work (whole weeks).
    errors += [
        FieldError(name, N_("Aftercare goes by whole weeks: choose a multiple of 7."))
        for name in WHOLE_WEEKS
        if values.get(name, 0) % 7
    ]
    settings = TeamSettings(**values)
    errors += [
        FieldError(later, N_("This must be later than the number before it."))
        for earlier, later in ASCENDING
        if getattr(settings, earlier) >= getattr(settings, later)
    ]
    if errors:
        raise Invalid(errors)
    return settings
