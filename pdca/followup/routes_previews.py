"""For administrators: every kind of mail, in both languages, as it is read. Hung up as `admin.…` by wiring.py."""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from pdca.errors import NotFound
from pdca.followup.previews import TEXTS, names, preview
from pdca.mail.files import folder_of
from pdca.mail.queries import counts
from pdca.mail.routes import FRAME
from pdca.web import settings


def show_all() -> ResponseReturnValue:
    """All kinds, one after the other; the other language is a link away."""
    _for_administrators()
    asked = request.args.get("lang", str(get_locale())[:2])
    lang = asked if asked in TEXTS else "nl"
    return render_template(
        "admin/previews.html",
        mails=[(name, preview(name, lang)) for name in names()],
        lang=lang,
        folder=folder_of(settings()),
        figures=counts(),
    )


def show_html(name: str, lang: str) -> Response:
    """One of them, for its frame."""
    _for_administrators()
    response = make_response(preview(name, lang).html)
    response.headers["Content-Security-Policy"] = FRAME
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _for_administrators() -> None:
    if not current_user.is_administrator:
        raise NotFound
