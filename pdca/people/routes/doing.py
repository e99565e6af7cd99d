"""From a form to a committed change, or back to the form with the reason."""

from __future__ import annotations

from collections.abc import Callable

from pdca.db import db
from pdca.engines import Mode
from pdca.errors import Invalid
from pdca.web import Form, say


def did(form: Form, act: Callable[[], object]) -> bool:
    """Do it and commit when the form is right. If not, the form says why and nothing has changed."""
    if not form.validate():
        return False
    try:
        act()
    except Invalid as refusal:
        db.session.rollback()
        # What follows only shows the form again: nobody has to wait for that.
        db.set_mode(Mode.READ)
        blame(form, refusal)
        return False
    db.session.commit()
    return True


def blame(form: Form, refusal: Invalid) -> None:
    """Put what the domain refused at the fields it is about."""
    names = [field.name for field in form]
    for error in refusal.errors:
        field = form[error.field if error.field in names else next(n for n in names if n != "csrf_token")]
        field.errors = [*field.errors, say(error)]
