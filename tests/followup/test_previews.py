"""Every kind of mail: seen by administrators, in words that are kept here, with one act, a reason and a way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import time_machine

from pdca.db import db
from pdca.followup import previews
from pdca.mail.rendering import _renderers
from tests import stories
from tests.conftest import MONDAY
from tests.factories import signed_in

SAID = Path(__file__).parent / "said"
# One renderer writes these: which template depends on what there is to tell.
SEVERAL = {"word"}
# In the plain text of every mail the last thing is why it came; these may be stopped or changed.
MAY_BE_STOPPED = re.compile(r"aftercare|word|recurrence|grouped|digest")


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("name", previews.names())
def test_what_it_says(app, name, lang):
    """A text that changed on purpose: put what is found here into its file."""
    with app.app_context(), db.reading():
        mail = previews.preview(name, lang)
    here = app.extensions["settings"].links
    found = f"{mail.subject}\n\n{mail.text}".replace(here, "https://here")
    kept = SAID / lang / f"{name}.txt"
    assert found == (kept.read_text(encoding="utf-8") if kept.exists() else "")


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("name", previews.names())
def test_each_has_at_most_one_button_a_reason_and_a_way_to_change_it(app, name, lang):
    with app.app_context(), db.reading():
        mail = previews.preview(name, lang)
    assert mail.html.count('class="btn"') <= 1
    _, _, foot = mail.text.rpartition("\n--\n")
    lines = [line for line in foot.splitlines() if line.strip()]
    assert len(lines) >= (3 if MAY_BE_STOPPED.match(name) else 2)
    assert "http" not in re.sub(r'https?://(localhost|127\.0\.0\.1)[^"\s]*|http://www\.w3\.org\S*', "", mail.html)
    assert "<img" not in mail.html


def test_every_kind_that_is_sent_can_be_looked_at(app):
    shown = set(previews.names())
    assert {kind for kind in _renderers if kind not in SEVERAL} <= shown
    templates = {path.name for path in Path(app.root_path).parent.glob("templates/mail/*/")} - {"__pycache__"}
    assert templates <= shown


def test_the_page_is_for_administrators(app, session):
    made = stories.crew()
    session.commit()
    with time_machine.travel(MONDAY, tick=True):
        page = signed_in(app, made.administrator).get("/admin/mail-previews?lang=en")
        assert page.status_code == 200
        assert page.text.count("<iframe") == len(previews.names())
        assert "Question to the customer: did it help?" in page.text
        assert not re.search(r">\s*(aftercare|word_closed|digest)\s*<", page.text)
        frame = signed_in(app, made.administrator).get("/admin/mail-previews/aftercare/nl")
        assert (frame.status_code, frame.headers["X-Frame-Options"]) == (200, "SAMEORIGIN")
        assert signed_in(app, made.leader).get("/admin/mail-previews").status_code == 404
        assert signed_in(app, made.leader).get("/admin/mail-previews/aftercare/nl").status_code == 404
        assert signed_in(app, made.administrator).get("/admin/mail-previews/nothing/nl").status_code == 404
