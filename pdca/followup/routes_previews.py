"""For administrators: every kind of mail, in both languages, as it is read. Hung up as `admin.…` by wiring.py.

So `administrators_only` of that blueprint stands before it.
"""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from pdca.followup.previews import TEXTS, names, preview
from pdca.mail.files import folder_of
from pdca.mail.queries import counts
from pdca.mail.routes import framed
from pdca.web import settings


def show_all() -> ResponseReturnValue:
    """All kinds, one after the other; the other language is a link away."""
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
    return framed(preview(name, lang).html)
