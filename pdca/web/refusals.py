"""Error → response, once: a page for a browser, a sheet for htmx, never a trace."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, make_response, render_template
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as BaseResponse

from pdca.db import db
from pdca.engines import LockTimeout, Mode
from pdca.errors import N_, DomainError, Invalid, NotAllowed, NotFound, Stale
from pdca.web.answers import is_fragment
from pdca.web.language import say

log = logging.getLogger("pdca.web")


@dataclass(frozen=True)
class Words:
    """What somebody reads who can't go on."""

    title: str
    text: str


NOT_ALLOWED = Words(N_("This is not possible yet"), N_("First this has to be settled:"))
INVALID = Words(N_("Something is not right"), N_("Nothing was changed. Please look at this again:"))
STALE = Words(
    N_("Somebody else was here too"),
    N_("This was changed while you had it open. Load the page again to see how it is now."),
)
CSRF = Words(
    N_("This page was open for too long"),
    N_("Nothing was changed. Load the page again and do it once more."),
)
BUSY = Words(N_("It is very busy"), N_("Nothing was changed. Please try again in a minute."))
BROKEN = Words(
    N_("Something went wrong here"),
    N_("Nothing was changed. It is our fault, not yours; it has been written down."),
)
BY_STATUS = {
    400: Words(N_("We could not read this"), N_("Nothing was changed. Go back and try again.")),
    403: Words(N_("This is not yours to do"), N_("Ask the board keeper of the team if you think it should be.")),
    404: Words(N_("There is nothing here"), N_("It does not exist, or it belongs to a team you are not in.")),
    405: Words(N_("This does not work like that"), N_("Go back and use the button on the page.")),
    413: Words(N_("This is too large"), N_("Nothing was changed. Send a smaller file or a shorter text.")),
    415: Words(N_("We do not take this kind of file"), N_("Nothing was changed. Choose another file.")),
    429: Words(N_("That was a lot at once"), N_("Please wait a minute and try again.")),
}


def init_app(app: Flask) -> None:
    """Register the one handler per family."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, lambda _error: answer(400, CSRF))
    app.register_error_handler(LockTimeout, lambda _error: answer(503, BUSY))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def _domain(error: DomainError) -> BaseResponse:
    match error:
        case NotAllowed():
            return answer(409, NOT_ALLOWED, [say(missing) for missing in error.missing])
        case Invalid():
            return answer(422, INVALID, [f"{e.field}: {say(e)}" if e.field else say(e) for e in error.errors])
        case NotFound():
            return answer(404, BY_STATUS[404])
        case Stale():
            return answer(409, STALE)
    raise error


def _http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, SecurityError):
        # No address of ours was asked for, so no page of ours can be built.
        return Response("unknown host\n", 400, mimetype="text/plain")
    response = answer(error.code, BY_STATUS.get(error.code, BY_STATUS[400] if error.code < 500 else BROKEN))
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in error.get_response().headers:
            response.headers[name] = error.get_response().headers[name]
    return response


def _broken(error: Exception) -> BaseResponse:
    """The log gets everything, the reader a number to mention. A test gets the error itself."""
    if current_app.testing:
        raise error
    log.error("request %s failed", g.get("request_id", "?"), exc_info=error)
    try:
        return answer(500, BROKEN)
    except Exception:  # the database or a template may be what is broken
        log.exception("the error page itself failed")
        return Response(f"Something went wrong here ({g.get('request_id', '?')}).\n", 500, mimetype="text/plain")


def answer(status: int, words: Words, sentences: Sequence[str] = ()) -> BaseResponse:
    """Undo what was begun, then explain: as a sheet to htmx, else as a page."""
    _undo()
    context = {"title": gettext(words.title), "text": gettext(words.text), "missing": list(sentences)}
    if is_fragment():
        response = make_response(render_template("errors/_fragment.html", **context), status)
        response.headers["HX-Retarget"] = "#sheet"
        response.headers["HX-Reswap"] = "innerHTML"
        return response
    number = g.get("request_id", "") if status >= 500 else ""
    return make_response(render_template("errors/page.html", code=status, request_id=number, **context), status)


def _undo() -> None:
    # The answer is only read from here on, and nobody has to wait for it.
    try:
        db.session.rollback()
    except SQLAlchemyError:
        log.exception("rolling back failed")
    db.set_mode(Mode.READ)
