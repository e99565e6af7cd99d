"""The edge: what every request passes and every answer carries. Rooms import their web words from here."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app
from flask_htmx import HTMX
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug import routing
from werkzeug.middleware.proxy_fix import ProxyFix

from pdca.config import Settings
from pdca.web import access, assets, compress, headers, health, kept, language, refusals, requestlog
from pdca.web.access import accepts_upload, login_manager, own_path, public, writes_itself
from pdca.web.answers import changed, load_or_404, region
from pdca.web.forms import Form, NothingForm
from pdca.web.health import Probe, register_probe
from pdca.web.language import LANGUAGES, say
from pdca.web.requestlog import redacted

__all__ = [
    "LANGUAGES",
    "Form",
    "NothingForm",
    "Probe",
    "accepts_upload",
    "changed",
    "csrf",
    "htmx",
    "load_or_404",
    "login_manager",
    "own_path",
    "public",
    "redacted",
    "region",
    "register_probe",
    "say",
    "settings",
    "writes_itself",
]

PRODUCT = "Beterbord"
MEGABYTE = 1024 * 1024
LARGEST_ID = 2**31 - 1

csrf = CSRFProtect()
htmx = HTMX()


class IntegerConverter(routing.IntegerConverter):
    """A row's id in a path. What no database could hold is not found, and no error."""

    def __init__(self, url_map: routing.Map, *args: Any, **kwargs: Any) -> None:
        """As Werkzeug's own, up to the largest id a column holds."""
        super().__init__(url_map, *args, **{"max": LARGEST_ID, **kwargs})


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def init_app(app: Flask) -> None:
    """Hang everything on the app. The order is the order in which a request passes."""
    given: Settings = app.extensions["settings"]
    _configure(app, given)
    requestlog.init_app(app)
    compress.init_app(app)
    access.limit(app)
    csrf.init_app(app)
    access.guard(app)
    htmx.init_app(app)
    language.init_app(app)
    headers.init_app(app)
    assets.init_app(app)
    refusals.init_app(app)
    health.init_app(app)
    kept.init_app(app)
    if given.trusted_proxies:
        count = given.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def _configure(app: Flask, given: Settings) -> None:
    app.url_map.converters["int"] = IntegerConverter
    app.config.update(
        PRODUCT_NAME=PRODUCT,
        ORGANISATION=given.organisation,
        TRUSTED_HOSTS=given.hosts,
        MAX_CONTENT_LENGTH=2 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=MEGABYTE,
        SESSION_COOKIE_NAME="__Host-pdca" if given.secure else "pdca",
        SESSION_COOKIE_SECURE=given.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Boards stay open for days; the token lives as long as the session.
        WTF_CSRF_TIME_LIMIT=None,
        # Sec-Fetch-Site says it better, and pages that send no referrer must still be able to post.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["oob"] = False
