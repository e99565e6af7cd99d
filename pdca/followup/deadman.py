"""The dead man's switch: each healthy pass asks for a URL of the operator's; somebody else warns when that stops."""

from __future__ import annotations

import logging
from datetime import datetime
from urllib.request import Request, urlopen

from flask import current_app

from pdca.db import db
from pdca.web import settings

log = logging.getLogger("pdca.followup")

PATIENCE_S = 5.0


def ping(at: datetime) -> bool:
    """Say that the follow-up is alive and mail leaves, if PDCA_PING_URL is set. Whether it was said."""
    url = settings().ping_url
    if url is None or not _is_well(at):
        return False
    try:
        with urlopen(Request(url, headers={"User-Agent": "pdca"}), timeout=PATIENCE_S):  # noqa: S310 - http(s) only
            return True
    except OSError as error:
        # Whoever listens there warns by itself.
        log.warning("the ping was not heard: %s", error)
        return False


def _is_well(at: datetime) -> bool:
    with db.reading():
        return all(ask(at).ok for ask in current_app.extensions["probes"].values())
