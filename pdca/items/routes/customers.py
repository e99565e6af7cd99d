"""Who is asked: several customers of a group in one go, the call sheet, and the counter for who has no address."""

from __future__ import annotations

import segno
from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from markupsafe import Markup

from pdca import clock
from pdca.errors import N_, FieldError, Invalid, NotFound
from pdca.items import contacts, counter, words
from pdca.items.contacts import Somebody
from pdca.items.forms.acts import CustomersForm, NothingForm
from pdca.items.forms.customers import read_contact
from pdca.items.models import Contact, Item
from pdca.items.queries import check_of
from pdca.items.routes import bp
from pdca.items.routes.acting import act, begin, press
from pdca.items.terms import CustomerType
from pdca.items.views.acts import ActSheet, Ask, act_sheet
from pdca.items.views.gate import Asking
from pdca.items.views.sheet import SheetView
from pdca.mail.links import token_of
from pdca.web import settings

NOBODY = N_("Write at least one name or address.")
WRONG_LINE = N_("Line %(number)s: this is not an e-mail address. Type it like name@example.org.")


@bp.route("/items/<int:item_id>/customers", methods=["GET", "POST"])
def customers(item_id: int) -> ResponseReturnValue:
    """More customers of a group, one a line."""
    form = CustomersForm()
    return act(
        item_id,
        form,
        _customers_sheet,
        lambda d: contacts.add_all(d.item, _people(form), by=d.by, at=d.at),
        gettext("They are asked too."),
    )


@bp.post("/items/<int:item_id>/customers/<int:contact_id>/removal")
def remove_customer(item_id: int, contact_id: int) -> ResponseReturnValue:
    """The wrong person: their link ends and what has not left is withdrawn."""
    return press(
        item_id,
        NothingForm(),
        lambda d: contacts.remove(_contact(d.item, contact_id), by=d.by, at=d.at),
        gettext("They are not asked any more."),
    )


@bp.get("/items/<int:item_id>/checks/<int:check_id>/call-sheet")
def call_sheet(item_id: int, check_id: int) -> ResponseReturnValue:
    """What somebody needs on paper who calls or visits the customers of one check."""
    doing = begin(item_id)
    check = check_of(doing.item, check_id)
    answered = {answer.contact_id for answer in check.answers}
    return render_template(
        "items/call_sheet.html",
        item=doing.item,
        check=check,
        people=[c for c in doing.item.customers if c.id not in answered],
        attempts=[(words.short_day(call.on, doing.facts.today), call.by.name) for call in check.calls],
        criterion=words.said(check.criterion),
        carried_out_on=doing.facts.round.carried_out_on,
    )


# --- the counter -----------------------------------------------------------------------------------------


@bp.get("/items/<int:item_id>/checks/<int:check_id>/counter")
def show_counter(item_id: int, check_id: int) -> ResponseReturnValue:
    """The poster with its QR code, or the button that makes one."""
    doing = begin(item_id)
    check = check_of(doing.item, check_id)
    if doing.item.customer_type is not CustomerType.GROUP:
        raise NotFound
    link = counter.link_of(check, clock.now())
    url = f"{settings().links}{url_for('aftercare.show', token=token_of(link))}" if link is not None else ""
    return render_template(
        "items/counter.html", item=doing.item, check=check, url=url, code=_code(url), answers=len(check.answers)
    )


@bp.post("/items/<int:item_id>/checks/<int:check_id>/counter")
def open_counter(item_id: int, check_id: int) -> ResponseReturnValue:
    """Open the counter."""
    press(item_id, NothingForm(), lambda d: counter.open_counter(check_of(d.item, check_id), by=d.by, at=d.at))
    return redirect(url_for("items.show_counter", item_id=item_id, check_id=check_id), 303)


@bp.post("/items/<int:item_id>/checks/<int:check_id>/counter/end")
def end_counter(item_id: int, check_id: int) -> ResponseReturnValue:
    """Take the poster down."""
    return press(
        item_id,
        NothingForm(),
        lambda d: counter.end_counter(check_of(d.item, check_id), by=d.by, at=d.at),
        gettext("The counter has ended."),
    )


def _code(url: str) -> Markup:
    """The QR code as SVG, without a style of its own."""
    if not url:
        return Markup("")
    drawn = segno.make(url, error="m", micro=False).svg_inline(
        border=4, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff"
    )
    return Markup(drawn)  # noqa: S704 - drawn by the library from our own address


# --- the sheet -------------------------------------------------------------------------------------------


def _customers_sheet(asking: Asking) -> SheetView:
    count = len(asking.item.customers)
    note = ngettext("%(num)s customer is known now.", "%(num)s customers are known now.", count)
    return act_sheet(
        asking,
        ActSheet(
            title=gettext("Customers of this group"),
            action=url_for("items.customers", item_id=asking.item.id),
            submit=gettext("Add them"),
            asks=(Ask("people"),),
            note=note,
        ),
    )


def _people(form: CustomersForm) -> list[Somebody]:
    lines = [line.strip() for line in (form.people.data or "").splitlines() if line.strip()]
    if not lines:
        raise Invalid([FieldError("people", NOBODY)])
    return [_somebody(number, line, form.locale.data) for number, line in enumerate(lines, 1)]


def _somebody(number: int, line: str, locale: str | None) -> Somebody:
    try:
        read = read_contact(line)
    except Invalid:
        raise Invalid([FieldError("people", WRONG_LINE, {"number": number})]) from None
    return Somebody(read.name, read.email, read.phone, locale if locale in ("nl", "en") else "nl")


def _contact(item: Item, contact_id: int) -> Contact:
    found = next((c for c in item.customers if c.id == contact_id), None)
    if found is None:
        raise NotFound
    return found
