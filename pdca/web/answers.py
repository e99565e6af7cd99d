"""Answers: the row or 404, the regions that changed or a redirect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import Select
from werkzeug.wrappers import Response as BaseResponse

from pdca.db import db
from pdca.errors import NotFound

Row = TypeVar("Row")
# Rendered only when htmx asks for it.
Region = Callable[[], str]


def load_or_404(query: Select[Row]) -> Row:
    """The one row of a query that starts at the caller's own teams; `NotFound` when there is none."""
    row: Row | None = db.session.scalars(query).unique().one_or_none()
    if row is None:
        raise NotFound
    return row


def is_fragment() -> bool:
    """Whether htmx asks for a piece of a page. A boosted link wants the whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def region(template: str, **context: object) -> Region:
    """A partial that swaps itself out of band: `oob` is true in it and its root has an id."""
    return lambda: render_template(template, oob=True, **context)


def changed(*regions: Region, location: str) -> BaseResponse:
    """After a write: htmx gets the regions that changed, a plain browser goes to `location` (303).

    Without regions htmx goes to `location` too.
    """
    if not is_fragment():
        return redirect(location, 303)
    if not regions:
        return Response(status=200, headers={"HX-Redirect": location})
    flash = region("shared/_flash.html")
    return make_response("\n".join(part() for part in (*regions, flash)))
