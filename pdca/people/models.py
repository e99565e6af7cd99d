"""People, teams and who may stand in for whom."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pdca.db import Base, enum_column
from pdca.people.permissions import Role

__all__ = [
    "Absence",
    "FailedSignIn",
    "Membership",
    "Person",
    "Role",
    "SignIn",
    "SignInBy",
    "Sponsorship",
    "Team",
    "TeamDay",
    "TeamSetting",
]


class SignInBy(StrEnum):
    """What proved who signed in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - the name of a way in
    DEMO = "demo"


class Person(Base):
    """Somebody who signs in. Erasing keeps the row, so that the journal stays true."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    locale: Mapped[str | None] = mapped_column(String(2))
    timezone: Mapped[str | None] = mapped_column(String(64))
    # One grouped mail a day leaves between these local times, on a working day.
    mail_from: Mapped[time] = mapped_column(default=time(7, 0))
    mail_until: Mapped[time] = mapped_column(default=time(19, 0))
    # ISO weekdays (1 = Monday) this person never works, as "3,5".
    days_off: Mapped[str] = mapped_column(String(20), default="")
    # How this person likes a board: grouped by ("" for one list), with cards close together, and which columns are
    # folded ("check,act").
    board_lanes: Mapped[str] = mapped_column(String(10), default="")
    board_is_compact: Mapped[bool] = mapped_column(default=False)
    board_folded: Mapped[str] = mapped_column(String(40), default="")
    # No reminders and no overview since: the next in line is told instead (RFC 8058, or on the profile).
    mail_off_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_administrator: Mapped[bool] = mapped_column(default=False)
    # Opened an invitation, a link or a password once: until then an invitation may be mailed again.
    has_come_in: Mapped[bool] = mapped_column(default=False)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    # The session this request came in on: set by session.py, never stored.
    session_token = ""

    deputy: Mapped[Person | None] = relationship(remote_side=[id])
    memberships: Mapped[list[Membership]] = relationship(back_populates="person", cascade="all, delete-orphan")
    absences: Mapped[list[Absence]] = relationship(back_populates="person", cascade="all, delete-orphan")

    @property
    def is_active(self) -> bool:
        """Whether this person may sign in and hold duties (also read by Flask-Login)."""
        return self.deactivated_at is None

    @property
    def is_authenticated(self) -> bool:
        """Flask-Login: a loaded person has signed in."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Flask-Login: a person is never anonymous."""
        return False

    def get_id(self) -> str:
        """Flask-Login: what the cookie holds, the random token of a session row and never a person's id."""
        return self.session_token

    @property
    def initials(self) -> str:
        """First letters of the first and the last word of the name."""
        return initials_of(self.name)

    @property
    def weekdays_off(self) -> frozenset[int]:
        """ISO weekdays (1 = Monday … 7 = Sunday) on which this person never works."""
        return frozenset(int(day) for day in self.days_off.split(",") if day)


def initials_of(name: str) -> str:
    """First letters of the first and the last word."""
    words = name.split() or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


class Absence(Base):
    """A stretch of days on which the duties of a person go to the deputy."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date]

    person: Mapped[Person] = relationship(back_populates="absences")

    def covers(self, day: date) -> bool:
        """Whether this day lies in it, the first and the last included."""
        return self.from_on <= day <= self.until_on

    def days(self) -> list[date]:
        """Every day of it."""
        return [self.from_on + timedelta(days=n) for n in range((self.until_on - self.from_on).days + 1)]


class Team(Base):
    """A group of people around one board."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    timezone: Mapped[str] = mapped_column(String(64))
    # Whose public holidays count: ISO country code, NL or BE.
    country: Mapped[str] = mapped_column(String(2), default="NL")
    created_at: Mapped[datetime]
    # The next number on this board's cards; taken under the writer's lock.
    next_number: Mapped[int] = mapped_column(default=1)
    # Made to try things out on the first day; it can be removed whole.
    is_practice: Mapped[bool] = mapped_column(default=False)

    memberships: Mapped[list[Membership]] = relationship(back_populates="team", cascade="all, delete-orphan")
    settings: Mapped[list[TeamSetting]] = relationship(cascade="all, delete-orphan")
    own_days: Mapped[list[TeamDay]] = relationship(cascade="all, delete-orphan")


class TeamSetting(Base):
    """One ◇ number a team changed; what is not here has the default of people/settings.py."""

    __tablename__ = "team_setting"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(60))


class TeamDay(Base):
    """A day on which a team's calendar differs from weekends and public holidays."""

    __tablename__ = "team_day"
    __table_args__ = (UniqueConstraint("team_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    name: Mapped[str] = mapped_column(String(120))
    is_free: Mapped[bool] = mapped_column(default=True)


class Membership(Base):
    """One role of one person in one team."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("team_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    joined_at: Mapped[datetime]

    team: Mapped[Team] = relationship(back_populates="memberships")
    person: Mapped[Person] = relationship(back_populates="memberships")


class Sponsorship(Base):
    """A person above the leaders, over one or more teams."""

    __tablename__ = "sponsorship"
    __table_args__ = (UniqueConstraint("team_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)

    person: Mapped[Person] = relationship()
    team: Mapped[Team] = relationship()


class SignIn(Base):
    """A server-side session: the cookie names it, this row decides whether it still counts."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    by: Mapped[SignInBy] = mapped_column(enum_column(SignInBy))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(200), default="")

    person: Mapped[Person] = relationship()


class FailedSignIn(Base):
    """A guess at a password or a request for a link, counted per account and per address."""

    __tablename__ = "failed_sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_hash: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
