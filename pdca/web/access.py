"""Who gets in: closed unless a view says it is public; writes only from our own pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, g, redirect, request
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as BaseResponse

from pdca.config import Settings
from pdca.db import db
from pdca.engines import Mode

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SIGN_IN = "/sign-in"
# Room for the other fields of a form that brings a file.
FORM_ROOM = 256 * 1024

View = TypeVar("View", bound=Callable[..., Any])

# The people room says how a person is loaded; until then nobody is signed in.
login_manager = LoginManager()


def public(view: View) -> View:
    """This view is for everybody, signed in or not."""
    return _mark(view, "is_public")


def writes_itself(view: View) -> View:
    """This view announces its writes with `db.writing()`: it hashes or waits before it writes."""
    return _mark(view, "writes_itself")


def accepts_upload(view: View) -> View:
    """This view takes a file, up to the size that is set."""
    return _mark(view, "accepts_upload")


def _mark(view: View, word: str) -> View:
    setattr(view, word, True)
    return view


def is_marked(app: Flask, endpoint: str | None, word: str) -> bool:
    """Whether the view behind `endpoint` was marked with `word`."""
    return bool(endpoint) and getattr(app.view_functions.get(endpoint or ""), word, False)


def limit(app: Flask) -> None:
    """Before the body is read: how large it may be, and whether our own page sent it."""
    settings: Settings = app.extensions["settings"]

    @app.before_request
    def measure() -> None:
        if is_marked(app, request.endpoint, "accepts_upload"):
            request.max_content_length = settings.upload_megabytes * 1024 * 1024 + FORM_ROOM

    @app.before_request
    def from_our_own_page() -> None:
        if request.method not in SAFE_METHODS and _is_foreign(settings):
            raise CSRFError("sent from another site")


def _is_foreign(settings: Settings) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    # "null" comes from pages that send no referrer; the form's own token still has to be right.
    return origin not in (None, "null", settings.links, request.host_url.rstrip("/"))


def guard(app: Flask) -> None:
    """After the form's token: who is it, and may this request write."""
    login_manager.init_app(app)
    login_manager.user_loader(lambda _: None)
    login_manager.unauthorized_handler(_to_the_door)

    @app.before_request
    def closed_unless_public() -> BaseResponse | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        if is_marked(app, request.endpoint, "is_public") or current_user.is_authenticated:
            return None
        return _to_the_door()

    @app.before_request
    def announce_the_write() -> None:
        g.mode_before = db.mode
        if request.method not in SAFE_METHODS and not is_marked(app, request.endpoint, "writes_itself"):
            # Who it is was asked a moment ago and stays the answer for this request.
            db.release(keep=True)
            db.set_mode(Mode.WRITE_ONCE)

    @app.teardown_request
    def back_to_reading(_error: BaseException | None) -> None:
        # A context that passed no request (a test's look into its cookie) announced nothing.
        if "mode_before" in g:
            db.set_mode(g.mode_before)


def _to_the_door() -> BaseResponse:
    """Sign in first, then go on where you were."""
    if request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true":
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        return Response(status=401, headers={"HX-Redirect": _door(_relative(here.path, here.query))})
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(_door(wanted), 303)


def _door(wanted: str) -> str:
    path = own_path(wanted)
    return SIGN_IN if path == "/" else f"{SIGN_IN}?{urlencode({'next': path})}"


def _relative(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


_OWN_PATH = re.compile(r"/(?![/\\]|%2f|%5c)[^\\\x00-\x20\x7f]*", re.IGNORECASE)


def own_path(target: str | None) -> str:
    """`target` when it is a path on this site, else "/": nobody is sent elsewhere after signing in."""
    return target if target and len(target) <= 500 and _OWN_PATH.fullmatch(target) else "/"
