"""How every act goes: load through the reader's teams, parse, operate, commit once, answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from pdca import clock
from pdca.db import db
from pdca.engines import Mode
from pdca.errors import Invalid, NotAllowed, Stale
from pdca.items.facts import Facts
from pdca.items.models import Item
from pdca.items.queries import facts_of, item_for
from pdca.items.terms import Phase
from pdca.items.views.gate import Asking, or_not_yours
from pdca.items.views.page import item_page
from pdca.items.views.refused import NOT_REFUSED, Refused, of_domain, of_form
from pdca.items.views.sheet import SheetView
from pdca.people.models import Person
from pdca.web import Form, own_path
from pdca.web.answers import is_fragment

News = dict[str, int | str]
Builds = Callable[[Asking], SheetView]


@dataclass(frozen=True)
class Doing:
    """One request on one item: who, when, and how the item is now."""

    item: Item
    facts: Facts
    by: Person
    at: datetime

    def asking(self, refused: Refused = NOT_REFUSED, preset: Mapping[str, str] | None = None) -> Asking:
        """What its sheets are built from."""
        typed = request.form if refused is not NOT_REFUSED else None
        return Asking(self.item, self.facts, self.by, typed, refused, preset=preset or {})


def me() -> Person:
    """Who this request is."""
    return cast(Person, current_user._get_current_object())


def begin(item_id: int) -> Doing:
    """The item through the teams of who asks; NotFound otherwise."""
    person, at = me(), clock.now()
    item = item_for(person, item_id)
    return Doing(item, facts_of(item, at), person, at)


def sheet(view: SheetView, status: int = 200) -> ResponseReturnValue:
    """A sheet for htmx, the same partial as a page for everybody else."""
    if is_fragment():
        return render_template("items/_sheet.html", view=view, page=False), status
    return render_template("items/sheet_page.html", view=view), status


def act(item_id: int, form: Form, builds: Builds, do: Callable[[Doing], object], said: str = "") -> ResponseReturnValue:
    """Show the sheet (GET), or do it: refused, the sheet comes back as it was typed, and nothing has changed."""
    doing = begin(item_id)
    if request.method == "GET":
        return sheet(builds(doing.asking(preset=request.args)))
    refused = attempt(form, lambda: do(doing))
    if refused is not None:
        asking = begin(item_id).asking(refused)
        return sheet(or_not_yours(builds(asking), asking, refused.missing), refused.status)
    return done(item_id, said, before=doing.facts.phase)


def press(item_id: int, form: Form, do: Callable[[Doing], object], said: str = "") -> ResponseReturnValue:
    """An act that is only a button: a refusal goes to the one handler of refusals."""
    doing = begin(item_id)
    _known(form)
    try:
        do(doing)
        db.session.commit()
    except IntegrityError:
        undo()
        raise Stale from None
    return done(item_id, said, before=doing.facts.phase)


def _known(form: Form) -> None:
    """Refuse unknown inputs, and inputs that are none."""
    if not form.validate():
        raise Invalid([])


def attempt(form: Form, do: Callable[[], object]) -> Refused | None:
    """Do it and commit; or undo everything and say what was wrong. Unknown inputs are for the one handler (422)."""
    if not form.validate():
        undo()
        return of_form(form)
    try:
        do()
        db.session.commit()
    except (Invalid, NotAllowed) as refusal:
        undo()
        return of_domain(refusal, [field.name for field in form])
    except IntegrityError:
        undo()
        # Somebody did the same at the same moment.
        raise Stale from None
    return None


def undo() -> None:
    """Nothing of this request stays; what follows only reads, and nobody has to wait for it."""
    db.session.rollback()
    db.set_mode(Mode.READ)


def done(item_id: int, said: str = "", *, before: Phase | None = None) -> ResponseReturnValue:
    """After the commit: htmx gets what changed on the page it stands on, a plain browser goes there."""
    if said:
        flash(said)
    if not is_fragment():
        return redirect(location(item_id), 303)
    return with_news(make_response(_regions(item_id)), news_of(item_for(me(), item_id), before))


def news_of(item: Item, before: Phase | None = None) -> News:
    """What changed: which item, on whose board, in which columns."""
    phases = dict.fromkeys(phase.value for phase in (before, item.phase) if phase)
    return {"item": item.id, "team": item.team_id, "phases": ",".join(phases)}


def with_news(response: Response, news: News) -> Response:
    """Tell the page that stands open (board, list) what changed; it fetches what it shows of it."""
    response.headers["HX-Trigger"] = json.dumps({"item:changed": news})
    return response


def location(item_id: int) -> str:
    wanted = own_path(request.form.get("next"))
    return wanted if wanted != "/" else url_for("items.show", item_id=item_id)


def _regions(item_id: int) -> str:
    parts = [render_template("shared/_flash.html", oob=True)]
    if stands_on(item_id):
        view = item_page(me(), item_id, clock.now())
        parts.append(render_template("items/_page.html", page_=view, oob=True))
    return "\n".join(parts)


def stands_on(item_id: int) -> bool:
    """Whether the reader looks at this item's own page."""
    return urlsplit(request.headers.get("HX-Current-URL", "")).path == url_for("items.show", item_id=item_id)
