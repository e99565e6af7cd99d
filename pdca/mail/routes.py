"""For administrators: what waits to be mailed, what became of it, and the mail that was written to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, ngettext
from flask_login import current_user
from sqlalchemy import func, select

from pdca import clock
from pdca.db import db
from pdca.errors import N_, FieldError, Invalid, NotFound, Stale
from pdca.mail import breaker, operations, queries
from pdca.mail.files import folder_of
from pdca.mail.forms import AllForm, ResumeForm
from pdca.mail.models import Message, MessageState, Suppression
from pdca.mail.reading import Read, letters_in, links_are_shown, read_letter, read_message
from pdca.mail.standstill import Choice, standstill, waiting
from pdca.mail.standstill import resume as resume_mail
from pdca.mail.transports import transport_of
from pdca.mail.trouble import trouble_with
from pdca.text import clean_line
from pdca.web import NothingForm, changed, load_or_404, settings

bp = Blueprint("admin", __name__, url_prefix="/admin")

PAGE = 50
AT_ONCE = 500
# A mail is somebody else's HTML: no script, no form, no picture from elsewhere, and it is nobody.
FRAME = "; ".join(
    (
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "frame-ancestors 'self'",
    )
)


@bp.before_request
def administrators_only() -> None:
    """For everybody else these pages do not exist."""
    if current_user.is_authenticated and not current_user.is_administrator:
        raise NotFound


# --- the outbox ------------------------------------------------------------------------------------------


@bp.get("/outbox")
def outbox() -> ResponseReturnValue:
    """All messages by state."""
    state, address = _state_asked(), clean_line(request.args.get("address", ""))[:254]
    page = Page.asked()
    rows = db.session.scalars(page.of(queries.messages(state, address))).all()
    return render_template(
        "admin/outbox.html",
        rows=rows[:PAGE],
        page_of=page.links(len(rows), "admin.outbox", state=state, address=address or None),
        figures=queries.counts(),
        state=state,
        address=address,
        folder=folder_of(settings()),
        transport=transport_of(settings()).name,
        trouble=trouble_with(clock.now()),
        waiting=db.session.scalar(select(func.count()).select_from(waiting().subquery())),
    )


@bp.get("/outbox/<int:message_id>")
def message(message_id: int) -> ResponseReturnValue:
    """One message: what it says, and what was tried."""
    found = load_or_404(select(Message).where(Message.id == message_id))
    return render_template(
        "admin/outbox_message.html",
        message=found,
        mail=read_message(found),
        attempts=db.session.scalars(queries.attempts_of(found.id)).all(),
        suppressed=queries.is_suppressed(found.address),
        shown=links_are_shown(),
        back=url_for("admin.outbox", state=found.state),
    )


@bp.get("/outbox/<int:message_id>/html")
def message_html(message_id: int) -> ResponseReturnValue:
    """Its HTML, for the frame."""
    return _read(read_message(load_or_404(select(Message).where(Message.id == message_id))))


@bp.post("/outbox/<int:message_id>/release")
def release(message_id: int) -> ResponseReturnValue:
    """Let it go again."""
    found = _asked(message_id)
    operations.release(found, by_id=current_user.id, at=clock.now())
    db.session.commit()
    flash(gettext("It goes out again with the next pass."))
    return changed(location=url_for("admin.message", message_id=message_id))


@bp.post("/outbox/<int:message_id>/discard")
def discard(message_id: int) -> ResponseReturnValue:
    """Give it up for good."""
    found = _asked(message_id)
    operations.discard(found, by_id=current_user.id, at=clock.now())
    db.session.commit()
    flash(gettext("It stays here to be read and is not sent."))
    return changed(location=url_for("admin.message", message_id=message_id))


@bp.post("/outbox/release")
def release_all() -> ResponseReturnValue:
    """Let all of one state go again, as many as one unit of work may hold."""
    form = AllForm()
    if not form.validate():
        raise Invalid([FieldError("state", N_("Only held messages and those that were given up can go again."))])
    state = MessageState(str(form.state.data))
    stuck = db.session.scalars(queries.stuck(state, AT_ONCE)).all()
    for found in stuck:
        operations.release(found, by_id=current_user.id, at=clock.now())
    db.session.commit()
    flash(ngettext("%(num)s message goes out again.", "%(num)s messages go out again.", len(stuck)))
    return changed(location=url_for("admin.outbox"))


@bp.post("/outbox/test")
def send_test() -> ResponseReturnValue:
    """Send the administrator who asks a test mail."""
    NothingForm().validate()
    operations.queue_test(current_user.email, locale=str(get_locale()), at=clock.now())
    db.session.commit()
    flash(gettext("A test mail to %(address)s is on its way.", address=current_user.email))
    return changed(location=url_for("admin.outbox"))


@bp.post("/outbox/resumption")
def resume() -> ResponseReturnValue:
    """After a restore, or on a copy: say what becomes of the mail that waits, and let mail leave again."""
    form = ResumeForm()
    if not form.validate():
        raise Invalid([FieldError("choice", N_("Choose what becomes of the mail that waits."))])
    if standstill() is None:
        raise Stale
    number = resume_mail(Choice(str(form.choice.data)), by=f"person:{current_user.id}", at=clock.now())
    db.session.commit()
    flash(
        ngettext(
            "Mail leaves again. This was about %(num)s message.",
            "Mail leaves again. This was about %(num)s messages.",
            number,
        )
    )
    return changed(location=url_for("admin.outbox"))


@bp.post("/outbox/transport/probe")
def probe() -> ResponseReturnValue:
    """Do not wait until the server has rested: try it with the next pass."""
    NothingForm().validate()
    breaker.try_now(transport_of(settings()).name, clock.now())
    db.session.commit()
    flash(gettext("The mail server is tried again with the next pass."))
    return changed(location=url_for("admin.outbox"))


# --- addresses that are not mailed -----------------------------------------------------------------------


@bp.get("/outbox/addresses")
def addresses() -> ResponseReturnValue:
    """Addresses that must not be mailed, and why."""
    page = Page.asked()
    rows = db.session.scalars(page.of(queries.suppressions())).all()
    return render_template(
        "admin/outbox_addresses.html",
        rows=rows[:PAGE],
        page_of=page.links(len(rows), "admin.addresses"),
        figures=queries.counts(),
        folder=folder_of(settings()),
    )


@bp.post("/outbox/addresses/<int:suppression_id>/removal")
def allow(suppression_id: int) -> ResponseReturnValue:
    """Mail this address again."""
    NothingForm().validate()
    found = load_or_404(select(Suppression).where(Suppression.id == suppression_id))
    operations.allow(found)
    db.session.commit()
    flash(gettext("%(address)s is mailed again.", address=found.address))
    return changed(location=url_for("admin.addresses"))


# --- the mailbox of this installation --------------------------------------------------------------------


@bp.get("/mailbox")
def mailbox() -> ResponseReturnValue:
    """The mails that were written to files, the newest first."""
    folder, page = _folder(), Page.asked()
    names = letters_in(folder)
    on_page = names[page.first : page.first + PAGE]
    return render_template(
        "admin/mailbox.html",
        letters=[(name, read_letter(folder, name)) for name in on_page],
        page_of=page.links(len(names[page.first :]), "admin.mailbox"),
        figures=queries.counts(),
        folder=folder,
        shown=links_are_shown(),
        trouble=trouble_with(clock.now()),
    )


@bp.get("/mailbox/<name>")
def letter(name: str) -> ResponseReturnValue:
    """One of them."""
    return render_template(
        "admin/mailbox_letter.html", name=name, mail=read_letter(_folder(), name), shown=links_are_shown()
    )


@bp.get("/mailbox/<name>/html")
def letter_html(name: str) -> ResponseReturnValue:
    """Its HTML, for the frame."""
    return _read(read_letter(_folder(), name))


# --- below the story -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A stretch of a long list. One row more than fits is fetched, to know whether there is a next page."""

    number: int

    @classmethod
    def asked(cls) -> Page:
        """What the address asks for; nonsense is the first page."""
        asked = request.args.get("page", "")
        return cls(max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else 1)

    @property
    def first(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * PAGE

    def of(self, query: Any) -> Any:
        """The query for this page."""
        return query.limit(PAGE + 1).offset(self.first)

    def links(self, found: int, endpoint: str, **asked: object) -> dict[str, str | None]:
        """Where earlier and further lead, and which rows these are."""
        return {
            "prev": url_for(endpoint, page=self.number - 1, **asked) if self.number > 1 else None,  # type: ignore[arg-type]
            "next": url_for(endpoint, page=self.number + 1, **asked) if found > PAGE else None,  # type: ignore[arg-type]
            "words": gettext("%(first)s to %(last)s", first=self.first + 1, last=self.first + min(found, PAGE)),
        }


def _state_asked() -> MessageState | None:
    asked = request.args.get("state", "")
    if asked and asked not in set(MessageState):
        raise NotFound
    return MessageState(asked) if asked else None


def _asked(message_id: int) -> Message:
    NothingForm().validate()
    return load_or_404(select(Message).where(Message.id == message_id))


def _folder() -> Path:
    folder = folder_of(settings())
    if folder is None:
        raise NotFound
    return folder


def _read(mail: Read | None) -> Response:
    if mail is None or not mail.html:
        raise NotFound
    return framed(mail.html)


def framed(html: str) -> Response:
    """Somebody else's page, for a frame in one of ours."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = FRAME
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
