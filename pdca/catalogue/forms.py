"""What people may type on a list."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField

from pdca.catalogue.models import LABEL_LENGTH, NAME_LENGTH, Entry, Label
from pdca.web import Form
from pdca.web.fields import at_most, filled


class NameForm(Form):
    """The name of a line."""

    name: Any = StringField(_l("Name"), validators=[filled()])

    def __init__(self, kind: type[Entry], **kwargs: Any) -> None:
        """`kind` decides how long a name may be: labels are short."""
        super().__init__(**kwargs)
        self.name.validators = [filled(), at_most(LABEL_LENGTH if kind is Label else NAME_LENGTH)]
