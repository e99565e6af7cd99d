"""Static files live under a name that changes with their content, so that a browser may keep them for a year.

The name is of all files together and stands in the path: the fonts are relative to the style sheet, so they carry
it too. What a page needs of style sheets and scripts is joined (see bundle.py).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

from pdca.web.bundle import Joined, bundles
from pdca.web.compress import may_compress

A_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Add the name to every static URL; a file asked for without it, or by an old one, is checked again each time."""
    name = _digest(Path(str(app.static_folder)))
    app.add_url_rule(f"{app.static_url_path}/v/<v>/<path:filename>", endpoint="static")
    joined = bundles(Path(str(app.static_folder)))
    app.view_functions["static"] = lambda filename, v="": _send(app, filename, joined.get(filename), is_named=v == name)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename"):
            values.setdefault("v", name)

    @app.after_request
    def keep(response: BaseResponse) -> BaseResponse:
        if request.endpoint == "static" and _named(request.view_args) == name and response.status_code == 200:
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.immutable = True
            response.cache_control.max_age = A_YEAR
        return response


def _send(app: Flask, filename: str, joined: Joined | None, *, is_named: bool) -> BaseResponse:
    """A file as it lies there, or several as one. Under an old name it is still the new content."""
    if joined is None:
        return app.send_static_file(filename)
    packs = may_compress()
    answer = Response(joined.packed if packs else joined.plain, mimetype=joined.mimetype)
    if packs:
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    if not is_named:
        answer.cache_control.no_cache = True
    return answer


def _named(view_args: dict[str, Any] | None) -> str:
    return str((view_args or {}).get("v", ""))


def _digest(folder: Path) -> str:
    """One name for everything in the folder: paths and contents."""
    known = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        known.update(path.relative_to(folder).as_posix().encode())
        known.update(path.read_bytes())
    return known.hexdigest()[:12]
