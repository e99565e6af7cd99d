"""Who may do what with teams and people. A leaf: it knows a person's standing, and no tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do in one team, from looking to leading."""

    VIEWER = "viewer"
    MEMBER = "member"
    BOARD_KEEPER = "board_keeper"
    LEADER = "leader"


# From low to high: nobody gives a role above their own.
RANKS = (Role.VIEWER, Role.MEMBER, Role.BOARD_KEEPER, Role.LEADER)
KEEPERS = (Role.BOARD_KEEPER, Role.LEADER)


@dataclass(frozen=True)
class Standing:
    """How one person stands to one team."""

    person_id: int
    role: Role | None = None
    is_sponsor: bool = False
    is_administrator: bool = False


def may_see_team(who: Standing) -> bool:
    """Members in any role, sponsors and administrators."""
    return who.role is not None or who.is_sponsor or who.is_administrator


def may_manage_members(who: Standing) -> bool:
    """Add people, change roles and remove."""
    return who.is_administrator or who.role in KEEPERS


def may_grant(who: Standing, role: Role) -> bool:
    """Give this role: at most one's own; an administrator gives any."""
    if who.is_administrator:
        return True
    return who.role in KEEPERS and RANKS.index(role) <= RANKS.index(who.role)


def may_change(who: Standing, their_role: Role) -> bool:
    """Change or take away a role: a board keeper does not touch a leader's."""
    return may_grant(who, their_role)


def grantable(who: Standing) -> list[Role]:
    """The roles this person may give, from low to high."""
    return [role for role in RANKS if may_grant(who, role)]


def may_edit_settings(who: Standing) -> bool:
    """Change a team's numbers, calendar and lists."""
    return who.is_administrator or who.role in KEEPERS
