"""What everybody may read about these pages: what happens with an answer, and for whom they were built."""

from __future__ import annotations

from email.utils import parseaddr

from flask import render_template
from flask.typing import ResponseReturnValue

from pdca.aftercare.routes import bp, showing
from pdca.web import public, settings


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    """What we keep of a customer, what for and how long."""
    with showing.in_language():
        return render_template("aftercare/privacy.html", **_about())


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    """The accessibility statement."""
    with showing.in_language():
        return render_template("aftercare/accessibility.html", **_about())


def _about() -> dict[str, object]:
    given = settings()
    return {
        "sender_note": "",
        "lang": showing.chosen_language(),
        "contact": parseaddr(given.reply_to or "")[1],
        "days": given.keep_addresses_days,
    }
