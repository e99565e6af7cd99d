"""What people may type here: one explicit schema per form, one sentence per refusal."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField, ValidationError
from wtforms.validators import Length, Optional

from pdca.people.models import Person, Role
from pdca.people.passwords import LONGEST, TOO_LONG, problem_with
from pdca.people.settings import BOUNDS, Bounds
from pdca.web import Form
from pdca.web.fields import NOT_A_DATE, NOT_A_TIME, Day, Number, OneOf, SomeOf, TimeOfDay, at_most, filled

LANGUAGES = (("nl", "Nederlands"), ("en", "English"))
CONTINENTS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
COUNTRIES = (("NL", _l("Netherlands")), ("BE", _l("Belgium")))
DAY_NAMES = (
    (1, _l("Monday")),
    (2, _l("Tuesday")),
    (3, _l("Wednesday")),
    (4, _l("Thursday")),
    (5, _l("Friday")),
    (6, _l("Saturday")),
    (7, _l("Sunday")),
)
ROLE_NAMES = {
    Role.VIEWER: _l("viewer"),
    Role.MEMBER: _l("member"),
    Role.BOARD_KEEPER: _l("board keeper"),
    Role.LEADER: _l("leader"),
}


# --- fields that come back ---------------------------------------------------------------------------------


class EmailField(StringField):
    """An e-mail address, in small letters; nobody is asked whether it exists."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Keep the normal form of the address."""
        if validation_stopped or not self.data:
            return
        try:
            found = validate_email(self.data, check_deliverability=False)
        except EmailNotValidError:
            raise ValidationError(gettext("This is not an e-mail address. Type it like name@example.org.")) from None
        self.data = found.normalized.lower()


def email_field(label: Any = None) -> Any:
    """The address field of every form that has one."""
    return EmailField(label or _l("E-mail address"), validators=[filled(), at_most(254)])


def name_field(label: Any = None) -> Any:
    """A person's name."""
    return StringField(label or _l("Name"), validators=[filled(), at_most(120)])


def language_field(*, or_browser: bool = False) -> Any:
    """Dutch or English."""
    first = [("", _l("the language of my browser"))] if or_browser else []
    return OneOf(_l("Language"), choices=[*first, *LANGUAGES])


def role_field() -> Any:
    """A role; the page narrows the list to what this person may give."""
    return OneOf(_l("Role"), choices=[(role.value, name) for role, name in ROLE_NAMES.items()])


@cache
def time_zones() -> tuple[str, ...]:
    """The zones people live in, by name."""
    return tuple(sorted(z for z in available_timezones() if z.partition("/")[0] in CONTINENTS))


# --- coming in -------------------------------------------------------------------------------------------


class LinkForm(Form):
    """Mail me a link."""

    email = email_field(_l("Your e-mail address at work"))
    next: Any = HiddenField()


class PasswordSignInForm(Form):
    """Sign in with a password."""

    email: Any = EmailField(_l("Your e-mail address at work"), validators=[filled(), at_most(254)], id="password-email")
    password: Any = PasswordField(_l("Password"), validators=[filled(), Length(max=LONGEST, message=_l(TOO_LONG))])
    next: Any = HiddenField()


class DemoForm(Form):
    """One click in the demo."""

    part: Any = StringField()


class ResetRequestForm(Form):
    """Mail me a link to set a new password."""

    email = email_field()


class NewPasswordForm(Form):
    """A new password, for somebody we know."""

    new_password: Any = PasswordField(_l("New password"), validators=[filled()])

    def __init__(self, person: Person, **kwargs: Any) -> None:
        """`person` is whose password it becomes."""
        super().__init__(**kwargs)
        self._person = person

    def validate_new_password(self, field: Any) -> None:
        """Refuse what is short, well known or their own name."""
        refuse_weak(field.data, email=self._person.email, name=self._person.name)


class InvitationForm(Form):
    """Taking up an invitation."""

    name = name_field(_l("Your name"))
    locale = language_field()
    new_password: Any = PasswordField(_l("Password"), validators=[Optional()])

    def __init__(self, email: str, **kwargs: Any) -> None:
        """`email` is who was invited."""
        super().__init__(**kwargs)
        self._email = email

    def validate_new_password(self, field: Any) -> None:
        """A password is optional; a weak one is refused."""
        if field.data:
            refuse_weak(field.data, email=self._email, name=self.name.data or "")


class SetUpForm(Form):
    """The first administrator."""

    name = name_field(_l("Your name"))
    email = email_field()
    locale = language_field()
    new_password: Any = PasswordField(_l("Password"), validators=[filled()])

    def validate_new_password(self, field: Any) -> None:
        """Refuse a weak one."""
        refuse_weak(field.data, email=self.email.data or "", name=self.name.data or "")


def refuse_weak(password: str, *, email: str, name: str) -> None:
    """Say what is wrong with a password."""
    problem = problem_with(password, email=email, name=name)
    if problem:
        raise ValidationError(gettext(problem))


# --- profile ---------------------------------------------------------------------------------------------


class ProfileForm(Form):
    """Who I am and how I read."""

    name = name_field(_l("Your name"))
    locale = language_field(or_browser=True)
    timezone: Any = OneOf(_l("Time zone"), choices=())

    def offer_zones(self, own: str | None, otherwise: str) -> None:
        """Every zone, first "like the organisation"; a zone that was retired stays choosable for who has it."""
        zones = [*time_zones()]
        if own and own not in zones:
            zones.append(own)
        first = gettext("like the organisation: %(zone)s", zone=otherwise)
        self.timezone.choices = [("", first), *((zone, zone) for zone in zones)]


class AvailabilityForm(Form):
    """When I work and may be mailed."""

    mail_from: Any = TimeOfDay(_l("Mail may arrive from"), validators=[filled(NOT_A_TIME)])
    mail_until: Any = TimeOfDay(_l("until"), validators=[filled(NOT_A_TIME)])
    days_off: Any = SomeOf(_l("Days you never work"), choices=list(DAY_NAMES), coerce=int)


class DeputyForm(Form):
    """Who takes over."""

    deputy_id: Any = OneOf(_l("Deputy"), coerce=lambda value: int(value) if value else 0, choices=())


class AbsenceForm(Form):
    """Days away."""

    from_on: Any = Day(_l("First day"), validators=[filled(NOT_A_DATE)])
    until_on: Any = Day(_l("Last day"), validators=[filled(NOT_A_DATE)])


class LanguageForm(Form):
    """The language switch."""

    locale = language_field()
    next: Any = HiddenField()


def _current_password(ident: str) -> Any:
    return PasswordField(_l("Current password"), validators=[Length(max=LONGEST, message=_l(TOO_LONG))], id=ident)


class ReauthForm(Form):
    """What proves once more that it is you; left empty when you came in by a link just now."""

    current_password: Any = _current_password("current-password")


class ChangePasswordForm(ReauthForm):
    """Another password."""

    current_password = _current_password("password-current")
    new_password: Any = PasswordField(_l("New password"), validators=[filled()])

    def __init__(self, person: Person, **kwargs: Any) -> None:
        """`person` is whose password it becomes."""
        super().__init__(**kwargs)
        self._person = person

    def validate_new_password(self, field: Any) -> None:
        """Refuse what is short, well known or their own name."""
        refuse_weak(field.data, email=self._person.email, name=self._person.name)


class ChangeAddressForm(ReauthForm):
    """Another e-mail address."""

    current_password = _current_password("address-current")
    email: Any = EmailField(_l("New e-mail address"), validators=[filled(), at_most(254)], id="address-email")


# --- teams -----------------------------------------------------------------------------------------------


class InviteForm(Form):
    """Somebody new in the installation."""

    email = email_field()
    name = name_field()


class AddMemberForm(InviteForm):
    """Somebody in the team."""

    role = role_field()


class RoleForm(Form):
    """Another role."""

    role = role_field()


class TeamForm(Form):
    """A team."""

    name: Any = StringField(_l("Name of the team"), validators=[filled(), at_most(120)])


class SponsorForm(Form):
    """Somebody above the leaders."""

    person_id: Any = OneOf(_l("Sponsor"), coerce=int, choices=())


class CalendarForm(Form):
    """Whose holidays, which clock."""

    name: Any = StringField(_l("Name of the team"), validators=[filled(), at_most(120)])
    country: Any = OneOf(_l("Public holidays of"), choices=list(COUNTRIES))
    timezone: Any = OneOf(_l("Time zone"), choices=())


class OwnDayForm(Form):
    """A day that differs."""

    day: Any = Day(_l("Day"), validators=[filled(NOT_A_DATE)])
    # Its own id: the team's name stands on the same page.
    name: Any = StringField(_l("What it is"), id="day-name", validators=[filled(), at_most(120)])
    is_free: Any = OneOf(_l("The team"), choices=[("free", _l("is free")), ("works", _l("works"))])


class NumbersForm(Form):
    """The ◇ numbers of a team, a field for each row of people/settings.py. Empty goes back to the default."""

    def values(self, defaults: Any) -> dict[str, int]:
        """Every number, the default where the field was left empty."""
        typed = {name: self[name].data for name in BOUNDS}
        return {name: getattr(defaults, name) if v is None else v for name, v in typed.items()}


def _number_field(bounds: Bounds) -> Any:
    if bounds.is_switch:
        return OneOf(_l(bounds.label), choices=[(1, _l("Yes")), (0, _l("No"))], coerce=int)
    return Number(bounds.low, bounds.high, label=_l(bounds.label))


for _name, _bounds in BOUNDS.items():
    setattr(NumbersForm, _name, _number_field(_bounds))
