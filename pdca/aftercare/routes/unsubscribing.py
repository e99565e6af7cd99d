"""`/unsub/<token>`: one click in a mail program (RFC 8058), or a button for people. Opening it changes nothing.

A customer is not mailed any more: their questions become calls. Who works here gets no more reminders: what they
owe stays theirs, and the next in line is told instead. No follow-up ever ends by it.
"""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from pdca import clock
from pdca.aftercare.limits import too_many
from pdca.aftercare.routes import bp, showing
from pdca.db import db
from pdca.items.contacts import opt_out
from pdca.items.models import Contact
from pdca.mail.links import find_link
from pdca.mail.models import Link
from pdca.mail.rendering import UNSUBSCRIBES
from pdca.people.models import Person
from pdca.people.profile import stop_mail
from pdca.web import csrf, public


@bp.get("/unsub/<token>")
@public
def ask_unsubscribe(token: str) -> ResponseReturnValue:
    """What it would mean, and the button."""
    link = _link(token)
    return _page(token, link, is_done=False) if link is not None else _gone(token)


@bp.post("/unsub/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
def unsubscribe(token: str) -> ResponseReturnValue:
    """Do it, whoever presses: a mail program sends no form token, and asking twice does no harm."""
    link = _link(token)
    if link is None:
        return _gone(token)
    who = _who(link)
    if isinstance(who, Contact):
        opt_out(who, at=clock.now())
    elif who is not None:
        stop_mail(who, at=clock.now())
    db.session.commit()
    return _page(token, link, is_done=True)


def _link(token: str) -> Link | None:
    link = find_link(token, UNSUBSCRIBES, clock.now())
    return link if link is not None and _who(link) is not None else None


def _who(link: Link) -> Contact | Person | None:
    if link.contact_id is not None:
        return db.session.get(Contact, link.contact_id)
    return db.session.get(Person, link.person_id) if link.person_id is not None else None


def _page(token: str, link: Link, *, is_done: bool) -> str:
    who = _who(link)
    with showing.in_language(who.locale if who is not None else None):
        return render_template(
            "aftercare/unsubscribe.html",
            token=token,
            is_customer=isinstance(who, Contact),
            is_done=is_done,
            sender_note="",
            lang=showing.chosen_language(),
        )


def _gone(token: str) -> ResponseReturnValue:
    too_many()
    return showing.gone(token)
