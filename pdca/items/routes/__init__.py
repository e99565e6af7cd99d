"""Pages, sheets and acts of items."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("items", __name__)

# They hang their views on `bp`.
from pdca.items.routes import capture, care, customers, dates, deciding, files, gates, handing, page, talking, title  # noqa: E402, F401
