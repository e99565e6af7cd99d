"""What an administrator may send to the outbox."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import AnyOf

from pdca.mail.models import MessageState
from pdca.mail.standstill import Choice
from pdca.web import Form


class ResumeForm(Form):
    """What becomes of the mail that waited while everything stood still."""

    choice = StringField(validators=[AnyOf([choice.value for choice in Choice])])


class AllForm(Form):
    """Which of the stuck messages go again."""

    state = StringField(validators=[AnyOf([MessageState.HELD.value, MessageState.DEAD.value])])
