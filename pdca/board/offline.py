"""Installed on a phone: the manifest, the service worker, and the page without a connection. None knows a reader."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from pdca.web import public

bp = Blueprint("offline", __name__)
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
    icons: list[dict[str, Any]] = [
        {
            "src": url_for("static", filename="img/favicon.svg"),
            "sizes": "any",
            "type": "image/svg+xml",
            "purpose": "any",
        }
    ]
    said = {
        "name": current_app.config["PRODUCT_NAME"],
        "short_name": current_app.config["PRODUCT_NAME"],
        "start_url": "/",
        "display": "standalone",
        "background_color": "#faf7f0",
        "theme_color": "#faf7f0",
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
