"""Comments, followers, labels and links."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import func, select

from pdca import clock
from pdca.catalogue.models import Label
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid
from pdca.items import talk, words
from pdca.items.forms.acts import CommentForm, LabelsForm, LinkForm, NothingForm
from pdca.items.routes import bp
from pdca.items.routes.acting import Doing, act, attempt, begin, me, news_of, press, with_news
from pdca.items.terms import ItemLinkKind
from pdca.items.views.acts import ActSheet, Ask, act_sheet
from pdca.items.views.gate import Asking
from pdca.items.views.page import item_page
from pdca.items.views.sheet import SheetView
from pdca.web.answers import is_fragment

CHOOSE = N_("Choose one from the list.")
A_NUMBER = N_("Type the number of the other item.")


@bp.post("/items/<int:item_id>/comments")
def comment(item_id: int) -> ResponseReturnValue:
    """Markdown, with mentions."""
    form, doing = CommentForm(), begin(item_id)
    refused = attempt(form, lambda: talk.comment(doing.item, form.body.data or "", by=doing.by, at=doing.at))
    if refused is None:
        if not is_fragment():
            return redirect(f"{url_for('items.show', item_id=item_id)}#journal", 303)
        view = item_page(me(), item_id, clock.now())
        return with_news(make_response(render_template("items/_said.html", page_=view)), news_of(begin(item_id).item))
    view = item_page(me(), item_id, clock.now(), said=request.form.get("body", ""), said_refused=refused)
    template = "items/_say.html" if is_fragment() else "items/item.html"
    return render_template(template, page_=view), refused.status


@bp.post("/items/<int:item_id>/followers")
def follow(item_id: int) -> ResponseReturnValue:
    """Hear how it goes on."""
    said = gettext("You follow this now.")
    return press(item_id, NothingForm(), lambda d: talk.follow(d.item, by=d.by, at=d.at), said)


@bp.post("/items/<int:item_id>/followers/end")
def unfollow(item_id: int) -> ResponseReturnValue:
    """Stop hearing about it; duties are not affected."""
    said = gettext("You no longer follow this.")
    return press(item_id, NothingForm(), lambda d: talk.unfollow(d.item, by=d.by, at=d.at), said)


@bp.route("/items/<int:item_id>/labels", methods=["GET", "POST"])
def labels(item_id: int) -> ResponseReturnValue:
    """Exactly these labels."""
    form = LabelsForm()
    return act(
        item_id,
        form,
        _labels_sheet,
        lambda d: talk.set_labels(d.item, form.labels.data or [], by=d.by, at=d.at),
        gettext("Kept."),
    )


@bp.route("/items/<int:item_id>/links", methods=["GET", "POST"])
def links(item_id: int) -> ResponseReturnValue:
    """Tie another item of this board to it."""
    form = LinkForm()
    return act(item_id, form, _links_sheet, lambda d: _link(d, form), gettext("Tied together."))


@bp.post("/items/<int:item_id>/links/<int:link_id>/removal")
def unlink(item_id: int, link_id: int) -> ResponseReturnValue:
    """Untie it."""
    said = gettext("Untied.")
    return press(item_id, NothingForm(), lambda d: talk.unlink(d.item, link_id, by=d.by, at=d.at), said)


def _link(doing: Doing, form: LinkForm) -> None:
    if form.other.data is None:
        raise Invalid([FieldError("other", A_NUMBER)])
    talk.link(doing.item, form.other.data, form.kind.data or ItemLinkKind.RELATED, by=doing.by, at=doing.at)


def _labels_sheet(asking: Asking) -> SheetView:
    rows = db.session.scalars(
        select(Label)
        .where(Label.team_id == asking.item.team_id, Label.retired_at.is_(None))
        .order_by(func.lower(Label.name))
    )
    held = [label.id for label in asking.item.labels]
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Labels"),
            action=url_for("items.labels", item_id=asking.item.id),
            submit=gettext("Keep"),
            asks=(Ask("labels", {}, {"labels": [(label.id, label.name) for label in rows]}, {"held": held}),),
        ),
    )


def _links_sheet(asking: Asking) -> SheetView:
    kinds = [(kind.value, words.sentence_case(words.LINK_NAMES[kind])) for kind in ItemLinkKind]
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Tie to another item"),
            action=url_for("items.links", item_id=asking.item.id),
            submit=gettext("Tie together"),
            asks=(Ask("link", {"kind": ItemLinkKind.RELATED.value}, {"kind": kinds}),),
        ),
    )
