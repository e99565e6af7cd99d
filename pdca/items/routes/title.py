"""The title, changed where it stands: on the card, on the item's page, or as a sheet without a script."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pdca.items.edit import retitle
from pdca.items.forms.acts import TitleForm
from pdca.items.routes import bp
from pdca.items.routes.acting import act
from pdca.items.views.acts import ActSheet, Ask, act_sheet
from pdca.items.views.gate import Asking
from pdca.items.views.sheet import SheetView


@bp.route("/items/<int:item_id>/title", methods=["GET", "POST"])
def title(item_id: int) -> ResponseReturnValue:
    """One line. Somebody else's newer title is shown, not replaced unseen."""
    form = TitleForm()
    typed, was = form.title.data or "", form.was.data or ""
    return act(
        item_id,
        form,
        _sheet,
        lambda d: retitle(d.item, typed, was=was, by=d.by, at=d.at),
        gettext("The title is changed."),
    )


def _sheet(asking: Asking) -> SheetView:
    held = asking.item.title
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Change the title"),
            action=url_for("items.title", item_id=asking.item.id),
            submit=gettext("Keep"),
            asks=(Ask("title", {"title": held}),),
            # What is seen now is what the next try replaces.
            hidden={"was": held},
        ),
    )
