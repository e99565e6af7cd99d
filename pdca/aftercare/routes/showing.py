"""How a customer's page is rendered: in their language unless they chose the other, with a token of its own."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from flask import Response, current_app, render_template, request
from flask_babel import force_locale

from pdca.aftercare.forms import AnswerForm, CameBackForm, CounterForm
from pdca.aftercare.pages import Asked, CameBack, Counter, Opened
from pdca.web import LANGUAGES


def chosen_language() -> str | None:
    """The language of the switch; nothing remembers it, the address carries it along."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else None


@contextmanager
def in_language(own: str | None = None) -> Iterator[str | None]:
    """Everything in here is said in the chosen language, else in the reader's own, else in the browser's."""
    language = chosen_language() or own
    if language is None:
        yield None
        return
    with force_locale(language):
        yield language


def ask(token: str, page: Asked, form: AnswerForm, *, again: bool = False, notice: str = "") -> str:
    """The question, or the answer that was given; `again` opens the form that corrects it."""
    return _page("ask.html", token, page, form=form, again=again, notice=notice)


def came_back(token: str, page: CameBack, form: CameBackForm, *, notice: str = "") -> str:
    """ "It came back"."""
    return _page("came_back.html", token, page, form=form, notice=notice)


def at_counter(token: str, page: Counter, form: CounterForm, *, notice: str = "", is_done: bool = False) -> str:
    """The same questions for whoever stands at the counter."""
    return _page("counter.html", token, page, form=form, notice=notice, is_done=is_done)


def plainly(token: str, page: Opened, *, notice: str = "") -> str:
    """The page as it is now, with an empty form."""
    if isinstance(page, CameBack):
        return came_back(token, page, CameBackForm(formdata=None), notice=notice)
    if isinstance(page, Counter):
        return at_counter(token, page, CounterForm(page.item.groups, formdata=None), notice=notice)
    return ask(token, page, AnswerForm(formdata=None), notice=notice)


def thanks(page: Asked | CameBack, what: str) -> str:
    """One sentence after a wish of the customer."""
    with in_language(page.contact.locale):
        return render_template("aftercare/done.html", what=what, sender_note=page.item.team.name)


def on_its_way() -> str:
    """A new link was asked for; whoever asks learns nothing."""
    with in_language():
        return render_template("aftercare/done.html", what="new_link", sender_note="")


def gone(token: str) -> Response:
    """Unknown, expired and revoked look the same: same words, same size, same status."""
    with in_language():
        return Response(render_template("aftercare/gone.html", token=token[:43], sender_note=""), status=404)


def form_token(token: str) -> str:
    """What a form of this link must send along; there is no cookie that could carry it."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, b"aftercare-form:" + token.encode(), sha256).hexdigest()


def is_from_our_form(token: str) -> bool:
    """Whether a post brings the token of this link's own form."""
    given = request.form.get("form_token", "")
    return hmac.compare_digest(given.encode(), form_token(token).encode())


def _page(template: str, token: str, page: Opened, **context: object) -> str:
    with in_language(None if isinstance(page, Counter) else page.contact.locale):
        return render_template(
            f"aftercare/{template}",
            page=page,
            token=token,
            form_token=form_token(token),
            sender_note=page.item.team.name,
            lang=chosen_language(),
            **context,
        )
