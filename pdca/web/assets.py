"""Static files live under a name that changes with their content, so that a browser may keep them for a year.

The name is of all files together and stands in the path: a style sheet's imports, a module's imports and the
fonts are relative, so they carry it too, and a page costs one request once its parts are known.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response

A_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Add the name to every static URL; a file asked for without it, or by an old one, is checked again each time."""
    name = _digest(Path(str(app.static_folder)))
    app.add_url_rule(f"{app.static_url_path}/v/<v>/<path:filename>", endpoint="static")
    app.view_functions["static"] = lambda filename, v="": app.send_static_file(filename)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename"):
            values.setdefault("v", name)

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and _named(request.view_args) == name and response.status_code == 200:
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.immutable = True
            response.cache_control.max_age = A_YEAR
        return response


def _named(view_args: dict[str, Any] | None) -> str:
    return str((view_args or {}).get("v", ""))


def _digest(folder: Path) -> str:
    """One name for everything in the folder: paths and contents."""
    known = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        known.update(path.relative_to(folder).as_posix().encode())
        known.update(path.read_bytes())
    return known.hexdigest()[:12]
