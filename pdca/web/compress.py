"""Text is sent compressed to whoever can read that.

BREACH needs a stranger's page that makes a browser fetch ours, with its cookie, again and again, with text of the
stranger's choice in it. Such a request says `Sec-Fetch-Site: cross-site` (and our cookie is SameSite=Lax), and it is
answered uncompressed; so is a stream, and what is compressed already.
"""

from __future__ import annotations

import zlib

from flask import Flask, request
from werkzeug.wrappers import Response

WORTH_IT = 1024
TYPES = frozenset({"text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml"})
OWN_SITES = (None, "same-origin", "none")
# A large board is compressed in the time its bytes take on a fast line.
LARGE, LEVEL, LEVEL_LARGE = 512 * 1024, 5, 1
GZIP = 31


def init_app(app: Flask) -> None:
    """Compress every answer that gains by it."""

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype in TYPES:
            response.vary.add("Accept-Encoding")
        if not _gains(response):
            return response
        plain = response.get_data()
        packer = zlib.compressobj(LEVEL_LARGE if len(plain) > LARGE else LEVEL, wbits=GZIP)
        response.set_data(packer.compress(plain) + packer.flush())
        response.headers["Content-Encoding"] = "gzip"
        return response


def _gains(response: Response) -> bool:
    return (
        may_compress()
        and response.mimetype in TYPES
        and not response.direct_passthrough
        and not response.is_streamed
        and "Content-Encoding" not in response.headers
        and (response.content_length or 0) >= WORTH_IT
    )


def may_compress() -> bool:
    """Whether who asks can read it, and is no stranger's page."""
    return request.accept_encodings.quality("gzip") > 0 and request.headers.get("Sec-Fetch-Site") in OWN_SITES
