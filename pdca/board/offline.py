"""Installed on a phone: the manifest, the service worker, and the page without a connection. None knows a reader."""

from __future__ import annotations

import re

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from pdca.web import public

bp = Blueprint("offline", __name__)
# The paper of the light scheme (static/css/tokens.css); tools/icons.py draws on it too.
PAPER = "#faf7f0"
ICONS = (
    ("img/favicon.svg", "any", "image/svg+xml", "any"),
    ("img/icon-192.png", "192x192", "image/png", "any"),
    ("img/icon-512.png", "512x512", "image/png", "any"),
    ("img/icon-maskable-512.png", "512x512", "image/png", "maskable"),
)
FONT = "fonts/hanken-grotesk-latin-wght-normal.woff2"


@bp.get("/offline")
@public
def show() -> ResponseReturnValue:
    """What is shown without a connection."""
    return render_template("board/offline.html")


@bp.get("/manifest.webmanifest")
@public
def manifest() -> ResponseReturnValue:
    """What a phone needs to install it."""
    icons = [
        {"src": url_for("static", filename=name), "sizes": sizes, "type": kind, "purpose": purpose}
        for name, sizes, kind, purpose in ICONS
    ]
    said = {
        "name": current_app.config["PRODUCT_NAME"],
        "short_name": current_app.config["PRODUCT_NAME"],
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": icons,
    }
    answer = jsonify(said)
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/sw.js")
@public
def worker() -> ResponseReturnValue:
    """At the root, so that it may answer for every page."""
    names = ("css/app.css", "js/app.js", FONT)
    files = ["/offline", *(url_for("static", filename=name) for name in names)]
    found = re.search(r"/v/([0-9a-f]+)/", files[1])
    script = render_template("board/sw.js", files=files, version=found[1] if found else "0")
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})
