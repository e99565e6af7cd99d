"""The item's page, and the page that shows the life cycle itself."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from pdca import clock
from pdca.items.routes import bp
from pdca.items.routes.acting import me
from pdca.items.views.life_cycle import life_cycle
from pdca.items.views.page import item_page


@bp.get("/items/<int:item_id>")
def show(item_id: int) -> ResponseReturnValue:
    """The whole story of one item."""
    before = request.args.get("before", type=int)
    return render_template("items/item.html", page_=item_page(me(), item_id, clock.now(), before=before))


@bp.get("/help/life-cycle")
def help_life_cycle() -> ResponseReturnValue:
    """The life-cycle table as this product obeys it."""
    return render_template("items/life_cycle.html", groups=life_cycle())
