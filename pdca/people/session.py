"""Flask-Login on our own session rows: who this request is, and what the browser keeps."""

from __future__ import annotations

import re
from datetime import datetime
from typing import cast

from flask import Flask, current_app, g, request
from flask import session as cookie
from flask_login import login_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from pdca import clock
from pdca.mail.keys import fingerprint
from pdca.people.models import Person, SignIn, SignInBy
from pdca.people.sign_ins import LASTS, open_session, session_behind
from pdca.text import clean_line
from pdca.web import login_manager, settings

# Remembers that this browser belongs to somebody, so that strangers who guess can't keep them out.
DEVICE_COOKIE = "pdca-device"
DEVICE_LASTS = 180 * 24 * 3600

BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def install(app: Flask) -> None:
    """Say how a person is loaded, and how long a cookie may live."""
    app.config.update(
        PERMANENT_SESSION_LIFETIME=LASTS,
        # The row decides; a cookie that is set anew with every answer would only cost bytes.
        SESSION_REFRESH_EACH_REQUEST=False,
        # Flask-Login's own remember-me is never used; were it ever, then not with its loose defaults.
        REMEMBER_COOKIE_DURATION=LASTS,
        REMEMBER_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )
    login_manager.user_loader(_load)


def _load(token: str) -> Person | None:
    """The person of a session that still counts: asked of the database on every request, written never."""
    row = session_behind(token, clock.now())
    if row is None:
        return None
    g.sign_in = row
    row.person.session_token = token
    return row.person


def this_session() -> SignIn | None:
    """The session row of this request, when somebody is signed in."""
    return cast("SignIn | None", g.get("sign_in"))


def enter(person: Person, by: SignInBy, at: datetime) -> None:
    """Begin a session for `person` in this browser. Whatever the browser carried before is thrown away."""
    token = open_session(person, by, at=at, device=device_words(request.user_agent.string))
    cookie.clear()
    cookie.permanent = True
    person.session_token = token
    login_user(person)


def forget() -> None:
    """Nothing of the session stays in the browser."""
    cookie.clear()


def remember_device(response: Response, person: Person) -> Response:
    """Mark this browser as one `person` signed in on."""
    response.set_cookie(
        DEVICE_COOKIE,
        _signer().dumps(_mark_of(person.email)),
        max_age=DEVICE_LASTS,
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
        path="/sign-in",
    )
    return response


def known_device(email: str) -> str | None:
    """A name for this browser, when the owner of `email` signed in on it before; None otherwise."""
    value = request.cookies.get(DEVICE_COOKIE, "")
    try:
        mark = _signer().loads(value, max_age=DEVICE_LASTS)
    except BadSignature:
        return None
    # Named after the whole cookie: tries on one stolen device are counted together.
    return fingerprint(value)[:40] if mark == _mark_of(email) else None


def device_words(user_agent: str) -> str:
    """Such as "Firefox · Windows": enough to recognise one's own machine."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    known = " · ".join(word for word in (browser, system) if word)
    return known or clean_line(re.sub(r"[^ -~]", "", user_agent))[:60]


def _mark_of(email: str) -> str:
    return fingerprint(f"device:{email.lower()}")[:32]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]], salt="pdca-device"
    )
