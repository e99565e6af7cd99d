"""Dutch or English: the person's choice, else the installation's, else the browser's."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, format_date, get_locale, gettext
from flask_login import current_user

from pdca.errors import FieldError, Missing

LANGUAGES = ("nl", "en")


def init_app(app: Flask) -> None:
    """Choose language and time zone per request; jobs choose with `force_locale`."""
    Babel(app, default_locale="en", locale_selector=choose_locale, timezone_selector=choose_timezone)
    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.filters["say"] = say
    app.jinja_env.filters["longdate"] = longdate


def choose_locale() -> str | None:
    """The language of this request; outside one the installation's."""
    settings = current_app.extensions["settings"]
    if not has_request_context():
        return settings.locale or "en"
    own = _of_the_person("locale")
    return own or settings.locale or request.accept_languages.best_match(LANGUAGES, "en")


def choose_timezone() -> str:
    """The zone in which this reader sees instants."""
    own = _of_the_person("timezone") if has_request_context() else None
    return own or str(current_app.extensions["settings"].timezone)


def _of_the_person(what: str) -> str | None:
    if not current_user or not current_user.is_authenticated:
        return None
    chosen: str | None = getattr(current_user, what, None)
    return chosen


def say(thing: Missing | FieldError | str, **params: Any) -> str:
    """A domain text in the reader's language, its placeholders filled in."""
    if isinstance(thing, str):
        return str(gettext(thing, **params))
    # Texts among the placeholders are message ids too (the name of a criterion or a field).
    filled = {name: gettext(value) if isinstance(value, str) else value for name, value in thing.params.items()}
    return str(gettext(thing.message, **filled))


def longdate(day: date) -> str:
    """ "4 november 2026", in the reader's language, and in the same order in each."""
    return str(format_date(day, "d MMMM y"))
