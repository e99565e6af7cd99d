"""What may be typed behind a mailed link."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from pdca.web import Form


class ActForm(Form):
    """A text, and a day from a chip or a field."""

    class Meta(Form.Meta):
        """The token of this form is checked against the link."""

        csrf = False

    form_token = HiddenField()
    text = TextAreaField(validators=[Optional(), Length(max=2000, message=_l("Use at most 2000 characters."))])
    day = StringField()
    day_other = StringField()

    @property
    def chosen_day(self) -> date | None:
        """The day that was tapped or typed; None when there is none."""
        raw = self.day_other.data if self.day.data == "other" else self.day.data
        try:
            return date.fromisoformat(raw or "")
        except ValueError:
            return None

    @property
    def errors_by_name(self) -> dict[str, str]:
        """The first error of each field."""
        return {field.name: str(field.errors[0]) for field in self if field.errors}
