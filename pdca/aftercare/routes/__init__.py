"""The customer's own pages: opening changes nothing, answering is a POST, and no account is needed."""

from __future__ import annotations

from flask import Blueprint, Response

bp = Blueprint("aftercare", __name__)


@bp.after_request
def keep_to_itself(response: Response) -> Response:
    """The address of these pages is a secret: it is not passed on, not indexed, not kept."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


# They hang their views on `bp`.
from pdca.aftercare.routes import about, link, unsubscribing  # noqa: E402, F401
