"""One line per request, without a single working token in it."""

from __future__ import annotations

import logging
import re
import secrets

from flask import Flask, g, request
from werkzeug.wrappers import Response

from pdca import clock

log = logging.getLogger("pdca.request")

# What follows these is a key to something.
_SECRET_PATHS = re.compile(r"/(a|act|reset|invitation|set-up|sign-in|new-address|unsub|feeds)/[^/?#\s]+", re.IGNORECASE)
_SECRET_QUERY = re.compile(r"([?&][^=&\s]*(?:token|key|secret|code)[^=&\s]*=)[^&#\s]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def redacted(path: str) -> str:
    """The path with its tokens taken out and on one line."""
    path = _CONTROL.sub("?", path)
    path = _SECRET_PATHS.sub(lambda found: f"/{found[1]}/***", path)
    return _SECRET_QUERY.sub(r"\1***", path)


def init_app(app: Flask) -> None:
    """Number every request and say afterwards how it went."""

    @app.before_request
    def number() -> None:
        g.request_id = secrets.token_hex(4)
        g.began = clock.elapsed()

    @app.after_request
    def write(response: Response) -> Response:
        took = (clock.elapsed() - g.get("began", clock.elapsed())) * 1000
        log.info(
            "%s %s %s %.0f ms %s",
            request.method,
            redacted(request.full_path.rstrip("?")),
            response.status_code,
            took,
            g.get("request_id", "-"),
        )
        return response
