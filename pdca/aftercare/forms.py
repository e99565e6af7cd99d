"""The four questions of a check, and the one of a recurrence, as the customer answers them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from pdca.catalogue.models import CustomerGroup
from pdca.items.checks import CheckAnswer
from pdca.items.terms import AnswerSource, Quote, ReopenCause, Solved
from pdca.web import Form
from pdca.web.fields import OneOf

NO_GROUP = 0


class LinkForm(Form):
    """Bound to the link, not to a cookie: the visitor never signs in (see routes.form_token)."""

    class Meta(Form.Meta):
        """The token of this form is checked against the link."""

        csrf = False

    form_token = HiddenField()


class AnswerForm(LinkForm):
    """Solved?, a mark, what could be better?, may we quote you? (R13)."""

    version = HiddenField()
    solved = RadioField(
        choices=[SelectChoice(s.value) for s in Solved],
        validators=[InputRequired(_l("Choose yes, partly or no."))],
        validate_choice=True,
    )
    mark = IntegerField(
        validators=[
            InputRequired(_l("Choose a mark from 1 to 10.")),
            NumberRange(1, 10, _l("Choose a mark from 1 to 10.")),
        ]
    )
    better = TextAreaField(validators=[Optional(), Length(max=2000, message=_l("Use at most 2000 characters."))])
    may_quote = RadioField(choices=[SelectChoice(q.value) for q in Quote], default=Quote.NO.value)

    def answer(self) -> CheckAnswer:
        """The typed answer."""
        return CheckAnswer(
            solved=Solved(self.solved.data),
            mark=self.mark.data,
            better=self.better.data or "",
            may_quote=Quote(self.may_quote.data),
            source=AnswerSource.LINK,
        )


class CounterForm(AnswerForm):
    """The same at a counter, where nobody has a name; with several groups it asks of which one."""

    group_id = OneOf(coerce=int, default=NO_GROUP)

    def __init__(self, groups: Iterable[CustomerGroup], **kwargs: Any) -> None:
        """`groups` are those of the item."""
        super().__init__(**kwargs)
        self.group_id.choices = [*((group.id, group.name) for group in groups), (NO_GROUP, gettext("None of these"))]
        # Who is not asked, or does not choose, is of none.
        self.group_id.data = self.group_id.data if self.group_id.raw_data else NO_GROUP

    def answer(self) -> CheckAnswer:
        """The typed answer, and of which group."""
        return replace(super().answer(), group_id=self.group_id.data or None)


class CameBackForm(LinkForm):
    """Why it came back (R15)."""

    cause = RadioField(
        choices=[SelectChoice(c.value) for c in ReopenCause],
        validators=[InputRequired(_l("Choose what fits best."))],
    )
